//! Where do drafts wait, and where are earlier versions? In the folder `incoming` of a pack, beside what it knows, in files that people can read.
//!
//! `waiting/` holds a draft and what is told of it, `versions/` every text that ever was the article, `history.jsonl` a line for each act. The loader of
//! packs reads none of it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ombud_ingest::draft::{is_id, sha256};
use ombud_ingest::{Act, Entry, Hidden, History};
use ombud_retrieval::{Article, article};
use serde::{Deserialize, Serialize};

use crate::packs::{INCOMING, PackSource};

/// Bytes of the history that are read.
const HISTORY_BYTES_MAX: u64 = 256 << 20;

/// What is told of a draft that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    /// Where its document comes from.
    pub(crate) source: String,
    /// SHA-256 of the document; empty where it is gone.
    pub(crate) document: String,
    /// Who brought it.
    pub(crate) author: String,
    /// Whether a signed token has shown who it was.
    pub(crate) is_signed: bool,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// What the document hides from its readers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hidden: Vec<Hidden>,
    /// The article is to go: its document is no longer there.
    #[serde(default)]
    pub(crate) withdraws: bool,
}

/// A draft, or the wish to take an article away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    /// `id.locale`.
    pub(crate) key: String,
    pub(crate) waiting: Waiting,
    /// The file as it would be; empty where the article is to go.
    pub(crate) text: String,
}

/// The folders of one pack. As long as it lives, no other process changes them.
#[derive(Debug)]
pub(crate) struct Incoming {
    pack: PathBuf,
    pub(crate) history: History,
    /// Files of the pack's own articles, by key.
    files: BTreeMap<String, PathBuf>,
    default_locale: String,
    _lock: File,
}

/// What an article is called here.
pub(crate) fn key_of(article: &Article) -> String {
    format!("{}.{}", article.id, article.locale)
}

impl Incoming {
    /// Opens the folders of a pack, and makes them where there are none.
    ///
    /// # Errors
    /// When the pack is no folder, another process works on it, or the history cannot be read; the operator can fix it.
    pub(crate) fn open(path: &str, source: &PackSource, default_locale: &str) -> anyhow::Result<Self> {
        let pack = PathBuf::from(path);
        if !pack.join("pack.toml").is_file() {
            bail!("`{path}` is no folder of a pack, make one with `ombud init`");
        }
        let folder = pack.join(INCOMING);
        for inner in ["waiting", "versions"] {
            let inner = folder.join(inner);
            fs::create_dir_all(&inner).with_context(|| format!("cannot make `{}`", inner.display()))?;
        }
        let lock = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&lock)
            .with_context(|| format!("cannot open `{}`", lock.display()))?;
        if lock.try_lock().is_err() {
            bail!("another `ombud knowledge` works on `{path}`, wait until it has ended");
        }
        let history = folder.join("history.jsonl");
        let lines = match fs::metadata(&history) {
            Ok(about) if about.len() > HISTORY_BYTES_MAX => bail!("`{}` is too large to be read", history.display()),
            Ok(_) => fs::read_to_string(&history).with_context(|| format!("cannot read `{}`", history.display()))?,
            Err(_) => String::new(),
        };
        let history = History::read(&lines).with_context(|| format!("`{}`", history.display()))?;
        let prefix = format!("{}/knowledge/", source.name);
        let mut files = BTreeMap::new();
        for (file, text) in &source.files {
            if let Some(inside) = file.strip_prefix(&prefix).filter(|inside| inside.ends_with(".md"))
                && let Ok(article) = article::parse(file, text)
            {
                files.insert(key_of(&article), PathBuf::from(inside));
            }
        }
        Ok(Self { pack, history, files, default_locale: default_locale.to_owned(), _lock: lock })
    }

    fn waiting_file(&self, key: &str, ending: &str) -> PathBuf {
        self.pack.join(INCOMING).join("waiting").join(format!("{key}.{ending}"))
    }

    fn version_file(&self, key: &str, version: u32) -> PathBuf {
        self.pack.join(INCOMING).join("versions").join(key).join(format!("{version}.md"))
    }

    /// The file of an article; for one that is new, where it goes.
    fn article_file(&self, key: &str) -> PathBuf {
        let inside = self.files.get(key).cloned().unwrap_or_else(|| {
            let short =
                key.strip_suffix(&format!(".{}", self.default_locale)).map(|id| PathBuf::from(format!("{id}.md")));
            let is_free = |file: &PathBuf| !self.files.values().any(|taken| taken == file);
            short.filter(is_free).unwrap_or_else(|| PathBuf::from(format!("{key}.md")))
        });
        self.pack.join("knowledge").join(inside)
    }

    /// The article of today as it stands in its file.
    pub(crate) fn today(&self, key: &str) -> anyhow::Result<Option<String>> {
        let file = self.article_file(key);
        if !self.files.contains_key(key) && !file.exists() {
            return Ok(None);
        }
        fs::read_to_string(&file).map(Some).with_context(|| format!("cannot read `{}`", file.display()))
    }

    /// All that waits, by key.
    pub(crate) fn drafts(&self) -> anyhow::Result<Vec<Draft>> {
        let folder = self.pack.join(INCOMING).join("waiting");
        let mut drafts = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(key) = name.strip_suffix(".json") {
                drafts.push(self.draft(key)?);
            }
        }
        drafts.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(drafts)
    }

    fn draft(&self, key: &str) -> anyhow::Result<Draft> {
        let read = |ending| {
            let file = self.waiting_file(key, ending);
            fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))
        };
        let waiting: Waiting = serde_json::from_str(&read("json")?)
            .with_context(|| format!("what is told of `{key}` is damaged, bring its document again"))?;
        let text = if waiting.withdraws { String::new() } else { read("md")? };
        Ok(Draft { key: key.to_owned(), waiting, text })
    }

    /// The one draft that an id, with or without its language, names.
    pub(crate) fn named(&self, id: &str) -> anyhow::Result<Draft> {
        let drafts = self.drafts()?;
        let is_meant = |key: &str| key == id || key.rsplit_once('.').is_some_and(|(stem, _)| stem == id);
        let mut meant = drafts.into_iter().filter(|draft| is_meant(&draft.key));
        match (meant.next(), meant.next()) {
            (Some(draft), None) => Ok(draft),
            (None, _) => bail!("nothing with id `{id}` waits, see `ombud knowledge review`"),
            (Some(_), Some(_)) => bail!("`{id}` waits in more than one language, write it as `{id}.en`"),
        }
    }

    /// The article that an id, with or without its language, names.
    pub(crate) fn known(&self, id: &str) -> anyhow::Result<String> {
        let keys = self.files.keys().map(String::as_str).chain(self.history.articles().map(|(key, _)| key));
        let mut meant: Vec<&str> =
            keys.filter(|key| *key == id || key.rsplit_once('.').is_some_and(|(stem, _)| stem == id)).collect();
        meant.sort_unstable();
        meant.dedup();
        match meant.as_slice() {
            [key] => Ok((*key).to_owned()),
            [] => bail!("there is no article `{id}`, see `ombud knowledge list`"),
            _ => bail!("`{id}` is there in more than one language, write it as `{id}.en`"),
        }
    }

    /// Every key of today or of the history.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.files.keys().cloned().collect();
        keys.extend(self.history.articles().map(|(key, _)| key.to_owned()));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Lets a draft wait, in the place of an earlier one of the same article.
    pub(crate) fn put(&mut self, draft: &Draft) -> anyhow::Result<()> {
        let (id, _) = draft.key.rsplit_once('.').unwrap_or((&draft.key, ""));
        if !is_id(id) {
            bail!("`{id}` cannot be the id of an article, use letters, digits, `-` and `_`");
        }
        if draft.waiting.withdraws {
            let _ = fs::remove_file(self.waiting_file(&draft.key, "md"));
        } else {
            write_whole(&self.waiting_file(&draft.key, "md"), &draft.text)?;
        }
        write_whole(&self.waiting_file(&draft.key, "json"), &(serde_json::to_string_pretty(&draft.waiting)? + "\n"))
    }

    /// Takes a draft out of those that wait.
    pub(crate) fn take_away(&self, key: &str) -> anyhow::Result<()> {
        for ending in ["json", "md"] {
            let file = self.waiting_file(key, ending);
            if file.exists() {
                fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))?;
            }
        }
        Ok(())
    }

    /// A line of the history, durable when this returns.
    pub(crate) fn note(&mut self, entry: Entry) -> anyhow::Result<()> {
        let file = self.pack.join(INCOMING).join("history.jsonl");
        let mut opened = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&file)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        opened.write_all((serde_json::to_string(&entry)? + "\n").as_bytes())?;
        opened.sync_all()?;
        self.history.add(entry);
        Ok(())
    }

    /// Makes a text the article, or takes the article away, and keeps it as a version. What people have written by hand since is kept as a version first.
    pub(crate) fn publish(&mut self, key: &str, text: Option<&str>, entry: Entry) -> anyhow::Result<u32> {
        let today = self.today(key)?;
        let known = self.history.article(key).cloned().unwrap_or_default();
        let mut highest = known.highest;
        if let Some(today) = today.as_deref().filter(|today| known.text.as_deref() != Some(&sha256(today.as_bytes()))) {
            highest += 1;
            write_whole(&self.version_file(key, highest), today)?;
            let sum = Some(sha256(today.as_bytes()));
            let kept = Entry {
                act: Act::Kept,
                version: Some(highest),
                text: sum,
                source: None,
                document: None,
                accepted: Vec::new(),
                ..entry.clone()
            };
            self.note(kept)?;
        }
        let file = self.article_file(key);
        let version = match text {
            Some(text) => {
                // A version that is there already gets no second number.
                let version = entry.version.unwrap_or(highest + 1);
                write_whole(&self.version_file(key, version), text)?;
                write_whole(&file, text)?;
                version
            }
            None => {
                if file.exists() {
                    fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))?;
                }
                0
            }
        };
        self.note(Entry { version: Some(version), text: text.map(|text| sha256(text.as_bytes())), ..entry })?;
        self.take_away(key)?;
        Ok(version)
    }

    /// The text of a version.
    pub(crate) fn version(&self, key: &str, version: u32) -> anyhow::Result<String> {
        let file = self.version_file(key, version);
        fs::read_to_string(&file)
            .with_context(|| format!("there is no version {version} of `{key}`, see `ombud knowledge list`"))
    }
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(file: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let half = file.with_extension("half");
        let mut opened = File::create(&half)?;
        opened.write_all(text.as_bytes())?;
        opened.sync_all()?;
        fs::rename(&half, file)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write `{}`, check its rights and the disk", file.display()))
}
