//! The articles and synonyms of a pack, read from its folder.

use std::error::Error;
use std::path::Path;

use ombud_retrieval::{Knowledge, Synonyms, article};

/// Everything in the folder `knowledge` of a pack.
pub fn load(pack: &Path) -> Result<Knowledge, Box<dyn Error>> {
    let mut articles = Vec::new();
    let mut synonyms = Synonyms::default();
    for entry in std::fs::read_dir(pack.join("knowledge"))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let name = path.display().to_string();
        if path.extension().is_some_and(|extension| extension == "md") {
            articles.push(article::parse(&name, &text)?);
        } else if path.file_name().is_some_and(|name| name == "synonyms.yaml") {
            synonyms = Synonyms::parse(&name, &text)?;
        }
    }
    articles.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Knowledge { articles, synonyms })
}
