//! What a pack knows, read from its folder and that of `base` beside it.

use std::error::Error;
use std::path::Path;

use ombud_inference::{E5, E5_SMALL};
use ombud_ports::{Embedder, KnowledgeIndex, TextKind};
use ombud_retrieval::Knowledge;
use ombud_store::ArticleIndex;

/// Everything in the folders `knowledge` of `base` and a pack.
pub fn load(pack: &Path) -> Result<Knowledge, Box<dyn Error>> {
    let mut files = Vec::new();
    for folder in [pack.with_file_name("base"), pack.to_owned()] {
        let mut paths: Vec<_> = std::fs::read_dir(folder.join("knowledge"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.retain(|path: &std::path::PathBuf| path.is_file());
        let short = std::fs::read_dir(folder.join("knowledge/short"));
        paths.extend(short.into_iter().flatten().flatten().map(|entry| entry.path()));
        paths.sort();
        for path in paths {
            files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    let files = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
    Knowledge::read(files).map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n").into())
}

/// Where the model lies.
///
/// # Errors
/// When `OMBUD_MODELS_FOLDER` does not say so.
pub fn path() -> Result<std::path::PathBuf, Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "an example has no configuration")]
    let folder = std::env::var_os("OMBUD_MODELS_FOLDER").ok_or("set OMBUD_MODELS_FOLDER to the folder of the model")?;
    Ok(Path::new(&folder).join(E5_SMALL.file))
}

/// Lets an index compare by meaning with the model in `OMBUD_MODELS_FOLDER`; gives that model.
///
/// # Errors
/// When the model is not there or damaged; `ombud models fetch` brings it.
pub fn deepen(index: &ArticleIndex) -> Result<E5, Box<dyn Error>> {
    let path = path()?;
    let model = E5::open(&path)?;
    let lessons = index.lessons();
    let embeddings = ombud_inference::vectors(&model, &path.with_extension("vectors"), &lessons, &|_, _| {})?;
    let vectors: Vec<&[f32]> = embeddings.iter().map(ombud_ports::Embedding::values).collect();
    index.deepen(&vectors);
    Ok(model)
}

/// The vector of a question, if there is a model to make one.
///
/// # Errors
/// When the model fails.
pub fn vector(model: Option<&E5>, question: &str) -> Result<Option<std::sync::Arc<[f32]>>, Box<dyn Error>> {
    let Some(model) = model else { return Ok(None) };
    let embedded = model.embed(TextKind::Query, &[question])?;
    Ok(embedded.first().map(|embedding| embedding.values().into()))
}
