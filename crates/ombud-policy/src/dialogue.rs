//! What is remembered of a conversation between two turns? Frames of running flows, what was said, what waits.

use std::collections::BTreeMap;

use ombud_domain::knowledge::Finding;
use ombud_domain::{
    Awaiting, AwaitingKind, Citation, DoneAction, Expectation, Handover, IdentityLevel, Label, OfferedOption, Priority,
    Proposal, RefusedRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authorize::{OwnedRecords, Proof};
use crate::labels::Labels;
use crate::saga::{SagaEnded, SagaRun};
use crate::silence::Silence;

/// Requests that wait behind the current one, at most.
pub const WAITING_MAX: usize = 8;
/// Utterances kept for one request, at most; the oldest of the open questions is dropped first.
pub const SAID_MAX: usize = 24;
/// Frames on the stack, at most.
pub const FRAMES_MAX: usize = 8;

/// Ended requests kept, at most.
pub const ENDED_MAX: usize = 5;

/// Slot name of the one-time code.
pub const ONE_TIME_CODE: &str = "one_time_code";
/// Slot name of words that answer every slot: a correction.
pub const EVERY_SLOT: &str = "*";

/// The state of the dialogue; a fold over the decisions of the turns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dialogue {
    /// Requests that wait for the company.
    pub parked: Vec<Frame>,
    /// Requests whose action people must approve.
    #[serde(default)]
    pub held: Vec<HeldRequest>,
    /// Running flows; the last one is active.
    pub frames: Vec<Frame>,
    /// Requests read and not begun.
    pub waiting: Vec<WaitingRequest>,
    /// Who the customer is, once known.
    pub customer_id: Option<String>,
    /// His record as last read.
    pub customer: Value,
    /// Whether the record was read for this very customer.
    pub customer_read: bool,
    /// How sure we are.
    pub level: IdentityLevel,
    /// By what.
    #[serde(default)]
    pub proof: Proof,
    /// Until when a one-time code counts, microseconds since the epoch.
    pub verified_until_us: i64,
    /// The one-time code asked for.
    pub challenge_id: Option<String>,
    /// Ids of his own records, by kind.
    pub owned: OwnedRecords,
    /// What the last reply waits for.
    pub awaiting: Awaiting,
    /// Texts of the last reply, for "say that again".
    pub last_said: Vec<String>,
    /// Whether somebody whom nothing identifies has no account, or does not want to say who he is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_account: bool,
    /// What was looked up or quoted in the last reply that told something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lately: Vec<String>,
    /// Misunderstandings in a row.
    pub misread: u32,
    /// Whether the customer was told which languages are read.
    pub language_told: bool,
    /// Actions completed in this conversation.
    pub done: Vec<DoneAction>,
    /// Articles quoted in this conversation, newest last, at most eight.
    pub cited: Vec<Citation>,
    /// Signals heard: `complaint`, `bereavement`, `anger`, ...
    pub signals: Vec<String>,
    /// The words of a request that was not understood, for when the customer says which one was meant.
    pub last_request: Option<String>,
    /// Whether the customer said that he wants no person, and has not asked for one since.
    #[serde(default)]
    pub refuses_person: bool,
    /// Whether somebody has been offered a person.
    pub offered_person: bool,
    /// The record picked last, by slot: "that order".
    #[serde(default)]
    pub recent: BTreeMap<String, String>,
    /// What of `recent` and of the arguments in `done` neither the customer nor a record says.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Whether the last reply refused a request.
    #[serde(default)]
    pub refused: bool,
    /// The request that came to its end last.
    #[serde(default)]
    pub last_flow: Option<String>,
    /// Requests that have answers to questions about them and came to their end, newest last, at most [`ENDED_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<EndedRequest>,
    /// The question that an article answered last, unless a request came to its end since: "and if I don't?" goes on from it.
    #[serde(default)]
    pub last_answer: Option<LastAnswer>,
    /// Requests that were offered after an article: each once.
    pub offered: Vec<String>,
    /// The market a visitor says he lives in.
    #[serde(default)]
    pub named_market: Option<String>,
    /// What the last reply waited for when a person was asked for.
    #[serde(default)]
    pub interrupted: Awaiting,
    /// Reason of a hand-over that stays with people while the customer goes on with the assistant.
    #[serde(default)]
    pub case: Option<String>,
    /// What was open when the assistant began to answer beside a person who is awaited; none while it does not.
    #[serde(default)]
    pub beside: Option<Box<Beside>>,
    /// The person who gave the conversation back last, and what he told the customer.
    #[serde(default)]
    pub colleague: Option<Colleague>,
}

/// A request that came to its end, for what is asked about it afterwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EndedRequest {
    /// The flow.
    pub flow: String,
    /// What it knew.
    pub vars: Map<String, Value>,
}

/// What led to a person who is awaited, while the assistant answers questions beside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The requests.
    pub frames: Vec<Frame>,
    /// What was asked last of them.
    pub interrupted: Awaiting,
}

impl Beside {
    /// The flow that led to the person.
    #[must_use]
    pub fn flow(&self) -> Option<&str> {
        self.frames.last().map(|frame| frame.flow.as_str())
    }
}

/// A question of the customer with what an article said to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAnswer {
    /// The question, with what it went on from.
    pub query: String,
    /// The article.
    pub article_id: String,
    /// The sentences that were quoted.
    pub sentences: Vec<String>,
}

/// Sentences of the article quoted last that are kept, and not quoted again.
const TOLD_MAX: usize = 12;

impl LastAnswer {
    /// What is remembered after another answer; the same article goes on with the question that began it.
    #[must_use]
    pub fn after(before: Option<Self>, finding: &Finding) -> Option<Self> {
        let Some(citation) = &finding.citation else { return before };
        let mut answer = match before {
            Some(before) if before.article_id == citation.article_id => before,
            _ => Self { query: finding.query.clone(), article_id: citation.article_id.clone(), sentences: Vec::new() },
        };
        answer.sentences.extend(finding.sentences.iter().cloned());
        let surplus = answer.sentences.len().saturating_sub(TOLD_MAX);
        answer.sentences.drain(..surplus);
        Some(answer)
    }
}

/// A person who had the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// As customers see him.
    pub name: String,
    /// His last words to the customer; empty when he wrote none.
    pub said: String,
    /// What was noted for colleagues last, by him or another one; customers never see it.
    #[serde(default)]
    pub note: String,
    /// When he wrote the words, microseconds since the epoch.
    #[serde(default)]
    pub at_us: i64,
    /// Actions completed in this conversation before he gave it back.
    #[serde(default)]
    pub done: usize,
}

/// Signals of somebody who needs care rather than speed.
const DISTRESS: [&str; 5] = ["bereavement", "debt_distress", "illness", "self_harm", "coercion"];

/// Signals of danger, which outweigh the others.
const DANGER: [&str; 2] = ["self_harm", "coercion"];

/// Whether one of the signals tells of danger.
pub(crate) fn tell_danger(signals: &[String]) -> bool {
    signals.iter().any(|signal| DANGER.contains(&signal.as_str()))
}

impl Dialogue {
    /// Whether this request came to its end last.
    pub(crate) fn was_last(&self, flow: &str) -> bool {
        self.last_flow.as_deref() == Some(flow)
    }

    /// Whether the open request came in between another one, which goes on when this one cannot.
    pub(crate) fn came_between(&self) -> bool {
        self.frames.len() > 1 && self.frames.last().is_some_and(|top| !top.called)
    }

    /// Whether a sign says something new: after one of danger only another one of danger does.
    #[must_use]
    pub fn is_news(&self, signal: &str) -> bool {
        !self.signals.iter().any(|heard| heard == signal) && (!self.heard(&DANGER) || DANGER.contains(&signal))
    }

    /// Whether a one-time code is what the last reply waits for.
    #[must_use]
    pub fn awaits_code(&self) -> bool {
        self.awaiting.kind == AwaitingKind::Identify && self.awaiting.slot.as_deref() == Some(ONE_TIME_CODE)
    }

    /// The claim that a one-time code would prove.
    #[must_use]
    pub fn claim(&self) -> Option<&Claimed> {
        self.frames.last()?.claim.as_ref()
    }

    /// The person whose word a question for news is about: nothing was done in the conversation since he gave it back.
    #[must_use]
    pub fn awaits_news(&self) -> bool {
        self.colleague.as_ref().is_some_and(|colleague| !colleague.said.is_empty() && self.done.len() <= colleague.done)
    }

    /// Whether the customer grieves, is ill, in debt or in danger.
    #[must_use]
    pub fn is_distressed(&self) -> bool {
        self.heard(&DISTRESS)
    }

    /// How the customer feels, as far as he said so: `distressed`, `angry` or `neutral`.
    #[must_use]
    pub fn sentiment(&self) -> &'static str {
        if self.is_distressed() {
            "distressed"
        } else if self.heard(&["anger", "abuse", "complaint"]) {
            "angry"
        } else {
            "neutral"
        }
    }

    /// Who is helped first: somebody in distress, and somebody who is angry already.
    #[must_use]
    pub fn priority(&self) -> Priority {
        if self.is_distressed() || self.heard(&["anger", "abuse"]) { Priority::High } else { Priority::Normal }
    }

    fn heard(&self, names: &[&str]) -> bool {
        self.signals.iter().any(|signal| names.contains(&signal.as_str()))
    }

    /// The option whose label a text is.
    #[must_use]
    pub fn picked(&self, text: &str) -> Option<&str> {
        let same = |label: &str| label.trim().eq_ignore_ascii_case(text.trim());
        self.awaiting.options.iter().find(|option| same(&option.label)).map(|option| option.id.as_str())
    }

    /// The label of the option that a bare number names: "2", "2.", "#2". None where a label holds that number, which may be what is meant.
    #[must_use]
    pub fn numbered(&self, text: &str) -> Option<&str> {
        let options = &self.awaiting.options;
        let bare = text.trim().trim_start_matches('#').trim_end_matches(['.', ')']);
        let number = bare.parse::<usize>().ok().filter(|_| options.len() > 1)?;
        let holds = |label: &str| label.split(|c: char| !c.is_alphanumeric()).any(|word| word == bare);
        let named = options.get(number.checked_sub(1)?)?;
        options.iter().all(|option| !holds(&option.label)).then_some(named.label.as_str())
    }

    /// Forgets the open requests: the company has done what could be done, or the customer has gone on.
    pub fn close_requests(&mut self) {
        self.frames.clear();
        self.waiting.clear();
        self.misread = 0;
        self.interrupted = Awaiting::default();
    }

    /// Nobody is awaited for a case any more.
    pub fn end_case(&mut self) {
        self.case = None;
        self.beside = None;
    }

    /// How the next message is to be read.
    #[must_use]
    pub fn expectation(&self) -> Expectation {
        let slot = || self.awaiting.slot.clone().unwrap_or_default();
        let options = || {
            self.awaiting
                .options
                .iter()
                .map(|option| OfferedOption { id: option.id.clone(), label: option.label.clone() })
                .collect()
        };
        match self.awaiting.kind {
            AwaitingKind::Identify => Expectation::Identify,
            AwaitingKind::Slot if self.awaiting.options.len() != 1 => Expectation::Slot { slot: slot() },
            AwaitingKind::Slot | AwaitingKind::Choice => Expectation::Choice { slot: slot(), options: options() },
            AwaitingKind::Confirm => Expectation::Confirm,
            AwaitingKind::AnythingElse => Expectation::AnythingElse,
            AwaitingKind::Handoff | AwaitingKind::None => Expectation::Open,
        }
    }
}

/// A request whose action people must approve: it stands at that action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HeldRequest {
    /// Digest of the proposal that they decide on.
    pub digest: String,
    /// The request and what it has called, the action's on top.
    pub frames: Vec<Frame>,
    /// How sure we were who the customer is when he agreed.
    pub level: IdentityLevel,
    /// By what.
    pub proof: Proof,
}

/// One running flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The flow.
    pub flow: String,
    /// The next operation.
    pub pc: usize,
    /// Variables and slots.
    pub vars: Map<String, Value>,
    /// What of them neither the customer nor a record says.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What the customer said about this request, oldest first.
    pub said: Vec<Said>,
    /// How many of the utterances are no longer read for a slot, because what they named cannot be had.
    #[serde(default)]
    pub spent: BTreeMap<String, usize>,
    /// Option ids picked by a button, by slot.
    pub picked: BTreeMap<String, String>,
    /// The slot that has been asked for.
    pub asked: Option<String>,
    /// Unread answers in a row.
    pub unread: u32,
    /// Runs of `again`.
    pub agains: u32,
    /// What is waited for from outside.
    pub pending: Pending,
    /// Digest of the proposal shown.
    pub shown: Option<String>,
    /// When it was shown last, microseconds since the epoch; 0 where that is not known.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub shown_us: i64,
    /// Digest of the proposal said yes to; single use.
    pub confirmed: Option<String>,
    /// Slots filled by asking, in order.
    pub filled: Vec<String>,
    /// Whether the next answer may change every slot, because one of several wishes cannot be met.
    pub reopens: bool,
    /// The proposal before, and how often it came again although the customer corrected it.
    pub repeated: Option<(String, u32)>,
    /// Reminders of the proposal in a row, instead of the whole of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reminded: u32,
    /// Times something else was answered where this was asked.
    #[serde(default)]
    pub asides: u32,
    /// Proposals turned down without a word.
    pub declined: u32,
    /// Whether another frame called this one and gets its variables.
    pub called: bool,
    /// Whether this repairs the conversation and is not a request.
    pub repairs: bool,
    /// What this request has told from records, for a question about it that no article answers.
    #[serde(default)]
    pub told: Vec<String>,
    /// Who the customer says he is, until a one-time code proves it; gone with the frame.
    #[serde(default)]
    pub claim: Option<Claimed>,
    /// The saga that is under way in this turn. Between turns it stands with its open action alone, so that no older state of it is ever taken up.
    #[serde(skip)]
    pub saga: Option<Box<SagaRun>>,
}

impl Frame {
    /// The proposal that stands may come again as often as a fresh one.
    pub(crate) fn counts_afresh(&mut self) {
        if let Some((_, times)) = &mut self.repeated {
            *times = 0;
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_unknown(at_us: &i64) -> bool {
    *at_us == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Somebody who says who he is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claimed {
    /// Who, as attempts are counted.
    pub who: String,
    /// The customer with these details; none if there is none, which nobody is told.
    pub customer_id: Option<String>,
    /// His record.
    pub record: Value,
    /// The code that was sent to him.
    pub challenge_id: Option<String>,
    /// Wrong codes so far.
    pub wrong: u32,
}

/// Something the customer said about a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The slot it answered, or none for the request itself and for corrections.
    pub slot: Option<String>,
    /// The words.
    pub text: String,
    /// Who stands behind them.
    #[serde(default, skip_serializing_if = "Label::is_of_customer")]
    pub label: Label,
    /// The customer's whole message, where a language model proposed these words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
}

/// What a frame waits for from outside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Pending {
    /// Nothing.
    #[default]
    Nothing,
    /// The customer's record.
    Customer,
    /// A read.
    Lookup,
    /// A write.
    Act {
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// A step of a saga, or what takes one back.
    Saga,
    /// What holds actions back.
    Recall,
    /// What the customer told before.
    Facts,
    /// Leave to look into one more claim.
    Claim,
    /// A one-time code has been asked for from the company's system.
    Challenge,
    /// The customer's one-time code.
    Code,
    /// The customer's yes or no.
    YesNo,
    /// A change at the company.
    Event {
        /// Its kind.
        event: String,
        /// The record it must be about, if only one will do.
        #[serde(default)]
        record: Option<String>,
    },
}

/// A request that was read and waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingRequest {
    /// The flow.
    pub flow: String,
    /// What was said about it.
    pub said: Vec<Said>,
    /// Records already picked, by slot.
    pub picked: BTreeMap<String, String>,
}

/// What a turn gives the customer, collected while the engine runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Saying {
    /// One paragraph.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it quotes.
    #[serde(default)]
    pub citations: Vec<Citation>,
}

/// Where a paragraph comes from; only some may be rephrased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A template without a record's values.
    #[default]
    Template,
    /// A question.
    Question,
    /// A template over records.
    Record,
    /// A template over a receipt; never rephrased (R6).
    Receipt,
    /// A proposal; never rephrased (R9).
    Proposal,
    /// Sentences of an article.
    Knowledge,
    /// What was removed from the message; never rephrased, and before everything else.
    Notice,
}

/// How a turn ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// What is said, in order.
    pub sayings: Vec<Saying>,
    /// What the reply waits for.
    pub awaiting: Awaiting,
    /// Requests refused in this turn.
    pub refused: Vec<RefusedRequest>,
    /// Actions completed in this turn.
    pub done: Vec<DoneAction>,
    /// The hand-over, when a person takes over.
    pub handover: Option<Handover>,
    /// Why, step by step, for the trail.
    pub reasons: Vec<String>,
    /// What is done about a silent customer.
    #[serde(default)]
    pub silence: Option<Silence>,
    /// What people are asked to approve.
    #[serde(default)]
    pub approvals: Vec<ApprovalWish>,
    /// Digests of proposals that the customer takes back before people have decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
    /// Sagas that came to their end in this turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sagas: Vec<SagaEnded>,
}

/// A proposal that the customer agreed to and people must approve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalWish {
    /// What exactly.
    pub proposal: Proposal,
    /// How many people.
    pub approvers: u8,
    /// Ids of the rules that ask for it.
    pub rules: Vec<String>,
    /// Minor units and currency, if both are known.
    pub amount: Option<(i64, String)>,
}
