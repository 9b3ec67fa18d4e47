//! What was learnt at earlier starts? A folder with a file for each thing, named by the hash of all it was learnt from.
//!
//! A file holds its key, what was learnt, and the SHA-256 of both: one that is damaged, cut off or was put in another's place is refused, and what it
//! held is learnt again. Files appear whole or not at all, so that processes may share a folder. The ones that nobody took for longest go first.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ombud_language::{Shelf, ShelfKey};
use sha2::{Digest as _, Sha256};

/// Begins every file; the number is that of the format.
const MAGIC: &[u8] = b"ombud learnt 1\n";
/// Bytes of a SHA-256.
const HASH: usize = 32;
/// Files in the folder; the pack of the demo has a dozen.
const FILES_MAX: usize = 400;
/// Bytes of all files; those of the demo have some forty million.
const BYTES_MAX: u64 = 400_000_000;

/// Things that were learnt, in a folder.
#[derive(Debug, Clone)]
pub struct FolderShelf {
    folder: PathBuf,
}

impl FolderShelf {
    /// In a folder, which is made when something is kept.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn file(&self, key: &ShelfKey) -> PathBuf {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }

    fn write(&self, key: &ShelfKey, learnt: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut bytes = [MAGIC, key.as_slice(), learnt].concat();
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        let file = self.file(key);
        // Two threads of a process may learn the same at once.
        let new = file.with_extension(format!("{}-{:?}.new", std::process::id(), std::thread::current().id()));
        fs::write(&new, bytes)?;
        fs::rename(&new, &file)?;
        self.tidy((FILES_MAX, BYTES_MAX))
    }

    /// Removes the files that were not taken for longest, until no more than so many of no more than so many bytes are left.
    fn tidy(&self, (files_max, bytes_max): (usize, u64)) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another process may have removed it meanwhile.
            if let Ok(about) = entry.metadata()
                && about.is_file()
            {
                files.push((about.modified()?, about.len(), entry.path()));
            }
        }
        files.sort_unstable_by(|one, other| other.cmp(one));
        let mut bytes = 0;
        for (place, (_, length, file)) in files.iter().enumerate() {
            bytes += length;
            if place >= files_max || bytes > bytes_max {
                drop(fs::remove_file(file));
            }
        }
        Ok(())
    }
}

impl Shelf for FolderShelf {
    fn find(&self, key: &ShelfKey) -> Option<Vec<u8>> {
        let path = self.file(key);
        let mut bytes = fs::read(&path).ok()?;
        let length = bytes.len().checked_sub(HASH)?;
        let (held, hash) = bytes.split_at_checked(length)?;
        if Sha256::digest(held)[..] != *hash || held.strip_prefix(MAGIC)?.strip_prefix(key.as_slice()).is_none() {
            return None;
        }
        bytes.truncate(length);
        bytes.drain(..MAGIC.len() + HASH);
        // Taken now; where that cannot be written down it only goes earlier.
        drop(taken(&path));
        Some(bytes)
    }

    fn keep(&self, key: &ShelfKey, bytes: &[u8]) {
        // What cannot be kept costs the next start time and nothing else.
        drop(self.write(key, bytes));
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a file, which is compared with that of other files alone")]
fn taken(file: &Path) -> io::Result<()> {
    File::options().append(true).open(file)?.set_modified(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KEY: ShelfKey = [7; HASH];

    fn shelf(name: &str) -> FolderShelf {
        let folder = std::env::temp_dir().join(format!("ombud-shelf-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        FolderShelf::new(&folder)
    }

    #[test]
    fn what_was_kept_is_found_and_nothing_else() {
        let shelf = shelf("kept");
        assert_eq!(shelf.find(&KEY), None);
        shelf.keep(&KEY, b"weights");
        assert_eq!(shelf.find(&KEY).unwrap(), b"weights");
        assert_eq!(shelf.find(&[8; HASH]), None);
        assert_eq!(fs::read_dir(&shelf.folder).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_foreign_file_is_refused_and_replaced() {
        let shelf = shelf("damaged");
        shelf.keep(&KEY, b"weights");
        let whole = fs::read(shelf.file(&KEY)).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            fs::write(shelf.file(&KEY), damaged).unwrap();
            assert_eq!(shelf.find(&KEY), None, "byte {place}");
            fs::write(shelf.file(&KEY), &whole[..place]).unwrap();
            assert_eq!(shelf.find(&KEY), None, "cut off at {place}");
        }
        fs::write(shelf.file(&[8; HASH]), &whole).unwrap();
        assert_eq!(shelf.find(&[8; HASH]), None);
        shelf.keep(&KEY, b"weights");
        assert_eq!(shelf.find(&KEY).unwrap(), b"weights");
    }

    #[test]
    fn what_was_not_taken_for_longest_goes_first() {
        let shelf = shelf("tidy");
        let long_ago = SystemTime::UNIX_EPOCH;
        for number in 0..4_u8 {
            shelf.keep(&[number; HASH], &[0; 100]);
            let file = File::options().append(true).open(shelf.file(&[number; HASH])).unwrap();
            file.set_modified(long_ago + Duration::from_secs(u64::from(number))).unwrap();
        }
        shelf.find(&[0; HASH]).unwrap();
        let left = || (0..4_u8).filter(|number| shelf.file(&[*number; HASH]).exists()).collect::<Vec<_>>();
        shelf.tidy((3, u64::MAX)).unwrap();
        assert_eq!(left(), [0, 2, 3]);
        let of_one = fs::metadata(shelf.file(&[0; HASH])).unwrap().len();
        shelf.tidy((3, 2 * of_one)).unwrap();
        assert_eq!(left(), [0, 3]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_keeps_nothing_and_harms_nobody() {
        let shelf = FolderShelf::new(Path::new("/dev/null/learnt"));
        shelf.keep(&KEY, b"weights");
        assert_eq!(shelf.find(&KEY), None);
    }

    #[test]
    fn processes_and_threads_that_keep_the_same_at_once_leave_it_whole() {
        let shelf = shelf("at-once");
        std::thread::scope(|beside| {
            for _ in 0..4 {
                beside.spawn(|| (0..20).for_each(|_| shelf.keep(&KEY, &[9; 10_000])));
            }
            while shelf.find(&KEY).is_none() {}
            for _ in 0..50 {
                assert_eq!(shelf.find(&KEY).unwrap(), [9; 10_000]);
            }
        });
    }
}
