//! How does a proposed action become a call that may be made? Through two proof types with private fields.
//!
//! [`Authorized`] is made by this crate's policy decision alone; committing it to the ledger consumes it and yields an [`Intent`];
//! only an intent can be performed. Reads are an [`ApiCall`] without an intent.

use std::collections::BTreeMap;
use std::sync::Arc;

use ombud_domain::{IntentId, Leg, Proposal, RecordedEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::out::Out;
use crate::saga::SagaRun;
use crate::spec::{ActionSpec, Risk};

/// HTTP method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// A read.
    Get,
    /// A write that creates or acts.
    Post,
    /// A write that changes a part.
    Patch,
    /// A write that replaces.
    Put,
    /// A write that removes.
    Delete,
}

/// A call of the company's system, ready to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiCall {
    /// Name of the action of the pack.
    pub action: String,
    /// HTTP method.
    pub method: Method,
    /// Path with encoded arguments, beginning with `/`.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(String, String)>,
    /// JSON body; null for none.
    pub body: Value,
    /// Time for one attempt, milliseconds.
    pub deadline_ms: u64,
    /// Attempts in all, at least 1; more than one only for reads and for writes with an idempotency key.
    pub attempts_max: u32,
    /// Whether the system honours an `Idempotency-Key`.
    pub idempotency_key: bool,
    /// Error code of the company's system to reason code of the pack.
    pub reasons: BTreeMap<String, String>,
    /// Name of the member of the answer that holds the receipt's id.
    pub receipt_member: String,
    /// What the answer must be before anything uses it. It is the pack's and is not kept with the call: see [`Intent::answered_as`].
    #[serde(skip)]
    pub out: Option<Arc<Out>>,
}

/// What an action is about, as it counts for limits and switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stake {
    /// For whom.
    pub customer_id: Option<String>,
    /// The action's class.
    pub risk: Risk,
    /// Market code.
    pub market: String,
    /// Minor units and currency, if both are known.
    pub amount: Option<(i64, String)>,
    /// How many of the customer's effects that policies ask for were known.
    pub known: i64,
}

/// A proposal that the policy engine allowed. Cannot be built, copied or read back outside this crate (R1).
///
/// It cannot be put together from its parts:
/// ```compile_fail
/// use ombud_policy::{ApiCall, Authorized};
/// fn forge(proposal: ombud_domain::Proposal, call: ApiCall, stake: ombud_policy::Stake) -> Authorized {
///     Authorized { proposal, call, reasons: Vec::new(), stake }
/// }
/// ```
/// nor made by its constructor:
/// ```compile_fail
/// use ombud_policy::{ApiCall, Authorized};
/// fn forge(proposal: ombud_domain::Proposal, call: ApiCall, stake: ombud_policy::Stake) -> Authorized {
///     Authorized::new(proposal, call, Vec::new(), stake)
/// }
/// ```
/// nor copied, so that one authorization performs one action:
/// ```compile_fail
/// fn twice(authorized: &ombud_policy::Authorized) -> ombud_policy::Authorized {
///     authorized.clone()
/// }
/// ```
/// nor read from text:
/// ```compile_fail
/// fn forge(text: &str) -> ombud_policy::Authorized {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
/// nor used a second time after it became an intent:
/// ```compile_fail
/// fn twice(authorized: ombud_policy::Authorized, id: ombud_domain::IntentId) {
///     let first = authorized.into_intent(id);
///     let second = authorized.into_intent(id);
/// }
/// ```
/// What is allowed is to look at it and to give it up:
/// ```
/// fn commit(authorized: ombud_policy::Authorized, id: ombud_domain::IntentId) -> ombud_policy::Intent {
///     assert!(!authorized.proposal().action.is_empty());
///     authorized.into_intent(id)
/// }
/// ```
#[derive(Debug)]
pub struct Authorized {
    proposal: Proposal,
    call: ApiCall,
    reasons: Vec<String>,
    stake: Stake,
    legs: Vec<Leg>,
    saga: Option<Box<SagaRun>>,
}

impl Authorized {
    pub(crate) const fn new(proposal: Proposal, call: ApiCall, reasons: Vec<String>, stake: Stake) -> Self {
        Self { proposal, call, reasons, stake, legs: Vec::new(), saga: None }
    }

    /// The same with what it moves.
    pub(crate) fn moving(self, legs: Vec<Leg>) -> Self {
        Self { legs, ..self }
    }

    /// The same as a step of a saga.
    pub(crate) fn of_saga(self, run: &SagaRun) -> Self {
        Self { saga: Some(Box::new(run.clone())), ..self }
    }

    /// The saga that it is a step of, as it stands before it.
    #[must_use]
    pub fn saga(&self) -> Option<&SagaRun> {
        self.saga.as_deref()
    }

    /// What it moves, from which account to which.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// What is at stake, as it was decided on.
    #[must_use]
    pub const fn stake(&self) -> &Stake {
        &self.stake
    }

    /// What was allowed.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Ids of the policies that allowed it.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// Gives the authorization up for an intent; the caller commits it to the ledger before it is performed.
    #[must_use]
    pub fn into_intent(self, id: IntentId) -> Intent {
        Intent { id, proposal: self.proposal, call: self.call }
    }
}

/// An authorized action that is about to be performed, with the idempotency key of all its attempts. Only an [`Authorized`] becomes one:
/// ```compile_fail
/// fn forge(text: &str) -> ombud_policy::Intent {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intent {
    id: IntentId,
    proposal: Proposal,
    call: ApiCall,
}

impl Intent {
    /// The intent that an event of the ledger holds, so that it can be found out what came of it: with its own key, and nothing else in its call.
    /// Only what was an [`Authorized`] once is written there.
    #[must_use]
    pub fn from_ledger(event: &RecordedEvent) -> Option<Self> {
        let member = |name: &str| event.payload.get(name).filter(|_| event.kind == "action.intended");
        Some(Self {
            id: IntentId::deserialize(member("intent_id")?).ok()?,
            proposal: Proposal::deserialize(member("proposal")?).ok()?,
            call: ApiCall::deserialize(member("call")?).ok()?,
        })
    }

    /// The same intent of the ledger, whose answer must be what its action says today.
    #[must_use]
    pub fn answered_as(self, spec: &ActionSpec) -> Self {
        Self { call: ApiCall { out: spec.out.clone(), ..self.call }, ..self }
    }

    /// The id; also the idempotency key.
    #[must_use]
    pub const fn id(&self) -> IntentId {
        self.id
    }

    /// What was allowed.
    #[must_use]
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The call to make.
    #[must_use]
    pub const fn call(&self) -> &ApiCall {
        &self.call
    }
}
