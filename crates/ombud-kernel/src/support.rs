//! How are the examples kept that a head compares with? As whole numbers of 8 bits, a scale for each example: a quarter of the memory, and the direction of a
//! vector turns by less than a hundredth.

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::product::{BLOCK, Factor, PANEL, PackedRows, PanelRow, Start, Target, weigh, widen};

/// Examples as columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Support {
    /// Numbers of an example, filled up to whole blocks.
    depth: usize,
    panels: Vec<Columns>,
}

/// 32 examples beside each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Columns {
    whole: Whole,
    scales: PanelRow,
}

/// A row for each number of the examples.
#[derive(Debug, Clone)]
struct Whole(Vec<[i8; PANEL]>);

impl Support {
    /// From the rows of examples, `width` numbers each.
    pub(crate) fn pack(rows: &[f32], width: usize) -> Self {
        let depth = width.next_multiple_of(BLOCK);
        let panels = rows.chunks(width.max(1) * PANEL).map(|rows| Columns::pack(rows, width, depth)).collect();
        Self { depth, panels }
    }

    /// Examples that there is room for: whole panels.
    pub(crate) const fn room(&self) -> usize {
        self.panels.len() * PANEL
    }

    /// The products of texts, `width` numbers each, with every example, [`Support::room`] for each text.
    pub(crate) fn products(&self, texts: &[f32], width: usize) -> Vec<f32> {
        let mut rows = vec![0.0; texts.len() / width.max(1) * self.depth];
        for (row, text) in rows.chunks_exact_mut(self.depth).zip(texts.chunks_exact(width)) {
            row.iter_mut().zip(text).for_each(|(place, number)| *place = *number);
        }
        if texts.len() == width {
            return self.panels.iter().flat_map(|columns| columns.weighed(&rows)).collect();
        }
        let packed = PackedRows::pack(&rows, self.depth, self.depth, 0);
        let mut products = vec![0.0; rows.len() / self.depth * self.room()];
        let mut panel = vec![[0.0; PANEL]; self.depth];
        for (index, columns) in self.panels.iter().enumerate() {
            widen(&columns.whole.0, &vec![columns.scales; self.depth / BLOCK], &mut panel);
            let factor = Factor { panel: &panel, depth: 0, from: Start::Sum };
            packed.multiply(factor, &mut products, Target { width: self.room(), column: index * PANEL });
        }
        products
    }
}

impl Columns {
    fn pack(rows: &[f32], width: usize, depth: usize) -> Self {
        let mut columns = Self { whole: Whole(vec![[0; PANEL]; depth]), scales: [0.0; PANEL] };
        for ((index, row), scale) in rows.chunks_exact(width).enumerate().zip(&mut columns.scales) {
            let largest = row.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
            *scale = (largest / f32::from(i8::MAX)).max(f32::MIN_POSITIVE);
            for (line, number) in columns.whole.0.iter_mut().zip(row) {
                #[expect(clippy::cast_possible_truncation, reason = "at most 127 steps, by how the scale is chosen")]
                if let Some(place) = line.get_mut(index) {
                    *place = (number / *scale).round() as i8;
                }
            }
        }
        columns
    }

    /// The products of one text with these examples.
    fn weighed(&self, text: &[f32]) -> PanelRow {
        let mut products = [0.0; PANEL];
        weigh(text, &self.whole.0, &mut products);
        products.iter_mut().zip(&self.scales).for_each(|(product, scale)| *product *= scale);
        products
    }
}

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.as_flattened().iter().map(|number| number.cast_unsigned()).collect();
        serializer.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Whole;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "bytes in rows of {PANEL}")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Whole, E> {
                let (rows, []) = bytes.as_chunks::<PANEL>() else {
                    return Err(E::custom(format_args!("{} bytes are no whole rows", bytes.len())));
                };
                Ok(Whole(rows.iter().map(|row| row.map(u8::cast_signed)).collect()))
            }
        }
        let whole = deserializer.deserialize_bytes(Bytes)?;
        if whole.0.len().is_multiple_of(BLOCK) {
            Ok(whole)
        } else {
            Err(D::Error::custom(format_args!("{} rows are no whole blocks", whole.0.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_numbers_to_a_hundredth() {
        let width = 70;
        let number = |i: usize| (i * 7919 % 201) as f32 / 100.0 - 1.0;
        let examples: Vec<f32> = (0..50 * width).map(number).collect();
        let texts: Vec<f32> = (0..3 * width).map(|i| number(i + 13)).collect();
        let support = Support::pack(&examples, width);
        assert_eq!(support.room(), 64);
        let products = support.products(&texts, width);
        for (text, found) in texts.chunks(width).zip(products.chunks(support.room())) {
            for (example, found) in examples.chunks(width).zip(found) {
                let product: f32 = text.iter().zip(example).map(|(one, other)| one * other).sum();
                let length = |numbers: &[f32]| numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
                assert!((product - found).abs() < 0.01 * length(text) * length(example), "{product} {found}");
            }
            assert!(found[50..].iter().all(|padding| *padding == 0.0));
            for (alone, found) in support.products(text, width).iter().zip(found) {
                assert!((alone - found).abs() < 1e-3, "{alone} {found}");
            }
        }
    }
}
