//! Which requests does a message begin, and which sentences belong to each?

use ombud_domain::{Command, Kind};

use super::pieces::sentences;
use super::reading::{ASK, Reading, Readings};
use super::rules::Rules;
use super::story::as_one;

/// A sentence with a word of asking begins a request from here.
const ASKED: f32 = 0.45;
/// One without such a word, when a request is already told.
const UNASKED_LATER: f32 = 0.8;
/// One without such a word, when none is.
const UNASKED_FIRST: f32 = 0.42;
/// One without such a word in front of a likely one is a fragment of that below this.
const FRAGMENT: f32 = 0.55;
/// Between two flows closer than this, the customer is asked.
const MARGIN: f32 = 0.13;
/// What is told and not asked is a flow this likely rather than a question ...
const TOLD: f32 = 0.3;
/// ... that is no more likely than by this.
const TOLD_MARGIN: f32 = 0.3;
/// Below this, the second flow is no rival.
const RIVAL: f32 = 0.22;
/// A question is one for the request beside it if it sounds like that this much.
const SERVED: f32 = 0.15;
/// Of all requests a message may be, the likeliest must have this share ...
pub(super) const LIKELY: f32 = 0.6;
/// ... and this probability beside what is no request.
const FAINT: f32 = 0.04;
/// The same for a question, which the articles may answer.
const ASKED_FAINTLY: f32 = 0.3;
/// A question that is for the articles this surely means none of one's own records ...
const ASKED_SURELY: f32 = 0.75;
/// ... and this surely after a mere look-up, which would only show the same once more.
const ASKED_RATHER: f32 = 0.6;
/// A request this sure begins though an article was quoted just before.
const BEGUN_SURELY: f32 = 0.8;
/// A question that points back means what was just done, unless it is read as another request this surely.
const ANOTHER: f32 = 0.7;
/// A look at other records is meant by what points back where it is so many times likelier than the one that goes on from the last.
const NEARER: f32 = 4.0;
/// A longer question says what it is about.
const POINTING_WORDS_MAX: usize = 14;
/// Classes looked at of a message that is one question.
const CLASSES_MAX: usize = 5;
const DETAIL: &str = "detail";
/// Small talk is read as such from here.
const TALK: f32 = 0.4;
/// Below this share of known words a message without a reading is no message.
const READABLE: f32 = 0.3;

/// What a piece is in the telling of requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    Flow(String, f32),
    Rivals(Vec<String>, f32),
    Ask(f32),
    Talk(Kind),
    Cancel,
    Repeat,
    Handoff,
    Detail,
}

/// What was told before a piece: after a request, a sentence rather belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    Request,
}

/// A request with its sentences.
#[derive(Debug, Clone)]
struct Group {
    role: Role,
    texts: Vec<String>,
    /// Whether it is worded as a question, or as a wish to be told something.
    asks: bool,
    /// Whether it is worded as a request or a question.
    wishes: bool,
}

/// Commands of a message that answers nothing in particular.
pub(super) fn open(readings: &Readings<'_>) -> Vec<Command> {
    let whole = readings.whole();
    if readings.rules().cancel_whole.is_match(readings.text) {
        return vec![Command::Cancel];
    }
    if readings.rules().repeat.is_match(readings.text) {
        return vec![Command::Repeat];
    }
    // A yes to nothing in particular asks for something to be said yes to.
    let rules = readings.rules();
    let body = rules.without_lead(readings.text);
    if rules.affirm.is_match(body) && rules.affirm_tail.replace_all(body, " ").trim().is_empty() {
        return vec![Command::Affirm];
    }
    let commands = told(readings, &as_one(readings, &whole));
    if commands.is_empty() { unsure(readings, &whole) } else { commands }
}

/// "And the one after the lamp, which is that and when?": a short question in one sentence that points back is one question.
pub(super) fn one_question(readings: &Readings<'_>) -> Option<Command> {
    let is_one = sentences(readings.text, readings.rules()).len() == 1;
    // Not read in parts: its first half may sound like a request.
    let classes = readings.context.open_to(readings.understander.predict(readings.text, CLASSES_MAX, readings.context));
    let whole = Reading { classes, ..readings.whole() };
    let body = readings.rules().without_lead(readings.text);
    let flow = followed_up(readings, &whole, body).filter(|_| is_one)?;
    if Some(flow) == readings.context.last_flow && readings.rules().follow.asks_reason.is_match(body) {
        return Some(Command::Ask { query: readings.text.to_owned(), confidence: ASKED });
    }
    Some(Command::StartFlow { flow: flow.to_owned(), confidence: LIKELY, text: readings.text.to_owned() })
}

/// The requests, questions and small talk that these pieces tell; empty if they tell none.
pub(super) fn told(readings: &Readings<'_>, pieces: &[Reading]) -> Vec<Command> {
    let mut groups: Vec<Group> = Vec::new();
    let mut loose: Vec<String> = Vec::new();
    for piece in pieces {
        let before = if groups.iter().any(|group| is_flow(&group.role)) { Told::Request } else { Told::Nothing };
        // "Good morning, I am Lena." is neither asked nor part of what is.
        if readings.pieces.len() > 1 && readings.rules().introduction.is_match(&piece.text) {
            continue;
        }
        let role = role(readings, piece, before);
        let asks = wants_answer(readings.rules(), piece);
        let wishes = piece.is_request || piece.is_question;
        match role {
            Role::Detail => match groups.iter_mut().rev().find(|group| is_flow(&group.role)) {
                Some(group) => group.texts.push(piece.text.clone()),
                None => loose.push(piece.text.clone()),
            },
            Role::Flow(..) | Role::Rivals(..) => match groups.iter_mut().rfind(|group| same_flow(&group.role, &role)) {
                // "First, my camera for ...; second, from another order, my bicycle for ..."
                Some(group)
                    if readings.rules().follow.numbering.is_match(&piece.text)
                        && !announces(readings.rules(), group) =>
                {
                    let begun = groups.iter().find(|group| same_flow(&group.role, &role));
                    let texts = begun.map_or_else(Vec::new, |begun| shared(readings.rules(), &begun.texts));
                    groups.push(Group {
                        role,
                        texts: texts.into_iter().chain([piece.text.clone()]).collect(),
                        asks,
                        wishes,
                    });
                }
                Some(group) => group.texts.push(piece.text.clone()),
                None => groups.push(Group { role, texts: with(&mut loose, piece), asks, wishes }),
            },
            // "The bank declined my instalment, can I pay with another card?" is one request.
            Role::Ask(_) if groups.iter().any(|group| serves(group, piece)) => {
                let served = groups.iter_mut().rfind(|group| serves(group, piece));
                served.into_iter().for_each(|group| group.texts.push(piece.text.clone()));
            }
            Role::Ask(_) => {
                let texts = if groups.iter().any(|group| is_flow(&group.role)) {
                    vec![piece.text.clone()]
                } else {
                    with(&mut loose, piece)
                };
                groups.push(Group { role, texts, asks, wishes });
            }
            role => groups.push(Group { role, texts: vec![piece.text.clone()], asks, wishes }),
        }
    }
    leave_tone(readings, &mut groups);
    join_fragments(&mut groups);
    add_together(readings.rules(), &mut groups);
    leave_remarks(&mut groups);
    match groups.iter_mut().find(|group| is_flow(&group.role)) {
        Some(group) => group.texts.extend(loose),
        // "Hi! The lamp is too dark." is no greeting.
        None if !loose.is_empty() => {
            groups.retain(|group| !matches!(group.role, Role::Talk(Kind::Greeting | Kind::Thanks | Kind::Pleasantry)))
        }
        None => {}
    }
    commands(groups)
}

/// Whether a question beside a request is one for it too: it sounds like it, or rather like a request than like a question.
fn serves(group: &Group, piece: &Reading) -> bool {
    let sounds_like = |flow: &str| piece.probability(&format!("flow:{flow}")) >= SERVED;
    matches!(&group.role, Role::Flow(flow, _) if sounds_like(flow) || piece.best().0 != ASK)
}

/// "I just made my account and have two problems": what is only announced is no request beside the first of them.
fn announces(rules: &Rules, group: &Group) -> bool {
    let told = |text: &String| rules.enumerator.is_match(text) || !rules.announces.is_match(text);
    !group.texts.iter().any(told)
}

/// What was said before the first of several things holds for all: "two exchanges, both on my Visa card. First, ..."
fn shared(rules: &Rules, texts: &[String]) -> Vec<String> {
    let first = texts.iter().position(|text| rules.enumerator.is_match(text)).unwrap_or_default();
    texts.iter().take(first).cloned().collect()
}

/// "Put it on all my orders and in my profile" asks for both, though it is read as one of them.
fn add_together(rules: &Rules, groups: &mut Vec<Group>) {
    for Group { role, texts, asks, wishes } in groups.clone() {
        let Role::Flow(flow, p) = role else { continue };
        for other in texts.iter().flat_map(|text| rules.together.asked_with(&flow, text)) {
            let role = Role::Flow(other.to_owned(), p);
            if !groups.iter().any(|group| same_flow(&group.role, &role)) {
                groups.push(Group { role, texts: texts.clone(), asks, wishes });
            }
        }
    }
}

/// "Nobody wrote back, please change my address" is no complaint: what only has the tone of a request gives way to one that is asked for.
fn leave_tone(readings: &Readings<'_>, groups: &mut Vec<Group>) {
    let is_tone = |group: &Group| match &group.role {
        Role::Flow(flow, _) => readings.rules().is_tone(flow, &group.texts.join(" ")),
        _ => false,
    };
    if groups.iter().any(|group| (is_flow(&group.role) || matches!(group.role, Role::Ask(_))) && !is_tone(group)) {
        groups.retain(|group| !is_tone(group));
    }
}

/// "I said the helmet. 24.99. Move it to January please": what faintly resembles a request and is worded as none belongs to what is asked for behind it.
fn join_fragments(groups: &mut Vec<Group>) {
    let is_asked = |group: &Group| matches!(group.role, Role::Flow(_, p) if p >= LIKELY) && group.wishes;
    let mut place = 0;
    while place + 1 < groups.len() {
        let faint = |group: &Group| matches!(group.role, Role::Flow(_, p) if p < FRAGMENT) && !group.wishes;
        match (groups.get(place).is_some_and(faint), groups.get(place + 1).is_some_and(is_asked)) {
            (true, true) => {
                let fragment = groups.remove(place);
                if let Some(next) = groups.get_mut(place) {
                    next.texts.splice(0..0, fragment.texts);
                }
            }
            _ => place += 1,
        }
    }
}

/// "Good morning, I am Lena. Where is my parcel?": what only resembles a question and is worded as none gives way to what is asked.
fn leave_remarks(groups: &mut Vec<Group>) {
    let is_remark = |group: &Group| matches!(group.role, Role::Ask(_)) && !group.asks;
    if groups.iter().any(|group| is_flow(&group.role) || matches!(group.role, Role::Ask(_)) && group.asks) {
        groups.retain(|group| !is_remark(group));
    }
}

fn with(loose: &mut Vec<String>, piece: &Reading) -> Vec<String> {
    let mut texts = std::mem::take(loose);
    texts.push(piece.text.clone());
    texts
}

fn is_flow(role: &Role) -> bool {
    matches!(role, Role::Flow(..) | Role::Rivals(..))
}

fn same_flow(one: &Role, other: &Role) -> bool {
    match (one, other) {
        (Role::Flow(one, _), Role::Flow(other, _)) => one == other,
        (Role::Flow(flow, _), Role::Rivals(flows, _)) | (Role::Rivals(flows, _), Role::Flow(flow, _)) => {
            flows.contains(flow)
        }
        (Role::Rivals(one, _), Role::Rivals(other, _)) => one == other,
        _ => false,
    }
}

/// What a piece is, given what has been told before it.
pub(super) fn role(readings: &Readings<'_>, piece: &Reading, told: Told) -> Role {
    let rules = readings.rules();
    if piece.is_handoff {
        return Role::Handoff;
    }
    let body = rules.without_lead(&piece.text);
    let body = rules.without_lead(rules.without_hold(body));
    if rules.are_you_human.is_match(body) {
        return Role::Talk(Kind::AreYouHuman);
    }
    if let Some(flow) = followed_up(readings, piece, body) {
        return if rules_tell(readings, flow, body) { Role::Ask(ASKED) } else { Role::Flow(flow.to_owned(), LIKELY) };
    }
    if goes_on(readings, piece, body) {
        return Role::Ask(ASKED);
    }
    if piece.is_negated && !piece.is_question || (told == Told::Request && piece.is_conditional) {
        return Role::Detail;
    }
    let (class, p) = piece.best();
    if let Some(role) =
        piece.repair().and_then(|(name, p)| talk(name, p, body, piece.best_flow().map_or(0.0, |(_, p)| p)))
    {
        return role;
    }
    // "What would happen to my payments if I return it?" asks before anything is wanted.
    if piece.is_question && rules.follow.hypothetical.is_match(body) {
        return Role::Ask(piece.probability(ASK).max(ASKED));
    }
    // "In general" says that no case of one's own is meant, so that nobody has to be identified.
    if piece.is_question && rules.in_general.is_match(readings.text) && !rules.own_case.is_match(body) {
        return Role::Ask(piece.probability(ASK).max(ASKED));
    }
    // "Do I have to send them back?", after something was done about them, asks what the rules are and wishes for nothing.
    let acts = |flow: &str| !readings.context.look_ups.iter().any(|look_up| look_up == flow);
    if piece.is_question
        && readings.context.acted
        && rules.follow.obliged.is_match(body)
        && piece.best_flow().is_some_and(|(flow, _)| acts(flow))
    {
        return Role::Ask(piece.probability(ASK).max(ASKED));
    }
    if let Some(role) = question(readings, piece, body) {
        return role;
    }
    let asked = piece.is_request || piece.is_question;
    let needed = match (asked, told) {
        (true, _) => ASKED,
        (false, Told::Request) => UNASKED_LATER,
        (false, Told::Nothing) => UNASKED_FIRST,
    };
    match class.strip_prefix("flow:") {
        Some(flow) if p >= needed => rivals(piece, flow, p),
        Some(_) if asked && told == Told::Nothing => summed(piece).unwrap_or(Role::Detail),
        _ if class == ASK && p >= needed => match piece.best_flow() {
            // What is told and not asked is rather one's own case than a question of rules.
            Some((flow, q)) if !wants_answer(rules, piece) && q >= TOLD && p - q < TOLD_MARGIN => {
                Role::Flow(flow.to_owned(), q)
            }
            _ => Role::Ask(p),
        },
        _ => Role::Detail,
    }
}

/// Whether it is worded as a question, or as a wish to be told something.
fn wants_answer(rules: &Rules, piece: &Reading) -> bool {
    piece.is_question || piece.is_request && rules.telling.is_match(&piece.text)
}

/// A short question after an article, not about one's own case, that may go on from it, is for the articles unless a request is sure.
fn goes_on(readings: &Readings<'_>, piece: &Reading, body: &str) -> bool {
    let rules = readings.rules();
    readings.context.after_article
        && piece.is_question
        && piece.text.split_whitespace().count() <= POINTING_WORDS_MAX
        && rules.follow.goes_on.is_match(body)
        && !rules.own_case.is_match(body)
        && piece.best_flow().is_none_or(|(_, p)| p < BEGUN_SURELY)
        && piece.repair().is_none()
}

/// Whether a question is about what would be, or why it is so: the rules tell that rather than the same record once more.
fn rules_tell(readings: &Readings<'_>, flow: &str, body: &str) -> bool {
    let follow = &readings.rules().follow;
    Some(flow) == readings.context.last_flow
        && (follow.hypothetical.is_match(body) || follow.asks_reason.is_match(body))
}

/// The request that answers a question about what was just done. A question never does the same thing again: after a case was opened, "what if they
/// say it was delivered?" asks how the case goes.
fn followed_up<'r>(readings: &Readings<'r>, piece: &Reading, body: &str) -> Option<&'r str> {
    let context = readings.context;
    // "And the other one?" looks up what was looked up, for another, and "are you sure?" once more.
    let same = context.follow_up.filter(|flow| context.last_flow == Some(flow));
    let follow = &readings.rules().follow;
    if same.is_some()
        && [&follow.elliptical, &follow.doubts, &follow.asks_detail].iter().any(|rule| rule.is_match(readings.text))
    {
        return same;
    }
    let flow = context.follow_up.filter(|_| piece.is_question)?;
    let (class, p) = piece.best();
    let best = class.strip_prefix("flow:");
    let again = best.is_some_and(|best| best == flow || Some(best) == context.last_flow);
    // "Can I exchange it for the red ones instead?" wishes for it once more.
    let rules = readings.rules();
    if best != Some(flow)
        && again
        && rules.wish_question.is_match(body)
        && body.split_whitespace().any(|word| rules.is_verb(word))
    {
        return None;
    }
    let other = best.filter(|_| !again);
    // "Can I just cancel it?" wishes for something else, however it points back.
    if other.is_some()
        && p >= ASKED
        && rules.wish_question.is_match(body)
        && body.split_whitespace().any(|word| rules.is_verb(word) && !rules.stop.contains(&word.to_lowercase()))
    {
        return None;
    }
    // "Did you open the trace or not", "when do I get my 64.99": the own record comes before an article, however well that fits.
    let own = rules.person.asks_if_done.is_match(body) || rules.own_case.is_match(body) && class == ASK;
    if own && (other.is_none() || p < ANOTHER) {
        return Some(flow);
    }
    let points = piece.text.split_whitespace().count() <= POINTING_WORDS_MAX
        && (readings.rules().follow.points_back.is_match(body)
            || readings.rules().follow.continues.is_match(&piece.text))
        && (class != ASK || p < if context.acted { ASKED_SURELY } else { ASKED_RATHER })
        && (other.is_none() || p < ANOTHER || is_bare(readings.rules(), body));
    // "And how is it going?", after the payments of what a case was opened about, rather means the case.
    let nearer = other.filter(|_| {
        p >= if is_bare(rules, body) { ANOTHER } else { ASKED_FAINTLY }
            && p >= NEARER * piece.probability(&format!("flow:{flow}"))
    });
    let looked_up = nearer.and_then(|other| context.look_ups.iter().find(|look_up| *look_up == other));
    (points || again && p >= ASKED_FAINTLY).then(|| looked_up.map_or(flow, String::as_str))
}

/// "And the one after that?" has neither a word of content more than that nor a verb of a request: whatever it sounds like, it means what was told.
fn is_bare(rules: &Rules, body: &str) -> bool {
    let is_verb = |word: &str| rules.is_verb(word) && !rules.stop.contains(&word.to_lowercase());
    rules.content_words(body).len() <= 1 && !body.split_whitespace().any(is_verb)
}

/// "Wait, am I talking to a person?" in the middle of something else: answered, and nothing more.
pub(super) fn aside(readings: &Readings<'_>) -> Option<Command> {
    let [piece] = readings.pieces.as_slice() else { return None };
    match role(readings, piece, Told::Request) {
        Role::Talk(kind) if matches!(kind, Kind::AreYouHuman | Kind::Abilities | Kind::Abuse) => {
            Some(Command::Chitchat { kind })
        }
        _ => None,
    }
}

/// Question or request? A question of rules is for the articles, one's own case for a flow.
fn question(readings: &Readings<'_>, piece: &Reading, body: &str) -> Option<Role> {
    if !piece.is_question {
        return None;
    }
    let ask = piece.probability(ASK);
    let (flow, p) = piece.flows().find(|(flow, _)| !readings.rules().is_tone(flow, &piece.text))?;
    let close = (ask - p).abs() < 0.3 && ask + p > 0.5;
    if !close {
        return None;
    }
    let rules = readings.rules();
    let own = rules.own_case.is_match(body);
    let general = rules.general.is_match(body);
    match (own, general) {
        (false, true) => Some(Role::Ask(ask.max(p))),
        (true, _) => Some(Role::Flow(flow.to_owned(), ask.max(p))),
        _ => None,
    }
}

/// Two flows that cannot be told apart.
fn rivals(piece: &Reading, flow: &str, p: f32) -> Role {
    let second = piece.classes.iter().skip(1).find_map(|(class, q)| Some((class.strip_prefix("flow:")?, *q)));
    match second {
        Some((other, q)) if p - q < MARGIN && q >= RIVAL => Role::Rivals(vec![flow.to_owned(), other.to_owned()], p),
        _ => Role::Flow(flow.to_owned(), p),
    }
}

/// Several flows that are likely together but not alone: ask which.
fn summed(piece: &Reading) -> Option<Role> {
    let flows: Vec<(&str, f32)> = piece
        .classes
        .iter()
        .filter_map(|(class, p)| Some((class.strip_prefix("flow:")?, *p)))
        .filter(|(_, p)| *p >= 0.12)
        .collect();
    let sum: f32 = flows.iter().map(|(_, p)| p).sum();
    match flows.as_slice() {
        [(flow, p), (_, q), ..] if sum >= 0.55 && p - q >= MARGIN => Some(Role::Flow((*flow).to_owned(), *p)),
        [_, _, ..] if sum >= 0.55 => {
            Some(Role::Rivals(flows.iter().take(3).map(|(flow, _)| (*flow).to_owned()).collect(), sum))
        }
        _ => None,
    }
}

/// Small talk and repair by the classifier.
fn talk(name: &str, p: f32, body: &str, request: f32) -> Option<Role> {
    let short = body.split_whitespace().count() <= 6;
    let kind = match name {
        "greeting" => Kind::Greeting,
        "thanks" => Kind::Thanks,
        "goodbye" => Kind::Goodbye,
        "anything_else_no" => Kind::Goodbye,
        "are_you_human" => Kind::AreYouHuman,
        "abilities" => Kind::Abilities,
        "pleasantry" => Kind::Pleasantry,
        "abuse" => Kind::Abuse,
        // "Cancel whatever has not shipped" is a request of its own.
        "cancel" if p >= 0.6 && short && request < 0.1 => return Some(Role::Cancel),
        "repeat" if p >= 0.6 && short => return Some(Role::Repeat),
        _ => return None,
    };
    (p >= TALK).then_some(Role::Talk(kind))
}

fn commands(groups: Vec<Group>) -> Vec<Command> {
    let asks = groups.iter().any(|group| is_flow(&group.role) || matches!(group.role, Role::Ask(_) | Role::Handoff));
    let mut list: Vec<Command> = Vec::new();
    for Group { role, texts, .. } in groups {
        let text = texts.join(" ");
        let command = match role {
            Role::Flow(flow, confidence) => Command::StartFlow { flow, confidence, text },
            Role::Rivals(flows, _) => Command::Clarify { flows },
            Role::Ask(confidence) => Command::Ask { query: text, confidence },
            Role::Handoff => Command::Handoff,
            Role::Cancel if !asks => Command::Cancel,
            Role::Repeat if !asks => Command::Repeat,
            Role::Talk(Kind::AreYouHuman) => Command::Chitchat { kind: Kind::AreYouHuman },
            Role::Talk(kind) if !asks => Command::Chitchat { kind },
            Role::Cancel | Role::Repeat | Role::Talk(_) | Role::Detail => continue,
        };
        if !list.contains(&command) {
            list.push(command);
        }
    }
    shorten(list)
}

/// A question of which flow is asked only if nothing else is clear; of several small talks the last one counts most.
fn shorten(mut list: Vec<Command>) -> Vec<Command> {
    if list.iter().any(|command| matches!(command, Command::StartFlow { .. })) {
        list.retain(|command| !matches!(command, Command::Clarify { .. }));
    }
    let talks = list.iter().filter(|command| matches!(command, Command::Chitchat { .. })).count();
    if talks > 1 {
        let strongest = [
            Kind::SomebodyElse,
            Kind::OtherLanguage,
            Kind::ComingLanguage,
            Kind::PassedOver,
            Kind::Objection,
            Kind::AreYouHuman,
            Kind::Goodbye,
            Kind::Abilities,
            Kind::Abuse,
            Kind::Thanks,
            Kind::Greeting,
            Kind::Pleasantry,
        ];
        let kept = strongest.iter().find(|kind| list.contains(&Command::Chitchat { kind: **kind })).copied();
        list.retain(|command| !matches!(command, Command::Chitchat { kind } if Some(*kind) != kept));
    }
    list
}

/// Nothing was told surely: the likeliest request, a question for the articles, a choice of flows, or no message at all.
fn unsure(readings: &Readings<'_>, whole: &Reading) -> Vec<Command> {
    let rules = readings.rules();
    let start = |flow: &str, confidence: f32| {
        vec![Command::StartFlow { flow: flow.to_owned(), confidence, text: readings.text.to_owned() }]
    };
    if readings.understander.known_share(readings.text) < READABLE {
        return vec![Command::CannotRead];
    }
    // "I don't want anything cancelled": whatever was thought to be under way is not.
    if whole.is_negated && !whole.is_question {
        return vec![Command::Cancel];
    }
    // "The other order too": more of what was just done.
    let more = rules.additive.is_match(readings.text) && whole.best().0 == DETAIL;
    if let Some(flow) = readings.context.active_flow.or(readings.context.last_flow).filter(|_| more) {
        return start(flow, LIKELY);
    }
    // Where a request is due, an elaboration without one is read as the request it most resembles.
    let requests = || whole.classes.iter().filter(|(class, _)| class.starts_with("flow:") || class == ASK);
    let sum: f32 = requests().map(|(_, p)| p).sum();
    let needed = if whole.is_question { ASKED_FAINTLY } else { FAINT };
    let best = requests().next().filter(|(_, p)| *p >= needed && *p / sum >= LIKELY);
    if let Some((flow, share)) = best.and_then(|(class, p)| Some((class.strip_prefix("flow:")?, *p / sum))) {
        return start(flow, share * LIKELY);
    }
    let ask = whole.probability(ASK);
    match (summed(whole), whole.best_flow()) {
        (Some(Role::Rivals(flows, _)), _) => vec![Command::Clarify { flows }],
        (Some(Role::Flow(flow, p)), _) if !whole.is_question => start(&flow, p),
        // What is hardly a question for the articles is not answered from them.
        (_, Some((flow, p))) if !whole.is_question && ask < FAINT && p >= ASKED_FAINTLY => {
            vec![Command::Clarify { flows: vec![flow.to_owned()] }]
        }
        _ => vec![Command::Ask { query: readings.text.to_owned(), confidence: ask }],
    }
}
