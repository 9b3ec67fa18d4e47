//! Stage 3: what does the message ask of us? Commands, read by the pack's own classifier and extractors.

use std::sync::Arc;

use ombud_domain::{AwaitingKind, COMMANDS_MAX, Command, Kind, Stage, Understanding};
use ombud_language::{Newest, OfColleague, UnderstandContext, Vectors};
use ombud_policy::Dialogue;
use serde_json::json;

use crate::assistant::Assistant;
use crate::bounded::{Computing, in_time};
use crate::intake::{Arrival, Hears};
use crate::languages::{Coming, LanguageReader};
use crate::market::{self, Named};
use crate::meaning::TurnVectors;
use crate::reader::today;
use crate::safety::Screened;
use crate::trail::Trail;

/// What was understood. Made by this stage alone.
pub(crate) struct Understood {
    understanding: Understanding,
    market: String,
    named: Named,
}

impl Understood {
    pub(crate) const fn understanding(&self) -> &Understanding {
        &self.understanding
    }

    /// The market the customer is answered for.
    pub(crate) fn market(&self) -> &str {
        &self.market
    }

    /// The market, if this message named it.
    pub(crate) fn named_market(&self) -> Option<&str> {
        (self.named == Named::Here).then_some(self.market.as_str())
    }
}

/// None when it was not read in time.
pub(crate) async fn understand(
    assistant: &Arc<Assistant>,
    (received, screened): (&Arc<Arrival>, &Arc<Screened>),
    trail: &mut Trail<'_>,
) -> Option<Arc<Understood>> {
    if !screened.is_message() {
        return Some(Arc::new(understand_now(assistant, received, screened, trail)));
    }
    let shared = (Arc::clone(assistant), Arc::clone(received), Arc::clone(screened));
    let work = move || {
        let (assistant, received, screened) = shared;
        let mut beside = Trail::begin(&assistant);
        let understood = understand_now(&assistant, &received, &screened, &mut beside);
        (understood, beside.into_records())
    };
    let read = in_time(assistant, Computing::Understanding, work).await;
    let Some((understood, records)) = read else {
        trail.note(Stage::Understanding, "not read in time", json!({"late": true}));
        return None;
    };
    trail.take_in(records);
    Some(Arc::new(understood))
}

fn understand_now(assistant: &Assistant, received: &Arrival, screened: &Screened, trail: &mut Trail<'_>) -> Understood {
    let mut understanding = read(assistant, received, screened, trail);
    let words = if screened.is_message() { screened.words() } else { "" };
    understanding = crate::visitor::in_general(assistant, received, words, understanding);
    let (market, named) = market::of(assistant, received, words);
    // "I live in Manchester, by the way" answers nothing and asks for what was just answered, as it holds there; "UK. late fee?" asks for itself.
    let rests = received.conversation.dialogue.frames.is_empty();
    if rests && named == Named::Here && !understanding.commands.iter().any(asks_or_begins) {
        let beside = market::beside(&assistant.pack.manifest.places, words).unwrap_or_default();
        let asks_itself = beside.split_whitespace().count() >= ASKED_WORDS_MIN;
        let last = received.conversation.dialogue.last_answer.as_ref().map(|last| last.query.clone());
        let query = if asks_itself { Some(words.to_owned()) } else { last };
        understanding.commands = query.map_or_else(
            || std::mem::take(&mut understanding.commands),
            |query| vec![Command::Ask { query, confidence: 1.0 }],
        );
    }
    Understood { understanding, market, named }
}

/// Words beside the name of a place that ask for something.
const ASKED_WORDS_MIN: usize = 2;

/// Whether a command asks for something by itself.
const fn asks_or_begins(command: &Command) -> bool {
    matches!(command, Command::StartFlow { .. } | Command::Handoff | Command::Clarify { .. } | Command::Cancel)
}

/// What needs no reading, or cannot be read.
fn without_reading(received: &Arrival, screened: &Screened, trail: &mut Trail<'_>) -> Option<Understanding> {
    if received.hears == Hears::SignalsOnly {
        trail.note(Stage::Understanding, "kept for the person who is awaited, but for its signs", json!({}));
        let signals = screened.signals().to_vec();
        return Some(Understanding { signals, ..Understanding::default() });
    }
    if !screened.is_message() || screened.words().is_empty() {
        trail.note(Stage::Understanding, "nothing to read", json!({}));
        return Some(Understanding::default());
    }
    if received.hears == Hears::CareQuestion {
        trail.note(Stage::Understanding, "a question about the care that a person was brought in for", json!({}));
        let commands = vec![Command::Ask { query: screened.words().to_owned(), confidence: 1.0 }];
        return Some(Understanding { commands, signals: screened.signals().to_vec(), ..Understanding::default() });
    }
    if let Some(coming) = received.coming {
        trail.note(Stage::Understanding, "in a language that is still being learnt", json!({}));
        let command = match coming {
            Coming::Person => Command::Handoff,
            Coming::Unread => Command::Chitchat { kind: Kind::ComingLanguage },
        };
        let (commands, signals) = (vec![command], screened.signals().to_vec());
        return Some(Understanding { commands, signals, ..Understanding::default() });
    }
    let dialogue = &received.conversation.dialogue;
    // "Auf Deutsch bitte" asks for what is open once more, in German.
    if received.turned.as_ref().is_some_and(|turned| turned.asked) {
        trail.note(Stage::Understanding, "asks for another language", json!({}));
        let is_open = !matches!(dialogue.awaiting.kind, AwaitingKind::None | AwaitingKind::AnythingElse);
        let command = if is_open { Command::Repeat } else { Command::Chitchat { kind: Kind::Greeting } };
        return Some(Understanding { commands: vec![command], ..Understanding::default() });
    }
    None
}

fn read(assistant: &Assistant, received: &Arrival, screened: &Screened, trail: &mut Trail<'_>) -> Understanding {
    if let Some(understanding) = without_reading(received, screened, trail) {
        return understanding;
    }
    let dialogue = &received.conversation.dialogue;
    let expectation = dialogue.expectation();
    let barred = barred(assistant, screened);
    let offered: Vec<&str> = dialogue.awaiting.options.iter().map(|option| option.label.as_str()).collect();
    let offered = offered.join("\n");
    let vectors = assistant.vectors();
    let context = UnderstandContext {
        expectation: &expectation,
        active_flow: dialogue.frames.last().map(|frame| frame.flow.as_str()),
        last_flow: dialogue.last_flow.as_deref(),
        follow_up: follow_up(assistant, dialogue),
        acted: !dialogue.done.is_empty(),
        refused: dialogue.refused,
        after_article: dialogue.last_answer.is_some() && dialogue.frames.is_empty(),
        about_facts: assistant.pack.is_about_facts(dialogue),
        gives_way_to: gives_way_to(assistant, dialogue),
        look_ups: &assistant.learnt.look_ups,
        proposal: dialogue.awaiting.proposal.as_ref().map(|proposal| proposal.summary.as_str()),
        offered: &offered,
        request: begun_with(dialogue),
        today: today(assistant),
        barred: &barred,
        vectors: vectors.as_ref().map(|vectors| vectors as &dyn Vectors),
    };
    let words = dialogue.numbered(screened.words()).unwrap_or_else(|| screened.words());
    if let Some(id) = dialogue.picked(words).filter(|_| dialogue.awaiting.kind == AwaitingKind::AnythingElse) {
        trail.note(Stage::Understanding, format!("choose {id}"), json!({}));
        let commands = vec![Command::Choose { id: id.to_owned() }];
        return Understanding { commands, ..Understanding::default() };
    }
    let understander = assistant.reader(&received.conversation.locale);
    let mut understanding = match of_colleague(understander, dialogue, words) {
        None => understander.understand(words, &context),
        Some(OfColleague::Wanted) => Understanding { commands: vec![Command::Handoff], ..Understanding::default() },
        Some(OfColleague::Asked { rest }) => {
            let rest =
                if rest.is_empty() { Understanding::default() } else { understander.understand(&rest, &context) };
            let commands = std::iter::once(Command::AskColleague).chain(rest.commands).take(COMMANDS_MAX).collect();
            Understanding { commands, ..rest }
        }
    };
    understanding.signals = screened.signals().to_vec();
    let summary = summary_of(&understanding);
    let embedded = vectors.as_ref().map_or(0, TurnVectors::count);
    let rung = if embedded == 0 { "lexical" } else { "embedding" };
    let detail = json!({"expected": format!("{expectation:?}").split([' ', '{']).next(), "commands": understanding.commands, "scores": understanding.scores, "rung": rung, "embedded": embedded});
    trail.note(Stage::Understanding, summary, detail);
    understanding
}

/// The flow that answers questions about what was just done; none while something is open, or once an article was quoted since.
fn follow_up<'a>(assistant: &'a Assistant, dialogue: &Dialogue) -> Option<&'a str> {
    let rests = dialogue.frames.is_empty() && dialogue.last_answer.is_none();
    let last = dialogue.last_flow.as_ref().filter(|_| rests)?;
    assistant.pack.flows.get(last)?.follow_up.as_deref()
}

/// The requests that take the place of the open one.
fn gives_way_to<'a>(assistant: &'a Assistant, dialogue: &Dialogue) -> &'a [String] {
    let open = dialogue.frames.last().and_then(|top| assistant.pack.flows.get(&top.flow));
    open.and_then(|flow| flow.yields_to.as_ref()).map_or(&[], |other| other.wishes.as_slice())
}

/// The first words of the request that runs, below what it called.
fn begun_with(dialogue: &Dialogue) -> Option<&str> {
    let frame = dialogue.frames.iter().rev().find(|frame| !frame.called)?;
    frame.said.first().map(|said| said.text.as_str())
}

/// What is wanted of the person who gave the conversation back, if he left a word.
fn of_colleague(reader: LanguageReader<'_>, dialogue: &Dialogue, words: &str) -> Option<OfColleague> {
    let colleague = dialogue.colleague.as_ref().filter(|colleague| !colleague.said.is_empty())?;
    let newest = if dialogue.awaits_news() { Newest::Word } else { Newest::Deed };
    reader.of_colleague(words, &colleague.name, newest)
}

/// Flows of care that nothing in the message calls for, though a figure of speech, a mention or a relative sounds like it.
fn barred<'a>(assistant: &'a Assistant, screened: &Screened) -> Vec<&'a str> {
    let flows = &assistant.pack.manifest.signals;
    let meant: Vec<&String> = screened.signals().iter().filter_map(|signal| flows.get(signal)).collect();
    let unsaid = assistant.pack.manifest.only_when_said.iter();
    let taken_back = screened.taken_back().iter().chain(unsaid).filter_map(|signal| flows.get(signal));
    taken_back.filter(|flow| !meant.contains(flow)).map(String::as_str).collect()
}

fn summary_of(understanding: &Understanding) -> String {
    let names: Vec<String> = understanding
        .commands
        .iter()
        .filter_map(|command| serde_json::to_value(command).ok())
        .map(|command| {
            let name = command.get("command").and_then(|name| name.as_str()).unwrap_or_default().replace('_', " ");
            let object =
                ["flow", "slot", "kind", "id"].iter().find_map(|key| command.get(key)?.as_str().map(ToOwned::to_owned));
            object.map_or_else(|| name.clone(), |object| format!("{name} {object}"))
        })
        .collect();
    if names.is_empty() { "no command".to_owned() } else { names.join(", ") }
}
