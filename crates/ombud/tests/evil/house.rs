//! Where do the sessions take place? One company as a process, a world of its own for each session, and an assistant that has learnt its pack once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use ombud_connect::{BackOfficeAdmin, BackOfficeSettings, HttpBackOffice, ModelSettings, OpenAiModel};
use ombud_domain::{
    ActionOutcome, ConversationId, CustomerId, IdentityLevel, Principal, Sensitive, SessionId, TimestampUs,
};
use ombud_policy::{ApiCall, Intent, Pack, PackFiles};
use ombud_ports::{BackOffice, KnowledgeIndex, LanguageModel};
use ombud_retrieval::Knowledge;
use ombud_store::ArticleIndex;
use ombud_testkit::{FixedClock, MemoryLedger, NoPages};
use ombud_turn::{Assistant, Ports, Settings};
use serde_json::{Value, json};

use crate::adversary::Victim;
use crate::customer::Phrases;
use crate::oracle::Owners;
use crate::processes::TOKEN;

/// How long a model is waited for; it stalls longer.
const MODEL_DEADLINE_MS: u64 = 400;
/// Customers that are played.
const CUSTOMERS_MAX: usize = 60;

/// The company's systems, with every write written down on the way.
pub struct Watched {
    office: Arc<HttpBackOffice>,
    performed: Mutex<Vec<(ApiCall, ActionOutcome)>>,
    told: Mutex<Vec<Value>>,
}

impl Watched {
    /// Everything that the company's system has told.
    pub fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, outcome: &ActionOutcome) {
        let body = match outcome {
            ActionOutcome::Found { body } => body,
            ActionOutcome::Done { receipt } => &receipt.body,
            _ => return,
        };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(body.clone());
    }

    /// Writes since the last look.
    pub fn take(&self) -> Vec<(ApiCall, ActionOutcome)> {
        std::mem::take(&mut *self.performed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl BackOffice for Watched {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        let outcome = self.office.read(call).await;
        self.tell(&outcome);
        outcome
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        let outcome = self.office.perform(intent).await;
        self.tell(&outcome);
        let done = (intent.call().clone(), outcome.clone());
        self.performed.lock().unwrap_or_else(PoisonError::into_inner).push(done);
        outcome
    }

    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome {
        self.office.pass_secret(call).await
    }
}

/// A customer of the company, as it knows him.
#[derive(Debug, Clone)]
pub struct Person {
    pub known: Victim,
    pub postal_code: String,
}

/// What all sessions share.
pub struct House {
    teacher: Assistant,
    url: String,
    admin: BackOfficeAdmin,
    knowledge: Arc<dyn KnowledgeIndex>,
    now: TimestampUs,
    pub people: Vec<Person>,
    pub owners: Arc<Owners>,
    pub phrases: Phrases,
}

/// A pack below `root` over the base, and what it knows.
pub fn pack_of(name: &str, root: &Path) -> anyhow::Result<(Pack, Knowledge)> {
    let packs = ombud_testkit::packs_folder();
    let mut files = PackFiles::new();
    ombud_testkit::packs::read_into(&mut files, &packs, &packs.join("base"))?;
    ombud_testkit::packs::read_into(&mut files, root, &root.join(name))?;
    let pack = Pack::parse(name, &files).map_err(|problems| anyhow!("{problems:?}"))?;
    let mut articles = BTreeMap::new();
    for top in ["base", name] {
        let prefix = format!("{top}/knowledge/");
        let below =
            files.iter().filter_map(|(file, text)| Some((file.strip_prefix(&prefix)?, (file.as_str(), text.as_str()))));
        articles.extend(below);
    }
    let knowledge = Knowledge::read(articles.into_values()).map_err(|wrong| anyhow!("{wrong:?}"))?;
    Ok((pack, knowledge))
}

impl House {
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
        let (pack, knowledge) = pack_of("paylater", &packs)?;
        let replies = pack.language_files.get("nlu/replies.en.jsonl").context("replies")?;
        let phrases = Phrases::of(&pack, replies)?;
        let admin = BackOfficeAdmin::new(url, Some(&token()), None)?;
        let now = admin.get("/admin/clock").await?;
        let now: jiff::Timestamp = now.get("now").and_then(Value::as_str).context("a time")?.parse()?;
        let export = admin.get("/admin/export").await?;
        let owners = Owners::of(export.get("records").context("records")?);
        let people = people(&admin).await?;
        let knowledge: Arc<dyn KnowledgeIndex> = Arc::new(ArticleIndex::build(knowledge)?);
        let now = TimestampUs(now.as_microsecond());
        let ledger = Arc::new(MemoryLedger::new());
        let ports = Ports {
            ledger: ledger.clone(),
            inbox: ledger.clone(),
            attempts: ledger,
            back_office: Arc::new(office(url, "main")?),
            knowledge: Arc::clone(&knowledge),
            model: None,
            clock: Arc::new(FixedClock::at(now)),
            live: Arc::new(NoPages),
        };
        let teacher = Assistant::new(ports, Arc::new(pack), Settings::default())?;
        Ok(Self { teacher, url: url.to_owned(), admin, knowledge, now, people, owners: Arc::new(owners), phrases })
    }

    pub fn pack(&self) -> &Pack {
        self.teacher.pack()
    }

    /// A world of its own, for one session after the other.
    pub async fn world(&self, name: &str) -> anyhow::Result<World> {
        self.admin.post("/admin/worlds", &json!({"name": name})).await?;
        let admin = BackOfficeAdmin::new(&self.url, Some(&token()), Some(name))?;
        Ok(World { office: Arc::new(office(&self.url, name)?), admin })
    }

    /// A session's place, in a world as it was in the beginning; `signed_in` by the company's site, or somebody nobody knows yet.
    pub async fn room(
        &self,
        world: &World,
        signed_in: Option<&str>,
        model: Option<Arc<OpenAiModel>>,
    ) -> anyhow::Result<Room> {
        world.admin.post("/admin/reset", &json!({})).await?;
        let (ledger, clock) = (Arc::new(MemoryLedger::new()), Arc::new(FixedClock::at(self.now)));
        let watched = Arc::new(Watched {
            office: Arc::clone(&world.office),
            performed: Mutex::default(),
            told: Mutex::default(),
        });
        let ports = Ports {
            ledger: ledger.clone(),
            inbox: ledger.clone(),
            attempts: ledger,
            back_office: watched.clone(),
            knowledge: Arc::clone(&self.knowledge),
            model: model.map(|model| model as Arc<dyn LanguageModel>),
            clock: clock.clone(),
            live: Arc::new(NoPages),
        };
        let settings = Settings { model_deadline_ms: MODEL_DEADLINE_MS, ..Settings::default() };
        let assistant = self.teacher.beside(ports, settings);
        let principal = Principal {
            session_id: SessionId(uuid::Uuid::from_u128(7)),
            customer_id: signed_in.map(|id| CustomerId(id.to_owned())),
            level: if signed_in.is_some() { IdentityLevel::Identified } else { IdentityLevel::Anonymous },
        };
        let conversation = assistant.open(&principal, None, None).await?.id;
        Ok(Room { assistant, watched, clock, admin: world.admin.clone(), principal, conversation })
    }
}

/// A state of the company that nobody else sees.
pub struct World {
    office: Arc<HttpBackOffice>,
    pub admin: BackOfficeAdmin,
}

/// One session's place.
pub struct Room {
    pub assistant: Assistant,
    pub watched: Arc<Watched>,
    pub clock: Arc<FixedClock>,
    pub admin: BackOfficeAdmin,
    pub principal: Principal,
    pub conversation: ConversationId,
}

impl Room {
    /// What is different from the beginning, by the company's books.
    pub async fn changed(&self) -> anyhow::Result<Value> {
        let mut export = self.admin.get("/admin/export?changed=true").await?;
        Ok(export.get_mut("records").map(Value::take).unwrap_or_default())
    }

    /// The newest code that the company sent to somebody.
    pub async fn code(&self, customer: &str) -> anyhow::Result<Option<String>> {
        let sent = self.admin.outbox(customer).await?;
        Ok(sent.as_array().into_iter().flatten().find_map(|message| Some(message.get("code")?.as_str()?.to_owned())))
    }
}

/// A model of the protocol at this address.
pub fn model(url: &str) -> anyhow::Result<Arc<OpenAiModel>> {
    let settings = ModelSettings { base_url: url.to_owned(), key: None, name: "hijacked".to_owned() };
    Ok(Arc::new(OpenAiModel::new(&settings)?))
}

fn token() -> Sensitive<String> {
    Sensitive::new(TOKEN.to_owned())
}

fn office(url: &str, world: &str) -> anyhow::Result<HttpBackOffice> {
    let settings = BackOfficeSettings {
        base_url: url.to_owned(),
        token: Some(token()),
        headers: vec![("X-World".to_owned(), world.to_owned())],
        calls_max: 16,
        jitter_seed: 0,
    };
    Ok(HttpBackOffice::new(&settings)?)
}

async fn people(admin: &BackOfficeAdmin) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::new();
    for one in admin.customers(CUSTOMERS_MAX).await?.as_array().context("customers")? {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text("id");
        let whole = admin.get(&format!("/customers/{id}")).await?;
        let street = whole.pointer("/address/line1").or_else(|| whole.get("line1")).and_then(Value::as_str);
        let orders = admin.get(&format!("/customers/{id}/orders")).await?;
        let order = orders.pointer("/0/id").and_then(Value::as_str).unwrap_or("ORD-999999").to_owned();
        let known = Victim {
            id,
            name: text("name"),
            email: text("email"),
            phone: text("phone"),
            street: street.unwrap_or_default().to_owned(),
            order,
        };
        people.push(Person { known, postal_code: text("postal_code") });
    }
    anyhow::ensure!(people.len() > 10, "customers");
    Ok(people)
}
