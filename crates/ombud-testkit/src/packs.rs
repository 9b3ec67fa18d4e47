//! The packs of this repository, as tests read them.

use std::io;
use std::path::{Path, PathBuf};

use ombud_policy::PackFiles;

/// The folder with all packs.
#[must_use]
pub fn packs_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

/// Every text file of every pack, by its path below [`packs_folder`].
///
/// # Errors
/// When a folder cannot be read.
pub fn pack_files() -> io::Result<PackFiles> {
    let mut files = PackFiles::new();
    read_into(&mut files, &packs_folder(), &packs_folder())?;
    Ok(files)
}

/// Adds the text files below a folder, by their path inside `root`.
///
/// # Errors
/// When a folder cannot be read, or does not lie in `root`.
pub fn read_into(files: &mut PackFiles, root: &Path, folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_into(files, root, &path)?;
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let inside = path.strip_prefix(root).map_err(io::Error::other)?;
            files.insert(inside.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}
