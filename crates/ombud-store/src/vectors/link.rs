//! With which of the near ones is a vector linked? With those that lie nearer to it than to one another first, so that links lead in different directions
//! (Malkov and Yashunin 2018, algorithm 4, with what is left over behind).

use rten_simd::SimdOp as _;

use super::product::{Likenesses, Near};
use super::rows::Rows;

/// Of the near ones, which come nearest first, at most so many.
pub(super) fn chosen(rows: &Rows, near: &[Near], links_max: usize) -> Vec<u32> {
    let (mut links, mut left) = (Vec::with_capacity(links_max), Vec::new());
    let mut likenesses = Vec::new();
    for one in near {
        if links.len() == links_max {
            break;
        }
        let Some(query) = rows.as_query(one.place) else { continue };
        likenesses.clear();
        Likenesses { query: &query, rows, places: links.iter().copied(), into: &mut likenesses }.dispatch();
        let in_own_direction = likenesses.iter().all(|to_link| to_link.cosine < one.cosine);
        if in_own_direction { links.push(one.place) } else { left.push(one.place) }
    }
    links.extend(left.into_iter().take(links_max - links.len()));
    links
}

/// The links of a vector when further ones link to it: all while there is room, else those that are chosen anew.
pub(super) fn joined(rows: &Rows, (place, old, new): (u32, Vec<u32>, &[u32]), links_max: usize) -> Vec<u32> {
    let mut all = old;
    all.extend(new);
    if all.len() <= links_max {
        return all;
    }
    let Some(query) = rows.as_query(place) else { return all };
    let mut near = Vec::with_capacity(all.len());
    Likenesses { query: &query, rows, places: all.into_iter(), into: &mut near }.dispatch();
    near.sort_unstable_by(|one, other| other.cmp(one));
    chosen(rows, &near, links_max)
}
