//! Is the server up, is it ready, and what does it offer?

use axum::Json;
use axum::extract::State;
use ombud_ports::InboxFilter;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{ApiError, Problem};

/// How the server is set up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a server that cannot say so does not answer.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Rung of the model ladder that leads: `built_in`, or `model` when one is configured.
    #[schema(example = "built_in")]
    pub rung: &'static str,
    /// The company's rules.
    pub pack: PackName,
    /// The language model.
    pub model: ModelName,
    /// Whether a fictional company is served.
    pub demo: bool,
    /// The company.
    pub company: CompanyName,
}

/// The company's rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackName {
    /// Name of the pack.
    pub name: String,
    /// Hash of all its files.
    pub hash: String,
}

/// The language model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelName {
    /// Whether there is one.
    pub configured: bool,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The company.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyName {
    /// Name that customers know.
    pub name: String,
}

/// Whether messages can be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Always `ready`.
    #[schema(example = "ready")]
    pub status: &'static str,
}

/// How the server is set up.
#[utoipa::path(get, path = "/health", tag = "meta", security(()), responses((status = 200, body = Health)))]
pub async fn health(State(app): State<App>) -> Json<Health> {
    let pack = app.assistant().pack();
    let model = app.assistant().model_name().map(str::to_owned);
    Json(Health {
        status: "ok",
        version: app.settings().version,
        rung: if model.is_some() { "model" } else { "built_in" },
        pack: PackName { name: pack.manifest.name.clone(), hash: pack.hash.clone() },
        model: ModelName { configured: model.is_some(), name: model },
        demo: app.demo().is_some(),
        company: CompanyName { name: pack.manifest.title.clone() },
    })
}

/// Whether the ledger can be read; a balancer sends nothing here while it cannot.
#[utoipa::path(get, path = "/health/ready", tag = "meta", security(()), responses((status = 200, body = Ready), (status = 503, body = Problem)))]
pub async fn ready(State(app): State<App>) -> Result<Json<Ready>, ApiError> {
    let filter = InboxFilter { rows_max: 1, ..InboxFilter::default() };
    app.assistant().inbox().list(app.assistant().tenant(), &filter).await?;
    Ok(Json(Ready { status: "ready" }))
}
