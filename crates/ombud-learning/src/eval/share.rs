//! Which lines are learnt from, and which are read? Drawn with a seed, the same on every machine.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// Places by the class of what stands there, each class in an order of its own.
fn shuffled<C: Ord>(classes: impl Iterator<Item = C>, seed: u64) -> BTreeMap<C, Vec<usize>> {
    let mut by_class: BTreeMap<C, Vec<usize>> = BTreeMap::new();
    for (place, class) in classes.enumerate() {
        by_class.entry(class).or_default().push(place);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    by_class.values_mut().for_each(|places| places.shuffle(&mut random));
    by_class
}

/// Holds back one of `parts` of each class; gives the places that are kept and those held back, in their order.
pub fn hold_back<C: Ord>(classes: impl Iterator<Item = C>, parts: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for mut places in shuffled(classes, seed).into_values() {
        // At least one stays to be learnt from.
        let rest = places.split_off(places.len().div_ceil(parts.max(1)).min(places.len().saturating_sub(1)));
        held.extend(places);
        kept.extend(rest);
    }
    kept.sort_unstable();
    held.sort_unstable();
    (kept, held)
}

/// Draws `count` of each class, or all of a smaller one, in their order.
pub fn draw<C: Ord>(classes: impl Iterator<Item = C>, count: usize, seed: u64) -> Vec<usize> {
    let drawn = shuffled(classes, seed).into_values().flat_map(|places| places.into_iter().take(count));
    let mut drawn: Vec<usize> = drawn.collect();
    drawn.sort_unstable();
    drawn
}

/// In which of so many parts each stands; each class is dealt out evenly.
pub fn parts<C: Ord>(classes: impl Iterator<Item = C>, count: usize, seed: u64) -> Vec<usize> {
    let mut part_of: Vec<(usize, usize)> = shuffled(classes, seed)
        .into_values()
        .flat_map(|places| places.into_iter().enumerate().map(|(rank, place)| (place, rank % count.max(1))))
        .collect();
    part_of.sort_unstable();
    part_of.into_iter().map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [u8; 12] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3];

    #[test]
    fn a_part_of_each_class_is_held_back_and_a_class_of_one_is_learnt() {
        let (kept, held) = hold_back(CLASSES.into_iter(), 4, 7);
        let of = |class: u8| held.iter().filter(|place| CLASSES[**place] == class).count();
        assert_eq!((of(1), of(2), of(3)), (2, 1, 0));
        assert_eq!(kept.len() + held.len(), CLASSES.len());
        assert_eq!(hold_back(CLASSES.into_iter(), 4, 7).1, held);
        assert_ne!(hold_back(CLASSES.into_iter(), 4, 8).1, held);
    }

    #[test]
    fn as_many_of_each_class_are_drawn_or_all() {
        let drawn = draw(CLASSES.into_iter(), 2, 1);
        assert_eq!(drawn.iter().map(|place| CLASSES[*place]).collect::<Vec<_>>(), [1, 1, 2, 2, 3]);
    }

    #[test]
    fn each_class_is_dealt_out_evenly() {
        let parts = parts(CLASSES.into_iter(), 4, 1);
        assert_eq!(parts.len(), CLASSES.len());
        let of = |class: u8, part: usize| CLASSES.iter().zip(&parts).filter(|one| *one == (&class, &part)).count();
        assert!((0..4).all(|part| of(1, part) == 2 && of(2, part) <= 1));
    }
}
