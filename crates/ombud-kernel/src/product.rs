//! How are rows of numbers multiplied by a matrix, on whatever vector instructions this processor has?
//!
//! A matrix lies in panels of 32 columns, a row of the panel after the other, so that one row of it fills whole vector registers and nothing is added up across
//! their lanes. Six rows of the other factor at a time keep twelve sums in registers, which is what AVX2 and AVX-512 both have room for. What is kept as whole
//! numbers of 8 bits with scales is made f32 a panel at a time, for all rows of a batch.

use rten_simd::ops::{BitOps as _, Extend as _, NumOps as _, ToFloat as _};
use rten_simd::{Isa, SimdOp};

/// Columns in a panel.
pub const PANEL: usize = 32;
/// Rows of whole numbers that share a scale for each column.
pub const BLOCK: usize = 32;
/// Rows that are multiplied at once.
const ROWS: usize = 6;

/// A row of a panel.
pub type PanelRow = [f32; PANEL];

/// Makes rows of a panel f32, `into` as many as `whole`, a multiple of [`BLOCK`]; there is a row of `scales` for each block of rows.
pub fn widen(whole: &[[i8; PANEL]], scales: &[PanelRow], into: &mut [PanelRow]) {
    Widen { whole, scales, into }.dispatch();
}

/// The products of one row of numbers, as many as `whole` has rows, with the 32 columns of whole numbers: no panel is made f32 for a single row.
pub fn weigh(numbers: &[f32], whole: &[[i8; PANEL]], into: &mut PanelRow) {
    Weigh { numbers, whole, into }.dispatch();
}

/// Whole numbers as f32 in the same order: as many as a register of bytes has.
// Written out, because the compiler turns the plain loop over a block by ninety degrees and gathers single bytes, ten times slower.
#[inline(always)]
fn widened<I: Isa>(isa: I, whole: &[i8]) -> [I::F32; 4] {
    let (words, halves, bytes) = (isa.i32(), isa.i16(), isa.i8());
    let whole = bytes.load(whole);
    let (low, high) = (bytes.extend_low(whole), bytes.extend_high(whole));
    let wide = [halves.extend_low(low), halves.extend_high(low), halves.extend_low(high), halves.extend_high(high)];
    wide.map(|wide| words.to_float(wide))
}

/// Makes rows of a weight panel f32.
struct Widen<'a> {
    whole: &'a [[i8; PANEL]],
    scales: &'a [PanelRow],
    into: &'a mut [PanelRow],
}

impl SimdOp for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let floats = isa.f32();
        let lanes = floats.len();
        let blocks = self.whole.as_chunks::<BLOCK>().0.iter().zip(self.scales);
        for ((whole, scales), into) in blocks.zip(self.into.as_chunks_mut::<BLOCK>().0) {
            let quarters = into.as_flattened_mut().chunks_exact_mut(4 * lanes);
            for (index, (whole, into)) in whole.as_flattened().chunks_exact(4 * lanes).zip(quarters).enumerate() {
                let wide = widened(isa, whole);
                for (quarter, (wide, into)) in wide.into_iter().zip(into.chunks_exact_mut(lanes)).enumerate() {
                    let column = (4 * index + quarter) * lanes % PANEL;
                    let Some(scales) = scales.get(column..column + lanes) else { return };
                    floats.store(floats.mul(wide, floats.load(scales)), into);
                }
            }
        }
    }
}

/// Weighs columns of whole numbers with a row.
struct Weigh<'a> {
    numbers: &'a [f32],
    whole: &'a [[i8; PANEL]],
    into: &'a mut PanelRow,
}

impl SimdOp for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        match PANEL / isa.f32().len() {
            2 => self.sum::<I, 2>(isa),
            4 => self.sum::<I, 4>(isa),
            _ => self.sum::<I, 8>(isa),
        }
    }
}

impl Weigh<'_> {
    /// `REGISTERS` hold a row of the panel.
    #[inline(always)]
    fn sum<I: Isa, const REGISTERS: usize>(self, isa: I) {
        let floats = isa.f32();
        let lanes = floats.len();
        let mut sums = [floats.zero(); REGISTERS];
        for (index, whole) in self.whole.as_flattened().chunks_exact(4 * lanes).enumerate() {
            for (quarter, wide) in widened(isa, whole).into_iter().enumerate() {
                let place = 4 * index + quarter;
                let Some((number, sum)) = self.numbers.get(place / REGISTERS).zip(sums.get_mut(place % REGISTERS))
                else {
                    return;
                };
                *sum = floats.mul_add(floats.splat(*number), wide, *sum);
            }
        }
        for (sum, into) in sums.into_iter().zip(self.into.chunks_exact_mut(lanes)) {
            floats.store(sum, into);
        }
    }
}

/// Where a panel's product goes: rows of this width, from this column on.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Numbers in a row.
    pub width: usize,
    /// Where the panel's first column goes.
    pub column: usize,
}

/// A panel, or some rows of one.
#[derive(Debug, Clone, Copy)]
pub struct Factor<'a> {
    /// Its rows.
    pub panel: &'a [PanelRow],
    /// The row of the whole panel that is its first.
    pub depth: usize,
    /// What the product is added to.
    pub from: Start<'a>,
}

/// What the products are added to.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// The same for every row.
    At(&'a PanelRow),
    /// What stands there from the rows before.
    Sum,
}

/// Rows laid out for multiplying: of six rows all first numbers, then all second ones, and so on.
#[derive(Debug)]
pub struct PackedRows {
    depth: usize,
    numbers: Vec<f32>,
}

impl PackedRows {
    /// From rows that lie `stride` apart, `depth` numbers of each from a column on.
    pub fn pack(from: &[f32], stride: usize, depth: usize, column: usize) -> Self {
        let rows = from.len() / stride.max(1);
        let mut numbers = vec![0.0; rows * depth];
        for (rows, packed) in from.chunks(stride * ROWS).zip(numbers.chunks_mut(depth * ROWS)) {
            let height = rows.len() / stride;
            for (index, row) in rows.chunks_exact(stride).enumerate() {
                let places = packed.iter_mut().skip(index).step_by(height);
                for (place, number) in places.zip(row.iter().skip(column)) {
                    *place = *number;
                }
            }
        }
        Self { depth, numbers }
    }

    /// The product with a panel, or a part of the product with some of its rows.
    pub fn multiply(&self, factor: Factor<'_>, into: &mut [f32], target: Target) {
        Multiply { rows: self, factor, into, target }.dispatch();
    }
}

struct Multiply<'a> {
    rows: &'a PackedRows,
    factor: Factor<'a>,
    into: &'a mut [f32],
    target: Target,
}

impl SimdOp for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let depth = self.rows.depth;
        let rows = self.rows.numbers.chunks(depth * ROWS).zip(self.into.chunks_mut(self.target.width * ROWS));
        for (numbers, into) in rows {
            let tile = Tile { numbers, factor: self.factor, into, target: self.target };
            match numbers.len() / depth {
                6 => tile.eval::<I, 6>(isa),
                5 => tile.eval::<I, 5>(isa),
                4 => tile.eval::<I, 4>(isa),
                3 => tile.eval::<I, 3>(isa),
                2 => tile.eval::<I, 2>(isa),
                _ => tile.eval::<I, 1>(isa),
            }
        }
    }
}

/// A few rows against one panel.
struct Tile<'a> {
    numbers: &'a [f32],
    factor: Factor<'a>,
    into: &'a mut [f32],
    target: Target,
}

impl Tile<'_> {
    #[inline(always)]
    fn eval<I: Isa, const HEIGHT: usize>(self, isa: I) {
        let ops = isa.f32();
        let lanes = ops.len();
        let Some(numbers) = self.numbers.as_chunks::<HEIGHT>().0.get(self.factor.depth..) else { return };
        // Two registers of columns at a time; every width of register divides the panel.
        for column in (0..PANEL).step_by(2 * lanes) {
            let mut sums = [[ops.zero(); 2]; HEIGHT];
            let start = self.target.column + column;
            match self.factor.from {
                Start::At(row) => {
                    let Some(row) = row.get(column..column + 2 * lanes) else { return };
                    sums = [ops.load_many::<2>(row); HEIGHT];
                }
                Start::Sum => {
                    for (row, sum) in self.into.chunks_exact(self.target.width).zip(&mut sums) {
                        let Some(row) = row.get(start..start + 2 * lanes) else { return };
                        *sum = ops.load_many::<2>(row);
                    }
                }
            }
            for (numbers, weights) in numbers.iter().zip(self.factor.panel) {
                let Some(weights) = weights.get(column..column + 2 * lanes) else { return };
                let [left, right] = ops.load_many::<2>(weights);
                for (number, [left_sum, right_sum]) in numbers.iter().zip(&mut sums) {
                    let number = ops.splat(*number);
                    *left_sum = ops.mul_add(number, left, *left_sum);
                    *right_sum = ops.mul_add(number, right, *right_sum);
                }
            }
            for (row, [left, right]) in self.into.chunks_exact_mut(self.target.width).zip(sums) {
                let Some((first, second)) =
                    row.get_mut(start..start + 2 * lanes).and_then(|place| place.split_at_mut_checked(lanes))
                else {
                    return;
                };
                ops.store(left, first);
                ops.store(right, second);
            }
        }
    }
}
