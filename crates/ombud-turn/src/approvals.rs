//! Who must agree to an action beside the customer, who has, and what comes of it? A fold over the conversation's stream.
//!
//! INVARIANT: it is carried out only after as many different people as its rules ask for have approved exactly this proposal, who count at that
//! moment; whoever has spoken with the customer is on his side and none of them (tests: `tests/journey/approvals.rs`, and over processes on both
//! databases `one_approved_action_is_done_once_however_many_approve_at_once`).

use std::collections::BTreeSet;

use ombud_domain::{ApprovalId, ConversationId, JsonText, NewEvent, Proposal, TimestampUs};
use ombud_policy::authorize::digest;
use ombud_policy::{ApprovalWish, TurnedDown};
use ombud_ports::{Due, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::intake::{Arrival, Input, Stimulus};
use crate::people::Revoked;
use crate::record;
use crate::turn::TurnError;
use crate::view::{ApprovalView, Approver};

/// Decided approvals that a conversation remembers, so that a late answer hears what became of it.
const KEPT_MAX: usize = 32;
/// Conversations looked at in one go.
const BATCH_MAX: usize = 50;
/// Tries when the customer, or another of the people, is faster.
const TRIES_MAX: usize = 20;
/// An hour, microseconds.
const HOUR_US: i64 = 3_600_000_000;
/// How an approval is closed that the customer takes back.
pub(crate) const WITHDRAWN: &str = "withdrawn";
/// Member of the events that says when something is due in the conversation's approvals; null for never.
const DUE: &str = "approvals_due_us";

/// People of the company who may approve, by the name in their tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers(BTreeSet<String>);

impl Approvers {
    /// Whether somebody is one of them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(&account(name))
    }

    /// The same without those whose access was revoked.
    #[must_use]
    pub(crate) fn without(&self, revoked: &Revoked) -> Self {
        Self(self.0.iter().filter(|name| !revoked.has(name)).cloned().collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: AsRef<str>> FromIterator<S> for Approvers {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(|name| account(name.as_ref())).filter(|name| !name.is_empty()).collect())
    }
}

/// One person however he writes his name.
pub(crate) fn account(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Why somebody is not among those who decide.
const NOT_AN_APPROVER: &str = "the configuration does not name you among `desk.approvers`";
/// Why somebody who spoke with the customer is not.
const SPEAKS_FOR_CUSTOMER: &str = "you have spoken with this customer, so a colleague decides";

/// What one of the people says to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub by: String,
    /// Digest of the proposal that he saw.
    pub digest: String,
    /// What.
    pub answer: Answer,
}

/// Yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may be done.
    Approve,
    /// It must not be done.
    Refuse {
        /// Why, for the ledger.
        reason: String,
    },
}

/// A proposal that people decide on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub id: ApprovalId,
    pub proposal: Proposal,
    /// How many must approve.
    pub approvers: u8,
    /// Rules that ask for it.
    pub rules: Vec<String>,
    pub amount: Option<(i64, String)>,
    pub customer_id: String,
    /// The customer's last words that say something.
    pub said: String,
    pub until_us: i64,
    #[serde(skip)]
    since_us: i64,
    #[serde(skip)]
    given: Vec<Approver>,
    #[serde(skip)]
    state: State,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum State {
    #[default]
    Open,
    /// Somebody refused, and the customer has not been told yet.
    Refused,
    /// The customer has taken it back.
    Withdrawn,
    Over,
}

impl State {
    /// Whether nobody can decide any more.
    const fn is_over(&self) -> bool {
        matches!(self, Self::Withdrawn | Self::Over)
    }
}

/// What is to be done about an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// So many have approved it: it is carried out.
    Granted(u8),
    /// It will not be done.
    TurnedDown(TurnedDown),
}

/// The approvals of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Approvals {
    all: Vec<Approval>,
    /// People who have had the conversation or written to the customer, as accounts.
    speakers: BTreeSet<String>,
}

impl Approvals {
    /// Takes an event of the conversation in, whatever its kind.
    pub(crate) fn apply(&mut self, kind: &str, at: TimestampUs, payload: &Value) {
        let speaker = match kind {
            "handoff.accepted" => payload.get("agent"),
            "message.created" => payload.pointer("/message/author_name"),
            _ => None,
        };
        self.speakers.extend(speaker.and_then(Value::as_str).map(account));
        if kind == "approval.requested" {
            let asked = payload.get("approval").and_then(|asked| Approval::deserialize(asked).ok());
            self.all.extend(asked.map(|asked| Approval { since_us: at.0, ..asked }));
            let surplus = self.all.len().saturating_sub(KEPT_MAX);
            let mut dropped = 0;
            self.all.retain(|approval| {
                let drops = dropped < surplus && approval.state.is_over();
                dropped += usize::from(drops);
                !drops
            });
            return;
        }
        let id = payload.get("approval_id").and_then(|id| ApprovalId::deserialize(id).ok());
        let Some(approval) = self.all.iter_mut().find(|approval| Some(approval.id) == id) else { return };
        let by = payload.get("by").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "approval.given" if !approval.has_given(by) => approval.given.push(Approver { name: by.to_owned(), at }),
            "approval.refused" => approval.state = State::Refused,
            "approval.lapsed" => approval.given.retain(|given| account(&given.name) != account(by)),
            "approval.closed" if payload.get("how").and_then(Value::as_str) == Some(WITHDRAWN) => {
                approval.state = State::Withdrawn;
            }
            "action.intended" | "approval.closed" => approval.state = State::Over,
            _ => {}
        }
    }

    pub(crate) fn find(&self, id: ApprovalId) -> Option<&Approval> {
        self.all.iter().find(|approval| approval.id == id)
    }

    /// Those that nobody has ended yet.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Approval> {
        self.all.iter().filter(|approval| !approval.state.is_over())
    }

    /// Who has approved and counts: he may approve at all, and has not spoken for the customer where two must decide.
    fn counted<'a>(&'a self, approval: &'a Approval, people: &'a Approvers) -> impl Iterator<Item = &'a Approver> {
        approval.given.iter().filter(|given| self.may_decide(approval, &given.name, people).is_ok())
    }

    fn may_decide(&self, approval: &Approval, name: &str, people: &Approvers) -> Result<(), TurnError> {
        if !people.contains(name) {
            return Err(TurnError::MayNotApprove { why: NOT_AN_APPROVER });
        }
        // One who only carries a suggestion out may be whoever talks with the customer; two who check each other may not.
        if approval.approvers > 1 && self.speakers.contains(&account(name)) {
            return Err(TurnError::MayNotApprove { why: SPEAKS_FOR_CUSTOMER });
        }
        Ok(())
    }

    /// What is to be done about one now; none while people may still decide.
    pub(crate) fn outcome(
        &self,
        (conversation, approval): (ConversationId, &Approval),
        (people, now): (&Approvers, TimestampUs),
    ) -> Option<Outcome> {
        let Proposal { action, arguments, money, .. } = &approval.proposal;
        let proposed = digest((action, arguments), money, (&approval.customer_id, &conversation.to_string()));
        let counted = u8::try_from(self.counted(approval, people).count()).unwrap_or(u8::MAX);
        match approval.state {
            State::Withdrawn | State::Over => None,
            State::Refused => Some(Outcome::TurnedDown(TurnedDown::Refused)),
            State::Open if proposed != approval.proposal.digest => Some(Outcome::TurnedDown(TurnedDown::Void)),
            State::Open if approval.until_us <= now.0 => Some(Outcome::TurnedDown(TurnedDown::Expired)),
            State::Open if counted >= approval.approvers => Some(Outcome::Granted(counted)),
            State::Open => None,
        }
    }

    /// When somebody must look at them next, as events say it for the inbox.
    fn due_us(&self) -> Option<i64> {
        let due = |approval: &Approval| match approval.given.last() {
            _ if approval.state == State::Refused => 0,
            Some(last) if approval.given.len() >= usize::from(approval.approvers) => last.at.0,
            _ => approval.until_us,
        };
        self.open().map(due).min()
    }

    /// An event about approvals, with what is due after it; it is taken in.
    pub(crate) fn event(&mut self, kind: &str, mut payload: Value, at: TimestampUs) -> Result<NewEvent, TurnError> {
        self.apply(kind, at, &payload);
        if let Some(members) = payload.as_object_mut() {
            members.insert(DUE.to_owned(), json!(self.due_us()));
        }
        Ok(NewEvent { kind: kind.to_owned(), payload: JsonText::from(payload) })
    }
}

impl Approval {
    fn has_given(&self, name: &str) -> bool {
        self.given.iter().any(|given| account(&given.name) == account(name))
    }
}

/// What a turn wants of people.
pub(crate) struct Wishes<'a> {
    pub asked: &'a [ApprovalWish],
    /// Digests of what the customer takes back.
    pub withdrawn: &'a [String],
    pub customer_id: Option<&'a str>,
}

/// The events of a turn: what was decided is over, unless its intent has ended it already, and what the turn wants is put before people.
pub(crate) fn events_of_turn(
    assistant: &Assistant,
    received: &Arrival,
    Wishes { asked, withdrawn, customer_id }: Wishes<'_>,
    (said, at): (&str, TimestampUs),
) -> Result<Vec<NewEvent>, TurnError> {
    let mut approvals = received.conversation.approvals.clone();
    let mut events = Vec::new();
    if let Some((id, outcome)) = received.approval.filter(|(id, _)| approvals.open().any(|open| open.id == *id)) {
        let how = match outcome {
            Outcome::Granted(_) => "not_done",
            Outcome::TurnedDown(why) => why.reason_code(),
        };
        events.push(approvals.event("approval.closed", json!({"approval_id": id, "how": how}), at)?);
    }
    for digest in withdrawn {
        let open = approvals.open().find(|open| open.proposal.digest == *digest);
        if let Some(id) = open.map(|open| open.id) {
            events.push(approvals.event("approval.closed", json!({"approval_id": id, "how": WITHDRAWN}), at)?);
        }
    }
    for wish in asked {
        let hours = i64::from(assistant.pack.manifest.limits.approval_hours);
        let approval = Approval {
            id: ApprovalId(assistant.fresh_uuid()),
            proposal: wish.proposal.clone(),
            approvers: wish.approvers,
            rules: wish.rules.clone(),
            amount: wish.amount.clone(),
            customer_id: customer_id.unwrap_or_default().to_owned(),
            said: said.to_owned(),
            until_us: at.0.saturating_add(hours.saturating_mul(HOUR_US)),
            since_us: at.0,
            given: Vec::new(),
            state: State::Open,
        };
        events.push(approvals.event("approval.requested", json!({"approval": approval}), at)?);
    }
    Ok(events)
}

/// Binds an intent to the approval that it uses up, if it carries out exactly what was approved.
pub(crate) fn use_up(received: &mut Arrival, proposal: &Proposal, payload: Value, at: TimestampUs) -> Value {
    let approvals = &mut received.conversation.approvals;
    let used = received
        .approval
        .map(|(id, _)| id)
        .filter(|id| approvals.find(*id).is_some_and(|approval| approval.proposal.digest == proposal.digest));
    let Some(id) = used else { return payload };
    let mut payload = payload;
    if let Some(members) = payload.as_object_mut() {
        members.insert("approval_id".to_owned(), json!(id));
    }
    approvals.apply("action.intended", at, &payload);
    let due = approvals.due_us();
    if let Some(members) = payload.as_object_mut() {
        members.insert(DUE.to_owned(), json!(due));
    }
    payload
}

impl Assistant {
    /// What people are asked to approve, the most urgent first, as somebody sees it.
    ///
    /// # Errors
    /// [`TurnError::Store`].
    pub async fn approvals(&self, reader: &str) -> Result<Vec<ApprovalView>, TurnError> {
        let ids =
            self.ports.inbox.due(&self.settings.tenant, &Due::Approval(TimestampUs(i64::MAX)), usize::MAX).await?;
        let people = self.approvers().await?;
        let mut open = Vec::new();
        for id in ids.iter().filter_map(|id| id.parse().ok()) {
            match self.load(id).await {
                Ok(Some(state)) => {
                    open.extend(state.approvals.open().map(|approval| view(self, &state, (approval, reader), &people)))
                }
                Ok(None) | Err(TurnError::Erased) => {}
                Err(error) => return Err(error),
            }
        }
        open.sort_by_key(|view| view.expires_at);
        Ok(open)
    }

    /// Takes one person's answer to a proposal, and carries it out or drops it when that decides it. Gives it as it then is; the same answer once
    /// more changes nothing.
    ///
    /// # Errors
    /// [`TurnError::NotFound`], [`TurnError::UnknownApproval`], [`TurnError::MayNotApprove`], [`TurnError::OtherProposal`],
    /// [`TurnError::ApprovalExpired`], [`TurnError::ApprovalOver`] when it is decided already, [`TurnError::Store`].
    pub async fn vote(&self, id: ConversationId, approval: ApprovalId, vote: &Vote) -> Result<ApprovalView, TurnError> {
        let written = self.write_vote(id, approval, vote).await?;
        let state = self.load(id).await?.ok_or(TurnError::NotFound)?;
        let asked = state.approvals.find(approval).ok_or(TurnError::UnknownApproval)?;
        let (people, now) = (self.approvers().await?, self.ports.clock.now());
        if state.approvals.outcome((id, asked), (&people, now)).is_some() {
            match self.handle(Stimulus::unasked(&state, Input::Approval(approval))).await {
                // Another process was faster, or it is done when the ledger can be used again.
                Ok(_) | Err(TurnError::NothingDue | TurnError::Conflict) => {}
                Err(error) => tracing::warn!(%error, conversation.id = %id, "what was decided is carried out later"),
            }
        }
        Ok(written)
    }

    async fn write_vote(
        &self,
        id: ConversationId,
        approval: ApprovalId,
        vote: &Vote,
    ) -> Result<ApprovalView, TurnError> {
        let lock = self.turn_lock(id);
        let _turn = lock.lock().await;
        let people = self.approvers().await?;
        for _ in 0..TRIES_MAX {
            // What counts is in the ledger, also when another process has written it.
            self.forget(id);
            let state = self.load(id).await?.ok_or(TurnError::NotFound)?;
            let asked = state.approvals.find(approval).ok_or(TurnError::UnknownApproval)?;
            let at = self.ports.clock.now();
            check(&people, &state, asked, (vote, at))?;
            if vote.answer == Answer::Approve && asked.has_given(&vote.by) {
                return Ok(view(self, &state, (asked, &vote.by), &people));
            }
            let mut approvals = state.approvals.clone();
            let (kind, reason) = match &vote.answer {
                Answer::Approve => ("approval.given", None),
                Answer::Refuse { reason } => ("approval.refused", Some(reason)),
            };
            let by = vote.by.trim();
            let payload = json!({"approval_id": approval, "digest": vote.digest, "by": by, "reason": reason});
            let event = approvals.event(kind, payload, at)?;
            let written = record::append(self, id, state.version, vec![event], None, at).await;
            self.forget(id);
            match written.map_err(TurnError::from) {
                Err(TurnError::Conflict) => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    let after = Conversation { approvals, ..(*state).clone() };
                    let asked = after.approvals.find(approval).ok_or(TurnError::UnknownApproval)?;
                    return Ok(view(self, &after, (asked, &vote.by), &people));
                }
            }
        }
        Err(TurnError::Conflict)
    }

    /// Carries out what was decided and drops what is too old, where nobody was there to do it; gives the number of conversations looked at. Call it
    /// again and again.
    ///
    /// # Errors
    /// [`StoreError`]; what is due stays due.
    pub async fn settle_approvals(&self) -> Result<usize, StoreError> {
        let now = self.ports.clock.now();
        let due = self.ports.inbox.due(&self.settings.tenant, &Due::Approval(now), BATCH_MAX).await?;
        for id in &due {
            let Ok(id) = id.parse() else { continue };
            self.forget(id);
            match self.settle_in(id).await {
                Ok(()) | Err(TurnError::Erased) => {}
                Err(TurnError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, conversation.id = %id, "approvals wait, they are looked at again"),
            }
        }
        Ok(due.len())
    }

    async fn settle_in(&self, id: ConversationId) -> Result<(), TurnError> {
        let Some(state) = self.load(id).await? else { return Ok(()) };
        let (people, now) = (self.approvers().await?, self.ports.clock.now());
        let decided = |approval: &&Approval| state.approvals.outcome((id, approval), (&people, now)).is_some();
        let ids: Vec<ApprovalId> = state.approvals.open().filter(decided).map(|approval| approval.id).collect();
        for approval in &ids {
            match self.handle(Stimulus::unasked(&state, Input::Approval(*approval))).await {
                Ok(_) | Err(TurnError::NothingDue) => {}
                Err(error) => return Err(error),
            }
        }
        if ids.is_empty() { self.lapse(&state, &people).await } else { Ok(()) }
    }

    /// Takes back what people gave who no longer count, so that it is seen, and given anew should they count again.
    async fn lapse(&self, state: &Conversation, people: &Approvers) -> Result<(), TurnError> {
        let at = self.ports.clock.now();
        let mut approvals = state.approvals.clone();
        let mut events = Vec::new();
        for approval in state.approvals.open() {
            for given in &approval.given {
                if let Err(why) = state.approvals.may_decide(approval, &given.name, people) {
                    let payload = json!({"approval_id": approval.id, "by": given.name, "why": why.to_string()});
                    events.push(approvals.event("approval.lapsed", payload, at)?);
                }
            }
        }
        if !events.is_empty() {
            self.forget(state.id);
            record::append(self, state.id, state.version, events, None, at).await?;
        }
        Ok(())
    }
}

fn check(
    people: &Approvers,
    state: &Conversation,
    asked: &Approval,
    (vote, at): (&Vote, TimestampUs),
) -> Result<(), TurnError> {
    state.approvals.may_decide(asked, &vote.by, people)?;
    match asked.state {
        _ if asked.proposal.digest != vote.digest => Err(TurnError::OtherProposal),
        State::Withdrawn => Err(TurnError::ApprovalWithdrawn),
        State::Refused | State::Over if asked.until_us > at.0 => Err(TurnError::ApprovalOver),
        State::Open if asked.until_us > at.0 => Ok(()),
        _ => Err(TurnError::ApprovalExpired),
    }
}

fn view(
    assistant: &Assistant,
    state: &Conversation,
    (approval, reader): (&Approval, &str),
    people: &Approvers,
) -> ApprovalView {
    let may_decide = state.approvals.may_decide(approval, reader, people).is_ok();
    let is_open = approval.state == State::Open && approval.until_us > assistant.ports.clock.now().0;
    let counted = state.approvals.counted(approval, people);
    ApprovalView {
        id: approval.id,
        conversation_id: state.id,
        customer_id: approval.customer_id.clone(),
        customer_name: crate::context::customer_name(&state.dialogue.customer).or_else(|| state.customer_name.clone()),
        proposal: approval.proposal.clone(),
        amount: approval.amount.clone(),
        said: approval.said.clone(),
        rules: approval.rules.clone(),
        approvers: approval.approvers,
        given: counted.cloned().collect(),
        is_yours: may_decide && is_open && !approval.has_given(reader),
        requested_at: TimestampUs(approval.since_us),
        expires_at: TimestampUs(approval.until_us),
    }
}
