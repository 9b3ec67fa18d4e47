//! What is known of a customer's earlier conversations? The ledger is the memory: what is erased or has come to the end of its time is not in it,
//! and nothing is kept beside it that could be wrong. Packs read it as they read the company's records, by an action with `source: memory`.

use ombud_domain::{ActionOutcome, CallFailure, ConversationId, ConversationStatus};
use ombud_policy::ApiCall;
use ombud_policy::flow::Op;
use ombud_policy::spec::{ActionSpec, Source};
use ombud_ports::InboxFilter;
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::facts;
use crate::intake::Arrival;
use crate::turn::TurnError;

/// Conversations that are looked at, the newest first.
const LOOKED_AT_MAX: usize = 20;
/// Conversations that are told of.
const RECALLED_MAX: usize = 8;

/// Whether an action is about the memory and not about the company's systems.
pub(crate) fn is_of_memory(assistant: &Assistant, action: &str) -> bool {
    assistant.pack.actions.get(action).is_some_and(|spec| spec.source == Source::Memory)
}

/// What an action of the memory tells of the customer whom the call names: his facts, or his earlier conversations.
pub(crate) async fn answer(assistant: &Assistant, received: &Arrival, call: &ApiCall) -> ActionOutcome {
    let customer = call.query.iter().find(|(name, _)| name == "customer_id").map(|(_, id)| id.as_str());
    let Some(customer_id) = customer else {
        return ActionOutcome::Found { body: json!([]) };
    };
    if assistant.pack.actions.get(&call.action).is_some_and(ActionSpec::tells_facts) {
        return facts::recall(assistant, customer_id).await;
    }
    recall(assistant, received, customer_id).await
}

/// His earlier conversations, the newest first: `id`, `at`, `about` (titles of requests), `done`, `recent` (ids of the records spoken of, by slot),
/// `handed_over` and `waiting`. What the customer had forgotten is left out.
async fn recall(assistant: &Assistant, received: &Arrival, customer_id: &str) -> ActionOutcome {
    let looked_up = Box::pin(look_back(assistant, &received.conversation, customer_id));
    let found = match assistant.tape() {
        Some(tape) => tape.ask(format!("memory of {customer_id}"), async { looked_up.await.ok() }).await,
        None => looked_up.await.ok(),
    };
    match found {
        Some(conversations) => ActionOutcome::Found { body: json!(conversations) },
        None => ActionOutcome::Failed { failure: CallFailure::Unreachable },
    }
}

pub(crate) async fn look_back(
    assistant: &Assistant,
    now: &Conversation,
    customer_id: &str,
) -> Result<Vec<Value>, TurnError> {
    let mut recalled = Vec::new();
    let recalled_max = assistant.weights.memory.share_of(RECALLED_MAX);
    if recalled_max == 0 || forgets(assistant, now) {
        return Ok(recalled);
    }
    let filter =
        InboxFilter { customer_id: Some(customer_id.to_owned()), rows_max: LOOKED_AT_MAX, ..InboxFilter::default() };
    let (rows, _) = assistant.ports.inbox.list(&assistant.settings.tenant, &filter).await?;
    let mut conversations = Vec::new();
    for id in
        rows.iter().filter_map(|row| row.conversation_id.parse::<ConversationId>().ok()).filter(|id| *id != now.id)
    {
        match assistant.load(id).await {
            Ok(earlier) => conversations.extend(earlier),
            Err(TurnError::Erased) => {}
            Err(error) => return Err(error),
        }
    }
    conversations.sort_by_key(|earlier| std::cmp::Reverse((earlier.opened_at, earlier.id)));
    for earlier in conversations {
        recalled.extend(told(assistant, now, &earlier));
        if forgets(assistant, &earlier) || recalled.len() >= recalled_max {
            break;
        }
    }
    Ok(recalled)
}

/// Whether the customer had what was before it forgotten in this conversation.
fn forgets(assistant: &Assistant, conversation: &Conversation) -> bool {
    let forgets = |action: &str| assistant.pack.actions.get(action).is_some_and(ActionSpec::forgets_all);
    conversation.dialogue.done.iter().any(|done| forgets(&done.action))
}

/// What one conversation leaves behind; none where nothing came of it.
fn told(assistant: &Assistant, now: &Conversation, earlier: &Conversation) -> Option<Value> {
    let title = |flow: &str| assistant.pack.title(&now.locale, flow).to_owned();
    let deeds = earlier.dialogue.done.iter().filter(|done| !is_of_memory(assistant, &done.action));
    let done: Vec<Value> = deeds
        .map(|done| {
            let about = flow_of(assistant, &done.action).map(title);
            json!({"action": done.action, "receipt_id": done.receipt_id, "about": about})
        })
        .collect();
    let last = earlier.dialogue.last_flow.as_deref().filter(|flow| is_told(assistant, flow)).map(title);
    let mut about: Vec<String> =
        done.iter().filter_map(|done| done.get("about")?.as_str().map(ToOwned::to_owned)).collect();
    about.extend(last);
    let mut seen = std::collections::BTreeSet::new();
    about.retain(|title| seen.insert(title.clone()));
    let handed_over = earlier.handover.is_some();
    if about.is_empty() && !handed_over {
        return None;
    }
    Some(json!({
        "id": earlier.id, "at": earlier.spoke_at.to_rfc3339(), "about": about, "done": done, "recent": earlier.dialogue.recent,
        "handed_over": handed_over, "waiting": earlier.status == ConversationStatus::WaitingForAgent,
    }))
}

/// Whether a request is one of the pack still, and not about earlier conversations itself.
fn is_told(assistant: &Assistant, flow: &str) -> bool {
    let is_recall = |spec: &ActionSpec| spec.source == Source::Memory && !spec.tells_facts();
    let recalls =
        |op: &Op| matches!(op, Op::Lookup { action, .. } if assistant.pack.actions.get(action).is_some_and(is_recall));
    assistant.pack.flows.get(flow).is_some_and(|flow| !flow.ops.iter().any(recalls))
}

/// The request that performs an action.
fn flow_of<'a>(assistant: &'a Assistant, action: &str) -> Option<&'a str> {
    assistant.pack.flows.iter().find(|(_, flow)| flow.performs(action)).map(|(name, _)| name.as_str())
}
