//! What do all texts of a language have in common that is not what they mean? Taken away, texts of different languages lie nearer to each other.
//!
//! The means must come from comparable texts, best from the same ones in each language; those of another trade do nothing.

use std::collections::BTreeMap;

use ombud_ports::Embedding;

/// The mean vector of each language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Centres(BTreeMap<String, Vec<f32>>);

impl Centres {
    /// The means of vectors with their languages.
    pub fn of<'a>(texts: impl Iterator<Item = (&'a str, &'a [f32])>) -> Self {
        let mut sums: BTreeMap<String, (f32, Vec<f32>)> = BTreeMap::new();
        for (language, vector) in texts {
            let (count, sum) = sums.entry(language.to_owned()).or_insert_with(|| (0.0, vec![0.0; vector.len()]));
            *count += 1.0;
            sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
        }
        let mean = |(count, sum): (f32, Vec<f32>)| sum.into_iter().map(|number| number / count).collect();
        Self(sums.into_iter().map(|(language, sum)| (language, mean(sum))).collect())
    }

    /// Whether the mean of a language is known.
    #[must_use]
    pub fn knows(&self, language: &str) -> bool {
        self.0.contains_key(language)
    }

    /// The vector without the mean of its language, its length one again; of an unknown language as it is.
    #[must_use]
    pub fn centred(&self, language: &str, vector: &[f32]) -> Vec<f32> {
        let Some(mean) = self.0.get(language) else { return vector.to_vec() };
        let apart = vector.iter().zip(mean).map(|(number, mean)| number - mean).collect();
        Embedding::of(apart).map_or_else(|| vector.to_vec(), |embedding| embedding.values().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_in_two_languages_fall_together() {
        // A language moves all its texts by the same step.
        let english: [&[f32]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
        let german: [&[f32]; 2] = [&[4.0, 2.0], &[3.0, 3.0]];
        let texts = english.iter().map(|vector| ("en", *vector)).chain(german.iter().map(|vector| ("de", *vector)));
        let centres = Centres::of(texts);
        for (one, other) in english.iter().zip(&german) {
            let (one, other) = (centres.centred("en", one), centres.centred("de", other));
            assert!(one.iter().zip(&other).all(|(one, other)| (one - other).abs() < 1e-6), "{one:?} {other:?}");
            assert!((one.iter().map(|number| number * number).sum::<f32>() - 1.0).abs() < 1e-6);
        }
        assert_eq!(centres.centred("fi", &[4.0, 2.0]), [4.0, 2.0]);
        assert!(centres.knows("de") && !centres.knows("fi"));
    }

    #[test]
    fn what_is_the_mean_itself_stays() {
        assert_eq!(Centres::of([("en", &[0.5_f32, 0.5][..])].into_iter()).centred("en", &[0.5, 0.5]), [0.5, 0.5]);
    }
}
