//! Does a message answer the open question, or begin something else?

use ombud_domain::{Command, Expectation, Kind, OfferedOption};

use super::acts::{Act, Moment};
use super::leaving::{leaving, left, left_for_another};
use super::pieces::sentences;
use super::reading::{ASK, Reading, Readings};
use super::requests::{LIKELY, Role, Told, aside, one_question, open, role, told};
use super::rules::{Rules, words};
use super::story::as_one;
use super::{CORRECTION_SLOT, IDENTITY_SLOT, UnderstandContext, WORDING_SLOT, confirm};

/// Beside an answer, another request must be this sure ...
const BESIDE: f32 = 0.72;
/// ... or this, if "also" or the like introduces it.
const BESIDE_ADDED: f32 = 0.5;
/// What takes the place of the open request must be this sure.
const BESIDE_INSTEAD: f32 = 0.45;
/// Words beside the name of an option that is chosen.
const BESIDE_NAME_MAX: usize = 5;
/// A longer answer is not read for words that end what is under way, but for its last sentence.
const LEAVING_WORDS_MAX: usize = 14;
/// Bytes before "don't want" of a message that says so of the whole: "but I really".
const SUBJECT_MAX: usize = 12;
/// Words that name what is turned down: "no, no limit".
const NAMED_WORDS_MAX: usize = 2;
/// Bytes of a bare no.
const NO_MAX: usize = 5;
/// What leaves a question or ends the talk in words that no rule knows must be this sure.
const LEFT: f32 = 0.8;
/// The end of the talk, where nothing is under way, needs to be no surer than this.
const CLOSED: f32 = 0.65;
/// The same for what sounds like a request or a question too: "off to find a smaller coat, bye".
const CLOSED_BESIDE: f32 = 0.93;
/// What surely answers a question is read for nothing else.
const ANSWERED: f32 = 0.85;
/// The same where something is named that may be picked.
const ANSWERED_BY_NAME: f32 = 0.5;
/// Fewer words ask nothing.
const ASKED_WORDS_MIN: usize = 3;
/// Fewer words tell nothing.
const TOLD_WORDS_MIN: usize = 2;
/// With thanks and without a word of asking, a request must be this sure.
const BEGINS: f32 = 0.8;

/// Class of a goodbye.
const GOODBYE: &str = "repair:goodbye";

/// An answer in free words.
pub(super) fn slot(readings: &Readings<'_>, slot: &str) -> Vec<Command> {
    let rules = readings.rules();
    match (slot, changes_nothing(readings)) {
        // "Oh go on then, block it": what was declined is shown once more, for a yes to it.
        (CORRECTION_SLOT, None)
            if rules.consent.order.is_match(readings.text)
                && !rules.deny.is_match(rules.without_lead(readings.text)) =>
        {
            return vec![Command::Repeat];
        }
        (CORRECTION_SLOT, Some(command)) => return vec![command],
        (WORDING_SLOT, Some(Command::Repeat)) => return vec![Command::Repeat],
        (WORDING_SLOT, _) if rules.consent.unchanged.is_match(readings.text) => return vec![Command::Repeat],
        // "Yes, with my number added" is a word about the text, and not the text.
        (WORDING_SLOT, _) if confirm::amends_behind_yes(readings) => {
            return vec![Command::Correct { text: readings.text.to_owned() }];
        }
        _ => {}
    }
    if let Some(commands) = repair(readings) {
        return commands;
    }
    // "Thx bye!" answers no question of ours.
    if rules.bye.is_match(rules.without_lead(readings.text)) && readings.whole().probability(GOODBYE) >= CLOSED_BESIDE {
        return vec![goodbye()];
    }
    // What follows the request for the whole text is that text, whatever its sentences sound like.
    let is_wording = slot == WORDING_SLOT && !readings.pieces.iter().any(|piece| piece.is_question || piece.is_handoff);
    if is_wording || rules.follow.elliptical.is_match(readings.text) {
        return vec![Command::SetSlot { slot: slot.to_owned(), text: readings.text.to_owned() }];
    }
    // "Take it from the Mastercard" answers what it shall be taken from, and begins nothing.
    let may_ask = |piece: &Reading| piece.is_question || piece.is_additive || piece.is_handoff;
    let sure = if names_offered(readings, readings.text) { ANSWERED_BY_NAME } else { ANSWERED };
    let answers =
        matches!(readings.acts(Moment::Question, readings.text).first(), Some((Act::Answer, p)) if *p >= sure);
    let asks_more =
        readings.pieces.iter().skip(1).any(|piece| piece.is_request && !names_offered(readings, &piece.text));
    if answers && !asks_more && !readings.pieces.iter().any(may_ask) {
        return vec![Command::SetSlot { slot: slot.to_owned(), text: readings.text.to_owned() }];
    }
    let Divided { own, beside, asks } = divide(readings);
    let mut others = told(readings, &beside);
    others.extend(asks.into_iter().map(|query| Command::Ask { query, confidence: 0.0 }));
    let whole = |text: &str| Command::SetSlot { slot: slot.to_owned(), text: text.to_owned() };
    if others.is_empty() || others.iter().all(|command| matches!(command, Command::Clarify { .. })) {
        return vec![whole(readings.text)];
    }
    let answer = (!own.is_empty()).then(|| whole(&own.join(" ")));
    answer.into_iter().chain(others).collect()
}

/// An offered option, by its words or place, or other words.
pub(super) fn choice(readings: &Readings<'_>, slot_name: &str, options: &[OfferedOption]) -> Vec<Command> {
    match picked(readings, options).or_else(|| only(readings, options)) {
        Some(id) => vec![Command::Choose { id }],
        None if readings.context.active_flow.is_none() => offered(readings, slot_name, options),
        None => slot(readings, slot_name),
    }
}

/// An answer to an offer of ours while no request runs: "no, I want to cancel it" is a request like any other.
fn offered(readings: &Readings<'_>, slot_name: &str, options: &[OfferedOption]) -> Vec<Command> {
    if let Some(commands) = repair(readings) {
        return commands;
    }
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    let mut told = told(readings, &readings.pieces);
    let thanks = Command::Chitchat { kind: Kind::Thanks };
    let thanked = told.contains(&thanks);
    told.retain(|command| !matches!(command, Command::Chitchat { kind: Kind::Greeting | Kind::Thanks }));
    let (affirms, denies) = (rules.affirm.is_match(body), rules.deny.is_match(body));
    // Thanks for what was told take up no offer that came with it.
    if thanked && told.is_empty() && !affirms && !denies {
        return vec![thanks];
    }
    if let Some(id) = named(readings, options) {
        return vec![Command::Choose { id }];
    }
    if !told.is_empty() {
        return told;
    }
    if denies {
        return vec![Command::Deny { text: String::new() }];
    }
    if affirms || rules.affirm_weak.is_match(body) {
        return vec![Command::Affirm];
    }
    // "I never got it", to an offer to look at what never came, tells of it.
    if let [only] = options
        && tells(readings)
    {
        return vec![Command::Choose { id: only.id.clone() }];
    }
    vec![Command::SetSlot { slot: slot_name.to_owned(), text: readings.text.to_owned() }]
}

/// Whether the words tell something: they neither ask nor doubt.
fn tells(readings: &Readings<'_>) -> bool {
    let rules = readings.rules();
    let asks = readings.pieces.iter().any(|piece| piece.is_question) || rules.asking.is_match(readings.text);
    !asks
        && !rules.consent.hedge.is_match(readings.text)
        && readings.text.split_whitespace().nth(TOLD_WORDS_MIN - 1).is_some()
}

/// "Yes" and "I just asked" to "what should be different?" ask to see once more what was proposed; no and "nothing" leave it as it is.
fn changes_nothing(readings: &Readings<'_>) -> Option<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    let bare = |rule: &regex::Regex| !rule.replace_all(body, " ").chars().any(char::is_alphanumeric);
    if rules.consent.only_asked.is_match(body) || rules.affirm.is_match(body) && bare(&rules.affirm_tail) {
        return Some(Command::Repeat);
    }
    let is_nothing = |clause: &str| {
        let clause = rules.without_lead(clause);
        [&rules.consent.unchanged, &rules.nothing_more, &rules.cancel_whole].iter().any(|rule| rule.is_match(clause))
            || (clause.is_empty() || rules.deny.is_match(clause))
                && !rules.deny_tail.replace_all(clause, " ").chars().any(char::is_alphanumeric)
    };
    body.split([',', '.', '!', ';', '\n']).all(is_nothing).then(|| Command::Deny { text: String::new() })
}

/// Details that identify the customer; or the words of somebody who has no account, does not want to say, or leaves.
pub(super) fn identify(readings: &Readings<'_>) -> Vec<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    let gives = |c: char| c == '@' || c.is_ascii_digit();
    if readings.text.contains(gives) || readings.any_handoff() {
        return slot(readings, IDENTITY_SLOT);
    }
    // "Leave it then, just tell me what I owe" needs no proof of who he is for what he gives up.
    if let Some(commands) = leaving(readings) {
        return commands;
    }
    let bare = |rule: &regex::Regex| !rule.replace_all(body, " ").chars().any(char::is_alphanumeric);
    let denies = rules.deny.is_match(body) && (bare(&rules.deny_tail) || rules.nothing_more.is_match(body));
    if !denies && rules.bye.is_match(body) {
        return vec![Command::Chitchat { kind: Kind::Goodbye }];
    }
    let general = rules.no_account.is_match(readings.text) || rules.in_general.is_match(readings.text);
    if !denies && !general {
        return slot(readings, IDENTITY_SLOT);
    }
    let asked: Vec<String> =
        readings.pieces.iter().filter(|piece| piece.is_question).map(|piece| piece.text.clone()).collect();
    let before = readings.context.request.filter(|request| general || rules.question.is_match(request));
    let queries = if asked.is_empty() { before.map(ToOwned::to_owned).into_iter().collect() } else { asked };
    let asks = queries.into_iter().map(|query| Command::Ask { query, confidence: 1.0 });
    std::iter::once(Command::Cancel).chain(asks).collect()
}

/// Whether anything else is wanted. "I don't want to change anything, I only asked how much I have paid" gives nothing up, and asks that.
pub(super) fn anything_else(readings: &Readings<'_>) -> Vec<Command> {
    let commands = wanted_else(readings);
    let asked = readings.rules().consent.only_asked.find(readings.text);
    let asked = asked.and_then(|found| readings.text.get(found.end()..)).map(str::trim);
    match asked.filter(|asked| asked.split_whitespace().count() >= ASKED_WORDS_MIN) {
        Some(asked) if commands == [Command::Cancel] => {
            vec![Command::Ask { query: asked.to_owned(), confidence: LIKELY }]
        }
        _ => commands,
    }
}

fn wanted_else(readings: &Readings<'_>) -> Vec<Command> {
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    // "Thx, back to work now" begins nothing.
    let asks =
        |piece: &Reading| piece.is_request || piece.is_question || piece.best_flow().is_some_and(|(_, p)| p >= BEGINS);
    if rules.closing.is_match(readings.text) && !readings.pieces.iter().any(asks) {
        return vec![goodbye()];
    }
    if rules.repeat.is_match(body) {
        return vec![Command::Repeat];
    }
    // "Are you sure?" is no goodbye, however short.
    if rules.follow.doubts.is_match(readings.text)
        && let Some(question) = one_question(readings)
    {
        return vec![question];
    }
    // "That's about loans?? I give up" asks nothing that an answer could help.
    let says = [&rules.affirm, &rules.affirm_weak, &rules.deny].iter().any(|rule| rule.is_match(body));
    let whole = readings.whole();
    // "It didn't come" is told in as few words as a goodbye.
    let begins = whole.best_flow().is_some_and(|(_, p)| p >= BEGINS) || whole.is_question;
    let needed = if begins { CLOSED_BESIDE } else { CLOSED };
    let asks_on = whole.is_question && !rules.closing.is_match(readings.text) && !readings.text.contains("??");
    if !says
        && !asks_on
        && matches!(readings.acts(Moment::Done, readings.text).first(), Some((Act::Close, p)) if *p >= needed)
    {
        return vec![goodbye()];
    }
    if let Some(question) = one_question(readings) {
        return vec![question];
    }
    let mut told = told(readings, &as_one(readings, &whole));
    // "Ok and how is it going" is no goodbye, whatever it sounds like: it goes on from what was done.
    if asks_on && !told.is_empty() && told.iter().all(|command| *command == goodbye()) {
        let text = readings.text.to_owned();
        return vec![match readings.context.follow_up.filter(|_| whole.best().0 != ASK) {
            Some(flow) => Command::StartFlow { flow: flow.to_owned(), confidence: LIKELY, text },
            None => Command::Ask { query: text, confidence: whole.probability(ASK) },
        }];
    }
    if refuses_last(readings, body, &told) {
        return vec![Command::Cancel];
    }
    // "No, no limit. Wrong amount": what was answered last is not asked for again by a no to it.
    told.retain(|command| !turns_last_down(readings, command));
    if told.iter().any(|command| {
        matches!(command, Command::StartFlow { .. } | Command::Ask { .. } | Command::Handoff | Command::Clarify { .. })
    }) {
        return told;
    }
    let short = body.split_whitespace().count() <= 6;
    let names_verb = body.split_whitespace().next().is_some_and(|word| rules.is_verb(word));
    if rules.cancel_whole.is_match(readings.text) && !names_verb || rules.nothing_more.is_match(body) {
        return vec![goodbye()];
    }
    let says_more = !rules.content_words(&rules.affirm_tail.replace_all(body, " ")).is_empty();
    if rules.affirm.is_match(body) && !told.contains(&goodbye()) && short && !says_more {
        return vec![Command::Affirm];
    }
    // "No, I'm asking why" turns down what was read last, and ends nothing.
    let goes_on = rules.deny.is_match(body);
    let talks = !told.is_empty()
        && told.iter().all(|command| {
            matches!(command, Command::Chitchat { kind: Kind::Goodbye | Kind::Thanks | Kind::Pleasantry })
        });
    // "Ok then do it" wants something done, and is no goodbye.
    if rules.consent.order.is_match(body) && !talks && short {
        return vec![Command::Affirm];
    }
    if !goes_on && (talks || (rules.affirm_weak.is_match(body) && short && !whole.is_question)) {
        return vec![goodbye()];
    }
    let mut commands = if told.is_empty() || goes_on { open(readings) } else { told };
    commands.retain(|command| !goes_on || *command != goodbye());
    if commands.is_empty() { vec![Command::Deny { text: readings.text.to_owned() }] } else { commands }
}

const fn goodbye() -> Command {
    Command::Chitchat { kind: Kind::Goodbye }
}

/// "I don't want to close it", after an answer about closing, and "no, not that": what was read last was not meant.
fn refuses_last(readings: &Readings<'_>, body: &str, told: &[Command]) -> bool {
    let (rules, last) = (readings.rules(), readings.context.last_flow);
    let is_short = body.split_whitespace().count() <= LEAVING_WORDS_MAX;
    if last.is_none() || !is_short {
        return false;
    }
    let only_last = !told.is_empty() && told.iter().all(|command| begins_flow(command, last));
    let unwanted = rules.unwanted.find(lead_off(rules, body)).is_some_and(|found| found.start() <= SUBJECT_MAX);
    only_last && unwanted || rules.consent.misheard.is_match(body)
}

/// Whether a command begins once more the request that came to its end last, in words that turn it down.
fn turns_last_down(readings: &Readings<'_>, command: &Command) -> bool {
    let Command::StartFlow { flow, text, .. } = command else { return false };
    if Some(flow.as_str()) != readings.context.last_flow {
        return false;
    }
    let rules = readings.rules();
    let body = rules.without_lead(text);
    let bare = lead_off(rules, lead_off(rules, body));
    let is_no = bare.len() < body.len() && bare.split_whitespace().count() <= NAMED_WORDS_MAX;
    is_no || rules.unwanted.find(bare).is_some_and(|found| found.start() <= SUBJECT_MAX)
}

/// Without a no in front.
pub(super) fn lead_off<'t>(rules: &Rules, body: &'t str) -> &'t str {
    let end =
        rules.deny.find(body).filter(|found| found.as_str().trim().len() <= NO_MAX).map_or(0, |found| found.end());
    rules.without_lead(body.get(end..).unwrap_or_default())
}

/// Stop, say it again, or "what can you do": nothing else in the message.
fn repair(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let rules = readings.rules();
    // A long answer in one's own words may tell of a return that nobody wanted.
    let is_short = readings.text.split_whitespace().count() <= LEAVING_WORDS_MAX;
    if let Some(commands) = leaving(readings).filter(|_| is_short && !rules.mind_changed.is_match(readings.text)) {
        return Some(commands);
    }
    // "Changed my mind" is a reason as well; whoever asked decides.
    if rules.leaves(readings.text) && !rules.mind_changed.is_match(readings.text) {
        return Some(vec![Command::Cancel]);
    }
    if readings.context.active_flow.is_some_and(|flow| rules.refuses(flow, readings.text)) {
        return Some(vec![Command::Cancel]);
    }
    // "No, I only asked" and "no, not that": what was begun was never wished for.
    let begins = sentences(readings.text, rules).into_iter().next().unwrap_or_default();
    let unmeant = rules.consent.only_asked.is_match(readings.text) || rules.consent.misheard.is_match(begins);
    if is_short && unmeant && !names_offered(readings, readings.text) {
        let mut commands = left(readings);
        commands.retain(|command| !begins_flow(command, readings.context.active_flow));
        return Some(commands);
    }
    if rules.repeat.is_match(rules.without_lead(readings.text)) {
        return Some(vec![Command::Repeat]);
    }
    if readings.any_handoff() {
        return None;
    }
    // "Dumbbells and puzzle" names what was asked for, whatever it sounds like.
    if let Some(talk) = aside(readings).filter(|_| !names_offered(readings, readings.text)) {
        return Some(vec![talk]);
    }
    match readings.pieces.as_slice() {
        [piece] if role(readings, piece, Told::Request) == Role::Repeat => Some(vec![Command::Repeat]),
        _ => acted(readings).filter(|_| is_short),
    }
}

/// What a short answer surely does that no rule knows: it leaves what was asked, for nothing or for something else, or ends the talk.
fn acted(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let moment = match readings.context.expectation {
        Expectation::Choice { .. } => Moment::Choice,
        Expectation::Slot { .. } => Moment::Question,
        _ => return None,
    };
    if names_offered(readings, readings.text) {
        return None;
    }
    let (act, p) = readings.acts(moment, readings.text).first().copied()?;
    if p < LEFT {
        return None;
    }
    match act {
        // What is left is not begun again by the same words: "I haven't got the new address yet".
        Act::Leave => {
            let mut commands = left(readings);
            let is_whole =
                |command: &Command| matches!(command, Command::StartFlow { text, .. } if text == readings.text);
            commands.retain(|command| !(is_whole(command) && begins_flow(command, readings.context.active_flow)));
            Some(commands)
        }
        Act::Close => Some(vec![Command::Cancel, Command::Chitchat { kind: Kind::Goodbye }]),
        Act::New => left_for_another(readings),
        _ => None,
    }
}

fn begins_flow(command: &Command, name: Option<&str>) -> bool {
    matches!(command, Command::StartFlow { flow, .. } if Some(flow.as_str()) == name)
}

/// Whether a word of what is offered is said: "no longer needed" leaves nothing where that is one of the reasons to choose from.
fn names_offered(readings: &Readings<'_>, text: &str) -> bool {
    let said = readings.rules().content_words(text);
    readings.rules().content_words(readings.context.offered).iter().any(|word| said.contains(word))
}

/// The pieces of a message while a question of ours is open.
#[derive(Default)]
struct Divided {
    /// What answers it.
    own: Vec<String>,
    /// What asks for something else.
    beside: Vec<Reading>,
    /// Other questions; whoever asked decides whether one is an answer: "could it be the blue one?"
    asks: Vec<String>,
}

fn divide(readings: &Readings<'_>) -> Divided {
    let active = readings.context.active_flow;
    let given_way = readings.context.gives_way_to;
    let instead =
        |class: &str| class.strip_prefix("flow:").is_some_and(|flow| given_way.iter().any(|other| other == flow));
    let mut divided = Divided::default();
    let picks = !readings.context.offered.is_empty();
    for piece in &readings.pieces {
        let needed = if piece.is_additive { BESIDE_ADDED } else { BESIDE };
        let (class, sure) = piece.best();
        let apart = match role(readings, piece, Told::Request) {
            _ if instead(class) && sure >= BESIDE_INSTEAD => true,
            // "Gift card, I was going to say, but let's use PayPal" asks for no other way of paying.
            // "If that can't be done, put it on my Visa" goes on with the answer.
            Role::Flow(..)
                if picks
                    && !piece.is_additive
                    && (names_offered(readings, &piece.text) || piece.is_conditional && !divided.own.is_empty()) =>
            {
                false
            }
            Role::Flow(flow, p) => {
                p >= needed
                    && Some(flow.as_str()) != active
                    && (piece.is_request || piece.is_question)
                    && !(picks && readings.rules().picks.is_match(&piece.text))
                    && !readings.rules().is_tone(&flow, &piece.text)
            }
            Role::Ask(p) => p >= needed.min(0.6) && piece.is_question,
            Role::Handoff => true,
            Role::Talk(Kind::AreYouHuman) => true,
            // Greetings and thanks are no part of an answer.
            Role::Talk(Kind::Greeting | Kind::Thanks) if readings.pieces.len() > 1 => continue,
            _ => false,
        };
        let wishes = readings.rules().request.is_match(&piece.text);
        let asks = piece.text.ends_with('?') && piece.is_question && !wishes;
        if apart {
            divided.beside.push(piece.clone());
        } else if asks {
            divided.asks.push(piece.text.clone());
        } else {
            divided.own.push(piece.text.clone());
        }
    }
    divided
}

/// The one option that a message which says little else names best: "okay, finding my refund if that's possible". One word may differ, as "my"
/// does from "your".
fn named(readings: &Readings<'_>, options: &[OfferedOption]) -> Option<String> {
    let rules = readings.rules();
    if rules.deny.is_match(rules.without_lead(readings.text)) || readings.pieces.iter().any(|piece| piece.is_negated) {
        return None;
    }
    let said: Vec<String> = words(readings.text).collect();
    let fit = |option: &OfferedOption| -> Option<(usize, String)> {
        let label: Vec<String> = words(&option.label).collect();
        let told = label.iter().filter(|word| said.contains(word)).count();
        let named = told >= label.len().saturating_sub(1).max(1) && said.len() <= label.len() + BESIDE_NAME_MAX;
        named.then(|| (told, option.id.clone()))
    };
    // What declines is chosen by a no: "yes thanks" shares a word with "no, thanks".
    let offers = options.iter().filter(|option| !rules.deny.is_match(&option.label));
    let fits: Vec<(usize, String)> = offers.filter_map(fit).collect();
    let most = fits.iter().map(|(told, _)| *told).max()?;
    let mut best = fits.iter().filter(|(told, _)| *told == most);
    best.next().filter(|_| best.next().is_none()).map(|(_, id)| id.clone())
}

/// The one option there is, if the words agree to it: "okay, do it with that one".
fn only(readings: &Readings<'_>, options: &[OfferedOption]) -> Option<String> {
    let [option] = options else { return None };
    let context = UnderstandContext { proposal: Some(&option.label), ..*readings.context };
    let read = Readings::new(readings.understander, readings.text, &context);
    (context.active_flow.is_some() && confirm::read(&read) == [Command::Affirm]).then(|| option.id.clone())
}

/// The option that the words are, and nothing else.
fn picked(readings: &Readings<'_>, options: &[OfferedOption]) -> Option<String> {
    let said = readings.text.trim().trim_matches(['.', '!', '"', '\'']).to_lowercase();
    let exact = options.iter().find(|option| option.id.to_lowercase() == said || option.label.to_lowercase() == said);
    exact.map(|option| option.id.clone())
}
