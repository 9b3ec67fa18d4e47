//! How is a question answered? By an article, by what the open request has shown, or by saying that we cannot.

use ombud_domain::knowledge::{Citation, Finding};
use ombud_domain::{AwaitingKind, Command, Understanding};
use serde_json::json;

use super::{Deliberation, Engine, Questioned, vars};
use crate::dialogue::{LastAnswer, Origin, Saying};
use crate::text;

/// Citations kept for a hand-over.
const CITED_MAX: usize = 8;
/// Below this, a question may just as well be the answer to ours.
const QUESTION_SURE: f32 = 0.5;
/// A question of so few words in the middle of a request is about that: "the jeans?"
const SHORT_WORDS_MAX: usize = 4;
/// Repair flow of a question that no article answers.
pub(super) const CANNOT_ANSWER: &str = "repair_cannot_answer";

/// Fewer words ask nothing that could be answered: "is it bad", "how do I do that".
const QUERY_WORDS_MIN: usize = 6;
/// Support of an answer from the articles beside an answer of the request.
const CLEAR_BESIDE: f32 = 0.6;
/// While a request runs, or after one, customers ask about it: an article about something else needs so much support ...
const OFF_TOPIC: f32 = 0.6;
/// ... and one about it so much. Where no request was spoken of, what the articles give by themselves is enough.
const ON_TOPIC: f32 = 0.2;

/// "Huh?", "right?" beside something else: an answer to it would only repeat it.
fn is_outcry(query: &str) -> bool {
    query.split_whitespace().count() < QUERY_WORDS_MIN
}

impl Engine<'_> {
    pub(super) fn answer_question(&self, state: &mut Deliberation, (query, sure): (&str, f32), findings: &[Finding]) {
        let agreed = state.dialogue.frames.last().is_some_and(|top| top.confirmed.is_some());
        if self.tells_not_yet(state, query) || !agreed && self.answer_from_faq(state, query) {
            return;
        }
        if state.dialogue.frames.is_empty() && self.tells_how_it_stands(state, query) {
            return;
        }
        let found = findings.iter().find(|finding| finding.query == query && !finding.sentences.is_empty());
        let found = found.filter(|finding| self.fits(state, finding));
        let open = !state.dialogue.frames.is_empty();
        let top = state.dialogue.frames.last();
        // Beside such a question only what is clear by itself is one for the articles.
        if !agreed && state.asks_about_request && found.is_none_or(|found| found.support < CLEAR_BESIDE) {
            return;
        }
        if agreed {
            state.afterwards.push(Questioned { query: query.to_owned(), finding: found.cloned() });
            return;
        }
        let asked = top.is_some_and(|top| top.asked.is_some());
        if asked && (sure < QUESTION_SURE || found.is_none()) {
            state.questioned = Some(Questioned { query: query.to_owned(), finding: found.cloned() });
            return self.answer_slot(state, query);
        }
        if let Some(finding) = found {
            self.tell_article(state, finding);
            state.digressed = open;
            state.completed |= !open;
            return;
        }
        state.ending.reasons.push("no article supports an answer".to_owned());
        state.unanswered = Some(query.to_owned());
    }

    /// Whether an article answers a question of somebody who is at a request, or was: "is it lost?" asks about the parcel, not about one sent back.
    fn fits(&self, state: &mut Deliberation, finding: &Finding) -> bool {
        let dialogue = &state.dialogue;
        let running = dialogue.frames.iter().map(|frame| frame.flow.as_str());
        let ended = dialogue.ended.iter().map(|ended| ended.flow.as_str()).chain(dialogue.last_flow.as_deref());
        let flows: Vec<_> = running.chain(ended).filter_map(|flow| self.pack.flows.get(flow)).collect();
        let Some(citation) = finding.citation.as_ref().filter(|_| !flows.is_empty()) else { return true };
        let is_on_topic = flows.iter().any(|flow| flow.articles.contains(&citation.article_id));
        let is_short = finding.query.split_whitespace().count() <= SHORT_WORDS_MAX;
        let fits = if is_on_topic { finding.support >= ON_TOPIC } else { finding.support >= OFF_TOPIC && !is_short };
        if !fits {
            state.ending.reasons.push(format!("{} is beside the point ({:.2})", citation.article_id, finding.support));
        }
        fits
    }

    /// "Did you report it or not?", while that waits for an answer or a yes: not yet. Whether that was asked.
    pub(super) fn tells_not_yet(&self, state: &mut Deliberation, text: &str) -> bool {
        let open = state.dialogue.frames.iter().find(|frame| !frame.called);
        let acts = open.is_some_and(|frame| frame.confirmed.is_none() && self.changes_something(&frame.flow));
        if !acts || !self.reader.asks_if_done(text) {
            return false;
        }
        self.say(state, "", "not_yet", &vars(json!({})), Origin::Template);
        state.digressed = true;
        true
    }

    /// Answers what was asked beside a yes, now that it is done.
    pub(super) fn answer_afterwards(&self, state: &mut Deliberation) {
        for Questioned { query, finding } in std::mem::take(&mut state.afterwards) {
            match finding {
                _ if self.answer_from_faq(state, &query) => {}
                Some(finding) => self.tell_article(state, &finding),
                None if is_outcry(&query) => {}
                None => self.say(
                    state,
                    CANNOT_ANSWER,
                    "no_answer",
                    &vars(json!({"query": query, "beside": true})),
                    Origin::Template,
                ),
            }
        }
    }

    /// Says that a question has no answer, unless the same words began a request that serves it.
    pub(super) fn own_up(&self, state: &mut Deliberation, understood: &Understanding) {
        let Some(query) = state.unanswered.take() else { return };
        let is_served = understood
            .commands
            .iter()
            .any(|command| matches!(command, Command::StartFlow { text, .. } if text.contains(&query)));
        if is_served {
            return;
        }
        let open = !state.dialogue.frames.is_empty();
        state.digressed |= open;
        state.dialogue.last_request = Some(query.clone());
        if !open && self.follows_up(state, &query) {
            return;
        }
        let is_new = |flow: &String| !state.dialogue.was_last(flow);
        // For somebody without an account there is nothing to choose among.
        if !open
            && !state.dialogue.no_account
            && state.near.iter().any(is_new)
            && state.dialogue.awaiting.kind != AwaitingKind::Identify
        {
            state.asks_which = true;
            return;
        }
        if open && self.tell_again(state, &query) {
            return;
        }
        let beside = understood.commands.len() > 1;
        if beside && is_outcry(&query) {
            return;
        }
        state.offers_person = !open;
        self.repair(state, CANNOT_ANSWER, json!({"query": query, "beside": beside}));
    }

    /// What no article tells about the request that ended just now, its records may: "and if it's late?" Whether a request began that looks at them.
    fn follows_up(&self, state: &mut Deliberation, query: &str) -> bool {
        let last = state.dialogue.last_flow.as_ref().filter(|_| state.dialogue.last_answer.is_none());
        let flow = last.and_then(|flow| self.pack.flows.get(flow)?.follow_up.clone());
        // What has just been shown has no more to tell.
        let is_new = |flow: &String| !state.dialogue.was_last(flow);
        let Some(flow) = flow.filter(|flow| is_new(flow) && self.reader.points_back(query)) else { return false };
        self.start(state, &flow, vec![self.said(state, None, query)]);
        true
    }

    /// Answers a question about the open request with what its records have shown: "which one is missing?"
    fn tell_again(&self, state: &mut Deliberation, query: &str) -> bool {
        let told: Vec<String> = state.dialogue.frames.iter().flat_map(|frame| frame.told.iter().cloned()).collect();
        let is_short = query.split_whitespace().count() <= SHORT_WORDS_MAX;
        if told.is_empty() || !is_short && !self.reader.points_back(query) {
            return false;
        }
        self.say(state, "", "as_it_stands", &vars(json!({"told": told})), Origin::Record);
        state.digressed = true;
        true
    }

    /// Says what an article says.
    fn tell_article(&self, state: &mut Deliberation, finding: &Finding) {
        state.dialogue.misread = 0;
        state.quoted = true;
        let titled = |mut citation: Citation| {
            let of_reader =
                finding.language.as_ref().and(self.pack.article_title(&self.moment.locale, &citation.article_id));
            citation.title = of_reader.unwrap_or(citation.title);
            citation
        };
        let citations: Vec<_> = finding.citation.iter().cloned().map(titled).collect();
        state.dialogue.cited.extend(citations.iter().cloned());
        let surplus = state.dialogue.cited.len().saturating_sub(CITED_MAX);
        state.dialogue.cited.drain(..surplus);
        if let Some(id) = finding.citation.as_ref().map(|citation| &citation.article_id) {
            let mut about =
                self.pack.flows.values().filter(|flow| flow.articles.contains(id) && !self.is_care(&flow.name));
            let acting = about.clone().find(|flow| self.changes_something(&flow.name));
            state.offers_request = acting.or_else(|| about.next()).map(|flow| flow.name.clone());
            state.dialogue.last_request = Some(finding.query.clone());
        }
        let before = state.dialogue.last_answer.take();
        let goes_on = |id: &str| before.as_ref().is_some_and(|before| before.article_id == id);
        let id = finding.citation.as_ref().map(|citation| citation.article_id.as_str());
        let short = finding.language.as_ref().and(id).filter(|id| !goes_on(id)).and_then(|id| {
            let text = self.pack.short_answer((&self.moment.locale, &self.moment.market), id)?;
            Some((text, finding.sentences.iter().all(|sentence| self.pack.leads(id, sentence))))
        });
        state.dialogue.last_answer = LastAnswer::after(before, finding);
        if let Some((text, is_all)) = short {
            let citations = if is_all { citations.clone() } else { Vec::new() };
            state.ending.sayings.push(Saying { text, origin: Origin::Knowledge, citations });
            if is_all {
                return;
            }
        }
        // What is there in another language only is quoted as it stands, and said to be so: nothing is translated unchecked.
        if let Some(language) = &finding.language {
            let values = vars(json!({"language": text::own_name(language)}));
            let told = finding.sentences.join(" ");
            let text = self.render(state, "", "passage_in_language", &[&values]);
            let text = text.map_or_else(|| told.clone(), |before| format!("{before}\n{told}"));
            return state.ending.sayings.push(Saying { text, origin: Origin::Knowledge, citations });
        }
        state.ending.sayings.push(Saying { text: finding.sentences.join(" "), origin: Origin::Knowledge, citations });
    }

    /// A question that was no answer after all is answered as far as we can, and the open one comes again.
    pub(super) fn leave_question(&self, state: &mut Deliberation) {
        let Some(Questioned { query, finding }) = state.questioned.take() else { return };
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.said.pop_if(|said| said.text == query);
            state.digressed = true;
        }
        state.answered = false;
        match finding {
            Some(finding) => self.tell_article(state, &finding),
            None => self.say(state, CANNOT_ANSWER, "no_answer", &vars(json!({"beside": false})), Origin::Template),
        }
    }
}
