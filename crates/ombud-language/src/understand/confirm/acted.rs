//! What does an answer to a proposal do, where no rule knows its words?
//!
//! The learnt reading decides only when it is sure. A yes needs more than that: nothing in the message may set a condition, take something back or
//! name another number than was shown, for a wrong yes moves money.

use ombud_domain::{Command, Kind};

use super::super::acts::{Act, Moment};
use super::super::leaving::{left, left_for_another};
use super::super::pieces::sentences;
use super::super::reading::Readings;
use super::super::rules::words;
use super::{Lead, Reading, asked, asks, empty, is_among, lead};

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
/// Below this it is doubted where something else is likelier ...
const HARDLY: f32 = 0.35;
/// ... in as many words.
const LONG_WORDS_MIN: usize = 6;
/// What it is instead must be this sure; else it is asked for plainly.
const OPPOSED: f32 = 0.5;
/// "Return it" to a proposal to cancel is this likely another request.
const OTHER_VERB: f32 = 0.5;
/// Words of an order that says no more than its verb and its thing.
const BARE_WORDS_MAX: usize = 3;
/// Words of a sentence that says which or how many rather than tells a story.
const SHORT_WORDS_MAX: usize = 8;
/// A part of a message must say it this surely.
const YES_TOLD: f32 = 0.97;
/// A yes beside a question must be this sure ...
const YES_AND_ASKS: f32 = 0.9;
/// ... and this sure in the same breath.
const YES_IN_QUESTION: f32 = 0.95;
/// What is told beside a question of a surely meant yes says so at least this much.
const YES_HALF: f32 = 0.6;
/// Where a part says yes, the whole must say so at least this much: else it wants to know first, or something else.
const YES_BESIDE: f32 = 0.6;

/// Commands of an answer that was read surely.
pub(super) fn acted(readings: &Readings<'_>, begins: Lead) -> Option<Vec<Command>> {
    // How a text that is shown should read is no act on the whole of it.
    let proposal = readings.context.proposal.unwrap_or_default();
    if readings.rules().rewording(proposal, readings.text).is_some() {
        return None;
    }
    let acts = readings.acts(Moment::Proposal, readings.text);
    if let Some(yes) = says_yes(readings, &acts)
        && !speaks_against(readings, begins, yes)
    {
        // "Why do you ask again? Yes" asks nothing.
        let asks_nothing = acts.iter().any(|(act, p)| *act == Act::Accept && *p >= SURER);
        let questions = if asks_nothing { Vec::new() } else { asks(&asked_beside(readings)) };
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
    let long = readings.text.split_whitespace().count() >= LONG_WORDS_MIN;
    if yes_of(&acts) >= if long && p >= OPPOSED { HARDLY } else { NO_YES } {
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

/// Class of thanks.
const THANKS: &str = "repair:thanks";

/// How much a reply says yes.
fn yes_of(acts: &[(Act, f32)]) -> f32 {
    acts.iter().filter(|(act, _)| matches!(act, Act::Accept | Act::AcceptAsk)).map(|(_, p)| p).sum()
}

/// How surely the message as a whole says yes; none if not surely enough. Beside a question a part of it must say so by itself: who is only glad
/// and asks wants to know first.
fn says_yes(readings: &Readings<'_>, acts: &[(Act, f32)]) -> Option<f32> {
    let whole = yes_of(acts);
    let best = acts.first().map(|(act, _)| *act);
    let questions = asked(readings);
    // "Thank you for offering" takes nothing up.
    let only_thanks = is_glad(readings, readings.text) && readings.whole().probability(THANKS) >= OPPOSED;
    if questions.is_empty() && whole >= YES && !only_thanks {
        return Some(whole);
    }
    let in_question = |part: &str| questions.iter().any(|piece| piece.text.contains(part));
    let mut told = parts(readings);
    told.retain(|part| is_outright(readings, part) || !in_question(part));
    // "Lovely, thanks. But wait, must I write to them myself?"
    let holds = |piece: &Reading| readings.rules().hold.is_match(readings.rules().without_lead(&piece.text));
    if !questions.is_empty()
        && (readings.pieces.iter().any(holds) || told.iter().any(|part| readings.rules().hold.is_match(part)))
    {
        return None;
    }
    let says = |least: f32| told.iter().any(|part| is_outright(readings, part) && says_so(readings, part, least));
    let in_one_breath = || whole >= YES_IN_QUESTION && is_outright(readings, readings.text);
    let is_heard = if told.is_empty() { in_one_breath() } else { whole >= YES_AND_ASKS && says(YES_HALF) };
    if best == Some(Act::AcceptAsk) && is_heard {
        return Some(whole);
    }
    // What else is told or asked may be meant otherwise: a part must say yes in so many words.
    let may = matches!(best, Some(Act::Accept | Act::AcceptAsk | Act::Ask)) && whole >= YES_BESIDE;
    let outright = || told.iter().any(|part| is_outright(readings, part) && says_so(readings, part, YES_TOLD));
    (may && outright()).then_some(whole)
}

/// What is asked beside a yes, with a question mark or without.
fn asked_beside<'r>(readings: &'r Readings<'_>) -> Vec<&'r Reading> {
    let asked = asked(readings);
    let is_asked = |piece: &&Reading| {
        let says_yes =
            !piece.text.contains('?') && parts_of(readings, &piece.text).iter().any(|part| is_outright(readings, part));
        !says_yes && (is_among(piece, &asked) || does(readings, &piece.text, OPPOSED, |act| act == Act::Ask))
    };
    readings.pieces.iter().filter(is_asked).collect()
}

/// Whether a text does one of these acts rather than any other, at least this surely.
fn does(readings: &Readings<'_>, text: &str, least: f32, is_it: impl Fn(Act) -> bool) -> bool {
    readings.acts(Moment::Proposal, text).first().is_some_and(|(act, p)| is_it(*act) && *p >= least)
}

/// What of a message could be a yes: its sentences, their clauses, and those without the word that joins them.
fn parts<'r>(readings: &Readings<'r>) -> Vec<&'r str> {
    parts_of(readings, readings.text)
}

fn parts_of<'t>(readings: &Readings<'_>, text: &'t str) -> Vec<&'t str> {
    let rules = readings.rules();
    let whole = sentences(text, rules);
    let clauses = whole.iter().flat_map(|sentence| sentence.split([',', ';', '…', '–', '—']));
    let dotted = clauses.flat_map(|clause| clause.split(".."));
    let told = whole.iter().copied().chain(dotted).filter(|part| !part.contains('?'));
    let without_joint = |part: &'t str| {
        let joint = rules.consent.joint.find(part).map_or(0, |found| found.end());
        rules.without_lead(part.get(joint..).unwrap_or_default())
    };
    told.map(|part| without_joint(rules.without_lead(part.trim()))).filter(|part| !part.is_empty()).collect()
}

/// Whether a part says yes by itself at least this surely, and more than that the customer is glad.
fn says_so(readings: &Readings<'_>, part: &str, least: f32) -> bool {
    !is_glad(readings, part) && yes_of(&readings.acts(Moment::Proposal, part)) >= least
}

/// Whether a part begins or ends with a yes, or orders it.
fn is_outright(readings: &Readings<'_>, part: &str) -> bool {
    let rules = readings.rules();
    let verbs = rules.proposed_verbs(readings.context.proposal.unwrap_or_default());
    if words(part).next().is_some_and(|word| verbs.contains(&word)) {
        return true;
    }
    let last = part.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next().unwrap_or_default();
    rules.consent.order.is_match(part) || [part, last].iter().any(|text| rules.affirm.is_match(text))
}

/// "Oh wow, nice" and "thank you, that's kind" tell a feeling, and not that it is to be done.
fn is_glad(readings: &Readings<'_>, part: &str) -> bool {
    empty(&readings.rules().consent.glad.replace_all(part, " "))
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
    let contrasts =
        rules.contrast.find_iter(readings.text).find(|found| !verbs.contains(&found.as_str().to_lowercase()));
    let contrasted = contrasts.and_then(|found| readings.text.get(found.end()..));
    let is_against = |rest: &str| {
        // "..., but what about the other one?" only asks, and "but only from 1 December, will you?" says how it is to be.
        if asked(readings).iter().any(|piece| piece.text.contains(rest.trim())) {
            return rules.restrict.is_match(rest) || names_other(readings, rest);
        }
        // "But ok, do it" says yes.
        if says_so(readings, rest.trim(), YES_TOLD) {
            return false;
        }
        if yes >= PLAIN || does(readings, rest, OPPOSED, |act| act == Act::Ask) {
            return does(readings, rest, OPPOSED, is_other);
        }
        let shown = rules.content_words(readings.context.proposal.unwrap_or_default());
        let names_else = rules.content_words(rest).iter().any(|word| !shown.contains(word));
        let agrees = |act| matches!(act, Act::Accept | Act::AcceptAsk | Act::Upset);
        names_else || !does(readings, rest, 0.0, agrees)
    };
    let mut contrasted = contrasted.map(|rest| sentences(rest, rules)).unwrap_or_default().into_iter();
    let turns_away = contrasted.next().is_some_and(is_against);
    if turns_away || contrasted.any(|sentence| does(readings, sentence, OPPOSED, is_other)) {
        return true;
    }
    if rules.consent.condition.is_match(readings.text) {
        return true;
    }
    if yes < PLAIN && rules.consent.refuses.is_match(&rules.consent.refuses_unless.replace_all(readings.text, " ")) {
        return true;
    }
    let asked = asked(readings);
    let told = |piece: &&Reading| !is_among(piece, &asked);
    let begins_other = |piece: &Reading, least: f32| {
        piece.flows().any(|(flow, p)| p >= least && Some(flow) != readings.context.active_flow)
    };
    readings.pieces.iter().filter(told).any(|piece| {
        let body = rules.without_lead(&piece.text);
        yes < PLAIN && (piece.is_conditional || rules.consent.hedge.is_match(&piece.text))
            || yes < SURER && piece.is_negated
            || rules.consent.retort.is_match(&piece.text)
            || [&rules.deny, &rules.hold]
                .iter()
                .any(|rule| rule.is_match(&rules.consent.refuses_unless.replace_all(body, " ")))
            || (is_short(&piece.text) || yes < PLAIN && does(readings, &piece.text, 0.0, is_other))
                && names_other(readings, &piece.text)
            || yes < PLAIN && names_somebody_else(readings, &piece.text)
            || asks_else(piece)
            || yes < SURER && begins_other(piece, OTHER)
            || is_bare(body) && begins_other(piece, OTHER_VERB)
    })
}

/// "Return it" to a proposal to cancel asks for something else.
fn is_bare(body: &str) -> bool {
    body.split_whitespace().count() <= BARE_WORDS_MAX
}

/// "Yes, the 79" names what was not shown; "I am 79 and it took me long enough to learn it" tells a story.
fn is_short(text: &str) -> bool {
    text.split_whitespace().count() <= SHORT_WORDS_MAX
}

/// Something else is wanted than what is proposed.
const fn is_other(act: Act) -> bool {
    matches!(act, Act::Change | Act::Decline | Act::Leave | Act::New)
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
