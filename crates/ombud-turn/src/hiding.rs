//! What does a language model see of a customer? Tokens in the place of his data, and of every value of his records; they are taken back in its answer to that
//! very prompt.
//!
//! Whatever asks a model goes through [`Hiding`]: it is the one place in this crate that calls `LanguageModel::complete`.

use std::fmt;

use ombud_language::{Hidden, HideError, OwnValues, Part, PiiKind, PiiReader, Pseudonym, Purpose};
use ombud_policy::{Dialogue, Frame, Pack};
use ombud_ports::ModelRequest;
use serde_json::{Map, Value, json};

use crate::assistant::{Assistant, BuildError, language_file};
use crate::context::Grounds;
use crate::conversation::Conversation;

/// Where the words for personal data stand.
const WORDS: &str = "lexicon/pii.yaml";

/// What a model is told of tokens, behind the instructions of each prompt.
const ABOUT_TOKENS: &str = include_str!("../prompts/tokens.md");

/// What a model is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Tokens.
    #[default]
    Tokens,
    /// The values themselves: turns of releases before there were tokens, in a replay, where nobody is asked.
    Raw,
}

/// Reads what is personal data, with the words of the pack and what it lets a model see.
pub(crate) fn reader(pack: &Pack) -> Result<PiiReader, BuildError> {
    let mut file: ombud_language::PiiFile =
        if pack.language_files.contains_key(WORDS) { language_file(pack, WORDS)? } else { Default::default() };
    let shown = &pack.manifest.model;
    file.shown_members.extend(shown.shown_members.iter().cloned());
    let kind = |name: &String| PiiKind::named(name).ok_or_else(|| BuildError::UnknownKind { kind: name.clone() });
    let kinds = shown.shown_kinds.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
    Ok(PiiReader::new(file, kinds)?)
}

/// What is known of the customer in this turn.
pub(crate) struct Hiding<'a> {
    pub assistant: &'a Assistant,
    pub conversation: &'a Conversation,
    pub grounds: &'a Grounds,
    /// As the turn leaves it.
    pub dialogue: &'a Dialogue,
}

/// What is asked of a model.
pub(crate) struct Question<'q> {
    pub purpose: Purpose,
    pub instructions: &'static str,
    pub parts: &'q [Part<'q>],
    pub tokens_max: u32,
}

/// What came of a question.
pub(crate) struct Heard {
    /// The answer with the values in their places, or why there is none.
    pub answer: Result<String, String>,
    /// Tokens that were given out for it, to be kept with the conversation.
    pub given: Vec<Pseudonym>,
    /// How many tokens the model saw.
    pub tokens: usize,
}

impl Hiding<'_> {
    /// Asks the configured model. `input` makes the prompt of the parts as the model may see them.
    pub(crate) async fn ask(&self, question: &Question<'_>, input: impl FnOnce(&[String]) -> String) -> Heard {
        let (instructions, hidden) = match self.assistant.shown() {
            Shown::Tokens => match self.hide(question) {
                Ok(hidden) => (format!("{}\n{ABOUT_TOKENS}", question.instructions), Some(hidden)),
                Err(error) => return Heard::nothing(&error),
            },
            Shown::Raw => (question.instructions.to_owned(), None),
        };
        let raw: Vec<String> = question.parts.iter().map(|part| part.text().to_owned()).collect();
        let texts = hidden.as_ref().map_or(raw.as_slice(), Hidden::texts);
        let request = ModelRequest {
            instructions,
            input: input(texts),
            tokens_max: question.tokens_max,
            deadline_ms: self.assistant.settings.model_deadline_ms,
        };
        let Some(model) = &self.assistant.ports.model else { return Heard::nothing(&"there is no model") };
        let answered = model.complete(&request).await.map_err(|error| error.to_string());
        let answer = answered.and_then(|text| match &hidden {
            Some(hidden) => hidden.reveal(&text, question.purpose).map_err(|error| error.to_string()),
            None => Ok(text),
        });
        let (given, tokens) =
            hidden.as_ref().map_or((Vec::new(), 0), |hidden| (hidden.fresh().to_vec(), hidden.held()));
        Heard { answer, given, tokens }
    }

    fn hide(&self, question: &Question<'_>) -> Result<Hidden, HideError> {
        let reader = &self.assistant.learnt.pii;
        let before = of_dialogue(&self.conversation.dialogue);
        let after = of_dialogue(self.dialogue);
        let own = OwnValues::of(
            reader,
            [&before, &after].into_iter().chain(self.grounds.records()).chain(self.grounds.near()),
        );
        self.conversation.pseudonyms.hide((reader, &own), question.purpose, question.parts)
    }
}

impl Heard {
    fn nothing(why: &dyn fmt::Display) -> Self {
        Self { answer: Err(why.to_string()), given: Vec::new(), tokens: 0 }
    }
}

/// The customer's records as a dialogue holds them.
fn of_dialogue(dialogue: &Dialogue) -> Value {
    let beside = dialogue.beside.iter().flat_map(|beside| &beside.frames);
    let held = dialogue.held.iter().flat_map(|held| &held.frames);
    let frames: Vec<Value> =
        dialogue.frames.iter().chain(&dialogue.parked).chain(beside).chain(held).map(of_frame).collect();
    json!({
        "customer": dialogue.customer,
        "customer_id": dialogue.customer_id,
        "id": dialogue.owned.values().flatten().collect::<Vec<_>>(),
        "frames": frames,
        "done": dialogue.done,
        "reference": dialogue.recent.values().collect::<Vec<_>>(),
    })
}

/// Records that a flow has read, and of its own words those that hold a number: others are the flow's.
fn of_frame(frame: &Frame) -> Value {
    let is_record = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) | Value::Number(_) => true,
        Value::String(text) => text.chars().any(char::is_numeric),
        Value::Null | Value::Bool(_) => false,
    };
    let vars = frame.vars.iter().filter(|(_, value)| is_record(value));
    let vars: Map<String, Value> = vars.map(|(name, value)| (name.clone(), value.clone())).collect();
    json!({"vars": vars, "customer": frame.claim.as_ref().map(|claim| &claim.record)})
}
