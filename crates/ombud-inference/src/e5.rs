//! Which vectors does multilingual-e5-small give? The engine from a file to embeddings.

use std::path::Path;
use std::sync::Arc;

use ombud_ports::{EmbedError, Embedder, Embedding, EmbeddingModel, TextKind};

use crate::bytes::Malformed;
use crate::encoder::{Encoder, means_of};
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

    pub(crate) const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub(crate) fn tokens_of(&self, kind: TextKind, text: &str) -> Vec<u32> {
        let mark = match kind {
            TextKind::Query => "query: ",
            TextKind::Passage => "passage: ",
        };
        self.tokenizer.tokens(&format!("{mark}{text}"), self.encoder.shape().tokens_max)
    }

    /// The pieces of a word as they stand within a text, without marks around them.
    pub(crate) fn pieces_of(&self, word: &str) -> Vec<u32> {
        let mut pieces = self.tokenizer.tokens(word, self.encoder.shape().tokens_max);
        pieces.pop();
        pieces.drain(..pieces.len().min(1));
        pieces
    }

    /// Works on the texts in their order, as many at a time as cost least.
    fn in_batches(
        &self,
        kind: TextKind,
        texts: &[&str],
        mut work: impl FnMut(&[Vec<u32>]) -> Result<(), EmbedError>,
    ) -> Result<(), EmbedError> {
        let (mut batch, mut tokens) = (Vec::new(), 0);
        for text in texts {
            let text = self.tokens_of(kind, text);
            if tokens + text.len() > TOKENS_AT_ONCE && !batch.is_empty() {
                work(&batch)?;
                batch.clear();
                tokens = 0;
            }
            tokens += text.len();
            batch.push(text);
        }
        work(&batch)
    }
}

impl Embedder for E5 {
    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let mut embeddings = Vec::with_capacity(texts.len());
        self.in_batches(kind, texts, |batch| {
            for mean in self.encoder.means(batch) {
                embeddings.push(direction(mean)?);
            }
            Ok(())
        })?;
        Ok(embeddings)
    }

    fn model(&self) -> EmbeddingModel {
        E5_EMBEDDING
    }
}

fn direction(numbers: Vec<f32>) -> Result<Embedding, EmbedError> {
    Embedding::of(numbers).ok_or(EmbedError::NoDirection { model: E5_EMBEDDING.id })
}

/// A view of a text through the same model: the means of a few layers beside each other, each a direction of its own. Lower layers are nearer
/// to the words, and heads that are trained on many examples read them better than the last layer alone.
#[derive(Debug, Clone)]
pub struct Layered {
    model: Arc<E5>,
    kind: TextKind,
    layers: Vec<usize>,
}

impl Layered {
    /// Of texts of this kind, whatever kind is asked for; layers count from one.
    #[must_use]
    pub fn new(model: Arc<E5>, kind: TextKind, layers: &[usize]) -> Self {
        Self { model, kind, layers: layers.to_vec() }
    }
}

impl Embedder for Layered {
    fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let mut embeddings = Vec::with_capacity(texts.len());
        let encoder = &self.model.encoder;
        self.model.in_batches(self.kind, texts, |batch| {
            let mut views = vec![vec![Vec::new(); self.layers.len()]; batch.len()];
            encoder.run(batch, |layer, states| {
                let places = self.layers.iter().enumerate().filter(|(_, wanted)| **wanted == layer);
                for (place, _) in places {
                    let means = means_of(batch, states, encoder.shape().width);
                    for (view, mean) in views.iter_mut().filter_map(|view| view.get_mut(place)).zip(means) {
                        *view = mean;
                    }
                }
            });
            for view in views {
                let directions: Vec<Embedding> = view.into_iter().map(direction).collect::<Result<_, _>>()?;
                embeddings.push(direction(directions.iter().flat_map(Embedding::values).copied().collect())?);
            }
            Ok(())
        })?;
        Ok(embeddings)
    }

    fn model(&self) -> EmbeddingModel {
        EmbeddingModel { dimension: self.layers.len() * E5_EMBEDDING.dimension, ..E5_EMBEDDING }
    }
}
