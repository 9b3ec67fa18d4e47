//! How is a run of hours broken off and taken up again? In portions, each with a seed of its own; what is done is kept beside the build.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::claims::{Claim, Length, Portion, Run};
use super::{figures_of, filled, passed};
use crate::programs::target_folder;
use crate::terminal::warn;
use crate::workspace::Workspace;

/// Signs of a bar.
const BAR: usize = 30;

/// Runs a portion with these settings: what it prints, and whether it succeeded.
type Print<'p> = dyn FnMut(&[(&str, String)]) -> anyhow::Result<(String, bool)> + 'p;

/// What of the long runs is done, and until when more is begun.
pub(super) struct Pace {
    file: PathBuf,
    kept: Kept,
    until: Option<Instant>,
}

/// What is kept between two runs: of one commit alone.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    commit: String,
    claims: BTreeMap<String, Whole>,
}

/// The portions of a claim, added up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Whole {
    portions: u64,
    pub(super) holds: bool,
    pub(super) values: BTreeMap<String, String>,
}

impl Pace {
    pub(super) fn new(workspace: &Workspace, commit: &str, minutes: Option<u64>) -> anyhow::Result<Self> {
        let file = target_folder(workspace).join("trust-long.json");
        let kept = fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Kept>(&text).ok());
        let fresh = || Kept { commit: commit.to_owned(), ..Kept::default() };
        let kept = kept.filter(|kept| kept.commit == commit).unwrap_or_else(fresh);
        let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes.saturating_mul(60)));
        Ok(Self { file, kept, until })
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// How long what cannot be cut up takes: once the time is over, no longer than it must.
    pub(super) fn length(&self, wanted: Length) -> Length {
        if self.is_over() { Length::Short } else { wanted }
    }

    /// Runs what is left of a claim's long run, as far as the time goes; the first portion in any case.
    pub(super) fn run(
        &mut self,
        claim: &Claim,
        (run, portion): (&Run, &Portion),
        printed: &mut Print<'_>,
    ) -> anyhow::Result<Whole> {
        let setting = run.settings.first().context("a portion has a setting")?;
        let all: u64 = Length::Long.of(setting).parse().context("the setting is a number")?;
        let begun = Instant::now();
        let mut whole = self.kept.claims.get(claim.name).cloned().unwrap_or(Whole { holds: true, ..Whole::default() });
        let mut here = 0;
        while whole.portions * portion.each < all && whole.holds && (here == 0 || !self.is_over()) {
            let each = portion.each.min(all - whole.portions * portion.each);
            let settings = [(setting.name, each.to_string()), (portion.seed, (whole.portions + 1).to_string())];
            let (text, succeeded) = printed(&settings)?;
            let holds = succeeded && passed(&text) >= run.tests.len();
            if !holds {
                warn(format_args!("{text}"));
            }
            whole.holds &= holds;
            whole.add(claim, &text);
            here += 1;
            self.kept.claims.insert(claim.name.to_owned(), whole.clone());
            fs::write(&self.file, serde_json::to_string_pretty(&self.kept)?)
                .with_context(|| format!("cannot write `{}`", self.file.display()))?;
            warn(format_args!("  {}", bar((whole.portions * portion.each).min(all), (all, portion.noun), begun)));
        }
        let done = (whole.portions * portion.each).min(all);
        if done < all {
            warn(format_args!("  broken off: {done} of {all} {} were run, the same command goes on", portion.noun));
        }
        Ok(whole)
    }
}

fn bar(done: u64, (all, noun): (u64, &str), begun: Instant) -> String {
    let signs = usize::try_from(done * BAR as u64 / all.max(1)).unwrap_or(BAR).min(BAR);
    format!(
        "[{}{}] {done} of {all} {noun}, {} s",
        "#".repeat(signs),
        ".".repeat(BAR - signs),
        begun.elapsed().as_secs()
    )
}

impl Whole {
    /// Numbers are added, and the seeds are those from the first to the last; anything else is the newest.
    fn add(&mut self, claim: &Claim, printed: &str) {
        self.portions += 1;
        let found = printed.lines().flat_map(|line| claim.figures.iter().filter_map(|figure| figures_of(figure, line)));
        for (name, value) in found.flatten() {
            let before = self.values.get(&name).and_then(|before| before.parse::<u64>().ok());
            let value = match (before, value.parse::<u64>()) {
                _ if name == "seed" => format!("1 to {}", self.portions),
                (Some(before), Ok(more)) => before.saturating_add(more).to_string(),
                _ => value,
            };
            self.values.insert(name, value);
        }
    }

    /// The figures of all portions: lines whose values are numbers.
    pub(super) fn figures(&self, claim: &Claim) -> Vec<String> {
        let is_number =
            |name: &str| name == "seed" || self.values.get(name).is_some_and(|value| value.parse::<u64>().is_ok());
        let names = |figure: &str| {
            figure.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect::<Vec<_>>()
        };
        let summed =
            claim.figures.iter().filter(|figure| names(figure).iter().all(|name| name == "rest" || is_number(name)));
        summed.map(|figure| filled(&figure.replace(", {rest}", ""), &self.values)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_added_up() {
        let claim = Claim {
            name: "kills",
            promise: "",
            runs: &[],
            figure: "{double} of {n}",
            figures: &["{n} kills, seed {seed}, {rest}", "{double} paid twice", "lane {row}"],
            data: "",
        };
        let mut whole = Whole { holds: true, ..Whole::default() };
        whole.add(&claim, "60 kills, seed 1, points 17\n0 paid twice\nlane a b");
        whole.add(&claim, "60 kills, seed 2, points 17\n1 paid twice\nlane a c");
        assert_eq!(filled(claim.figure, &whole.values), "1 of 120");
        assert_eq!(whole.figures(&claim), ["120 kills, seed 1 to 2", "1 paid twice"]);
    }

    #[test]
    fn a_bar_is_full_at_the_end() {
        let begun = Instant::now();
        assert!(bar(0, (10, "kills"), begun).starts_with("[......"));
        assert!(bar(10, (10, "kills"), begun).starts_with(&format!("[{}] 10 of 10 kills", "#".repeat(BAR))));
    }
}
