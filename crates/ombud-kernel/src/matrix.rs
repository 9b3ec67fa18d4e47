//! How is a system of linear equations with a symmetric, positive definite matrix solved, on every core and vector register?
//!
//! Cholesky's factorisation, left-looking and by blocks (Golub and Van Loan, Matrix Computations, 4.2): nearly all work is products of blocks, which
//! [`crate::product`] does. The matrix lies as its lower triangle, a vector for each block of rows, padded with ones on the diagonal.

use std::num::NonZero;
use std::sync::Mutex;

use crate::product::{Factor, PANEL, PackedRows, PanelRow, Start, Target};

/// Rows of a block: whole panels, and whole groups of rows that are multiplied at once.
pub(crate) const ROWS: usize = 192;
/// Rows of a panel that are multiplied at once: they stay in the nearest cache.
const DEPTH_AT_ONCE: usize = 256;

/// Columns, 32 beside each other; a row for each row of the matrix.
pub(crate) type Panel = Vec<PanelRow>;

/// The lower triangle of a symmetric matrix.
#[derive(Debug)]
pub(crate) struct Triangle {
    /// Block of rows `i` holds [`ROWS`] rows of `(i + 1) * ROWS` numbers.
    blocks: Vec<Vec<f32>>,
}

/// The factor of such a matrix: the product with its transpose is the matrix.
#[derive(Debug)]
pub(crate) struct Factored {
    blocks: Vec<Vec<f32>>,
    /// The inverses of the blocks on the diagonal.
    inverses: Vec<Vec<f32>>,
}

/// Adds to the blocks of `into` the product of rows with panels, from a column on.
fn multiply(rows: &PackedRows, panels: &[Panel], into: &mut [f32], (width, column): (usize, usize)) {
    for (index, panel) in panels.iter().enumerate() {
        let target = Target { width, column: column + index * PANEL };
        for (part, panel) in panel.chunks(DEPTH_AT_ONCE).enumerate() {
            let factor = Factor { panel, depth: part * DEPTH_AT_ONCE, from: Start::Sum };
            rows.multiply(factor, into, target);
        }
    }
}

/// Rows of a row-major matrix as columns: `count` numbers of each row from a column on, times `scale`.
pub(crate) fn turned(rows: &[f32], stride: usize, (column, count): (usize, usize), scale: f32) -> Vec<Panel> {
    let panel = |rows: &[f32]| {
        let mut panel = vec![[0.0; PANEL]; count];
        for (index, row) in rows.chunks_exact(stride).enumerate() {
            for (line, number) in panel.iter_mut().zip(row.iter().skip(column)) {
                if let Some(place) = line.get_mut(index) {
                    *place = scale * number;
                }
            }
        }
        panel
    };
    rows.chunks(stride * PANEL).map(panel).collect()
}

/// Works on each item, on every core.
pub(crate) fn on_every_core<T: Send>(items: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let run = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|beside| {
        for _ in 1..cores {
            beside.spawn(run);
        }
        run();
    });
}

impl Triangle {
    /// The products of `count` rows, each `depth` long, with each other.
    pub(crate) fn products(rows: &[f32], depth: usize) -> Self {
        let count = rows.len() / depth.max(1);
        let mut blocks: Vec<Vec<f32>> =
            (1..=count.div_ceil(ROWS)).map(|index| vec![0.0; ROWS * ROWS * index]).collect();
        let mut padded = rows.to_vec();
        padded.resize(blocks.len() * ROWS * depth, 0.0);
        let panels = turned(&padded, depth, (0, depth), 1.0);
        let parts = blocks.iter_mut().enumerate().zip(padded.chunks_exact(ROWS * depth)).rev();
        on_every_core(parts, |((index, block), rows)| {
            let width = (index + 1) * ROWS;
            let panels = panels.get(..width / PANEL).unwrap_or_default();
            multiply(&PackedRows::pack(rows, depth, depth, 0), panels, block, (width, 0));
        });
        Self { blocks }
    }

    /// Changes the numbers of each row up to the diagonal; `change` gets the place of the row and its numbers.
    pub(crate) fn each_row(&mut self, count: usize, change: impl Fn(usize, &mut [f32]) + Sync) {
        on_every_core(self.blocks.iter_mut().enumerate().rev(), |(index, block)| {
            for (place, row) in (index * ROWS..count).zip(block.chunks_exact_mut((index + 1) * ROWS)) {
                if let Some(row) = row.get_mut(..=place) {
                    change(place, row);
                }
            }
        });
    }

    /// The factor, after the numbers of `ridge` were added to the diagonal; rows beyond them are padding. None when the matrix is not positive definite.
    pub(crate) fn factored(mut self, ridge: &[f32]) -> Option<Factored> {
        for (index, block) in self.blocks.iter_mut().enumerate() {
            for (place, row) in (index * ROWS..).zip(block.chunks_exact_mut((index + 1) * ROWS)) {
                let added = ridge.get(place);
                if added.is_none() {
                    row.fill(0.0);
                }
                if let Some(number) = row.get_mut(place) {
                    *number = added.map_or(1.0, |added| *number + added);
                }
            }
        }
        let mut inverses = Vec::with_capacity(self.blocks.len());
        for index in 0..self.blocks.len() {
            let (done, rest) = self.blocks.split_at_mut(index);
            let (own, below) = rest.split_first_mut()?;
            let width = (index + 1) * ROWS;
            let before = index * ROWS;
            // What stands left of the diagonal, turned and taken away from everything below.
            let left = turned(own, width, (0, before), -1.0);
            update(own, width, &left, before);
            let mut diagonal = diagonal_of(own, width, before);
            factor(&mut diagonal)?;
            for (row, factored) in own.chunks_exact_mut(width).zip(diagonal.chunks_exact(ROWS)) {
                row.get_mut(before..)?.copy_from_slice(factored);
            }
            let inverse = inverted(&diagonal)?;
            let turned_inverse = turned(&inverse, ROWS, (0, ROWS), 1.0);
            debug_assert_eq!(done.len(), index);
            on_every_core(below.iter_mut().zip(index + 2..), |(block, blocks)| {
                let width = blocks * ROWS;
                update(block, width, &left, before);
                let rows = PackedRows::pack(block, width, ROWS, before);
                for row in block.chunks_exact_mut(width) {
                    row.iter_mut().skip(before).take(ROWS).for_each(|number| *number = 0.0);
                }
                multiply(&rows, &turned_inverse, block, (width, before));
            });
            inverses.push(inverse);
        }
        Some(Factored { blocks: self.blocks, inverses })
    }
}

/// Takes the product of what stands left of a block with `left` away from it.
fn update(block: &mut [f32], width: usize, left: &[Panel], before: usize) {
    if before > 0 {
        multiply(&PackedRows::pack(block, width, before, 0), left, block, (width, before));
    }
}

fn diagonal_of(block: &[f32], width: usize, before: usize) -> Vec<f32> {
    block.chunks_exact(width).flat_map(|row| row.iter().skip(before).copied()).collect()
}

/// Cholesky's factor of one block, in place; what is above the diagonal becomes zero.
fn factor(block: &mut [f32]) -> Option<()> {
    for row in 0..ROWS {
        let (above, rest) = block.split_at_mut(row * ROWS);
        let own = rest.get_mut(..ROWS)?;
        for (column, other) in above.chunks_exact(ROWS).enumerate() {
            let sum: f32 = own.get(..column)?.iter().zip(other).map(|(one, another)| one * another).sum();
            let place = own.get_mut(column)?;
            *place = (*place - sum) / other.get(column)?;
        }
        let sum: f32 = own.get(..row)?.iter().map(|number| number * number).sum();
        let place = own.get_mut(row)?;
        *place = Some(*place - sum).filter(|square| *square > 0.0)?.sqrt();
        own.get_mut(row + 1..)?.fill(0.0);
    }
    Some(())
}

/// The inverse of a lower triangular block.
fn inverted(block: &[f32]) -> Option<Vec<f32>> {
    let mut inverse = vec![0.0_f32; ROWS * ROWS];
    for (row, factors) in block.chunks_exact(ROWS).enumerate() {
        let (above, rest) = inverse.split_at_mut(row * ROWS);
        let own = rest.get_mut(..ROWS)?;
        for (factor, other) in factors.iter().zip(above.chunks_exact(ROWS)) {
            for (number, other) in own.iter_mut().zip(other) {
                *number -= factor * other;
            }
        }
        let diagonal = factors.get(row)?;
        *own.get_mut(row)? += 1.0;
        own.iter_mut().for_each(|number| *number /= diagonal);
    }
    Some(inverse)
}

impl Factored {
    /// Solves for the right-hand sides in place, each panel 32 of them, with as many rows as the matrix or fewer; the rest are zero.
    pub(crate) fn solve(&self, sides: &mut [Panel]) {
        let rows = self.blocks.len() * ROWS;
        on_every_core(sides.iter_mut(), |side| {
            side.resize(rows, [0.0; PANEL]);
            self.forward(side);
            self.backward(side);
        });
    }

    fn forward(&self, side: &mut [PanelRow]) {
        for (index, (block, inverse)) in self.blocks.iter().zip(&self.inverses).enumerate() {
            let (done, rest) = side.split_at_mut(index * ROWS);
            let Some(own) = rest.get_mut(..ROWS) else { return };
            let mut sum = vec![0.0; ROWS * PANEL];
            if index > 0 {
                let packed = PackedRows::pack(block, (index + 1) * ROWS, index * ROWS, 0);
                add_product(&packed, done, &mut sum);
            }
            settle(own, &sum, inverse);
        }
    }

    fn backward(&self, side: &mut [PanelRow]) {
        for (index, inverse) in self.inverses.iter().enumerate().rev() {
            let (before, below) = side.split_at_mut((index + 1) * ROWS);
            let Some(own) = before.get_mut(index * ROWS..) else { return };
            let mut sum = vec![0.0; ROWS * PANEL];
            let lower = self.blocks.iter().zip(2 + index..).skip(index + 1);
            for ((block, _), known) in lower.zip(below.chunks_exact(ROWS)) {
                let width = block.len() / ROWS;
                let columns = transposed(block, width, index * ROWS);
                add_product(&PackedRows::pack(&columns, ROWS, ROWS, 0), known, &mut sum);
            }
            settle(own, &sum, &transposed(inverse, ROWS, 0));
        }
    }
}

fn add_product(rows: &PackedRows, panel: &[PanelRow], into: &mut [f32]) {
    for (part, panel) in panel.chunks(DEPTH_AT_ONCE).enumerate() {
        let factor = Factor { panel, depth: part * DEPTH_AT_ONCE, from: Start::Sum };
        rows.multiply(factor, into, Target { width: PANEL, column: 0 });
    }
}

/// `inverse * (own - sum)`.
fn settle(own: &mut [PanelRow], sum: &[f32], inverse: &[f32]) {
    for (number, sum) in own.as_flattened_mut().iter_mut().zip(sum) {
        *number -= sum;
    }
    let mut settled = vec![0.0; own.len() * PANEL];
    add_product(&PackedRows::pack(inverse, ROWS, ROWS, 0), own, &mut settled);
    own.as_flattened_mut().copy_from_slice(&settled);
}

/// A square of a block of rows, turned.
fn transposed(block: &[f32], width: usize, column: usize) -> Vec<f32> {
    let mut turned = vec![0.0; ROWS * ROWS];
    for (index, row) in block.chunks_exact(width).enumerate() {
        let places = turned.iter_mut().skip(index).step_by(ROWS);
        for (place, number) in places.zip(row.iter().skip(column).take(ROWS)) {
            *place = *number;
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between -1 and 1.
    fn numbers(count: usize, mut seed: u32) -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(seed.to_be_bytes()[0]) / 127.5 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_system_is_solved_whatever_its_size_is_to_a_block() {
        for count in [1, 31, ROWS, ROWS + 1, 2 * ROWS + 77] {
            let depth = 5;
            let rows = numbers(count * depth, 3);
            let matrix = |i: usize, j: usize| -> f32 {
                let product: f32 =
                    rows[i * depth..][..depth].iter().zip(&rows[j * depth..][..depth]).map(|(a, b)| a * b).sum();
                product + if i == j { 0.5 } else { 0.0 }
            };
            let known = numbers(count, 9);
            let side: Panel = (0..count)
                .map(|i| {
                    let mut row = [0.0; PANEL];
                    row[1] = (0..count).map(|j| matrix(i, j) * known[j]).sum();
                    row
                })
                .collect();
            let mut sides = [side];
            Triangle::products(&rows, depth).factored(&vec![0.5; count]).unwrap().solve(&mut sides);
            for (found, known) in sides[0].iter().zip(&known) {
                assert!((found[1] - known).abs() < 2e-3 && found[0] == 0.0, "{count}: {} {known}", found[1]);
            }
            assert!(sides[0].iter().skip(count).flatten().all(|padding| *padding == 0.0));
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        let mut matrix = Triangle::products(&[1.0, 2.0, 3.0], 1);
        matrix.each_row(3, |place, row| row[place] -= 20.0);
        assert!(matrix.factored(&[0.1; 3]).is_none());
    }
}
