//! Is the server up, is it ready, and what does it offer?

use axum::Json;
use axum::extract::State;
use ombud_domain::TimestampUs;
use ombud_ports::{InboxFilter, SealAlarm, SealState};
use ombud_turn::{Assistant, Progress, Share};
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
    /// Rung of the model ladder that leads: `built_in` (words), `embedding` (words and meaning), or `model` when one is configured.
    #[schema(example = "built_in")]
    pub rung: &'static str,
    /// How far the reading of messages is.
    pub understanding: Understanding,
    /// The company's rules.
    pub pack: PackName,
    /// The language model.
    pub model: ModelName,
    /// How far the seal of the ledger is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealHealth>,
    /// Whether a fictional company is served.
    pub demo: bool,
    /// The company.
    pub company: CompanyName,
}

/// How far the reading of messages is. At its start a server learns what its pack teaches, the company's own language first; the very first start
/// takes minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Understanding {
    /// `words` (no embedding model), `learning`, or `ready`: messages are read by their meaning too, in all languages of the pack.
    #[schema(example = "learning")]
    pub meaning: &'static str,
    /// Languages in which customers are served now.
    pub languages: usize,
    /// Languages in which they are served once all are learnt; none but the company's own without an embedding model.
    pub of: usize,
    /// How far the present part of the learning is, the company's own language or all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning: Option<Learning>,
}

/// How far a part of the learning is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Learning {
    /// What is being learnt: the company's `own` language, or all `others`.
    #[schema(example = "others")]
    pub part: &'static str,
    /// Texts that are learnt.
    pub done: usize,
    /// Texts that are to be learnt; 0 until they are counted.
    pub of: usize,
}

/// How far the Merkle log and its signed checkpoints are behind the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealHealth {
    /// Whether checkpoints are signed.
    pub signs: bool,
    /// Leaves of the log.
    pub leaves: u64,
    /// Events that wait for their leaf.
    pub events_waiting: u64,
    /// How long the first of them has waited, milliseconds.
    pub lag_ms: i64,
    /// Leaves of the last checkpoint.
    pub checkpoint_leaves: u64,
    /// How old it is, seconds; it is renewed only when there are new leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_age_s: Option<i64>,
    /// How long leaves have waited for a checkpoint, milliseconds.
    pub unsigned_ms: i64,
    /// What somebody must look after: `sequencer_lag`, `checkpoint_age`, `forked` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "checkpoint_age")]
    pub alarm: Option<&'static str>,
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
        rung: match (model.is_some(), app.assistant().reads_by_meaning()) {
            (true, _) => "model",
            (false, true) => "embedding",
            (false, false) => "built_in",
        },
        understanding: understanding(app.assistant()),
        pack: PackName { name: pack.manifest.name.clone(), hash: pack.hash.clone() },
        model: ModelName { configured: model.is_some(), name: model },
        seal: app.seal().map(|state| seal_health(&state, app.clock().now())),
        demo: app.demo().is_some(),
        company: CompanyName { name: pack.manifest.title.clone() },
    })
}

fn understanding(assistant: &Assistant) -> Understanding {
    let (meaning, learning) = match assistant.progress() {
        Progress::Learning(Share { done, of }) => {
            let part = if assistant.reads_by_meaning() { "others" } else { "own" };
            ("learning", Some(Learning { part, done, of }))
        }
        Progress::Rests if assistant.reads_by_meaning() => ("ready", None),
        Progress::Rests => ("words", None),
    };
    let languages = assistant.languages().len();
    let of = if meaning == "learning" { assistant.languages_of_pack() } else { languages };
    Understanding { meaning, languages, of, learning }
}

fn seal_health(state: &SealState, now: TimestampUs) -> SealHealth {
    SealHealth {
        signs: state.signs,
        leaves: state.leaves,
        events_waiting: state.events_waiting,
        lag_ms: state.lag_ms,
        checkpoint_leaves: state.checkpoint_leaves,
        checkpoint_age_s: state.checkpoint_at.map(|at| now.0.saturating_sub(at.0).max(0) / 1_000_000),
        unsigned_ms: state.unsigned_ms,
        alarm: state.alarm.map(SealAlarm::as_str),
    }
}

/// Whether the ledger can be read and takes writes; a balancer sends nothing here while it cannot.
#[utoipa::path(get, path = "/health/ready", tag = "meta", security(()), responses((status = 200, body = Ready), (status = 503, body = Problem)))]
pub async fn ready(State(app): State<App>) -> Result<Json<Ready>, ApiError> {
    let filter = InboxFilter { rows_max: 1, ..InboxFilter::default() };
    app.assistant().inbox().list(app.assistant().tenant(), &filter).await?;
    if !app.assistant().accepts_writes() {
        return Err(ApiError::Store);
    }
    Ok(Json(Ready { status: "ready" }))
}
