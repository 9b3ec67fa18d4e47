//! What do people have to look into?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{records_of, require_customer};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

/// A complaint about a payment service is answered within 15 business days (Directive (EU) 2015/2366, article 101(2)).
pub const COMPLAINT_WORKING_DAYS: u32 = 15;
const KIND_CHARS_MAX: usize = 60;
const DESCRIPTION_CHARS_MAX: usize = 4_000;

/// How soon somebody must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    High,
    Normal,
    Low,
}

impl Priority {
    const fn working_days(self) -> u32 {
        match self {
            Self::High => 1,
            Self::Normal | Self::Low => 3,
        }
    }
}

/// Something a person looks into.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub id: String,
    pub customer_id: String,
    /// What the customer is told, to ask about it.
    pub reference: String,
    /// `complaint`, or what the caller calls it.
    pub kind: String,
    /// What a complaint is about.
    pub subject: Option<String>,
    pub priority: Priority,
    pub description: String,
    /// `open`, `answered` or `closed`.
    pub state: String,
    pub opened_at: Moment,
    pub respond_by: Day,
}

impl Ticket {
    /// True until it is closed.
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

impl Record for Ticket {
    const KIND: &'static str = "ticket";
    const NOUN: &'static str = "ticket";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

/// A customer's tickets and complaints, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/tickets", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = [Ticket])),
)]
pub async fn customer_tickets(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Ticket>>, Refusal> {
    let mut tickets: Vec<Ticket> = records_of(&mut unit, &id).await?;
    tickets.sort_by(|one, other| (other.opened_at, &other.id).cmp(&(one.opened_at, &one.id)));
    Ok(Json(tickets))
}

/// A ticket by id.
#[utoipa::path(
    get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path)),
    responses((status = 200, body = Ticket)),
)]
pub async fn ticket(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Ticket>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// What the customer complains about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileComplaint {
    kind: String,
    description: String,
}

/// What a person shall look into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTicket {
    kind: String,
    #[serde(default = "normal")]
    priority: Priority,
    description: String,
}

const fn normal() -> Priority {
    Priority::Normal
}

/// The ticket, with the day by which somebody answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketOpened {
    receipt_id: String,
    ticket: Ticket,
}

/// Files a complaint, which is answered within 15 working days.
#[utoipa::path(
    post, path = "/customers/{id}/complaints", tag = "tickets", params(("id" = String, Path)),
    request_body = FileComplaint, responses((status = 200, body = TicketOpened)),
)]
pub async fn file_complaint(Path(id): Path<String>, mut write: Write<FileComplaint>) -> Response {
    let outcome = complain(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn complain(unit: &mut Unit, customer_id: &str, request: &FileComplaint) -> Result<TicketOpened, Refusal> {
    must_fit(&request.kind, &request.description)?;
    let respond_by = unit.now.day().plus_working_days(COMPLAINT_WORKING_DAYS);
    let mut ticket = blank(unit, customer_id, request.description.clone()).await?;
    ticket.kind = "complaint".to_owned();
    ticket.subject = Some(request.kind.clone());
    ticket.respond_by = respond_by;
    save(unit, ticket, "customer.complain").await
}

/// Opens a ticket for a person.
#[utoipa::path(
    post, path = "/customers/{id}/tickets", tag = "tickets", params(("id" = String, Path)),
    request_body = OpenTicket, responses((status = 200, body = TicketOpened)),
)]
pub async fn open_ticket(Path(id): Path<String>, mut write: Write<OpenTicket>) -> Response {
    let outcome = open(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn open(unit: &mut Unit, customer_id: &str, request: &OpenTicket) -> Result<TicketOpened, Refusal> {
    must_fit(&request.kind, &request.description)?;
    let respond_by = unit.now.day().plus_working_days(request.priority.working_days());
    let mut ticket = blank(unit, customer_id, request.description.clone()).await?;
    ticket.kind.clone_from(&request.kind);
    ticket.priority = request.priority;
    ticket.respond_by = respond_by;
    save(unit, ticket, "customer.open_ticket").await
}

fn must_fit(kind: &str, description: &str) -> Result<(), Refusal> {
    if kind.trim().is_empty() || kind.chars().count() > KIND_CHARS_MAX {
        return Err(Refusal::invalid(format!("`kind` has 1 to {KIND_CHARS_MAX} characters")));
    }
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Refusal::invalid(format!("`description` has at most {DESCRIPTION_CHARS_MAX} characters")));
    }
    Ok(())
}

async fn blank(unit: &mut Unit, customer_id: &str, description: String) -> Result<Ticket, Refusal> {
    require_customer(unit, customer_id).await?;
    let id = unit.next_id("TCK").await?;
    Ok(Ticket {
        reference: id.replace("TCK-", "NP-T-"),
        id,
        customer_id: customer_id.to_owned(),
        kind: String::new(),
        subject: None,
        priority: Priority::Normal,
        description,
        state: "open".to_owned(),
        opened_at: unit.now,
        respond_by: unit.now.day(),
    })
}

async fn save(unit: &mut Unit, ticket: Ticket, action: &str) -> Result<TicketOpened, Refusal> {
    unit.save(&ticket, "opened").await?;
    let receipt_id = unit.receipt(action, &ticket).await?;
    Ok(TicketOpened { receipt_id, ticket })
}
