//! Where are the files of a pack? In a folder, with `base` beside it, or inside the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ombud_policy::floor::{self, Invariants, Search, Searched};
use ombud_policy::{Pack, PackFiles, PackProblem};
use ombud_retrieval::{ArticleError, Knowledge};
use rust_embed::Embed;
use serde::Deserialize;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../packs"]
struct Carried;

/// The pack that all others extend.
const BASE: &str = "base";
/// Folder of a pack with drafts that wait, earlier versions and their history: nothing in it belongs to the pack until it is approved.
pub(crate) const INCOMING: &str = "incoming";
/// Bytes of one file of a pack.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Files of one pack.
const FILES_MAX: usize = 20_000;
/// Endings of the files that belong to a pack.
const ENDINGS: [&str; 7] = ["toml", "yaml", "md", "cedar", "json", "jsonl", "txt"];

/// Why a pack cannot be used; its author can fix it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    /// No such folder, and the program carries no pack of that name.
    #[error("there is no pack at `{0}`, make one with `ombud init`")]
    Absent(String),
    /// A file cannot be read.
    #[error("`{}` cannot be read as text of at most 4 MiB", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// More files than a pack has.
    #[error("`{0}` holds more than 20000 files, is it really a pack?")]
    TooManyFiles(String),
    /// Its content is wrong.
    #[error("the pack has {} problem(s):\n{}", .0.len(), lines(.0))]
    Wrong(Vec<PackProblem>),
}

/// How the demo of a pack is set up: `demo.toml` in its folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DemoPlan {
    /// Whether this is the pack that `ombud demo` takes when none is named.
    pub(crate) default: bool,
    /// What the stand-in company begins with, as its program understands it.
    pub(crate) seed: Vec<String>,
    /// Something that can change in it, for measuring how soon that is seen.
    pub(crate) change: Option<ChangePlan>,
}

/// A write in the stand-in company that adds a record of the customer graph.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePlan {
    /// Its path; `{customer_id}` stands for the customer.
    pub(crate) path: String,
    /// Its body.
    pub(crate) body: serde_json::Value,
    /// The kind of record that it adds, as graph.yaml names it.
    pub(crate) adds: String,
}

/// The files of a pack and of `base`, by path inside the folder of packs.
#[derive(Debug)]
pub(crate) struct PackSource {
    /// The pack's name: its folder.
    pub(crate) name: String,
    /// The files.
    pub(crate) files: PackFiles,
}

impl PackSource {
    /// Finds a pack by folder, or by name inside the program.
    pub(crate) fn find(path: &str) -> Result<Self, PackError> {
        let folder = Path::new(path);
        if !folder.join("pack.toml").is_file() {
            return Self::carried(path);
        }
        let absolute =
            std::path::absolute(folder).map_err(|source| PackError::File { path: folder.to_owned(), source })?;
        let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = PackFiles::new();
        read_folder(&absolute, &name, &mut files)?;
        let base = absolute.with_file_name(BASE);
        if base.is_dir() && name != BASE {
            read_folder(&base, BASE, &mut files)?;
        } else if name != BASE {
            files.extend(carried_files(BASE));
        }
        Ok(Self { name, files })
    }

    /// The pack of this name that the program carries.
    fn carried(name: &str) -> Result<Self, PackError> {
        let name = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
        let mut files: PackFiles = carried_files(name).collect();
        if !files.contains_key(&format!("{name}/pack.toml")) {
            return Err(PackError::Absent(name.to_owned()));
        }
        files.extend(carried_files(BASE));
        Ok(Self { name: name.to_owned(), files })
    }

    /// The pack that the demo takes when none is named.
    pub(crate) fn of_demo() -> Result<Self, PackError> {
        let plans = Carried::iter()
            .filter(|path| path.ends_with("/demo.toml"))
            .map(|path| path.trim_end_matches("/demo.toml").to_owned());
        for name in plans {
            let source = Self::carried(&name)?;
            if source.demo_plan()?.is_some_and(|plan| plan.default) {
                return Ok(source);
            }
        }
        Err(PackError::Absent("*/demo.toml".to_owned()))
    }

    /// The first pack that the program carries with a file of this name in its folder.
    pub(crate) fn with_file(name: &str) -> Result<Self, PackError> {
        let ending = format!("/{name}");
        let found = Carried::iter().find_map(|path| path.strip_suffix(&ending).map(ToOwned::to_owned));
        found.map_or_else(|| Err(PackError::Absent(format!("*{ending}"))), |pack| Self::carried(&pack))
    }

    /// How the demo of this pack is set up, if it has one.
    pub(crate) fn demo_plan(&self) -> Result<Option<DemoPlan>, PackError> {
        let file = format!("{}/demo.toml", self.name);
        let Some(text) = self.files.get(&file) else { return Ok(None) };
        let wrong = |error: toml::de::Error| {
            let line =
                error.span().map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            PackError::Wrong(vec![PackProblem { file: file.clone(), line, message: error.message().to_owned() }])
        };
        toml::from_str(text).map(Some).map_err(wrong)
    }

    /// The pack and what it knows, checked; policies and actions that the program does not carry also against what must always hold.
    pub(crate) fn parse(&self) -> Result<(Pack, Knowledge), PackError> {
        let (pack, knowledge) = self.read()?;
        if !self.decides_as_carried() {
            let searched = self.search(&pack, Search::QUICK)?;
            if !searched.problems.is_empty() {
                return Err(PackError::Wrong(searched.problems));
            }
        }
        Ok((pack, knowledge))
    }

    /// Searches for requests that the policies permit though an invariant forbids them: one of the program's own base, which no edited base
    /// takes away, of the base beside the pack, or of the pack.
    pub(crate) fn search(&self, pack: &Pack, search: Search) -> Result<Searched, PackError> {
        let of = |top: &str| format!("{top}/invariants/");
        let is_invariant = |file: &str| file.starts_with(&of(BASE)) || file.starts_with(&of(&self.name));
        let carried: PackFiles = carried_files(BASE).filter(|(file, _)| file.starts_with(&of(BASE))).collect();
        let own = self.files.iter().filter(|(file, text)| is_invariant(file) && carried.get(*file) != Some(*text));
        let own: Vec<(String, String)> = own.map(|(file, text)| (file.clone(), text.clone())).collect();
        let sources: Vec<(String, String)> = carried.into_iter().chain(own).collect();
        let invariants = Invariants::parse(&sources).map_err(PackError::Wrong)?;
        Ok(floor::search(pack, &invariants, search))
    }

    /// Whether everything that decides is as the program carries it, of which a test has shown that the invariants hold.
    fn decides_as_carried(&self) -> bool {
        let decides =
            |file: &str| file.ends_with(".cedar") || file.contains("/actions/") || file.ends_with("/pack.toml");
        let carried: PackFiles = carried_files(BASE).chain(carried_files(&self.name)).collect();
        let known = |files: &PackFiles| -> BTreeMap<String, String> {
            files.iter().filter(|(file, _)| decides(file)).map(|(file, text)| (file.clone(), text.clone())).collect()
        };
        known(&self.files) == known(&carried)
    }

    /// The pack and what it knows; its policies are not held against the invariants.
    pub(crate) fn read(&self) -> Result<(Pack, Knowledge), PackError> {
        let parsed = Pack::parse(&self.name, &self.files);
        match (parsed, self.knowledge()) {
            (Ok(pack), Ok(knowledge)) => Ok((pack, knowledge)),
            (parsed, knowledge) => {
                let mut wrong = parsed.err().unwrap_or_default();
                wrong.append(&mut knowledge.err().unwrap_or_default());
                Err(PackError::Wrong(wrong))
            }
        }
    }

    /// Knowledge of `base` and the pack; of two articles with one path the pack's own.
    fn knowledge(&self) -> Result<Knowledge, Vec<PackProblem>> {
        let mut articles = BTreeMap::new();
        let mut lists = Vec::new();
        let tops = [BASE, self.name.as_str()];
        for top in tops.into_iter().skip(usize::from(self.name == BASE)) {
            let prefix = format!("{top}/knowledge/");
            for (file, text) in &self.files {
                match file.strip_prefix(&prefix) {
                    Some(path) if path.ends_with(".md") => {
                        articles.insert(path, (file.as_str(), text.as_str()));
                    }
                    Some(_) => lists.push((file.as_str(), text.as_str())),
                    None => {}
                }
            }
        }
        Knowledge::read(lists.into_iter().chain(articles.into_values())).map_err(|wrong| {
            let problem =
                |error: ArticleError| PackProblem { file: error.file, line: error.line, message: error.problem };
            wrong.into_iter().map(problem).collect()
        })
    }
}

fn lines(problems: &[PackProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn carried_files(name: &str) -> impl Iterator<Item = (String, String)> + use<> {
    let prefix = format!("{name}/");
    let paths: Vec<String> = Carried::iter()
        .filter(|path| path.starts_with(&prefix) && belongs(Path::new(path.as_ref())))
        .map(|path| path.to_string())
        .collect();
    paths.into_iter().filter_map(|path| {
        let file = Carried::get(&path)?;
        Some((path, String::from_utf8(file.data.into_owned()).ok()?))
    })
}

fn belongs(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
}

/// Reads all files of a folder; links are not followed, so that a pack cannot reach out of itself.
fn read_folder(folder: &Path, name: &str, files: &mut PackFiles) -> Result<(), PackError> {
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let failed = |source| PackError::File { path: current.clone(), source };
        for entry in std::fs::read_dir(&current).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && path != folder.join(INCOMING) {
                folders.push(path);
            } else if kind.is_file() && belongs(&path) {
                let inside = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.insert(format!("{name}/{inside}"), read_file(&path)?);
            }
            if files.len() > FILES_MAX {
                return Err(PackError::TooManyFiles(folder.display().to_string()));
            }
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, PackError> {
    let failed = |source| PackError::File { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read_to_string(path).map_err(failed)
}
