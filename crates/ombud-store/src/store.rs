//! How is the store opened, used and shut down?

use std::sync::Arc;

use ombud_domain::TenantId;
use ombud_ports::{Attempts, Inbox, Ledger, MoneyBooks};
use sqlx::Connection;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::attempts::SqlAttempts;
use crate::database::{Database, OpenError};
use crate::inbox::{SqlInbox, follow};
use crate::ledger::SqlLedger;
use crate::ledger::writer::Writer;
use crate::migration;
use crate::seal::sequencer::Sequencer;
use crate::vault::{Vault, VaultSettings};

/// Bounds of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections for reading at most.
    pub readers_max: u32,
    /// SQLite only: pages of the file at most; when they are used up the ledger stops writing.
    pub sqlite_pages_max: Option<u32>,
    /// Keys that personal text is sealed with; none to keep it plain.
    pub vault: Option<VaultSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { readers_max: 4, sqlite_pages_max: None, vault: None }
    }
}

/// An open store. Its tasks end when the store and everything it gave out are dropped, or at [`Store::shutdown`].
#[derive(Debug)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) vault: Vault,
    ledger: Arc<SqlLedger>,
    pub(crate) inbox: Arc<SqlInbox>,
    attempts: Arc<SqlAttempts>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Opens the store with default [`Settings`]: `sqlite:path/to/ledger.db` (made when absent) or `postgres://user:password@host/database`.
///
/// # Errors
/// [`OpenError`]; the operator can fix it.
pub async fn open(url: &str) -> Result<Store, OpenError> {
    open_with(url, &Settings::default()).await
}

/// Opens the store: connects, brings the schema up to date, starts the writer and the projector.
///
/// # Errors
/// [`OpenError`]; the operator can fix it.
pub async fn open_with(url: &str, settings: &Settings) -> Result<Store, OpenError> {
    let database = Database::connect(url, settings).await?;
    if let Err(error) = database.check().await {
        database.close().await;
        return Err(error);
    }
    let mut connection = database.durable.acquire().await.map_err(OpenError::Connect)?;
    migration::apply(&mut connection).await?;
    connection.ping().await.map_err(OpenError::Connect)?;
    drop(connection);
    let vault = match Vault::open(&database, settings.vault.as_ref()).await {
        Ok(vault) => vault,
        Err(error) => {
            database.close().await;
            return Err(error.into());
        }
    };

    let stop = CancellationToken::new();
    let guard: Arc<DropGuard> = Arc::new(stop.clone().drop_guard());
    let tasks = TaskTracker::new();
    let committed = Arc::new(Notify::new());
    let (writer, jobs, gate) = Writer::new(database.clone(), Arc::clone(&committed));
    tasks.spawn(writer.run(stop.clone()));
    let ledger = Arc::new(SqlLedger::new((database.clone(), vault.clone()), (jobs, gate), Arc::clone(&guard)));
    let inbox = Arc::new(SqlInbox::new((database.clone(), vault.clone()), Some(guard)));
    // The projector's own handle must not keep the store's tasks alive.
    let followed = SqlInbox::new_beside(&inbox);
    tasks.spawn(follow(followed, committed, stop.clone()));
    let attempts = Arc::new(SqlAttempts::new(database.clone()));
    Ok(Store { database, vault, ledger, inbox, attempts, tasks, stop })
}

impl Store {
    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.ledger) as Arc<dyn Ledger>
    }

    /// The books that the ledger keeps of money.
    #[must_use]
    pub fn books(&self) -> Arc<dyn MoneyBooks> {
        Arc::clone(&self.ledger) as Arc<dyn MoneyBooks>
    }

    /// The desk's inbox, a projection of the ledger.
    #[must_use]
    pub fn inbox(&self) -> Arc<dyn Inbox> {
        Arc::clone(&self.inbox) as Arc<dyn Inbox>
    }

    /// Counts of what may be tried only so often.
    #[must_use]
    pub fn attempts(&self) -> Arc<dyn Attempts> {
        Arc::clone(&self.attempts) as Arc<dyn Attempts>
    }

    /// Gives leaves of the Merkle log to the events of a company; `holder` names this process among all that share the database.
    #[must_use]
    pub fn sequencer(&self, tenant: &TenantId, holder: &str) -> Sequencer {
        Sequencer::new(self.database.clone(), tenant.clone(), holder.to_owned())
    }

    /// Whether personal text is sealed.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.vault.is_sealed()
    }

    /// Whether the ledger still writes; false after a failed commit and at shutdown.
    #[must_use]
    pub fn accepts_writes(&self) -> bool {
        self.ledger.accepts_writes()
    }

    /// Writes what is waiting, then stops; later writes are refused as stopped. Returns when all tasks have ended.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.database.close().await;
        self.vault.close().await;
    }
}
