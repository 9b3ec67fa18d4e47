//! What does a turn take from outside? All of it is written down as it is taken, so that the turn can be run again with nothing around it.
//!
//! A turn is given its time, its ids and every answer through a tape. Between two answers time stands still: how often the code looks at the clock
//! changes nothing. A tape that is played gives what was recorded, stops the turn as soon as something else is asked for, and calls nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ombud_domain::{TimestampUs, TurnId};
use ombud_language::Screening;
use ombud_ports::{Clock, Commit, Embedder, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::bounded::Computing;
use crate::hiding::Shown;
use crate::inputs::{Answer, Begin, Got, Sent, TurnInputs, Words};
use crate::languages::{Languages, Spoken};

/// Why a played turn stopped where it did not stop when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It asked for something else.
    Asked { stored: String, replayed: String },
    /// The recorded answer is not one to what was asked.
    Unreadable { to: String },
    /// It took more ids than were recorded.
    NoIds,
}

/// What messages are read with beside the words that the pack teaches.
#[derive(Clone, Default)]
pub(crate) struct ReadWith {
    /// The model that tells their meaning.
    pub meaning: Option<Arc<dyn Embedder>>,
    /// What reads the languages beside the company's own.
    pub languages: Option<Arc<Languages>>,
    /// What tells these while they are being learnt.
    pub coming: Option<Arc<Spoken>>,
    /// What a language model is shown.
    pub shown: Shown,
}

/// What a turn has taken so far, and where it takes it from.
pub(crate) struct Tape {
    /// What messages are read with; the same from the beginning of a turn to its end.
    pub read_with: ReadWith,
    source: Source,
    reel: Mutex<Reel>,
}

enum Source {
    Outside(Arc<dyn Clock>),
    Record(Box<Record>),
}

/// A record that is played.
struct Record {
    /// Words that cannot be screened again.
    screening: Option<Screening>,
    /// The stages that were not done in time.
    late: Vec<Computing>,
    stop: Notify,
}

struct Reel {
    began: TimestampUs,
    now: TimestampUs,
    begin: Option<Begin>,
    ids: Vec<Uuid>,
    answers: Vec<Answer>,
    written: Written,
    /// What is left to be given, when a record is played.
    left_ids: VecDeque<Uuid>,
    left_answers: VecDeque<Answer>,
    fault: Option<Fault>,
    /// Whether all of the turn is in the ledger.
    ended: bool,
    /// What a played turn wrote.
    commits: Vec<Commit>,
}

/// How much of a reel stands in the ledger.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    parts: usize,
    ids: usize,
    answers: usize,
}

impl Reel {
    fn from(began: TimestampUs) -> Self {
        Self {
            began,
            now: began,
            begin: None,
            ids: Vec::new(),
            answers: Vec::new(),
            written: Written::default(),
            left_ids: VecDeque::new(),
            left_answers: VecDeque::new(),
            fault: None,
            ended: false,
            commits: Vec::new(),
        }
    }
}

impl Tape {
    /// A tape that records.
    pub(crate) fn recording(clock: Arc<dyn Clock>, read_with: ReadWith) -> Self {
        let reel = Reel::from(clock.now());
        Self { read_with, source: Source::Outside(clock), reel: Mutex::new(reel) }
    }

    /// A tape that plays the parts of a turn.
    pub(crate) fn playing(begin: &Begin, parts: &[TurnInputs], read_with: ReadWith) -> Self {
        let reel = Reel {
            left_ids: parts.iter().flat_map(|part| part.ids.iter().copied()).collect(),
            left_answers: parts.iter().flat_map(|part| part.answers.iter().cloned()).collect(),
            ..Reel::from(begin.at)
        };
        let screening = match &begin.sent {
            Sent::Message { words: Words::Screened(screening), .. } => Some(screening.clone()),
            _ => None,
        };
        let record = Box::new(Record { screening, late: begin.late.clone(), stop: Notify::new() });
        Self { read_with, source: Source::Record(record), reel: Mutex::new(reel) }
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.reel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn is_played(&self) -> bool {
        matches!(self.source, Source::Record(_))
    }

    /// The time since the last answer.
    pub(crate) fn now(&self) -> TimestampUs {
        self.reel().now
    }

    pub(crate) fn fresh_id(&self) -> u128 {
        let mut reel = self.reel();
        let id = match &self.source {
            Source::Outside(clock) => Uuid::from_u128(clock.fresh_id()),
            Source::Record(_) => reel.left_ids.pop_front().unwrap_or_else(|| {
                reel.fault.get_or_insert(Fault::NoIds);
                Uuid::nil()
            }),
        };
        reel.ids.push(id);
        id.as_u128()
    }

    /// For durations, which a played turn has none of.
    pub(crate) fn monotonic_us(&self) -> u64 {
        match &self.source {
            Source::Outside(clock) => clock.monotonic_us(),
            Source::Record(_) => 0,
        }
    }

    /// Notes that the turn takes the place of one that broke off.
    pub(crate) fn broke_off(&self) {
        if let Some(begin) = &mut self.reel().begin {
            begin.broke_off = true;
        }
    }

    /// Notes that a stage was not done in time.
    pub(crate) fn note_late(&self, stage: Computing) {
        if let Some(begin) = &mut self.reel().begin {
            begin.late.push(stage);
        }
    }

    /// Whether a stage was not done in time when this was recorded.
    pub(crate) fn was_late(&self, stage: Computing) -> bool {
        matches!(&self.source, Source::Record(record) if record.late.contains(&stage))
    }

    /// Notes that all of the turn is in the ledger.
    pub(crate) fn end(&self) {
        self.reel().ended = true;
    }

    /// Whether all of the turn is in the ledger.
    pub(crate) fn has_ended(&self) -> bool {
        self.reel().ended
    }

    /// Notes what the turn began with.
    pub(crate) fn begin(&self, begin: Begin) {
        self.reel().begin = Some(begin);
    }

    /// The screening of a message: done again unless what it took away would be missing.
    pub(crate) fn screened(&self, raw: &str, screen: impl FnOnce(&str) -> Screening) -> Screening {
        let recorded = match &self.source {
            Source::Record(record) => record.screening.clone(),
            Source::Outside(_) => None,
        };
        let again = recorded.is_none();
        let screening = recorded.unwrap_or_else(|| screen(raw));
        let is_whole = screening.redactions.is_empty() && !screening.previous_holds_card && screening.display == raw;
        if let Some(Begin { sent: Sent::Message { words, .. }, .. }) = &mut self.reel().begin {
            *words = if again && is_whole { Words::Whole(raw.to_owned()) } else { Words::Screened(screening.clone()) };
        }
        screening
    }

    /// Asks outside and notes the answer, or gives the one that was noted. A played turn that asks for what it did not ask for then, or for more,
    /// ends here: see [`Self::stopped`].
    pub(crate) async fn ask<T: Serialize + DeserializeOwned>(&self, to: String, asked: impl Future<Output = T>) -> T {
        let Source::Record(record) = &self.source else {
            let mut asking = Asking { tape: self, to, got: Got::Nothing };
            let answer = asked.await;
            asking.got = Got::noted(&answer);
            return answer;
        };
        match self.next(&to) {
            Some(Got::Answer(answer)) => match T::deserialize(answer) {
                Ok(answer) => return answer,
                Err(_) => self.fail(Fault::Unreadable { to }),
            },
            // Whoever waits for it has a deadline of no time.
            Some(Got::Nothing) => std::future::pending().await,
            Some(Got::Withheld) | None => {}
        }
        record.stop.notify_one();
        std::future::pending().await
    }

    /// The same for a store, whose failure is an answer too.
    pub(crate) async fn ask_store<T: Serialize + DeserializeOwned>(
        &self,
        to: &str,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut failure = None;
        let answer = self.ask(to.to_owned(), async { asked.await.map_err(|error| failure = Some(error)) }).await;
        answer.map_err(|()| failure.unwrap_or(StoreError::Stopped))
    }

    /// The next recorded answer, if it is one to this.
    fn next(&self, to: &str) -> Option<Got> {
        let mut reel = self.reel();
        let answer = reel.left_answers.pop_front()?;
        if answer.to != to {
            reel.fault = Some(Fault::Asked { stored: answer.to, replayed: to.to_owned() });
            return None;
        }
        reel.now = TimestampUs(reel.began.0.saturating_add(answer.us));
        reel.answers.push(answer.clone());
        Some(answer.got)
    }

    fn fail(&self, fault: Fault) {
        self.reel().fault.get_or_insert(fault);
    }

    /// The next part, for a commit of so many events with it.
    pub(crate) fn part(&self, turn_id: TurnId, events: usize) -> TurnInputs {
        let reel = self.reel();
        let Written { parts, ids, answers } = reel.written;
        TurnInputs {
            turn_id,
            part: parts,
            events,
            begin: reel.begin.clone().filter(|_| parts == 0),
            ids: reel.ids.get(ids..).unwrap_or_default().to_vec(),
            answers: reel.answers.get(answers..).unwrap_or_default().to_vec(),
        }
    }

    /// Notes that a part is in the ledger.
    pub(crate) fn wrote(&self, part: &TurnInputs) {
        let written = &mut self.reel().written;
        written.parts = part.part.saturating_add(1);
        written.ids = written.ids.saturating_add(part.ids.len());
        written.answers = written.answers.saturating_add(part.answers.len());
    }

    /// Keeps what a played turn writes.
    pub(crate) fn keep(&self, commit: &Commit) {
        if self.is_played() {
            self.reel().commits.push(commit.clone());
        }
    }

    /// Takes back what was not written after all.
    pub(crate) fn drop_last(&self) {
        self.reel().commits.pop();
    }

    /// Waits until a played turn has nothing more to be given.
    pub(crate) async fn stopped(&self) {
        match &self.source {
            Source::Record(record) => record.stop.notified().await,
            Source::Outside(_) => std::future::pending().await,
        }
    }

    /// What a played turn wrote, what it did otherwise, and how many answers nobody asked for.
    pub(crate) fn outcome(&self) -> (Vec<Commit>, Option<Fault>, usize) {
        let mut reel = self.reel();
        (std::mem::take(&mut reel.commits), reel.fault.take(), reel.left_answers.len())
    }
}

/// A question that is under way. However it ends, time goes on then.
struct Asking<'a> {
    tape: &'a Tape,
    to: String,
    got: Got,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let Source::Outside(clock) = &self.tape.source else { return };
        let now = clock.now();
        let mut reel = self.tape.reel();
        reel.now = now;
        let us = now.0.saturating_sub(reel.began.0);
        let got = std::mem::replace(&mut self.got, Got::Nothing);
        reel.answers.push(Answer { to: std::mem::take(&mut self.to), us, got });
    }
}
