//! Is a proposal accepted, turned down, or changed?
//!
//! A yes counts only if nothing said with it asks for something else: a wrong yes moves money, a wrong "not yet" costs a sentence.

use ombud_domain::Command;

use super::reading::{ASK, Reading, Readings};
use super::requests::{Role, Told, aside, role, told};

/// A new request beside an answer must be this sure.
const BESIDE: f32 = 0.55;

/// How a message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Yes,
    WeakYes,
    No,
    Hold,
    Other,
}

/// Commands of an answer to a proposal.
pub(super) fn read(readings: &Readings<'_>) -> Vec<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    if rules.cancel_whole.is_match(readings.text) || rules.cancel_whole.is_match(body) || rules.withdraws(readings.text)
    {
        return vec![Command::Cancel];
    }
    if let Some(talk) = aside(readings) {
        return vec![talk];
    }
    if rules.repeat.is_match(body) {
        return vec![Command::Repeat];
    }
    let (lead, rest) = lead(readings, body);
    if doubtful(readings, lead, &rest) {
        return vec![Command::CannotRead];
    }
    match lead {
        Lead::Yes | Lead::WeakYes => yes(readings, lead, &rest),
        Lead::No => no(readings, &rest),
        Lead::Hold => changed(readings),
        Lead::Other => other(readings),
    }
}

/// The first word that answers, and what is said after it.
fn lead(readings: &Readings<'_>, body: &str) -> (Lead, String) {
    let rules = readings.rules();
    let mut rest = body;
    let mut weak = false;
    for _ in 0..4 {
        let after = |end: usize| {
            rest.get(end..).unwrap_or_default().trim_start_matches([' ', ',', '.', '!', '…', '-']).to_owned()
        };
        // "That's not right" begins like "that's right" to nobody but a pattern: no is tried first.
        if let Some(found) = rules.deny.find(rest) {
            return (Lead::No, after(found.end()));
        }
        if rules.hold.is_match(rest) {
            return (Lead::Hold, rest.to_owned());
        }
        if let Some(found) = rules.affirm.find(rest) {
            return (Lead::Yes, after(found.end()));
        }
        let Some(found) = rules.affirm_weak.find(rest) else { break };
        weak = true;
        rest = rest.get(found.end()..).unwrap_or_default().trim_start_matches([' ', ',', '.', '!', '…', '-']);
        rest = rules.without_lead(rest);
    }
    if weak { (Lead::WeakYes, rest.to_owned()) } else { (Lead::Other, body.to_owned()) }
}

/// Whether a yes is asked rather than said, hedged, or a retort; then it is asked again plainly.
fn doubtful(readings: &Readings<'_>, lead: Lead, rest: &str) -> bool {
    let (rules, text) = (readings.rules(), readings.text);
    let is_asked = text.contains('?');
    // "Sure, why would I do that" orders nothing, whatever its last words are.
    if matches!(lead, Lead::Yes | Lead::WeakYes) && rules.retort.is_match(text) {
        return true;
    }
    if rules.order.is_match(text) && !is_asked {
        return false;
    }
    let bare = |words: &str| rules.affirm_tail.replace_all(words, " ").into_owned();
    let unhedged = |words: &str| bare(&rules.hedge.replace_all(words, " "));
    let hedged = rules.hedge.is_match(text);
    match lead {
        Lead::Yes | Lead::WeakYes => {
            is_asked && empty(&bare(rest)) || hedged && rules.content_words(&unhedged(rest)).is_empty()
        }
        Lead::Other => hedged && rules.content_words(&unhedged(text)).is_empty(),
        Lead::No | Lead::Hold => false,
    }
}

fn yes(readings: &Readings<'_>, lead: Lead, rest: &str) -> Vec<Command> {
    let rules = readings.rules();
    if empty(&rules.affirm_tail.replace_all(rest, " ")) {
        return vec![Command::Affirm];
    }
    let (same, beside) = divide(readings);
    let said = same.join(" ");
    let said = rules.without_lead(&said);
    let about = lead_rest(readings, said);
    let bare = rules.affirm_tail.replace_all(&about, " ").into_owned();
    let mut commands = if empty(&bare) || agrees(readings, &about, &bare) {
        vec![Command::Affirm]
    } else {
        // What else was said is read as a correction. If that changes nothing, a plain yes stays a yes: "yes, the sooner the better".
        let plain = lead == Lead::Yes && !rules.contrast.is_match(&about) && !rules.restrict.is_match(&about);
        let correct = Command::Correct { text: readings.text.to_owned() };
        let asks = beside.into_iter().filter(|command| matches!(command, Command::Ask { .. }));
        return std::iter::once(correct).chain(plain.then_some(Command::Affirm)).chain(asks).collect();
    };
    commands.extend(beside);
    commands
}

/// What is said with a yes, without the yes.
fn lead_rest(readings: &Readings<'_>, said: &str) -> String {
    let rules = readings.rules();
    let (_, rest) = lead(readings, rules.without_lead(said));
    rest
}

/// Whether the words said with a yes only repeat what was proposed.
fn agrees(readings: &Readings<'_>, about: &str, bare: &str) -> bool {
    let rules = readings.rules();
    if rules.contrast.is_match(about) {
        return false;
    }
    let active = readings.context.active_flow.unwrap_or_default();
    let usual = rules.flow_words.get(active);
    let words: Vec<String> =
        rules.content_words(bare).into_iter().filter(|word| usual.is_none_or(|usual| !usual.contains(word))).collect();
    match readings.context.proposal {
        Some(proposal) => {
            let shown = rules.content_words(proposal);
            let covered =
                words.iter().all(|word| shown.iter().any(|known| known == word || known.starts_with(word.as_str())));
            // "Just the lamp" accepts a proposal of one thing, and changes one of several.
            let several = proposal.lines().filter(|line| line.trim_start().starts_with(['-', '*', '•'])).count() > 1
                || proposal.contains(" and ")
                || proposal.contains(';');
            covered && (!rules.restrict.is_match(about) || !several)
        }
        // Without the words of the proposal, a repetition of the request that is under way is taken for agreement.
        None => {
            let reading = readings.pieces.iter().find(|piece| piece.text.contains(about.trim()));
            let same = reading.and_then(Reading::best_flow).is_some_and(|(flow, p)| flow == active && p >= 0.4);
            !rules.restrict.is_match(about) && (words.is_empty() || same)
        }
    }
}

/// Sentences about the proposal, and commands for what is asked beside it.
fn divide(readings: &Readings<'_>) -> (Vec<String>, Vec<Command>) {
    let active = readings.context.active_flow;
    let mut same = Vec::new();
    let mut beside: Vec<Reading> = Vec::new();
    for (i, piece) in readings.pieces.iter().enumerate() {
        let apart = match role(readings, piece, Told::Request) {
            Role::Flow(flow, p) => {
                p >= BESIDE
                    && (Some(flow.as_str()) != active || piece.is_additive)
                    && (i > 0 || !answers(readings, piece))
            }
            Role::Ask(p) => piece.is_question && (p >= BESIDE || i > 0),
            Role::Handoff => true,
            Role::Talk(_) => {
                continue;
            }
            // What elaborates a new request goes with it.
            Role::Detail => !beside.is_empty(),
            _ => false,
        };
        if apart {
            beside.push(piece.clone());
        } else {
            same.push(piece.text.clone());
        }
    }
    let commands = told(readings, &beside);
    (same, commands)
}

/// Whether a piece begins with a yes or no.
fn answers(readings: &Readings<'_>, piece: &Reading) -> bool {
    let rules = readings.rules();
    let body = rules.without_lead(&piece.text);
    rules.affirm.is_match(body) || rules.deny.is_match(body) || rules.affirm_weak.is_match(body)
}

fn no(readings: &Readings<'_>, rest: &str) -> Vec<Command> {
    let rules = readings.rules();
    if rules.cancel_whole.is_match(rest) {
        return vec![Command::Cancel];
    }
    let active = readings.context.active_flow;
    let other: Vec<Reading> = readings
        .pieces
        .iter()
        .filter(|piece| matches!(role(readings, piece, Told::Request), Role::Flow(flow, p) if p >= 0.7 && Some(flow.as_str()) != active && piece.is_request))
        .cloned()
        .collect();
    let adds_nothing = empty(&rules.deny_tail.replace_all(rest, " ")) || refuses(readings, readings.text);
    let text = if adds_nothing { String::new() } else { rest.trim().to_owned() };
    let mut commands = vec![Command::Deny { text }];
    commands.extend(told(readings, &other).into_iter().filter(|command| matches!(command, Command::StartFlow { .. })));
    commands
}

/// Whether every sentence turns the proposal down by naming it: "do not report anything, please".
fn refuses(readings: &Readings<'_>, text: &str) -> bool {
    let rules = readings.rules();
    let mut sentences = text.split(['.', '!', '\n']).map(str::trim).filter(|sentence| !empty(sentence)).peekable();
    sentences.peek().is_some()
        && sentences.all(|sentence| {
            let sentence = sentence.trim_matches([',', ' ']);
            if empty(&rules.deny_tail.replace_all(sentence, " ")) {
                return true;
            }
            rules.refusal.find(rules.without_lead(sentence)).is_some_and(|found| {
                let about = rules.without_lead(sentence).get(found.end()..).unwrap_or_default();
                agrees(readings, about, about)
            })
        })
}

/// "Wait", "actually": either a question, or a change.
fn changed(readings: &Readings<'_>) -> Vec<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    let rest = rules.hold.find(body).and_then(|found| body.get(found.end()..)).unwrap_or_default();
    if let Some(question) = asked(readings) {
        return question;
    }
    if empty(&rules.deny_tail.replace_all(rest, " ")) {
        return vec![Command::Deny { text: String::new() }];
    }
    if rules.deny.is_match(rules.without_lead(rest.trim_start_matches([' ', ',', '.', '!']))) {
        return no(readings, rest.trim_start_matches([' ', ',', '.', '!']));
    }
    vec![Command::Correct { text: readings.text.to_owned() }]
}

/// Neither yes nor no in front.
fn other(readings: &Readings<'_>) -> Vec<Command> {
    if refuses(readings, readings.text) {
        return vec![Command::Deny { text: String::new() }];
    }
    let whole = readings.whole();
    let (class, p) = whole.best();
    let short = readings.text.split_whitespace().count() <= 5;
    match class {
        "repair:affirm" if p >= 0.6 && short => return vec![Command::Affirm],
        "repair:deny" if p >= 0.5 => return vec![Command::Deny { text: String::new() }],
        "repair:cancel" if p >= 0.6 && short => return vec![Command::Cancel],
        "repair:repeat" if p >= 0.6 && short => return vec![Command::Repeat],
        _ => {}
    }
    if let Some(question) = asked(readings) {
        return question;
    }
    let active = readings.context.active_flow;
    let starts: Vec<Command> =
        told(readings, &readings.pieces).into_iter().filter(|c| !matches!(c, Command::Clarify { .. })).collect();
    let new = starts.iter().all(|command| match command {
        Command::StartFlow { flow, confidence, .. } => *confidence >= BESIDE && Some(flow.as_str()) != active,
        Command::Handoff | Command::Chitchat { .. } => true,
        _ => false,
    });
    if new && !starts.is_empty() {
        return starts;
    }
    if readings.understander.classifier.known_share(readings.text) < 0.2 {
        return vec![Command::CannotRead];
    }
    vec![Command::Correct { text: readings.text.to_owned() }]
}

/// A question before deciding: "wait, what does it cost?"
fn asked(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let questions: Vec<&Reading> = readings
        .pieces
        .iter()
        .filter(|piece| {
            piece.is_question && piece.text.contains('?')
                || piece.best().0 == ASK && piece.best().1 >= BESIDE && piece.is_question
        })
        .collect();
    let rules = readings.rules();
    let all = readings
        .pieces
        .iter()
        .all(|piece| piece.is_question || empty(&rules.deny_tail.replace_all(rules.without_lead(&piece.text), " ")));
    if questions.is_empty() || !all {
        return None;
    }
    // "Can you make it the blue one?" is a change, not a question.
    let bare = |text: &str| rules.hold.replace(rules.without_lead(text), "").into_owned();
    let wish = questions.iter().any(|piece| {
        rules.contrast.is_match(&bare(&piece.text))
            || piece.best_flow().is_some_and(|(flow, p)| Some(flow) == readings.context.active_flow && p >= BESIDE)
    });
    let command =
        |piece: &&Reading| Command::Ask { query: piece.text.clone(), confidence: piece.probability(ASK).max(0.5) };
    (!wish).then(|| questions.iter().map(command).collect())
}

fn empty(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}
