//! Do the packs of this repository fit together, and do their policies decide as their tables say?

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet};

use ombud_policy::pack::PackFiles;
use ombud_policy::{Pack, table};

fn all_files() -> PackFiles {
    ombud_testkit::pack_files().unwrap()
}

fn packs_of(files: &PackFiles) -> BTreeSet<String> {
    files.keys().filter_map(|path| path.strip_suffix("/pack.toml")).map(ToOwned::to_owned).collect()
}

#[test]
fn every_pack_fits_together() {
    let files = all_files();
    let mut problems = Vec::new();
    for name in packs_of(&files) {
        match Pack::parse(&name, &files) {
            Ok(pack) => {
                assert!(!pack.texts.has("en", "", "no such text"), "a text that nobody wrote is missing");
                let of_locales = pack.manifest.locales.iter().flat_map(|locale| pack.problems_of_locale(locale));
                problems.extend(of_locales.map(|problem| problem.to_string()));
            }
            Err(found) => problems.extend(found.iter().map(ToString::to_string)),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// A message that is the example of two requests teaches the classifier nothing.
#[test]
fn no_example_stands_for_two_requests() {
    let files = all_files();
    for name in packs_of(&files) {
        let Ok(pack) = Pack::parse(&name, &files) else { continue };
        let mut classes: BTreeMap<String, String> = BTreeMap::new();
        for (class, text) in pack.examples(&pack.manifest.default_locale) {
            if let Some(other) = classes.insert(text.trim().to_lowercase(), class.clone()) {
                panic!("`{text}` is an example of {class} and of {other} in pack {name}");
            }
        }
    }
}

#[test]
fn policies_decide_as_their_tables_say() {
    let files = all_files();
    let mut wrong = Vec::new();
    let mut cases_seen = 0;
    for name in packs_of(&files) {
        let pack = Pack::parse(&name, &files).unwrap();
        let (cases, problems) = table::check(&pack, &files);
        cases_seen += cases;
        wrong.extend(problems.iter().map(ToString::to_string));
    }
    assert!(cases_seen >= 40, "the base and the packs have more cases, {cases_seen} were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_table_that_no_longer_holds_is_told_with_its_line() {
    let mut files = all_files();
    let file = "paylater/policies/company_test.yaml";
    let source = files.get_mut(file).unwrap();
    *source = source.replacen("amount_minor: 300001, expect: step_up", "amount_minor: 300001, expect: authorized", 1);
    let (_, problems) = table::check(&Pack::parse("paylater", &files).unwrap(), &files);
    let [only] = problems.as_slice() else { unreachable!("{problems:?}") };
    assert!(only.file == file && only.line > 1 && only.message.contains("expected authorized, got step_up"), "{only}");
    files.insert(file.to_owned(), "- { name: half".to_owned());
    assert_eq!(
        table::check(&Pack::parse("paylater", &files).unwrap(), &files).1.len(),
        1,
        "what cannot be read is a problem"
    );
}

#[test]
fn a_question_about_a_request_needs_examples_a_text_and_articles_that_exist() {
    let mut files = all_files();
    let file = "paylater/flows/missing_refund/flow.yaml";
    let source = files.get_mut(file).unwrap();
    *source = source.replacen(
        "  answers:\n",
        "  answers:\n    - { id: colour, when: \"refnud != null\", text: faq_colour, cite: [no-such-article] }\n",
        1,
    );
    let problems = Pack::parse("paylater", &files).unwrap_err();
    let told = |words: &str| problems.iter().any(|problem| problem.file == file && problem.message.contains(words));
    for words in ["0 examples of `colour`", "`faq_colour` is missing", "`no-such-article` does not exist", "`refnud`"] {
        assert!(told(words), "{words}: {problems:?}");
    }
}

#[test]
fn a_line_for_a_question_that_no_request_has_is_a_mistake() {
    let mut files = all_files();
    let file = "paylater/nlu/choices.en.jsonl";
    let source = files.get_mut(file).unwrap();
    source.push_str("{\"set\": \"faq_refund\", \"choice\": \"colour\", \"text\": \"which colour is my money\"}\n");
    let problems = Pack::parse("paylater", &files).unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.file == file && problem.message.contains("`colour`")),
        "{problems:?}"
    );
}
