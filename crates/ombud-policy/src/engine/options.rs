//! Which of a few options is meant? What was learnt of a set decides where it is sure, else the words of the options.

use ombud_domain::{AwaitingKind, AwaitingOption, Candidate, Choice, ChoiceRequest, Command, Count, Understanding};
use serde_json::{Value, json};

use super::absorb::{PERSON, WHICH_REQUEST};
use super::ask::{Question, brief};
use super::hearing::{heard, spaced, spotted};
use super::run::{Step, top_flow, top_vars};
use super::{Decision, Deliberation, Engine, Heard};
use crate::dialogue::ONE_TIME_CODE;
use crate::flow::{Ask, AskSource, FlowKind, Op, OptionSpec, ValueKind};
use crate::labels::{Labelled, Labels};
use crate::pack::NO_CHOICE;

/// An answer that means an option this surely, by what was learnt, picks it ...
const MEANT: f32 = 0.6;
/// ... and words that were said before the question this surely.
const MEANT_UNASKED: f32 = 0.75;
/// Words that mean no option this surely are not searched for the words of one.
const MEANS_NONE: f32 = 0.85;

/// What is read as something else answers a question that this surely is answered by it.
const ANSWERS: f32 = 0.8;
/// The two choices of a set of a question for yes or no.
const YES: &str = "yes";
const NO: &str = "no";

/// A part of what was said means an option this surely.
const PART_MEANT: f32 = 0.7;
/// Of parts that mean different options one must be surer by this.
const PART_SURER: f32 = 0.1;
/// Parts that are looked at.
const PARTS_MAX: usize = 12;
/// Where a part ends.
const PART_ENDS: [char; 15] = ['.', ',', ';', '!', '?', '\n', ':', '、', '。', '，', '！', '？', '،', '؟', '।'];

impl Engine<'_> {
    pub(super) fn ask_options(&self, state: &mut Deliberation, ask: &Ask, options: &[OptionSpec]) -> Step {
        if ask.is_silent() {
            let spotted = state.dialogue.frames.last().and_then(|top| self.spotted(ask, &heard(top, ask).0, options));
            state.ending.reasons.push(format!("{}: {}", ask.slot, spotted.as_deref().unwrap_or("not said")));
            let labels = self.labels(state, |state| {
                let top = state.dialogue.frames.last();
                top.and_then(|top| self.spotted(ask, &heard(top, ask).0, options)).map_or(Value::Null, Value::from)
            });
            return self.fill(state, ask, Labelled { value: spotted.map_or(Value::Null, Value::from), labels });
        }
        let flow = top_flow(state);
        let vars = top_vars(state);
        let candidates: Vec<Candidate> = options
            .iter()
            .map(|option| {
                let label = option
                    .label
                    .as_ref()
                    .and_then(|key| self.render(state, &flow, key, &[&vars]))
                    .unwrap_or_else(|| option.id.clone());
                Candidate {
                    id: option.id.clone(),
                    name: label.clone(),
                    label,
                    words: option.words.clone(),
                    eligible: true,
                    ..Candidate::default()
                }
            })
            .collect();
        let shown = |ids: Option<&[String]>| {
            candidates
                .iter()
                .filter(|candidate| ids.is_none_or(|ids| ids.contains(&candidate.id)))
                .map(|candidate| AwaitingOption { id: candidate.id.clone(), label: candidate.label.clone() })
                .collect()
        };
        let read = |state: &Deliberation| match self.meant(state, ask, &candidates) {
            Some(found) => found,
            None => self.read_choice(state, ask, &candidates, Count::One),
        };
        let found = read(state);
        state.ending.reasons.push(format!("{}: {}", ask.slot, brief(&found)));
        match found {
            Choice::Picked { ids, .. } if ids.len() == 1 => {
                let labels = self.labels(state, |state| match read(state) {
                    Choice::Picked { ids, .. } => json!(ids),
                    _ => Value::Null,
                });
                let labels = labels.lowest().map(Labels::whole).unwrap_or_default();
                self.fill(state, ask, Labelled { value: ids.first().cloned().map_or(Value::Null, Value::from), labels })
            }
            Choice::Several { ids } | Choice::Picked { ids, .. } => {
                self.question(state, ask, Question { options: shown(Some(&ids)), narrowed: true, explained: false })
            }
            Choice::Unavailable { .. } | Choice::Unread => {
                self.question(state, ask, Question { options: shown(None), ..Question::default() })
            }
        }
    }

    /// The option that was said without having been asked for: by what was learnt of it, else by its words, and the newest words first.
    pub(super) fn spotted(&self, ask: &Ask, utterances: &[String], options: &[OptionSpec]) -> Option<String> {
        utterances.iter().rev().find_map(|text| match self.learnt(ask, text) {
            Some((choice, p)) if means_one((&choice, p)) => Some(choice),
            Some((choice, p)) if choice == NO_CHOICE && p >= MEANS_NONE => None,
            _ => spotted(std::slice::from_ref(text), options).map(ToOwned::to_owned),
        })
    }

    /// The same by what was learnt alone.
    pub(super) fn spotted_surely(&self, ask: &Ask, text: &str) -> Option<String> {
        self.learnt(ask, text).filter(|(choice, p)| means_one((choice, *p))).map(|(choice, _)| choice)
    }

    /// The option that an answer or words before the question mean by what was learnt; none where that is not sure, and then the words of the options decide.
    fn meant(&self, state: &Deliberation, ask: &Ask, candidates: &[Candidate]) -> Option<Choice> {
        let top = state.dialogue.frames.last()?;
        let is_offered = |id: &str| candidates.iter().any(|candidate| candidate.id == id);
        if top.picked.get(&ask.slot).is_some_and(|id| is_offered(id)) {
            return None;
        }
        let (utterances, direct) = heard(top, ask);
        let needed = if direct > 0 { MEANT } else { MEANT_UNASKED };
        let (choice, p) = self.learnt(ask, utterances.last()?)?;
        if choice != NO_CHOICE && p >= needed && is_offered(&choice) {
            return Some(Choice::Picked { ids: vec![choice], because: format!("learnt ({p:.2})") });
        }
        if let Some((part, choice)) = self.meant_in_part(ask, &utterances, candidates) {
            return Some(Choice::Picked { ids: vec![choice], because: part });
        }
        (choice == NO_CHOICE && direct == 0 && utterances.len() == 1 && p >= MEANS_NONE).then_some(Choice::Unread)
    }

    /// "It's too small, I want to return it": the option that parts of what was said mean, and the part; none where parts mean different ones.
    fn meant_in_part(&self, ask: &Ask, utterances: &[String], candidates: &[Candidate]) -> Option<(String, String)> {
        let named = |part: &str| {
            let part = spaced(part);
            // A single word may stand for anything, in a phrase of several it says what an option says.
            let is = |words: &String| spaced(words) == part || words.contains(' ') && part.contains(&spaced(words));
            let mut named = candidates.iter().filter(|candidate| candidate.words.iter().any(is));
            named.next().filter(|_| named.next().is_none()).map(|candidate| candidate.id.clone())
        };
        let learnt = |part: &str| {
            let (choice, p) = self.learnt(ask, part)?;
            let is_offered = candidates.iter().any(|candidate| candidate.id == choice);
            (choice != NO_CHOICE && p >= PART_MEANT && is_offered).then_some((choice, p))
        };
        let parts =
            utterances.iter().flat_map(|text| text.split(PART_ENDS)).map(str::trim).filter(|part| !part.is_empty());
        let mut found: Option<(String, String, f32)> = None;
        for part in parts.take(PARTS_MAX) {
            let Some((choice, p)) = named(part).map(|choice| (choice, 1.0)).or_else(|| learnt(part)) else { continue };
            match &found {
                Some((_, other, surer)) if *other != choice && (surer - p).abs() < PART_SURER => return None,
                Some((_, _, surer)) if *surer >= p => {}
                _ => found = Some((part.to_owned(), choice, p)),
            }
        }
        found.map(|(part, choice, _)| (part, choice))
    }

    /// A yes or no by what was learnt of it: "that's a lie, I never wore it" to "shall somebody look at it again?".
    pub(super) fn meant_yes_no(&self, ask: &Ask, text: &str) -> Option<Value> {
        let needed = if text.contains('?') { ANSWERS } else { MEANT };
        let (choice, _) = self.learnt(ask, text).filter(|(_, p)| *p >= needed)?;
        matches!(choice.as_str(), YES | NO).then(|| Value::from(choice == YES))
    }

    /// What is read as another request or a change, and answers the open question by what was learnt of it, answers it.
    pub(super) fn with_learnt_answer(&self, state: &Deliberation, understood: &Understanding) -> Understanding {
        let mut understood = understood.clone();
        let top = state.dialogue.frames.last();
        let ask = top.and_then(|top| match self.pack.flows.get(&top.flow)?.ops.get(top.pc)? {
            Op::Ask(ask) if top.asked.as_ref() == Some(&ask.slot) => Some(ask.as_ref()),
            _ => None,
        });
        let is_yes_no = |ask: &&Ask| matches!(ask.source, AskSource::Value(ValueKind::YesNo));
        let Some(ask) = ask.filter(is_yes_no) else { return understood };
        let learnt = self.learnt(ask, &self.moment.text).filter(|(choice, p)| choice != NO_CHOICE && *p >= ANSWERS);
        let is_other = |command: &Command| {
            matches!(
                command,
                Command::StartFlow { .. } | Command::Correct { .. } | Command::Clarify { .. } | Command::CannotRead
            )
        };
        if learnt.is_some() && understood.commands.iter().all(is_other) {
            understood.commands = vec![Command::SetSlot { slot: ask.slot.clone(), text: self.moment.text.clone() }];
        }
        understood
    }

    /// Which of the offered requests free words mean: "finding my refund" is "finding your refund".
    pub(super) fn read_request(&self, state: &mut Deliberation, text: &str) -> Option<Decision> {
        let awaiting = &state.dialogue.awaiting;
        if awaiting.kind == AwaitingKind::Choice && awaiting.slot.as_deref() == Some(PERSON) {
            match self.reader.entities(text, &["yes_no"], Heard::Answering).into_iter().next() {
                Some((_, Value::Bool(true))) => return Some(self.hand_over_on_request(state)),
                Some((_, Value::Bool(false))) => {
                    state.completed = true;
                    return None;
                }
                _ => {}
            }
        }
        match state.dialogue.awaiting.slot.as_deref() {
            Some(WHICH_REQUEST) => {}
            Some(ONE_TIME_CODE) => return self.read_at_code(state, text),
            _ => return self.misread(state),
        }
        let offered = state.dialogue.awaiting.options.iter().map(|option| (option.id.clone(), option.label.clone()));
        if let Some(id) = self.named_request(text, offered.collect()) {
            return self.choose(state, &id);
        }
        // None of those offered, but another by its name.
        let requests = self.pack.flows.values().filter(|flow| flow.kind == FlowKind::Request);
        let titled =
            requests.map(|flow| (flow.name.clone(), self.pack.title(&self.moment.locale, &flow.name).to_owned()));
        match self.named_request(text, titled.collect()) {
            Some(id) => self.choose(state, &id),
            None => self.misread(state),
        }
    }

    /// The one of these requests (id and name) that the words mean.
    pub(super) fn named_request(&self, text: &str, requests: Vec<(String, String)>) -> Option<String> {
        let candidate = |(id, name): (String, String)| Candidate {
            id,
            name: name.clone(),
            label: name,
            eligible: true,
            ..Candidate::default()
        };
        let candidates: Vec<Candidate> = requests.into_iter().map(candidate).collect();
        match self.chosen_by(text, &candidates) {
            Choice::Picked { mut ids, .. } if ids.len() == 1 => ids.pop(),
            _ => None,
        }
    }

    /// What a text alone picks among candidates.
    pub(super) fn chosen_by(&self, text: &str, candidates: &[Candidate]) -> Choice {
        self.reader.choose(&ChoiceRequest {
            utterances: &[text.to_owned()],
            direct: 1,
            candidates,
            current: None,
            spoken_of: None,
            denied: false,
            count: Count::One,
        })
    }

    fn learnt(&self, ask: &Ask, text: &str) -> Option<(String, f32)> {
        self.reader.meant(ask.examples.as_deref()?, text)
    }
}

fn means_one((choice, p): (&str, f32)) -> bool {
    choice != NO_CHOICE && p >= MEANT_UNASKED
}
