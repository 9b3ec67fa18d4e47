//! What a pack knows, read from its folder and that of `base` beside it.

use std::error::Error;
use std::path::Path;

use ombud_retrieval::Knowledge;

/// Everything in the folders `knowledge` of `base` and a pack.
pub fn load(pack: &Path) -> Result<Knowledge, Box<dyn Error>> {
    let mut files = Vec::new();
    for folder in [pack.with_file_name("base"), pack.to_owned()] {
        let mut paths: Vec<_> = std::fs::read_dir(folder.join("knowledge"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.sort();
        for path in paths {
            files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    let files = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
    Knowledge::read(files).map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into())
}
