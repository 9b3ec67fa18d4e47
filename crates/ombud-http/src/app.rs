//! What does every handler share? One application, cheap to clone.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ombud_domain::{Sensitive, SessionId};
use ombud_ports::{Clock, SealState, SealWatch};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::address::Network;
use crate::auth::token::{Claims, TokenError, Tokens};
use crate::limits::{LimitSettings, Limits};
use crate::live::LiveHub;
use crate::problem::ApiError;
use ombud_turn::{Assistant, TurnError};

/// The fictional company of the demo: whom one may sign in as, and what it "sent".
#[async_trait]
pub trait DemoCompany: Send + Sync + 'static {
    /// Customers for the selector: objects with `id`, `name`, `email`, `postal_code`, `story`.
    async fn customers(&self) -> Result<Vec<Value>, DemoError>;

    /// One customer, if there is one.
    async fn customer(&self, id: &str) -> Result<Option<Value>, DemoError>;

    /// Messages "sent" to one customer or to everybody, newest first: objects with `at`, `channel`, `to`, `text`.
    async fn outbox(&self, customer_id: Option<&str>) -> Result<Vec<Value>, DemoError>;
}

/// The demo's back office cannot be asked; the operator can fix it.
#[derive(Debug, thiserror::Error)]
#[error("the demo's back office cannot be asked")]
pub struct DemoError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Secret that signs session tokens, at least 32 bytes.
    pub session_secret: Sensitive<String>,
    /// Life of a customer's session, seconds.
    pub session_s: i64,
    /// Life of a staff session opened in the demo, seconds.
    pub staff_session_s: i64,
    /// How often anybody may ask.
    pub limits: LimitSettings,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Event streams open at once.
    pub streams_max: usize,
    /// Turns taken on at once.
    pub turns_max: usize,
    /// Turns worked on at once; further ones wait.
    pub turns_at_once: usize,
    /// Version of the program, for health.
    pub version: &'static str,
}

/// What the application is made of.
pub struct Parts {
    /// The journeys.
    pub assistant: Arc<Assistant>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
    /// The channels to open pages; the same that the assistant publishes to.
    pub live: Arc<LiveHub>,
    /// How far the seal of the ledger is behind; `None` where nothing is sealed.
    pub seal: Option<Arc<dyn SealWatch>>,
    /// The demo's company; `None` outside the demo.
    pub demo: Option<Arc<dyn DemoCompany>>,
    /// How the server behaves.
    pub settings: HttpSettings,
}

/// Open streams of one session: several tabs on several conversations.
const SESSION_STREAMS_MAX: usize = 16;

/// A place among the open streams, given back when the stream ends.
pub(crate) struct StreamPlace {
    app: App,
    session: SessionId,
    _permit: OwnedSemaphorePermit,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.app.0.streams_of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.session) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// The application.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    tokens: Tokens,
    limits: Limits,
    streams: Arc<Semaphore>,
    /// Open streams of each session that has one.
    streams_of: Mutex<HashMap<SessionId, usize>>,
    turns: Semaphore,
    working: Semaphore,
    tasks: TaskTracker,
}

impl App {
    /// An application of these parts.
    ///
    /// # Errors
    /// [`TokenError::SecretTooShort`]; the operator can fix it.
    pub fn new(parts: Parts) -> Result<Self, TokenError> {
        let tokens = Tokens::new(&parts.settings.session_secret)?;
        let permits = |max: usize| max.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self(Arc::new(Inner {
            tokens,
            limits: Limits::new(&parts.settings.limits),
            streams: Arc::new(Semaphore::new(permits(parts.settings.streams_max))),
            streams_of: Mutex::default(),
            turns: Semaphore::new(permits(parts.settings.turns_max)),
            working: Semaphore::new(permits(parts.settings.turns_at_once)),
            tasks: TaskTracker::new(),
            parts,
        })))
    }

    pub(crate) fn assistant(&self) -> &Arc<Assistant> {
        &self.0.parts.assistant
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.0.parts.clock.as_ref()
    }

    pub(crate) fn live(&self) -> &LiveHub {
        &self.0.parts.live
    }

    pub(crate) fn seal(&self) -> Option<SealState> {
        self.0.parts.seal.as_ref().map(|seal| seal.seal_state())
    }

    pub(crate) fn demo(&self) -> Option<&Arc<dyn DemoCompany>> {
        self.0.parts.demo.as_ref()
    }

    pub(crate) fn settings(&self) -> &HttpSettings {
        &self.0.parts.settings
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// A place among the open streams, of which one session has only a few: nobody takes those of all others.
    pub(crate) fn stream_place(&self, session: SessionId) -> Result<StreamPlace, ApiError> {
        let permit = Arc::clone(&self.0.streams).try_acquire_owned().map_err(|_| ApiError::TooManyStreams)?;
        let mut open = self.0.streams_of.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(session).or_default();
        if *own >= SESSION_STREAMS_MAX {
            return Err(ApiError::TooManyStreams);
        }
        *own += 1;
        drop(open);
        Ok(StreamPlace { app: self.clone(), session, _permit: permit })
    }

    /// Runs a turn to its end even if the caller hangs up: half a turn could leave money moved and nothing recorded.
    pub(crate) async fn finish<T, F>(&self, turn: F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, TurnError>> + Send + 'static,
        T: Send + 'static,
    {
        let app = self.clone();
        let task = self.0.tasks.spawn(async move {
            let Ok(_permit) = app.0.turns.try_acquire() else { return Err(ApiError::Busy) };
            // A turn that waits is small, one that is worked on is not.
            let _place = app.0.working.acquire().await;
            turn.await.map_err(ApiError::from)
        });
        task.await.unwrap_or_else(|error| {
            tracing::error!(panicked = error.is_panic(), "a turn ended without an outcome");
            Err(ApiError::Internal)
        })
    }

    /// Signs claims for a new session that lives `life_s` seconds.
    pub(crate) fn open(
        &self,
        claims: impl FnOnce(SessionId) -> Claims,
        life_s: i64,
    ) -> Result<(String, Claims), ApiError> {
        let now_s = self.clock().now().0.div_euclid(1_000_000);
        let session_id = SessionId(uuid::Uuid::from_u128(self.clock().fresh_id()));
        let claims = Claims { iat: now_s, exp: now_s.saturating_add(life_s), ..claims(session_id) };
        let token = self.tokens().sign(&claims).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a session token cannot be signed");
            ApiError::Internal
        })?;
        Ok((token, claims))
    }

    /// Waits for turns under way; `false` when some were still running at the end of the time.
    pub(crate) async fn finished(&self, within: Duration) -> bool {
        self.0.tasks.close();
        tokio::time::timeout(within, self.0.tasks.wait()).await.is_ok()
    }
}
