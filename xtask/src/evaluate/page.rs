//! What does the page say? The words of the plan, with the figures that are kept, and with what was not reached said first.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::goal::{judged, written};
use super::plan::{DIGITS, Evaluation, PLAN, Plan, Row, Section};
use super::stored::{Figure, Kept, STORED, Stored};

/// Where a figure should be and is not.
const NOT_MEASURED: &str = "**not measured**";

/// The page in Markdown.
///
/// # Errors
/// When its tables or words want a figure that is not among those that are kept of its evaluation.
pub(super) fn page(plan: &Plan, stored: &Stored) -> anyhow::Result<String> {
    for row in plan.rows() {
        if let Some(kept) = stored.of(&row.evaluation) {
            wanted(kept, &row.figure)?;
        }
    }
    let mut text = format!(
        "<!-- written by `cargo xtask evaluate --write` from {PLAN} (words, commands, goals) and {STORED} (figures): edit those -->\n\n# {}\n\n",
        plan.title
    );
    text.push_str(&paragraph(&plan.text, plan, stored)?);
    text.push_str(&goals(plan, stored));
    for section in &plan.sections {
        text.push_str(&part(section, plan, stored)?);
    }
    Ok(format!("{}\n", text.trim_end()))
}

/// How many goals are reached, and which are not.
fn goals(plan: &Plan, stored: &Stored) -> String {
    let (mut reached, mut others) = (0, Vec::new());
    for row in plan.rows() {
        let Some(goal) = row.goal else { continue };
        match found(row, stored) {
            Some(found) if goal.is_reached_by(found.value) => reached += 1,
            _ => others.push(row),
        }
    }
    let all = reached + others.len();
    let mut text = format!("## Goals\n\n**Reached: {reached} of {all}.**");
    if others.is_empty() {
        text.push_str("\n\n");
        return text;
    }
    text.push_str(" Not reached:\n\n| figure | data | reached | goal |\n|---|---|---|---|\n");
    for row in others {
        let value = found(row, stored).map_or(NOT_MEASURED.to_owned(), |one| judged(one.value, row.goal, row.digits));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} | {value} | {} |", title(row, stored), data(row, plan), goal(row));
    }
    text.push('\n');
    text
}

fn part(section: &Section, plan: &Plan, stored: &Stored) -> anyhow::Result<String> {
    let mut text = String::new();
    if let Some(title) = &section.title {
        let _ = write!(text, "{} {title}\n\n", "#".repeat(section.level));
    }
    text.push_str(&paragraph(&section.before, plan, stored)?);
    if !section.figures.is_empty() {
        text.push_str("| figure | data | n | seed | reached | goal |\n|---|---|---|---|---|---|\n");
        for row in &section.figures {
            text.push_str(&line(row, plan, stored));
        }
        text.push('\n');
        text.push_str(&measured(section, plan, stored));
    }
    text.push_str(&paragraph(&section.after, plan, stored)?);
    Ok(text)
}

/// A paragraph with an empty line behind it.
fn paragraph(words: &str, plan: &Plan, stored: &Stored) -> anyhow::Result<String> {
    let words = words.trim();
    Ok(if words.is_empty() { String::new() } else { format!("{}\n\n", filled(words, plan, stored)?) })
}

fn line(row: &Row, plan: &Plan, stored: &Stored) -> String {
    let (title, data, goal) = (title(row, stored), data(row, plan), goal(row));
    match found(row, stored) {
        Some(figure) => {
            let value = judged(figure.value, row.goal, row.digits);
            format!("| {title} | {data} | {} | {} | {value} | {goal} |\n", thousands(figure.n), figure.seed)
        }
        None => format!("| {title} | {data} | - | - | {NOT_MEASURED} | {goal} |\n"),
    }
}

fn found<'s>(row: &Row, stored: &'s Stored) -> Option<&'s Figure> {
    Some(stored.of(&row.evaluation)?.figure(&row.figure)?.0)
}

fn title(row: &Row, stored: &Stored) -> String {
    let matched = stored.of(&row.evaluation).and_then(|kept| kept.figure(&row.figure));
    row.title.replace("{*}", matched.map_or("?", |(_, matched)| matched))
}

fn data<'p>(row: &Row, plan: &'p Plan) -> &'p str {
    plan.evaluation(&row.evaluation).map_or("-", |evaluation| evaluation.data.as_str())
}

fn goal(row: &Row) -> String {
    row.goal.map_or("-".to_owned(), |goal| goal.to_string())
}

/// When, and by which command, the figures of a section were measured. What was measured together is told together, under its commands.
fn measured(section: &Section, plan: &Plan, stored: &Stored) -> String {
    let mut runs: Vec<(String, Vec<String>)> = Vec::new();
    for evaluation in of_section(section, plan) {
        let when = when(evaluation, stored.of(&evaluation.id));
        match runs.iter_mut().find(|(same, _)| *same == when) {
            Some((_, commands)) => commands.push(evaluation.command()),
            None => runs.push((when, vec![evaluation.command()])),
        }
    }
    let told = |(when, commands): &(String, Vec<String>)| format!("{when}:\n\n```sh\n{}\n```\n\n", commands.join("\n"));
    runs.iter().map(told).collect()
}

fn of_section<'p>(section: &Section, plan: &'p Plan) -> Vec<&'p Evaluation> {
    let is_used = |one: &&Evaluation| section.figures.iter().any(|row| row.evaluation == one.id);
    plan.evaluations.iter().filter(is_used).collect()
}

/// When an evaluation was measured, and whether by the command that stands in the plan now.
fn when(evaluation: &Evaluation, kept: Option<&Kept>) -> String {
    let Some(kept) = kept else { return "**Never measured**".to_owned() };
    let by = if evaluation.by_hand.is_some() { "Measured by hand" } else { "Measured" };
    let mut told = format!("{by} on {} at commit `{}`", kept.date, kept.commit);
    if kept.command != evaluation.command() {
        let _ = write!(told, ", **with another command than now, `{}`**", kept.command);
    }
    told
}

fn wanted<'k>(kept: &'k Kept, figure: &str) -> anyhow::Result<&'k Figure> {
    let id = &kept.id;
    let found = kept.figure(figure).with_context(|| {
        format!(
            "`{STORED}` has no figure `{figure}` of `{id}`, measure it with `cargo xtask evaluate --only {id} --write`"
        )
    })?;
    Ok(found.0)
}

/// Words with the value of a figure in the place of `{evaluation:figure}`; other braces stay as they are.
fn filled(words: &str, plan: &Plan, stored: &Stored) -> anyhow::Result<String> {
    let (mut text, mut rest) = (String::new(), words);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let name = after.split_once('}').and_then(|(name, behind)| Some((name.split_once(':')?, behind)));
        let Some(((id, figure), behind)) = name.filter(|((id, _), _)| plan.evaluation(id).is_some()) else {
            text.push('{');
            rest = after;
            continue;
        };
        match stored.of(id) {
            None => text.push_str(NOT_MEASURED),
            Some(kept) => text.push_str(&written(wanted(kept, figure)?.value, DIGITS)),
        }
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

/// A count with its thousands apart.
fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::PLAN;
    use super::super::stored::tests::kept;
    use super::*;

    fn measured() -> (Plan, Stored) {
        let plan = Plan::parse(PLAN).unwrap();
        let mut stored = Stored {
            evaluations: vec![
                kept("a", &[("accuracy", 0.93)]),
                kept("x-de", &[("recall (worst)", 0.96)]),
                kept("x-ar", &[("recall (worst)", 0.94)]),
                kept("scale", &[("ms", 2.96)]),
            ],
        };
        for kept in &mut stored.evaluations {
            kept.command = plan.evaluation(&kept.id).unwrap().command();
        }
        (plan, stored)
    }

    #[test]
    fn goals_that_are_missed_stand_first_and_in_their_tables() {
        let (plan, stored) = measured();
        let page = page(&plan, &stored).unwrap();
        assert!(page.contains("**Reached: 2 of 3.** Not reached:"), "{page}");
        let missed = "| accuracy | A, a fifth held back | 0.930, **missed by 0.010** | >= 0.94 |";
        assert!(page.contains(missed), "{page}");
        assert!(page.contains("| accuracy | A, a fifth held back | 10 | 1 | 0.930, **missed by 0.010** | >= 0.94 |"));
        assert!(page.contains("| recall of ar (worst) | X, ar | 10 | 1 | 0.940 | >= 0.935 |"));
        assert!(page.contains("| milliseconds | synthetic | 10 | 1 | 3.0 | - |"));
    }

    #[test]
    fn words_have_their_figures_and_other_braces_stay() {
        let (mut plan, stored) = measured();
        assert!(page(&plan, &stored).unwrap().contains("Of 0.930 in {xsid/dev}."));
        "{a:gone} {b:x}".clone_into(&mut plan.text);
        let told = page(&plan, &stored).unwrap_err().to_string();
        assert!(
            told.contains("no figure `gone` of `a`, measure it with `cargo xtask evaluate --only a --write`"),
            "{told}"
        );
        "{scale:ms} {b:x} {".clone_into(&mut plan.text);
        assert!(page(&plan, &stored).unwrap().contains("\n\n2.960 {b:x} {\n\n"));
        assert!(page(&plan, &Stored::default()).unwrap().contains("\n\n**not measured** {b:x} {\n\n"));
    }

    #[test]
    fn what_was_measured_together_is_told_together_with_its_commands() {
        let (plan, stored) = measured();
        let page = page(&plan, &stored).unwrap();
        let both = "Measured on 2026-11-28 at commit `abc`:\n\n```sh\nombud eval retrieval --test x/de.jsonl packs/de.jsonl\nombud eval retrieval --test x/ar.jsonl packs/ar.jsonl\n```\n";
        assert!(page.contains(both), "{page}");
        assert!(page.contains("Measured by hand on 2026-11-28 at commit `abc`:\n\n```sh\nombud bench search\n```\n"));
        assert!(page.contains("## Intents\n\nBefore.\n\n| figure |") && page.contains("```\n\nAfter.\n\n| figure |"));
        assert!(page.ends_with("```\n") && !page.contains("\n\n\n"));
    }

    #[test]
    fn what_was_not_measured_or_otherwise_than_now_is_said() {
        let (plan, mut stored) = measured();
        stored.evaluations.retain(|kept| kept.id != "x-de");
        "ombud eval others"
            .clone_into(&mut stored.evaluations.iter_mut().find(|kept| kept.id == "x-ar").unwrap().command);
        let page = page(&plan, &stored).unwrap();
        assert!(page.contains("**Reached: 1 of 3.** Not reached:"), "{page}");
        assert!(page.contains("| recall of de (?) | X, de | - | - | **not measured** | >= 0.95 |"));
        assert!(page.contains("**Never measured**:"));
        assert!(page.contains("at commit `abc`, **with another command than now, `ombud eval others`**:"), "{page}");
    }

    #[test]
    fn a_row_without_its_figure_is_told_where_its_evaluation_was_measured() {
        let (plan, mut stored) = measured();
        stored.put(kept("x-ar", &[("precision", 0.5)]));
        let told = page(&plan, &stored).unwrap_err().to_string();
        assert!(told.starts_with("`docs/evaluation.json` has no figure `recall (*)` of `x-ar`"), "{told}");
    }

    #[test]
    fn counts_are_written_with_thousands() {
        assert_eq!([7, 612, 2_036, 26_000, 1_000_000].map(thousands).join(" "), "7 612 2,036 26,000 1,000,000");
    }
}
