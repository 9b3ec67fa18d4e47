//! What does an answer to a proposal do, where no rule knows its words?
//!
//! The learnt reading decides only when it is sure. A yes needs more than that: nothing in the message may set a condition, take something back or
//! name another number than was shown, for a wrong yes moves money.

use ombud_domain::{Command, Kind};

use super::super::acts::{Act, Moment};
use super::super::leaving::{left, left_for_another};
use super::super::reading::Readings;
use super::super::rules::words;
use super::{Lead, Reading, asked, asks, is_among, lead};

/// A yes must be this sure ...
const YES: f32 = 0.9;
/// ... anything else this.
const SURE: f32 = 0.7;
/// What is this sure is no condition and no half a yes, whatever its words: "if you could, that'd be grand".
const PLAIN: f32 = 0.96;
/// Where the words are those of another request, a yes must be this sure ...
const SURER: f32 = 0.9;
/// ... if the other request is that sure.
const OTHER: f32 = 0.85;
/// Below this a yes that the rules found is doubted ...
const NO_YES: f32 = 0.1;
/// ... if it has this many words: shorter ones are what the rules are for.
const OPPOSED_WORDS_MIN: usize = 3;
/// What it is instead must be this sure; else it is asked for plainly.
const OPPOSED: f32 = 0.5;
/// Words of an order that says no more than its verb and its thing.
const SHORT_WORDS_MAX: usize = 3;
/// What is told beside a question must say it this surely.
const YES_TOLD: f32 = 0.97;
/// A yes in the same breath as a question must be this sure.
const YES_AND_ASKS: f32 = 0.97;
/// Where what is told beside a question says yes, the whole must say so at least this much: else it wants to know first.
const YES_BESIDE_QUESTION: f32 = 0.5;

/// Commands of an answer that was read surely.
pub(super) fn acted(readings: &Readings<'_>, begins: Lead) -> Option<Vec<Command>> {
    // How a text that is shown should read is no act on the whole of it.
    let proposal = readings.context.proposal.unwrap_or_default();
    if readings.rules().rewording(proposal, readings.text).is_some() {
        return None;
    }
    let acts = readings.acts(Moment::Proposal, readings.text);
    if let Some(yes) = says_yes(readings, &acts, begins)
        && !speaks_against(readings, begins, yes)
    {
        // "Why do you ask again? Yes" asks nothing.
        let asks_nothing = acts.iter().any(|(act, p)| *act == Act::Accept && *p >= SURER);
        let questions = if asks_nothing { Vec::new() } else { asks(&asked(readings)) };
        return Some(std::iter::once(Command::Affirm).chain(questions).collect());
    }
    // What follows a plain no may say what should be different: that is read word by word.
    if matches!(begins, Lead::No | Lead::Hold) {
        return None;
    }
    let (act, p) = acts.first().copied()?;
    if p < SURE {
        return None;
    }
    match act {
        Act::Decline | Act::Leave if names_other(readings, readings.text) => None,
        Act::Decline if p < SURER => None,
        Act::Decline => Some(vec![Command::Deny { text: String::new() }]),
        Act::Leave => Some(left(readings)),
        Act::Close => Some(vec![Command::Cancel, Command::Chitchat { kind: Kind::Goodbye }]),
        // "Fine, but first tell me when the money comes" asks.
        Act::Hesitate if !readings.rules().telling.is_match(readings.text) => Some(vec![Command::CannotRead]),
        Act::Ask | Act::Hesitate => {
            let asked = asked(readings);
            let whole = || vec![Command::Ask { query: readings.text.to_owned(), confidence: 0.5 }];
            Some(if asked.is_empty() { whole() } else { asks(&asked) })
        }
        Act::New => left_for_another(readings),
        Act::Accept | Act::AcceptAsk | Act::Change | Act::Answer | Act::Person | Act::Upset => None,
    }
}

/// What is done with a reply in which the rules found a yes and what was learnt reads hardly one; none where it does not contradict.
pub(super) fn opposed(readings: &Readings<'_>) -> Option<Vec<Command>> {
    if readings.text.split_whitespace().count() < OPPOSED_WORDS_MIN {
        return None;
    }
    let acts = readings.acts(Moment::Proposal, readings.text);
    let (act, p) = acts.first().copied()?;
    if yes_of(&acts) >= NO_YES {
        return None;
    }
    let (begins, _) = lead(readings, readings.rules().without_lead(readings.text));
    let says_no = matches!(begins, Lead::No | Lead::Hold);
    Some(match act {
        Act::Decline if p >= OPPOSED => vec![Command::Deny { text: String::new() }],
        Act::Leave if p >= OPPOSED => left(readings),
        Act::Ask | Act::Hesitate if readings.understander.asks(readings.text) => {
            vec![Command::Ask { query: readings.text.to_owned(), confidence: p }]
        }
        Act::Hesitate if !says_no => vec![Command::CannotRead],
        _ => vec![Command::Correct { text: readings.text.to_owned() }],
    })
}

/// How much a reply says yes.
fn yes_of(acts: &[(Act, f32)]) -> f32 {
    acts.iter().filter(|(act, _)| matches!(act, Act::Accept | Act::AcceptAsk)).map(|(_, p)| p).sum()
}

/// How surely the message says yes, or what it tells beside its questions; none if not surely enough. Who is only glad and asks wants to know first.
fn says_yes(readings: &Readings<'_>, acts: &[(Act, f32)], begins: Lead) -> Option<f32> {
    let (rules, whole) = (readings.rules(), yes_of(acts));
    let questions = asked(readings);
    if questions.is_empty() {
        return Some(whole).filter(|yes| *yes >= YES);
    }
    if rules.contrast.is_match(readings.text) || !matches!(begins, Lead::Yes | Lead::Other) {
        return None;
    }
    let best = acts.first().map(|(act, _)| *act);
    let told: Vec<&str> =
        readings.pieces.iter().filter(|piece| !is_among(piece, &questions)).map(|piece| piece.text.as_str()).collect();
    if told.is_empty() {
        return Some(whole).filter(|yes| best == Some(Act::AcceptAsk) && *yes >= YES_AND_ASKS);
    }
    let may = matches!(best, Some(Act::Accept | Act::AcceptAsk | Act::Ask));
    let yes = yes_of(&readings.acts(Moment::Proposal, &told.join(" ")));
    Some(yes).filter(|yes| may && whole >= YES_BESIDE_QUESTION && *yes >= YES_TOLD)
}

/// Whether something in the message speaks against a yes.
fn speaks_against(readings: &Readings<'_>, begins: Lead, yes: f32) -> bool {
    let rules = readings.rules();
    let verbs = rules.proposed_verbs(readings.context.proposal.unwrap_or_default());
    // "Yes, and please add that ..." asks for something else than what is proposed.
    let asks_else = |piece: &Reading| {
        (piece.is_additive || begins != Lead::Other)
            && piece.is_request
            && !rules.consent.order.is_match(&piece.text)
            && !words(&piece.text).any(|word| verbs.contains(&word))
            && lead(readings, rules.without_lead(&piece.text)).0 == Lead::Other
    };
    // "Ok but use my PayPal": what follows the but must name nothing else, and say yes too or only complain.
    let contrasted = rules.contrast.find(readings.text).and_then(|found| readings.text.get(found.end()..));
    let is_against = |rest: &str| {
        let shown = rules.content_words(readings.context.proposal.unwrap_or_default());
        let names_else = rules.content_words(rest).iter().any(|word| !shown.contains(word));
        let best = readings.acts(Moment::Proposal, rest).first().map(|(act, _)| *act);
        names_else || !matches!(best, None | Some(Act::Accept | Act::AcceptAsk | Act::Upset))
    };
    if contrasted.is_some_and(is_against) {
        return true;
    }
    if rules.consent.refuses.is_match(&rules.consent.refuses_unless.replace_all(readings.text, " ")) {
        return true;
    }
    let asked = asked(readings);
    let told = |piece: &&Reading| !is_among(piece, &asked);
    readings.pieces.iter().filter(told).any(|piece| {
        let body = rules.without_lead(&piece.text);
        yes < PLAIN && (piece.is_conditional || rules.consent.hedge.is_match(&piece.text))
            || yes < SURER && piece.is_negated
            || rules.consent.retort.is_match(&piece.text)
            || [&rules.deny, &rules.hold].iter().any(|rule| rule.is_match(body))
            || names_other(readings, &piece.text)
            || yes < PLAIN && names_somebody_else(readings, &piece.text)
            || asks_else(piece)
            || (yes < SURER || is_short(body))
                && words(body).next().is_some_and(|word| rules.is_verb(&word) && !verbs.contains(&word))
            || yes < SURER && piece.flows().any(|(flow, p)| p >= OTHER && Some(flow) != readings.context.active_flow)
    })
}

/// "Return it" to a proposal to cancel asks for something else.
fn is_short(body: &str) -> bool {
    body.split_whitespace().count() <= SHORT_WORDS_MAX
}

/// Whether the words say which or how many, and that was not shown.
fn names_other(readings: &Readings<'_>, text: &str) -> bool {
    let proposal = readings.context.proposal.unwrap_or_default();
    let digits = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(ToOwned::to_owned).collect()
    };
    let (shown, named): (Vec<String>, Vec<String>) = (digits(proposal), words(proposal).collect());
    // "80B" is not the 80C that was shown.
    let is_size = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.ends_with(|c: char| c.is_alphabetic())
            && !["st", "nd", "rd", "th", "am", "pm"].iter().any(|ending| word.ends_with(ending))
    };
    digits(text).iter().any(|run| !shown.contains(run))
        || words(text).any(|word| (readings.rules().is_value(&word) || is_size(&word)) && !named.contains(&word))
}

/// "It was Bradford" names what was not shown; so does who spells a word.
fn names_somebody_else(readings: &Readings<'_>, text: &str) -> bool {
    let named: Vec<String> = words(readings.context.proposal.unwrap_or_default()).collect();
    let is_shouted = !text.chars().any(char::is_lowercase);
    let is_name = |word: &str| word.chars().count() > 1 && word.starts_with(char::is_uppercase);
    let inside = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).skip(1);
    let names = inside.filter(|word| is_name(word)).any(|word| !named.contains(&word.to_lowercase()));
    names && !is_shouted || readings.rules().written.spelt.is_match(text)
}
