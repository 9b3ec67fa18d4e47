//! What have other tests learnt from the same examples? Tests run in processes of their own, and each would train for seconds what the last one trained.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_inference::FolderShelf;
use ombud_language::SomeShelf;

/// A folder without models for `OMBUD_MODELS_FOLDER`, so that texts are read by words alone, the same on every machine; what was learnt lies in it.
///
/// It stands in the folder of the build, beside the folder of the running test, and outlives it.
#[must_use]
pub fn no_models() -> PathBuf {
    let test = std::env::current_exe().ok();
    let build = test.as_deref().and_then(|test| test.ancestors().nth(2)).map(Path::to_owned);
    build.unwrap_or_else(std::env::temp_dir).join("no-models")
}

/// Where tests keep what they learnt. Its key holds the sources of what learns, so nothing is taken for what another version would learn.
#[must_use]
pub fn shelf() -> SomeShelf {
    Some(Arc::new(FolderShelf::new(&no_models().join("learnt"))))
}
