//! Where do the numbers of an index lie? In memory, or in a file that the system maps.

use tantivy::directory::OwnedBytes;

/// Bytes that are read alike wherever they lie.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bytes {
    owned: Vec<u8>,
    /// Instead of those in memory. The search library maps the file, so that nothing here is unsafe.
    mapped: Option<OwnedBytes>,
}

impl Bytes {
    pub(crate) fn mapped(bytes: OwnedBytes) -> Self {
        Self { owned: Vec::new(), mapped: Some(bytes) }
    }

    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.mapped.as_ref().map_or(&self.owned, OwnedBytes::as_slice)
    }

    /// The bytes to be changed; what was mapped is copied into memory first.
    pub(crate) fn to_mut(&mut self) -> &mut Vec<u8> {
        if let Some(mapped) = self.mapped.take() {
            self.owned = mapped.as_slice().to_vec();
        }
        &mut self.owned
    }

    /// The numbers from `from` on, `count` at most.
    #[inline(always)]
    pub(crate) fn numbers(&self, from: usize, count: usize) -> impl Iterator<Item = u32> + '_ {
        let bytes = self.as_slice().get(4 * from..).unwrap_or_default();
        bytes.as_chunks::<4>().0.iter().take(count).map(|number| u32::from_le_bytes(*number))
    }

    /// Writes numbers at `from`, where as many stand already.
    pub(crate) fn set_numbers(&mut self, from: usize, numbers: impl Iterator<Item = u32>) {
        let bytes = self.to_mut().get_mut(4 * from..).unwrap_or_default();
        for (place, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
    }
}
