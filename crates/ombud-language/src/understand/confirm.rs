//! Is a proposal accepted, turned down, or changed?
//!
//! A yes counts only if nothing said with it asks for something else: a wrong yes moves money, a wrong "not yet" costs a sentence.

use ombud_domain::{Command, Kind};

use super::leaving::leaving;
use super::pieces::sentences;
use super::reading::{ASK, Reading, Readings};
use super::requests::{Role, Told, aside, role, told};
use super::rules::Rules;

mod acted;
mod amended;
mod order;
mod taken_out;

/// A new request beside an answer must be this sure.
const BESIDE: f32 = 0.55;
/// A question behind a "but" is one of as many words.
const BUT_WORDS_MIN: usize = 5;
/// A question that begins a look at one's own records beside a proposal must be this sure.
const LOOK_UP: f32 = 0.75;
/// A new request beside a question, or after a no, must be this sure.
const BEGUN: f32 = 0.7;
/// What neither asks nor wishes, beside a proposal, begins something else only where it is this sure.
const BEGUN_BY_TELLING: f32 = 0.85;

/// The same in a message that as a whole is about the proposal: "I want to complain formally. The refund has not come."
const BEGUN_SURELY: f32 = 0.95;

pub(super) use amended::amends_behind_yes;
pub(super) use order::orders_before_person;

/// How a message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Yes,
    WeakYes,
    No,
    Hold,
    Other,
}

/// Commands of an answer to a proposal. A yes that the rules find stands only where it is to what is shown, and what was learnt does not read the
/// opposite.
pub(super) fn read(readings: &Readings<'_>) -> Vec<Command> {
    let mut commands = amended::without_conditional_yes(readings, answered(readings));
    // "Before I say yes, I wore them once, is that a problem?" and "yes that I have read, but do I have to pay then?" say none.
    if asks_before_yes(readings, &commands) && commands.contains(&Command::Affirm) {
        commands.retain(|command| *command != Command::Affirm);
        return if commands.is_empty() { vec![Command::CannotRead] } else { commands };
    }
    // What is put right beside a yes is read already, and a wish for a person stands.
    let may_be_instead =
        |command: &Command| matches!(command, Command::Affirm | Command::StartFlow { .. } | Command::Ask { .. });
    let is_doubted = commands.contains(&Command::Affirm) && commands.iter().all(may_be_instead);
    is_doubted.then(|| acted::opposed(readings)).flatten().unwrap_or(commands)
}

/// Whether a yes is still to come: said so, or behind a "but" stands a question of more than a few words.
fn asks_before_yes(readings: &Readings<'_>, commands: &[Command]) -> bool {
    let rules = readings.rules();
    let asks = commands.iter().any(|command| matches!(command, Command::Ask { .. }));
    let behind = rules.consent.but.find(readings.text).and_then(|but| readings.text.get(but.end()..));
    let is_long = behind.is_some_and(|rest| rest.contains('?') && rest.split_whitespace().count() >= BUT_WORDS_MIN);
    rules.consent.not_yet.is_match(readings.text) || asks && is_long && !order::orders_before_but(readings)
}

fn answered(readings: &Readings<'_>) -> Vec<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    // "Yes, go ahead with the exchange" orders no return, however plainly it orders.
    if let (Lead::Yes | Lead::WeakYes, rest) = lead(readings, body)
        && names_another(readings, &rest)
    {
        return vec![Command::CannotRead];
    }
    if let Some(rest) = taken_out::without(readings) {
        return vec![Command::Correct { text: rest }];
    }
    // "Cancel it" gives up whatever is proposed but a cancellation.
    if order::is_verb_of_proposal(readings, order::bare(readings, readings.text)) {
        return vec![Command::Affirm];
    }
    // "Cancel it. Do they confirm that?" does so too.
    let is_verb = |sentence: &str| order::is_verb_of_proposal(readings, order::bare(readings, sentence));
    let orders = sentences(readings.text, rules).into_iter().any(is_verb);
    if let Some(commands) = leaving(readings).filter(|_| !orders) {
        return commands;
    }
    if rules.cancel_whole.is_match(body) || rules.leaves(readings.text) || rules.withdraws(readings.text) {
        return vec![Command::Cancel];
    }
    // "And now?": we wait for a yes.
    if rules.follow.whats_next.is_match(body) {
        return vec![Command::Repeat];
    }
    // "Useless. Whatever, report it then" is rude and a yes.
    let aside = aside(readings);
    let is_rude = matches!(aside, Some(Command::Chitchat { kind: Kind::Abuse }));
    if let Some(talk) = aside.clone().filter(|_| !is_rude) {
        return vec![talk];
    }
    if rules.repeat.is_match(body) {
        return vec![Command::Repeat];
    }
    if ends_in_yes(readings, body) {
        return vec![Command::Affirm];
    }
    if let Some(commands) = order::ordered(readings) {
        return commands;
    }
    let (lead, rest) = lead(readings, body);
    if doubtful(readings, lead, &rest) {
        return vec![Command::CannotRead];
    }
    if let Some(commands) = agrees_and_asks(readings) {
        return commands;
    }
    if let Some(commands) = acted::acted(readings, lead) {
        return commands;
    }
    if let Some(talk) = aside.filter(|_| !orders) {
        return vec![talk];
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
    if matches!(lead, Lead::Yes | Lead::WeakYes) && rules.consent.retort.is_match(text) {
        return true;
    }
    if rules.consent.order.is_match(text) && !is_asked {
        return false;
    }
    let bare = |words: &str| rules.affirm_tail.replace_all(words, " ").into_owned();
    let unhedged = |words: &str| bare(&rules.consent.hedge.replace_all(words, " "));
    let hedged = rules.consent.hedge.is_match(text);
    match lead {
        Lead::Yes | Lead::WeakYes => {
            is_asked && empty(&bare(rest)) || hedged && rules.content_words(&unhedged(rest)).is_empty()
        }
        Lead::Other => {
            rules.consent.thinking.is_match(text) || hedged && rules.content_words(&unhedged(text)).is_empty()
        }
        Lead::No | Lead::Hold => false,
    }
}

/// "Yes, it is the cat tree one", where something about a jacket is proposed.
fn names_another(readings: &Readings<'_>, rest: &str) -> bool {
    let rules = readings.rules();
    let named = rules.consent.names.captures(rest).and_then(|found| found.get(1)).map_or("", |named| named.as_str());
    let named = rules.content_words(&rules.affirm_tail.replace_all(named, " "));
    let shown = rules.content_words(readings.context.proposal.unwrap_or_default());
    !named.is_empty() && !shown.is_empty() && !named.iter().any(|word| shown.contains(word))
}

/// "Yes please. So I only pay for the shirts then?": a first sentence that is nothing but a plain yes agrees, and what follows is asked, unless that
/// holds it up.
fn agrees_and_asks(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let rules = readings.rules();
    let (yes, behind) = readings.text.split_once(['.', '!'])?;
    let (lead, rest) = lead(readings, rules.without_lead(yes.trim()));
    let is_plain = lead == Lead::Yes && empty(&rules.affirm_tail.replace_all(&rest, " "));
    let holds = [&rules.contrast, &rules.hold, &rules.deny, &rules.consent.condition, &rules.consent.retort];
    let behind = behind.trim();
    if !is_plain || !behind.contains('?') || holds.iter().any(|rule| rule.is_match(behind)) {
        return None;
    }
    Some(vec![Command::Affirm, Command::Ask { query: behind.to_owned(), confidence: 0.5 }])
}

/// Whether the last sentence says yes, and nothing before it says more: "fine, whatever. yes".
fn ends_in_yes(readings: &Readings<'_>, body: &str) -> bool {
    let rules = readings.rules();
    let before = rules.affirm_tail.replace_all(readings.text, " ");
    let says_more = readings.text.contains('?')
        || [&rules.consent.retort, &rules.contrast].iter().any(|rule| rule.is_match(readings.text))
        || [&rules.deny, &rules.hold].iter().any(|rule| rule.is_match(body))
        || !rules.content_words(&rules.consent.hedge.replace_all(&before, " ")).is_empty();
    if says_more {
        return false;
    }
    let last = readings.text.trim_end_matches(['.', '!', ' ']).rsplit(['.', '!', '\n']).next().unwrap_or_default();
    rules.affirm.is_match(last.trim_start()) && empty(&rules.affirm_tail.replace_all(last, " "))
}

fn yes(readings: &Readings<'_>, lead: Lead, rest: &str) -> Vec<Command> {
    let rules = readings.rules();
    if empty(&rules.affirm_tail.replace_all(rest, " ")) {
        return vec![Command::Affirm];
    }
    let plain = lead == Lead::Yes && !rules.contrast.is_match(rest);
    let questions = asked(readings);
    // Whoever is glad and asks wants to know first; after a plain yes only what comes afterwards may be asked.
    let comes_after = |piece: &&Reading| rules.afterwards.is_match(&lead_rest(readings, &piece.text));
    if !questions.is_empty() && (!plain || !questions.iter().all(comes_after)) {
        return asks(&questions);
    }
    let (same, beside) = divide(readings, |_| false);
    // "Great. I'd like to return the other one" may go on without having agreed.
    let goes_on = lead == Lead::WeakYes && !readings.pieces.iter().skip(1).all(|piece| piece.is_additive);
    if goes_on && beside.iter().any(|command| matches!(command, Command::StartFlow { .. })) {
        return beside;
    }
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
            covered && (!rules.restrict.is_match(about) || !proposes_several(readings))
        }
        // Without the words of the proposal, a repetition of the request that is under way is taken for agreement.
        None => {
            let reading = readings.pieces.iter().find(|piece| piece.text.contains(about.trim()));
            let same = reading.and_then(Reading::best_flow).is_some_and(|(flow, p)| flow == active && p >= 0.4);
            !rules.restrict.is_match(about) && (words.is_empty() || same)
        }
    }
}

/// Whether several things are proposed, as far as its words show: in a list, or in the paragraph that asks. What it quotes is one.
fn proposes_several(readings: &Readings<'_>) -> bool {
    let proposal = readings.context.proposal.unwrap_or_default();
    let listed = proposal.lines().filter(|line| line.trim_start().starts_with(['-', '*', '•'])).count() > 1;
    let asking = proposal.split("\n\n").filter(|paragraph| paragraph.contains('?')).last().unwrap_or(proposal);
    let unquoted: String = asking.split(['"', '“', '”']).step_by(2).collect();
    listed || unquoted.contains(" and ") || unquoted.contains(';')
}

/// Sentences about the proposal, those of which that is known among them, and commands for what is asked beside it.
fn divide(readings: &Readings<'_>, is_about: impl Fn(&Reading) -> bool) -> (Vec<String>, Vec<Command>) {
    let active = readings.context.active_flow;
    let mut same = Vec::new();
    let mut beside: Vec<Reading> = Vec::new();
    for (i, piece) in readings.pieces.iter().enumerate() {
        let apart = match role(readings, piece, Told::Request) {
            _ if is_about(piece) => false,
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

/// A no to this proposal. What follows may say what should be different, or ask, or begin something else instead.
fn no(readings: &Readings<'_>, rest: &str) -> Vec<Command> {
    let rules = readings.rules();
    if rules.cancel_whole.is_match(rest) {
        return vec![Command::Cancel];
    }
    let active = readings.context.active_flow;
    let questions = asked(readings);
    // "No, not when do I pay, when do you pay me?" and "That's not what I asked. What does it cost": the no is to our last words.
    let follows = rules.consent.asked_else.find(readings.text).and_then(|found| readings.text.get(found.end()..));
    if let Some(question) = follows.map(str::trim).filter(|follows| rules.asking.is_match(follows)) {
        let named = || vec![Command::Ask { query: question.to_owned(), confidence: 0.5 }];
        return if questions.is_empty() { named() } else { asks(&questions) };
    }
    let other: Vec<Reading> = readings
        .pieces
        .iter()
        .filter(|piece| matches!(role(readings, piece, Told::Request), Role::Flow(flow, p) if p >= BEGUN && Some(flow.as_str()) != active && (piece.is_request || looks_up(readings, piece))))
        .cloned()
        .collect();
    // "No. Why should I wait?" asks rather than says what should be different; "no, and change the address of #2" is about something else there.
    let kept = readings.pieces.iter().filter(|piece| !is_among(piece, &questions) && !other.contains(piece));
    let told_else: Vec<&str> = kept.map(|piece| piece.text.as_str()).collect();
    let told_else = lead_rest(readings, &told_else.join(" "));
    let is_all = questions.is_empty() && (other.is_empty() || empty(&rules.deny_tail.replace_all(&told_else, " ")));
    let rest = if is_all { rest.to_owned() } else { told_else };
    let adds_nothing = empty(&rules.deny_tail.replace_all(&rest, " ")) || refuses(readings, readings.text);
    let text = if adds_nothing { String::new() } else { rest.trim().to_owned() };
    let mut commands = vec![Command::Deny { text }];
    commands.extend(told(readings, &other).into_iter().filter(|command| matches!(command, Command::StartFlow { .. })));
    // "No, don't charge it. I asked what other cards I have": so does what says outright that it asks, in a sentence of its own.
    let is_outright = |piece: &&Reading| !answers(readings, piece) && rules.asking.is_match(&piece.text);
    if readings.text.contains('?') || questions.iter().any(is_outright) {
        commands.extend(asks(&questions));
    }
    commands
}

/// "Then don't move it": not "I didn't ask that" and "I know that".
fn refuses_by_name(readings: &Readings<'_>, sentence: &str) -> bool {
    let rules = readings.rules();
    let body = rules.without_lead(sentence);
    rules.refusal.is_match(body)
        && !rules.consent.asked_else.is_match(sentence)
        && !rules.consent.only_asked.is_match(body)
        && order::names_verb_of_proposal(readings, sentence)
        && refuses(readings, sentence)
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
    let questions = asked(readings);
    if !questions.is_empty() {
        return asks(&questions);
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
    let questions = asked(readings);
    match class {
        _ if !questions.is_empty() => {}
        "repair:affirm" if p >= 0.6 && short => return vec![Command::Affirm],
        "repair:deny" if p >= 0.5 => return vec![Command::Deny { text: String::new() }],
        "repair:cancel" if p >= 0.6 && short => return vec![Command::Cancel],
        "repair:repeat" if p >= 0.6 && short => return vec![Command::Repeat],
        _ => {}
    }
    let active = readings.context.active_flow;
    if !questions.is_empty() {
        // "It's free anyway? Then don't move it. Do you tell anybody?" gives it up between its questions.
        if sentences(readings.text, readings.rules()).into_iter().any(|sentence| refuses_by_name(readings, sentence)) {
            return std::iter::once(Command::Cancel).chain(asks(&questions)).collect();
        }
        let rest: Vec<Reading> =
            readings.pieces.iter().filter(|piece| piece.is_request && !is_among(piece, &questions)).cloned().collect();
        let begun = told(readings, &rest).into_iter().filter(|command| is_begun(command, active));
        return begun.chain(asks(&questions)).collect();
    }
    // "I sent two things back" tells of what is proposed rather than begins a return.
    let begins = |piece: &&Reading| {
        piece.is_request || piece.is_question || piece.best_flow().is_none_or(|(_, p)| p >= BEGUN_BY_TELLING)
    };
    let begun: Vec<Reading> = readings.pieces.iter().filter(begins).cloned().collect();
    let starts: Vec<Command> =
        told(readings, &begun).into_iter().filter(|c| !matches!(c, Command::Clarify { .. })).collect();
    // What as a whole says once more what is under way begins nothing else by one of its sentences, unless that is very sure.
    let restates = whole.best_flow().is_some_and(|(flow, _)| Some(flow) == active);
    let new = starts.iter().all(|command| match command {
        Command::StartFlow { flow, confidence, .. } => {
            *confidence >= if restates { BEGUN_SURELY } else { BESIDE } && Some(flow.as_str()) != active
        }
        Command::Handoff | Command::Chitchat { .. } => true,
        _ => false,
    });
    if new && !starts.is_empty() {
        return starts;
    }
    if readings.understander.known_share(readings.text) < 0.2 {
        return vec![Command::CannotRead];
    }
    vec![Command::Correct { text: readings.text.to_owned() }]
}

/// Whether a command surely begins another request.
fn is_begun(command: &Command, active: Option<&str>) -> bool {
    matches!(command, Command::StartFlow { flow, confidence, .. } if *confidence >= BEGUN && Some(flow.as_str()) != active)
}

/// What is asked before deciding: "wait, what does it cost?" A question changes nothing, whatever words it holds and whatever is told around it.
fn asked<'r>(readings: &'r Readings<'_>) -> Vec<&'r Reading> {
    readings.pieces.iter().filter(|piece| asks_something(readings, piece)).collect()
}

fn asks_something(readings: &Readings<'_>, piece: &Reading) -> bool {
    let rules = readings.rules();
    let body = rules.without_lead(&piece.text);
    let body = rules.without_lead(rules.without_hold(body));
    // "On my card, seriously?!" exclaims.
    let exclaims = piece.text.ends_with("?!") || piece.text.ends_with("!?");
    let is_asked = piece.text.contains('?') && (piece.is_question || !exclaims)
        || rules.asking.is_match(body)
        || piece.is_question && piece.best().0 == ASK && piece.best().1 >= BESIDE;
    // "Can you make it the blue one?" is a change, not a question.
    let is_change = rules.wish_question.is_match(body)
        && (rules.contrast.is_match(body)
            || rules.restrict.is_match(body)
            || piece.best_flow().is_some_and(|(flow, p)| Some(flow) == readings.context.active_flow && p >= BESIDE));
    let begins = (!piece.is_question || looks_up(readings, piece))
        && matches!(role(readings, piece, Told::Request), Role::Flow(flow, p) if p >= BEGUN && Some(flow.as_str()) != readings.context.active_flow);
    is_asked && !is_change && !begins && !answers_with_mark(rules, body)
}

/// "When is my next payment due?" asks for one's own record, whatever is proposed meanwhile.
fn looks_up(readings: &Readings<'_>, piece: &Reading) -> bool {
    let is_look_up =
        |(flow, p): (&str, f32)| p >= LOOK_UP && readings.context.look_ups.iter().any(|known| known == flow);
    // Among other things a question is rather about the proposal.
    let alone = readings.pieces.iter().filter(|piece| !answers(readings, piece)).count() == 1;
    alone && piece.best_flow().is_some_and(is_look_up) && !readings.rules().follow.hypothetical.is_match(&piece.text)
}

fn is_among(piece: &Reading, questions: &[&Reading]) -> bool {
    questions.iter().any(|question| question.text == piece.text)
}

/// "Yes?" and "no??" ask nothing that could be answered.
fn answers_with_mark(rules: &Rules, body: &str) -> bool {
    let answers = [&rules.affirm, &rules.affirm_weak, &rules.deny].iter().any(|rule| rule.is_match(body));
    answers && empty(&rules.affirm_tail.replace_all(&rules.deny_tail.replace_all(body, " "), " "))
}

fn asks(questions: &[&Reading]) -> Vec<Command> {
    let command =
        |piece: &&Reading| Command::Ask { query: piece.text.clone(), confidence: piece.probability(ASK).max(0.5) };
    questions.iter().map(command).collect()
}

fn empty(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}
