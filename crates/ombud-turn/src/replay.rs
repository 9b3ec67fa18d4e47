//! Does a turn come out as it is recorded? It is run again by the same code, from what is stored and nothing else, and what it would write is compared.
//!
//! Start reading at [`Assistant::replay`]; [`archive`] is what a replayed turn sees of the ledger, [`compare`] says what differs.

mod archive;
mod compare;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ombud_domain::{ConversationId, RecordedEvent, StreamId, StreamKind, TimestampUs, TurnId};
use ombud_policy::Pack;
use ombud_ports::{Embedder, Inbox, KnowledgeIndex, LanguageModel, Ledger, StoreError};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::assistant::{Assistant, BuildError, Ports, Settings};
use crate::broken;
use crate::hiding::Shown;
use crate::inputs::{Answer, Begin, Got, TURN_INPUTS, TurnInputs};
use crate::tape::{Fault, ReadWith, Tape};
use crate::turn::{self, TurnError};
use archive::{Archive, Nobody};
use compare::{Compared, RanWith};

/// Events read at once.
const PAGE: usize = 500;
/// Time for one turn, which asks nobody: what takes longer hangs.
const TURN_TIME_MAX: Duration = Duration::from_secs(60);

/// What came of the replay of one turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The turn.
    pub turn_id: TurnId,
    /// When it was recorded.
    pub at: TimestampUs,
    /// Version of the program that recorded it; empty when that is not known.
    pub build: String,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What it ran with that this assistant does not have. A difference may come from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ran_with: Vec<Other>,
    /// Events that were compared.
    pub events: usize,
}

/// Whether a turn came out as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Each event, byte for byte.
    Same,
    /// The process ended before the turn did: up to the last effect that was begun, all is as it is recorded.
    SameSoFar,
    /// Something is otherwise.
    Differs {
        /// What, in the order of the events.
        differences: Vec<Difference>,
    },
    /// It cannot be run again.
    NotReplayable {
        /// Why.
        why: Why,
    },
}

/// Why a turn cannot be run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Parts of a card number were overwritten in what it read or wrote.
    Shredded,
    /// An answer of the company's systems held a card number and was not kept.
    Withheld,
    /// It has no inputs that can be read: another release recorded it, or it ended before it began anything.
    NoInputs,
}

impl Why {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shredded => "parts of a card number were overwritten in what it read or wrote",
            Self::Withheld => "an answer of the company's systems held a card number and was not kept",
            Self::NoInputs => {
                "it has no inputs that can be read: another release recorded it, or it ended before it began anything"
            }
        }
    }
}

/// Something a turn ran with that is not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Other {
    /// `pack`, `embedding model`, or `languages, each learnt by itself`.
    pub what: &'static str,
    /// Digest of what the turn ran with, or the tags of those languages.
    pub stored: String,
    /// The same of what is here; empty for nothing.
    pub here: String,
}

/// One thing that is otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Kind of the event, with its number among those of its kind in the turn; `turn` for what has no event.
    pub event: String,
    /// Where in its payload, as a JSON pointer.
    pub path: String,
    /// What is stored; null for nothing.
    pub stored: Value,
    /// What came out now; null for nothing.
    pub replayed: Value,
}

/// A turn as the stream has it.
#[derive(Default)]
struct Stored {
    at: TimestampUs,
    /// Its parts, with the version of the event of each.
    parts: Vec<(i64, TurnInputs)>,
    /// Whether it came to its end.
    ended: bool,
}

impl Assistant {
    /// An assistant that can do nothing but replay what a ledger holds: nobody stands behind its other ports.
    ///
    /// # Errors
    /// As [`Assistant::new`].
    pub fn for_replay(
        (ledger, inbox): (Arc<dyn Ledger>, Arc<dyn Inbox>),
        knowledge: Arc<dyn KnowledgeIndex>,
        pack: Arc<Pack>,
        settings: Settings,
    ) -> Result<Self, BuildError> {
        let nobody = Arc::new(Nobody(String::new()));
        let ports = Ports {
            ledger,
            inbox,
            attempts: Arc::clone(&nobody) as _,
            back_office: Arc::clone(&nobody) as _,
            knowledge,
            model: None,
            clock: Arc::clone(&nobody) as _,
            live: nobody,
        };
        Self::new(ports, pack, settings)
    }

    /// All conversations of the ledger, or the one in which a turn was recorded, in the order in which they began. Reads the whole ledger, and opens every
    /// event of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recorded(&self, turn: Option<TurnId>) -> Result<Vec<ConversationId>, StoreError> {
        let (mut ids, mut known, mut after) = (Vec::new(), HashSet::new(), 0);
        loop {
            let page = self.ports.ledger.read_all(&self.settings.tenant, after, PAGE).await?;
            after = page.last().map_or(after, |event| event.position);
            for event in page.iter().filter(|event| event.stream.kind == StreamKind::Conversation) {
                let id = event.stream.id.parse().ok().filter(|id: &ConversationId| match turn {
                    Some(turn) => event.payload.get("turn_id") == Some(&serde_json::json!(turn)),
                    None => known.insert(*id),
                });
                ids.extend(id);
                if turn.is_some() && !ids.is_empty() {
                    return Ok(ids);
                }
            }
            if page.len() < PAGE {
                return Ok(ids);
            }
        }
    }

    /// Runs turns of a conversation again, all of them or one, and compares what they would write with what they wrote. Nothing outside is called, nothing
    /// is written. What people did at the desk and the opening are no turns: they decide nothing.
    ///
    /// # Errors
    /// [`TurnError::NotFound`] for a conversation, or a turn in it, that the ledger does not have; [`TurnError::Erased`];
    /// [`TurnError::Store`].
    pub async fn replay(&self, id: ConversationId, only: Option<TurnId>) -> Result<Vec<Replayed>, TurnError> {
        let events = Arc::new(self.stream(id).await?);
        if events.is_empty() {
            return Err(TurnError::NotFound);
        }
        if events.iter().any(RecordedEvent::is_erased) {
            return Err(TurnError::Erased);
        }
        let turns = turns(&events);
        let wanted: Vec<_> = turns.iter().filter(|(turn_id, _)| only.is_none_or(|only| only == **turn_id)).collect();
        if wanted.is_empty() && only.is_some() {
            return Err(TurnError::NotFound);
        }
        let mut replayed = Vec::with_capacity(wanted.len());
        for (turn_id, stored) in wanted {
            let (verdict, ran_with, events) = match hindrance(&events, stored) {
                Some(why) => (Verdict::NotReplayable { why }, Vec::new(), 0),
                None => self.replay_turn(id, &events, stored).await,
            };
            let build = stored.begin().map(|begin| begin.build.clone()).unwrap_or_default();
            let (turn_id, at) = (*turn_id, stored.at);
            replayed.push(Replayed { conversation_id: id, turn_id, at, build, verdict, ran_with, events });
        }
        replayed.sort_by_key(|turn| (turn.at, turn.turn_id));
        Ok(replayed)
    }

    async fn stream(&self, id: ConversationId) -> Result<Vec<RecordedEvent>, TurnError> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = self.ports.ledger.read(&self.settings.tenant, &StreamId::from(id), after, PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map_or(after, |event| event.version);
            events.extend(page);
            if is_last {
                return Ok(events);
            }
        }
    }

    async fn replay_turn(
        &self,
        id: ConversationId,
        events: &Arc<Vec<RecordedEvent>>,
        stored: &Stored,
    ) -> (Verdict, Vec<Other>, usize) {
        let Some(begin) = stored.begin() else {
            return (Verdict::NotReplayable { why: Why::NoInputs }, Vec::new(), 0);
        };
        let meaning = self.learnt.model.get().filter(|_| begin.meaning.is_some());
        let ran_with = self.others(begin, meaning);
        let languages = self.known_languages().filter(|_| begin.languages);
        let languages = languages.map(|languages| languages.only(&begin.by_themselves));
        let shown = if begin.tokens { Shown::Tokens } else { Shown::Raw };
        let coming = begin.coming.then(|| self.coming()).flatten();
        let read_with = ReadWith { meaning: meaning.cloned(), languages, coming, shown };
        let parts: Vec<TurnInputs> = stored.parts.iter().map(|(_, part)| part.clone()).collect();
        let archive = Arc::new(Archive { events: Arc::clone(events), until: begin.version });
        let nobody = Arc::new(Nobody(begin.model.clone().unwrap_or_default()));
        let model = begin.model.is_some().then(|| Arc::clone(&nobody) as Arc<dyn LanguageModel>);
        let ports = Ports {
            ledger: archive,
            inbox: Arc::clone(&self.ports.inbox),
            attempts: Arc::clone(&nobody) as _,
            back_office: Arc::clone(&nobody) as _,
            knowledge: Arc::clone(&self.ports.knowledge),
            model,
            clock: Arc::clone(&nobody) as _,
            live: nobody,
        };
        let again = self.beside(ports, begin.settings(&self.settings.tenant)).weighing(self.weights);
        let again = Arc::new(again.of_turn(Tape::playing(begin, &parts, read_with)));
        let Some(tape) = again.tape() else { return (Verdict::SameSoFar, ran_with, 0) };
        let stimulus = begin.stimulus(id);
        let running = async {
            if begin.broke_off {
                Box::pin(broken::hand_over(&again, stimulus)).await
            } else {
                Box::pin(turn::run(&again, stimulus)).await
            }
        };
        let running = Box::pin(running);
        let ended = tokio::select! {
            ended = running => Some(ended.err().map_or_else(|| "it ended before it wrote anything more".to_owned(), |error| error.to_string())),
            () = tape.stopped() => None,
            () = tokio::time::sleep(TURN_TIME_MAX) => Some("it did not come to an end".to_owned()),
        };
        let (commits, fault, unasked) = tape.outcome();
        let with = if ran_with.is_empty() { RanWith::TheSame } else { RanWith::Others };
        let mut compared = Compared::new(events, with);
        compared.commits(&commits, stored);
        compared.ending(fault.as_ref().map(told).or(ended), unasked);
        let (differences, events) = compared.into_parts();
        let verdict = match (differences.is_empty(), stored.ended) {
            (true, true) => Verdict::Same,
            (true, false) => Verdict::SameSoFar,
            (false, _) => Verdict::Differs { differences },
        };
        (verdict, ran_with, events)
    }

    /// What the turn ran with that this assistant does not have.
    fn others(&self, begin: &Begin, meaning: Option<&Arc<dyn Embedder>>) -> Vec<Other> {
        let mut others = Vec::new();
        if begin.pack != self.pack.hash {
            others.push(Other { what: "pack", stored: begin.pack.clone(), here: self.pack.hash.clone() });
        }
        let here = meaning.map(|model| model.model().sha256).unwrap_or_default();
        match &begin.meaning {
            Some(stored) if stored != here => {
                others.push(Other { what: "embedding model", stored: stored.clone(), here: here.to_owned() });
            }
            _ => {}
        }
        if !begin.by_themselves.is_empty() {
            let stored = begin.by_themselves.join(", ");
            others.push(Other { what: "languages, each learnt by itself", stored, here: "all together".to_owned() });
        }
        others
    }
}

impl Stored {
    fn begin(&self) -> Option<&Begin> {
        self.parts.first().and_then(|(_, part)| part.begin.as_ref())
    }

    fn last_version(&self) -> i64 {
        self.parts.last().map_or(0, |(version, _)| *version)
    }
}

/// Why a turn cannot be run again, if it cannot.
fn hindrance(events: &[RecordedEvent], stored: &Stored) -> Option<Why> {
    let Some(begin) = stored.begin() else { return Some(Why::NoInputs) };
    if is_shredded(events, (begin.version, stored.last_version())) {
        return Some(Why::Shredded);
    }
    let mut answers = stored.parts.iter().flat_map(|(_, part)| &part.answers);
    answers.any(|Answer { got, .. }| *got == Got::Withheld).then_some(Why::Withheld)
}

/// The turns of a stream, with their inputs.
fn turns(events: &[RecordedEvent]) -> BTreeMap<TurnId, Stored> {
    let mut turns: BTreeMap<TurnId, Stored> = BTreeMap::new();
    for event in events {
        let is_of_turn =
            matches!(event.kind.as_str(), TURN_INPUTS | "turn.stages" | "turn.recorded" | "action.intended");
        let id = event.payload.get("turn_id").filter(|_| is_of_turn).and_then(|id| TurnId::deserialize(id).ok());
        let Some(id) = id else { continue };
        let turn = turns.entry(id).or_default();
        turn.at = event.at;
        turn.ended |= event.kind == "turn.recorded";
        if event.kind == TURN_INPUTS
            && let Ok(part) = TurnInputs::deserialize(&event.payload)
        {
            turn.parts.push((event.version, part));
        }
    }
    turns
}

/// Whether something was overwritten between the first event that a turn read and the last that it wrote, after the turn had begun.
fn is_shredded(events: &[RecordedEvent], (read, wrote): (i64, i64)) -> bool {
    let version_of = |seq: i64| {
        let is_it = |event: &&RecordedEvent| event.payload.pointer("/message/seq").and_then(Value::as_i64) == Some(seq);
        events.iter().find(is_it).map(|event| event.version)
    };
    events.iter().filter(|event| event.kind == "message.redacted" && event.version > read).any(|event| {
        let messages = event.payload.get("messages").and_then(Value::as_array).into_iter().flatten();
        let first = messages.filter_map(Value::as_i64).filter_map(version_of).min();
        first.is_none_or(|first| first <= wrote)
    })
}

/// What a played turn did otherwise.
fn told(fault: &Fault) -> String {
    match fault {
        Fault::Asked { stored, replayed } => format!("it asked for `{replayed}` where it asked for `{stored}`"),
        Fault::Unreadable { to } => format!("the recorded answer to `{to}` cannot be read"),
        Fault::NoIds => "it took more ids than before".to_owned(),
    }
}
