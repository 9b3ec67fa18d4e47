//! How is an index kept that never changes? In a folder named by the hash of its contents, which is checked whenever it is opened.
//!
//! Whoever opens one maps its files; a folder that is taken away stays readable for those who have mapped it, so a new version takes the place of an old one
//! without a pause. Folders are written beside and renamed: there is never half of one.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Written last; its hash names the folder.
const MANIFEST: &str = "manifest.json";
/// What a folder is called while it is written.
const UNFINISHED: &str = "unfinished-";
/// Bytes of a file that are hashed at once.
const AT_ONCE: usize = 1 << 20;
/// Versions that are kept: a replica that starts on the one before does not have to build it anew.
const KEPT: usize = 2;
/// What was not finished within this time is taken away: its process was killed.
const UNFINISHED_MAX: Duration = Duration::from_secs(86_400);
/// Artefacts that this process has begun.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Why an artefact cannot be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// The folder cannot be written or read; the operator looks after its disk and rights.
    #[error("`{path}` cannot be written or read")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file is not the one that was written; the operator deletes the folder, so that it is made anew.
    #[error("`{path}` is not what was written, delete the folder `{folder}`, it is made anew")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The artefact's folder.
        folder: PathBuf,
    },
}

/// The artefacts of one kind.
#[derive(Debug, Clone)]
pub struct Artefacts {
    root: PathBuf,
}

/// An artefact whose files are those that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// Where its files lie.
    pub folder: PathBuf,
    /// SHA-256 of its contents, hexadecimal; the name of the folder.
    pub hash: String,
    /// Bytes of all files.
    pub bytes: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// What it was made from.
    source: String,
    /// In the order of their names.
    files: Vec<Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Artefacts {
    /// In a folder, which is made when the first one is written.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The artefact that was made from `source`, if there is one.
    ///
    /// # Errors
    /// [`ArtefactError::Damaged`] when there is one whose files are not those that were written; the operator deletes it, or the caller makes it anew with
    /// [`Artefacts::make`], which replaces it.
    pub fn find(&self, source: &str) -> Result<Option<Artefact>, ArtefactError> {
        for folder in self.folders().into_iter().filter(|folder| !is_unfinished(folder)) {
            let manifest = fs::read(folder.join(MANIFEST)).ok();
            let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
            if manifest.is_some_and(|manifest| manifest.source == source) {
                return Artefact::open(&folder).map(Some);
            }
        }
        Ok(None)
    }

    /// Makes an artefact of the files that `fill` writes into the folder that it is given.
    ///
    /// # Errors
    /// What `fill` says, and [`ArtefactError`] when its files cannot be read or put in place.
    pub fn make<E: From<ArtefactError>>(
        &self,
        source: &str,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<Artefact, E> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.root.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        // A process of the same number may have left it when it was killed.
        drop(fs::remove_dir_all(&unfinished));
        fs::create_dir_all(&unfinished).map_err(io_error(&unfinished))?;
        let made = fill(&unfinished).and_then(|()| Ok(self.put_in_place(source, &unfinished)?));
        if made.is_err() {
            // What is left only costs space, and is taken away a day later.
            drop(fs::remove_dir_all(&unfinished));
        }
        let made = made?;
        self.prune(&made.folder);
        Ok(made)
    }

    fn put_in_place(&self, source: &str, unfinished: &Path) -> Result<Artefact, ArtefactError> {
        let mut names: Vec<String> = fs::read_dir(unfinished)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>())
            .map_err(io_error(unfinished))?
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            // Files of locks come and go.
            .filter(|name| Path::new(name).extension().is_none_or(|ending| ending != "lock"))
            .collect();
        names.sort_unstable();
        let mut files = Vec::new();
        for name in names {
            let path = unfinished.join(&name);
            let (bytes, sha256) = hash_of(&path).map_err(io_error(&path))?;
            // Durable before the folder has its name.
            File::open(&path).and_then(|file| file.sync_all()).map_err(io_error(&path))?;
            files.push(Listed { name, bytes, sha256 });
        }
        let manifest = Manifest { source: source.to_owned(), files };
        let path = unfinished.join(MANIFEST);
        let text = serde_json::to_vec(&manifest).map_err(|cause| io_error(&path)(cause.into()))?;
        let written = fs::write(&path, &text).and_then(|()| File::open(&path)?.sync_all());
        written.map_err(io_error(&path))?;
        let folder = self.root.join(hex::encode(Sha256::digest(&text)));
        // One of the same name holds the same, or is damaged.
        if Artefact::open(&folder).is_err() {
            drop(fs::remove_dir_all(&folder));
            fs::rename(unfinished, &folder).map_err(io_error(&folder))?;
            File::open(&self.root).and_then(|root| root.sync_all()).map_err(io_error(&self.root))?;
        } else {
            drop(fs::remove_dir_all(unfinished));
        }
        Artefact::open(&folder)
    }

    /// Takes away all versions but the newest and this one, and what was not finished within a day. What cannot be taken away only costs space.
    fn prune(&self, kept: &Path) {
        let age = |folder: &Path| fs::metadata(folder).and_then(|about| about.modified()).ok();
        let now = age(kept);
        let (unfinished, mut finished): (Vec<PathBuf>, Vec<PathBuf>) =
            self.folders().into_iter().filter(|folder| folder != kept).partition(|folder| is_unfinished(folder));
        finished.sort_by_cached_key(|folder| std::cmp::Reverse(age(folder)));
        let forgotten = unfinished.into_iter().filter(|folder| {
            let since = now.zip(age(folder)).and_then(|(now, then)| now.duration_since(then).ok());
            since.is_some_and(|since| since > UNFINISHED_MAX)
        });
        for folder in finished.into_iter().skip(KEPT - 1).chain(forgotten) {
            drop(fs::remove_dir_all(folder));
        }
    }

    /// Everything in the folder, in the order of the names.
    fn folders(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.root) else { return Vec::new() };
        let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        folders.sort_unstable();
        folders
    }
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(UNFINISHED))
}

impl Artefact {
    /// Opens a folder: its name is the hash of its manifest, and every file is read once and has the hash that stands there.
    ///
    /// # Errors
    /// [`ArtefactError::Damaged`] when a file is not the one that was written, [`ArtefactError::Io`] when the folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ArtefactError> {
        let damaged = |path: PathBuf| ArtefactError::Damaged { path, folder: folder.to_owned() };
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(io_error(&path))?;
        let hash = hex::encode(Sha256::digest(&text));
        let is_named = folder.file_name().and_then(|name| name.to_str()) == Some(hash.as_str());
        let manifest = serde_json::from_slice::<Manifest>(&text).ok().filter(|_| is_named);
        let manifest = manifest.ok_or_else(|| damaged(path))?;
        let mut all = 0;
        for Listed { name, bytes, sha256 } in manifest.files {
            let path = folder.join(&name);
            match hash_of(&path) {
                Ok(found) if found == (bytes, sha256) => all += bytes,
                Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(io_error(&path)(source)),
                _ => return Err(damaged(path)),
            }
        }
        Ok(Self { folder: folder.to_owned(), hash, bytes: all })
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ArtefactError + use<> {
    let path = path.to_owned();
    move |source| ArtefactError::Io { path, source }
}

/// Length and SHA-256 of a file.
fn hash_of(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; AT_ONCE];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefacts(test: &str) -> Artefacts {
        let root = std::env::temp_dir().join(format!("ombud-artefact-{}-{test}", std::process::id()));
        drop(fs::remove_dir_all(&root));
        Artefacts::new(&root)
    }

    fn make(artefacts: &Artefacts, source: &str, text: &str) -> Artefact {
        artefacts
            .make::<ArtefactError>(source, |folder| {
                fs::write(folder.join("a"), text).unwrap();
                fs::write(folder.join("b"), "").unwrap();
                fs::write(folder.join("c.lock"), "").unwrap();
                Ok(())
            })
            .unwrap()
    }

    #[test]
    fn what_was_made_is_found_by_its_source_and_named_by_its_contents() {
        let artefacts = artefacts("found");
        assert_eq!(artefacts.find("one").unwrap(), None);
        let made = make(&artefacts, "one", "text");
        assert_eq!(artefacts.find("one").unwrap().unwrap(), made);
        assert_eq!(artefacts.find("two").unwrap(), None);
        assert_eq!((made.bytes, made.folder.file_name().unwrap().to_str().unwrap()), (4, made.hash.as_str()));
        assert_eq!(make(&artefacts, "one", "text"), made);
        assert_ne!(make(&artefacts, "one", "test").hash, made.hash);
    }

    #[test]
    fn any_flipped_bit_a_lost_file_and_another_name_are_refused_and_made_anew() {
        let artefacts = artefacts("damaged");
        let made = make(&artefacts, "one", "text");
        for file in ["a", MANIFEST] {
            let path = made.folder.join(file);
            let good = fs::read(&path).unwrap();
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, bad).unwrap();
                let refused = Artefact::open(&made.folder).unwrap_err();
                assert!(matches!(&refused, ArtefactError::Damaged { path: named, .. } if *named == path), "{refused}");
            }
            fs::write(&path, good).unwrap();
            assert_eq!(Artefact::open(&made.folder).unwrap(), made);
        }
        fs::remove_file(made.folder.join("b")).unwrap();
        assert!(matches!(artefacts.find("one"), Err(ArtefactError::Damaged { .. })));
        assert_eq!(make(&artefacts, "one", "text"), made);
        let renamed = made.folder.with_file_name("0".repeat(64));
        fs::rename(&made.folder, &renamed).unwrap();
        assert!(matches!(Artefact::open(&renamed), Err(ArtefactError::Damaged { .. })));
    }

    #[test]
    fn the_version_before_is_kept_and_no_older_one() {
        let artefacts = artefacts("pruned");
        for version in 0..5 {
            make(&artefacts, &version.to_string(), &version.to_string());
            std::thread::sleep(Duration::from_millis(20));
        }
        let found: Vec<bool> = (0..5).map(|version| artefacts.find(&version.to_string()).unwrap().is_some()).collect();
        assert_eq!(found, [false, false, false, true, true]);
    }

    #[test]
    fn what_failed_leaves_nothing() {
        let artefacts = artefacts("failed");
        let failed = artefacts.make("one", |folder| {
            fs::write(folder.join("a"), "half").unwrap();
            Err(io_error(folder)(io::Error::other("disk full")))
        });
        assert!(matches!(failed, Err(ArtefactError::Io { .. })));
        assert_eq!(fs::read_dir(&artefacts.root).unwrap().count(), 0);
    }
}
