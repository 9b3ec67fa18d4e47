//! Who lets a draft in, turns it down, or takes an article back?

use anyhow::{Context as _, bail};
use ombud_ingest::history::may_approve;
use ombud_ingest::{Act, Code, Entry, Today};
use serde_json::json;

use super::{Desk, Options, Part, Person, Readers};
use crate::cli::{Context, Outcome, Output};
use crate::terminal::{complain, say, say_json};

const NEXT_START: &str = "a server tells it from its next start on";

pub(super) fn approve(
    context: &Context,
    options: &Options,
    (ids, by): (&[String], Option<&str>),
    accept: &[String],
) -> anyhow::Result<Outcome> {
    let by = Person::of(context, options, by, Part::Approver)?;
    let code = |name: &String| {
        let known = || Code::ALL.map(Code::as_str).join(", ");
        Code::named(name.trim()).with_context(|| format!("no finding is called `{name}`, there are: {}", known()))
    };
    let accepted = accept.iter().map(code).collect::<anyhow::Result<Vec<Code>>>()?;
    let mut desk = Desk::open(context, options)?;
    let readers = Readers::of(context, &desk)?;
    let (mut approved, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let draft = desk.incoming.named(id)?;
        // What was approved a moment ago is what the next one is held against.
        let today = Today::new(&desk.knowledge, &readers.pii);
        let findings = readers.findings(&draft, &today)?;
        if let Err(refusal) = may_approve(&findings, &accepted, &draft.waiting.author, &by.name) {
            refused.push((draft.key, refusal.to_string()));
            continue;
        }
        let mut found: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        found.dedup();
        let act = if draft.waiting.withdraws { Act::Withdrawn } else { Act::Approved };
        let entry = Entry { accepted: found, ..by.entry(act, &draft.key) };
        let text = (!draft.waiting.withdraws).then_some(draft.text.as_str());
        let version = desk.incoming.publish(&draft.key, text, entry)?;
        desk.knowledge.articles.retain(|article| crate::knowledge::key_of(article) != draft.key);
        if text.is_some() {
            desk.knowledge.articles.push(super::drafted(&draft)?);
        }
        approved.push((draft.key, version));
    }
    match context.output {
        Output::Json => {
            let approved: Vec<_> =
                approved.iter().map(|(key, version)| json!({"article": key, "version": version})).collect();
            let lines: Vec<_> = refused.iter().map(|(key, why)| json!({"article": key, "why": why})).collect();
            say_json(&json!({"approved": approved, "refused": lines}))?;
        }
        Output::Text => {
            for (key, version) in &approved {
                let what =
                    if *version == 0 { "withdrawn".to_owned() } else { format!("approved as version {version}") };
                say(format_args!("{key}: {what}; {NEXT_START}"));
            }
            for (key, why) in &refused {
                complain(format_args!("{key}: {why}"));
            }
        }
    }
    Ok(if refused.is_empty() { Outcome::Done } else { Outcome::Failed })
}

pub(super) fn reject(
    context: &Context,
    options: &Options,
    ids: &[String],
    by: Option<&str>,
) -> anyhow::Result<Outcome> {
    let by = Person::of(context, options, by, Part::Approver)?;
    let mut desk = Desk::open(context, options)?;
    let mut rejected = Vec::new();
    for id in ids {
        let draft = desk.incoming.named(id)?;
        desk.incoming.note(by.entry(Act::Rejected, &draft.key))?;
        desk.incoming.take_away(&draft.key)?;
        rejected.push(draft.key);
    }
    match context.output {
        Output::Json => say_json(&json!({"rejected": rejected}))?,
        Output::Text => {
            rejected
                .iter()
                .for_each(|key| say(format_args!("{key}: turned down; its document comes again when it changes")));
        }
    }
    Ok(Outcome::Done)
}

pub(super) fn roll_back(
    context: &Context,
    options: &Options,
    (id, to): (&str, Option<u32>),
    by: Option<&str>,
) -> anyhow::Result<Outcome> {
    let by = Person::of(context, options, by, Part::Approver)?;
    let mut desk = Desk::open(context, options)?;
    let key = desk.incoming.known(id)?;
    let known = desk.incoming.history.article(&key).cloned().unwrap_or_default();
    let Some(before) = known.before() else { bail!("`{key}` was never approved here: there is no version before it") };
    let version = to.unwrap_or(before);
    if known.published.last() == Some(&version) && desk.incoming.today(&key)?.is_some() == (version > 0) {
        bail!("version {version} of `{key}` is the article already, name another with `--to`");
    }
    let text = if version > 0 { Some(desk.incoming.version(&key, version)?) } else { None };
    let entry = Entry { version: Some(version), ..by.entry(Act::RolledBack, &key) };
    desk.incoming.publish(&key, text.as_deref(), entry)?;
    match context.output {
        Output::Json => say_json(&json!({"article": key, "version": version}))?,
        Output::Text if version == 0 => say(format_args!("{key}: not there any more; {NEXT_START}")),
        Output::Text => say(format_args!("{key}: version {version} again; {NEXT_START}")),
    }
    Ok(Outcome::Done)
}
