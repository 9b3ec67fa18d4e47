//! What do the company's systems hold of the customer now? Read when a person at the desk looks, never from memory.

use std::collections::BTreeMap;

use ombud_domain::{ActionOutcome, ConversationId, IdentityLevel, TimestampUs};
use ombud_policy::Proof;
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::context::{self, Asker, RECORD_WAIT_MAX};
use crate::conversation::Conversation;
use crate::desk::labels;
use crate::turn::TurnError;

/// Records of one list that are shown, at most; the company's systems give the newest first or say what is left out by their length.
const RECORDS_MAX: usize = 50;

/// The customer's records as the company's systems hold them.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskRecords {
    /// When they were read.
    pub at: TimestampUs,
    /// How sure we are who it is.
    pub level: IdentityLevel,
    /// The customer's own record; null when it is not known who it is, or it cannot be read.
    pub customer: Value,
    /// The lists that the pack names, in its order.
    pub lists: Vec<RecordList>,
    /// How the company names fields, as far as it does.
    pub labels: BTreeMap<String, String>,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordList {
    /// What they are called.
    pub title: String,
    /// How many there are; none when they cannot be read.
    pub total: Option<usize>,
    /// The first of them, each with one line for people.
    pub records: Vec<(String, Value)>,
}

impl Assistant {
    /// The records of the customer of a conversation, as the company's systems hold them now; none when the conversation is unknown.
    ///
    /// # Errors
    /// [`TurnError::Store`].
    pub async fn desk_records(&self, id: ConversationId) -> Result<Option<DeskRecords>, TurnError> {
        let Some(state) = self.load(id).await? else { return Ok(None) };
        let level = known_as(&state);
        let at = self.ports.clock.now();
        let Some(customer_id) = customer_of(&state) else {
            let (customer, lists, labels) = (Value::Null, Vec::new(), BTreeMap::new());
            return Ok(Some(DeskRecords { at, level, customer, lists, labels }));
        };
        let asker =
            Asker { customer_id: customer_id.to_owned(), level, proof: proof_of(&state), market: state.market.clone() };
        let record = context::customer_record(self, &asker);
        let reads = self.pack.manifest.desk.records.iter().map(|action| list(self, &state.locale, (&asker, action)));
        let (customer, lists) = futures::join!(record, futures::future::join_all(reads));
        let customer = customer.unwrap_or_default();
        let all: Vec<&Value> = lists.iter().flat_map(|list| list.records.iter().map(|(_, record)| record)).collect();
        let labels = labels(self, &state.locale, std::iter::once(&customer).chain(all));
        Ok(Some(DeskRecords { at, level, customer, lists, labels }))
    }
}

/// Who it is: as the chat found out, or as the session says.
pub(crate) fn customer_of(state: &Conversation) -> Option<&str> {
    state.dialogue.customer_id.as_deref().or_else(|| state.customer_id.as_ref().map(|id| id.as_str()))
}

/// How sure that is; a conversation that was opened by a signed-in customer is his before he has written.
pub(crate) fn known_as(state: &Conversation) -> IdentityLevel {
    match state.dialogue.customer_id {
        None if state.customer_id.is_some() => IdentityLevel::Identified,
        _ => state.dialogue.level,
    }
}

fn proof_of(state: &Conversation) -> Proof {
    if state.dialogue.customer_id.is_none() { Proof::Session } else { state.dialogue.proof }
}

async fn list(assistant: &Assistant, locale: &str, (asker, action): (&Asker, &str)) -> RecordList {
    let text = |key: &str, names: &Value| {
        let names = names.as_object().cloned().unwrap_or_default();
        assistant.pack.texts.render(locale, "", key, &[&names]).ok()
    };
    let title = text(&format!("desk_{action}"), &json!({})).unwrap_or_else(|| action.replace('_', " "));
    let Some(found) = read(assistant, asker, action).await else {
        return RecordList { title, total: None, records: Vec::new() };
    };
    let line = |record: &Value| text(&format!("desk_{action}_line"), &json!({"item": record})).unwrap_or_default();
    let records = found.iter().take(RECORDS_MAX).map(|record| (line(record), record.clone())).collect();
    RecordList { title, total: Some(found.len()), records }
}

/// What the customer may read himself, and nothing that is somebody else's.
async fn read(assistant: &Assistant, asker: &Asker, action: &str) -> Option<Vec<Value>> {
    let (spec, call) = context::own_read(assistant, asker, action)?;
    let wait = assistant.deadline().min(RECORD_WAIT_MAX);
    match tokio::time::timeout(wait, assistant.ports.back_office.read(&call)).await {
        Ok(ActionOutcome::Found { body }) if spec.is_own(&body, &asker.customer_id) => match body {
            Value::Array(records) => Some(records),
            record => Some(vec![record]),
        },
        Ok(ActionOutcome::NotFound) => Some(Vec::new()),
        _ => None,
    }
}
