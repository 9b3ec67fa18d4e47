//! How does an assistant come to read by meaning? The model is opened and what the pack teaches is embedded, beside everything else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ombud_inference::{E5, E5_SMALL, FolderShelf, LID_176, Lid176, ModelFault};
use ombud_language::SomeShelf;
use ombud_ports::{Embedder, LanguageIdentifier};
use ombud_turn::{Assistant, Progress, Share};

use crate::config::{Config, ConfigError};
use crate::wiring::models_folder;

/// With fewer texts than this still to be embedded, all languages are soon learnt together, and none by itself before: about half a minute of two cores.
const SOON: usize = 3_000;
/// After so many languages those that are served are learnt together: each time takes seconds of one core for each of them, and those of the pack's markets
/// need not wait for the last one.
const AT_ONCE: [usize; 3] = [3, 8, 16];
/// Between two lines of the log about how far the first start is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// Which languages are learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Learns {
    /// The company's own. Messages are told apart by language all the same: one in another is answered as while that is still being learnt.
    Own,
    /// All of the pack.
    All,
}

/// Lets the assistant read by meaning, if the model was fetched; `progress` hears of texts that were never embedded before. Until it ends, the assistant
/// says that it learns.
///
/// # Errors
/// When there is no place for models, or the model is damaged; the operator fetches it again.
pub(crate) fn deepen(
    config: &Config,
    assistant: &Assistant,
    learns: Learns,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<()> {
    assistant.note_progress(Progress::Learning(Share::default()));
    let learnt = learn(config, assistant, learns, progress);
    assistant.note_progress(Progress::Rests);
    learnt
}

fn learn(
    config: &Config,
    assistant: &Assistant,
    learns: Learns,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<()> {
    let path = model_path(config)?;
    let model = match E5::open(&path) {
        Ok(model) => model,
        Err(ModelFault::Absent { .. }) => {
            tracing::info!(
                "messages are read by their words alone: `ombud models fetch` brings the model that reads their meaning"
            );
            return Ok(());
        }
        Err(fault) => return Err(fault.into()),
    };
    let kept = path.with_extension("vectors");
    let model: Arc<dyn Embedder> = Arc::new(model);
    assistant.recall(&model.model());
    let progress = &|done, of| {
        assistant.note_progress(Progress::Learning(Share { done, of }));
        progress(done, of);
    };
    let embeddings = ombud_inference::vectors(model.as_ref(), &kept, &assistant.lessons(), progress)?;
    assistant.deepen(&embeddings, Arc::clone(&model));
    drop(embeddings);
    // The company's own language first: customers who write it wait for no other.
    let Some(mut course) = assistant.course(&model.model(), identifier(&path)?)? else { return Ok(()) };
    if learns == Learns::Own {
        return Ok(());
    }
    let lessons = course.lessons();
    let missing = || ombud_inference::missing(&model.model(), &kept, &lessons);
    let all = missing();
    let vectors = |lessons: &[String]| {
        let before = all.saturating_sub(missing());
        ombud_inference::vectors(model.as_ref(), &kept, lessons, &|done, _| progress(before + done, all))
    };
    let steps = if all > SOON { assistant.languages_of_pack() } else { 0 };
    let mut served = Vec::new();
    for _ in 0..steps {
        let Some(locale) = assistant.next_language() else { break };
        assistant.learn_some(&course, &[locale], &vectors(&course.lessons_of(&[locale]))?)?;
        tracing::info!(locale, "customers are served in one more language");
        served.push(locale);
        if AT_ONCE.contains(&served.len()) {
            assistant.learn_some(&course, &served, &vectors(&course.lessons_of(&served))?)?;
            tracing::info!(languages = served.len(), "these languages are read together");
        }
    }
    // They teach one another: read together they are read better, before anything else is learnt.
    let together = course.lessons_together();
    if steps > 0 && !together.is_empty() {
        assistant.learn_together(&mut course, &vectors(&together)?)?;
        tracing::info!("all languages are read together");
    }
    let embeddings = vectors(&course.lessons())?;
    Ok(assistant.learn_languages(course, &embeddings)?)
}

/// What tells languages, if it was fetched.
fn identifier(path: &Path) -> Result<Option<Arc<dyn LanguageIdentifier>>, ModelFault> {
    match Lid176::open(&path.with_file_name(LID_176.file)) {
        Ok(identifier) => Ok(Some(Arc::new(identifier))),
        Err(ModelFault::Absent { .. }) => {
            tracing::info!(
                "languages are told by their small words: `ombud models fetch` brings the model that tells them better"
            );
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

/// The same on a thread beside a running server, told in its log. Nobody waits for the thread: it ends with the process.
pub(crate) fn deepen_beside(config: &Config, assistant: &Arc<Assistant>) {
    if model_path(config).is_ok_and(|path| path.exists()) {
        assistant.note_progress(Progress::Learning(Share::default()));
    }
    let (config, assistant) = (config.clone(), Arc::clone(assistant));
    std::thread::spawn(move || deepen_and_tell(&config, &assistant));
}

fn deepen_and_tell(config: &Config, assistant: &Assistant) {
    let started = Instant::now();
    let reported = Mutex::new(started);
    let progress = |done: usize, all: usize| {
        let mut last = reported.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= REPORT_EVERY {
            *last = Instant::now();
            let part = if assistant.reads_by_meaning() { "other languages" } else { "the company's own language" };
            let percent = done.saturating_mul(100) / all.max(1);
            tracing::info!(part, percent, done, all, "learning to read by meaning; the first start takes longest");
        }
    };
    match deepen(config, assistant, Learns::All, &progress) {
        Ok(()) if assistant.reads_by_meaning() => {
            let languages = assistant.languages().len();
            tracing::info!(after_ms = started.elapsed().as_millis(), languages, "messages are read by meaning too");
        }
        Ok(()) => {}
        Err(error) => tracing::warn!(error = format!("{error:#}"), "messages are read by their words alone"),
    }
}

/// Where what was learnt is kept: beside the models, or nowhere where there is no place for them.
pub(crate) fn shelf(config: &Config) -> SomeShelf {
    let folder = models_folder(config).ok()?;
    Some(Arc::new(FolderShelf::new(&folder.join("learnt"))))
}

/// Where the model lies.
fn model_path(config: &Config) -> Result<PathBuf, ConfigError> {
    Ok(models_folder(config)?.join(E5_SMALL.file))
}
