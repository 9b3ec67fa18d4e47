//! What is evaluated, and what is said about it? `docs/evaluation.toml`: commands, goals and the words of the page.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::goal::Goal;
use super::stored::{Figure, found};
use crate::workspace::Workspace;

/// Where the plan stands.
pub(super) const PLAN: &str = "docs/evaluation.toml";
/// Stands for the folder of public data.
pub(super) const DATA: &str = "{data}/";
/// Stands for this checkout.
pub(super) const ROOT: &str = "{root}/";
/// Stands for one of `each`.
const EACH: &str = "{each}";
/// Digits behind the point, where a figure says nothing else.
pub(super) const DIGITS: usize = 3;

/// The whole page, before its figures are put in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) title: String,
    /// Stands before the sections.
    pub(super) text: String,
    pub(super) evaluations: Vec<Evaluation>,
    pub(super) sections: Vec<Section>,
}

/// A command that prints figures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation {
    pub(super) id: String,
    /// Behind `ombud eval`, with [`DATA`] and [`ROOT`] before files.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
    /// A command that a person runs, who writes its figures into what is kept.
    #[serde(default)]
    pub(super) by_hand: Option<String>,
    /// What is read, in words.
    pub(super) data: String,
    /// The same for each of these words, which stand where [`EACH`] is written.
    #[serde(default)]
    each: Vec<String>,
}

/// A part of the page: words, a table, how it was measured, words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// None for a further table of the section before.
    #[serde(default)]
    pub(super) title: Option<String>,
    /// Of the title: 2 for a section, 3 for a part of one.
    #[serde(default = "level")]
    pub(super) level: usize,
    #[serde(default)]
    pub(super) before: String,
    #[serde(default)]
    pub(super) after: String,
    #[serde(default)]
    pub(super) figures: Vec<Row>,
}

/// A line of a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) evaluation: String,
    /// The name of the figure as it is printed; a `*` stands for any text, and so does `{*}` in the title.
    pub(super) figure: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) goal: Option<Goal>,
    /// Goals of some of `each`, in the place of `goal`.
    #[serde(default)]
    goals: BTreeMap<String, Goal>,
    /// Behind the point.
    #[serde(default = "digits")]
    pub(super) digits: usize,
    #[serde(default)]
    each: Vec<String>,
}

const fn level() -> usize {
    2
}

const fn digits() -> usize {
    DIGITS
}

impl Plan {
    pub(super) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        Self::parse(&workspace.read(PLAN)?).with_context(|| format!("`{PLAN}` is wrong"))
    }

    /// Reads a plan, with every `each` written out.
    ///
    /// # Errors
    /// When it is no plan, a name is there twice, or a figure is of an evaluation that is not there.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut plan: Self = toml::from_str(text)?;
        plan.evaluations = plan.evaluations.iter().flat_map(Evaluation::written_out).collect();
        for section in &mut plan.sections {
            section.figures = section.figures.iter().flat_map(Row::written_out).collect();
        }
        let mut ids = BTreeSet::new();
        for evaluation in &plan.evaluations {
            let id = &evaluation.id;
            if !ids.insert(id.as_str()) {
                bail!("the evaluation `{id}` is there twice");
            }
            if evaluation.arguments.is_empty() == evaluation.by_hand.is_none() {
                bail!("the evaluation `{id}` wants either `arguments` or `by_hand`");
            }
        }
        let mut used = BTreeSet::new();
        for row in plan.rows() {
            if !ids.contains(row.evaluation.as_str()) {
                bail!("the figure `{}` is of the evaluation `{}`, which is not there", row.title, row.evaluation);
            }
            if !used.insert((row.evaluation.as_str(), row.figure.as_str())) {
                bail!("the figure `{}` of `{}` is there twice", row.figure, row.evaluation);
            }
        }
        Ok(plan)
    }

    /// All lines of all tables.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.figures)
    }

    pub(super) fn evaluation(&self, id: &str) -> Option<&Evaluation> {
        self.evaluations.iter().find(|evaluation| evaluation.id == id)
    }

    /// Those of the printed figures that a table shows, in its order.
    ///
    /// # Errors
    /// When one of them was not printed.
    pub(super) fn shown(&self, id: &str, printed: &[Figure]) -> anyhow::Result<Vec<Figure>> {
        let of = |row: &Row| {
            let (figure, _) =
                found(printed, &row.figure).with_context(|| format!("it printed no figure `{}`", row.figure))?;
            Ok(figure.clone())
        };
        self.rows().filter(|row| row.evaluation == id).map(of).collect()
    }

    /// What the names choose: the evaluation of this name, else all whose names begin so with a `-` behind it. All of them without a name.
    ///
    /// # Errors
    /// When a name chooses nothing.
    pub(super) fn chosen(&self, only: &[String]) -> anyhow::Result<Vec<&Evaluation>> {
        let is_of = |id: &str, name: &String| {
            let is_one = self.evaluation(name).is_some();
            if is_one { id == name } else { id.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('-')) }
        };
        if let Some(unknown) = only.iter().find(|name| !self.evaluations.iter().any(|one| is_of(&one.id, name))) {
            let ids: Vec<&str> = self.evaluations.iter().map(|one| one.id.as_str()).collect();
            bail!("no evaluation is called `{unknown}`, there are: {}", ids.join(", "));
        }
        let is_chosen = |one: &&Evaluation| only.is_empty() || only.iter().any(|name| is_of(&one.id, name));
        Ok(self.evaluations.iter().filter(is_chosen).collect())
    }
}

impl Evaluation {
    fn written_out(&self) -> Vec<Self> {
        if self.each.is_empty() {
            return vec![self.clone()];
        }
        let one = |each: &String| Self {
            id: self.id.replace(EACH, each),
            arguments: self.arguments.iter().map(|argument| argument.replace(EACH, each)).collect(),
            by_hand: self.by_hand.as_ref().map(|command| command.replace(EACH, each)),
            data: self.data.replace(EACH, each),
            each: Vec::new(),
        };
        self.each.iter().map(one).collect()
    }

    /// Files of public data that the command reads, relative to their folder.
    pub(super) fn data_files(&self) -> Vec<String> {
        self.arguments.iter().filter_map(|argument| argument.strip_prefix(DATA)).map(str::to_owned).collect()
    }

    /// The command for people, with files relative to their folders.
    pub(super) fn command(&self) -> String {
        let relative = |argument: &String| argument.replace(DATA, "").replace(ROOT, "");
        let words = self.arguments.iter().map(relative).collect::<Vec<_>>();
        self.by_hand.clone().unwrap_or_else(|| format!("ombud eval {}", words.join(" ")))
    }
}

impl Row {
    fn written_out(&self) -> Vec<Self> {
        if self.each.is_empty() {
            return vec![self.clone()];
        }
        let one = |each: &String| Self {
            evaluation: self.evaluation.replace(EACH, each),
            figure: self.figure.replace(EACH, each),
            title: self.title.replace(EACH, each),
            goal: self.goals.get(each).copied().or(self.goal),
            goals: BTreeMap::new(),
            digits: self.digits,
            each: Vec::new(),
        };
        self.each.iter().map(one).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::stored::tests::kept;
    use super::*;

    pub(in crate::evaluate) const PLAN: &str = r#"
title = "How well"
text = "Of {a:accuracy} in {xsid/dev}."

[[evaluations]]
id = "a"
arguments = ["intents", "--train", "{data}/a/dev/train.jsonl", "--seed", "1"]
data = "A, a fifth held back"

[[evaluations]]
id = "x-{each}"
each = ["de", "ar"]
arguments = ["retrieval", "--test", "{data}/x/{each}.jsonl", "{root}/packs/{each}.jsonl"]
data = "X, {each}"

[[evaluations]]
id = "scale"
by_hand = "ombud bench search"
data = "synthetic"

[[sections]]
title = "Intents"
before = "Before."
after = "After."

[[sections.figures]]
evaluation = "a"
figure = "accuracy"
title = "accuracy"
goal = ">= 0.94"

[[sections]]

[[sections.figures]]
evaluation = "x-{each}"
each = ["de", "ar"]
figure = "recall (*)"
title = "recall of {each} ({*})"
goal = ">= 0.95"
goals = { ar = ">= 0.935" }

[[sections.figures]]
evaluation = "scale"
figure = "ms"
title = "milliseconds"
digits = 1
"#;

    #[test]
    fn what_is_declared_for_each_is_written_out() {
        let plan = Plan::parse(PLAN).unwrap();
        let ids: Vec<&str> = plan.evaluations.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["a", "x-de", "x-ar", "scale"]);
        let arabic = plan.evaluation("x-ar").unwrap();
        assert_eq!(arabic.command(), "ombud eval retrieval --test x/ar.jsonl packs/ar.jsonl");
        assert_eq!((arabic.data_files(), arabic.data.as_str()), (vec!["x/ar.jsonl".to_owned()], "X, ar"));
        assert_eq!(plan.evaluation("scale").unwrap().command(), "ombud bench search");
        let goals: Vec<Option<Goal>> = plan.rows().map(|row| row.goal).collect();
        assert_eq!(goals, [Some(Goal::AtLeast(0.94)), Some(Goal::AtLeast(0.95)), Some(Goal::AtLeast(0.935)), None]);
        assert_eq!(plan.rows().nth(1).unwrap().title, "recall of de ({*})");
    }

    #[test]
    fn a_name_chooses_one_evaluation_or_a_family_of_them() {
        let plan = Plan::parse(PLAN).unwrap();
        let ids = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            plan.chosen(&only).map(|chosen| chosen.iter().map(|one| one.id.clone()).collect::<Vec<_>>())
        };
        assert_eq!(ids(&[]).unwrap().len(), 4);
        assert_eq!(ids(&["x"]).unwrap(), ["x-de", "x-ar"]);
        assert_eq!(ids(&["x-ar", "a"]).unwrap(), ["a", "x-ar"]);
        let named =
            Plan::parse(&PLAN.replacen("id = \"scale\"", "id = \"x\"", 1).replacen("= \"scale\"", "= \"x\"", 1))
                .unwrap();
        assert_eq!(
            named.chosen(&["x".to_owned()]).unwrap().len(),
            1,
            "the evaluation of this name goes before its family"
        );
        let told = ids(&["x-d"]).unwrap_err().to_string();
        assert!(told.contains("`x-d`") && told.contains("a, x-de, x-ar, scale"), "{told}");
    }

    #[test]
    fn what_a_table_shows_is_kept_of_what_was_printed_and_a_figure_that_is_missing_is_told() {
        let plan = Plan::parse(PLAN).unwrap();
        let printed = |names: &[&str]| kept("x-de", &names.iter().map(|name| (*name, 0.5)).collect::<Vec<_>>()).figures;
        let shown = plan.shown("x-de", &printed(&["other", "recall (worst)"])).unwrap();
        assert_eq!(shown, printed(&["recall (worst)"]));
        let told = plan.shown("x-de", &printed(&["other"])).unwrap_err().to_string();
        assert_eq!(told, "it printed no figure `recall (*)`");
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_told() {
        let told = |from: &str, to: &str| Plan::parse(&PLAN.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(told("id = \"scale\"", "id = \"a\"").contains("`a` is there twice"));
        assert!(told("by_hand", "unknown").contains("unknown"));
        assert!(told("by_hand = \"ombud bench search\"\n", "").contains("`scale` wants either"));
        assert!(told("evaluation = \"scale\"", "evaluation = \"gone\"").contains("`gone`, which is not there"));
        assert!(told("\">= 0.94\"", "\"0.94\"").contains("is no goal"));
        let twice =
            format!("{PLAN}\n[[sections.figures]]\nevaluation = \"a\"\nfigure = \"accuracy\"\ntitle = \"again\"\n");
        assert!(Plan::parse(&twice).unwrap_err().to_string().contains("is there twice"));
    }
}
