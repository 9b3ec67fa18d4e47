//! Which vectors does multilingual-e5-small give? The engine from a file to embeddings.

use std::path::Path;

use ombud_ports::{EmbedError, Embedder, Embedding, EmbeddingModel, TextKind};

use crate::bytes::Malformed;
use crate::encoder::Encoder;
use crate::models::{E5_EMBEDDING, E5_SMALL, ModelFault, read_verified};
use crate::tokens::Tokenizer;
use crate::weights::Weights;

/// Tokens of texts that are worked on together: more are hardly faster, and need more memory.
const TOKENS_AT_ONCE: usize = 512;

/// multilingual-e5-small: 384 numbers for a text in about 100 languages. A text counts with its first 512 tokens, the mark of its kind (`query: ` or `passage: `)
/// and two marks included; what stands behind is not read. One call uses one thread; several threads may call at once.
#[derive(Debug)]
pub struct E5 {
    tokenizer: Tokenizer,
    encoder: Encoder,
}

impl E5 {
    /// Reads the model and checks that it is the pinned one: a fifth to half a second, and 95 MB for as long as it lives.
    ///
    /// # Errors
    /// [`ModelFault`] when the file is missing or not the pinned one; the operator can fetch it.
    pub fn open(path: &Path) -> Result<Self, ModelFault> {
        Self::parse(read_verified(path, &E5_SMALL)?).map_err(|Malformed(what)| ModelFault::Unfit { what })
    }

    fn parse(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let mut weights = Weights::parse(bytes)?;
        if weights.shape.width != E5_EMBEDDING.dimension {
            return Err(Malformed(format!("{} numbers per token", weights.shape.width)));
        }
        let tokenizer = Tokenizer::new(weights.take_vocabulary());
        Ok(Self { tokenizer, encoder: Encoder::new(weights)? })
    }

    /// How many tokens the model reads of a text, the mark of its kind and the two around it included.
    #[must_use]
    pub fn tokens(&self, kind: TextKind, text: &str) -> usize {
        self.tokens_of(kind, text).len()
    }

    fn tokens_of(&self, kind: TextKind, text: &str) -> Vec<u32> {
        let mark = match kind {
            TextKind::Query => "query: ",
            TextKind::Passage => "passage: ",
        };
        self.tokenizer.tokens(&format!("{mark}{text}"), self.encoder.shape().tokens_max)
    }
}

impl Embedder for E5 {
    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let mut embeddings = Vec::with_capacity(texts.len());
        let (mut batch, mut tokens) = (Vec::new(), 0);
        let mut work = |batch: &mut Vec<Vec<u32>>| {
            for mean in self.encoder.means(batch) {
                let no_direction = EmbedError::NoDirection { model: E5_EMBEDDING.id };
                embeddings.push(Embedding::of(mean).ok_or(no_direction)?);
            }
            batch.clear();
            Ok(())
        };
        for text in texts {
            let text = self.tokens_of(kind, text);
            if tokens + text.len() > TOKENS_AT_ONCE && !batch.is_empty() {
                work(&mut batch)?;
                tokens = 0;
            }
            tokens += text.len();
            batch.push(text);
        }
        work(&mut batch)?;
        Ok(embeddings)
    }

    fn model(&self) -> EmbeddingModel {
        E5_EMBEDDING
    }
}
