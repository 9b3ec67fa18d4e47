//! How are queries and bodies read, so that what is malformed is refused in the one shape of errors?

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::errors::Refusal;

/// What the query of a request asks for.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let refused = |rejection: QueryRejection| Refusal::invalid(rejection.body_text());
        Query::from_request_parts(parts, state).await.map(|Query(asked)| Self(asked)).map_err(refused)
    }
}

/// The JSON body of a request that operates the back office. Writes of the company's records go through
/// `idempotency::Write`.
pub struct Given<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Given<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let refused = |rejection: JsonRejection| Refusal::invalid(rejection.body_text());
        Json::from_request(request, state).await.map(|Json(given)| Self(given)).map_err(refused)
    }
}
