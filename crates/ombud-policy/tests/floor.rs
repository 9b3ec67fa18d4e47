//! Is an edit of policies that breaks what must always hold found, and shown in words? And is one that does not let through?

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::BTreeSet;

use ombud_policy::floor::{Invariants, Search, Searched, search};
use ombud_policy::{Pack, PackFiles};
use serde::Deserialize;

const EDITS: &str = include_str!("data/edits.yaml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    breaks: BTreeSet<String>,
    edits: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: String,
    replace: String,
}

fn files() -> PackFiles {
    ombud_testkit::pack_files().unwrap()
}

fn searched(name: &str, files: &PackFiles, how: Search) -> Searched {
    let pack = Pack::parse(name, files).unwrap_or_else(|problems| panic!("{problems:?}"));
    let of = |top: &str| format!("{top}/invariants/");
    let sources: Vec<(String, String)> = files
        .iter()
        .filter(|(file, _)| file.starts_with(&of("base")) || file.starts_with(&of(name)))
        .map(|(file, source)| (file.clone(), source.clone()))
        .collect();
    search(&pack, &Invariants::parse(&sources).unwrap(), how)
}

/// Ids of the invariants that a problem's message begins with.
fn broken(searched: &Searched) -> BTreeSet<String> {
    let id = |message: &str| message.split('`').nth(1).unwrap_or_default().to_owned();
    searched.problems.iter().map(|problem| id(&problem.message)).collect()
}

/// R11: the packs as they are, with more requests than at a start.
#[test]
fn the_policies_of_every_pack_imply_what_must_always_hold() {
    let files = files();
    for name in ["base", "hedgerow", "paylater", "retail"] {
        let found = searched(name, &files, Search { random: 4_000, seed: 7, ..Search::QUICK });
        assert!(found.problems.is_empty(), "{name}: {:?}", found.problems);
        assert!(found.whole >= 4 && found.sampled == 0 && found.requests > 4_000, "{name}: {found:?}");
    }
}

/// R11: 27 edits that break something are found, each by the invariant it breaks, at the line of what permits it; harmless ones pass.
#[test]
fn bad_edits_are_rejected_and_harmless_ones_are_not() {
    let cases: Vec<Case> = serde_saphyr::from_str(EDITS).unwrap();
    let (bad, harmless): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| !case.breaks.is_empty());
    assert!(bad.len() >= 20 && harmless.len() >= 5, "{} and {}", bad.len(), harmless.len());
    let (mut wrong, originals) = (Vec::new(), files());
    for case in &cases {
        let mut files = files();
        for Edit { file, find, replace } in &case.edits {
            let source = files.get_mut(file).unwrap();
            assert_eq!(source.matches(find).count().min(1), 1, "{}: nothing to edit in {file}: {find}", case.name);
            *source = source.replacen(find, replace, 1);
        }
        // What is wrong in the base is wrong in every pack, and found without one.
        let top = case.edits.first().and_then(|edit| edit.file.split('/').next()).unwrap();
        let found = searched(top, &files, Search { random: 0, ..Search::QUICK });
        if !case.breaks.is_subset(&broken(&found)) || case.breaks.is_empty() != found.problems.is_empty() {
            wrong.push(format!("{}: expected {:?}, found {:#?}", case.name, case.breaks, found.problems));
        }
        // Whoever edited a policy of his own is shown that one, unless it is gone.
        for Edit { file, find, .. } in case.edits.iter().filter(|edit| edit.file.starts_with("paylater/")) {
            let edited =
                edited_policy(&originals[file], find).filter(|id| files[file].contains(&format!("@id(\"{id}\")")));
            let is_named =
                |id: &str| found.problems.iter().any(|problem| problem.message.contains(&format!("`{id}` ({file}:")));
            if let Some(id) = edited.filter(|id| !case.breaks.is_empty() && !is_named(id)) {
                wrong.push(format!("{}: `{id}` was edited and is not named in {:#?}", case.name, found.problems));
            }
        }
        for problem in &found.problems {
            let line = files[&problem.file].lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
            assert!(line.contains("@id("), "{}: {problem} points at `{line}`", case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The id of the policy of which a part is edited.
fn edited_policy<'s>(source: &'s str, part: &str) -> Option<&'s str> {
    let end = source.find(part)? + part.len();
    let (_, after) = source.get(..end)?.rsplit_once("@id(\"")?;
    after.split('"').next()
}

/// The counterexample says in words who may do what, by which policy and against which invariant.
#[test]
fn a_counterexample_is_told_in_words() {
    let mut files = files();
    let source = files.get_mut("paylater/policies/company.cedar").unwrap();
    *source = source.replace("context.amount_minor > 100000 }", "context.amount_minor > 200000 }");
    let found = searched("paylater", &files, Search::QUICK);
    let problem = found.problems.first().unwrap();
    assert_eq!(problem.file, "paylater/policies/company.cedar", "{problem}");
    let shown = problem.to_string();
    for part in [
        "`floor-write` (base/policies/floor.cedar:",
        "What could forbid it and does not reach so far: ",
        "`large-refund` (paylater/policies/company.cedar:",
        "run `ombud validate` again",
        "`large-refunds-by-two` does not hold (more than 10,000 kronor, or 1,000 of any other currency, goes back only after two people have approved it;",
        "cancel_order is permitted by `floor-write`",
        "for an identified customer without a one-time code",
        "who has said yes, on his own record, approved by 0, amount 100001 minor units",
    ] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
}

#[test]
fn an_invariant_that_cannot_be_read_is_an_error() {
    let parse = |source: &str| Invariants::parse(&[("x/invariants/x.cedar".to_owned(), source.to_owned())]);
    for wrong in [
        "forbid (principal, action, resource)",
        "forbid (principal, action, resource);",
        "@id(\"a\") forbid (principal, action, resource);",
        "@id(\"a\") @says(\"b\") permit (principal, action, resource);",
        "@id(\"a\") @says(\"b\") forbid (principal, action, resource); @id(\"a\") @says(\"b\") forbid (principal, action, resource);",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
    assert!(parse("@id(\"a\") @says(\"b\") forbid (principal, action, resource);").is_ok());
}

/// A policy or invariant with one name misspelt is good Cedar and would forbid nothing.
#[test]
fn a_misspelt_name_in_a_policy_or_invariant_is_found() {
    let misspelt = [
        ("policies", "Action::\"retry_payment\"", "Action::\"retry_paymnet\"", "retry_paymnet"),
        ("policies", "context.args has days", "context.args has dayz", "dayz"),
        ("policies", "context has amount_minor", "context has amuont_minor", "amuont_minor"),
        ("policies", "context.level == 1", "context.levl == 1", "levl"),
        ("invariants", "Action::\"retry_payment\"", "Action::\"retry_paymnet\"", "retry_paymnet"),
        ("invariants", "context.proof == \"knowledge\"", "context.prof == \"knowledge\"", "prof"),
        ("invariants", "context has currency", "context has curency", "curency"),
    ];
    for (folder, right, wrong, name) in misspelt {
        let mut files = files();
        let file = format!("paylater/{folder}/company.cedar");
        let source = files.get_mut(&file).unwrap();
        assert!(source.contains(right), "{right} is in {file}");
        *source = source.replacen(right, wrong, 1);
        let problems = Pack::parse("paylater", &files).map_or_else(
            |problems| problems,
            |_| searched("paylater", &files, Search { each_max: 1, random: 0, seed: 1 }).problems,
        );
        let found = problems.iter().find(|problem| problem.message.contains(name));
        let found = found.unwrap_or_else(|| panic!("`{wrong}` is not found: {problems:?}"));
        assert!(found.file == file && found.line > 0, "{found:?}");
    }
}
