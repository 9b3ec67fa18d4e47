//! What does each command do to the dialogue?

use std::collections::BTreeMap;

use ombud_domain::knowledge::Finding;
use ombud_domain::{AwaitingKind, Command, Kind, Label, Understanding};
use serde_json::{Map, Value, json};

use super::hearing::{names_one, spaced};
use super::{Before, Decision, Deliberation, Engine, Heard, Sight, vars};
use crate::dialogue::{
    EVERY_SLOT, FRAMES_MAX, Frame, Origin, Pending, SAID_MAX, Said, Saying, WAITING_MAX, WaitingRequest,
};
use crate::flow::{AskSource, FlowKind, Op, ValueKind, YieldsTo};
use crate::labels::Labelled;
use crate::text::THANKS_WORDS;

/// Why a question of a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// What was wanted cannot be had.
    Missing,
    /// Nothing was said yet, or nothing that could be read.
    Unread,
}

/// How long a yes to a proposal counts after it was shown, microseconds: an hour (R8).
const PROPOSAL_US: i64 = 3_600_000_000;
/// A no to an offer in so many words says what is wanted instead.
const MORE_THAN_NO_WORDS: usize = 9;
/// Slot name of the offer of a person.
pub(super) const PERSON: &str = "person";
/// Slot name of "what should be different?".
pub(super) const CORRECTION: &str = "correction";
/// Slot name of "how should the whole text read?".
pub(super) const WORDING: &str = "wording";
/// Slot name of "which of these requests?".
pub(super) const WHICH_REQUEST: &str = "request";

impl Engine<'_> {
    /// Notes signals heard for the first time and starts their flows; whether one did.
    pub(super) fn absorb_signals(&self, state: &mut Deliberation, signals: &[String]) -> bool {
        let mut cares = false;
        for signal in signals {
            if !state.dialogue.signals.contains(signal) {
                state.dialogue.signals.push(signal.clone());
                state.ending.reasons.push(format!("signal {signal}"));
                if let Some(flow) = self.pack.manifest.signals.get(signal) {
                    self.start(state, flow, Vec::new());
                    cares = true;
                }
            }
        }
        cares
    }

    /// Does what a command says; gives a decision when the turn ends here.
    pub(super) fn absorb(&self, state: &mut Deliberation, command: &Command, findings: &[Finding]) -> Option<Decision> {
        if let Some(flow) = self.tells_anew(state, command) {
            self.start(state, &flow, vec![Said::typed(None, &self.moment.text)]);
            return None;
        }
        match command {
            // "A person please, but meanwhile ...", "block it, but let a person look": what stands in front is done in the same turn.
            Command::Handoff
                if !state.begun.is_empty()
                    || !state.ending.sayings.is_empty()
                    || state.dialogue.frames.last().is_some_and(|top| top.confirmed.is_some()) =>
            {
                state.person_after = true
            }
            Command::Handoff => return Some(self.hand_over_on_request(state)),
            Command::StartFlow { flow, text, .. } if state.dialogue.claim().is_some() => {
                self.start_once_known(state, flow, text)
            }
            Command::StartFlow { flow, text, confidence }
                if self.is_no_further_wish(state, flow, text, *confidence) => {}
            Command::StartFlow { flow, text, .. } => {
                // What was promised comes before what a look-up shows.
                self.quote_if_asked(state, text);
                let said = self.said(state, None, text);
                self.start(state, flow, vec![said])
            }
            Command::SetSlot { text, .. } | Command::Correct { text } if self.tells_not_yet(state, text) => {}
            Command::SetSlot { text, .. } if self.claims_anew(state, text) => self.correct_claim(state, text),
            Command::SetSlot { text, .. } if awaits_words(state) => self.answer_slot(state, text),
            Command::SetSlot { text, .. } => return self.read_request(state, text),
            Command::Choose { id } => return self.choose(state, id),
            Command::Affirm => return self.affirm(state),
            Command::Deny { text } => self.deny(state, text),
            Command::Correct { text } => self.correct(state, text),
            Command::Cancel => self.cancel(state),
            Command::Undo => self.undo(state),
            Command::Ask { query, confidence } => self.answer_question(state, (query, *confidence), findings),
            // Told once; whoever goes on in it is not understood, and comes to a person.
            Command::Chitchat { kind: Kind::OtherLanguage } if state.dialogue.language_told => {
                return self.misread(state);
            }
            Command::Chitchat { kind } => self.chat(state, *kind),
            Command::AskColleague => self.tell_of_colleague(state),
            Command::Clarify { .. } | Command::CannotRead if self.tells_how_it_stands(state, &self.moment.said) => {}
            Command::Clarify { flows } => return Some(self.clarify(state, flows)),
            Command::Repeat => self.repeat(state),
            Command::CannotRead => return self.misread(state),
        }
        None
    }

    /// Starts a flow now, or after the current one when the message asks for several things.
    pub(super) fn start(&self, state: &mut Deliberation, flow: &str, said: Vec<Said>) {
        let Some(known) = self.pack.flows.get(flow) else {
            state.ending.reasons.push(format!("flow {flow} does not exist"));
            return;
        };
        // Who is awaited for this already is not asked for once more.
        if self.is_care(flow) && super::faq::is_cared_for(state, flow) {
            return self.say(state, "", "handoff_beside", &Map::new(), Origin::Template);
        }
        // "Yes, and what do I owe then?": what else is asked for comes after what was agreed to, and care before anything else.
        if state.dialogue.frames.last().is_some_and(|top| top.confirmed.is_some()) {
            if !known.changes_something() {
                state.asked_beside.push(flow.to_owned());
            }
            self.wait_in_line(state, flow, said);
            state.dialogue.waiting.sort_by_key(|waiting| !self.is_care(&waiting.flow));
            return;
        }
        // "First, my camera ...; second, my bicycle ...": what a message tells apart is done apart.
        if state.begun.iter().any(|begun| begun == flow) {
            return self.wait_apart(state, flow, said);
        }
        if let Some(top) = state.dialogue.frames.last_mut().filter(|top| top.flow == flow) {
            let slot = top.asked.clone();
            top.said.extend(said.into_iter().map(|said| Said { slot: slot.clone(), ..said }));
            state.answered = true;
            return;
        }
        if self.gives_way(state, flow, &said) {
            return;
        }
        let begun_now = !state.begun.is_empty();
        let is_request = known.kind == FlowKind::Request;
        if is_request && begun_now || state.dialogue.frames.len() >= FRAMES_MAX {
            return self.wait_in_line(state, flow, said);
        }
        state.ending.reasons.push(format!("begin {flow}"));
        state.begun.push(flow.to_owned());
        state.dialogue.misread = 0;
        let said = self.with_dropped(state, said);
        state.dialogue.frames.push(Frame { flow: flow.to_owned(), said, ..Frame::default() });
    }

    /// "Forget the return, can I exchange it instead?": what only points at its thing means the one of the request given up before it.
    fn with_dropped(&self, state: &Deliberation, said: Vec<Said>) -> Vec<Said> {
        let points = said.iter().any(|said| self.reader.points_back(&said.text));
        let before = state.dropped.iter().filter(|_| points).map(|said| Said { slot: None, ..said.clone() });
        before.chain(said.iter().cloned()).collect()
    }

    /// Puts what is wished for instead in the place of the open request, with what is known already.
    fn gives_way(&self, state: &mut Deliberation, flow: &str, said: &[Said]) -> bool {
        // "Take it back and refund me" wishes for it twice.
        if state.gave_way.iter().any(|wish| wish == flow)
            && let Some(top) = state.dialogue.frames.last_mut()
        {
            top.said.extend(said.iter().cloned());
            return true;
        }
        let Some(other) = self.yields_to(state).filter(|other| other.wishes.iter().any(|wish| wish == flow)) else {
            return false;
        };
        // "Wrong size, I want my money back" is one message: what it began with is told as well.
        let told = state.dialogue.frames.last().filter(|top| state.begun.contains(&top.flow));
        let said = told.into_iter().flat_map(|top| top.said.iter()).chain(said).cloned().collect();
        self.give_way(state, other, said);
        true
    }

    /// Turns to the request that was named for the case that this one cannot be met: "if they don't have it, I want my money back". As long as
    /// nothing has turned out to be missing, only the newest words count.
    pub(super) fn settles_for_other(&self, state: &mut Deliberation, obstacle: Obstacle) -> bool {
        let Some(other) = self.yields_to(state) else { return false };
        let is_missing = obstacle == Obstacle::Missing;
        let Some(top) = state.dialogue.frames.last().filter(|_| is_missing || state.answered) else { return false };
        let heard =
            if is_missing { top.said.as_slice() } else { top.said.last().map_or(&[][..], std::slice::from_ref) };
        if !heard.iter().any(|said| names_one(&spaced(&said.text), &other.words)) {
            return false;
        }
        let said = top.said.clone();
        state.answered = false;
        self.give_way(state, other, said);
        true
    }

    /// "No exchange! Return both": what is given up for what takes its place is not dropped but gives way.
    pub(super) fn will_give_way(&self, state: &Deliberation, understood: &Understanding) -> bool {
        let Some(other) = self.yields_to(state) else { return false };
        let wished =
            |command: &Command| matches!(command, Command::StartFlow { flow, .. } if other.wishes.contains(flow));
        understood.commands.iter().any(wished)
    }

    pub(super) fn yields_to(&self, state: &Deliberation) -> Option<&YieldsTo> {
        let top = state.dialogue.frames.last().filter(|top| !top.called)?;
        self.pack.flows.get(&top.flow)?.yields_to.as_ref()
    }

    pub(super) fn give_way(&self, state: &mut Deliberation, other: &YieldsTo, said: Vec<Said>) {
        let Some(top) = state.dialogue.frames.last() else { return };
        // What is not known yet is asked by the other flow.
        let known =
            other.with.iter().filter_map(|(name, expr)| Some((name.clone(), self.value(state, expr, &[]).ok()?)));
        let labels = self.labels_of(state, &other.with);
        // "Return both" means more things than the one that was spoken of before.
        let counted = self.reader.entities(&self.moment.text, &["number"], Heard::Aside);
        let is_recounted = |value: &Value| {
            value.as_array().is_some_and(|things| counted.iter().any(|(_, count)| *count != json!(things.len())))
        };
        let (recounted, kept): (Vec<_>, Vec<_>) =
            known.filter(|(_, value)| is_known(value)).partition(|(_, value)| is_recounted(value));
        let vars: Map<String, Value> = kept.into_iter().collect();
        let whole = recounted.iter().map(|(slot, _)| Said::typed(Some(slot.clone()), &self.moment.text));
        let said: Vec<Said> = said.into_iter().chain(whole).collect();
        state.ending.reasons.push(format!("{} gives way to {}", top.flow, other.flow));
        state.gave_way.clone_from(&other.wishes);
        state.dialogue.frames.pop();
        state.dialogue.misread = 0;
        state.dialogue.frames.push(Frame { flow: other.flow.clone(), vars, labels, said, ..Frame::default() });
    }

    /// Nothing is begun before it is proved who asks: it waits its turn, or is heard by the request that waits already.
    fn start_once_known(&self, state: &mut Deliberation, flow: &str, text: &str) {
        let said = self.said(state, None, text);
        match state.dialogue.frames.iter_mut().find(|frame| frame.flow == flow) {
            Some(frame) => push_said(frame, said),
            None => self.wait_in_line(state, flow, vec![said]),
        }
    }

    fn wait_in_line(&self, state: &mut Deliberation, flow: &str, said: Vec<Said>) {
        // What runs already, below what came in between, is not begun once more.
        let below = state.dialogue.frames.len().saturating_sub(1);
        if let Some(frame) = state.dialogue.frames.iter_mut().take(below).find(|frame| frame.flow == flow) {
            return frame.said.extend(said);
        }
        match state.dialogue.waiting.iter_mut().find(|waiting| waiting.flow == flow) {
            Some(waiting) => waiting.said.extend(said),
            None => self.wait_apart(state, flow, said),
        }
    }

    fn wait_apart(&self, state: &mut Deliberation, flow: &str, said: Vec<Said>) {
        if state.dialogue.waiting.len() >= WAITING_MAX {
            state.ending.reasons.push("too many requests wait".to_owned());
            return;
        }
        state.dialogue.waiting.push(WaitingRequest { flow: flow.to_owned(), said, picked: BTreeMap::new() });
    }

    /// An answer that is written down as the customer says it, before its spelling was mended for reading.
    fn own_words<'t>(&'t self, state: &Deliberation, text: &'t str) -> &'t str {
        let op = state.dialogue.frames.last().and_then(|top| self.pack.flows.get(&top.flow)?.ops.get(top.pc));
        let is_text = matches!(op, Some(Op::Ask(ask)) if matches!(ask.source, AskSource::Value(ValueKind::Text)));
        let said = self.moment.text.as_str();
        if is_text && said.split_whitespace().count() == text.split_whitespace().count() { said } else { text }
    }

    pub(super) fn answer_slot(&self, state: &mut Deliberation, text: &str) {
        if state.dialogue.frames.last().is_some_and(|top| top.shown.is_some()) {
            return self.correct(state, text);
        }
        let declines = self.reader.declines(text);
        if matches!(state.dialogue.awaiting.slot.as_deref(), Some(CORRECTION | WORDING)) {
            return if declines { self.cancel(state) } else { self.correct(state, text) };
        }
        let asked = state.dialogue.frames.last().and_then(|top| top.asked.clone());
        let said = self.said(state, asked, self.own_words(state, text));
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        if top.reopens && !declines {
            reopen(top, said);
        } else {
            push_said(top, said);
        }
        state.answered = true;
    }

    pub(super) fn choose(&self, state: &mut Deliberation, id: &str) -> Option<Decision> {
        let label =
            state.dialogue.awaiting.options.iter().find(|option| option.id == id).map(|option| option.label.clone());
        match state.dialogue.awaiting.slot.as_deref() {
            Some(PERSON) if id == "handoff" => return Some(self.hand_over_on_request(state)),
            Some(PERSON) => state.completed = true,
            Some(WHICH_REQUEST) => {
                let words = state.dialogue.last_request.take().into_iter().chain([self.moment.said.clone()]);
                let mut said: Vec<Said> = words.map(|text| Said::typed(None, &text)).collect();
                said.dedup();
                self.start(state, id, said);
            }
            _ => {
                let slot = state.dialogue.frames.last()?.asked.clone()?;
                let said = self.pressed(state, slot.clone(), (id, &label.unwrap_or_default()));
                let top = state.dialogue.frames.last_mut()?;
                top.picked.insert(slot, id.to_owned());
                push_said(top, said);
                state.answered = true;
            }
        }
        None
    }

    fn affirm(&self, state: &mut Deliberation) -> Option<Decision> {
        match (state.dialogue.awaiting.kind, state.dialogue.awaiting.slot.as_deref()) {
            (AwaitingKind::Choice, Some(PERSON)) => return Some(self.hand_over_on_request(state)),
            (AwaitingKind::AnythingElse, _) => self.say(state, "", "what_else", &vars(json!({})), Origin::Question),
            (AwaitingKind::Confirm, _) if self.moment.sight == Sight::Older || !self.says_yes(state) => {
                self.show_again(state)
            }
            (AwaitingKind::Confirm, _) => self.agreed(state),
            (AwaitingKind::Choice, _) if state.dialogue.awaiting.options.len() == 1 => {
                let id = state.dialogue.awaiting.options.first().map(|option| option.id.clone())?;
                return self.choose(state, &id);
            }
            // "Yes" to several requests says that it is one of them, and not which.
            (AwaitingKind::Choice, Some(WHICH_REQUEST)) => state.offers_again = true,
            (AwaitingKind::Slot | AwaitingKind::Choice, _) => self.answer_slot(state, "yes"),
            _ => {}
        }
        None
    }

    /// Whether it was the customer who said yes: nobody else can, a language model least of all.
    fn says_yes(&self, state: &Deliberation) -> bool {
        let says = || self.reader.entities(&self.moment.text, &["yes_no"], Heard::Answering);
        state.proposed >= Label::UserTyped || says().iter().any(|(_, value)| *value == json!(true))
    }

    fn agreed(&self, state: &mut Deliberation) {
        if !self.agrees_to_other(state) {
            self.confirmed(state);
        }
    }

    /// "Yes" counts for the proposal shown last, and once (R8, R9).
    pub(super) fn confirmed(&self, state: &mut Deliberation) {
        state.dialogue.misread = 0;
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        let is_late = top.shown_us != 0 && self.moment.now_us.saturating_sub(top.shown_us) > PROPOSAL_US;
        if top.pending == Pending::YesNo {
            self.decide_yes_no(state, json!(true));
        } else if is_late {
            self.show_again(state);
        } else if state.corrected {
            // "Yes, and quickly": a yes to what was shown, if the other words change nothing of it.
            top.confirmed = top.repeated.as_ref().map(|(digest, _)| digest.clone());
        } else {
            top.confirmed = top.shown.take();
        }
    }

    /// A yes to something older confirms nothing: what is asked now is shown again (R9).
    fn show_again(&self, state: &mut Deliberation) {
        state.ending.reasons.push("the yes was to an older question, or came too late".to_owned());
        self.say(state, "", "changed_meanwhile", &vars(json!({})), Origin::Template);
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.repeated = None;
        }
    }

    fn decide_yes_no(&self, state: &mut Deliberation, answer: Value) {
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        top.pending = Pending::Nothing;
        let op = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc));
        if let Some(Op::Confirm { save, .. }) = op {
            top.set(save, answer);
            top.pc += 1;
        }
    }

    fn deny(&self, state: &mut Deliberation, text: &str) {
        let top_waits = state.dialogue.frames.last().map(|top| top.pending == Pending::YesNo);
        let corrects = state.dialogue.awaiting.slot.as_deref() == Some(CORRECTION);
        match (state.dialogue.awaiting.kind, top_waits) {
            // "Nothing", after a no: then it is left. After corrections in vain it says that all is right as proposed.
            (_, Some(_)) if corrects && text.trim().is_empty() => {
                if state.dialogue.frames.last().is_some_and(|top| top.declined > 0) {
                    self.cancel(state)
                } else {
                    self.repeat(state)
                }
            }
            (AwaitingKind::Confirm, Some(true)) => self.decide_yes_no(state, json!(false)),
            // No, once more: then it is left.
            (AwaitingKind::Confirm, Some(false))
                if text.trim().is_empty() && state.dialogue.frames.last().is_some_and(|top| top.declined > 0) =>
            {
                self.cancel(state)
            }
            (AwaitingKind::Confirm, Some(false)) if text.trim().is_empty() => {
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.shown = None;
                    top.declined += 1;
                }
                state.declined = true;
            }
            (AwaitingKind::Confirm, Some(false)) => {
                state.denied = true;
                self.correct(state, text);
            }
            (AwaitingKind::AnythingElse | AwaitingKind::None, None) if text.trim().is_empty() => {
                self.chat(state, Kind::Goodbye)
            }
            (AwaitingKind::Choice, _)
                if matches!(state.dialogue.awaiting.slot.as_deref(), Some(PERSON | WHICH_REQUEST)) =>
            {
                state.asks_which = self.says_more_than_no(state);
                state.completed = !state.asks_which;
            }
            (_, Some(_)) => self.answer_slot(state, if text.trim().is_empty() { "no" } else { text }),
            _ => {}
        }
    }

    /// "I don't want to cancel anything, it is cancelled already. I want my money back": a no to what was offered that says what is wanted. What that
    /// may be is left to choose from.
    fn says_more_than_no(&self, state: &mut Deliberation) -> bool {
        let offered = &state.dialogue.awaiting.options;
        state.near.retain(|flow| offered.iter().all(|option| option.id != *flow));
        !state.near.is_empty() && self.moment.text.split_whitespace().count() >= MORE_THAN_NO_WORDS
    }

    /// Reads every slot of the request again, with the correction as the strongest words.
    pub(super) fn correct(&self, state: &mut Deliberation, text: &str) {
        let said = self.said(state, None, text);
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        let held = top.filled.iter().filter_map(|slot| {
            Some((slot.clone(), Labelled { value: top.vars.get(slot)?.clone(), labels: top.labels.of(slot) }))
        });
        state.before = Some(Before { flow: top.flow.clone(), values: held.collect() });
        reopen(top, said);
        state.corrected = true;
        state.rereads = true;
        state.ending.reasons.push("slots are read again after a correction".to_owned());
    }

    /// Whether a flow acts, and does not only look up.
    pub(super) fn changes_something(&self, flow: &str) -> bool {
        self.pack.flows.get(flow).is_some_and(crate::flow::Flow::changes_something)
    }

    fn chat(&self, state: &mut Deliberation, kind: Kind) {
        let key = match kind {
            Kind::Greeting => "chitchat_greeting",
            Kind::Thanks => "chitchat_thanks",
            Kind::Goodbye => "chitchat_goodbye",
            Kind::AreYouHuman => "chitchat_are_you_human",
            Kind::Abilities => "chitchat_abilities",
            Kind::Pleasantry => "chitchat_pleasantry",
            Kind::Abuse => "chitchat_abuse",
            Kind::SomebodyElse => "own_account_only",
            Kind::OtherLanguage => "language_unread",
            Kind::ComingLanguage => "language_learning",
            Kind::PassedOver => "passed_over",
            Kind::Objection => "objection",
        };
        state.offers_person |= kind == Kind::Objection && state.dialogue.frames.is_empty();
        let mut open = !state.dialogue.frames.is_empty();
        if matches!(kind, Kind::Greeting | Kind::Thanks | Kind::Pleasantry)
            && (open || !state.ending.sayings.is_empty())
        {
            return;
        }
        if kind == Kind::Goodbye {
            if open && state.dialogue.awaiting.kind != AwaitingKind::Identify {
                return;
            }
            state.dialogue.close_requests();
            open = false;
            state.farewell = true;
            if self.pack.texts.lists(&self.moment.locale, THANKS_WORDS, &self.moment.text)
                && state.ending.sayings.is_empty()
            {
                self.say(state, "", "chitchat_thanks", &Map::new(), Origin::Template);
            }
        }
        let menu: Vec<&str> =
            self.pack.manifest.menu.flows.iter().map(|flow| self.pack.title(&self.moment.locale, flow)).collect();
        state.dialogue.language_told |= kind == Kind::OtherLanguage;
        let names = json!({"menu": menu, "languages": [self.moment.locale]});
        self.say(state, "", key, &vars(names), Origin::Template);
        state.digressed = open;
        let offers = state.dialogue.awaiting.kind == AwaitingKind::Choice;
        if !open && offers && matches!(kind, Kind::AreYouHuman | Kind::Abilities) {
            state.offers_again = true;
        }
    }

    fn repeat(&self, state: &mut Deliberation) {
        let texts = state.dialogue.last_said.clone();
        state.in_full = true;
        let open = !state.dialogue.frames.is_empty();
        if !open {
            state.ending.sayings.extend(texts.into_iter().map(|text| Saying { text, ..Saying::default() }));
        }
        if matches!(state.dialogue.awaiting.slot.as_deref(), Some(CORRECTION | WORDING))
            && let Some(top) = state.dialogue.frames.last_mut()
        {
            // Nothing should be different: the proposal comes again, as if for the first time.
            top.repeated = None;
        }
        state.digressed = open;
    }

    /// Pushes a repair flow of the pack, which says what is to be said.
    pub(super) fn repair(&self, state: &mut Deliberation, flow: &str, values: Value) {
        if self.pack.flows.contains_key(flow) {
            state.dialogue.frames.push(Frame {
                flow: flow.to_owned(),
                vars: vars(values),
                repairs: true,
                ..Frame::default()
            });
        } else {
            state.ending.reasons.push(format!("flow {flow} does not exist"));
        }
    }
}

/// Whether a value is there, and in a list each one.
fn is_known(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| !value.is_null()),
        value => !value.is_null(),
    }
}

/// Whether free words can be an answer: a request runs, or a correction was asked for.
fn awaits_words(state: &Deliberation) -> bool {
    let corrects = matches!(state.dialogue.awaiting.slot.as_deref(), Some(CORRECTION | WORDING));
    corrects
        || state
            .dialogue
            .frames
            .last()
            .is_some_and(|top| top.asked.is_some() || top.pending == Pending::YesNo || top.shown.is_some())
}

/// Empties the slots of a request, so that they are read again with these words as the strongest.
pub(super) fn reopen(frame: &mut Frame, said: Said) {
    frame.shown = None;
    frame.confirmed = None;
    frame.reopens = false;
    frame.spent.clear();
    for slot in std::mem::take(&mut frame.filled) {
        frame.unset(&slot);
        frame.picked.remove(&slot);
    }
    frame.asked = None;
    frame.pc = 0;
    push_said(frame, Said { slot: Some(EVERY_SLOT.to_owned()), ..said });
}

fn push_said(frame: &mut Frame, said: Said) {
    if frame.said.len() >= SAID_MAX {
        frame.said.remove(0);
        frame.spent.values_mut().for_each(|spent| *spent = spent.saturating_sub(1));
    }
    frame.said.push(said);
}

/// One line for the trail.
pub(super) fn describe(command: &Command) -> String {
    match command {
        Command::StartFlow { flow, confidence, .. } => format!("start {flow} ({confidence:.2})"),
        Command::SetSlot { slot, .. } => format!("answer to {slot}"),
        Command::Correct { .. } => "correction".to_owned(),
        Command::Affirm => "yes".to_owned(),
        Command::Deny { .. } => "no".to_owned(),
        Command::Cancel => "cancel".to_owned(),
        Command::Undo => "what was done was not wanted".to_owned(),
        Command::Ask { confidence, .. } => format!("question ({confidence:.2})"),
        Command::AskColleague => "question for a colleague's word".to_owned(),
        Command::Choose { id } => format!("choice {id}"),
        Command::Handoff => "a person is wanted".to_owned(),
        Command::Chitchat { kind } => format!("small talk {kind:?}"),
        Command::Clarify { flows } => format!("unclear between {}", flows.join(", ")),
        Command::Repeat => "repeat".to_owned(),
        Command::CannotRead => "not understood".to_owned(),
    }
}
