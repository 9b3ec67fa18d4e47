//! What does the assistant do while a person is awaited? It takes notes, answers what it can beside, says so, and takes the conversation back when
//! the customer wants that.

use ombud_domain::{
    Author, Awaiting, AwaitingKind, Command, ConversationStatus, Expectation, Handover, Kind, Priority,
};
use ombud_language::{UnderstandContext, Vectors};
use ombud_policy::engine::{CONTESTED, CUSTOMER_REQUEST, GO_ON, GoingOn, KEEP_WAITING};
use ombud_policy::text::THANKS_WORDS;
use ombud_policy::{Dialogue, NO_CHOICE, Reader as _};
use serde_json::{Map, Value, json};

use crate::assistant::Assistant;
use crate::conversation::{Conversation, says_something};
use crate::intake::{Arrival, Hears};
use crate::market;
use crate::reader::{LexicalReader, desk_times, today};
use crate::safety::Screened;
use crate::search::Search;

/// A question this surely asks for a record, whatever the articles say of it.
const LOOK_UP: f32 = 0.85;
/// The same of one's own account; what led to the person sounds like it and takes its share.
const LOOK_UP_OWN: f32 = 0.6;
/// A question is one about the request that led to the person from this probability on ...
const ASKED_ABOUT: f32 = 0.45;
/// ... and what does not sound like a question from this one: "just tell me when somebody gets back to me".
const ASKED_PLAINLY: f32 = 0.75;
/// While a person is awaited, a request that acts is begun from this probability on: "what due date, I pay on time" moves none ...
const ACTS: f32 = 0.85;
/// ... and one that only looks up from this one.
const SHOWS: f32 = 0.6;
/// Thanks in more words tell something else besides.
const THANKS_WORDS_MAX: usize = 8;
/// Signs of trouble that a person who is awaited for one of them looks after as well: "do I owe his debts?" begins no other care.
const SAME_PERSON: [&str; 3] = ["bereavement", "debt_distress", "illness"];
/// Those of them in which a question of what is owed means one's own account: who grieves may mean another's.
const OWN_ACCOUNT: [&str; 2] = ["debt_distress", "illness"];

/// Who answers a message.
pub(crate) enum Answerer {
    /// The assistant, though with what it hears of the message.
    Assistant,
    /// A person; the message is kept for him.
    Person,
}

/// Decides who answers, and takes the conversation back for the assistant when the customer wants that.
///
/// INVARIANT: exactly one party owns a conversation; once a person has taken it, nothing typed gives it back
/// (test: `the_assistant_is_silent_while_a_person_has_the_conversation`).
pub(crate) fn answerer(assistant: &Assistant, received: &mut Arrival, screened: &mut Screened) -> Answerer {
    match received.conversation.status {
        ConversationStatus::Open | ConversationStatus::Resolved => return Answerer::Assistant,
        ConversationStatus::WithAgent => return Answerer::Person,
        ConversationStatus::WaitingForAgent => {}
    }
    let case = case(assistant, &received.conversation);
    if let (Some(reason), Some(rest)) = (&case, misunderstanding(assistant, &received.conversation, screened)) {
        screened.deny(|signal| assistant.pack.manifest.signals.contains_key(signal));
        go_on(received, screened, (rest, GoingOn::Misunderstood { reason: reason.clone() }));
        return Answerer::Assistant;
    }
    // "No, don't undo it": what a person was asked to take back stays, and nobody has to see to it.
    if case.is_none()
        && let Some(rest) = keeps_deed(assistant, &received.conversation, screened.text())
    {
        go_on(received, screened, (rest, GoingOn::Alone));
        return Answerer::Assistant;
    }
    let beside = received.conversation.dialogue.beside.is_some();
    let presses = presses_go_on(assistant, &received.conversation, screened.text());
    if !presses && received.conversation.kept && (!beside || !received.conversation.dialogue.frames.is_empty()) {
        return Answerer::Assistant;
    }
    let in_care = case.is_some();
    let looked_after = |signal: &str| in_care && SAME_PERSON.contains(&signal);
    let fresh = screened.signals().iter().filter(|signal| !looked_after(signal));
    if is_alarming(assistant, &received.conversation.dialogue, fresh) {
        received.hears = Hears::SignalsOnly;
        return Answerer::Assistant;
    }
    match withdrawal(assistant, &received.conversation, screened.text()) {
        Some(rest) => {
            screened.leave(looked_after);
            let stays = case.or_else(|| urgent(&received.conversation));
            let going_on = stays.map_or(GoingOn::Alone, |reason| GoingOn::Meanwhile { reason });
            go_on(received, screened, (rest, going_on));
            Answerer::Assistant
        }
        None if case.is_none() && asks_assistant(assistant, received, screened) => {
            let reason = received.conversation.handover.as_ref().map(|handover| handover.reason_code.clone());
            received.withdrawn = (!beside).then(|| GoingOn::Beside { reason: reason.unwrap_or_default() });
            Answerer::Assistant
        }
        None if case.is_some() && looks_up(assistant, received, screened) => {
            screened.leave(looked_after);
            received.withdrawn = (!beside).then(|| GoingOn::Beside { reason: case.unwrap_or_default() });
            Answerer::Assistant
        }
        None if case.is_some()
            && (asks_about_led(assistant, received, screened) || asks_of_care(assistant, received, screened)) =>
        {
            screened.leave(looked_after);
            received.hears = Hears::CareQuestion;
            received.withdrawn = (!beside).then(|| GoingOn::Beside { reason: case.unwrap_or_default() });
            Answerer::Assistant
        }
        None => Answerer::Person,
    }
}

/// Whether somebody who is ill or in debt surely asks for a record of his own, and nothing else: "what do I owe?"
fn looks_up(assistant: &Assistant, received: &Arrival, screened: &Screened) -> bool {
    let conversation = &received.conversation;
    let is_own = conversation.dialogue.signals.iter().all(|signal| OWN_ACCOUNT.contains(&signal.as_str()));
    is_own
        && crate::records::customer_of(conversation).is_some()
        && asks_for_record(assistant, (received, screened), LOOK_UP_OWN)
}

/// Whether a question is surely for the records, and for nothing else.
fn asks_for_record(assistant: &Assistant, (received, screened): (&Arrival, &Screened), surely: f32) -> bool {
    let text = screened.words();
    let is_look_up = |command: &Command| match command {
        Command::StartFlow { flow, confidence, .. } => {
            *confidence >= surely && assistant.learnt.look_ups.contains(flow)
        }
        _ => false,
    };
    if !assistant.reader(&received.conversation.locale).asks(text) {
        return false;
    }
    let commands = at_rest(assistant, &received.conversation.locale, text);
    !commands.is_empty() && commands.iter().all(is_look_up)
}

/// Whether somebody who grieves, is ill or in debt asks what the articles about that tell: "do I owe his debts?"
fn asks_of_care(assistant: &Assistant, received: &Arrival, screened: &Screened) -> bool {
    let text = screened.words();
    let understander = assistant.reader(&received.conversation.locale);
    // "When is my next payment due?" asks for a record, which the articles do not have.
    if !understander.asks(text) || asks_for_record(assistant, (received, screened), LOOK_UP) {
        return false;
    }
    let about = about_awaited(assistant, &received.conversation.dialogue);
    let (market, _) = market::of(assistant, received, text);
    let search = Search::new(assistant, (&received.conversation.locale, &market));
    search.look_up_only(text, about).is_ok_and(|(finding, _)| !finding.sentences.is_empty())
}

/// Articles about what led to the person who is awaited.
pub(crate) fn about_awaited<'a>(assistant: &'a Assistant, dialogue: &Dialogue) -> &'a [String] {
    let flow = led_here(dialogue).and_then(|flow| assistant.pack.flows.get(flow));
    flow.map_or(&[], |flow| flow.articles.as_slice())
}

/// Whether a message asks for something that the assistant can do or answer: a request other than the one that led to the person, or a question
/// that an article answers. What is told is for the person.
fn asks_assistant(assistant: &Assistant, received: &Arrival, screened: &Screened) -> bool {
    let text = screened.words();
    if asks_about_led(assistant, received, screened) {
        return true;
    }
    let conversation = &received.conversation;
    if !assistant.reader(&conversation.locale).asks(text) || !screened.signals().is_empty() {
        return false;
    }
    let dialogue = &conversation.dialogue;
    let led_here = led_here(dialogue);
    let commands = at_rest(assistant, &conversation.locale, text);
    let (market, _) = market::of(assistant, received, text);
    let search = Search::new(assistant, (&conversation.locale, &market));
    let serves = |command: &Command| match command {
        Command::StartFlow { flow, confidence, .. } => {
            let is_care = assistant.pack.manifest.signals.values().any(|care| care == flow);
            let surely = if assistant.learnt.look_ups.contains(flow) { SHOWS } else { ACTS };
            !is_care && Some(flow.as_str()) != led_here && *confidence >= surely
        }
        // "How long?" means the person.
        Command::Ask { query, .. } => {
            let found = search.look_up(query, dialogue.last_answer.as_ref());
            !search.names_nothing(query) && found.is_ok_and(|(finding, _)| !finding.sentences.is_empty())
        }
        _ => false,
    };
    !commands.contains(&Command::Handoff) && commands.iter().any(serves)
}

/// The same of the request that led to the person who is awaited.
fn asks_about_led(assistant: &Assistant, received: &Arrival, screened: &Screened) -> bool {
    let conversation = &received.conversation;
    let text = screened.words();
    let waits = assistant.pack.manifest.desk.questions.as_deref();
    let surely = if assistant.reader(&conversation.locale).asks(text) { ASKED_ABOUT } else { ASKED_PLAINLY };
    let mut flows = led_here(&conversation.dialogue).into_iter().chain(waits);
    flows.any(|flow| asks_about(assistant, &conversation.locale, flow, (text, surely)))
}

/// The flow that led to the person who is awaited.
fn led_here(dialogue: &Dialogue) -> Option<&str> {
    match &dialogue.beside {
        Some(beside) => beside.flow(),
        None => dialogue.frames.last().map(|top| top.flow.as_str()),
    }
}

/// Whether a message asks something about a request to which that has an answer of its own.
fn asks_about(assistant: &Assistant, locale: &str, flow: &str, (text, surely): (&str, f32)) -> bool {
    let Some(faq) = assistant.pack.flows.get(flow).and_then(|flow| flow.faq.as_ref()) else { return false };
    let meant = LexicalReader::new(assistant, locale).meant(&faq.examples, text);
    meant.is_some_and(|(choice, p)| choice != NO_CHOICE && p >= surely)
}

/// The assistant answers again: what else was said, or else what was kept meanwhile.
fn go_on(received: &mut Arrival, screened: &mut Screened, (rest, going_on): (String, GoingOn)) {
    let waited = received.conversation.unanswered.take().unwrap_or_default();
    // What was kept is not read again where it may be what was misunderstood.
    let is_misread = matches!(going_on, GoingOn::Misunderstood { .. });
    screened.read_as(if rest.is_empty() && !is_misread { waited } else { rest });
    if going_on == GoingOn::Alone {
        received.conversation.status = ConversationStatus::Open;
    }
    received.withdrawn = Some(going_on);
}

/// Reason of the hand-over if it is one of care: that case stays with people whoever answers meanwhile.
fn case(assistant: &Assistant, conversation: &Conversation) -> Option<String> {
    let dialogue = &conversation.dialogue;
    let kept = conversation.kept && dialogue.beside.is_none();
    let care = dialogue.is_distressed() || care_flow(assistant, dialogue).is_some() || kept;
    conversation.handover.as_ref().filter(|_| care).map(|handover| handover.reason_code.clone())
}

/// Reason of the hand-over if people have to see to it whether or not the customer waits for them, as with a purchase that he does not know.
fn urgent(conversation: &Conversation) -> Option<String> {
    let handover = conversation.handover.as_ref()?;
    let stays = handover.priority == Priority::High && handover.reason_code != CUSTOMER_REQUEST;
    stays.then(|| handover.reason_code.clone())
}

/// What else is asked by a customer who waits for a person to take back what was done, and wants it to stay.
fn keeps_deed(assistant: &Assistant, conversation: &Conversation, text: &str) -> Option<String> {
    conversation.handover.as_ref().filter(|handover| handover.reason_code == CONTESTED)?;
    assistant.reader(&conversation.locale).keeps_deed(text)
}

/// The flow of care that led to the hand-over.
fn care_flow<'d>(assistant: &Assistant, dialogue: &'d Dialogue) -> Option<&'d str> {
    let flow = dialogue.frames.last().map(|top| top.flow.as_str())?;
    assistant.pack.manifest.signals.values().any(|care| care == flow).then_some(flow)
}

/// What else is said by a customer who says that he was misunderstood. None when he does not, or when something else alarms.
fn misunderstanding(assistant: &Assistant, conversation: &Conversation, screened: &Screened) -> Option<String> {
    let dialogue = &conversation.dialogue;
    if conversation.kept && !dialogue.is_distressed() {
        return None;
    }
    let rest = assistant.reader(&conversation.locale).misunderstanding(screened.text())?;
    let flow = care_flow(assistant, dialogue);
    let fresh = screened.signals().iter().filter(|signal| !dialogue.signals.contains(signal));
    let mut flows = fresh.filter_map(|signal| assistant.pack.manifest.signals.get(signal));
    flows.all(|started| conversation.kept || Some(started.as_str()) == flow).then_some(rest)
}

/// Whether a sign was not heard before that the pack answers with a flow of its own.
fn is_alarming<'s>(assistant: &Assistant, dialogue: &Dialogue, signals: impl IntoIterator<Item = &'s String>) -> bool {
    let mut fresh = signals.into_iter().filter(|signal| dialogue.is_news(signal));
    fresh.any(|signal| assistant.pack.manifest.signals.contains_key(signal))
}

/// Whether a message is the button with which the assistant goes on, or its words, whatever was asked since it was shown.
fn presses_go_on(assistant: &Assistant, conversation: &Conversation, text: &str) -> bool {
    let label = || assistant.pack.texts.render(&conversation.locale, "", "waiting_assistant", &[]).ok();
    let is_label = |label: String| label.to_lowercase() == text.trim().to_lowercase();
    conversation.dialogue.picked(text) == Some(GO_ON) || label().is_some_and(is_label)
}

/// What else is said by a customer who goes on without a person; none when he waits on.
fn withdrawal(assistant: &Assistant, conversation: &Conversation, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    if presses_go_on(assistant, conversation, text) {
        return Some(String::new());
    }
    assistant.reader(&conversation.locale).withdrawal(text)
}

/// What is said to a customer whose message is kept for a person; nothing once a person is there.
pub(crate) fn acknowledgement(
    assistant: &Assistant,
    conversation: &Conversation,
    text: &str,
) -> Option<(Author, String)> {
    if conversation.status != ConversationStatus::WaitingForAgent || text.trim().is_empty() {
        return None;
    }
    let (author, key) = if conversation.dialogue.picked(text) == Some(KEEP_WAITING) {
        (Author::Assistant, "handoff_waits")
    } else if conversation.unanswered.is_none() {
        (Author::Assistant, "handoff_noted")
    } else {
        (Author::System, "handoff_noted_again")
    };
    let names =
        names(&json!({"promise": promise(assistant, conversation), "session": session(assistant, conversation)}));
    let said = |key: &str| for_reason(assistant, conversation, key, &names);
    match pleasantry(assistant, conversation, text) {
        Some(pleasantry) => Some((Author::Assistant, format!("{} {}", said(pleasantry)?, said("handoff_beside")?))),
        None => Some((author, said(key)?)),
    }
}

/// What is said back to thanks and to a goodbye, and to nothing else.
fn pleasantry(assistant: &Assistant, conversation: &Conversation, text: &str) -> Option<&'static str> {
    let mut keys = at_rest(assistant, &conversation.locale, text).into_iter().map(|command| match command {
        Command::Chitchat { kind: Kind::Thanks } => Some("chitchat_thanks"),
        Command::Chitchat { kind: Kind::Goodbye } => Some("chitchat_goodbye"),
        _ => None,
    });
    let first = keys.next().flatten().filter(|_| keys.all(|key| key.is_some()));
    let is_short = text.split_whitespace().count() <= THANKS_WORDS_MAX;
    let thanks = is_short
        && !assistant.reader(&conversation.locale).asks(text)
        && assistant.pack.texts.lists(&conversation.locale, THANKS_WORDS, text);
    // "Okay, dann warte ich. Danke!" tells the person who is awaited nothing.
    if thanks { Some("chitchat_thanks") } else { first }
}

/// What a message asks where nothing is open.
fn at_rest(assistant: &Assistant, locale: &str, text: &str) -> Vec<Command> {
    let vectors = assistant.vectors();
    let vectors = vectors.as_ref().map(|vectors| vectors as &dyn Vectors);
    let context = UnderstandContext { vectors, ..UnderstandContext::alone(&Expectation::Open, today(assistant)) };
    assistant.reader(locale).understand(text, &context).commands
}

/// A text as the pack has it for the reason of the hand-over, or for all.
fn for_reason(
    assistant: &Assistant,
    conversation: &Conversation,
    key: &str,
    names: &Map<String, Value>,
) -> Option<String> {
    let said = |key: &str| assistant.pack.texts.render(&conversation.locale, "", key, &[names]).ok();
    let reason = conversation.handover.as_ref().map(|handover| handover.reason_code.as_str()).unwrap_or_default();
    said(&format!("{key}_{reason}")).or_else(|| said(key))
}

fn session(assistant: &Assistant, conversation: &Conversation) -> Value {
    let desk = desk_times(assistant, &conversation.market);
    let (market, locale) = (&conversation.market, &conversation.locale);
    json!({
        "market": market,
        "locale": locale,
        "today": today(assistant).to_string(),
        "desk_until": desk.until,
        "desk_from": desk.from,
        "desk_from_on": desk.from_on,
        "desk_from_in": desk.from_in,
    })
}

/// When a person is there, as the pack promises it for this reason or for all; empty when it promises nothing.
fn promise(assistant: &Assistant, conversation: &Conversation) -> String {
    let names = names(&json!({"session": session(assistant, conversation)}));
    for_reason(assistant, conversation, "handoff_promise", &names).unwrap_or_default()
}

/// The hand-over with what a later message adds to it: anger and distress are heard, and the last words are the last ones. None when it adds nothing.
pub(crate) fn updated(conversation: &Conversation, dialogue: &Dialogue, text: &str) -> Option<Handover> {
    let before =
        conversation.handover.as_ref().filter(|_| conversation.status == ConversationStatus::WaitingForAgent)?;
    let mut handover = before.clone();
    handover.priority = handover.priority.max(dialogue.priority());
    dialogue.sentiment().clone_into(&mut handover.sentiment);
    if says_something(text) && dialogue.picked(text).is_none() {
        text.clone_into(&mut handover.last_words);
    }
    (handover != *before).then_some(handover)
}

/// What a customer's page shows: the buttons of the assistant's last reply, unless a person answers.
pub(crate) fn awaiting(conversation: &Conversation) -> Awaiting {
    let kept = &conversation.dialogue.awaiting;
    match conversation.status {
        ConversationStatus::Open => kept.clone(),
        ConversationStatus::WaitingForAgent if conversation.kept || kept.kind == AwaitingKind::Handoff => kept.clone(),
        ConversationStatus::WaitingForAgent | ConversationStatus::WithAgent => {
            Awaiting { kind: AwaitingKind::Handoff, ..Awaiting::default() }
        }
        ConversationStatus::Resolved => Awaiting { kind: AwaitingKind::None, ..Awaiting::default() },
    }
}

fn names(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
