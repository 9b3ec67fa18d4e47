//! How do tests start a back office and talk to it?

use std::net::SocketAddr;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use ombud_backoffice::{Bound, ClockMode, SeedSpec, Settings};
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::sync::oneshot;

pub const TOKEN: &str = "test-token";

/// A running back office; it stops when dropped.
pub struct Office {
    pub base: String,
    pub client: Client,
    pub world: Option<String>,
    _stop: Option<oneshot::Sender<()>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub replayed: bool,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("none")
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
    }
}

pub fn settings(seed: &str) -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        database: ":memory:".to_owned(),
        seed: seed.parse::<SeedSpec>().unwrap(),
        clock: ClockMode::Fixed,
        token: TOKEN.to_owned(),
    }
}

/// Starts the story world, where it is 2026-11-21T12:00:00Z.
pub async fn stories() -> Office {
    start(settings("stories")).await
}

pub async fn start(settings: Settings) -> Office {
    rustls::crypto::ring::default_provider().install_default().ok();
    let bound = Bound::bind(settings).await.unwrap();
    let base = format!("http://{}", bound.address());
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let stopped = async {
            stopped.await.ok();
        };
        bound.serve(stopped).await.unwrap();
    });
    let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    Office { base, client, world: None, _stop: Some(stop) }
}

impl Office {
    /// The same office, seen from another world.
    pub async fn world(&self, name: &str) -> Self {
        self.post("/admin/worlds", serde_json::json!({"name": name})).await.ok();
        Self { base: self.base.clone(), client: self.client.clone(), world: Some(name.to_owned()), _stop: None }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), None).await.unwrap()
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), None).await.unwrap()
    }

    pub async fn post_with_key(&self, path: &str, body: Value, key: &str) -> Result<Answer, reqwest::Error> {
        self.send(Method::POST, path, Some(body), Some(key)).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(TOKEN);
        if let Some(world) = &self.world {
            request = request.header("x-world", world);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), replayed })
    }

    /// How many lines the change feed has about a kind of record.
    pub async fn changes(&self, kind: &str) -> usize {
        let feed = self.get("/changes?limit=1000").await.ok();
        feed["items"].as_array().unwrap().iter().filter(|change| change["kind"] == kind).count()
    }
}

/// All at once, in one task: each is polled until it is ready.
pub async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut all_ready = true;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => all_ready = false,
                }
            }
        }
        if all_ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}

/// The folder of the public data, or none (then the test says that it was skipped).
pub fn public_data() -> Option<PathBuf> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("OMBUD_DATA").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI_DEMANDS_DATA").as_deref() != Ok("1"),
        "CI_DEMANDS_DATA=1, but {} is missing",
        folder.display()
    );
    println!("skipped: the public data is not at {}; set OMBUD_DATA", folder.display());
    None
}
