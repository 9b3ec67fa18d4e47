//! What can the demo do that a company's own site would do? Sign customers and staff in, and show what was "sent" by SMS.
//!
//! These paths exist only when the server runs with a fictional company.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use ombud_domain::{CustomerId, IdentityLevel};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::address::ClientAddress;
use crate::app::{App, DemoCompany, DemoError};
use crate::auth::Role;
use crate::auth::token::Claims;
use crate::body::{Body, Parameters};
use crate::chat::sessions::Session;
use crate::problem::{ApiError, Problem};

/// Proof that a fictional company is served; everywhere else, these paths do not exist.
pub struct InDemo(Arc<dyn DemoCompany>);

impl FromRequestParts<App> for InDemo {
    type Rejection = ApiError;

    async fn from_request_parts(_parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        app.demo().map(|company| Self(Arc::clone(company))).ok_or(ApiError::UnknownPath)
    }
}

/// Whom to sign in as.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDemoSession {
    /// A customer of the demo.
    #[schema(example = "C-100001")]
    pub customer_id: String,
}

/// A session of a signed-in customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemoSession {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Who was signed in.
    pub customer: DemoCustomerName,
}

/// Who was signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemoCustomerName {
    /// Customer id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A customer of the demo.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemoCustomer {
    /// Customer id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// What has happened to him.
    pub story: Option<String>,
}

/// A message the fictional company "sent".
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxMessage {
    /// RFC 3339, UTC.
    pub at: String,
    /// `sms` or `email`.
    pub channel: String,
    /// Where it went.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Whose messages are wanted.
#[derive(Debug, Deserialize)]
pub struct OutboxFilter {
    /// Of this customer; of everybody if left out.
    customer_id: Option<String>,
}

/// Who answers at the desk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenStaffSession {
    /// Name that customers see, 1 to 60 characters.
    #[schema(max_length = 60)]
    pub name: String,
}

/// A token for the desk.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffSession {
    /// Bearer token.
    pub token: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
}

/// Opens a session as if the company's site had signed the customer in.
#[utoipa::path(post, path = "/demo/sessions", tag = "demo", request_body = OpenDemoSession, security(()),
    responses((status = 201, body = DemoSession), (status = 404, body = Problem)))]
pub async fn open_demo_session(
    State(app): State<App>,
    InDemo(company): InDemo,
    ClientAddress(address): ClientAddress,
    Body(wish): Body<OpenDemoSession>,
) -> Result<(StatusCode, Json<DemoSession>), ApiError> {
    app.limits().session(address)?;
    let customer = company.customer(&wish.customer_id).await?.ok_or(ApiError::UnknownCustomer)?;
    let customer = DemoCustomerName { id: wish.customer_id, name: text(&customer, "name").unwrap_or_default() };
    let customer_id = Some(CustomerId(customer.id.clone()));
    let session_s = app.settings().session_s;
    let opened = app.open(
        |sub| Claims {
            sub,
            role: Role::Customer,
            customer_id,
            level: IdentityLevel::Identified,
            name: None,
            act: None,
            iat: 0,
            exp: 0,
        },
        session_s,
    )?;
    Ok((StatusCode::CREATED, Json(DemoSession { session: Session::new(opened), customer })))
}

/// Customers one may sign in as, those with a story first.
#[utoipa::path(get, path = "/demo/customers", tag = "demo", security(()), responses((status = 200, body = [DemoCustomer])))]
pub async fn demo_customers(InDemo(company): InDemo) -> Result<Json<Vec<DemoCustomer>>, ApiError> {
    let customers = company.customers().await?;
    let customer = |record: &Value| {
        let (id, name) = (text(record, "id")?, text(record, "name")?);
        Some(DemoCustomer {
            id,
            name,
            email: text(record, "email"),
            postal_code: text(record, "postal_code"),
            story: text(record, "story"),
        })
    };
    Ok(Json(customers.iter().filter_map(customer).collect()))
}

/// Codes and notices the fictional company "sent" by SMS or e-mail, newest first.
#[utoipa::path(get, path = "/demo/outbox", tag = "demo", security(()), params(("customer_id" = Option<String>, Query, description = "of this customer; of everybody if left out")), responses((status = 200, body = [OutboxMessage])))]
pub async fn demo_outbox(
    InDemo(company): InDemo,
    Parameters(wanted): Parameters<OutboxFilter>,
) -> Result<Json<Vec<OutboxMessage>>, ApiError> {
    let customer_id = wanted.customer_id.filter(|id| !id.is_empty());
    let messages = company.outbox(customer_id.as_deref()).await?;
    let message = |record: &Value| {
        Some(OutboxMessage {
            at: text(record, "at")?,
            channel: text(record, "channel")?,
            to: text(record, "to")?,
            text: text(record, "text")?,
        })
    };
    Ok(Json(messages.iter().filter_map(message).collect()))
}

/// Opens a session for the desk.
#[utoipa::path(post, path = "/demo/staff", tag = "demo", request_body = OpenStaffSession, security(()), responses((status = 200, body = StaffSession)))]
pub async fn open_demo_staff(
    State(app): State<App>,
    _demo: InDemo,
    ClientAddress(address): ClientAddress,
    Body(wish): Body<OpenStaffSession>,
) -> Result<Json<StaffSession>, ApiError> {
    app.limits().session(address)?;
    let name = wish.name.trim().to_owned();
    if !(1..=60).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(ApiError::WrongShape { what: "`name` has 1 to 60 characters without line breaks".to_owned() });
    }
    let staff_session_s = app.settings().staff_session_s;
    let opened = app.open(
        |sub| Claims {
            sub,
            role: Role::Staff,
            customer_id: None,
            level: IdentityLevel::Anonymous,
            name: Some(name),
            act: None,
            iat: 0,
            exp: 0,
        },
        staff_session_s,
    )?;
    let session = Session::new(opened);
    Ok(Json(StaffSession { token: session.token, expires_at: session.expires_at }))
}

fn text(record: &Value, member: &str) -> Option<String> {
    Some(record.get(member)?.as_str()?.to_owned())
}

impl From<DemoError> for ApiError {
    fn from(error: DemoError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the demo's back office cannot be asked");
        Self::DemoCompany
    }
}
