//! Can what a pack has played be played? Dialogues of its flows, the same in other languages, and scenarios: each is read, and each name in them exists.

use std::collections::BTreeMap;

use ombud_learning::golden::{self, Golden, GoldenError, Spoken};
use ombud_learning::scenario::{self, Scenario, ScenarioError};
use ombud_policy::{Pack, PackProblem};

use crate::packs::PackSource;

/// What there is to be played, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Dialogues of flows.
    pub(super) dialogues: usize,
    /// Scenarios.
    pub(super) scenarios: usize,
    /// What is wrong, with file and line.
    pub(super) problems: Vec<PackProblem>,
}

/// Reads all of it.
pub(super) fn read(pack: &Pack, source: &PackSource) -> Played {
    let (mut played, mut told, mut spoken) = (Played::default(), BTreeMap::new(), Vec::new());
    for (file, text) in &source.files {
        match file.split('/').collect::<Vec<_>>().as_slice() {
            [_, "flows", flow, "tests.yaml"] => match golden::parse(file, text) {
                Ok(dialogues) => {
                    played.dialogues += dialogues.len();
                    for dialogue in dialogues {
                        let actions = actions_of_dialogue(&dialogue);
                        played.problems.extend(unknown_actions(pack, (file, text), actions));
                        told.insert(format!("{flow}: {}", dialogue.name), dialogue);
                    }
                }
                Err(GoldenError { file, line, reason }) => {
                    played.problems.push(PackProblem { file, line, message: reason });
                }
            },
            [_, "scenarios", name] if name.ends_with(".yaml") => match scenario::parse(file, text) {
                Ok(scenarios) => {
                    played.scenarios += scenarios.len();
                    let actions = scenarios.iter().flat_map(actions_of_scenario);
                    played.problems.extend(unknown_actions(pack, (file, text), actions.collect()));
                }
                Err(ScenarioError { file, line, reason }) => {
                    played.problems.push(PackProblem { file, line, message: reason });
                }
            },
            [_, "dialogues", name] => spoken.push((file, name.trim_end_matches(".json"), text)),
            _ => {}
        }
    }
    // Every dialogue of the pack's own language is known by now.
    for (file, tag, text) in spoken {
        played.problems.extend(wrong_in_language(pack, &told, (file, tag, text)));
    }
    played
}

fn actions_of_dialogue(dialogue: &Golden) -> Vec<&str> {
    let expected = dialogue.turns.iter().map(|turn| &turn.expect);
    let named = expected.flat_map(|expected| {
        let proposed = expected.proposal.as_ref().map(|proposal| proposal.action.as_str());
        proposed.into_iter().chain(expected.done.as_deref())
    });
    named.collect()
}

fn actions_of_scenario(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.confirm_only.iter().map(|agreed| agreed.action.as_str())
}

fn unknown_actions(pack: &Pack, (file, text): (&str, &str), actions: Vec<&str>) -> Vec<PackProblem> {
    // Several actions that are one to the customer are shown under a name of their own.
    let is_saga = |name: &str| pack.flows.values().any(|flow| flow.has_saga(name));
    let unknown = actions.into_iter().filter(|action| !pack.actions.contains_key(*action) && !is_saga(action));
    let at = |action| PackProblem::at(file, text, action, format!("action `{action}` does not exist under actions/"));
    unknown.map(at).collect()
}

/// What is wrong with the dialogues that are told in another language.
fn wrong_in_language(
    pack: &Pack,
    told: &BTreeMap<String, Golden>,
    (file, tag, text): (&str, &str, &str),
) -> Vec<PackProblem> {
    let spoken: Spoken = match serde_json::from_str(text) {
        Ok(spoken) => spoken,
        Err(error) => {
            return vec![PackProblem { file: file.to_owned(), line: error.line(), message: error.to_string() }];
        }
    };
    let mut problems = Vec::new();
    if !pack.manifest.locales.iter().any(|locale| locale == tag) {
        let message = format!("`{tag}` is none of the `locales` of pack.toml, name the file for one of them");
        problems.push(PackProblem { file: file.to_owned(), line: 0, message });
    }
    for (name, lines) in &spoken {
        let flow = name.split(':').next().unwrap_or_default();
        let wrong = match told.get(name) {
            _ if !pack.flows.contains_key(flow) => Some(format!("flow `{flow}` does not exist under flows/")),
            None => Some(format!("there is no dialogue `{name}` in flows/{flow}/tests.yaml")),
            Some(dialogue) => dialogue.in_words(lines).err().map(|why| format!("`{name}`: {why}")),
        };
        problems.extend(wrong.map(|message| PackProblem::at(file, text, &format!("\"{name}\""), message)));
    }
    problems
}
