//! What have people written down about the customer?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{records_of, require_customer};
use crate::clock::Moment;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

const TEXT_CHARS_MAX: usize = 4_000;
const AUTHOR_CHARS_MAX: usize = 60;

/// A note in the customer's file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub id: String,
    pub customer_id: String,
    pub at: Moment,
    pub author: String,
    pub text: String,
}

impl Record for Note {
    const KIND: &'static str = "note";
    const NOUN: &'static str = "note";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

/// The notes in a customer's file, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/notes", tag = "notes", params(("id" = String, Path)),
    responses((status = 200, body = [Note])),
)]
pub async fn customer_notes(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Note>>, Refusal> {
    let mut notes: Vec<Note> = records_of(&mut unit, &id).await?;
    notes.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    Ok(Json(notes))
}

/// What to write down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    text: String,
    author: Option<String>,
}

/// The note as written.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteAdded {
    receipt_id: String,
    note: Note,
}

/// Adds a note to a customer's file.
#[utoipa::path(
    post, path = "/customers/{id}/notes", tag = "notes", params(("id" = String, Path)), request_body = AddNote,
    responses((status = 200, body = NoteAdded)),
)]
pub async fn add_note(Path(id): Path<String>, mut write: Write<AddNote>) -> Response {
    let outcome = add(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn add(unit: &mut Unit, customer_id: &str, request: &AddNote) -> Result<NoteAdded, Refusal> {
    require_customer(unit, customer_id).await?;
    let author = request.author.clone().unwrap_or_else(|| "Ombud".to_owned());
    if request.text.trim().is_empty()
        || request.text.chars().count() > TEXT_CHARS_MAX
        || author.chars().count() > AUTHOR_CHARS_MAX
    {
        return Err(Refusal::invalid(format!(
            "`text` has 1 to {TEXT_CHARS_MAX} characters, `author` at most {AUTHOR_CHARS_MAX}"
        )));
    }
    let note = Note {
        id: unit.next_id("NOT").await?,
        customer_id: customer_id.to_owned(),
        at: unit.now,
        author,
        text: request.text.clone(),
    };
    unit.save(&note, "added").await?;
    let receipt_id = unit.receipt("customer.add_note", &note).await?;
    Ok(NoteAdded { receipt_id, note })
}
