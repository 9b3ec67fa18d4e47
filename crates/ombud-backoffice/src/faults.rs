//! Which requests fail on purpose, and how?
//!
//! One rule per world, drawn from a seeded generator, so that the same requests in the same order fail the same way.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::Refusal;
use crate::extract::Given;
use crate::server::App;
use crate::world::WorldOf;

const LATENCY_MS_MAX: u64 = 120_000;

/// Which faults to inject. All absent: none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultRule {
    /// Milliseconds every matching request waits before the work; at most 120,000.
    pub latency_ms: u64,
    /// Share of requests that fail before the work, 0 to 1.
    pub fail_rate: f64,
    /// Their status; 500 unless said.
    pub fail_status: Option<u16>,
    /// Share of writes whose effect is committed and whose response never comes.
    pub drop_after_commit_rate: f64,
    /// Path prefixes the rule holds for; empty: all but `/admin` and `/health`.
    pub paths: Vec<String>,
    /// Seed of the draw.
    pub seed: u64,
    /// How many faults (failures and drops together) before the rule ends; absent: no end.
    pub times: Option<u64>,
}

impl FaultRule {
    fn check(&self) -> Result<(), Refusal> {
        let rates = [("fail_rate", self.fail_rate), ("drop_after_commit_rate", self.drop_after_commit_rate)];
        for (name, rate) in rates {
            if !(0.0..=1.0).contains(&rate) {
                return Err(Refusal::invalid(format!("`{name}` is a share; give a number from 0 to 1")));
            }
        }
        if self.latency_ms > LATENCY_MS_MAX {
            return Err(Refusal::invalid(format!("`latency_ms` is at most {LATENCY_MS_MAX}")));
        }
        self.status().map(|_| ())
    }

    fn status(&self) -> Result<StatusCode, Refusal> {
        let status = self.fail_status.unwrap_or(500);
        match StatusCode::from_u16(status) {
            Ok(status) if status.is_client_error() || status.is_server_error() => Ok(status),
            _ => Err(Refusal::invalid("`fail_status` is an HTTP error status, 400 to 599")),
        }
    }

    fn matches(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|prefix| path.starts_with(prefix.as_str()))
    }
}

/// What a request must suffer before its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub latency_ms: u64,
    pub fail: Option<StatusCode>,
}

/// The faults of one world.
#[derive(Debug)]
pub struct Faults {
    drawn: Mutex<Drawn>,
}

#[derive(Debug)]
struct Drawn {
    rule: FaultRule,
    generator: ChaCha8Rng,
    left: Option<u64>,
}

impl Drawn {
    fn hits(&mut self, rate: f64) -> bool {
        if rate <= 0.0 || self.left == Some(0) {
            return false;
        }
        let hit = self.generator.random_bool(rate.clamp(0.0, 1.0));
        if hit {
            self.left = self.left.map(|left| left.saturating_sub(1));
        }
        hit
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            drawn: Mutex::new(Drawn {
                rule: FaultRule::default(),
                generator: ChaCha8Rng::seed_from_u64(0),
                left: None,
            }),
        }
    }
}

impl Faults {
    /// Replaces the rule; the draw begins anew.
    ///
    /// # Errors
    /// A rate outside 0 to 1, a latency or status out of range: the caller can fix it.
    pub fn set(&self, rule: FaultRule) -> Result<(), Refusal> {
        rule.check()?;
        let generator = ChaCha8Rng::seed_from_u64(rule.seed);
        let left = rule.times;
        *self.drawn.lock().unwrap_or_else(PoisonError::into_inner) = Drawn { rule, generator, left };
        Ok(())
    }

    /// The rule as it stands.
    pub fn rule(&self) -> FaultRule {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner).rule.clone()
    }

    /// Draws what happens to a request before its work.
    pub fn before_work(&self, path: &str) -> Verdict {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if !drawn.rule.matches(path) {
            return Verdict::default();
        }
        let latency_ms = drawn.rule.latency_ms;
        let rate = drawn.rule.fail_rate;
        let status = drawn.rule.status().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let fail = drawn.hits(rate).then_some(status);
        Verdict { latency_ms, fail }
    }

    /// Draws whether the answer to a committed write is lost.
    pub fn drops_answer(&self, path: &str) -> bool {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = drawn.rule.drop_after_commit_rate;
        drawn.rule.matches(path) && drawn.hits(rate)
    }
}

/// Lets the faults of the request's world happen before its work.
pub async fn inject(State(app): State<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let path = request.uri().path();
    if path.starts_with("/admin") || path == "/health" || path == "/openapi.json" {
        return Ok(next.run(request).await);
    }
    let world = app.worlds.of(request.headers())?;
    let verdict = world.faults.before_work(path);
    if verdict.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(verdict.latency_ms)).await;
    }
    match verdict.fail {
        Some(status) => Err(Refusal::Injected { status }),
        None => Ok(next.run(request).await),
    }
}

/// Sets the faults of the world; `{}` clears them.
#[utoipa::path(
    post, path = "/admin/faults", tag = "admin", request_body = FaultRule,
    responses((status = 200, body = FaultRule)),
)]
pub async fn set_faults(WorldOf(world): WorldOf, Given(rule): Given<FaultRule>) -> Result<Json<FaultRule>, Refusal> {
    world.faults.set(rule)?;
    Ok(Json(world.faults.rule()))
}

/// The faults of the world as they stand.
#[utoipa::path(get, path = "/admin/faults", tag = "admin", responses((status = 200, body = FaultRule)))]
pub async fn faults(WorldOf(world): WorldOf) -> Json<FaultRule> {
    Json(world.faults.rule())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_fails_the_same_requests() {
        let draw = || {
            let faults = Faults::default();
            faults.set(FaultRule { fail_rate: 0.3, seed: 7, ..FaultRule::default() }).unwrap();
            (0..50).map(|_| faults.before_work("/orders/1").fail.is_some()).collect::<Vec<_>>()
        };
        let first = draw();
        assert_eq!(first, draw());
        assert!(first.contains(&true) && first.contains(&false));
    }

    #[test]
    fn a_rule_ends_after_its_times_and_holds_for_its_paths_only() {
        let faults = Faults::default();
        let rule =
            FaultRule { fail_rate: 1.0, times: Some(2), paths: vec!["/orders".to_owned()], ..FaultRule::default() };
        faults.set(rule).unwrap();
        let fails = |path: &str| faults.before_work(path).fail.is_some();
        assert_eq!(
            [fails("/plans/1"), fails("/orders/1"), fails("/orders/2"), fails("/orders/3")],
            [false, true, true, false]
        );
    }

    #[test]
    fn a_rate_above_one_is_refused() {
        assert!(Faults::default().set(FaultRule { fail_rate: 1.1, ..FaultRule::default() }).is_err());
    }
}
