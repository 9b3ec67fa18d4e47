//! What was measured, when last? The figures that are kept, each evaluation with its own commit and day.

use std::fs;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// Where the figures are kept.
pub(super) const STORED: &str = "docs/evaluation.json";

/// All figures that are kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    pub(super) evaluations: Vec<Kept>,
}

/// What came of one evaluation, when it was measured last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) id: String,
    /// The commands as they were run, or as a person ran them.
    pub(super) command: String,
    /// Files of public data that were read, relative to their folder.
    pub(super) data: Vec<String>,
    /// The commit that was measured; `+` behind it when something was changed since.
    pub(super) commit: String,
    /// The day, in UTC.
    pub(super) date: String,
    /// How long it took; nothing where a person ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seconds: Option<u64>,
    pub(super) figures: Vec<Figure>,
}

/// One figure, as `ombud eval --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Figure {
    pub(super) figure: String,
    pub(super) value: f64,
    /// Texts, tokens or tasks that it was counted on.
    pub(super) n: u64,
    pub(super) seed: u64,
}

impl Stored {
    /// What is kept; nothing when nothing was measured yet.
    ///
    /// # Errors
    /// When the file is not what this program writes.
    pub(super) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        if !workspace.has(STORED) {
            return Ok(Self::default());
        }
        serde_json::from_str(&workspace.read(STORED)?).with_context(|| format!("`{STORED}` holds no evaluations"))
    }

    pub(super) fn write(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(workspace.path(STORED), text + "\n").with_context(|| format!("cannot write `{STORED}`"))
    }

    pub(super) fn of(&self, id: &str) -> Option<&Kept> {
        self.evaluations.iter().find(|kept| kept.id == id)
    }

    /// Puts new figures in the place of the old ones.
    pub(super) fn put(&mut self, new: Kept) {
        match self.evaluations.iter_mut().find(|kept| kept.id == new.id) {
            Some(kept) => *kept = new,
            None => self.evaluations.push(new),
        }
    }

    /// In the order of the plan, without what it does not know any more.
    pub(super) fn arrange(&mut self, ids: &[&str]) {
        let place = |kept: &Kept| ids.iter().position(|id| *id == kept.id);
        self.evaluations.retain(|kept| place(kept).is_some());
        self.evaluations.sort_by_key(place);
    }
}

impl Kept {
    /// As [`found`].
    pub(super) fn figure<'k>(&'k self, wanted: &str) -> Option<(&'k Figure, &'k str)> {
        found(&self.figures, wanted)
    }
}

/// The first figure whose name is this one; `*` stands for any text, which comes with it.
pub(super) fn found<'f>(figures: &'f [Figure], wanted: &str) -> Option<(&'f Figure, &'f str)> {
    figures.iter().find_map(|figure| Some((figure, matched(wanted, &figure.figure)?)))
}

/// What the `*` of a name stands for, if the names are the same otherwise.
fn matched<'n>(wanted: &str, name: &'n str) -> Option<&'n str> {
    match wanted.split_once('*') {
        Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after),
        None => (wanted == name).then_some(""),
    }
}

/// The figures that a command printed, one JSON object a line.
///
/// # Errors
/// When a line is another thing, or there is none.
pub(super) fn figures(printed: &str) -> anyhow::Result<Vec<Figure>> {
    let lines = printed.lines().filter(|line| !line.trim().is_empty());
    let figures: Vec<Figure> = lines
        .map(|line| serde_json::from_str(line).with_context(|| format!("it printed `{line}`, which is no figure")))
        .collect::<anyhow::Result<_>>()?;
    if figures.is_empty() {
        anyhow::bail!("it printed no figures");
    }
    Ok(figures)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::evaluate) fn kept(id: &str, listed: &[(&str, f64)]) -> Kept {
        let figure = |(name, value): &(&str, f64)| Figure { figure: (*name).to_owned(), value: *value, n: 10, seed: 1 };
        Kept {
            id: id.to_owned(),
            command: format!("ombud eval {id}"),
            data: Vec::new(),
            commit: "abc".to_owned(),
            date: "2026-11-28".to_owned(),
            seconds: Some(9),
            figures: listed.iter().map(figure).collect(),
        }
    }

    #[test]
    fn printed_figures_are_read_and_anything_else_is_told() {
        let printed = "{\"figure\":\"accuracy\",\"value\":0.93,\"n\":2036,\"seed\":1}\n\n{\"figure\":\"b\",\"value\":1.0,\"n\":2,\"seed\":0}\n";
        let read = figures(printed).unwrap();
        assert_eq!((read[0].figure.as_str(), read[0].value, read[0].n, read[0].seed), ("accuracy", 0.93, 2036, 1));
        assert_eq!(read.len(), 2);
        for wrong in ["", "\n", "accuracy 0.93", "{\"figure\":\"a\",\"value\":1.0,\"n\":2}", "[1]"] {
            assert!(figures(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        let kept = kept("m", &[("right, worst language (is)", 0.5), ("right, all", 0.7)]);
        let (figure, language) = kept.figure("right, worst language (*)").unwrap();
        assert_eq!((figure.value, language), (0.5, "is"));
        assert_eq!(kept.figure("right, all").unwrap().1, "");
        assert!(kept.figure("right").is_none());
    }

    #[test]
    fn new_figures_take_the_place_of_old_ones() {
        let mut stored = Stored { evaluations: ["a", "b"].map(|id| kept(id, &[("x", 0.5)])).into() };
        stored.put(kept("a", &[("x", 0.6)]));
        stored.put(kept("c", &[]));
        assert_eq!(stored.of("a"), Some(&kept("a", &[("x", 0.6)])));
        assert_eq!(stored.evaluations.len(), 3);
    }

    #[test]
    fn figures_stand_in_the_order_of_the_plan_and_those_it_dropped_go() {
        let mut stored = Stored { evaluations: ["c", "a", "b"].map(|id| kept(id, &[])).into() };
        stored.arrange(&["a", "c"]);
        assert_eq!(stored.evaluations.iter().map(|kept| kept.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }
}
