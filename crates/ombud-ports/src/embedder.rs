//! How does a text become a vector that lies near those of texts that mean the same?

/// What a text is to the search. Models are trained with a mark for it, so vectors of one kind are not those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// What somebody asks or says; also both sides where like is compared with like.
    Query,
    /// What answers: a passage of an article.
    Passage,
}

/// Which model made a vector. Vectors of different models cannot be compared, so whoever stores one stores this with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmbeddingModel {
    /// Its name and version, such as `multilingual-e5-small-q4`.
    pub id: &'static str,
    /// SHA-256 of its weights, in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Numbers in each of its vectors.
    pub dimension: usize,
}

/// A direction: numbers whose squares add up to one.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// The direction of these numbers; none when they have no finite length above zero.
    #[must_use]
    pub fn of(mut values: Vec<f32>) -> Option<Self> {
        let squares: f64 = values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
        let length = squares.sqrt();
        if !length.is_finite() || length <= f64::from(f32::MIN_POSITIVE) {
            return None;
        }
        for value in &mut values {
            #[expect(clippy::cast_possible_truncation, reason = "a part of a unit vector lies between -1 and 1")]
            let scaled = (f64::from(*value) / length) as f32;
            *value = scaled;
        }
        Some(Self(values))
    }

    /// Its numbers, as many as the model's dimension.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// How alike two directions of the same model are: 1 the same, 0 nothing in common, -1 opposite.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(one, another)| one * another).sum()
    }
}

/// Why there are no vectors; search and understanding go on without them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The numbers have no direction: the weights are not those that the engine was made for.
    #[error("the embedding model `{model}` gives no usable vector, verify its file with `ombud models verify`")]
    NoDirection {
        /// Which model.
        model: &'static str,
    },
}

/// A model that turns texts into vectors. It waits for nothing but the processor, so callers in async code give it a thread.
pub trait Embedder: Send + Sync + 'static {
    /// One embedding for each text, in the order of the texts. Any text has one, an empty one too; of a text that is longer than the model
    /// reads, its beginning counts. The vector of a text does not depend on the texts beside it, but for rounding.
    ///
    /// # Errors
    /// [`EmbedError`], which is for the operator to put right.
    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError>;

    /// Which model it is.
    fn model(&self) -> EmbeddingModel;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_has_length_one_and_is_most_like_itself() {
        let one = Embedding::of(vec![3.0, 4.0]).unwrap();
        assert_eq!(one.values(), [0.6, 0.8]);
        assert!((one.cosine(&one) - 1.0).abs() < 1e-6);
        assert!(one.cosine(&Embedding::of(vec![-4.0, 3.0]).unwrap()).abs() < 1e-6);
    }

    #[test]
    fn nothing_and_what_is_no_number_have_no_direction() {
        for values in [vec![], vec![0.0; 4], vec![f32::NAN, 1.0], vec![f32::INFINITY]] {
            assert_eq!(Embedding::of(values), None);
        }
    }
}
