//! Which names do texts use that their flow does not have? Such a place stays empty in what a customer reads.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pack, PackFiles};
use crate::flow;
use crate::problem::PackProblem;
use crate::text::Used;

/// Members of what the engine itself gives to texts.
const OWN: [(&str, &[&str]); 2] = [
    ("company", &["name", "assistant"]),
    (
        "session",
        &[
            "customer_id",
            "level",
            "locale",
            "market",
            "today",
            "desk_until",
            "desk_from",
            "desk_from_on",
            "desk_from_in",
            "now_s",
            "conversation_id",
        ],
    ),
];
/// Letters of a name that is held against others.
const LETTERS_MIN: usize = 4;
/// From so many letters on, two of them may be wrong.
const LONG: usize = 8;

/// Names in the texts of flows that nothing sets.
pub(super) fn unknown(pack: &Pack, locale: &str) -> Vec<PackProblem> {
    let known: BTreeMap<&str, BTreeSet<&str>> =
        pack.flows.values().filter_map(|flow| Some((flow.name.as_str(), flow::of_texts(flow, &pack.flows)?))).collect();
    let mut problems = Vec::new();
    for used in pack.texts.used(locale) {
        let Some(known) = known.get(used.flow) else { continue };
        let mut parts = used.path.split('.');
        let (Some(root), member) = (parts.next(), parts.next()) else { continue };
        if !known.contains(root) {
            let like = nearest(root, known.iter().copied());
            problems.push(problem(
                &used,
                &format!("`{root}` is set by nothing in flow `{}`, so this place stays empty", used.flow),
                like,
            ));
        } else if let Some((_, members)) = OWN.iter().find(|(own, _)| *own == root)
            && let Some(member) = member.filter(|member| !members.contains(member))
        {
            let like = nearest(member, members.iter().copied());
            problems.push(problem(&used, &format!("`{root}` has no `{member}`, so this place stays empty"), like));
        }
    }
    problems
}

/// Members that are named once, in one text and nowhere else in the pack, and are all but the name of another.
pub(super) fn misspelt(pack: &Pack, files: &PackFiles) -> Vec<PackProblem> {
    let mut uses: BTreeMap<String, Vec<Used<'_>>> = BTreeMap::new();
    for locale in &pack.manifest.locales {
        for used in pack.texts.used(locale) {
            let members: Vec<String> = used.path.split('.').skip(1).map(ToOwned::to_owned).collect();
            for member in members {
                uses.entry(member).or_default().push(Used { path: used.path.clone(), ..used });
            }
        }
    }
    let tops = [pack.manifest.name.as_str(), "base"];
    let is_read = |path: &str| {
        let (top, rest) = path.split_once('/').unwrap_or_default();
        tops.contains(&top) && (rest.starts_with("actions/") || rest.ends_with("/flow.yaml") || rest == super::GRAPH)
    };
    let sources = files.iter().filter(|(path, _)| is_read(path)).map(|(_, source)| source.as_str());
    let elsewhere: BTreeSet<&str> = sources.flat_map(words).collect();
    let mut found = Vec::new();
    for (member, used) in uses.iter().filter(|(member, _)| !elsewhere.contains(member.as_str())) {
        let [once] = used.as_slice() else { continue };
        let said_again = uses.iter().filter(|(_, used)| used.len() > 1).map(|(other, _)| other.as_str());
        if let Some(like) = nearest(member, elsewhere.iter().copied().chain(said_again)) {
            found.push(problem(once, &format!("`{}`: `{member}` is named nowhere else", once.path), Some(like)));
        }
    }
    found
}

fn problem(used: &Used<'_>, what: &str, like: Option<&str>) -> PackProblem {
    let advice = like.map(|like| format!("; did you mean `{like}`?")).unwrap_or_default();
    PackProblem { file: used.file.to_owned(), line: used.line, message: format!("{what}{advice}") }
}

/// The name that a misspelt one is nearest to, if it is near at all.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let letters = name.chars().count();
    let far = match letters {
        0..LETTERS_MIN => return None,
        LETTERS_MIN..LONG => 1,
        _ => 2,
    };
    let distances = known.map(|other| (strsim::osa_distance(name, other), other));
    let near = distances.filter(|(distance, other)| (1..=far).contains(distance) && other.len() >= LETTERS_MIN);
    near.min().map(|(_, other)| other)
}

fn words(source: &str) -> impl Iterator<Item = &str> {
    source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> PackFiles {
        ombud_testkit::pack_files().unwrap()
    }

    fn edited(file: &str, (right, wrong): (&str, &str)) -> PackFiles {
        let mut files = files();
        let source = files.get_mut(file).unwrap();
        assert!(source.contains(right), "{right} is in {file}");
        *source = source.replacen(right, wrong, 1);
        files
    }

    #[test]
    fn no_text_of_our_packs_uses_a_name_that_there_is_not() {
        let files = files();
        for name in ["base", "hedgerow", "paylater", "retail"] {
            let pack = Pack::parse(name, &files).unwrap_or_else(|problems| panic!("{problems:?}"));
            let found: Vec<PackProblem> =
                pack.manifest.locales.iter().flat_map(|locale| unknown(&pack, locale)).collect();
            assert_eq!(found, [], "{name}");
            assert_eq!(pack.misspelt(&files), [], "{name}");
        }
    }

    #[test]
    fn a_name_that_the_flow_does_not_set_is_found_in_its_text() {
        let file = "retail/flows/order_info/texts/en.yaml";
        let line = |files: &PackFiles, name: &str| {
            files[file].lines().position(|line| line.contains(name)).map_or(0, |index| index + 1)
        };
        for (right, wrong, name, told) in [
            ("order.status", "ordre.status", "ordre", "`ordre` is set by nothing in flow `order_info`"),
            ("order.status", "company.nmae", "company.nmae", "`company` has no `nmae`"),
        ] {
            let files = edited(file, (right, wrong));
            let problems = Pack::parse("retail", &files).unwrap_err();
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert_eq!((problem.file.as_str(), problem.line), (file, line(&files, name)), "{problem}");
            assert!(problem.message.contains(told) && problem.message.contains("did you mean"), "{problem}");
        }
    }

    #[test]
    fn only_a_flow_that_takes_a_fact_speaks_of_what_is_known() {
        let files = edited("paylater/flows/call_appointment/flow.yaml", ("    fact: call_time\n", ""));
        let problems = Pack::parse("paylater", &files).unwrap_err();
        let is_told = |problem: &PackProblem| problem.message.contains("`known` is set by nothing");
        assert!(!problems.is_empty() && problems.iter().all(is_told), "{problems:?}");
    }

    #[test]
    fn a_member_that_is_all_but_another_is_worth_a_look() {
        let file = "retail/flows/order_info/texts/en.yaml";
        let files = edited(file, ("order.status", "order.statsu"));
        let pack = Pack::parse("retail", &files).unwrap_or_else(|problems| panic!("{problems:?}"));
        let hints = pack.misspelt(&files);
        let [hint] = hints.as_slice() else { panic!("{hints:?}") };
        assert_eq!(hint.file, file);
        assert!(hint.message.contains("`order.statsu`") && hint.message.contains("did you mean `status`?"), "{hint}");
    }
}
