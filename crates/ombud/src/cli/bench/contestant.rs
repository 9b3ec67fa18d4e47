//! Who is measured? Our server as `ombud serve` runs it, or a peer that speaks `POST /chat {"conversation_id", "message"}` -> `{"reply"}`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ombud_domain::{CustomerId, IdentityLevel, Sensitive, SessionId};
use ombud_http::{Claims, Role, Tokens};
use ombud_ports::Clock as _;
use serde::Deserialize;
use serde_json::json;
use tokio::process::{Child, Command};

use super::client::{Answer, Client};
use super::company::DRAFTED;
use super::plan::{Line, Plan, customer};
use super::process::{kill, start_and_ask, stop_group};
use crate::clock::{SystemClock, fresh_secret};
use crate::config::Config;

/// How long a server may take until its first reply.
const START_S_MAX: u64 = 180;
/// Wait between two looks whether a peer answers.
const LOOK_MS: u64 = 5;
/// A limit that no measurement reaches; the limiter itself stays in.
const UNREACHED: u32 = 4_000_000_000;
/// Life of a customer's session, seconds.
const SESSION_S: i64 = 24 * 3_600;
/// Conversations at once that the server takes on.
const TURNS_MAX: usize = 4_096;

/// Whether our server has a model to draft with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Model {
    /// Templates and quoted passages.
    None,
    /// The scripted model of the measurement.
    Mock,
}

/// A server to be measured.
#[derive(Debug, Clone)]
pub(super) enum Contestant {
    /// This program.
    Ombud {
        /// The pack's folder or name.
        pack: String,
        /// Its model.
        model: Model,
        /// Where its ledger is.
        data: PathBuf,
    },
    /// Another one.
    Peer {
        /// The shell command that becomes it.
        command: String,
        /// Where it may write.
        data: PathBuf,
    },
}

/// How to speak with a server.
#[derive(Clone)]
pub(super) enum Talk {
    /// The public API, as the company's own page does for a customer it has signed in.
    Ombud(Arc<Tokens>, Model),
    /// The protocol of peers; the text makes conversations of several runs differ.
    Peer(String),
}

/// A server that answers.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) pid: u32,
    pub(super) talk: Talk,
    /// From the start of the process to the first reply.
    pub(super) cold_start: Duration,
    child: Child,
}

/// A conversation on a server.
pub(super) struct Conversation {
    /// As the server names it.
    pub(super) id: String,
    number: u64,
    path: String,
    headers: String,
}

impl Contestant {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Ombud { .. } => "ombud",
            Self::Peer { .. } => "peer",
        }
    }

    /// Starts it and waits for its first reply, to the first line of the plan.
    pub(super) async fn start(&self, company: &str, plan: &Plan) -> anyhow::Result<Running> {
        let started = Instant::now();
        let (child, address, talk) = match self {
            Self::Ombud { pack, model, data } => start_ombud((pack, *model), data, company).await?,
            Self::Peer { command, data } => start_peer(command, data, company).await?,
        };
        let pid = child.id().context("the server ended at once")?;
        let mut running = Running { address, pid, talk, cold_start: Duration::ZERO, child };
        running.first_reply(plan, started).await?;
        running.cold_start = started.elapsed();
        Ok(running)
    }
}

impl Running {
    async fn first_reply(&mut self, plan: &Plan, started: Instant) -> anyhow::Result<()> {
        let line = plan.line(0, 0).context("the plan has no messages")?;
        loop {
            let mut client = Client::new(self.address);
            let failure = match self.talk.open(&mut client, 0).await {
                Ok(conversation) => match self.talk.say(&mut client, &conversation, &line).await {
                    Ok(()) => return Ok(()),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}) before its first reply");
            }
            if started.elapsed() > Duration::from_secs(START_S_MAX) {
                bail!("the server gave no right reply within {START_S_MAX} s: {failure}");
            }
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// Ends it: ours as a power cut would, so that only what is durable is left.
    pub(super) async fn stop(&mut self) {
        match self.talk {
            Talk::Ombud(..) => kill(&mut self.child).await,
            Talk::Peer(_) => stop_group(&mut self.child).await,
        }
    }
}

async fn start_ombud(
    (pack, model): (&str, Model),
    data: &Path,
    company: &str,
) -> anyhow::Result<(Child, SocketAddr, Talk)> {
    let mut config = Config::default();
    config.server.listen = "127.0.0.1:0".to_owned();
    config.server.turns_max = TURNS_MAX;
    config.session.secret = fresh_secret();
    config.pack.path = std::path::absolute(pack)
        .ok()
        .filter(|folder| folder.join("pack.toml").is_file())
        .map_or_else(|| pack.to_owned(), |folder| folder.display().to_string());
    config.database.url = database_url(data);
    // Without models: messages are read by their words alone. What is learnt of these is kept for the next start, as it is beside models.
    config.models.folder = data.join("models").display().to_string();
    config.backoffice.url = company.to_owned();
    if model == Model::Mock {
        config.model.url = format!("{company}/v1");
        config.model.name = "scripted".to_owned();
    }
    config.log.filter = "warn".to_owned();
    let limits = &mut config.limits;
    for limit in [
        &mut limits.address_requests_per_minute,
        &mut limits.address_requests_burst,
        &mut limits.address_sessions_per_minute,
        &mut limits.address_sessions_burst,
        &mut limits.session_requests_per_minute,
        &mut limits.session_requests_burst,
        &mut limits.session_messages_per_minute,
        &mut limits.session_messages_burst,
    ] {
        *limit = UNREACHED;
    }
    let file = data.join("ombud.toml");
    std::fs::write(&file, toml::to_string(&config)?).with_context(|| format!("cannot write `{}`", file.display()))?;
    let tokens = Arc::new(Tokens::new(&Sensitive::new(config.session.secret.clone()))?);
    let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
    // Without the caller's environment, so that no variable of his changes what is measured.
    command.env_clear().args(["--json", "--config"]).arg(&file).arg("serve");
    let (child, url) = start_and_ask(command, &data.join("server.log")).await?;
    let address = url.trim_start_matches("http://").parse().with_context(|| format!("`{url}` is no address"))?;
    Ok((child, address, Talk::Ombud(tokens, model)))
}

/// Where the ledger of a folder is.
pub(super) fn database_url(data: &Path) -> String {
    format!("sqlite:{}", data.join("ledger.db").display())
}

async fn start_peer(command: &str, data: &Path, company: &str) -> anyhow::Result<(Child, SocketAddr, Talk)> {
    // The port is free now; a peer cannot be handed an open one.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let path = data.join("peer.log");
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    let child = Command::new("sh")
        .args(["-c", command])
        .env("PORT", address.port().to_string())
        .env("LLM", format!("{company}/v1"))
        .env("ORDERS", company)
        .env("DATA", data)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the peer")?;
    Ok((child, address, Talk::Peer(fresh_secret().chars().take(8).collect())))
}

#[derive(Deserialize)]
struct OpenedConversation {
    id: String,
}

#[derive(Deserialize)]
struct Reply {
    messages: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    text: String,
}

#[derive(Deserialize)]
struct PeerReply {
    reply: String,
}

impl Talk {
    /// Opens a conversation of customer `number`.
    pub(super) async fn open(&self, client: &mut Client, number: u64) -> Result<Conversation, String> {
        let tokens = match self {
            Self::Peer(run) => {
                let id = format!("{run}-{number}");
                return Ok(Conversation { id, number, path: "/chat".to_owned(), headers: String::new() });
            }
            Self::Ombud(tokens, _) => tokens,
        };
        let headers = format!("authorization: Bearer {}\r\n", session(tokens, number)?);
        let answer = client.post("/api/v1/conversations", &headers, "{}").await.map_err(|error| error.to_string())?;
        let OpenedConversation { id } = read(&answer)?;
        Ok(Conversation { path: format!("/api/v1/conversations/{id}/messages"), id, number, headers })
    }

    /// Says a line and checks the reply.
    pub(super) async fn say(&self, client: &mut Client, talk: &Conversation, line: &Line) -> Result<(), String> {
        let body = match self {
            Self::Ombud(..) => json!({"text": line.text}),
            Self::Peer(_) => json!({"conversation_id": talk.id, "message": line.text}),
        };
        let sent = client.post(&talk.path, &talk.headers, &body.to_string()).await;
        let answer = sent.map_err(|error| error.to_string())?;
        let text = match self {
            Self::Ombud(..) => {
                read::<Reply>(&answer)?.messages.into_iter().map(|said| said.text).collect::<Vec<_>>().join("\n")
            }
            Self::Peer(_) => read::<PeerReply>(&answer)?.reply,
        };
        // A draft that was refused would be a turn without a model.
        let drafted = matches!(self, Self::Ombud(_, Model::Mock)).then_some(DRAFTED);
        let mut parts = line.holds.iter().map(String::as_str).chain(drafted);
        match parts.find(|part| !text.contains(part)) {
            None => Ok(()),
            Some(part) => Err(format!("conversation {}: `{part}` is not in the reply `{text}`", talk.number)),
        }
    }
}

/// A token as the company's own site signs it for a customer who is signed in there.
fn session(tokens: &Tokens, number: u64) -> Result<String, String> {
    let clock = SystemClock::new();
    let iat = clock.now().0.div_euclid(1_000_000);
    let claims = Claims {
        sub: SessionId(uuid::Uuid::from_u128(clock.fresh_id())),
        role: Role::Customer,
        customer_id: Some(CustomerId(customer(number))),
        level: IdentityLevel::Identified,
        name: None,
        act: None,
        iat,
        exp: iat.saturating_add(SESSION_S),
    };
    tokens.sign(&claims).map_err(|error| error.to_string())
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, String> {
    let said = || String::from_utf8_lossy(answer.body.get(..300).unwrap_or(&answer.body)).into_owned();
    if !(200..300).contains(&answer.status) {
        return Err(format!("status {}: {}", answer.status, said()));
    }
    serde_json::from_slice(&answer.body).map_err(|error| format!("{error}: {}", said()))
}
