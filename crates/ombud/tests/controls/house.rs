//! Where do the customers of these tests write? To assistants of several processes on one database, with a company whose systems take their time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use async_trait::async_trait;
use ombud_domain::{
    ActionOutcome, AwaitingKind, ConversationId, IdentityLevel, Principal, Receipt, Sensitive, SessionId, StreamId,
    TenantId,
};
use ombud_policy::{ApiCall, Intent, Pack};
use ombud_ports::BackOffice;
use ombud_store::Store;
use ombud_testkit::{FixedClock, MemoryLedger, NoKnowledge, NoPages};
use ombud_turn::{Assistant, Input, Ports, Settings, Stimulus, Switchboard, TurnReply};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::settings::{say, setting};

/// Processes on one database.
const PROCESSES: usize = 2;
/// How long the company's systems take for a write.
const WRITE: Duration = Duration::from_millis(30);

/// The company's systems: every read gives one customer and his order, every write is done after a while and written down when it begins.
#[derive(Default)]
pub struct Company {
    begun: Mutex<Vec<Instant>>,
}

impl Company {
    /// When each write began.
    pub fn begun(&self) -> Vec<Instant> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn address() -> Value {
    json!({"address1": "1 Engine Road", "address2": "", "city": "Austin", "state": "TX", "country": "USA", "zip": "73301"})
}

fn user() -> Value {
    json!({"user_id": "ada_byron_1815", "name": {"first_name": "Ada", "last_name": "Byron"}, "email": "ada@example.com",
        "address": address(),
        "payment_methods": {"paypal_1": {"source": "paypal", "id": "paypal_1"}}, "orders": ["#W0000001"]})
}

fn order() -> Value {
    json!({"order_id": "#W0000001", "user_id": "ada_byron_1815", "status": "pending", "address": address(),
        "items": [{"name": "Desk Lamp", "product_id": "1", "item_id": "11", "price": 20.5, "options": {"color": "white"}}],
        "fulfillments": [], "payment_history": [{"transaction_type": "payment", "amount": 20.5, "payment_method_id": "paypal_1"}]})
}

#[async_trait]
impl BackOffice for Company {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        let body = match call.action.as_str() {
            "find_user_id_by_email" => json!([user()]),
            "get_user_details" => user(),
            _ => json!([order()]),
        };
        ActionOutcome::Found { body }
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        tokio::time::sleep(WRITE).await;
        let receipt_id = format!("RCT-{}", intent.id());
        let body = json!({"order_id": "#W0000001", "status": "cancelled", "receipt_id": receipt_id});
        ActionOutcome::Done { receipt: Receipt { receipt_id, body } }
    }

    async fn pass_secret(&self, _call: &ApiCall) -> ActionOutcome {
        ActionOutcome::NotFound
    }
}

fn ports(store: Option<&Store>, company: &Arc<Company>) -> Ports {
    let memory = Arc::new(MemoryLedger::new());
    Ports {
        ledger: store.map_or_else(|| memory.clone() as Arc<_>, Store::ledger),
        inbox: store.map_or_else(|| memory.clone() as Arc<_>, Store::inbox),
        attempts: memory,
        back_office: company.clone(),
        knowledge: Arc::new(NoKnowledge),
        model: None,
        clock: Arc::new(FixedClock::default()),
        live: Arc::new(NoPages),
    }
}

/// How many cancellations the limited company allows a customer within a day.
pub const ALLOWED: usize = 11;

/// Every cancellation needs two people.
const BY_TWO_RULE: &str = r#"@id("two") @reason("approval_needed")
forbid (principal, action == Action::"cancel_pending_order", resource) unless { context.approvals >= 2 };"#;

/// People who may approve.
pub const PEOPLE: [&str; 6] = ["Maja", "Ivan", "Nils", "Aino", "Omar", "Lea"];

/// Which company it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// As its pack is.
    Own,
    /// With a limit on cancellations.
    Limited,
    /// With two people for each cancellation.
    ByTwo,
}

/// One trained assistant for all tests of a company.
fn trained(rules: Rules) -> anyhow::Result<&'static Assistant> {
    static OWN: OnceLock<Option<Assistant>> = OnceLock::new();
    static LIMITED: OnceLock<Option<Assistant>> = OnceLock::new();
    static BY_TWO: OnceLock<Option<Assistant>> = OnceLock::new();
    let train = || {
        let mut files = ombud_testkit::pack_files().ok()?;
        if rules == Rules::Limited {
            let limit =
                format!("- id: cancellations\n  actions: [cancel_pending_order]\n  within: 24h\n  count: {ALLOWED}\n");
            files.insert("retail/policies/limits.yaml".to_owned(), limit);
        }
        if rules == Rules::ByTwo {
            files.insert("retail/policies/two.cedar".to_owned(), BY_TWO_RULE.to_owned());
        }
        let pack = Pack::parse("retail", &files).ok()?;
        Assistant::new(ports(None, &Arc::default()), Arc::new(pack), Settings::default()).ok()
    };
    let trained = match rules {
        Rules::Own => &OWN,
        Rules::Limited => &LIMITED,
        Rules::ByTwo => &BY_TWO,
    };
    trained.get_or_init(train).as_ref().context("the pack can be learnt")
}

/// Processes on one database.
pub struct House {
    pub company: Arc<Company>,
    assistants: Vec<Assistant>,
    stores: Vec<Store>,
    folder: Option<PathBuf>,
    principal: Principal,
}

impl House {
    /// An empty SQLite file, with two processes on it.
    pub async fn sqlite(test: &str, rules: Rules) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("controls-{test}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder)?;
        let url = format!("sqlite://{}", folder.join("ledger.db").display());
        Ok(Self { folder: Some(folder), ..Self::open(&url, rules).await? })
    }

    /// An empty PostgreSQL database; none, with a word, when there is no server.
    pub async fn postgres(test: &str, rules: Rules) -> anyhow::Result<Option<Self>> {
        let Some(server) = setting("OMBUD_TEST_POSTGRES_URL") else {
            say("PostgreSQL was left out: OMBUD_TEST_POSTGRES_URL is not set\n")?;
            return Ok(None);
        };
        let name = format!("controls_{test}");
        for sql in [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")] {
            let made = Command::new("psql").args([server.as_str(), "--quiet", "--command", &sql]).output();
            let made = made.context("PostgreSQL's `psql` can be started")?;
            ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        let (host, _) = server.rsplit_once('/').context("the address names a database")?;
        Self::open(&format!("{host}/{name}"), rules).await.map(Some)
    }

    async fn open(url: &str, rules: Rules) -> anyhow::Result<Self> {
        let company = Arc::new(Company::default());
        let (mut stores, mut assistants) = (Vec::new(), Vec::new());
        for number in 0..PROCESSES {
            let store = ombud_store::open(url).await?;
            let ports = ports(Some(&store), &company);
            // Ids of the one must not be those of the other.
            for _ in 0..number * 100_000 {
                ports.clock.fresh_id();
            }
            let settings = Settings { approvers: PEOPLE.iter().collect(), ..Settings::default() };
            assistants.push(trained(rules)?.beside(ports, settings));
            stores.push(store);
        }
        let session_id = SessionId(uuid::Uuid::from_u128(7));
        let principal = Principal { session_id, customer_id: None, level: IdentityLevel::Anonymous };
        Ok(Self { company, assistants, stores, folder: None, principal })
    }

    /// Switches of a process of their own, as the operator's.
    pub fn switchboard(&self) -> anyhow::Result<Switchboard> {
        let store = self.stores.first().context("there is a process")?;
        Ok(Switchboard::new(store.ledger(), TenantId("default".to_owned())))
    }

    /// One of the processes.
    pub fn assistant(&self, customer: usize) -> anyhow::Result<&Assistant> {
        self.assistants.get(customer % self.assistants.len()).context("there is a process")
    }

    /// What one of many customers' conversations says next, in the process that has it.
    pub async fn say(&self, (customer, id): (usize, ConversationId), text: &str) -> anyhow::Result<TurnReply> {
        let stimulus = Stimulus {
            conversation_id: id,
            principal: self.principal.clone(),
            address: None,
            input: Input::Message { text: Sensitive::new(text.to_owned()), seen_seq: None },
            idempotency: None,
        };
        Ok(self.assistant(customer)?.handle(stimulus).await?)
    }

    /// A conversation that waits for a yes.
    pub async fn proposed(&self, customer: usize) -> anyhow::Result<(usize, ConversationId)> {
        let id = self.assistant(customer)?.open(&self.principal, None, None).await?.id;
        self.say((customer, id), "please cancel order #W0000001, I ordered it by mistake").await?;
        let reply = self.say((customer, id), "ada@example.com").await?;
        match reply.awaiting.kind {
            AwaitingKind::Confirm => Ok((customer, id)),
            other => Err(anyhow!("no proposal but {other:?}")),
        }
    }

    /// Events of a conversation by kind, as the ledger has them.
    pub async fn kinds(&self, id: ConversationId) -> anyhow::Result<Vec<String>> {
        let store = self.stores.first().context("there is a process")?;
        let events = store.ledger().read(&TenantId("default".to_owned()), &StreamId::from(id), 0, 1_000).await?;
        Ok(events.into_iter().map(|event| event.kind).collect())
    }

    pub async fn close(self) {
        for store in &self.stores {
            store.shutdown().await;
        }
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}
