//! Which messages did the company "send"?
//!
//! Nothing leaves the machine: SMS and e-mail are records, so that a demo and a test can read the code the customer was
//! sent.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Email,
}

/// A message that was "sent".
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub id: String,
    pub at: Moment,
    pub customer_id: String,
    pub channel: Channel,
    pub to: String,
    pub text: String,
    /// The one-time code in it, if it carries one.
    pub code: Option<String>,
}

impl Record for Message {
    const KIND: &'static str = "outbox";
    const NOUN: &'static str = "message";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

impl Unit {
    /// "Sends" a message.
    pub async fn send(&mut self, mut message: Message) -> Result<(), Refusal> {
        message.id = self.next_id("MSG").await?;
        self.put(&message).await
    }
}

/// Messages that are looked through where nobody is named ...
const LOOKED_AT: i64 = 10_000;
/// ... and shown.
const SHOWN: usize = 50;

/// Whose messages; those of everybody if left out.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OutboxQuery {
    customer_id: Option<String>,
}

/// The messages "sent" to a customer, or the last 50 to anybody, newest first.
#[utoipa::path(
    get, path = "/admin/outbox", tag = "admin", params(OutboxQuery), responses((status = 200, body = [Message])),
)]
pub async fn outbox(Asked(query): Asked<OutboxQuery>, Read(mut unit): Read) -> Result<Json<Vec<Message>>, Refusal> {
    let mut messages: Vec<Message> = match &query.customer_id {
        Some(customer_id) => unit.of_customer(customer_id).await?,
        None => unit.first(LOOKED_AT).await?,
    };
    messages.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    if query.customer_id.is_none() {
        messages.truncate(SHOWN);
    }
    Ok(Json(messages))
}
