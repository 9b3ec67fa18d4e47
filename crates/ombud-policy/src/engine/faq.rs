//! What is asked about a request, while it runs or just after it? Its own answers, from what it knows, come before articles.

use ombud_domain::{Citation, Command, Understanding};
use serde_json::{Map, Value};

use super::{Deliberation, Engine};
use crate::dialogue::{ENDED_MAX, EndedRequest, Frame, Origin, Saying, WaitingRequest, tell_danger};
use crate::flow::Op;
use crate::pack::NO_CHOICE;

/// A question is one about the request from this probability on ...
pub const ASKED: f32 = 0.5;
/// ... what is read as a look-up of something from this one ...
const LOOKED_UP: f32 = 0.6;
/// ... and what is read as an answer, a no or another request from this one, where it has as many words. What is as surely read as another request needs
/// as much.
const OVERRULES: f32 = 0.8;
const OVERRULING_WORDS_MIN: usize = 4;
const REQUEST_SURE: f32 = 0.9;
/// ... and what is read as the look-up that was told just now, which would say the same once more, from this one.
const TOLD_JUST_NOW: f32 = 0.35;
/// A look-up that is read this surely and is no question is one.
const TOLD_SURELY: f32 = 0.97;
/// Words of a no that stands alone before a question.
const NO_WORDS_MAX: usize = 3;
/// Another request beside a question is begun where it is read this surely.
const BEGUN_BESIDE: f32 = 0.85;
/// A request was begun with a question of its own from this probability on.
const BEGAN_WITH: f32 = 0.75;
/// A part of a longer question asks something of its own from this probability on.
const PART_ASKED: f32 = 0.6;
/// A sentence of which nothing else was understood asks about the request from this probability on.
const UNHEARD: f32 = 0.6;
/// One between commas from this one.
const CLAUSE_ASKED: f32 = 0.75;
/// What an answer of a request counts beside one of the request before it.
const OLDER: f32 = 0.85;
/// An answer that is asked for once more is given once more from this probability on.
const SURELY: f32 = 0.8;
/// Answers to one message, at most.
const ANSWERS_MAX: usize = 3;
/// A question of so few words may need the rest of the message: "does that matter?"
const SHORT_WORDS_MAX: usize = 6;
/// A further wish in a message is meant from this probability on.
const FURTHER_SURE: f32 = 0.75;
/// A mere look-up beside a question about the request is meant from this probability on.
const LOOK_UP_SURE: f32 = 0.85;
/// Where a sentence ends, and where a clause does.
const SENTENCE_ENDS: [&str; 9] = ["?", "!", ". ", ";", "\n", "？", "！", "。", "؟"];
const CLAUSE_ENDS: [&str; 4] = [", ", " - ", "，", "،"];
/// Parts of a text that are looked at.
const PARTS_MAX: usize = 10;
/// A part of fewer characters asks nothing by itself.
const PART_CHARS_MIN: usize = 8;

/// An answer of a request to a question about it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// For the trail: the flow, the answer and how surely it was asked for.
    because: String,
    p: f32,
    saying: Saying,
}

impl Engine<'_> {
    /// What was understood, where what asks about a request that runs or has just ended is a question, whatever else it sounds like: "no but when do
    /// the new ones come?" turns nothing down.
    pub(super) fn with_questions(&self, state: &mut Deliberation, understood: &Understanding) -> Understanding {
        let mut understood = understood.clone();
        if tell_danger(&understood.signals) || tell_danger(&state.dialogue.signals) {
            return understood;
        }
        // What is given up is asked nothing more, and a text that is written out asks nothing.
        if understood.commands.contains(&Command::Cancel) || self.writes_out(state, &understood) {
            return understood;
        }
        // "Nothing came, send me a new code" asks nothing about it.
        let of_code = |key| self.names_words(state, key, &self.moment.text);
        if state.dialogue.awaits_code() && (of_code("code_new_words") || of_code("code_lost_words")) {
            return understood;
        }
        let commands = understood.commands.len();
        let (mut behind_no, mut taken) = (Vec::new(), Vec::new());
        for command in &mut understood.commands {
            // A wish to have something done is read as a whole.
            let is_wish = matches!(command, Command::StartFlow { flow, .. } if !self.looks_up(flow));
            let Some((text, confidence, needed)) = self.may_ask(state, command, commands) else { continue };
            let answer = if is_wish { self.asked_of(state, text) } else { self.surest(state, text) };
            if let Some(answer) = answer.filter(|answer| answer.p >= needed) {
                taken.push((text.to_owned(), answer));
                let ask = |query: &str| Command::Ask { query: query.to_owned(), confidence };
                match (self.behind_no(), ask(text)) {
                    (Some(query), _) if matches!(command, Command::Deny { .. }) => {
                        *command = Command::Deny { text: String::new() };
                        behind_no.push(ask(query));
                    }
                    (_, asked) => *command = asked,
                }
                state.asks_about_request = true;
            }
        }
        understood.commands.extend(behind_no);
        self.add_unheard(state, &mut understood.commands);
        // A no beside the question may empty what the answer is made of.
        let asked = understood.commands.iter().filter_map(|command| match command {
            Command::Ask { query, .. } => Some(query.clone()),
            _ => None,
        });
        state.answers = asked
            .map(|query| {
                let answers = self.answers_to(state, &query);
                let surest = || taken.iter().filter(|(asked, _)| *asked == query).map(|(_, answer)| answer.clone());
                let answers = if answers.is_empty() { surest().collect() } else { answers };
                (query, answers)
            })
            .collect();
        if state.asks_about_request {
            let is_meant = |command: &Command| match command {
                Command::StartFlow { flow, confidence, .. } if self.looks_up(flow) => *confidence >= LOOK_UP_SURE,
                Command::StartFlow { flow, confidence, .. } => self.is_care(flow) || *confidence >= BEGUN_BESIDE,
                _ => true,
            };
            understood.commands.retain(is_meant);
        }
        understood
    }

    /// What of a command (of so many) may ask about a request, how surely it is read as that, and how surely it must ask.
    fn may_ask<'c>(&'c self, state: &Deliberation, command: &'c Command, of: usize) -> Option<(&'c str, f32, f32)> {
        Some(match command {
            Command::StartFlow { flow, .. } if self.is_care(flow) && !is_cared_for(state, flow) => return None,
            // What is said more of trouble that people see to already is no new wish.
            Command::StartFlow { flow, text, confidence } if self.is_care(flow) => {
                (text.as_str(), *confidence, LOOKED_UP)
            }
            Command::StartFlow { flow, text, confidence } if self.looks_up(flow) => {
                // "I want to pay it now" is told, and asks nothing.
                let is_told = *confidence >= TOLD_SURELY && !text.contains('?');
                // Who names another figure has it looked up anew.
                let is_same = state.dialogue.was_last(flow) && !text.contains(|c: char| c.is_ascii_digit());
                let needed = if is_same { TOLD_JUST_NOW } else { LOOKED_UP };
                (text.as_str(), *confidence, if is_told { REQUEST_SURE } else { needed })
            }
            Command::StartFlow { text, confidence, .. } => {
                let needed = if *confidence < REQUEST_SURE { OVERRULES } else { REQUEST_SURE };
                (text.as_str(), *confidence, needed)
            }
            Command::Ask { query, confidence } => (query.as_str(), *confidence, ASKED),
            Command::SetSlot { text, .. } | Command::Correct { text } | Command::Deny { text } if is_long(text) => {
                (text.as_str(), 0.0, OVERRULES)
            }
            Command::Deny { .. } | Command::CannotRead | Command::Clarify { .. } if of == 1 => {
                (self.moment.text.as_str(), 0.0, LOOKED_UP)
            }
            _ => return None,
        })
    }

    /// "No. Why must the shop answer first?" turns it down and asks; "no but when do the new ones come" only asks. What is asked so.
    fn behind_no(&self) -> Option<&str> {
        let (no, behind) = self.moment.text.split_once(['.', '!'])?;
        Some(behind.trim()).filter(|behind| !behind.is_empty() && no.split_whitespace().count() <= NO_WORDS_MAX)
    }

    /// "Can you take it tomorrow? And what does it cost?": a question about a request of which nothing was understood is one all the same.
    fn add_unheard(&self, state: &mut Deliberation, commands: &mut Vec<Command>) {
        let heard = |text: &str| {
            commands.iter().any(|command| match command {
                Command::Ask { query: words, .. } | Command::StartFlow { text: words, .. } => words.contains(text),
                Command::SetSlot { text: words, .. } | Command::Correct { text: words } => words.contains(text),
                _ => false,
            })
        };
        let asked = self.moment.text.split_inclusive('?').filter(|part| part.ends_with('?'));
        let asked = asked.filter_map(|part| parts(part, &SENTENCE_ENDS).pop().or(Some(part)));
        let unheard: Vec<String> = asked
            .map(|part| part.trim_matches(|c: char| c == '?' || c.is_whitespace()))
            .filter(|part| !heard(part))
            .filter(|part| self.asked_of(state, part).is_some_and(|answer| answer.p >= UNHEARD))
            .map(ToOwned::to_owned)
            .collect();
        state.asks_about_request |= !unheard.is_empty();
        let at = commands.iter().position(|command| matches!(command, Command::Ask { .. })).unwrap_or(commands.len());
        let added = unheard.into_iter().map(|query| Command::Ask { query, confidence: UNHEARD });
        commands.splice(at..at, added);
    }

    fn looks_up(&self, flow: &str) -> bool {
        self.pack.flows.get(flow).is_some_and(crate::flow::Flow::only_looks_up)
    }

    /// Answers a question about a request with what that has to say to it; whether it was one.
    pub(super) fn answer_from_faq(&self, state: &mut Deliberation, query: &str) -> bool {
        let mut answers = self.answers_to(state, query);
        if let Some((_, before)) = state.answers.iter().find(|(asked, _)| asked == query).filter(|_| answers.is_empty())
        {
            answers.clone_from(before);
        }
        if answers.is_empty() {
            return false;
        }
        state.dialogue.misread = 0;
        state.digressed |= !state.dialogue.frames.is_empty();
        for answer in answers {
            state.ending.reasons.push(answer.because);
            if answer.p >= SURELY {
                state.asked_surely.push(answer.saying.text.clone());
            }
            // What another answer tells already is not told beside it.
            if !state.ending.sayings.iter().any(|saying| saying.text.contains(&answer.saying.text)) {
                state.ending.sayings.push(answer.saying);
            }
        }
        true
    }

    /// The surest answer to a text, or to a part of it.
    fn surest(&self, state: &Deliberation, text: &str) -> Option<Answer> {
        let parts = self.asked_in_parts(state, text);
        self.asked_of(state, text)
            .into_iter()
            .chain(parts)
            .reduce(|best, next| if next.p > best.p { next } else { best })
    }

    /// The answers that the sentences of a text ask for, else its clauses; none where it has only one.
    fn asked_in_parts(&self, state: &Deliberation, text: &str) -> Vec<Answer> {
        let asked = |ends: &[&str], needed: f32| -> Vec<Answer> {
            let answers = parts(text, ends).into_iter().filter_map(|part| self.asked_of(state, part));
            answers.filter(|answer| answer.p >= needed).take(ANSWERS_MAX).collect()
        };
        let answers = asked(&SENTENCE_ENDS, PART_ASKED);
        if answers.is_empty() {
            asked(&[SENTENCE_ENDS.as_slice(), &CLAUSE_ENDS].concat(), CLAUSE_ASKED)
        } else {
            answers
        }
    }

    /// The answers to each part of a question, else to the whole, else to the message it stands in.
    fn answers_to(&self, state: &Deliberation, query: &str) -> Vec<Answer> {
        // "I don't have the bag any more, does that matter?" asks what the whole sentence asks.
        let around = parts(&self.moment.text, &SENTENCE_ENDS).into_iter().find(|sentence| sentence.contains(query));
        let around = around.filter(|sentence| sentence.len() > query.len());
        if let Some(answer) = around.and_then(|sentence| self.asked_of(state, sentence)).filter(|it| it.p >= PART_ASKED)
        {
            return vec![answer];
        }
        let answers = self.asked_in_parts(state, query);
        if !answers.is_empty() {
            return answers;
        }
        let whole = self.asked_of(state, query).filter(|answer| answer.p >= ASKED);
        let is_short = query.split_whitespace().count() <= SHORT_WORDS_MAX && query != self.moment.text;
        let message = || self.asked_of(state, &self.moment.text).filter(|answer| is_short && answer.p >= PART_ASKED);
        whole.or_else(message).into_iter().collect()
    }

    /// The answer that a text asks for most surely: of the running requests, those that ended and those that led to a person, the newest first.
    fn asked_of(&self, state: &Deliberation, text: &str) -> Option<Answer> {
        let running = state.dialogue.frames.iter().rev().map(|frame| (frame.flow.as_str(), &frame.vars));
        let ended = state.dialogue.ended.iter().rev().map(|ended| (ended.flow.as_str(), &ended.vars));
        let beside = state.dialogue.beside.iter().flat_map(|beside| beside.frames.iter().rev());
        let beside = beside.map(|frame| (frame.flow.as_str(), &frame.vars));
        let (mut weight, nothing) = (1.0, Map::new());
        let mut best: Option<(Answer, f32)> = None;
        let waits = state.dialogue.beside.as_ref().and(self.pack.manifest.desk.questions.as_deref());
        // What is asked while one waits is about the waiting rather than about what led there.
        for request in waits.map(|flow| (flow, &nothing)).into_iter().chain(running).chain(ended).chain(beside) {
            let answer = self.answer_of(state, request, text);
            if let Some(answer) = answer
                && best.as_ref().is_none_or(|(_, known)| answer.p * weight > *known)
            {
                let weighted = answer.p * weight;
                best = Some((answer, weighted));
            }
            weight *= if waits == Some(request.0) { 1.0 } else { OLDER };
        }
        best.map(|(answer, _)| answer)
    }

    fn answer_of(&self, state: &Deliberation, (flow, vars): (&str, &Map<String, Value>), text: &str) -> Option<Answer> {
        let faq = self.pack.flows.get(flow)?.faq.as_ref()?;
        let (id, p) = self.reader.meant(&faq.examples, text).filter(|(id, _)| id != NO_CHOICE)?;
        let frame = Frame { vars: vars.clone(), ..Frame::default() };
        let holds = |when: &crate::expr::Expr| self.expr(state, &frame, when, &[]) == Ok(Value::Bool(true));
        let is_asked = |answer: &&crate::flow::FaqAnswer| answer.id == id && answer.when.as_ref().is_none_or(holds);
        let answer = faq.answers.iter().find(is_asked)?;
        let text = self.render(state, flow, &answer.text, &[vars]).filter(|text| !text.trim().is_empty())?;
        let citations: Vec<Citation> = answer.cite.iter().filter_map(|id| self.cited(id)).collect();
        Some(Answer {
            because: format!("{flow} answers {id} ({p:.2})"),
            p,
            saying: Saying { text, origin: Origin::Record, citations },
        })
    }

    /// "When did I order the lamp?": a mere look-up that was begun with a question of its own says the answer to that, and not what it says else.
    pub(super) fn answers_what_was_asked(&self, state: &mut Deliberation) -> bool {
        let Some(top) = state.dialogue.frames.last().filter(|top| !top.called && self.is_at_end(top)) else {
            return false;
        };
        let Some(answer) = self.begun_with_question(state, top) else { return false };
        state.ending.reasons.push(answer.because);
        state.ending.sayings.push(answer.saying);
        true
    }

    /// Whether a mere look-up comes to its end with what it says next.
    fn is_at_end(&self, top: &Frame) -> bool {
        let Some(flow) = self.pack.flows.get(&top.flow).filter(|flow| flow.only_looks_up()) else { return false };
        match flow.ops.get(top.pc + 1) {
            Some(Op::Jump(target)) => matches!(flow.ops.get(*target), Some(Op::End)),
            next => matches!(next, Some(Op::End)),
        }
    }

    /// The same of a request that does more, beside what it says.
    pub(super) fn answer_beside(&self, state: &mut Deliberation, ended: &Frame) {
        if ended.called || self.looks_up(&ended.flow) {
            return;
        }
        let Some(answer) = self.begun_with_question(state, ended) else { return };
        if !state.ending.sayings.iter().any(|saying| saying.text == answer.saying.text) {
            state.ending.reasons.push(answer.because);
            state.ending.sayings.push(answer.saying);
        }
    }

    /// What a request that began in this turn has to say to the question it began with.
    fn begun_with_question(&self, state: &Deliberation, frame: &Frame) -> Option<Answer> {
        let said = frame.said.first().filter(|_| state.begun.contains(&frame.flow))?;
        let asked = |text| self.answer_of(state, (&frame.flow, &frame.vars), text);
        let answers = parts(&said.text, &SENTENCE_ENDS).into_iter().chain([said.text.as_str()]).filter_map(asked);
        let surest = answers.reduce(|best, next| if next.p > best.p { next } else { best });
        surest.filter(|answer| answer.p >= BEGAN_WITH)
    }

    /// Whether what is read as a wish asks how something stands, or is read too unsurely to wait behind what the same message begins or agrees to.
    pub(super) fn is_no_further_wish(&self, state: &mut Deliberation, flow: &str, text: &str, confidence: f32) -> bool {
        if !self.changes_something(flow) {
            return false;
        }
        let agreed = state.dialogue.frames.last().is_some_and(|top| top.confirmed.is_some());
        (agreed || !state.begun.is_empty()) && confidence < FURTHER_SURE || self.tells_how_it_stands(state, text)
    }

    /// What a request that has just done something leaves old: the customer's record, and what waits and was told by it already.
    pub(super) fn leave_done(&self, state: &mut Deliberation, ended: &Frame) {
        if !ended.vars.contains_key("receipt") {
            return;
        }
        state.dialogue.customer_read = false;
        let told = |text: &str| ended.said.iter().any(|said| said.text.contains(text));
        let is_done = |one: &WaitingRequest| one.flow == ended.flow && one.said.iter().all(|said| told(&said.text));
        state.dialogue.waiting.retain(|one| !is_done(one));
    }

    /// Keeps what a request knew that came to its end, for questions about it.
    pub(super) fn keep_for_questions(&self, state: &mut Deliberation, ended: &Frame) {
        if self.pack.flows.get(&ended.flow).is_none_or(|flow| flow.faq.is_none()) {
            return;
        }
        let kept = &mut state.dialogue.ended;
        let did = |vars: &Map<String, Value>| vars.contains_key("receipt");
        // One that came to nothing says less of it than the one that did it.
        if !did(&ended.vars) && kept.iter().any(|other| other.flow == ended.flow && did(&other.vars)) {
            return;
        }
        kept.retain(|other| other.flow != ended.flow);
        kept.push(EndedRequest { flow: ended.flow.clone(), vars: ended.vars.clone() });
        let surplus = kept.len().saturating_sub(ENDED_MAX);
        kept.drain(..surplus);
    }
}

/// Whether people see to the trouble that a flow of care is about.
pub(super) fn is_cared_for(state: &Deliberation, flow: &str) -> bool {
    state.dialogue.case.is_some() && state.dialogue.ended.iter().any(|ended| ended.flow == flow)
}

/// Whether words are enough to ask something where an answer was expected: "not now" is none.
fn is_long(text: &str) -> bool {
    text.split_whitespace().count() >= OVERRULING_WORDS_MIN
}

/// The parts of a text; none where it has only one.
fn parts<'t>(text: &'t str, ends: &[&str]) -> Vec<&'t str> {
    let mut parts = vec![text];
    for end in ends {
        parts = parts.into_iter().flat_map(|part| part.split(end)).collect();
    }
    let long = |part: &&str| part.chars().count() >= PART_CHARS_MIN;
    let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(long).take(PARTS_MAX).collect();
    if parts.len() > 1 { parts } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_sentences_and_clauses_that_may_ask_something() {
        let said = "ok good. and until when is that, the pause? 51.99 is a lot";
        assert_eq!(
            parts(said, &SENTENCE_ENDS),
            ["and until when is that, the pause", "51.99 is a lot"],
            "short ones ask nothing"
        );
        assert_eq!(parts("and until when is that, the pause", &CLAUSE_ENDS), ["and until when is that", "the pause"]);
        assert!(parts("when do i get it", &SENTENCE_ENDS).is_empty(), "one sentence is the whole");
        let long = "is it there yet? ".repeat(50);
        assert_eq!(parts(&long, &SENTENCE_ENDS).len(), PARTS_MAX);
    }

    #[test]
    fn an_answer_of_few_words_is_not_overruled() {
        assert!(!is_long("not now") && is_long("no but when do they come"));
    }
}
