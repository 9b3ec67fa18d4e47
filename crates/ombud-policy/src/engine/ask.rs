//! How is a slot filled? From what was said, else by a question.

use std::collections::BTreeMap;

use ombud_domain::{AwaitingKind, AwaitingOption, Candidate, Choice, ChoiceRequest, Count};
use serde_json::{Map, Value, json};

use super::absorb::Obstacle;
use super::candidates::{Offer, known_as};
use super::close::HandingOver;
use super::hearing::{heard, heard_as, hears, is_own, joined, only_question};
use super::known::{held_before, kept};
use super::run::{Step, top_flow, top_vars};
use super::variants::{Variants, changing, leaves_unchanged, single, variants_picked};
use super::{Deliberation, Engine, vars};
use crate::dialogue::{Origin, Said, WAITING_MAX, WaitingRequest};
use crate::expr::Expr;
use crate::flow::{Ask, AskSource, Otherwise, RecordChoice, ValueKind};
use crate::labels::{Labelled, Labels};

/// Questions answered where who it is was asked, before that is left.
const ASIDES_MAX: u32 = 1;
/// A reply of more words says more than yes or no.
const BARE_WORDS_MAX: usize = 2;

/// What is offered with a question.
#[derive(Debug, Default)]
pub(super) struct Question {
    /// Options, for buttons and for the text.
    pub options: Vec<AwaitingOption>,
    /// Whether only these are left after a reading that was not unique.
    pub narrowed: bool,
    /// Whether something was already said about why it is asked again.
    pub explained: bool,
}

impl Engine<'_> {
    pub(super) fn ask(&self, state: &mut Deliberation, ask: &Ask) -> Step {
        let Some(top) = state.dialogue.frames.last() else { return Step::On };
        if top.vars.contains_key(&ask.slot) {
            return self.next(state);
        }
        // The customer's own words count before what would be written without them.
        if matches!(ask.source, AskSource::Value(ValueKind::Text))
            && let Some(value) = self.labelled_said(state, ask, ValueKind::Text).filter(|said| !said.value.is_null())
        {
            return self.fill(state, ask, value);
        }
        if let Some(default) = &ask.default {
            match self.labelled(state, default) {
                Ok(taken) if taken.value.is_null() => {}
                Ok(taken) => {
                    self.note_recent(state, ask, &taken.value);
                    return self.fill(state, ask, taken);
                }
                Err(reason) => return self.broken(state, reason),
            }
        }
        let asked = match &ask.source {
            AskSource::Records(choice) if choice.variant_of.is_some() => self.ask_variants(state, ask, choice),
            AskSource::Records(choice) => self.ask_records(state, ask, choice),
            AskSource::Options(options) => Ok(self.ask_options(state, ask, options)),
            AskSource::Value(kind) => self.ask_value(state, ask, *kind),
            AskSource::Fields { fields, until } => self.ask_fields(state, ask, fields, until),
        };
        asked.unwrap_or_else(|reason| self.broken(state, reason))
    }

    /// A record that is taken without a question is the one spoken of, as a picked one is.
    fn note_recent(&self, state: &mut Deliberation, ask: &Ask, value: &Value) {
        let AskSource::Records(choice) = &ask.source else { return };
        if let Ok(offer) = self.offer(state, choice, &Map::new(), value.clone()) {
            state.dialogue.recent.insert(ask.slot.clone(), offer.candidate.id);
        }
    }

    pub(super) fn fill(&self, state: &mut Deliberation, ask: &Ask, value: impl Into<Labelled>) -> Step {
        let value: Labelled = value.into();
        if held_before(state, &ask.slot).is_some_and(|before| *before != value.value) {
            // What came after it hung on it.
            state.before = None;
        }
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.set(&ask.slot, value);
            top.filled.push(ask.slot.clone());
            top.asked = None;
            top.unread = 0;
            top.reopens = false;
        }
        state.answered = false;
        state.questioned = None;
        self.next(state)
    }

    fn ask_records(&self, state: &mut Deliberation, ask: &Ask, choice: &RecordChoice) -> Result<Step, String> {
        let value = choice.or_value.and_then(|kind| self.value_said(state, ask, kind));
        let offers = self.offers(state, choice, None)?;
        if let Some(said) = value {
            let labels = self.labels(state, |state| {
                let said = choice.or_value.and_then(|kind| self.value_said(state, ask, kind)).unwrap_or_default();
                known_as(self.offers(state, choice, None).unwrap_or_default(), said)
            });
            return Ok(self.fill(state, ask, Labelled { value: known_as(offers, said), labels }));
        }
        let eligible: Vec<&Offer> = offers.iter().filter(|offer| offer.candidate.eligible).collect();
        if eligible.is_empty() && ask.is_silent() {
            return Ok(self.fill(state, ask, Value::Null));
        }
        if eligible.is_empty() && choice.or_value.is_none() {
            return Ok(self.refuse(state, &choice.none, &choice.none, &Map::new()));
        }
        let candidates: Vec<Candidate> = offers.iter().map(|offer| offer.candidate.clone()).collect();
        let count = if choice.several_queue { Count::Many } else { choice.count };
        let found = self.read_choice(state, ask, &candidates, count);
        state.ending.reasons.push(format!("{}: {}", ask.slot, brief(&found)));
        // What was said may name another record, which then has to be refused rather than passed over.
        if let (true, [only], Choice::Unread | Choice::Several { .. }) =
            (choice.single_pick, eligible.as_slice(), &found)
        {
            return Ok(self.fill_records(state, (ask, choice), &[*only], &candidates));
        }
        let with_ids = |ids: &[String]| {
            ids.iter().filter_map(|id| offers.iter().find(|offer| offer.candidate.id == *id)).collect::<Vec<_>>()
        };
        Ok(match found {
            Choice::Picked { ids, .. } => {
                let picked = with_ids(&ids);
                match picked.iter().find(|offer| !offer.candidate.eligible) {
                    Some(refused)
                        if picked.iter().all(|offer| !offer.candidate.eligible)
                            || choice.count == Count::One && !choice.several_queue =>
                    {
                        self.ineligible(state, ask, choice, refused, &eligible)
                    }
                    _ => {
                        let picked: Vec<&Offer> = picked.into_iter().filter(|offer| offer.candidate.eligible).collect();
                        self.fill_records(state, (ask, choice), &picked, &candidates)
                    }
                }
            }
            Choice::Several { ids } => self.question(
                state,
                ask,
                Question { options: options_of(&with_ids(&ids)), narrowed: true, explained: false },
            ),
            Choice::Unavailable { ineligible, wanted } => match with_ids(&ineligible).first() {
                Some(refused) => self.ineligible(state, ask, choice, refused, &eligible),
                None => self.unavailable(state, ask, &wanted, "", &eligible),
            },
            Choice::Unread if self.turns_to_other(state, ask)? => Step::On,
            Choice::Unread => {
                self.question(state, ask, Question { options: options_of(&eligible), ..Question::default() })
            }
        })
    }

    fn fill_records(
        &self,
        state: &mut Deliberation,
        (ask, choice): (&Ask, &RecordChoice),
        picked: &[&Offer],
        candidates: &[Candidate],
    ) -> Step {
        let count = if choice.several_queue { Count::Many } else { choice.count };
        let labels_of =
            |state: &Deliberation, offer: &Offer| self.choice_labels(state, (ask, choice), offer, (candidates, count));
        match (choice.count, picked) {
            (_, []) => self.question(state, ask, Question::default()),
            (Count::Many, picked) => {
                let mut all = Labels::default();
                for (place, offer) in picked.iter().enumerate() {
                    all.put(&place.to_string(), &labels_of(state, offer));
                }
                let value = picked.iter().map(|offer| offer.record.clone()).collect();
                self.fill(state, ask, Labelled { value, labels: all })
            }
            (Count::One, [first, others @ ..]) if others.is_empty() || choice.several_queue => {
                let labels = labels_of(state, first);
                // Nobody but the customer makes a request of several.
                if labels.of_whole().is_none() {
                    self.queue_others(state, ask, others);
                }
                self.fill_record(state, ask, first, labels)
            }
            (Count::One, several) => {
                self.question(state, ask, Question { options: options_of(several), narrowed: true, explained: false })
            }
        }
    }

    fn fill_record(&self, state: &mut Deliberation, ask: &Ask, picked: &Offer, labels: Labels) -> Step {
        self.note_spoken_of(state, &ask.slot, &labels);
        state.dialogue.recent.insert(ask.slot.clone(), picked.candidate.id.clone());
        self.fill(state, ask, Labelled { value: picked.record.clone(), labels })
    }

    /// The same request for each further record, with what was said about all of them.
    fn queue_others(&self, state: &mut Deliberation, ask: &Ask, others: &[&Offer]) {
        let Some(top) = state.dialogue.frames.last() else { return };
        let (flow, said) = (
            top.flow.clone(),
            top.said.iter().filter(|said| said.slot.as_deref() != Some(ask.slot.as_str())).cloned().collect::<Vec<_>>(),
        );
        for other in others.iter().rev() {
            let picked = BTreeMap::from([(ask.slot.clone(), other.candidate.id.clone())]);
            let known = state.dialogue.waiting.iter().any(|waiting| waiting.flow == flow && waiting.picked == picked);
            if !known && state.dialogue.waiting.len() < WAITING_MAX {
                state.dialogue.waiting.insert(0, WaitingRequest { flow: flow.clone(), said: said.clone(), picked });
            }
        }
    }

    fn ineligible(
        &self,
        state: &mut Deliberation,
        ask: &Ask,
        choice: &RecordChoice,
        refused: &Offer,
        eligible: &[&Offer],
    ) -> Step {
        if ask.is_silent() {
            return self.fill(state, ask, Value::Null);
        }
        let extra = vars(
            json!({"item": refused.record, "label": refused.candidate.label, "options": labels(&options_of(eligible))}),
        );
        if !choice.asks_after_refusal {
            return self.refuse(state, &choice.refused, &choice.refused, &extra);
        }
        let flow = top_flow(state);
        let mut values = top_vars(state);
        values.extend(extra);
        self.say(state, &flow, &choice.refused, &values, Origin::Record);
        self.note_refusal(state, &flow, &choice.refused);
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.picked.remove(&ask.slot);
            top.spent.insert(ask.slot.clone(), top.said.len());
        }
        self.question(state, ask, Question { options: options_of(eligible), narrowed: false, explained: true })
    }

    fn unavailable(
        &self,
        state: &mut Deliberation,
        ask: &Ask,
        wanted: &[(String, String)],
        name: &str,
        eligible: &[&Offer],
    ) -> Step {
        if ask.is_silent() {
            return self.fill(state, ask, Value::Null);
        }
        let flow = top_flow(state);
        // What is named is what was wanted and is missing, not what was ruled out: "not XL" needs no answer.
        let wanted: Vec<String> = wanted
            .iter()
            .filter(|(_, value)| !value.starts_with("not "))
            .map(|(option, value)| if option.is_empty() { value.clone() } else { format!("{option} {value}") })
            .collect();
        let options = options_of(eligible);
        let mut values = top_vars(state);
        values.extend(vars(json!({"wanted": wanted, "name": name, "options": labels(&options)})));
        self.say(state, &flow, "slot_unavailable", &values, Origin::Record);
        self.note_refusal(state, &flow, "unavailable");
        self.question(state, ask, Question { options, narrowed: false, explained: true })
    }

    pub(super) fn read_choice(
        &self,
        state: &Deliberation,
        ask: &Ask,
        candidates: &[Candidate],
        count: Count,
    ) -> Choice {
        let Some(top) = state.dialogue.frames.last() else { return Choice::Unread };
        if let Some(id) = top.picked.get(&ask.slot)
            && candidates.iter().any(|candidate| candidate.id == *id)
        {
            return Choice::Picked { ids: vec![id.clone()], because: "picked".to_owned() };
        }
        let (utterances, direct) = heard(top, ask);
        if utterances.is_empty() {
            return Choice::Unread;
        }
        let spoken_of = state.dialogue.recent.get(&ask.slot).map(String::as_str);
        let denied = matches!(&ask.source, AskSource::Records(choice) if choice.denied);
        let read = |utterances: &[String], direct: usize| {
            self.reader.choose(&ChoiceRequest {
                utterances,
                direct,
                candidates,
                current: None,
                spoken_of,
                denied,
                count,
            })
        };
        // "80.92 is just for the laptop. Can I move the helmet?": what is asked for names it.
        if count == Count::One
            && let [told] = utterances.as_slice()
            && let Some(asked) = only_question(told)
            && let found @ Choice::Picked { .. } = read(&[asked.to_owned()], direct)
        {
            return found;
        }
        let found = read(&utterances, direct);
        // What was said before may stand in the way of an answer that names one by itself.
        let alone = match (&found, utterances.as_slice()) {
            (Choice::Several { .. }, [_, .., last]) if direct > 0 && count == Count::One => {
                read(std::slice::from_ref(last), 1)
            }
            (Choice::Unread, [_, .., last]) if direct > 0 => read(std::slice::from_ref(last), 1),
            _ => Choice::Unread,
        };
        if matches!(&alone, Choice::Picked { .. }) { alone } else { found }
    }

    fn ask_variants(&self, state: &mut Deliberation, ask: &Ask, choice: &RecordChoice) -> Result<Step, String> {
        let Variants { things, groups, found } = self.variants(state, ask, choice)?;
        for ((current, _), found) in groups.iter().zip(&found) {
            state.ending.reasons.push(format!("{} of {}: {}", ask.slot, current.name, brief(found)));
        }
        if leaves_unchanged(state, choice, changing(&things, &groups, &found)) {
            return Ok(Step::On);
        }
        let picked = variants_picked(&groups, &found);
        if picked.len() == things.len() && !things.is_empty() {
            let labels = self.labels(state, |state| {
                let variants = self.variants(state, ask, choice);
                variants.map(|all| variants_picked(&all.groups, &all.found)).unwrap_or_default().into()
            });
            return Ok(self.fill(state, ask, Labelled { value: Value::Array(picked), labels }));
        }
        let open = found.iter().zip(&groups).find(|(found, (_, offers))| single(found, offers).is_none());
        let Some((found, (current, offers))) = open else {
            return Err(format!("slot `{}` has nothing to choose for", ask.slot));
        };
        let eligible: Vec<&Offer> = offers.iter().filter(|offer| offer.candidate.eligible).collect();
        let several_things = things.len() > 1;
        Ok(match found {
            Choice::Several { ids } => {
                let left: Vec<&Offer> = offers.iter().filter(|offer| ids.contains(&offer.candidate.id)).collect();
                self.question(state, ask, Question { options: options_of(&left), narrowed: true, explained: false })
            }
            // "I don't know" takes the wish back that could not be met, and is no new one.
            Choice::Unavailable { .. } if state.answered && self.has_declined(state) => {
                self.question(state, ask, Question { options: options_of(&eligible), ..Question::default() })
            }
            Choice::Unavailable { wanted, .. } => {
                let step = self.unavailable(state, ask, wanted, &current.name, &eligible);
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.reopens = several_things;
                }
                step
            }
            Choice::Picked { .. } | Choice::Unread => {
                self.question(state, ask, Question { options: options_of(&eligible), ..Question::default() })
            }
        })
    }

    fn ask_value(&self, state: &mut Deliberation, ask: &Ask, kind: ValueKind) -> Result<Step, String> {
        // "Not the laptop, the helmet", to a question for yes or no about the laptop, is neither.
        if kind == ValueKind::YesNo && self.turns_to_other(state, ask)? {
            return Ok(Step::On);
        }
        Ok(match self.labelled_said(state, ask, kind) {
            Some(value) => self.fill(state, ask, value),
            None => self.question(state, ask, Question::default()),
        })
    }

    /// The same as [`Self::value_said`], with its labels.
    fn labelled_said(&self, state: &Deliberation, ask: &Ask, kind: ValueKind) -> Option<Labelled> {
        let value = self.value_said(state, ask, kind)?;
        Some(Labelled {
            value,
            labels: self.labels(state, |state| self.value_said(state, ask, kind).unwrap_or_default()),
        })
    }

    /// The newest value of this kind among what was said; null when the customer declines and may.
    fn value_said(&self, state: &Deliberation, ask: &Ask, kind: ValueKind) -> Option<Value> {
        let top = state.dialogue.frames.last()?;
        // These kinds are found in almost any sentence, so only an answer to the very question counts.
        let needs_question = matches!(kind, ValueKind::Text | ValueKind::YesNo | ValueKind::Number | ValueKind::Name);
        top.said.iter().rev().find_map(|said| {
            // A yes belongs to the question it was said to, and to no later one.
            let own = if kind == ValueKind::YesNo { said.slot.as_ref() == Some(&ask.slot) } else { is_own(said, ask) };
            if own && ask.otherwise == Otherwise::Skip && self.reader.declines(&said.text) {
                return Some(Value::Null);
            }
            if kind == ValueKind::Text {
                let own = said.slot.as_deref() == Some(ask.slot.as_str()) || is_told(said, ask);
                return own.then(|| self.reader.account(&said.text)).flatten().map(Value::from);
            }
            let read = own || !needs_question && hears(said, ask);
            let found = read.then(|| self.reader.entities(&said.text, &[kind.entity()], heard_as(said, ask)));
            let value = found.into_iter().flatten().next().map(|(_, value)| value);
            let meant = self.meant_yes_no(ask, &said.text).filter(|_| own && kind == ValueKind::YesNo);
            // "That's not true, I have photos" begins like a no, and is one to the reason that was told.
            let says_more = said.text.split_whitespace().count() > BARE_WORDS_MAX;
            if says_more { meant.or(value) } else { value.or(meant) }
        })
    }

    fn ask_fields(
        &self,
        state: &mut Deliberation,
        ask: &Ask,
        fields: &[(String, String)],
        until: &Expr,
    ) -> Result<Step, String> {
        let values = self.fields_said(state, ask, fields);
        let labels = self.labels(state, |state| Value::Object(self.fields_said(state, ask, fields)));
        if self.value(state, until, &[&values])? != Value::Bool(true) {
            let says_none = values.values().all(Value::is_null) && self.reader.lacks(&self.moment.text);
            if says_none && state.answered && !ask.is_silent() && !ask.identifies {
                self.cancel(state);
                return Ok(Step::On);
            }
            self.keep_partial(state, values, &labels);
            return Ok(self.question(state, ask, Question::default()));
        }
        keep(state, values, &labels);
        Ok(self.fill(state, ask, Value::Bool(true)))
    }

    /// Several values as they were said.
    fn fields_said(&self, state: &Deliberation, ask: &Ask, fields: &[(String, String)]) -> Map<String, Value> {
        let kinds: Vec<&str> = fields.iter().map(|(_, kind)| kind.as_str()).collect();
        let mut values: Map<String, Value> = fields.iter().map(|(name, _)| (name.clone(), Value::Null)).collect();
        for said in state.dialogue.frames.last().iter().flat_map(|top| &top.said) {
            let amended = self.amended(fields, &values, said);
            if !amended.is_empty() {
                values.extend(amended);
                continue;
            }
            for (kind, value) in self.reader.entities(&said.text, &kinds, heard_as(said, ask)) {
                for (name, _) in fields.iter().filter(|(_, wanted)| *wanted == kind) {
                    let known = values.remove(name).unwrap_or_default();
                    values.insert(name.clone(), joined(known, value.clone()));
                }
            }
        }
        values
    }

    /// Keeps what is known of several values, so that the question can name what is missing; a part is progress, not a failure.
    fn keep_partial(&self, state: &mut Deliberation, values: Map<String, Value>, labels: &Labels) {
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        let progress = values.iter().any(|(name, value)| !value.is_null() && top.vars.get(name) != Some(value));
        if progress {
            state.answered = false;
        }
        keep(state, values, labels);
    }

    /// Asks, or does what is to be done when asking has been in vain.
    pub(super) fn question(&self, state: &mut Deliberation, ask: &Ask, question: Question) -> Step {
        if ask.is_silent() {
            return self.fill(state, ask, Value::Null);
        }
        let obstacle = if question.explained { Obstacle::Missing } else { Obstacle::Unread };
        if self.settles_for_other(state, obstacle) {
            return Step::On;
        }
        if let Some(value) = kept(state, ask, &question) {
            return self.fill(state, ask, value);
        }
        if let Some(step) = self.take_known(state, ask, &question) {
            return step;
        }
        if std::mem::take(&mut state.corrected) && state.corrects_top() && !question.explained {
            self.repair(state, "repair_correction", json!({}));
            return Step::On;
        }
        let digresses =
            state.questioned.is_some() || state.ending.sayings.iter().any(|saying| saying.origin == Origin::Knowledge);
        self.leave_question(state);
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        if ask.identifies && digresses {
            top.asides += 1;
            if top.asides > ASIDES_MAX {
                self.leave_identity(state);
                state.completed = false;
                return Step::On;
            }
        }
        let stood = top.asked.as_deref() == Some(ask.slot.as_str());
        let again = state.answered && !state.asks_about_request && (stood || question.explained);
        if again {
            top.unread += 1;
        }
        if top.unread >= ask.attempts_max {
            return self.give_up(state, ask);
        }
        top.asked = Some(ask.slot.clone());
        let flow = top.flow.clone();
        let declines = self.has_declined(state);
        state.answered = false;
        let shown: Vec<AwaitingOption> =
            question.options.into_iter().take(self.pack.manifest.limits.options_max).collect();
        let mut values = top_vars(state);
        values.extend(vars(json!({"options": labels(&shown)})));
        if stood && !again && stands_without_a_word(state, ask) {
            state.digressed = false;
        } else if question.narrowed {
            self.say(state, &flow, "slot_several", &values, Origin::Question);
        } else {
            if again && !question.explained && !state.restates {
                let words = matches!(ask.source, AskSource::Value(ValueKind::Text));
                let key = match (declines, words) {
                    (true, _) => "slot_declined",
                    (false, true) => "slot_unread_words",
                    (false, false) => "slot_unread",
                };
                self.say(state, &flow, key, &values, Origin::Template);
            }
            self.resume_hint(state);
            self.say(state, &flow, &ask.text, &values, Origin::Question);
        }
        let kind = match (ask.identifies, question.narrowed) {
            (true, _) => AwaitingKind::Identify,
            (false, true) => AwaitingKind::Choice,
            (false, false) => AwaitingKind::Slot,
        };
        Step::Out(self.finish(state, kind, Some(ask.slot.clone()), shown))
    }

    fn has_declined(&self, state: &Deliberation) -> bool {
        let said = state.dialogue.frames.last().and_then(|top| top.said.last());
        said.is_some_and(|said| self.reader.declines(&said.text))
    }

    fn give_up(&self, state: &mut Deliberation, ask: &Ask) -> Step {
        state.ending.reasons.push(format!("{} could not be read", ask.slot));
        match ask.otherwise {
            Otherwise::Skip => self.fill(state, ask, Value::Null),
            Otherwise::Handoff if !state.dialogue.came_between() => {
                Step::Out(self.hand_over(state, &HandingOver::because("cannot_help")))
            }
            Otherwise::Refuse | Otherwise::Handoff => self.refuse(state, "slot_skipped", "not_understood", &Map::new()),
        }
    }
}

/// Whether a question that was put before is left at that, because something else was answered since: an offer need not be answered.
fn stands_without_a_word(state: &Deliberation, ask: &Ask) -> bool {
    let is_offer = matches!((&ask.source, ask.otherwise), (AskSource::Value(ValueKind::YesNo), Otherwise::Skip));
    is_offer && state.digressed && !state.ending.sayings.is_empty()
}

fn keep(state: &mut Deliberation, values: Map<String, Value>, labels: &Labels) {
    let Some(top) = state.dialogue.frames.last_mut() else { return };
    for (name, value) in values {
        let labels = labels.of(&name);
        top.set(&name, Labelled { value, labels });
    }
}

fn options_of(offers: &[&Offer]) -> Vec<AwaitingOption> {
    offers
        .iter()
        .map(|offer| AwaitingOption { id: offer.candidate.id.clone(), label: offer.candidate.label.clone() })
        .collect()
}

fn labels(options: &[AwaitingOption]) -> Vec<&str> {
    options.iter().map(|option| option.label.as_str()).collect()
}

/// Whether so much was told before that it answers this already: somebody who said what happened is not asked for it again.
fn is_told(said: &Said, ask: &Ask) -> bool {
    let bears = said.slot.as_ref().map_or(ask.hears.is_empty(), |slot| ask.hears.contains(slot));
    let long = |min: usize| said.text.split_whitespace().nth(min.saturating_sub(1)).is_some();
    bears && ask.told_words_min.is_some_and(long)
}

pub(super) fn brief(choice: &Choice) -> String {
    match choice {
        Choice::Picked { ids, because } => format!("picked {} ({because})", ids.join(", ")),
        Choice::Several { ids } => format!("{} fit", ids.len()),
        Choice::Unavailable { wanted, .. } => format!("nothing fits {wanted:?}"),
        Choice::Unread => "not said yet".to_owned(),
    }
}
