//! What may not be done at the moment? Staff see it, switch effects off at once, and on again.

use axum::Json;
use axum::extract::State;
use ombud_policy::controls::{Flip, Held, Off, Position, Switches, Target};
use ombud_policy::spec::Risk;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Staff;
use crate::body::Body;
use crate::problem::{ApiError, Problem};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// What a switch stops. Reads go on in every case; one-time codes unless they are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum SwitchTarget {
    /// Everything that changes something.
    All,
    /// An action of the pack.
    Action(String),
    /// All actions of a risk class.
    Risk(SwitchRisk),
    /// Everything for customers of a market.
    Market(String),
}

/// A risk class that can be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchRisk {
    /// Records are changed.
    Write,
    /// Money is moved.
    Money,
    /// How a customer is reached or pays is changed.
    Credential,
    /// One-time codes are sent.
    Challenge,
}

/// How a switch is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchPosition {
    /// It can be done as the pack says.
    On,
    /// It is done after the customer's yes alone, also where the pack would do it at once.
    Confirm,
    /// It is put before the desk, and one of the approvers has it carried out.
    Suggest,
    /// It cannot be done.
    Off,
}

/// A switch and how it is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchFlip {
    /// What.
    pub target: SwitchTarget,
    /// How it is to stand.
    pub to: SwitchPosition,
    /// Why, at most 500 characters; kept in the ledger with the caller's name.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Something that is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SwitchedOff {
    /// What.
    pub target: SwitchTarget,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// When, RFC 3339.
    pub since: String,
}

/// Something that the assistant does less by itself than its pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldBack {
    /// What, why, who and since when.
    #[serde(flatten)]
    pub what: SwitchedOff,
    /// `suggest` or `confirm`.
    #[schema(example = "suggest")]
    pub to: &'static str,
}

/// All that is switched off or held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SwitchList {
    /// Oldest first; empty when everything can be done.
    pub off: Vec<SwitchedOff>,
    /// Oldest first; left out when nothing is held back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldBack>,
}

/// What is switched off now.
#[utoipa::path(get, path = "/desk/switches", tag = "desk",
    responses((status = 200, body = SwitchList), (status = 403, body = Problem)))]
pub async fn list_switches(State(app): State<App>, _staff: Staff) -> Result<Json<SwitchList>, ApiError> {
    let switches = app.assistant().switchboard().read().await?;
    Ok(Json((&switches).into()))
}

/// Switches effects off or on again, for every process on this ledger from the moment of the answer. What stands so already is left as it is.
#[utoipa::path(post, path = "/desk/switches", tag = "desk", request_body = SwitchFlip,
    responses((status = 200, body = SwitchList), (status = 403, body = Problem)))]
pub async fn flip_switch(
    State(app): State<App>,
    staff: Staff,
    Body(SwitchFlip { target, to, reason }): Body<SwitchFlip>,
) -> Result<Json<SwitchList>, ApiError> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(ApiError::WrongShape { what: "`reason` says why, for those who read the ledger".to_owned() });
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(ApiError::TextTooLong { chars_max: REASON_CHARS_MAX });
    }
    let target = Target::from(target);
    if !app.assistant().pack().has_target(&target) {
        return Err(ApiError::WrongShape { what: "`target` names no action or market of this company".to_owned() });
    }
    let to = match to {
        SwitchPosition::On => Position::On,
        SwitchPosition::Confirm => Position::Confirm,
        SwitchPosition::Suggest => Position::Suggest,
        SwitchPosition::Off => Position::Off,
    };
    let flip = Flip { target, reason, by: staff.name };
    let switches = app.assistant().switchboard().flip(&flip, to, app.clock().now()).await?;
    Ok(Json((&switches).into()))
}

impl From<&Switches> for SwitchList {
    fn from(switches: &Switches) -> Self {
        let held = |held: &Held| HeldBack { what: (&held.off).into(), to: held.to.as_str() };
        Self {
            off: switches.off().iter().map(SwitchedOff::from).collect(),
            held: switches.held().iter().map(held).collect(),
        }
    }
}

impl From<&Off> for SwitchedOff {
    fn from(Off { flip, since }: &Off) -> Self {
        let (reason, by) = (flip.reason.clone(), flip.by.clone());
        Self { target: (&flip.target).into(), reason, by, since: since.to_rfc3339() }
    }
}

impl From<SwitchTarget> for Target {
    fn from(target: SwitchTarget) -> Self {
        match target {
            SwitchTarget::All => Self::All,
            SwitchTarget::Action(name) => Self::Action(name),
            SwitchTarget::Risk(SwitchRisk::Write) => Self::Risk(Risk::Write),
            SwitchTarget::Risk(SwitchRisk::Money) => Self::Risk(Risk::Money),
            SwitchTarget::Risk(SwitchRisk::Credential) => Self::Risk(Risk::Credential),
            SwitchTarget::Risk(SwitchRisk::Challenge) => Self::Risk(Risk::Challenge),
            SwitchTarget::Market(name) => Self::Market(name.to_uppercase()),
        }
    }
}

impl From<&Target> for SwitchTarget {
    fn from(target: &Target) -> Self {
        match target {
            Target::Action(name) => Self::Action(name.clone()),
            Target::Risk(Risk::Write) => Self::Risk(SwitchRisk::Write),
            Target::Risk(Risk::Money) => Self::Risk(SwitchRisk::Money),
            Target::Risk(Risk::Credential) => Self::Risk(SwitchRisk::Credential),
            Target::Risk(Risk::Challenge) => Self::Risk(SwitchRisk::Challenge),
            Target::Market(name) => Self::Market(name.clone()),
            // Reads cannot be switched off.
            Target::All | Target::Risk(Risk::Read) => Self::All,
        }
    }
}
