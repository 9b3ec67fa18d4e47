//! How is a company's own scenario played and judged? A signed-in customer with answers by slot, and what must be said and done.

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::{AwaitingKind, AwaitingProposal};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::channel::{Books, BooksError, Heard};
use crate::dialogue::{Dialogue, Ending, Next, Utterance, UtteranceKind, Visitor};
use crate::goals::covers;
use crate::grade::Grade;
use crate::place::{line_of, of_yaml};
use crate::words::{Pick, folded, pick};

/// What the company writes down that is no change for the customer.
const NO_WRITES: &[&str] = &["note", "outbox", "challenge", "receipt"];
const CODE_SLOT: &str = "one_time_code";

/// A scenario of `scenarios/*.yaml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its id.
    pub id: String,
    /// What it shows.
    #[serde(default)]
    pub about: Option<String>,
    /// Who is signed in; nobody if absent.
    #[serde(default)]
    pub customer: Option<String>,
    /// Whose phone he holds, for one-time codes; that of the one who is signed in if absent.
    #[serde(default)]
    pub phone: Option<String>,
    /// What he wrote in an earlier conversation, message by message.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// The first message.
    pub opening: String,
    /// What he says when asked who he is.
    #[serde(default)]
    pub identify: Option<String>,
    /// Answers by slot.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// Whether he enters the one-time code that he gets.
    #[serde(default)]
    pub code: bool,
    /// The proposals he agrees to.
    #[serde(default)]
    pub confirm_only: Vec<Agreed>,
    /// How he agrees.
    #[serde(default = "yes")]
    pub confirm_yes: String,
    /// How he turns a proposal down.
    #[serde(default = "no")]
    pub confirm_no: String,
    /// What he says one after the other when asked whether there is anything else.
    #[serde(default)]
    pub then: Vec<String>,
    /// What must be said.
    #[serde(default)]
    pub expect_said: Vec<String>,
    /// What must not be said.
    #[serde(default)]
    pub expect_not_said: Vec<String>,
    /// How the books must look.
    #[serde(default)]
    pub expect_state: Vec<ExpectedState>,
    /// The reason code with which a person must get it.
    #[serde(default)]
    pub expect_handover: Option<String>,
    /// Whether nothing may change.
    #[serde(default)]
    pub expect_no_writes: bool,
    /// The kinds of record that must change (`order`), or single ones (`order ORD-1`), and nothing else may. Without them, and without
    /// `expect_no_writes`, what has changed beside `expect_state` does not count.
    #[serde(default)]
    pub expect_writes: Vec<String>,
}

/// A proposal the customer agrees to: the action and some of its arguments.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// The action.
    pub action: String,
    /// Arguments that must be the same; others do not count.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// A read of the books and what it must give.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedState {
    /// The path to read.
    pub get: String,
    /// JSON pointer into the answer.
    #[serde(default)]
    pub at: String,
    /// What stands there.
    pub equals: Value,
}

fn yes() -> String {
    "Yes, please.".to_owned()
}

fn no() -> String {
    "No, that's not what I want.".to_owned()
}

/// Why a scenario file cannot be used; its author can fix it.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct ScenarioError {
    /// Which file.
    pub file: String,
    /// Its line; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// The scenarios of one file.
///
/// # Errors
/// [`ScenarioError`]; the author can fix it.
pub fn parse(file: &str, source: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let wrong = |line: usize, reason: String| ScenarioError { file: file.to_owned(), line, reason };
    let scenarios: Vec<Scenario> = serde_saphyr::from_str(source).map_err(|error| {
        let (line, reason) = of_yaml(&error);
        wrong(line, reason)
    })?;
    let mut seen = BTreeSet::new();
    for scenario in &scenarios {
        let line = line_of(source, &scenario.id);
        if !seen.insert(&scenario.id) {
            return Err(wrong(line, format!("two scenarios are called `{}`", scenario.id)));
        }
        if !scenario.expects_something() {
            return Err(wrong(
                line,
                format!(
                    "scenario `{}` expects nothing, add expect_said, expect_state, expect_handover or expect_no_writes",
                    scenario.id
                ),
            ));
        }
        if scenario.expect_no_writes && !scenario.expect_writes.is_empty() {
            return Err(wrong(line, format!("`{}` expects writes and none, leave one of them out", scenario.id)));
        }
        if let Some(state) = scenario.expect_state.iter().find(|state| !state.get.starts_with('/')) {
            let line = line_of(source, &state.get);
            return Err(wrong(
                line,
                format!("`get: {}` of `{}` is not a path, begin it with `/`", state.get, scenario.id),
            ));
        }
    }
    Ok(scenarios)
}

impl Scenario {
    fn expects_something(&self) -> bool {
        let is_nothing = self.expect_said.is_empty() && self.expect_not_said.is_empty() && self.expect_state.is_empty();
        !is_nothing || !self.expect_writes.is_empty() || self.expect_handover.is_some() || self.expect_no_writes
    }

    /// Whether an assistant that does and says nothing passes, as far as it can be told without the books.
    #[must_use]
    pub fn passes_idle(&self) -> bool {
        self.expect_said.is_empty()
            && self.expect_state.is_empty()
            && self.expect_writes.is_empty()
            && self.expect_handover.is_none()
    }
}

/// The customer of a scenario in the middle of a conversation.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    scenario: &'a Scenario,
    done: Vec<bool>,
    then_next: usize,
    corrections: usize,
    times_identified: usize,
    answered_choice: Option<String>,
}

impl<'a> Caller<'a> {
    /// A customer who has not said anything yet.
    #[must_use]
    pub fn new(scenario: &'a Scenario) -> Self {
        let done = vec![false; scenario.confirm_only.len()];
        Self { scenario, done, then_next: 0, corrections: 0, times_identified: 0, answered_choice: None }
    }

    /// How often he had to say no.
    #[must_use]
    pub const fn corrections(&self) -> usize {
        self.corrections
    }

    fn no(&mut self) -> Utterance {
        self.corrections += 1;
        Utterance::new(UtteranceKind::No, &self.scenario.confirm_no)
    }

    fn note(&mut self, heard: &Heard) {
        for deed in &heard.done {
            let open = self.scenario.confirm_only.iter().zip(&mut self.done).find(|(wanted, done)| {
                !**done && wanted.action == deed.action && covers(&wanted.arguments, &deed.arguments)
            });
            if let Some((_, done)) = open {
                *done = true;
            }
        }
    }

    fn confirm(&mut self, proposal: &AwaitingProposal) -> Utterance {
        let is_wanted = self.scenario.confirm_only.iter().zip(&self.done).any(|(wanted, done)| {
            !done && wanted.action == proposal.action && covers(&wanted.arguments, &proposal.arguments)
        });
        if is_wanted { Utterance::new(UtteranceKind::Yes, &self.scenario.confirm_yes) } else { self.no() }
    }

    fn answer(&self, slot: &str) -> Utterance {
        match self.scenario.answers.get(slot) {
            Some(answer) => Utterance::new(UtteranceKind::Answer, answer),
            None => Utterance::new(UtteranceKind::Unknown, "I don't know, sorry."),
        }
    }

    fn choose(&mut self, heard: &Heard) -> Utterance {
        let slot = heard.awaiting.slot.clone().unwrap_or_default();
        let labels: Vec<String> = heard.awaiting.options.iter().map(|option| option.label.clone()).collect();
        let own = self.scenario.answers.get(&slot);
        if let Some(answer) = own.filter(|_| self.answered_choice.as_ref() != Some(&slot)) {
            self.answered_choice = Some(slot);
            return Utterance::new(UtteranceKind::Answer, answer);
        }
        match pick(own.unwrap_or(&self.scenario.opening), &labels) {
            Pick::One(position) | Pick::Unclear(position) => {
                Utterance::new(UtteranceKind::Label, labels.get(position).map_or("", String::as_str))
            }
            Pick::None => self.no(),
        }
    }

    fn identify(&mut self, slot: &str) -> Next {
        if slot == CODE_SLOT && self.scenario.code {
            return Next::Code;
        }
        self.times_identified += 1;
        let words = self.scenario.identify.as_ref().filter(|_| slot != CODE_SLOT && self.times_identified == 1);
        Next::Say(match (self.scenario.answers.get(slot), words) {
            (Some(answer), _) => Utterance::new(UtteranceKind::Answer, answer),
            (None, Some(words)) => Utterance::new(UtteranceKind::Identify, words),
            (None, None) => Utterance::new(UtteranceKind::Unknown, "I don't have that at hand, sorry."),
        })
    }

    fn go_on(&mut self) -> Next {
        let next = self.scenario.then.get(self.then_next);
        self.then_next += 1;
        match next {
            Some(text) => Next::Say(Utterance::new(UtteranceKind::Request, text)),
            None => Next::Close(Utterance::new(UtteranceKind::Closing, "No, that's all. Thank you.")),
        }
    }
}

impl Visitor for Caller<'_> {
    fn opening(&mut self) -> Utterance {
        Utterance::new(UtteranceKind::Opening, &self.scenario.opening)
    }

    fn hear(&mut self, heard: &Heard) -> Next {
        self.note(heard);
        if heard.is_with_people() {
            return Next::Stop;
        }
        let slot = heard.awaiting.slot.as_deref().unwrap_or_default();
        if heard.awaiting.kind != AwaitingKind::Choice {
            self.answered_choice = None;
        }
        match heard.awaiting.kind {
            AwaitingKind::Identify => self.identify(slot),
            AwaitingKind::Slot => Next::Say(self.answer(slot)),
            AwaitingKind::Choice => Next::Say(self.choose(heard)),
            AwaitingKind::Confirm => Next::Say(match &heard.awaiting.proposal {
                Some(proposal) => self.confirm(proposal),
                None if self.scenario.answers.contains_key(slot) => self.answer(slot),
                None => self.no(),
            }),
            AwaitingKind::AnythingElse | AwaitingKind::None => self.go_on(),
            AwaitingKind::Handoff => Next::Stop,
        }
    }
}

/// What is known after the end of a scenario.
pub struct Aftermath<'a> {
    /// The conversation.
    pub dialogue: &'a Dialogue,
    /// Records that differ from the start, by table and id.
    pub changed: &'a Value,
    /// The reason code of the hand-over, if there was one.
    pub handover: Option<&'a str>,
}

/// Grades a scenario; the states it expects are read from the books.
///
/// # Errors
/// [`BooksError`] when the books cannot be read; the operator can fix it.
pub async fn grade(scenario: &Scenario, after: Aftermath<'_>, books: &dyn Books) -> Result<Grade, BooksError> {
    let mut grade = Grade::default();
    if let Ending::Broken(reason) = &after.dialogue.ending {
        grade.fail("broken", reason.clone());
    }
    let said = folded(&after.dialogue.said);
    for text in scenario.expect_said.iter().filter(|text| !said.contains(&folded(text))) {
        grade.fail("not_told", format!("did not say `{text}`"));
    }
    for text in scenario.expect_not_said.iter().filter(|text| said.contains(&folded(text))) {
        grade.fail("said_too_much", format!("said `{text}`"));
    }
    match (&scenario.expect_handover, after.handover) {
        (Some(wanted), Some(reason)) if wanted != reason => {
            grade.fail("handover_reason", format!("was handed over for `{reason}`, not `{wanted}`"))
        }
        (Some(wanted), None) => grade.fail("not_handed_over", format!("was not handed over for `{wanted}`")),
        (None, Some(reason)) => grade.fail("handed_over", format!("was handed over for `{reason}`")),
        _ => {}
    }
    if scenario.expect_no_writes || !scenario.expect_writes.is_empty() {
        let written = written(after.changed);
        let expected = &scenario.expect_writes;
        for record in written.iter().filter(|record| !expected.iter().any(|named| names(named, record))) {
            grade.fail("wrote", format!("{record} has changed"));
        }
        for named in expected.iter().filter(|named| !written.iter().any(|record| names(named, record))) {
            grade.fail("not_written", format!("{named} has not changed"));
        }
    }
    for state in &scenario.expect_state {
        let answer = books.read(&state.get).await?;
        let found = answer.pointer(&state.at).unwrap_or(&Value::Null);
        if *found != state.equals {
            grade.fail("state", format!("{} at {} is {found}, not {}", state.get, state.at, state.equals));
        }
    }
    Ok(grade)
}

/// Whether `order` or `order ORD-1` names the record `order ORD-1`.
fn names(named: &str, record: &str) -> bool {
    named == record || record.split(' ').next() == Some(named)
}

fn written(changed: &Value) -> Vec<String> {
    let tables = changed.as_object().into_iter().flatten().filter(|(table, _)| !NO_WRITES.contains(&table.as_str()));
    tables
        .flat_map(|(table, records)| {
            records.as_object().into_iter().flatten().map(move |(id, _)| format!("{table} {id}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ombud_domain::DoneAction;
    use serde_json::json;

    use super::*;
    use crate::dialogue::tests::heard;

    const FILE: &str = r#"
- id: lost-parcel
  customer: C-7
  opening: My lamp never came
  answers: { order: the one with the lamp }
  code: true
  confirm_only: [ { action: dispute, arguments: { order_id: ORD-1 } } ]
  then: [And what now?]
  expect_said: ["ORD-1"]
  expect_not_said: [secret]
  expect_state: [ { get: /disputes, at: /0/kind, equals: not_received } ]
- id: nothing
  opening: Hi
  expect_no_writes: true
- id: person
  opening: Help
  expect_handover: complaint
- id: whole
  opening: Cancel it
  expect_state: [ { get: /orders, at: /0/kind, equals: not_received } ]
  expect_writes: [plan, order ORD-1]
"#;

    fn dialogue(said: &str) -> Dialogue {
        Dialogue {
            lines: Vec::new(),
            said: said.to_owned(),
            ending: Ending::Closed,
            turns: 1,
            turns_us: Vec::new(),
            repeated: 0,
        }
    }

    struct Fixed(Value);

    #[async_trait]
    impl Books for Fixed {
        async fn changed(&self) -> Result<Value, BooksError> {
            Ok(Value::Null)
        }

        async fn read(&self, _: &str) -> Result<Value, BooksError> {
            Ok(self.0.clone())
        }
    }

    #[test]
    fn the_customer_answers_agrees_and_goes_on() {
        let scenarios = parse("a.yaml", FILE).unwrap();
        let mut caller = Caller::new(&scenarios[0]);
        let mut hear = |heard: &Heard| match caller.hear(heard) {
            Next::Say(utterance) | Next::Close(utterance) => utterance.text,
            other => format!("{other:?}"),
        };
        let proposal = |order: &str| {
            let mut reply = heard(AwaitingKind::Confirm, None, "?");
            let arguments = json!({"order_id": order, "kind": "lost"}).as_object().unwrap().clone();
            reply.awaiting.proposal =
                Some(AwaitingProposal { action: "dispute".to_owned(), arguments, summary: String::new() });
            reply
        };
        assert_eq!(hear(&heard(AwaitingKind::Identify, Some(CODE_SLOT), "code?")), "Code");
        assert_eq!(hear(&heard(AwaitingKind::Slot, Some("order"), "?")), "the one with the lamp");
        assert_eq!(hear(&heard(AwaitingKind::Slot, Some("size"), "?")), "I don't know, sorry.");
        assert_eq!(hear(&proposal("ORD-2")), no());
        assert_eq!(hear(&proposal("ORD-1")), yes());
        assert_eq!(hear(&proposal("ORD-1")), yes(), "his yes was not understood");
        let arguments = json!({"order_id": "ORD-1"}).as_object().unwrap().clone();
        let done = DoneAction { action: "dispute".to_owned(), receipt_id: "1".to_owned(), arguments };
        let reported = Heard { done: vec![done], ..heard(AwaitingKind::AnythingElse, None, "?") };
        assert_eq!(hear(&reported), "And what now?");
        assert_eq!(hear(&proposal("ORD-1")), no(), "once is enough");
        assert_eq!(hear(&heard(AwaitingKind::AnythingElse, None, "?")), "No, that's all. Thank you.");
        assert_eq!(hear(&heard(AwaitingKind::Handoff, None, "?")), "Stop");
    }

    #[tokio::test]
    async fn words_states_people_and_writes_are_judged() {
        let scenarios = parse("a.yaml", FILE).unwrap();
        let books = Fixed(json!([{"kind": "not_received"}]));
        let wrong = Fixed(json!([]));
        let note = json!({"note": {"1": {}}, "outbox": {"2": {}}});
        let order = json!({"order": {"ORD-1": {}}});
        let both = json!({"order": {"ORD-1": {}}, "plan": {"PLN-1": {}, "PLN-2": {}}, "note": {"1": {}}});
        let extra = json!({"order": {"ORD-1": {}, "ORD-2": {}}, "plan": {"PLN-1": {}}});
        let other = json!({"order": {"ORD-1": {}}, "plan": {"PLN-1": {}}, "dispute": {"DSP-1": {}}});
        let table = [
            (0, "order ord-1 is seen to", &note, None, &books, ""),
            (0, "ORD-1", &note, None, &wrong, "/disputes at /0/kind is null, not \"not_received\""),
            (0, "", &note, None, &books, "did not say `ORD-1`"),
            (0, "ORD-1 SECRET", &note, None, &books, "said `secret`"),
            (0, "ORD-1", &note, Some("stuck"), &books, "was handed over for `stuck`"),
            (1, "", &note, None, &books, ""),
            (1, "", &order, None, &books, "order ORD-1 has changed"),
            (2, "", &note, Some("complaint"), &books, ""),
            (3, "", &both, None, &books, ""),
            (3, "", &extra, None, &books, "order ORD-2 has changed"),
            (3, "", &other, None, &books, "dispute DSP-1 has changed"),
            (3, "", &order, None, &books, "plan has not changed"),
            (2, "", &note, Some("stuck"), &books, "for `stuck`, not `complaint`"),
            (2, "", &note, None, &books, "was not handed over for `complaint`"),
        ];
        for (scenario, said, changed, handover, books, difference) in table {
            let dialogue = dialogue(said);
            let grade =
                grade(&scenarios[scenario], Aftermath { dialogue: &dialogue, changed, handover }, books).await.unwrap();
            let found = grade.differences.join("; ");
            assert!(
                if difference.is_empty() { found.is_empty() } else { found.contains(difference) },
                "{difference}: {found}"
            );
        }
    }

    #[test]
    fn every_key_of_a_scenario_is_told_in_its_page() {
        const PAGE: &str = include_str!("../../../docs/ACTIONS.md");
        let told = [
            ombud_testkit::unnamed_keys::<Scenario>(PAGE, "Scenarios"),
            ombud_testkit::unnamed_keys::<Agreed>(PAGE, "Scenarios"),
            ombud_testkit::unnamed_keys::<ExpectedState>(PAGE, "Scenarios"),
        ];
        assert_eq!(told.concat(), [""; 0]);
    }

    #[test]
    fn a_scenario_that_can_not_fail_is_refused() {
        let table = [
            ("- {id: a, opening: hi}", "expects nothing"),
            (
                "- {id: a, opening: hi, expect_no_writes: true}\n- {id: a, opening: hi, expect_no_writes: true}",
                "two scenarios",
            ),
            ("- {id: a, opening: hi, expect_sayd: [x]}", "expect_sayd"),
            ("- {id: a, opening: hi, expect_state: [{get: orders, equals: 1}]}", "not a path"),
            ("- {id: a, opening: hi, expect_no_writes: true, expect_writes: [order]}", "writes and none"),
        ];
        for (source, message) in table {
            let error = parse("x.yaml", source).unwrap_err().to_string();
            assert!(error.contains(message) && error.starts_with("x.yaml:1: "), "{error}");
        }
    }
}
