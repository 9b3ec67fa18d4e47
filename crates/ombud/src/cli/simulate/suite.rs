//! Who speaks, and who judges? Scripted customers of a benchmark, a pack's scenarios, or the dialogues of its flows.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ombud_learning::report::{Known, Patience};
use ombud_learning::script::Files;
use ombud_learning::{
    Books as _, Caller, Case, Channel as _, Customer, Golden, Manner, RunResult, Scenario, golden, grade, hold,
    scenario, script,
};
use ombud_policy::ContextWeights;

use super::stage::{Signed, Stage, Visit};
use super::{Options, read, remembered};
use crate::packs::PackSource;

/// What is played.
pub(in crate::cli) enum Suite {
    /// Scripted customers.
    Tasks(Vec<Case>),
    /// A pack's scenarios.
    Scenarios(Vec<Scenario>),
    /// Dialogues, with the flow they are of.
    Golden(Vec<(String, Golden)>),
    /// Dialogues in several languages: tag, id and dialogue.
    Languages(Vec<(String, String, Golden)>),
}

/// One customer or dialogue.
pub(in crate::cli) enum Played {
    Task(Box<Case>),
    Scenario(Box<Scenario>),
    Golden(String, Box<Golden>),
    /// Id, tag of the language, dialogue.
    InLanguage(String, String, Box<Golden>),
}

/// Which of a customer's conversations it is.
pub(super) struct Job {
    /// Seed of all runs.
    pub(super) seed: u64,
    /// Which run, from 0.
    pub(super) run: u32,
    /// Name of its own world.
    pub(super) world: String,
    /// Weights of the context, if not those of the pack.
    pub(super) weights: Option<ContextWeights>,
}

impl Suite {
    /// Reads the files that the options name.
    pub(super) fn read(options: &Options, source: &PackSource) -> anyhow::Result<Self> {
        if let (Some(tasks), Some(users), Some(gold)) = (&options.tasks, &options.users, &options.gold) {
            let (tasks, users, gold) = (read(tasks)?, read(users)?, read(gold)?);
            return Ok(Self::Tasks(script::cases(Files { tasks: &tasks, users: &users, gold: &gold })?));
        }
        if let Some(path) = &options.scenarios {
            let mut scenarios = Vec::new();
            for file in yaml_files(path)? {
                scenarios.extend(scenario::parse(&file.display().to_string(), &read(&file)?)?);
            }
            return Ok(Self::Scenarios(scenarios));
        }
        let dialogues = dialogues(source)?;
        match &options.languages {
            Some(tags) => in_languages(&dialogues, tags, source),
            None => Ok(Self::Golden(dialogues)),
        }
    }

    /// The scenarios that the pack itself holds, and the dialogues of its flows.
    pub(in crate::cli) fn of_pack(source: &PackSource) -> anyhow::Result<(Self, Self)> {
        let folder = format!("{}/scenarios/", source.name);
        let mut scenarios = Vec::new();
        for (file, text) in source.files.iter().filter(|(file, _)| file.starts_with(&folder)) {
            scenarios.extend(scenario::parse(file, text)?);
        }
        Ok((Self::Scenarios(scenarios), Self::Golden(dialogues(source)?)))
    }

    /// Path of the end state: in the tables of the file the books began with, or as records.
    pub(in crate::cli) const fn export(&self) -> &'static str {
        if matches!(self, Self::Tasks(_)) {
            "/admin/export?changed=true&shape=file"
        } else {
            "/admin/export?changed=true"
        }
    }

    /// All, or those with one of these ids; a dialogue is also found by its flow.
    pub(in crate::cli) fn cases(self, only: &[String]) -> anyhow::Result<Vec<Played>> {
        let all: Vec<Played> = match self {
            Self::Tasks(cases) => cases.into_iter().map(|case| Played::Task(Box::new(case))).collect(),
            Self::Scenarios(scenarios) => scenarios.into_iter().map(|one| Played::Scenario(Box::new(one))).collect(),
            Self::Golden(dialogues) => dialogues
                .into_iter()
                .map(|(flow, one)| Played::Golden(format!("{flow}: {}", one.name), Box::new(one)))
                .collect(),
            Self::Languages(dialogues) => dialogues
                .into_iter()
                .map(|(tag, id, one)| Played::InLanguage(format!("{tag}/{id}"), tag, Box::new(one)))
                .collect(),
        };
        let is_named = |played: &Played, id: &String| {
            let is_of_flow = || match played {
                Played::Golden(own, _) => own.starts_with(&format!("{id}: ")),
                Played::InLanguage(own, ..) => own.ends_with(&format!("/{id}")) || own.contains(&format!("/{id}: ")),
                Played::Task(_) | Played::Scenario(_) => false,
            };
            played.id() == id || is_of_flow()
        };
        if let Some(unknown) = only.iter().find(|id| !all.iter().any(|played| is_named(played, id))) {
            bail!("there is no `{unknown}`, correct --only");
        }
        Ok(all.into_iter().filter(|played| only.is_empty() || only.iter().any(|id| is_named(played, id))).collect())
    }
}

impl Played {
    /// Its id.
    pub(in crate::cli) fn id(&self) -> &str {
        match self {
            Self::Task(case) => &case.script.id,
            Self::Scenario(scenario) => &scenario.id,
            Self::Golden(id, _) | Self::InLanguage(id, ..) => id,
        }
    }

    /// Whether an assistant that does and says nothing passes.
    pub(super) fn passes_idle(&self) -> bool {
        match self {
            Self::Task(case) => grade::passes_idle(case),
            Self::Scenario(scenario) => scenario.passes_idle(),
            Self::Golden(..) | Self::InLanguage(..) => false,
        }
    }

    /// Plays it in a world of its own.
    pub(super) async fn play(&self, stage: &Stage, job: Job) -> anyhow::Result<RunResult> {
        let visit = stage.visit((&job.world, job.weights), self.caller()).await?;
        visit.earlier(self.earlier()).await?;
        let result = match self {
            Self::Task(case) => play_task(case, &visit, &job).await?,
            Self::Scenario(scenario) => play_scenario(scenario, &visit, &job).await?,
            Self::Golden(_, golden) | Self::InLanguage(_, _, golden) => {
                let (dialogue, grade) = golden::play(golden, &visit).await;
                RunResult::new(job.run, dialogue, Patience::default(), grade)
            }
        };
        if let Some(replayed) = &stage.replayed {
            visit.replay(replayed).await?;
        }
        let (reasons, embedded) = visit.reasons().await?;
        let known = Known { asked: visit.asked_known(), spared: remembered::spared(&reasons) };
        Ok(result.remembering(known).because((reasons, embedded)))
    }

    /// What the customer wrote in an earlier conversation.
    fn earlier(&self) -> &[String] {
        match self {
            Self::Task(_) => &[],
            Self::Scenario(scenario) => &scenario.earlier,
            Self::Golden(_, golden) | Self::InLanguage(_, _, golden) => &golden.earlier,
        }
    }

    /// Who is signed in, whose one-time codes he can read if not his own, and the language of his browser.
    fn caller(&self) -> Signed<'_> {
        match self {
            Self::Task(_) => Signed::default(),
            Self::Scenario(scenario) => {
                Signed { customer: scenario.customer.as_deref(), phone: scenario.phone.as_deref(), locale: None }
            }
            Self::Golden(_, golden) => {
                Signed { customer: golden.customer.as_deref(), phone: golden.phone.as_deref(), locale: None }
            }
            Self::InLanguage(_, tag, golden) => {
                Signed { customer: golden.customer.as_deref(), phone: golden.phone.as_deref(), locale: Some(tag) }
            }
        }
    }
}

/// The dialogues of the pack's flows, each with its flow.
fn dialogues(source: &PackSource) -> anyhow::Result<Vec<(String, Golden)>> {
    let mut dialogues = Vec::new();
    for (file, text) in &source.files {
        let parts: Vec<&str> = file.split('/').collect();
        if let [_, "flows", flow, "tests.yaml"] = parts.as_slice() {
            dialogues.extend(golden::parse(file, text)?.into_iter().map(|golden| ((*flow).to_owned(), golden)));
        }
    }
    Ok(dialogues)
}

/// The dialogues that are told in languages, in each of these; `all` stands for every language that has them. Those of the company's own language
/// come first, told in its own words: what the others are compared with.
fn in_languages(dialogues: &[(String, Golden)], tags: &[String], source: &PackSource) -> anyhow::Result<Suite> {
    let id = |(flow, golden): &(String, Golden)| format!("{flow}: {}", golden.name);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (file, text) in &source.files {
        let parts: Vec<&str> = file.split('/').collect();
        let [_, "dialogues", name] = parts.as_slice() else { continue };
        let tag = name.trim_end_matches(".json");
        if !tags.iter().any(|wanted| wanted == tag || wanted == "all") {
            continue;
        }
        let spoken: golden::Spoken = serde_json::from_str(text).with_context(|| format!("`{file}` cannot be read"))?;
        for (name, lines) in &spoken {
            let of = dialogues.iter().find(|one| id(one) == *name);
            let (_, golden) = of.with_context(|| format!("{file}: there is no dialogue `{name}`"))?;
            let told = golden.in_words(lines).map_err(|why| anyhow::anyhow!("{file}: `{name}`: {why}"))?;
            if !own.iter().any(|(_, known, _)| known == name) {
                own.push(("own".to_owned(), name.clone(), golden.clone()));
            }
            others.push((tag.to_owned(), name.clone(), told));
        }
    }
    if others.is_empty() {
        bail!(
            "pack `{}` has no dialogues in these languages, give a tag of dialogues/<tag>.json or `all`",
            source.name
        );
    }
    own.extend(others);
    Ok(Suite::Languages(own))
}

async fn play_task(case: &Case, visit: &Visit, job: &Job) -> anyhow::Result<RunResult> {
    let mut customer = Customer::new(&case.script);
    let mut manner = Manner::of(job.seed, &case.script.id, job.run);
    let dialogue = hold(&mut customer, &mut manner, visit).await;
    let changed = visit.changed().await?;
    let grade = grade::grade(case, &customer, &dialogue, &changed);
    let wrong_proposals = customer.goals().iter().map(|goal| goal.wrong).sum::<usize>() + customer.stray_proposals();
    Ok(RunResult::new(job.run, dialogue, Patience { corrections: customer.corrections(), wrong_proposals }, grade))
}

async fn play_scenario(scenario: &Scenario, visit: &Visit, job: &Job) -> anyhow::Result<RunResult> {
    let mut caller = Caller::new(scenario);
    let mut manner = Manner::of(job.seed, &scenario.id, job.run);
    let dialogue = hold(&mut caller, &mut manner, visit).await;
    let changed = visit.changed().await?;
    let handover = visit.handover_reason().await?;
    let after = scenario::Aftermath { dialogue: &dialogue, changed: &changed, handover: handover.as_deref() };
    let grade = scenario::grade(scenario, after, visit).await?;
    let patience = Patience { corrections: caller.corrections(), wrong_proposals: caller.corrections() };
    Ok(RunResult::new(job.run, dialogue, patience, grade))
}

/// The YAML files of a folder in the order of their names, or the one file.
fn yaml_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot read `{}`, correct --scenarios", path.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "yaml") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
