//! A session without a name.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ombud_domain::{IdentityLevel, TimestampUs};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::ClientAddress;
use crate::app::App;
use crate::auth::Role;
use crate::auth::token::Claims;
use crate::body::{Body, tag};
use crate::problem::{ApiError, Problem};

/// Wishes for a session; all may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// Language tag.
    pub locale: Option<String>,
    /// Market code.
    pub market: Option<String>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Bearer token of all further requests.
    pub token: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// Session id.
    pub session_id: String,
}

impl Session {
    pub(crate) fn new((token, claims): (String, Claims)) -> Self {
        let expires_at = TimestampUs(claims.exp.saturating_mul(1_000_000)).to_rfc3339();
        Self { token, expires_at, session_id: claims.sub.to_string() }
    }
}

/// Opens a session for somebody nobody knows yet.
#[utoipa::path(post, path = "/sessions", tag = "chat", request_body = OpenSession, security(()),
    responses((status = 201, body = Session), (status = 429, body = Problem)))]
pub async fn open_session(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(wish): Body<OpenSession>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    tag(wish.locale, "locale")?;
    tag(wish.market, "market")?;
    app.limits().session(address)?;
    let session_s = app.settings().session_s;
    let opened = app.open(
        |sub| Claims {
            sub,
            role: Role::Customer,
            customer_id: None,
            level: IdentityLevel::Anonymous,
            name: None,
            act: None,
            iat: 0,
            exp: 0,
        },
        session_s,
    )?;
    Ok((StatusCode::CREATED, Json(Session::new(opened))))
}
