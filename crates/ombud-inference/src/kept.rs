//! Which texts were embedded before? The vectors of what a pack teaches, kept in a file beside the model, so that only the first start waits for them.
//!
//! Only vectors of packs' texts and of files that are evaluated are kept here, never of what a customer writes. A file that is damaged or of another model is written anew.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ombud_ports::{EmbedError, Embedder, Embedding, EmbeddingModel, TextKind};
use sha2::{Digest as _, Sha256};

/// Begins every file; the number is that of the format.
const MAGIC: &[u8] = b"ombud vectors 1\n";
/// Bytes of a SHA-256.
const HASH: usize = 32;
/// Bytes of the hash of a text that tell it from the others.
const KEY: usize = 16;
/// Texts between two reports of progress.
const BATCH: usize = 64;
/// With more texts than this a file is too large to be read at every start, and only those that are taught now are kept.
const KEPT_MAX: usize = 250_000;

type Key = [u8; KEY];
/// A vector in bytes: what one step is, and how many steps each number is from zero.
type Kept = (f32, Vec<i8>);

/// Embeddings of texts as queries (a [`crate::Layered`] as it was made), each view in a file of its own, in their order: from the file what is there, from the model what is not, which the file has from then on. `progress` hears
/// how many of the missing ones are done and how many there are; with none missing, nothing. A file that cannot be written costs the next start time and nothing else.
///
/// # Errors
/// [`EmbedError`] of the model; the operator can verify its file.
pub fn vectors(
    embedder: &dyn Embedder,
    file: &Path,
    texts: &[String],
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Embedding>, EmbedError> {
    let model = embedder.model();
    let keys: Vec<Key> = texts.iter().map(|text| key(text)).collect();
    let wanted: HashSet<&Key> = keys.iter().collect();
    let read = |is_wanted: &dyn Fn(&Key) -> bool| read(file, &model, is_wanted).unwrap_or_default();
    // A pack of many languages teaches far more than one start asks for.
    let mut kept = if keys.is_empty() { HashMap::new() } else { read(&|key| wanted.contains(key)) };
    let mut missing: Vec<(Key, &str)> = keys.iter().copied().zip(texts.iter().map(String::as_str)).collect();
    missing.sort_unstable();
    missing.dedup_by_key(|(key, _)| *key);
    missing.retain(|(key, _)| !kept.contains_key(key));
    if !missing.is_empty() {
        kept = read(&|_| true);
        // Texts of one length side by side cost least.
        missing.sort_by_key(|(_, text)| text.len());
        kept.extend(embed(embedder, &missing, progress)?);
        if kept.len() > KEPT_MAX {
            kept.retain(|key, _| wanted.contains(key));
        }
        drop(write(file, &written(&kept, model.sha256)));
    }
    let no_direction = EmbedError::NoDirection { model: model.id };
    keys.iter().map(|key| kept.get(key).and_then(restored).ok_or_else(|| no_direction.clone())).collect()
}

/// How many of these texts the file has no vector of.
#[must_use]
pub fn missing(model: &EmbeddingModel, file: &Path, texts: &[String]) -> usize {
    let wanted: HashSet<Key> = texts.iter().map(|text| key(text)).collect();
    let kept = read(file, model, &|key| wanted.contains(key)).unwrap_or_default();
    wanted.len().saturating_sub(kept.len())
}

/// Embeds on every core; the longest texts come last, so a part is taken from the end of what is left.
fn embed(
    embedder: &dyn Embedder,
    missing: &[(Key, &str)],
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<(Key, Kept)>, EmbedError> {
    let batches: Vec<&[(Key, &str)]> = missing.chunks(BATCH).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut made = Vec::new();
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let texts: Vec<&str> = batch.iter().map(|(_, text)| *text).collect();
            let embedded = embedder.embed(TextKind::Query, &texts)?;
            made.extend(batch.iter().zip(embedded).map(|((key, _), embedding)| (*key, rounded(&embedding))));
            progress(done.fetch_add(batch.len(), Ordering::Relaxed) + batch.len(), missing.len());
        }
        Ok(made)
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|beside| {
        let threads: Vec<_> = (1..cores).map(|_| beside.spawn(work)).collect();
        let mut made = work()?;
        for thread in threads {
            made.extend(thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))?);
        }
        Ok(made)
    })
}

fn key(text: &str) -> Key {
    let hash = Sha256::digest(text.as_bytes());
    std::array::from_fn(|place| hash.get(place).copied().unwrap_or_default())
}

/// An eighth of the size; the direction turns by less than a hundredth.
fn rounded(embedding: &Embedding) -> Kept {
    let largest = embedding.values().iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let step = (largest / f32::from(i8::MAX)).max(f32::MIN_POSITIVE);
    #[expect(clippy::cast_possible_truncation, reason = "at most 127 steps, by how the step is chosen")]
    let steps = embedding.values().iter().map(|value| (value / step).round() as i8).collect();
    (step, steps)
}

fn restored((step, steps): &Kept) -> Option<Embedding> {
    Embedding::of(steps.iter().map(|count| f32::from(*count) * step).collect())
}

/// The bytes of a file: the mark, the model, the vectors, and the hash of all that.
fn written(kept: &HashMap<Key, Kept>, sha256: &str) -> Vec<u8> {
    let mut bytes = [MAGIC, sha256.as_bytes()].concat();
    let mut sorted: Vec<_> = kept.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    for (key, (step, steps)) in sorted {
        bytes.extend_from_slice(key.as_slice());
        bytes.extend_from_slice(&step.to_le_bytes());
        bytes.extend(steps.iter().map(|count| count.to_le_bytes()[0]));
    }
    let hash = Sha256::digest(&bytes);
    bytes.extend_from_slice(&hash);
    bytes
}

/// The vectors of a file that are wanted, read piece by piece; none where the file is damaged or of another model.
fn read(file: &Path, model: &EmbeddingModel, is_wanted: &dyn Fn(&Key) -> bool) -> Option<HashMap<Key, Kept>> {
    let file = File::open(file).ok()?;
    let begin = [MAGIC, model.sha256.as_bytes()].concat();
    let record = KEY + 4 + model.dimension;
    let records = usize::try_from(file.metadata().ok()?.len()).ok()?.checked_sub(begin.len() + HASH)?;
    if !records.is_multiple_of(record) {
        return None;
    }
    let (mut file, mut hash, mut kept) = (BufReader::new(file), Sha256::new(), HashMap::new());
    let mut next = |bytes: &mut [u8]| {
        file.read_exact(bytes).ok()?;
        hash.update(&*bytes);
        Some(())
    };
    let mut found = vec![0; begin.len()];
    next(&mut found)?;
    if found != begin {
        return None;
    }
    let mut bytes = vec![0; record];
    for _ in 0..records / record {
        next(&mut bytes)?;
        let (key, rest) = bytes.split_first_chunk::<KEY>()?;
        if is_wanted(key) {
            let (step, steps) = rest.split_first_chunk::<4>()?;
            let steps = steps.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
            kept.insert(*key, (f32::from_le_bytes(*step), steps));
        }
    }
    let mut told = [0; HASH];
    file.read_exact(&mut told).ok()?;
    (hash.finalize()[..] == told).then_some(kept)
}

/// Other processes never see half a file.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_extension(format!("{}.new", std::process::id()));
    fs::write(&new, bytes)?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives letters their places, and remembers what it was asked.
    #[derive(Default)]
    struct Letters(Mutex<Vec<String>>);

    impl Embedder for Letters {
        fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
            self.0.lock().unwrap().extend(texts.iter().map(|text| (*text).to_owned()));
            let of = |text: &&str| {
                let count = |letter: char| text.chars().filter(|c| *c == letter).count() as f32 + 0.1;
                Embedding::of(vec![count('a'), count('b'), count('c')]).unwrap()
            };
            Ok(texts.iter().map(of).collect())
        }

        fn model(&self) -> EmbeddingModel {
            EmbeddingModel { id: "letters", sha256: "0123456789abcdef", dimension: 3 }
        }
    }

    fn file(name: &str) -> std::path::PathBuf {
        let file = std::env::temp_dir().join(format!("ombud-kept-{}-{name}", std::process::id()));
        drop(fs::remove_file(&file));
        file
    }

    fn texts(listed: &[&str]) -> Vec<String> {
        listed.iter().map(|text| (*text).to_owned()).collect()
    }

    fn asked(letters: &Letters) -> usize {
        std::mem::take(&mut *letters.0.lock().unwrap()).len()
    }

    #[test]
    fn only_what_is_new_is_embedded_and_both_times_the_vectors_are_the_same() {
        let (letters, file) = (Letters::default(), file("new"));
        let first = vectors(&letters, &file, &texts(&["ab", "cc", "ab"]), &|_, _| ()).unwrap();
        assert_eq!(asked(&letters), 2);
        assert_eq!(first.first(), first.get(2));
        assert!(first[0].cosine(&letters.embed(TextKind::Query, &["ab"]).unwrap()[0]) > 0.9999);
        asked(&letters);
        let again = vectors(&letters, &file, &texts(&["cc", "ab"]), &|_, _| panic!("nothing is missing")).unwrap();
        assert_eq!((again.first(), again.get(1)), (first.get(1), first.first()));
        assert_eq!(asked(&letters), 0);
    }

    #[test]
    fn a_damaged_file_is_written_anew() {
        let (letters, file) = (Letters::default(), file("damaged"));
        let first = vectors(&letters, &file, &texts(&["abc", "b"]), &|_, _| ()).unwrap();
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
        asked(&letters);
        assert_eq!(vectors(&letters, &file, &texts(&["abc", "b"]), &|_, _| ()).unwrap(), first);
        assert_eq!(asked(&letters), 2);
    }

    #[test]
    fn what_cannot_be_kept_is_embedded_all_the_same() {
        let made = vectors(&Letters::default(), Path::new("/dev/null/vectors"), &texts(&["a"]), &|_, _| ()).unwrap();
        assert_eq!(made.len(), 1);
    }
}
