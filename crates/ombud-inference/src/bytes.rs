//! How is a model file read? Piece by piece, little-endian, with every bound checked.

/// What is wrong with the bytes of a model file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

pub(crate) fn malformed<T>(what: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(what.into()))
}

/// Reads numbers one after the other, little-endian, and never beyond the end.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes in all, read or not.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.saturating_add(length);
        match self.bytes.get(self.at..end) {
            Some(bytes) => {
                self.at = end;
                Ok(bytes)
            }
            None => malformed("it ends too early"),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().or_else(|_| malformed("it ends too early"))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_le_bytes)
    }

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => malformed("neither yes nor no where one of them stands"),
        }
    }

    /// The bytes before the next zero, which is read too; at most `longest`.
    pub(crate) fn until_zero(&mut self, longest: usize) -> Result<&'a [u8], Malformed> {
        let left = self.bytes.get(self.at..).unwrap_or_default();
        let Some(length) = left.iter().take(longest.saturating_add(1)).position(|byte| *byte == 0) else {
            return malformed("a word without an end");
        };
        let word = self.take(length)?;
        self.take(1)?;
        Ok(word)
    }

    pub(crate) fn f32(&mut self) -> Result<f32, Malformed> {
        self.array().map(f32::from_le_bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        self.u32().map(|count| count as usize)
    }

    pub(crate) fn character(&mut self) -> Result<char, Malformed> {
        let code = self.u32()?;
        char::from_u32(code).ok_or_else(|| Malformed(format!("{code:#x} is no character")))
    }

    pub(crate) fn numbers<T>(&mut self, count: usize, of: impl Fn([u8; 4]) -> T) -> Result<Vec<T>, Malformed> {
        let bytes = self.take(count.saturating_mul(4))?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|four| of(*four)).collect())
    }
}
