//! Stage 6: perform the one thing decided, at most once. An intent is durable before its first byte; a receipt is kept whatever happens next.

use ombud_domain::{ActionOutcome, CallFailure, IntentId, NewEvent, Stage, StreamId};
use ombud_policy::{ApiCall, Authorized, Intent};
use ombud_ports::{AppendError, Commit};
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::attempts;
use crate::decision::Call;
use crate::intake::Arrival;
use crate::trail::Trail;

/// Tries to append a receipt when others write to the stream at the same time.
const RECEIPT_TRIES_MAX: usize = 20;

pub(crate) async fn perform(
    assistant: &Assistant,
    received: &mut Arrival<'_>,
    call: Call,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    match call {
        Call::Read(call) => read(assistant, &call, trail).await,
        Call::CheckCode(entered) => attempts::check_code(assistant, received, &entered, trail).await,
        Call::Count { who } => attempts::count_claim(assistant, received, &who, trail).await,
        Call::Perform(authorized) => write(assistant, received, *authorized, trail).await,
    }
}

async fn read(assistant: &Assistant, call: &ApiCall, trail: &mut Trail<'_>) -> ActionOutcome {
    let outcome = within(
        assistant,
        assistant.ports.back_office.read(call),
        ActionOutcome::Failed { failure: CallFailure::Timeout },
    )
    .await;
    trail.note(
        Stage::Action,
        format!("{}: {}", call.action, word(&outcome)),
        json!({"action": call.action, "path": call.path, "outcome": word(&outcome)}),
    );
    outcome
}

async fn write(
    assistant: &Assistant,
    received: &mut Arrival<'_>,
    authorized: Authorized,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    if let Some(customer_id) = code_for(assistant, &authorized)
        && let Some(refused) = attempts::code_refused(assistant, customer_id).await
    {
        let action = &authorized.proposal().action;
        trail.note(Stage::Action, format!("{action}: not done, {}", word(&refused)), json!({"action": action}));
        return refused;
    }
    let intent = authorized.into_intent(IntentId(assistant.fresh_uuid()));
    if let Err(error) = commit_intent(assistant, received, &intent).await {
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
    let outcome = within(assistant, assistant.ports.back_office.perform(&intent), ActionOutcome::Unknown).await;
    if let Err(error) = append_receipt(assistant, received, &intent, &outcome).await {
        tracing::error!(error = %error, intent = %intent.id(), "the outcome could not be written, the next turn finds the open intent");
        return ActionOutcome::Unknown;
    }
    let detail = json!({"action": intent.proposal().action, "arguments": intent.proposal().arguments, "intent_id": intent.id(), "outcome": outcome});
    trail.note(Stage::Action, format!("{}: {}", intent.proposal().action, word(&outcome)), detail);
    outcome
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

async fn commit_intent(assistant: &Assistant, received: &mut Arrival<'_>, intent: &Intent) -> Result<(), AppendError> {
    let payload = json!({"turn_id": received.turn_id, "intent_id": intent.id(), "proposal": intent.proposal()});
    let committed = assistant.ports.ledger.append(commit(assistant, received, "action.intended", payload)).await?;
    received.conversation.version = committed.version;
    Ok(())
}

/// Receipts are appended whatever others have written meanwhile.
async fn append_receipt(
    assistant: &Assistant,
    received: &mut Arrival<'_>,
    intent: &Intent,
    outcome: &ActionOutcome,
) -> Result<(), AppendError> {
    let payload = json!({"turn_id": received.turn_id, "intent_id": intent.id(), "action": intent.proposal().action, "arguments": intent.proposal().arguments, "outcome": outcome});
    for _ in 0..RECEIPT_TRIES_MAX {
        match assistant.ports.ledger.append(commit(assistant, received, "action.settled", payload.clone())).await {
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

async fn head(assistant: &Assistant, received: &Arrival<'_>) -> Result<i64, AppendError> {
    let stream = StreamId::from(received.conversation.id);
    let later =
        assistant.ports.ledger.read(&assistant.settings.tenant, &stream, received.conversation.version, 500).await?;
    Ok(later.last().map_or(received.conversation.version, |event| event.version))
}

fn commit(assistant: &Assistant, received: &Arrival<'_>, kind: &str, payload: Value) -> Commit {
    Commit {
        tenant: assistant.settings.tenant.clone(),
        stream: StreamId::from(received.conversation.id),
        expected_version: received.conversation.version,
        events: vec![NewEvent { kind: kind.to_owned(), payload }],
        outbox: Vec::new(),
        reply: None,
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
