//! Which pages does the server carry? The chat at `/`, the desk at `/desk`, their assets, and a page for every error code.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

use crate::app::App;
use crate::problem::ApiError;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/static"]
struct Assets;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../docs/errors"]
struct ErrorPages;

/// The pages.
pub fn router() -> Router<App> {
    Router::new()
        .route(
            "/",
            get(async |headers: HeaderMap| file(Assets::get("chat/index.html"), "text/html; charset=utf-8", &headers)),
        )
        .route(
            "/desk",
            get(async |headers: HeaderMap| file(Assets::get("desk/index.html"), "text/html; charset=utf-8", &headers)),
        )
        .route("/desk/", get(async || Redirect::permanent("../desk")))
        .route("/assets/{*path}", get(asset))
        .route("/errors/{code}", get(error_page))
        .route(
            "/favicon.ico",
            get(async |headers: HeaderMap| file(Assets::get("shared/icon.svg"), "image/svg+xml", &headers)),
        )
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(Assets::get(&path), media_type(&path), &headers)
}

async fn error_page(Path(code): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let name = code.trim_end_matches(".md");
    let found = ErrorPages::get(&format!("{name}.md"));
    if found.is_none() {
        return unknown_page(uri, headers).await;
    }
    file(found, "text/markdown; charset=utf-8", &headers)
}

/// A file with its hash as `ETag`: pages ask each time and get 304 unless it has changed.
fn file(found: Option<EmbeddedFile>, media_type: &'static str, headers: &HeaderMap) -> Response {
    let Some(file) = found else { return ApiError::UnknownPath.into_response() };
    let hash = file.metadata.sha256_hash();
    let etag = hash.iter().take(16).fold(String::from("\""), |text, byte| format!("{text}{byte:02x}")) + "\"";
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let cache = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, etag.clone())];
    if known == Some(etag.as_str()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(CONTENT_TYPE, media_type)], file.data).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// What is at no path of the API.
pub async fn unknown_path() -> ApiError {
    ApiError::UnknownPath
}

/// What is at no path of the pages: a way back for people, the usual problem for programs.
pub async fn unknown_page(uri: Uri, headers: HeaderMap) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let page = Assets::get("shared/not_found.html").filter(|_| accepts.contains("text/html"));
    let Some(page) = page else { return ApiError::UnknownPath.into_response() };
    // Relative, so that the way back also leads there below a path prefix.
    let root = match uri.path().matches('/').count() {
        0 | 1 => "./".to_owned(),
        deep => "../".repeat(deep - 1),
    };
    let page = String::from_utf8_lossy(&page.data).replace("{root}", &root);
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
