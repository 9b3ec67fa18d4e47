//! A whole article, for whoever wants to read more than the sentences quoted.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Party;
use crate::body::Parameters;
use crate::problem::{ApiError, Problem};

/// For whom an article is wanted.
#[derive(Debug, Default, Deserialize)]
pub struct Reader {
    /// Market code; the pack's first if it is left out.
    market: Option<String>,
    /// Language tag; the pack's default if it is left out.
    locale: Option<String>,
}

/// An article of the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Article {
    /// Its id, as citations name it.
    pub id: String,
    /// Title.
    pub title: String,
    /// Language tag.
    pub locale: String,
    /// The text, Markdown.
    pub body: String,
}

/// An article for customers, if it holds today in this market.
#[utoipa::path(get, path = "/articles/{id}", tag = "chat",
    params(("id" = String, Path, description = "id of a citation"), ("market" = Option<String>, Query, description = "market code"),
        ("locale" = Option<String>, Query, description = "language tag")),
    responses((status = 200, body = Article), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub async fn read_article(
    State(app): State<App>,
    _party: Party,
    Path(id): Path<String>,
    Parameters(Reader { market, locale }): Parameters<Reader>,
) -> Result<Json<Article>, ApiError> {
    let found = app.assistant().article(&id, locale.as_deref(), market.as_deref());
    let found = found.map(|article| Article {
        id: article.id,
        title: article.title,
        locale: article.locale,
        body: article.body,
    });
    found.map(Json).ok_or(ApiError::UnknownPath)
}
