//! Which language may a text be written in?

/// A model that tells languages apart. It waits for nothing but the processor, some tens of microseconds for a message.
pub trait LanguageIdentifier: Send + Sync + 'static {
    /// Languages with their probabilities (0..=1), the likeliest first, as tags of ISO 639-1, or of 639-3 where there is none. The same
    /// text has the same answer. Nynorsk and Norwegian of no kind count as `nb`; Bosnian, and Serbian in Latin letters, count as `hr`.
    /// Nothing for a text without a letter.
    fn identify(&self, text: &str) -> Vec<(String, f32)>;
}
