//! How do requests find their handler, and what holds for all of them? Limits by address, security headers, a trace without customer text.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tracing::Instrument as _;

use crate::address::ClientAddress;
use crate::app::App;
use crate::problem::ApiError;
use crate::{openapi, pages};

/// Pages load nothing from elsewhere, run no inline code, and stand in no frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const SECURITY_HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// The whole server as a service; tests call it without a socket.
pub fn router(app: App) -> Router {
    let (api, document) = openapi::paths().split_for_parts();
    // A document that cannot be written would be a bug that the test of the document finds.
    let document = Bytes::from(openapi::finished(document).to_pretty_json().unwrap_or_default());
    let api = api
        .route("/openapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], document.clone())))
        .fallback(pages::unknown_path)
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn_with_state(app.clone(), limit_address));
    Router::new()
        .nest("/api/v1", api)
        .merge(pages::router().layer(from_fn_with_state(app.clone(), limit_pages)))
        .fallback(pages::unknown_page)
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn(harden))
        .layer(from_fn(trace))
        .with_state(app)
}

/// One request counts against the limit of its address.
async fn limit_address(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    match app.limits().address(address) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// One page or part of it counts against the limit of its address.
async fn limit_pages(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    match app.limits().page(address) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Headers that every response carries; answers of the API are never kept by caches.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// One span for each request, with the route as written in the code: the path itself may name a customer.
async fn trace(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| Arc::from("none"), |path| Arc::<str>::from(path.as_str()));
    let span = tracing::debug_span!("http.request", http.method = %request.method(), http.route = %route);
    let started = tokio::time::Instant::now();
    async move {
        let response = next.run(request).await;
        let latency_ms = started.elapsed().as_millis();
        tracing::debug!(http.status = response.status().as_u16(), http.latency_ms = latency_ms, "request answered");
        response
    }
    .instrument(span)
    .await
}
