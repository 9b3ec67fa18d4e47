//! What is a running server put together from? The ledger, the pack, the company's systems, a model if there is one, and the HTTP side.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ombud_connect::{BackOfficeSettings, HttpBackOffice, ModelSettings, OpenAiModel};
use ombud_domain::{Sensitive, TenantId};
use ombud_http::{App, DemoCompany, HttpSettings, LimitSettings, LiveHub, Network, Parts, Rate};
use ombud_policy::Pack;
use ombud_ports::{Clock, LanguageModel, SealWatch};
use ombud_proof::LogKey;
use ombud_retrieval::Knowledge;
use ombud_store::seal::checkpoints::Checkpoints;
use ombud_store::seal::verify::LogReader;
use ombud_store::seal::watch::{Seal, SealSettings, Signed};
use ombud_store::{ArticleIndex, IndexSettings, Store};
use ombud_turn::{Assistant, AttemptLimits, Mode, Ports, Progress, Settings};
use tokio::net::TcpListener;

use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, cache_folder};
use crate::meaning::{self, deepen_beside};
use crate::privacy;
use crate::terminal::spinner;

/// Seconds of an hour, for staff sessions of the demo.
const STAFF_SESSION_S: i64 = 8 * 3_600;

/// Between two looks into the outbox. Pages hear of their own turn at once; this is for what a crash left behind.
const RELAY_PAUSE: Duration = Duration::from_millis(500);

/// Between two looks at what is due: actions without an outcome, silent customers.
const DUE_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks into the company's feed: what is held of customers' records is used for a second without one.
const FEED_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause before a feed is read again that could not be read.
const FEED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Between two rounds of the sequencer: what is committed meanwhile gets its leaves in one write.
const SEAL_PAUSE: Duration = Duration::from_secs(1);

/// Between two looks for stored answers that are old enough to be forgotten.
pub(crate) const FORGET_PAUSE: Duration = Duration::from_secs(600);

/// A server that is ready to be run.
pub(crate) struct Server {
    /// The address it listens on, for people.
    pub(crate) url: String,
    /// How long it took to get ready.
    pub(crate) ready_after: Duration,
    listener: TcpListener,
    connections_max: usize,
    app: App,
    assistant: Arc<Assistant>,
    seal: Arc<Seal>,
    clock: Arc<SystemClock>,
    store: Store,
    tenant: TenantId,
    conversation_days: u32,
}

impl Server {
    /// Opens everything a server needs. The port is taken first, so that a second server fails before it touches the ledger.
    pub(crate) async fn open(
        config: &Config,
        (pack, knowledge): (Pack, Knowledge),
        demo: Option<Arc<dyn DemoCompany>>,
    ) -> anyhow::Result<Self> {
        let started = Instant::now();
        let listener = TcpListener::bind(&config.server.listen).await.with_context(|| {
            format!(
                "cannot listen on `{}`, is another server running there? Take another with `--listen`",
                config.server.listen
            )
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let waiting = spinner("opening the ledger");
        let store = Box::pin(open_store(config)).await?;
        let tenant = TenantId(config.pack.tenant.clone());
        Box::pin(check_newest(config, &tenant)).await?;
        if !store.is_sealed() {
            tracing::warn!(
                "personal text is stored in the clear: make a master key with `ombud keys master FILE` and set `[privacy]`"
            );
        }
        Box::pin(privacy::erase_again(&store, &tenant)).await?;
        waiting.set_message("learning the pack's words");
        let live = Arc::new(LiveHub::default());
        let clock = Arc::new(SystemClock::new());
        let seal = Arc::new(seal(config, &store, clock.fresh_id())?);
        let assistant = assistant(config, (pack, knowledge), &store, (Arc::clone(&live), Arc::clone(&clock)))?;
        waiting.finish_and_clear();
        let assistant = Arc::new(assistant);
        let parts = Parts {
            assistant: Arc::clone(&assistant),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            live,
            seal: Some(Arc::clone(&seal) as Arc<dyn SealWatch>),
            demo,
            settings: http_settings(config)?,
        };
        let app = App::new(parts).context("`session.secret` cannot be used")?;
        // The first message need not wait for it.
        deepen_beside(config, &assistant);
        Ok(Self {
            url,
            ready_after: started.elapsed(),
            listener,
            connections_max: config.server.connections_max,
            app,
            assistant,
            seal,
            clock,
            store,
            tenant,
            conversation_days: config.retention.conversation_days,
        })
    }

    /// What is told in the terminal of languages that are still to be learnt; none where all of them are, or the pack has no others.
    pub(crate) fn still_to_learn(&self) -> Option<String> {
        let (now, of) = (self.assistant.languages(), self.assistant.languages_of_pack());
        let learns = matches!(self.assistant.progress(), Progress::Learning(_)) && of > now.len();
        learns.then(|| {
            format!(
                "`{}` now, {} more once they are learnt: minutes at the very first start, see the log or {}/api/v1/health",
                now.join("`, `"),
                of.saturating_sub(now.len()),
                self.url
            )
        })
    }

    /// Answers until `stop` is ready, then finishes what is under way and closes the ledger.
    pub(crate) async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        let serving = ombud_http::serve(self.listener, self.connections_max, self.app, stop);
        let served = tokio::select! {
            served = serving => served,
            () = relay(&self.assistant) => Ok(()),
            () = look_after(&self.assistant) => Ok(()),
            () = follow_feed(&self.assistant) => Ok(()),
            () = forget(&self.assistant) => Ok(()),
            () = keep_sealed(&self.seal, &self.clock) => Ok(()),
            () = Box::pin(privacy::follow_erasures(&self.store, &self.assistant, &self.tenant)) => Ok(()),
            () = Box::pin(privacy::keep_clocks(&self.store, &self.clock, (&self.tenant, self.conversation_days))) => Ok(()),
        };
        // What was committed last is signed too.
        self.seal.round(self.clock.now(), Signed::Now).await;
        self.store.shutdown().await;
        served.context("the server stopped")
    }
}

/// Empties the outbox, for as long as the server runs.
async fn relay(assistant: &Assistant) {
    loop {
        tokio::time::sleep(RELAY_PAUSE).await;
        if let Err(error) = assistant.relay().await {
            tracing::warn!(%error, "the outbox waits, it is tried again");
        }
    }
}

/// Gives events their leaves and signs checkpoints, for as long as the server runs.
async fn keep_sealed(seal: &Seal, clock: &SystemClock) {
    loop {
        seal.round(clock.now(), Signed::WhenDue).await;
        tokio::time::sleep(SEAL_PAUSE).await;
    }
}

/// Does what is due without anybody writing, for as long as the server runs.
async fn look_after(assistant: &Assistant) {
    loop {
        if let Err(error) = assistant.recover().await {
            tracing::warn!(%error, "actions without an outcome wait, they are looked at again");
        }
        if let Err(error) = assistant.break_silence().await {
            tracing::warn!(%error, "silent customers are not reminded, it is tried again");
        }
        if let Err(error) = assistant.settle_approvals().await {
            tracing::warn!(%error, "what people have decided waits, it is tried again");
        }
        tokio::time::sleep(DUE_PAUSE).await;
    }
}

/// Forgets old stored answers in small batches, for as long as the server runs; the writer of the ledger comes in between.
async fn forget(assistant: &Assistant) {
    loop {
        let pause = match assistant.forget_replies().await {
            Ok(forgotten) if forgotten >= ombud_turn::FORGOTTEN_MAX => RELAY_PAUSE,
            Ok(_) => FORGET_PAUSE,
            Err(error) => {
                tracing::warn!(%error, "old stored answers are not forgotten, it is tried again");
                FORGET_PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Reads what the company's systems report, for as long as the server runs; less often while they cannot be read.
pub(crate) async fn follow_feed(assistant: &Assistant) {
    if assistant.pack().feed.is_none() {
        return std::future::pending().await;
    }
    let mut pause = FEED_PAUSE;
    loop {
        match assistant.follow_feed().await {
            Ok(0) => pause = FEED_PAUSE,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the company's feed waits, it is read again");
                pause = pause.saturating_mul(2).min(FEED_PAUSE_MAX);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Opens the ledger and makes the folder of its file if there is none.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let vault = privacy::vault(config).await?;
    for url in std::iter::once(&config.database.url).chain(vault.as_ref().map(|vault| &vault.keys_url)) {
        let folder = sqlite_path(url).and_then(|path| Path::new(path).parent());
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        }
    }
    let settings = ombud_store::Settings { vault, ..ombud_store::Settings::default() };
    let store = ombud_store::open_with(&config.database.url, &settings).await;
    store.context("the ledger cannot be opened, run `ombud doctor`")
}

/// Refuses a ledger whose newest rows are not what they were when they were sealed.
async fn check_newest(config: &Config, tenant: &TenantId) -> anyhow::Result<()> {
    let reader = LogReader::open(&config.database.url, tenant.clone()).await.context("the ledger cannot be read")?;
    let found = reader.check_newest().await;
    reader.close().await;
    match found.context("the ledger's newest rows cannot be read, run `ombud prove`")? {
        None => Ok(()),
        Some(fault) => bail!(
            "the ledger is damaged or was changed ({fault}), nothing was done: keep a copy, put back the newest backup, and run `ombud prove` on both"
        ),
    }
}

/// What keeps the ledger sealed; without a key it gives leaves, which can be signed later.
fn seal(config: &Config, store: &Store, process: u128) -> anyhow::Result<Seal> {
    let ledger = &config.ledger;
    let checkpoints = match (ledger.key_file.as_str(), ledger.checkpoint_folder.as_str()) {
        ("", "") => {
            tracing::warn!("the ledger is not signed: set `ledger.key_file` and `ledger.checkpoint_folder`");
            None
        }
        (_, "") => {
            return Err(missing("ledger", "checkpoint_folder", "`ledger.key_file` is set, so name it too").into());
        }
        ("", _) => {
            return Err(missing("ledger", "key_file", "make one with `ombud keys --new FILE --name NAME`").into());
        }
        (file, folder) => Some(Checkpoints::open(Path::new(folder), log_key(Path::new(file))?)?),
    };
    let micros = |seconds: u32| i64::from(seconds).saturating_mul(1_000_000);
    let settings = SealSettings {
        interval_us: micros(ledger.interval_s),
        lag_us_max: micros(ledger.lag_s_max),
        unsigned_us_max: micros(ledger.age_s_max),
    };
    let tenant = TenantId(config.pack.tenant.clone());
    Ok(Seal::new(store.sequencer(&tenant, &format!("{process:032x}")), checkpoints, settings))
}

/// The key in a file.
pub(crate) fn log_key(file: &Path) -> anyhow::Result<LogKey> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!(
            "the key `{}` cannot be read; make one with `ombud keys --new {} --name NAME`",
            file.display(),
            file.display()
        )
    })?;
    LogKey::parse(&text).with_context(|| format!("`{}`", file.display()))
}

/// The file of an SQLite address.
pub(crate) fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    path.trim_start_matches("//").split('?').next()
}

/// The assistant with its ports.
pub(crate) fn assistant(
    config: &Config,
    (pack, knowledge): (Pack, Knowledge),
    store: &Store,
    (live, clock): (Arc<LiveHub>, Arc<SystemClock>),
) -> anyhow::Result<Assistant> {
    let ports = Ports {
        ledger: store.ledger(),
        inbox: store.inbox(),
        attempts: store.attempts(),
        back_office: Arc::new(back_office(config)?),
        knowledge: Arc::new(article_index(config, knowledge)?),
        model: model(config)?.map(|model| Arc::new(model) as Arc<dyn LanguageModel>),
        clock,
        live,
    };
    let settings = Settings {
        tenant: TenantId(config.pack.tenant.clone()),
        action_deadline_ms: config.backoffice.deadline_ms,
        model_deadline_ms: config.model.deadline_ms,
        understanding_deadline_ms: config.service.understanding_deadline_ms,
        search_deadline_ms: config.service.search_deadline_ms,
        attempts: AttemptLimits {
            address_identifications: config.limits.address_identifications_per_hour,
            claim_identifications: config.limits.claim_identifications_per_hour,
            customer_codes: config.limits.customer_codes_per_hour,
            customer_wrong_codes: config.limits.customer_wrong_codes_per_hour,
        },
        approvers: config.desk.approvers.iter().collect(),
        mode: mode(config)?,
        shelf: meaning::shelf(config),
    };
    Assistant::new(ports, Arc::new(pack), settings).context("the pack cannot be used, run `ombud validate` on it")
}

/// An assistant that can replay what a ledger holds.
pub(crate) fn replayer(
    config: &Config,
    store: &Store,
    (pack, knowledge): (Pack, Knowledge),
) -> anyhow::Result<Assistant> {
    let knowledge = article_index(config, knowledge)?;
    let stored = (store.ledger(), store.inbox());
    let settings =
        Settings { tenant: TenantId(config.pack.tenant.clone()), shelf: meaning::shelf(config), ..Settings::default() };
    Assistant::for_replay(stored, Arc::new(knowledge), Arc::new(pack), settings)
        .context("the pack cannot be used, run `ombud validate` on it")
}

/// Whether what the assistant says and does reaches anybody.
pub(crate) fn mode(config: &Config) -> Result<Mode, ConfigError> {
    match config.service.mode.as_str() {
        "live" => Ok(Mode::Live),
        "shadow" => Ok(Mode::Shadow),
        _ => Err(missing("service", "mode", "use `live` or `shadow`")),
    }
}

/// The knowledge index; a large one lies beside the models, or in memory where there is no place for them.
fn article_index(config: &Config, knowledge: Knowledge) -> anyhow::Result<ArticleIndex> {
    let folder = models_folder(config).ok().map(|folder| folder.join("index"));
    let settings = IndexSettings { folder, ..IndexSettings::default() };
    ArticleIndex::build_with(knowledge, &settings).context("the knowledge index cannot be built")
}

/// The company's systems.
pub(crate) fn back_office(config: &Config) -> anyhow::Result<HttpBackOffice> {
    let settings = BackOfficeSettings {
        base_url: config.backoffice.url.clone(),
        token: secret(&config.backoffice.token),
        headers: Vec::new(),
        calls_max: config.backoffice.calls_max,
        jitter_seed: SystemClock::new().now().0.unsigned_abs(),
    };
    HttpBackOffice::new(&settings).context("`backoffice` cannot be used")
}

/// The language model, if one is configured.
pub(crate) fn model(config: &Config) -> anyhow::Result<Option<OpenAiModel>> {
    if config.model.url.is_empty() {
        return Ok(None);
    }
    if config.model.name.is_empty() {
        return Err(missing("model", "name", "`model.url` is set, so name the model too").into());
    }
    let settings = ModelSettings {
        base_url: config.model.url.clone(),
        key: secret(&config.model.key),
        name: config.model.name.clone(),
    };
    OpenAiModel::new(&settings).context("`model` cannot be used").map(Some)
}

/// A value that may be left empty.
pub(crate) fn secret(text: &str) -> Option<Sensitive<String>> {
    (!text.is_empty()).then(|| Sensitive::new(text.to_owned()))
}

/// Where the models that run in this process lie.
pub(crate) fn models_folder(config: &Config) -> Result<PathBuf, ConfigError> {
    match config.models.folder.as_str() {
        "" => cache_folder()
            .map(|cache| cache.join("ombud").join("models"))
            .ok_or_else(|| missing("models", "folder", "name a folder, this user has no cache folder")),
        folder => Ok(PathBuf::from(folder)),
    }
}

/// The error for a value that must be given.
pub(crate) fn missing(section: &str, field: &str, advice: &'static str) -> ConfigError {
    ConfigError::Missing {
        key: format!("{section}.{field}"),
        variable: crate::config::variable(section, field),
        advice,
    }
}

fn http_settings(config: &Config) -> anyhow::Result<HttpSettings> {
    let trusted_proxies: Result<Vec<Network>, _> =
        config.server.trusted_proxies.iter().map(|text| text.parse()).collect();
    Ok(HttpSettings {
        session_secret: Sensitive::new(config.session.secret.clone()),
        session_s: i64::from(config.session.minutes).saturating_mul(60),
        staff_session_s: STAFF_SESSION_S,
        limits: limits(config),
        trusted_proxies: trusted_proxies.context("`server.trusted_proxies` cannot be used")?,
        streams_max: config.server.streams_max,
        turns_max: config.server.turns_max,
        turns_at_once: config.server.turns_at_once,
        version: env!("CARGO_PKG_VERSION"),
    })
}

fn limits(config: &Config) -> LimitSettings {
    let limits = &config.limits;
    LimitSettings {
        address_pages: Rate { per_minute: limits.address_pages_per_minute, burst: limits.address_pages_burst },
        address_requests: Rate { per_minute: limits.address_requests_per_minute, burst: limits.address_requests_burst },
        address_sessions: Rate { per_minute: limits.address_sessions_per_minute, burst: limits.address_sessions_burst },
        session_requests: Rate { per_minute: limits.session_requests_per_minute, burst: limits.session_requests_burst },
        session_messages: Rate { per_minute: limits.session_messages_per_minute, burst: limits.session_messages_burst },
        session_codes: Rate { per_minute: limits.session_codes_per_minute, burst: limits.session_codes_burst },
        keys_max: limits.keys_max,
    }
}

/// Ready when the operator wants the program to stop: Ctrl-C or SIGTERM.
pub(crate) async fn stop_wanted() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
