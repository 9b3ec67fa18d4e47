//! Which words of a language bear on choosing?

use serde::Deserialize;

/// The words of one language that bear on choosing; read from a pack's `lexicon/<language>.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Lexicon {}
