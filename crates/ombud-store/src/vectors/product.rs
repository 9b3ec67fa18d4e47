//! How alike are many vectors to one, on whatever vector instructions this processor has?

use rten_simd::{Isa, SimdOp};

use super::rows::Rows;

/// Likeness of what is asked to some rows, in their order.
pub(super) struct Likenesses<'a, P> {
    pub query: &'a Query,
    pub rows: &'a Rows,
    /// Places of the rows; one that there is none of is left out.
    pub places: P,
    pub into: &'a mut Vec<Near>,
}

/// What is asked, as rows are kept.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub codes: Box<[u8]>,
    pub inverse_length: f32,
}

/// A place and how near it is, as a cosine. The nearer is the greater; of equally near ones the earlier place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Near {
    pub cosine: f32,
    pub place: u32,
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.cosine.total_cmp(&other.cosine).then(other.place.cmp(&self.place))
    }
}

impl<P: Iterator<Item = u32>> SimdOp for Likenesses<'_, P> {
    type Output = ();

    // Everything is inlined here, so that the compiler makes the plain loop below one of the widest instructions that were found.
    #[inline(always)]
    fn eval<I: Isa>(self, _isa: I) {
        let Self { query, rows, places, into } = self;
        for place in places {
            let Some((codes, inverse_length)) = rows.codes(place) else { continue };
            let cosine = product(&query.codes, codes) as f32 * query.inverse_length * inverse_length;
            into.push(Near { cosine, place });
        }
    }
}

/// The sum of the products of whole numbers, -127 to 127 each; of 4,096 of them it stays far below what 32 bits hold.
#[inline(always)]
fn product(one: &[u8], other: &[u8]) -> i32 {
    let wide = |byte: &u8| i32::from(i16::from(byte.cast_signed()));
    // Without the check for overflow, which cannot be and would keep the compiler from taking many at a time.
    one.iter().zip(other).fold(0_i32, |sum, (one, other)| sum.wrapping_add(wide(one).wrapping_mul(wide(other))))
}
