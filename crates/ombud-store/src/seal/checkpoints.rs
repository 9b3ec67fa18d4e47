//! Where are the signed heads of the log? In a folder elsewhere, a file each, written once.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ombud_domain::TimestampUs;
use ombud_proof::{Checkpoint, LogKey, LogVerifier};

use crate::seal::SealError;
use crate::seal::sequencer::Sequencer;

const ENDING: &str = "checkpoint";
/// Bytes of a checkpoint at most.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Signs heads of a log and keeps them in a folder.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    key: LogKey,
    last: Option<Checkpoint>,
}

/// The files of a folder: name and note.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(pub Vec<(String, String)>);

impl Checkpoints {
    /// Opens the folder, which is made when absent, and reads its longest checkpoint.
    ///
    /// # Errors
    /// [`SealError`] when it cannot be read, or its newest checkpoint is of another key; the operator can fix it.
    pub fn open(folder: &Path, key: LogKey) -> Result<Self, SealError> {
        fs::create_dir_all(folder).map_err(|source| wrong(folder, "made", source))?;
        let last = match names(folder)?.pop() {
            None => None,
            Some(name) => {
                let note = read(folder, &name)?;
                let file = folder.join(&name).display().to_string();
                let opened = Checkpoint::open(&note, key.verifier());
                Some(opened.map_err(|source| SealError::Checkpoint { file, source })?)
            }
        };
        Ok(Self { folder: folder.to_owned(), key, last })
    }

    /// The longest one.
    #[must_use]
    pub const fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// The key that others verify with.
    #[must_use]
    pub const fn verifier(&self) -> &LogVerifier {
        self.key.verifier()
    }

    /// Signs the log as it stands, when it has grown; refuses when it does not go on from the last checkpoint.
    ///
    /// # Errors
    /// [`SealError::Forked`] above all: the database is not the one that was signed.
    pub async fn sign(&mut self, log: &Sequencer, now: TimestampUs) -> Result<bool, SealError> {
        if let Some(last) = &self.last {
            let (size, root) = log.root(Some(last.size)).await?;
            if root != Some(last.root) {
                return Err(SealError::Forked { size });
            }
        }
        let (size, root) = log.root(None).await?;
        let root = root.ok_or(SealError::Forked { size })?;
        if size == self.last.as_ref().map_or(0, |last| last.size) {
            return Ok(false);
        }
        let origin = self.key.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size, root, time_s: now.0.div_euclid(1_000_000) };
        self.keep(&checkpoint)?;
        self.last = Some(checkpoint);
        Ok(true)
    }

    /// Writes the file beside and renames it, so that nobody reads half of one. Two replicas may sign the same head; another root of the same
    /// size is never written over.
    fn keep(&self, checkpoint: &Checkpoint) -> Result<(), SealError> {
        let name = format!("{:020}.{ENDING}", checkpoint.size);
        let path = self.folder.join(&name);
        if path.exists() {
            let there = Checkpoint::open(&read(&self.folder, &name)?, self.key.verifier());
            let is_same = there.is_ok_and(|there| there.root == checkpoint.root);
            return if is_same { Ok(()) } else { Err(SealError::Forked { size: checkpoint.size }) };
        }
        let beside = self.folder.join(format!("{name}.{}.part", std::process::id()));
        let written = || -> std::io::Result<()> {
            let mut file = fs::File::create(&beside)?;
            file.write_all(checkpoint.sign(&self.key).as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        written().map_err(|source| wrong(&self.folder, "written", source))
    }
}

impl Notes {
    /// All checkpoints of a folder, shortest log first.
    ///
    /// # Errors
    /// [`SealError::Folder`].
    pub fn read(folder: &Path) -> Result<Self, SealError> {
        let notes = names(folder)?.into_iter().map(|name| read(folder, &name).map(|note| (name, note)));
        notes.collect::<Result<_, _>>().map(Self)
    }
}

/// Names of the checkpoints, in the order of their sizes.
fn names(folder: &Path) -> Result<Vec<String>, SealError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| wrong(folder, "read", source))? {
        let name = entry.map_err(|source| wrong(folder, "read", source))?.file_name();
        names.extend(
            name.to_str()
                .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == ENDING))
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

fn read(folder: &Path, name: &str) -> Result<String, SealError> {
    let path = folder.join(name);
    let is_short = fs::metadata(&path).is_ok_and(|file| file.len() <= FILE_BYTES_MAX);
    // What is too long or no text is no checkpoint, and is told of as such.
    match if is_short { fs::read(&path) } else { Ok(Vec::new()) } {
        Ok(bytes) => Ok(String::from_utf8(bytes).unwrap_or_default()),
        Err(source) => Err(wrong(folder, "read", source)),
    }
}

fn wrong(folder: &Path, doing: &'static str, source: std::io::Error) -> SealError {
    SealError::Folder { folder: folder.display().to_string(), doing, source }
}
