//! Stage 6: perform the one thing decided, at most once. An intent is durable before its first byte; a receipt is kept whatever happens next.

use ombud_domain::{ActionOutcome, CallFailure, IntentId, Moving, NewEvent, Proposal, Stage, StreamId};
use ombud_policy::limits::LIMIT_REACHED;
use ombud_policy::spec::{ActionSpec, Risk};
use ombud_policy::{ApiCall, Authorized, Intent, SagaRun};
use ombud_ports::effects::Counting;
use ombud_ports::{AppendError, Commit, crash_point};
use serde::Serialize;
use serde_json::{Value, json};

use crate::approvals;
use crate::assistant::Assistant;
use crate::attempts;
use crate::context::Asker;
use crate::controls;
use crate::conversation::OpenAction;
use crate::decision::Call;
use crate::facts;
use crate::graph;
use crate::intake::Arrival;
use crate::memory;
use crate::money;
use crate::record;
use crate::recovery;
use crate::shadow;
use crate::trail::Trail;

/// Tries to append a receipt when others write to the stream at the same time.
const RECEIPT_TRIES_MAX: usize = 20;

pub(crate) async fn perform(
    assistant: &Assistant,
    received: &mut Arrival,
    call: Call,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    match call {
        Call::Read(call, asker) => read(assistant, received, (&call, asker.as_ref()), trail).await,
        Call::CheckCode(entered) => attempts::check_code(assistant, received, &entered, trail).await,
        Call::Count { who } => attempts::count_claim(assistant, received, &who, trail).await,
        Call::Recall { customer_id } => controls::recall(assistant, customer_id.as_deref()).await,
        Call::Perform(authorized) => write(assistant, received, *authorized, trail).await,
        Call::Recover(look_up) => recovery::recover(assistant, received, look_up, trail).await,
    }
}

async fn read(
    assistant: &Assistant,
    received: &Arrival,
    (call, asker): (&ApiCall, Option<&Asker>),
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    let late = ActionOutcome::Failed { failure: CallFailure::Timeout };
    let outcome = if memory::is_of_memory(assistant, &call.action) {
        within(assistant, memory::answer(assistant, received, call), late).await
    } else if graph::is_of_graph(assistant, &call.action) {
        within(assistant, graph::answer(assistant, received, (call, asker)), late).await
    } else {
        within(assistant, assistant.ports.back_office.read(call), late).await
    };
    trail.note(
        Stage::Action,
        format!("{}: {}", call.action, word(&outcome)),
        json!({"action": call.action, "path": call.path, "outcome": word(&outcome)}),
    );
    outcome
}

async fn write(
    assistant: &Assistant,
    received: &mut Arrival,
    authorized: Authorized,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    if let Some(refused) = shadow::refused(assistant, received, &authorized, trail).await {
        return refused;
    }
    if let Some(held) = controls::held(assistant, &authorized).await {
        let action = &authorized.proposal().action;
        trail.note(Stage::Action, format!("{action}: not done, {}", word(&held)), json!({"action": action}));
        return held;
    }
    if let Some(customer_id) = code_for(assistant, &authorized)
        && let Some(refused) = attempts::code_refused(assistant, received, customer_id).await
    {
        let action = &authorized.proposal().action;
        trail.note(Stage::Action, format!("{action}: not done, {}", word(&refused)), json!({"action": action}));
        return refused;
    }
    let id = IntentId(assistant.fresh_uuid());
    let (counting, moving) = (controls::counting(assistant, &authorized, id), money::begun(&authorized, id));
    let customer_id = authorized.stake().customer_id.clone();
    let saga = authorized.saga().cloned();
    let intent = authorized.into_intent(id);
    crash_point("intent.before");
    let committed = match counting {
        Ok(counting) => commit_intent(assistant, received, &intent, Beside { counting, moving, saga }).await,
        Err(rule) => Err(AppendError::LimitReached { rule }),
    };
    if let Err(AppendError::LimitReached { rule }) = &committed {
        let action = &intent.proposal().action;
        let detail = json!({"action": action, "limit": rule});
        trail.note(Stage::Action, format!("{action}: not done, limit {rule} is reached"), detail);
        return ActionOutcome::Refused { reason_code: LIMIT_REACHED.to_owned() };
    }
    if let Err(error) = committed {
        // Nothing has left yet.
        // INVARIANT: what is not in the ledger is not done, R59 and R70 (test: `what_is_not_in_the_ledger_is_not_done`).
        tracing::error!(error = %error, "the intent could not be written, nothing was done");
        trail.note(
            Stage::Action,
            format!("{}: not done, the ledger cannot be written", intent.proposal().action),
            json!({}),
        );
        return ActionOutcome::Failed { failure: CallFailure::Unreachable };
    }
    crash_point("intent.durable");
    let outcome = carry_out(assistant, &intent).await;
    crash_point("call.answered");
    assistant.note_deed(customer_id.as_deref());
    let spec = assistant.pack.actions.get(&intent.proposal().action);
    let is_asked_again = outcome == ActionOutcome::Unknown && spec.is_some_and(ActionSpec::is_recoverable);
    let written = match received.conversation.open_action.clone() {
        Some(open) if is_asked_again => recovery::append_try(assistant, received, &open).await,
        _ => append_outcome(assistant, received, intent.id(), &outcome).await,
    };
    if let Err(error) = written {
        tracing::error!(error = %error, intent = %intent.id(), "the outcome could not be written, it is asked for again later");
        return ActionOutcome::Unknown;
    }
    crash_point("receipt.durable");
    let detail = json!({"action": intent.proposal().action, "arguments": intent.proposal().arguments, "intent_id": intent.id(), "outcome": outcome});
    trail.note(Stage::Action, format!("{}: {}", intent.proposal().action, word(&outcome)), detail);
    outcome
}

/// Carries out a committed intent.
pub(crate) async fn carry_out(assistant: &Assistant, intent: &Intent) -> ActionOutcome {
    if memory::is_of_memory(assistant, &intent.proposal().action) {
        return facts::carry_out(assistant, intent);
    }
    within(assistant, assistant.ports.back_office.perform(intent), ActionOutcome::Unknown).await
}

/// The customer who would get a one-time code by this action.
fn code_for<'a>(assistant: &Assistant, authorized: &'a Authorized) -> Option<&'a str> {
    let proposal = authorized.proposal();
    let sends = assistant.pack.manifest.identity.send_code.as_ref() == Some(&proposal.action);
    proposal.arguments.get("customer_id").filter(|_| sends)?.as_str()
}

pub(crate) async fn within(
    assistant: &Assistant,
    call: impl Future<Output = ActionOutcome>,
    late: ActionOutcome,
) -> ActionOutcome {
    tokio::time::timeout(assistant.deadline(), call).await.unwrap_or(late)
}

/// What is written with an intent.
struct Beside {
    counting: Option<Counting>,
    moving: Option<Moving>,
    saga: Option<SagaRun>,
}

async fn commit_intent(
    assistant: &Assistant,
    received: &mut Arrival,
    intent: &Intent,
    Beside { counting, moving, saga }: Beside,
) -> Result<(), AppendError> {
    let spec = assistant.pack.actions.get(&intent.proposal().action);
    let is_challenge = spec.is_some_and(|spec| spec.risk == Risk::Challenge);
    let recover_at = recovery::after(assistant, assistant.settings.action_deadline_ms);
    let (turn_id, intent_id, proposal) = (received.turn_id, intent.id(), intent.proposal());
    let payload = if is_challenge {
        json!({"turn_id": turn_id, "intent_id": intent_id, "proposal": proposal, "challenge": true})
    } else {
        json!({"turn_id": turn_id, "intent_id": intent_id, "proposal": proposal, "call": intent.call(), "recover_at_us": recover_at.0})
    };
    let payload = with(with_money(payload, moving.as_ref()), "saga", saga.as_ref());
    let payload = approvals::use_up(received, intent.proposal(), payload, assistant.ports.clock.now());
    let moves_money = moving.is_some();
    let mut commit = Commit { counting, moving, ..commit(assistant, received, "action.intended", payload) };
    // What led to an effect stands beside it, whether or not the turn comes to its end.
    let inputs = record::inputs(assistant, turn_id, &mut commit.events)?;
    let committed = assistant.ports.ledger.append(commit).await?;
    if let (Some(tape), Some(inputs)) = (assistant.tape(), inputs) {
        tape.wrote(&inputs);
    }
    received.conversation.version = committed.version;
    if !is_challenge {
        received.conversation.open_action = Some(OpenAction {
            id: intent.id(),
            proposal: intent.proposal().clone(),
            intent: Some(intent.clone()),
            since: assistant.ports.clock.now(),
            tries: 0,
            recover_at,
            outcome: None,
            moves_money,
            saga,
        });
    }
    Ok(())
}

/// The payload with what is posted in its commit, so that the books can be made again from the events.
fn with_money(payload: Value, moving: Option<&Moving>) -> Value {
    with(payload, "money", moving)
}

fn with(mut payload: Value, name: &str, value: Option<&impl Serialize>) -> Value {
    if let (Some(members), Some(value)) = (payload.as_object_mut(), value) {
        members.insert(name.to_owned(), json!(value));
    }
    payload
}

/// Outcomes are appended whatever others have written meanwhile. Until the reply that tells it is in the ledger too, somebody looks after it.
pub(crate) async fn append_outcome(
    assistant: &Assistant,
    received: &mut Arrival,
    id: IntentId,
    outcome: &ActionOutcome,
) -> Result<(), AppendError> {
    let recover_at = recovery::after(assistant, assistant.settings.model_deadline_ms);
    let turn_id = received.turn_id;
    let open = received.conversation.open_action.as_ref().filter(|open| open.id == id);
    let payload = match open.map(|open| &open.proposal) {
        Some(Proposal { action, arguments, .. }) => {
            json!({"turn_id": turn_id, "intent_id": id, "outcome": outcome, "action": action, "arguments": arguments, "recover_at_us": recover_at.0})
        }
        None => json!({"turn_id": turn_id, "intent_id": id, "outcome": outcome, "challenge": true}),
    };
    let moving = open.and_then(|open| money::settled(assistant, open, outcome));
    let payload = with_money(payload, moving.as_ref());
    let told = open.and_then(|open| facts::event_of(assistant, received, (open, outcome)));
    let after = After { counting: controls::not_done(id, outcome), moving, told };
    append_with(assistant, received, ("action.settled", payload), after).await?;
    if let Some(open) = received.conversation.open_action.as_mut().filter(|open| open.id == id) {
        open.outcome = Some(outcome.clone());
        open.recover_at = recover_at;
    }
    Ok(())
}

pub(crate) async fn append(
    assistant: &Assistant,
    received: &mut Arrival,
    kind: &str,
    payload: Value,
) -> Result<(), AppendError> {
    append_with(assistant, received, (kind, payload), After::default()).await
}

/// What is written with an outcome.
#[derive(Default)]
struct After {
    counting: Option<Counting>,
    moving: Option<Moving>,
    /// What the memory is to hold of it.
    told: Option<NewEvent>,
}

async fn append_with(
    assistant: &Assistant,
    received: &mut Arrival,
    (kind, payload): (&str, Value),
    After { counting, moving, told }: After,
) -> Result<(), AppendError> {
    for _ in 0..RECEIPT_TRIES_MAX {
        let mut commit = Commit {
            counting: counting.clone(),
            moving: moving.clone(),
            ..commit(assistant, received, kind, payload.clone())
        };
        commit.events.extend(told.clone());
        match assistant.ports.ledger.append(commit).await {
            Ok(committed) => {
                received.conversation.version = committed.version;
                return Ok(());
            }
            Err(AppendError::Conflict) => received.conversation.version = head(assistant, received).await?,
            Err(error) => return Err(error),
        }
    }
    Err(AppendError::Conflict)
}

async fn head(assistant: &Assistant, received: &Arrival) -> Result<i64, AppendError> {
    let (stream, version) = (StreamId::from(received.conversation.id), received.conversation.version);
    let newest = async {
        let later = assistant.ports.ledger.read(&assistant.settings.tenant, &stream, version, 500).await?;
        Ok(later.last().map_or(version, |event| event.version))
    };
    match assistant.tape() {
        Some(tape) => Ok(tape.ask_store("head", newest).await?),
        None => Ok(newest.await?),
    }
}

fn commit(assistant: &Assistant, received: &Arrival, kind: &str, payload: Value) -> Commit {
    Commit {
        tenant: assistant.settings.tenant.clone(),
        stream: StreamId::from(received.conversation.id),
        expected_version: received.conversation.version,
        events: vec![NewEvent { kind: kind.to_owned(), payload: payload.into() }],
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: assistant.ports.clock.now(),
    }
}

/// One line for the trail.
pub(crate) fn word(outcome: &ActionOutcome) -> String {
    match outcome {
        ActionOutcome::Found { .. } => "found".to_owned(),
        ActionOutcome::NotFound => "not found".to_owned(),
        ActionOutcome::Done { receipt } => format!("done, receipt {}", receipt.receipt_id),
        ActionOutcome::Refused { reason_code } => format!("refused, {reason_code}"),
        ActionOutcome::Failed { failure } => failure.to_string(),
        ActionOutcome::Unknown => "outcome unknown".to_owned(),
    }
}
