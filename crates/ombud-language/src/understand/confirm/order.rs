//! Does a sentence say outright to do what is proposed, whatever else the message tells?
//!
//! "I just want my money. Report it, please" and "alright, go ahead with that one, then the laptop" are a yes. Feelings and reasons beside it
//! take nothing back; a question before it, a condition or a change does.

use ombud_domain::Command;

use super::super::pieces::sentences;
use super::super::reading::{Reading, Readings};
use super::super::rules::Rules;
use super::{agrees, asked, asks, divide, empty, proposes_several};

/// What a part of a message is beside a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Says to do it.
    Order,
    /// Adds nothing: a bare yes, thanks, an outcry.
    Nothing,
    /// Asks.
    Question,
    /// Tells something.
    Statement,
    /// Takes back, holds up, changes or sets a condition.
    Against,
}

/// Commands of a message with such a sentence; none where there is none, or something speaks against it.
pub(super) fn ordered(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let rules = readings.rules();
    if rules.consent.retort.is_match(readings.text) {
        return None;
    }
    let mut seen: Vec<Part> = Vec::new();
    for text in sentences(readings.text, rules).into_iter().flat_map(clauses) {
        let part = part(readings, text, seen.as_slice());
        if part == Part::Against {
            return None;
        }
        seen.push(part);
    }
    let first = seen.iter().position(|part| *part == Part::Order)?;
    // Whoever asks before he orders wants to know first.
    if seen.iter().take(first).any(|part| *part == Part::Question) {
        return None;
    }
    // A sentence that orders it asks for nothing else, whatever it sounds like.
    let orders = |piece: &Reading| clauses(&piece.text).any(|clause| part(readings, clause, &[]) == Part::Order);
    let (same, mut beside) = divide(readings, orders);
    let active = readings.context.active_flow.unwrap_or_default();
    let questions: Vec<&Reading> =
        asked(readings).into_iter().filter(|piece| piece.text.contains('?') || !orders(piece)).collect();
    let told = same.into_iter().filter(|text| !questions.iter().any(|question| question.text == *text));
    let (more, same): (Vec<String>, Vec<String>) = told.partition(|text| is_more(readings, text));
    let tells = same
        .iter()
        .flat_map(|text| clauses(text))
        .any(|clause| part(readings, clause, &[Part::Order]) == Part::Statement);
    let corrects = tells.then(|| Command::Correct { text: same.join(" ") });
    let again = more.into_iter().map(|text| Command::StartFlow { flow: active.to_owned(), confidence: 1.0, text });
    beside.retain(|command| !matches!(command, Command::Ask { .. }));
    let commands = corrects.into_iter().chain([Command::Affirm]).chain(beside).chain(again);
    Some(commands.chain(asks(&questions)).collect())
}

/// Whether a message that wishes for a person also orders what is proposed by its verb: "block it, but let a person look at it too". A bare yes may
/// be one to the person.
pub(in super::super) fn orders_before_person(readings: &Readings<'_>) -> bool {
    let rules = readings.rules();
    let told = sentences(readings.text, rules).into_iter().flat_map(clauses);
    let mut orders = false;
    for clause in told.filter(|clause| !rules.person.handoff.is_match(clause) && !rules.names_people(clause)) {
        if matches!(part(readings, clause, &[]), Part::Against | Part::Question) {
            return false;
        }
        orders |= is_verb_of_proposal(readings, bare(readings, clause));
    }
    orders
}

/// Whether a sentence orders it that ends before a "but" begins another: "sure, go ahead. But do I have to pay meanwhile?"
pub(super) fn orders_before_but(readings: &Readings<'_>) -> bool {
    let rules = readings.rules();
    let mut before =
        sentences(readings.text, rules).into_iter().take_while(|sentence| !rules.consent.but.is_match(sentence));
    before.any(|sentence| clauses(sentence).any(|clause| part(readings, clause, &[]) == Part::Order))
}

/// "..., then the laptop on 7 December": a further thing without a verb of its own, after the order.
fn is_more(readings: &Readings<'_>, text: &str) -> bool {
    let rules = readings.rules();
    let piece = readings.pieces.iter().skip(1).find(|piece| piece.text == text);
    piece.is_some_and(|piece| !piece.is_question && rules.consent.further.is_match(rules.without_lead(&piece.text)))
}

/// Parts of a sentence between commas.
fn clauses(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split_inclusive([',', ';']).map(str::trim).filter(|part| part.chars().any(char::is_alphanumeric))
}

/// What a clause is, given what those before it are: behind an order more sounds like a question.
fn part(readings: &Readings<'_>, text: &str, before: &[Part]) -> Part {
    let rules = readings.rules();
    let body = bare(readings, text);
    if rules.conditional.is_match(rules.without_lead(text)) || rules.consent.hedge.is_match(text) {
        return Part::Against;
    }
    // "Do it" begins like a question.
    let orders = !text.contains('?') && is_order(readings, body);
    let asks = text.contains('?')
        || rules.question.is_match(body)
        || before.contains(&Part::Order) && rules.asking.is_match(text);
    if asks && !orders {
        return if rules.wish_question.is_match(body) { Part::Against } else { Part::Question };
    }
    if [&rules.deny, &rules.hold, &rules.contrast].iter().any(|rule| rule.is_match(body)) {
        return Part::Against;
    }
    if orders {
        return Part::Order;
    }
    if empty(&rules.affirm_tail.replace_all(body, " ")) { Part::Nothing } else { Part::Statement }
}

/// A clause without the words before its point and without a yes.
pub(super) fn bare<'t>(readings: &Readings<'_>, text: &'t str) -> &'t str {
    let rules = readings.rules();
    let mut body = rules.without_lead(text);
    for _ in 0..4 {
        if rules.consent.order.find(body).is_some_and(|found| found.start() == 0) {
            break;
        }
        let yes = rules.affirm.find(body).or_else(|| rules.affirm_weak.find(body));
        let Some(rest) = yes.and_then(|found| body.get(found.end()..)) else { break };
        body = rules.without_lead(rest.trim_start_matches([' ', ',', '.', '!', '…', '-']));
    }
    let polite = rules.polite_lead.find(body).and_then(|found| body.get(found.end()..));
    polite.unwrap_or(body).trim_end_matches([' ', ',', '.', '!', ';'])
}

/// "Do it", "go ahead with that one", or the verb of the proposal: "report it".
fn is_order(readings: &Readings<'_>, body: &str) -> bool {
    let rules = readings.rules();
    if rules.restrict.is_match(body) {
        return false;
    }
    if let Some(found) = rules.consent.order.find(body).filter(|found| found.start() == 0) {
        let rest = body.get(found.end()..).unwrap_or_default();
        return rules.content_words(&rules.affirm_tail.replace_all(rest, " ")).is_empty()
            || agrees(readings, rest, rest);
    }
    is_verb_of_proposal(readings, body)
}

/// Whether the words are the verb of the proposal, about nothing but what it is about: "report it", "open the case about the lamp".
pub(super) fn is_verb_of_proposal(readings: &Readings<'_>, body: &str) -> bool {
    let rules = readings.rules();
    let end = body.find(|c: char| !c.is_alphanumeric()).unwrap_or(body.len());
    let (verb, rest) = (body.get(..end).unwrap_or_default(), body.get(end..).unwrap_or_default());
    let verb = verb.to_lowercase();
    let is_shown = readings.context.proposal.is_some_and(|proposal| offers(rules, proposal, &verb));
    let about = rules.affirm_tail.replace_all(rest, " ");
    let adds_nothing = rules.content_words(&about).is_empty()
        || !proposes_several(readings) && !rules.restrict.is_match(rest) && agrees(readings, rest, &about);
    is_shown && !rest.contains('?') && !rules.contrast.is_match(rest) && adds_nothing
}

/// Whether a proposal is to do what the verb says: "Shall I report ...?", or the first word of one without such a question.
fn offers(rules: &Rules, proposal: &str, verb: &str) -> bool {
    rules.proposed_verbs(proposal).iter().any(|word| word == verb)
}

/// Whether one of the words is the verb of the proposal.
pub(super) fn names_verb_of_proposal(readings: &Readings<'_>, text: &str) -> bool {
    let rules = readings.rules();
    let Some(proposal) = readings.context.proposal else { return false };
    text.split(|c: char| !c.is_alphanumeric()).any(|word| offers(rules, proposal, &word.to_lowercase()))
}
