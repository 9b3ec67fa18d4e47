//! From which code is learnt? A hash of the sources of this crate and of what it learns with, so that nothing is taken for what it would learn that older code has learnt.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    let mut sources = Vec::new();
    for folder in ["src", "../ombud-kernel/src"] {
        println!("cargo::rerun-if-changed={folder}");
        find(Path::new(folder), &mut sources)?;
    }
    sources.sort();
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    for source in sources {
        (source.to_string_lossy(), fs::read(&source)?).hash(&mut hasher);
    }
    println!("cargo::rustc-env=OMBUD_LANGUAGE_SOURCES={:016x}", hasher.finish());
    Ok(())
}

fn find(folder: &Path, sources: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { find(&path, sources)? } else { sources.push(path) }
    }
    Ok(())
}
