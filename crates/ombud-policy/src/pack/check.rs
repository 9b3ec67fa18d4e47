//! Do the parts of a pack fit together? Every name that is used exists, every text is there in every locale.

use std::collections::BTreeSet;

use super::{ACCOUNTS, ChoiceExample, ENGINE_TEXTS, GRAPH, LIMITS, MEMORY, Pack, PackFiles, names};
use crate::expr::Expr;
use crate::flow::{self, Op, Saga, Undo};
use crate::graph;
use crate::limits;
use crate::memory::{self, Fitting};
use crate::problem::PackProblem;
use crate::short;
use crate::spec::{ActionSpec, Risk};
use crate::vocabulary::Vocabulary;

/// Lists of records beside a conversation, at most.
const DESK_RECORDS_MAX: usize = 12;

/// Examples of a question about a request, at least: fewer teach no classifier.
const FAQ_EXAMPLES_MIN: usize = 4;

/// The longest time for an approval, hours.
const APPROVAL_HOURS_MAX: u32 = 31 * 24;

pub(super) fn check(pack: &Pack, name: &str, files: &PackFiles, problems: &mut Vec<PackProblem>) {
    let manifest_file = format!("{name}/pack.toml");
    let manifest = files.get(&manifest_file).map_or("", String::as_str);
    let mut manifest_problem =
        |needle: &str, message: String| problems.push(PackProblem::at(&manifest_file, manifest, needle, message));
    for flow in
        pack.manifest.menu.flows.iter().chain(pack.manifest.signals.values()).chain(&pack.manifest.identity.flow)
    {
        if !pack.flows.contains_key(flow) {
            manifest_problem(flow, format!("flow `{flow}` does not exist under flows/"));
        }
    }
    let identity = &pack.manifest.identity;
    for action in [&identity.customer, &identity.send_code, &identity.check_code].into_iter().flatten() {
        if !pack.actions.contains_key(action) {
            manifest_problem(action, format!("action `{action}` does not exist under actions/"));
        }
    }
    if !(1..=APPROVAL_HOURS_MAX).contains(&pack.manifest.limits.approval_hours) {
        manifest_problem("approval_hours", format!("people have 1 to {APPROVAL_HOURS_MAX} hours for an approval"));
    }
    let own = pack.manifest.default_locale.as_str();
    let without = |flow: &&String| pack.flows.get(*flow).is_none_or(|flow| flow.faq.is_none());
    if let Some(flow) = pack.manifest.desk.questions.as_ref().filter(without) {
        manifest_problem("questions", format!("flow `{flow}` has no `faq:`, so nothing can be asked of it"));
    }
    let listed = &pack.manifest.desk.records;
    if listed.len() > DESK_RECORDS_MAX {
        manifest_problem("records", format!("at most {DESK_RECORDS_MAX} lists can stand beside a conversation"));
    }
    for action in listed {
        let asks_more = |spec: &ActionSpec| {
            spec.arguments.iter().any(|(name, argument)| name != "customer_id" && !argument.optional)
        };
        match pack.actions.get(action) {
            None => manifest_problem(action, format!("action `{action}` does not exist under actions/")),
            Some(spec) if spec.risk != Risk::Read || asks_more(spec) => {
                manifest_problem(action, format!("action `{action}` is no read by `customer_id` alone"));
            }
            Some(_) => {}
        }
        for key in [format!("desk_{action}"), format!("desk_{action}_line")] {
            if !pack.texts.has(own, "", &key) {
                manifest_problem(action, format!("text `{key}` is missing in locales/{own}.yaml"));
            }
        }
    }
    for key in ENGINE_TEXTS.iter().filter(|key| !pack.texts.has(own, "", key)) {
        manifest_problem("locales", format!("text `{key}` is missing in locales/{own}.yaml"));
    }
    for action in pack.actions.values() {
        if let Some(problem) = action.look_up_problem(&pack.actions) {
            let file = format!("{name}/actions/{}.yaml", action.name);
            let source = files.get(&file).map_or("", String::as_str);
            problems.push(PackProblem::at(&file, source, "recover:", problem));
        }
    }
    let file = format!("{name}/{LIMITS}");
    let source = files.get(&file).map_or("", String::as_str);
    limits::check(&pack.limits, (&pack.actions, &pack.manifest.markets), |needle, message| {
        problems.push(PackProblem::at(&file, source, needle, message));
    });
    check_postings(pack, name, files, problems);
    check_graph(pack, name, files, problems);
    check_memory(pack, name, files, problems);
    check_recalled(pack, files, problems);
    check_policies(pack, problems);
    for flow in pack.flows.values() {
        check_flow(pack, name, files, flow, problems);
    }
    problems.extend(names::unknown(pack, &pack.manifest.default_locale));
}

/// Whether every posting names accounts that there are, and an amount.
fn check_postings(pack: &Pack, name: &str, files: &PackFiles, problems: &mut Vec<PackProblem>) {
    let mut report = |file: &str, needle: &str, message: String| {
        let source = files.get(file).map_or("", String::as_str);
        problems.push(PackProblem::at(file, source, needle, message));
    };
    let file = format!("{name}/{ACCOUNTS}");
    pack.chart.check(|needle, message| report(&file, needle, message));
    for action in pack.actions.values() {
        let file = format!("{name}/actions/{}.yaml", action.name);
        pack.chart.check_action(action, |needle, message| report(&file, needle, message));
    }
}

/// Whether the graph is made of reads that there are, and every walk goes along its edges.
fn check_graph(pack: &Pack, name: &str, files: &PackFiles, problems: &mut Vec<PackProblem>) {
    let mut report = |file: &str, needle: &str, message: String| {
        let source = files.get(file).map_or("", String::as_str);
        problems.push(PackProblem::at(file, source, needle, message));
    };
    if let Some(graph) = &pack.graph {
        let reports = |event: &str| pack.feed.as_ref().is_some_and(|feed| feed.reports(event));
        let root = pack.manifest.identity.customer.as_deref();
        let file = format!("{name}/{GRAPH}");
        graph::check(graph, (&pack.actions, root), reports, |needle, message| report(&file, needle, message));
    }
    for (action, walk) in pack.actions.values().filter_map(|action| Some((action, action.walk.as_ref()?))) {
        let file = format!("{name}/actions/{}.yaml", action.name);
        match &pack.graph {
            None => report(&file, "source:", format!("there is no {GRAPH} to walk on")),
            Some(graph) => {
                for (needle, message) in walk.problems(action, graph) {
                    report(&file, &needle, message);
                }
            }
        }
    }
}

/// Whether facts are told by actions that there are, in words that there are.
fn check_memory(pack: &Pack, name: &str, files: &PackFiles, problems: &mut Vec<PackProblem>) {
    let mut report = |file: &str, needle: &str, message: String| {
        let source = files.get(file).map_or("", String::as_str);
        problems.push(PackProblem::at(file, source, needle, message));
    };
    match &pack.memory {
        Some(memory) => {
            let fitting = Fitting { actions: &pack.actions, manifest: &pack.manifest, texts: &pack.texts };
            let file = format!("{name}/{MEMORY}");
            memory::check(memory, &fitting, |needle, message| report(&file, needle, message));
        }
        None => {
            for action in pack.actions.values().filter(|action| action.tells_facts()) {
                let file = format!("{name}/actions/{}.yaml", action.name);
                report(&file, "path:", format!("there is no {MEMORY} that says which facts there are"));
            }
        }
    }
}

/// A name that nothing has would hold nothing back.
fn check_recalled(pack: &Pack, files: &PackFiles, problems: &mut Vec<PackProblem>) {
    let classes = [Risk::Write, Risk::Money, Risk::Credential];
    let changes = |spec: &ActionSpec| classes.contains(&spec.risk);
    for name in pack.policies.recalled() {
        let is_known = classes.iter().any(|risk| risk.as_str() == name) || pack.actions.get(name).is_some_and(changes);
        if is_known {
            continue;
        }
        let asks = |source: &str| source.contains("hours_since") && source.contains(name.as_str());
        let policies = files.iter().filter(|(file, _)| file.ends_with(".cedar"));
        for (file, source) in policies.filter(|(_, source)| asks(source)) {
            let message = format!(
                "`hours_since.{name}` names neither an action that changes something nor write, money or credential"
            );
            problems.push(PackProblem::at(file, source, &format!("hours_since.{name}"), message));
        }
    }
}

/// Whether the policies speak of actions, arguments and circumstances that there are.
fn check_policies(pack: &Pack, problems: &mut Vec<PackProblem>) {
    let found = Vocabulary::of(&pack.actions).map(|vocabulary| vocabulary.problems(pack.policies.all()));
    let found = found.unwrap_or_else(|error| vec![(String::new(), error)]);
    problems.extend(found.into_iter().map(|(id, message)| {
        let (file, line) = pack.policies.place(&id);
        PackProblem { file, line, message }
    }));
}

/// Texts that only people of the company read: they are in the company's own language.
const DESK_TEXTS: [&str; 1] = ["handoff_summary"];

/// Texts of a pack with sagas: two that customers read, and one for the desk.
const SAGA_TEXTS: [&str; 3] = ["saga_compensated", "saga_needs_person", "desk_saga_next_step"];

/// What is wrong with the texts of a language: files that cannot be read, and texts that customers read and that are not there.
pub(super) fn locale(pack: &Pack, locale: &str) -> Vec<PackProblem> {
    let Some(spoken) = pack.texts.spoken(locale) else {
        let message = format!("there is no text in `{locale}`, add locales/{locale}.yaml or take it out of `locales`");
        return vec![PackProblem { file: format!("{}/pack.toml", pack.manifest.name), line: 0, message }];
    };
    let mut problems = spoken.problems.clone();
    if locale != pack.manifest.default_locale {
        problems.extend(names::unknown(pack, locale));
    }
    let mut missing = |file: String, key: &str| {
        problems.push(PackProblem { file, line: 0, message: format!("`{key}` is missing") });
    };
    for key in ENGINE_TEXTS.iter().filter(|key| !DESK_TEXTS.contains(key)) {
        if !pack.texts.says(locale, "", key) {
            missing(format!("locales/{locale}.yaml"), key);
        }
    }
    let has_saga = pack.flows.values().any(|flow| flow.ops.iter().any(|op| matches!(op, Op::Saga(_))));
    for key in SAGA_TEXTS.iter().take(2).filter(|key| has_saga && !pack.texts.says(locale, "", key)) {
        missing(format!("locales/{locale}.yaml"), key);
    }
    for key in pack.memory.iter().flat_map(|memory| memory.text_keys()) {
        if !pack.texts.says(locale, "", &key) {
            missing(format!("locales/{locale}.yaml"), &key);
        }
    }
    for flow in pack.flows.values() {
        let file = || format!("flows/{}/texts/{locale}.yaml", flow.name);
        for key in flow::customer_text_keys(flow).into_iter().collect::<BTreeSet<_>>() {
            if !pack.texts.says(locale, &flow.name, &key) {
                missing(file(), &key);
            }
        }
        if flow.kind == flow::FlowKind::Request && !spoken.titles.contains_key(&flow.name) {
            missing(file(), "title");
        }
    }
    let is_written = |id: &str| {
        let ending = format!("/knowledge/{locale}/{id}.md");
        pack.articles.iter().any(|(file, _)| file.ends_with(&ending))
    };
    let short = pack.short.check(&pack.texts, (locale, &pack.manifest.markets), &pack.own_articles(), is_written);
    if locale != pack.manifest.default_locale {
        let untitled: BTreeSet<&str> =
            pack.short.untitled(&pack.texts, locale).filter(|(id, _)| !is_written(id)).map(|(_, key)| key).collect();
        problems.extend(untitled.into_iter().map(|key| PackProblem {
            file: format!("{}/{locale}.yaml", short::TITLES),
            line: 0,
            message: format!("the title of `{key}` is missing"),
        }));
    }
    problems.extend(short.into_iter().map(|message| PackProblem {
        file: format!("{}/{locale}.yaml", short::TEXTS),
        line: 0,
        message,
    }));
    problems
}

fn check_flow(pack: &Pack, name: &str, files: &PackFiles, flow: &flow::Flow, problems: &mut Vec<PackProblem>) {
    let own = format!("{name}/flows/{}/flow.yaml", flow.name);
    let file = if files.contains_key(&own) { own } else { format!("base/flows/{}/flow.yaml", flow.name) };
    let source = files.get(&file).map_or("", String::as_str);
    let mut report = |needle: &str, message: String| problems.push(PackProblem::at(&file, source, needle, message));
    let own = pack.manifest.default_locale.as_str();
    for key in flow::text_keys(flow).into_iter().collect::<BTreeSet<_>>() {
        if !pack.texts.has(own, &flow.name, &key) {
            report(&key, format!("text `{key}` is missing, add it to flows/{}/texts/{own}.yaml", flow.name));
        }
    }
    if flow.kind == flow::FlowKind::Request && pack.title(own, &flow.name) == flow.name {
        report("flow:", format!("`title:` is missing in flows/{}/texts/{own}.yaml", flow.name));
    }
    let yields_to = flow.yields_to.iter().flat_map(|other| other.wishes.iter().chain([&other.flow]));
    for called in flow::calls(flow).into_iter().chain(flow.follow_up.as_deref()).chain(yields_to.map(String::as_str)) {
        if !pack.flows.contains_key(called) {
            report(called, format!("flow `{called}` does not exist"));
        }
    }
    for set in flow.asks().filter_map(|ask| ask.examples.as_ref()) {
        if !pack.choices.iter().any(|example| example.set == *set) {
            report(set, format!("set `{set}` has no line in nlu/choices.<locale>.jsonl"));
        }
    }
    check_faq(pack, flow, &mut report);
    for ask in flow.asks().filter(|ask| ask.fact.is_some()) {
        if let Some(problem) = memory::misfit(pack.memory.as_ref(), ask) {
            report(&ask.slot, problem);
        } else if pack.facts_read().is_none() {
            report(
                &ask.slot,
                "no action tells facts: add one with `source: memory` and a GET of `/memory/facts`".to_owned(),
            );
        }
    }
    for article in &flow.articles {
        if !has_article(pack, article) {
            report(article, format!("article `{article}` does not exist under knowledge/"));
        }
    }
    for (expr, unknown) in flow::unknown(flow, &pack.flows) {
        let message = format!(
            "`{unknown}` is set by nothing here: neither `ask`, `lookup`, `set`, `call` nor what begins this flow"
        );
        report(expr.source(), message);
    }
    for op in &flow.ops {
        match op {
            Op::Lookup { action, with, .. } => {
                check_arguments(pack, action, with.iter().map(|(name, _)| name), &mut report)
            }
            Op::Identify { claim: Some(_), .. }
                if pack.manifest.identity.send_code.is_none() || pack.manifest.identity.check_code.is_none() =>
            {
                report("claim:", "`claim` needs `send_code` and `check_code` under [identity] in pack.toml".to_owned());
            }
            Op::Act(act) => check_arguments(pack, &act.action, act.with.iter().map(|(name, _)| name), &mut report),
            Op::Saga(saga) => check_saga(pack, saga, &mut report),
            Op::Wait { event, .. } if !pack.feed.as_ref().is_some_and(|feed| feed.reports(event)) => {
                report(event, format!("event `{event}` is not among `[feed.events]` of pack.toml"));
            }
            _ => {}
        }
    }
}

/// Whether each answer to a question about a request is taught by enough examples, and cites articles that exist.
fn check_faq(pack: &Pack, flow: &flow::Flow, report: &mut impl FnMut(&str, String)) {
    let Some(faq) = &flow.faq else { return };
    let own = pack.manifest.default_locale.as_str();
    for answer in &faq.answers {
        let asks = |example: &&ChoiceExample| {
            example.set == faq.examples && example.choice == answer.id && example.locale == own
        };
        let examples = pack.choices.iter().filter(asks).count();
        if examples < FAQ_EXAMPLES_MIN {
            let message = format!(
                "set `{}` has {examples} examples of `{}` in nlu/choices.{own}.jsonl, write {FAQ_EXAMPLES_MIN} or more",
                faq.examples, answer.id
            );
            report(&answer.id, message);
        }
        for article in answer.cite.iter().filter(|id| !has_article(pack, id)) {
            report(article, format!("article `{article}` does not exist under knowledge/"));
        }
    }
}

fn has_article(pack: &Pack, id: &str) -> bool {
    let ending = format!("/{id}.md");
    pack.articles.iter().any(|(file, _)| file.ends_with(&ending))
}

/// Whether all that a saga may do exists, changes something, and can be found out about: what is not known to be done or not is never taken back.
fn check_saga(pack: &Pack, saga: &Saga, report: &mut impl FnMut(&str, String)) {
    let own = pack.manifest.default_locale.as_str();
    for key in SAGA_TEXTS.iter().filter(|key| !pack.texts.has(own, "", key)) {
        report(&saga.name, format!("text `{key}` is missing in locales/{own}.yaml"));
    }
    if pack.actions.contains_key(&saga.name) {
        report(&saga.name, format!("saga `{}` has the name of an action", saga.name));
    }
    for step in &saga.steps {
        let names = |with: &[(String, Expr)]| with.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        check_arguments(pack, &step.action, names(&step.with).iter(), report);
        if let Undo::By(undo) = &step.undo {
            check_arguments(pack, &undo.action, names(&undo.with).iter(), report);
            let known = |name: &str| name == "receipt" || step.with.iter().any(|(argument, _)| argument == name);
            for (_, expr) in &undo.with {
                for name in expr.variables().iter().filter(|name| !known(name)) {
                    let message = format!(
                        "`{name}` is not known when `{}` takes `{}` back: only `receipt` and its arguments are",
                        undo.action, step.action
                    );
                    report(expr.source(), message);
                }
            }
        }
    }
    for action in saga.actions() {
        match pack.actions.get(action) {
            Some(spec) if matches!(spec.risk, Risk::Read | Risk::Challenge) => {
                report(action, format!("action `{action}` changes nothing, a saga cannot have it"));
            }
            Some(spec) if !spec.is_recoverable() => {
                let message = format!(
                    "whether `{action}` was done cannot be found out: give it `ambiguity: retry_same_key` or `recover:`"
                );
                report(action, message);
            }
            _ => {}
        }
    }
}

fn check_arguments<'a>(
    pack: &Pack,
    action: &str,
    given: impl Iterator<Item = &'a String>,
    report: &mut impl FnMut(&str, String),
) {
    let Some(spec) = pack.actions.get(action) else {
        return report(action, format!("action `{action}` does not exist, add actions/{action}.yaml"));
    };
    let given: BTreeSet<&String> = given.collect();
    for name in &given {
        if !spec.arguments.contains_key(*name) {
            report(name, format!("action `{action}` has no argument `{name}`"));
        }
    }
    for (name, argument) in &spec.arguments {
        if !argument.optional && !given.contains(name) {
            report(action, format!("action `{action}` needs argument `{name}` under `with:`"));
        }
    }
}
