//! What waits, what speaks against it, and how does it differ from today?

use ombud_ingest::draft::sha256;
use ombud_ingest::{Finding, Today};
use ombud_retrieval::article;
use serde_json::json;
use similar::TextDiff;

use super::{Desk, Options, Readers};
use crate::cli::{Context, Outcome, Output};
use crate::knowledge::Draft;
use crate::terminal::{bold, dim, say, say_json};

/// Lines around a difference that are shown.
const AROUND: usize = 2;

pub(super) fn run(context: &Context, options: &Options, id: Option<&str>) -> anyhow::Result<Outcome> {
    let desk = Desk::open(context, options)?;
    let drafts = match id {
        Some(id) => vec![desk.incoming.named(id)?],
        None => desk.incoming.drafts()?,
    };
    let (mut shown, is_one) = (Vec::new(), id.is_some());
    if !drafts.is_empty() {
        let readers = Readers::of(context, &desk)?;
        let today = Today::new(&desk.knowledge, &readers.pii);
        for draft in drafts {
            let findings = readers.findings(&draft, &today)?;
            let before = desk.incoming.today(&draft.key)?.map(in_one_form).transpose()?.unwrap_or_default();
            let diff = TextDiff::from_lines(&before, &draft.text).unified_diff().context_radius(AROUND).to_string();
            shown.push((draft, findings, diff));
        }
    }
    match context.output {
        Output::Json => {
            let line = |(draft, findings, diff): &(Draft, Vec<Finding>, String)| json!({"article": draft.key, "told": draft.waiting, "findings": findings, "diff": diff});
            say_json(&json!({"waiting": shown.iter().map(line).collect::<Vec<_>>()}))?;
        }
        Output::Text => {
            if shown.is_empty() {
                say(format_args!("nothing waits"));
            }
            for (draft, findings, diff) in &shown {
                show(draft, findings);
                if is_one {
                    say(format_args!("\n{diff}"));
                }
            }
        }
    }
    Ok(Outcome::Done)
}

/// An article as drafts are written, so that only what it says can differ.
fn in_one_form(text: String) -> anyhow::Result<String> {
    Ok(article::parse("", &text).ok().map(|article| article::write(&article)).transpose()?.unwrap_or(text))
}

fn show(draft: &Draft, findings: &[Finding]) {
    let told = &draft.waiting;
    let signed = if told.is_signed { ", signed" } else { "" };
    say(format_args!(
        "{}  {}",
        bold(&draft.key),
        dim(format_args!("{}, by {}{signed}, {}", told.source, told.author, told.at))
    ));
    if findings.is_empty() {
        say(format_args!("  nothing speaks against it"));
    }
    for finding in findings {
        let article = finding.article.as_ref().map(|article| format!(" ({article})")).unwrap_or_default();
        say(format_args!("  {}{article}: {}", finding.code.as_str(), finding.said));
        if let Some(today) = &finding.today {
            say(format_args!("      today: {today}"));
        }
    }
}

pub(super) fn list(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let desk = Desk::open(context, options)?;
    let mut lines = Vec::new();
    for key in desk.incoming.keys() {
        let today = desk.incoming.today(&key)?;
        let known = desk.incoming.history.article(&key).cloned().unwrap_or_default();
        let state = match (&today, &known.text) {
            (None, _) => "not there",
            (Some(_), None) => "written by hand",
            (Some(text), Some(sum)) if sha256(text.as_bytes()) == *sum => "as approved",
            (Some(_), Some(_)) => "edited by hand since",
        };
        let version = known.published.last().copied().unwrap_or_default();
        let source = desk.incoming.history.brings(&key).map(str::to_owned);
        lines.push((key, state, version, known, source));
    }
    match context.output {
        Output::Json => {
            let lines: Vec<_> = lines
                .iter()
                .map(|(key, state, version, known, source)| {
                    let by = known.by.as_ref();
                    json!({"article": key, "state": state, "version": version, "versions": known.highest, "source": source,
                        "by": by.map(|(by, _)| by), "at": by.map(|(_, at)| at)})
                })
                .collect();
            say_json(&json!({"pack": desk.source.name, "articles": lines}))?;
        }
        Output::Text => {
            for (key, state, version, known, source) in &lines {
                let by = known.by.as_ref().map(|(by, at)| format!("by {by}, {at}")).unwrap_or_default();
                let source = source.as_deref().unwrap_or_default();
                let which =
                    if known.highest > 0 { format!("version {version} of {}", known.highest) } else { String::new() };
                say(format_args!("{}  {state}  {which}  {}", bold(key), dim(format_args!("{by}  {source}"))));
            }
        }
    }
    Ok(Outcome::Done)
}
