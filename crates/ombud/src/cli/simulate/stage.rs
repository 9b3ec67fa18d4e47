//! Where does one simulated conversation take place? In a world of the company's own, before a server of its own, on one shared ledger.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use async_trait::async_trait;
use ombud_connect::public_api::{Reply, Session};
use ombud_connect::{ApiError, BackOfficeAdmin, BackOfficeSettings, HttpBackOffice, PublicApi, probe};
use ombud_domain::{
    ConversationId, CustomerId, IdentityLevel, Sensitive, SessionId, Stage as TurnStage, StageRecord, TenantId,
    TimestampUs,
};
use ombud_http::{App, Claims, HttpSettings, LimitSettings, LiveHub, Parts, Rate, Role, Tokens};
use ombud_learning::{Books, BooksError, Channel, ChannelError, Heard};
use ombud_policy::{ContextWeights, Pack};
use ombud_ports::{Clock, KnowledgeIndex, LanguageModel, LiveBus};
use ombud_retrieval::Knowledge;
use ombud_store::{ArticleIndex, Store};
use ombud_turn::{Assistant, Ports, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::remembered::Remembered;
use crate::cli::replay::{Shown, Summary};
use crate::clock::{SystemClock, fresh_secret};
use crate::config::Config;
use crate::demo_company::CompanyProcess;
use crate::meaning::{self, Learns, deepen};
use crate::terminal::spinner;
use crate::wiring::{self, secret};

/// Life of a simulated session, seconds.
const SESSION_S: i64 = 3_600;
/// Calls of the company's systems at once, of one conversation.
const CALLS_MAX: usize = 16;
/// Connections to the server of one conversation.
const CONNECTIONS_MAX: usize = 16;

/// Whose books the conversations change.
pub(in crate::cli) enum Scene {
    /// Those of the stand-in company, which begins with this: each conversation has a world of its own.
    StandIn(Vec<String>),
    /// Those of an API of one's own, all in one.
    Own(OwnApi),
}

/// An API of one's own.
pub(in crate::cli) struct OwnApi {
    url: String,
    token: String,
}

impl OwnApi {
    /// The one at an address, or, where that is empty, the one of the configuration.
    pub(super) fn of(config: &Config, url: &str) -> anyhow::Result<Self> {
        let url = if url.is_empty() { &config.backoffice.url } else { url };
        anyhow::ensure!(!url.is_empty(), "`backoffice.url` is not set, give the address behind --backoffice");
        Ok(Self { url: url.to_owned(), token: config.backoffice.token.clone() })
    }
}

/// What all conversations share.
pub(in crate::cli) struct Stage {
    /// The stand-in company, unless an API of one's own is there.
    company: Option<CompanyProcess>,
    url: String,
    token: String,
    admin: BackOfficeAdmin,
    clock: Arc<StillClock>,
    store: Store,
    knowledge: Arc<dyn KnowledgeIndex>,
    model: Option<Arc<dyn LanguageModel>>,
    /// Has learnt the pack's words; the others stand beside it.
    teacher: Assistant,
    session_secret: Sensitive<String>,
    export: &'static str,
    folder: PathBuf,
    /// What came of the replays of all conversations so far, when they are wanted.
    pub(super) replayed: Option<Mutex<Summary>>,
}

/// The company's moment, and from there as time goes by.
#[derive(Debug)]
struct StillClock {
    began: TimestampUs,
    since: Instant,
    ids: SystemClock,
}

impl Clock for StillClock {
    fn now(&self) -> TimestampUs {
        let elapsed_us = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        TimestampUs(self.began.0.saturating_add(elapsed_us))
    }

    fn fresh_id(&self) -> u128 {
        self.ids.fresh_id()
    }

    fn monotonic_us(&self) -> u64 {
        self.ids.monotonic_us()
    }
}

impl Stage {
    /// Starts the company or looks whether one's own API answers, opens a ledger in a temporary folder, and learns the pack. `export` is the path of the
    /// company's end state; `learns` the languages in which the conversations are held.
    pub(in crate::cli) async fn open(
        config: &Config,
        (pack, knowledge): (Pack, Knowledge),
        (scene, export): (&Scene, &'static str),
        (learns, replayed): (Learns, Option<Summary>),
    ) -> anyhow::Result<Self> {
        let folder =
            std::env::temp_dir().join(format!("ombud-simulate-{}-{}", std::process::id(), SystemClock::new().now().0));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let waiting = spinner("starting the company");
        let (company, url, token) = appear(scene, &folder).await?;
        let admin = BackOfficeAdmin::new(&url, secret(&token).as_ref(), None)?;
        let clock = Arc::new(match &company {
            Some(_) => still_clock(&admin).await?,
            None => StillClock { began: SystemClock::new().now(), since: Instant::now(), ids: SystemClock::new() },
        });
        waiting.set_message("learning the pack's words");
        let store = ombud_store::open(&format!("sqlite:{}", folder.join("ledger.db").display())).await?;
        let knowledge: Arc<dyn KnowledgeIndex> =
            Arc::new(ArticleIndex::build(knowledge).context("the knowledge index cannot be built")?);
        let model = wiring::model(config)?.map(|model| Arc::new(model) as Arc<dyn LanguageModel>);
        let back_office = back_office(&url, &token, company.as_ref().map(|_| "main"))?;
        let (live, clock_port) = (Arc::new(LiveHub::default()), Arc::clone(&clock) as Arc<dyn Clock>);
        let ports = Ports {
            ledger: store.ledger(),
            inbox: store.inbox(),
            attempts: store.attempts(),
            back_office: Arc::new(back_office),
            knowledge: Arc::clone(&knowledge),
            model: model.clone(),
            clock: clock_port,
            live,
        };
        let tenant = TenantId("simulation".to_owned());
        let settings = Settings { tenant, shelf: meaning::shelf(config), ..Settings::default() };
        let teacher = Assistant::new(ports, Arc::new(pack), settings)
            .context("the pack cannot be used, run `ombud validate` on it")?;
        waiting.set_message("learning to read by meaning");
        let progress = |done: usize, all: usize| {
            waiting.set_message(format!("learning to read by meaning: {} % (only once)", 100 * done / all.max(1)));
        };
        deepen(config, &teacher, learns, &progress)?;
        waiting.finish_and_clear();
        let session_secret = Sensitive::new(fresh_secret());
        Ok(Self {
            company,
            url,
            token,
            admin,
            clock,
            store,
            knowledge,
            model,
            teacher,
            session_secret,
            export,
            folder,
            replayed: replayed.map(Mutex::new),
        })
    }

    /// A new world, an assistant and a server for one conversation of a signed-in customer, or of somebody nobody knows yet; `phone` is whose
    /// one-time codes he can read. With `weights`, those of the pack's context do not count.
    pub(super) async fn visit(
        &self,
        (world, weights): (&str, Option<ContextWeights>),
        Signed { customer, phone, locale }: Signed<'_>,
    ) -> anyhow::Result<Visit> {
        let own_world = self.company.as_ref().map(|_| world);
        if let Some(world) = own_world {
            self.admin.post("/admin/worlds", &json!({"name": world})).await?;
        }
        let live = Arc::new(LiveHub::default());
        let ports = Ports {
            ledger: self.store.ledger(),
            inbox: self.store.inbox(),
            attempts: self.store.attempts(),
            back_office: Arc::new(back_office(&self.url, &self.token, own_world)?),
            knowledge: Arc::clone(&self.knowledge),
            model: self.model.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            live: Arc::clone(&live) as Arc<dyn LiveBus>,
        };
        let settings = Settings { tenant: TenantId(world.to_owned()), ..Settings::default() };
        let assistant = self.teacher.beside(ports, settings);
        let assistant = Arc::new(match weights {
            Some(weights) => assistant.weighing(weights),
            None => assistant,
        });
        let parts = Parts {
            assistant: Arc::clone(&assistant),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            live,
            seal: None,
            demo: None,
            settings: http_settings(self.session_secret.clone()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api = PublicApi::new(&format!("http://{}", listener.local_addr()?))?;
        let app = App::new(parts)?;
        let mut server = JoinSet::new();
        // The visit aborts its server when it is over; no turn is under way then.
        server.spawn(async move { ombud_http::serve(listener, CONNECTIONS_MAX, app, std::future::pending()).await });
        let session = match customer {
            Some(customer) => self.signed_in(customer)?,
            None => api.open_session(None, None).await?,
        };
        let admin = BackOfficeAdmin::new(&self.url, secret(&self.token).as_ref(), own_world)?;
        Ok(Visit {
            locale: locale.map(str::to_owned),
            api,
            session,
            conversation: OnceLock::new(),
            admin,
            phone: phone.or(customer).map(str::to_owned),
            assistant,
            export: self.export,
            remembered: std::sync::Mutex::default(),
            _server: server,
        })
    }

    /// Removes the world of a conversation that is over.
    pub(super) async fn leave(&self, world: &str) -> anyhow::Result<()> {
        if self.company.is_some() {
            self.admin.delete(&format!("/admin/worlds/{world}")).await?;
        }
        Ok(())
    }

    /// Whether messages are read by their meaning too.
    pub(in crate::cli) fn reads_by_meaning(&self) -> bool {
        self.teacher.reads_by_meaning()
    }

    /// The weights of the pack's context.
    pub(in crate::cli) fn weights(&self) -> ContextWeights {
        self.teacher.pack().manifest.context
    }

    /// A session as the company's own site would sign it for its customer.
    fn signed_in(&self, customer: &str) -> anyhow::Result<Session> {
        let now_s = self.clock.now().0.div_euclid(1_000_000);
        let session_id = SessionId(uuid::Uuid::from_u128(self.clock.fresh_id()));
        let claims = Claims {
            sub: session_id,
            role: Role::Customer,
            customer_id: Some(CustomerId(customer.to_owned())),
            level: IdentityLevel::Identified,
            name: None,
            act: None,
            iat: now_s,
            exp: now_s.saturating_add(SESSION_S),
        };
        let token = Tokens::new(&self.session_secret)?.sign(&claims)?;
        Ok(Session {
            token,
            expires_at: TimestampUs(claims.exp.saturating_mul(1_000_000)).to_rfc3339(),
            session_id: session_id.to_string(),
        })
    }

    /// Stops the company and removes what was written.
    pub(in crate::cli) async fn close(self: Arc<Self>) {
        self.store.shutdown().await;
        if let Some(mut stage) = Arc::into_inner(self) {
            if let Some(company) = &mut stage.company {
                company.stop().await;
            }
            // What is left over lies in the system's temporary folder, which it clears.
            let _ = std::fs::remove_dir_all(&stage.folder);
        }
    }
}

/// The company of a scene, with its address and token; started if it is the stand-in.
async fn appear(scene: &Scene, folder: &Path) -> anyhow::Result<(Option<CompanyProcess>, String, String)> {
    match scene {
        Scene::StandIn(seed) => {
            let token = fresh_secret();
            let company = CompanyProcess::start_in_still_time(folder, seed, &token).await?;
            let url = company.url.clone();
            Ok((Some(company), url, token))
        }
        Scene::Own(OwnApi { url, token }) => {
            let answered = probe(url, secret(token).as_ref()).await;
            answered
                .with_context(|| format!("the API at `{url}` does not answer: start it, or correct --backoffice"))?;
            Ok((None, url.clone(), token.clone()))
        }
    }
}

async fn still_clock(admin: &BackOfficeAdmin) -> anyhow::Result<StillClock> {
    let answer = admin.get("/admin/clock").await?;
    let now: jiff::Timestamp = answer
        .get("now")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .parse()
        .context("the company's clock cannot be read")?;
    Ok(StillClock { began: TimestampUs(now.as_microsecond()), since: Instant::now(), ids: SystemClock::new() })
}

fn back_office(url: &str, token: &str, world: Option<&str>) -> anyhow::Result<HttpBackOffice> {
    let settings = BackOfficeSettings {
        base_url: url.to_owned(),
        token: secret(token),
        headers: world.map(|world| ("X-World".to_owned(), world.to_owned())).into_iter().collect(),
        calls_max: CALLS_MAX,
        jitter_seed: 0,
    };
    Ok(HttpBackOffice::new(&settings)?)
}

/// A server without limits: all simulated customers come from one address and never pause.
fn http_settings(session_secret: Sensitive<String>) -> HttpSettings {
    let none = Rate { per_minute: 0, burst: 0 };
    HttpSettings {
        session_secret,
        session_s: SESSION_S,
        staff_session_s: SESSION_S,
        limits: LimitSettings {
            address_requests: none,
            address_pages: none,
            address_sessions: none,
            session_requests: none,
            session_messages: none,
            session_codes: none,
            keys_max: 16,
        },
        trusted_proxies: Vec::new(),
        streams_max: 1,
        turns_max: CONNECTIONS_MAX,
        turns_at_once: CONNECTIONS_MAX,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Who visits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signed<'a> {
    /// Who is signed in; nobody if absent.
    pub(super) customer: Option<&'a str>,
    /// Whose one-time codes he can read, if not his own.
    pub(super) phone: Option<&'a str>,
    /// The language of his browser; that of the company if absent.
    pub(super) locale: Option<&'a str>,
}

/// One conversation with its world.
pub(super) struct Visit {
    /// The language of the customer's browser.
    locale: Option<String>,
    api: PublicApi,
    session: Session,
    conversation: OnceLock<String>,
    admin: BackOfficeAdmin,
    /// Whose messages he can read.
    phone: Option<String>,
    assistant: Arc<Assistant>,
    export: &'static str,
    remembered: std::sync::Mutex<Remembered>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Visit {
    fn conversation(&self) -> Result<&str, ChannelError> {
        self.conversation
            .get()
            .map(String::as_str)
            .ok_or_else(|| ChannelError("the conversation is not open yet".to_owned()))
    }

    /// What the assistant wrote down as its reasons, and how many texts it embedded, for each turn; read from its ledger, not through the public side.
    pub(super) async fn reasons(&self) -> anyhow::Result<(Vec<Vec<String>>, Vec<u64>)> {
        let Some(Ok(id)) = self.conversation.get().map(|id| id.parse::<ConversationId>()) else {
            return Ok(Default::default());
        };
        let turns = self.assistant.turns(id).await?;
        let embedded = |record: &StageRecord| record.detail.get("embedded").and_then(Value::as_u64);
        let embedded = turns.iter().map(|turn| turn.stages.iter().filter_map(embedded).sum()).collect();
        Ok((turns.iter().map(|turn| turn.stages.iter().flat_map(why).collect()).collect(), embedded))
    }

    /// Runs every turn of the conversation again.
    pub(super) async fn replay(&self, replayed: &Mutex<Summary>) -> anyhow::Result<()> {
        let Some(Ok(id)) = self.conversation.get().map(|id| id.parse::<ConversationId>()) else { return Ok(()) };
        replayed.lock().await.replay(&self.assistant, (id, None), Shown::Otherwise).await
    }

    /// Says these messages in a conversation of its own, before the one that is judged.
    pub(super) async fn earlier(&self, messages: &[String]) -> anyhow::Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let opened = self.api.open_conversation(&self.session, self.locale.as_deref(), None).await?;
        for text in messages {
            self.note(&self.api.send(&self.session, &opened.id, text, None).await?);
        }
        Ok(())
    }

    /// Takes in what a reply says of facts that the customer told.
    fn note(&self, reply: &Reply) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).note(self.assistant.pack(), reply);
    }

    /// How often the customer was asked for what he had told before.
    pub(super) fn asked_known(&self) -> usize {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).asked()
    }

    /// The newest code among what the company has sent.
    async fn code(&self) -> Result<Option<String>, ChannelError> {
        let failed = |error: ombud_connect::back_office_admin::AdminError| ChannelError(error.to_string());
        let Some(phone) = &self.phone else { return Ok(None) };
        let sent = self.admin.outbox(phone).await.map_err(failed)?;
        let codes = sent.as_array().into_iter().flatten().filter_map(|message| message.get("code")?.as_str());
        Ok(codes.map(str::to_owned).next())
    }
}

#[async_trait]
impl Channel for Visit {
    async fn open(&self) -> Result<Heard, ChannelError> {
        let opened = self
            .api
            .open_conversation(&self.session, self.locale.as_deref(), None)
            .await
            .map_err(|error| silent(&error))?;
        let texts =
            opened.messages.iter().filter(|message| message.author == "assistant").map(|message| message.text.clone());
        let heard = Heard {
            texts: texts.collect(),
            awaiting: awaiting(&opened.awaiting)?,
            status: opened.status,
            ..Heard::default()
        };
        // Opened once for each visit.
        let _ = self.conversation.set(opened.id);
        Ok(heard)
    }

    async fn say(&self, text: &str) -> Result<Heard, ChannelError> {
        let started = Instant::now();
        let reply =
            self.api.send(&self.session, self.conversation()?, text, None).await.map_err(|error| silent(&error))?;
        self.note(&reply);
        heard(reply, started)
    }

    async fn enter_code(&self) -> Result<Option<Heard>, ChannelError> {
        let Some(code) = self.code().await? else { return Ok(None) };
        let started = Instant::now();
        let reply =
            self.api.step_up(&self.session, self.conversation()?, &code).await.map_err(|error| silent(&error))?;
        self.note(&reply);
        heard(reply, started).map(Some)
    }

    async fn handover_reason(&self) -> Result<Option<String>, ChannelError> {
        let Ok(id) = self.conversation()?.parse::<ConversationId>() else { return Ok(None) };
        let view = self.assistant.desk_view(id).await.map_err(|error| ChannelError(error.to_string()))?;
        Ok(view.and_then(|view| view.handover).map(|handover| handover.reason_code))
    }
}

#[async_trait]
impl Books for Visit {
    async fn changed(&self) -> Result<Value, BooksError> {
        let mut export = self.admin.get(self.export).await.map_err(|error| BooksError(error.to_string()))?;
        Ok(export.get_mut("records").map(Value::take).unwrap_or(export))
    }

    async fn read(&self, path: &str) -> Result<Value, BooksError> {
        self.admin.get(path).await.map_err(|error| BooksError(error.to_string()))
    }
}

/// What a stage says for itself, if it decides anything.
fn why(record: &StageRecord) -> Vec<String> {
    if !matches!(
        record.stage,
        TurnStage::Safety | TurnStage::Understanding | TurnStage::Decision | TurnStage::Action | TurnStage::Answer
    ) {
        return Vec::new();
    }
    let reasons =
        record.detail.get("reasons").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let summary = Some(record.summary.as_str()).filter(|summary| !summary.is_empty());
    summary.into_iter().chain(reasons).map(|reason| format!("{}: {reason}", record.stage.as_str())).collect()
}

fn silent(error: &ApiError) -> ChannelError {
    ChannelError(error.to_string())
}

fn heard(reply: Reply, started: Instant) -> Result<Heard, ChannelError> {
    let malformed = |error: serde_json::Error| ChannelError(format!("its reply cannot be read: {error}"));
    Ok(Heard {
        took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        awaiting: awaiting(&reply.awaiting)?,
        refused: serde_json::from_value(json!(reply.refused)).map_err(malformed)?,
        done: serde_json::from_value(json!(reply.done)).map_err(malformed)?,
        texts: reply
            .messages
            .into_iter()
            .filter(|message| message.author != "customer")
            .map(|message| message.text)
            .collect(),
        status: reply.status,
    })
}

fn awaiting(awaiting: &ombud_connect::public_api::Awaiting) -> Result<ombud_domain::Awaiting, ChannelError> {
    serde_json::from_value(json!(awaiting)).map_err(|error| ChannelError(format!("its reply cannot be read: {error}")))
}
