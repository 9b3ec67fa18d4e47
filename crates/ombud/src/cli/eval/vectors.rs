//! Where do the vectors of the texts come from? From the model, once; then from the file beside it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use ombud_inference::{E5, E5_SMALL, Layered};
use ombud_ports::{Embedding, TextKind};

use crate::cli::Context;
use crate::terminal::bar;
use crate::wiring::models_folder;

/// The model with the folder in which vectors are kept.
pub(super) struct Vectors {
    model: Arc<E5>,
    path: PathBuf,
}

/// A way to look at a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Tells the file of its vectors from those of other views.
    pub(super) name: &'static str,
    pub(super) kind: TextKind,
    /// Layers of the model whose vectors stand beside each other.
    pub(super) layers: &'static [usize],
}

impl Vectors {
    /// Opens the model.
    ///
    /// # Errors
    /// When it is not there or damaged; the operator fetches it.
    pub(super) fn open(context: &Context) -> anyhow::Result<Self> {
        let path = models_folder(&context.config()?)?.join(E5_SMALL.file);
        Ok(Self { model: Arc::new(E5::open(&path)?), path })
    }

    pub(super) fn model(&self) -> &E5 {
        &self.model
    }

    /// The vectors of the texts in their order; a bar tells how far the missing ones are.
    pub(super) fn of(&self, view: View, texts: &[String]) -> anyhow::Result<Vec<Embedding>> {
        let layered = Layered::new(Arc::clone(&self.model), view.kind, view.layers);
        let shown = OnceLock::new();
        let file = self.path.with_extension(format!("eval-{}.vectors", view.name));
        let embedded = ombud_inference::vectors(&layered, &file, texts, &|done, all| {
            shown.get_or_init(|| bar(all, "texts embedded")).set_position(u64::try_from(done).unwrap_or(u64::MAX));
        })?;
        if let Some(bar) = shown.get() {
            bar.finish_and_clear();
        }
        Ok(embedded)
    }
}
