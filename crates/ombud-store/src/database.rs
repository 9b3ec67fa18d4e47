//! How are the databases reached? One address, three pools: durable writes, writes that can be made again, reads.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions};
use tokio::sync::Mutex;

use crate::migration::MigrationError;
use crate::store::Settings;

/// Which database an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Why the store cannot be opened; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is of no kind that is known.
    #[error("a database address begins with `sqlite:` or `postgres:`, correct it")]
    Address(#[source] Option<sqlx::Error>),
    /// The address names a database in memory, which no second connection can see.
    #[error("a ledger in memory is lost at exit, name a file instead")]
    InMemory,
    /// No connection.
    #[error("the database cannot be opened, check its address, rights and disk")]
    Connect(#[source] sqlx::Error),
    /// The file is not what was written to it.
    #[error(
        "the database file is damaged ({what}), nothing was changed in it: keep a copy, look at the disk, put back the newest backup, and run `ombud prove` on it"
    )]
    Damaged {
        /// What does not fit.
        what: String,
    },
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The keys of the ledger.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
}

/// The pools of one database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub dialect: Dialect,
    /// Ledger writes: one connection, every commit flushed to disk.
    pub durable: AnyPool,
    /// Writes that a restart makes again (projections, delivery marks): one connection.
    pub derived: AnyPool,
    /// The Merkle log: one connection, flushed to disk, because what was signed cannot be made again with other salts. Opened when it is used.
    pub sealing: AnyPool,
    /// Reads; refuses writes on SQLite.
    pub reads: AnyPool,
    /// SQLite lets one connection write at a time and makes the second sleep and retry; waiting here is fair and wakes at once.
    pub write_turn: Arc<Mutex<()>>,
    /// Whether anything may be written.
    pub writes: Arc<AtomicBool>,
}

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

impl Dialect {
    pub(crate) fn of(url: &str) -> Result<Self, OpenError> {
        match url.split_once(':') {
            Some(("sqlite", rest)) if rest.contains(":memory:") || rest.contains("mode=memory") => {
                Err(OpenError::InMemory)
            }
            Some(("sqlite", _)) => Ok(Self::Sqlite),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres),
            _ => Err(OpenError::Address(None)),
        }
    }
}

/// Connection options of an address; a SQLite file is made when absent.
pub(crate) fn options(url: &str) -> Result<AnyConnectOptions, OpenError> {
    sqlx::any::install_default_drivers();
    let url = match (Dialect::of(url)?, url.contains("mode=")) {
        (Dialect::Sqlite, false) if url.contains('?') => format!("{url}&mode=rwc"),
        (Dialect::Sqlite, false) => format!("{url}?mode=rwc"),
        _ => url.to_owned(),
    };
    let options = AnyConnectOptions::from_str(&url).map_err(|error| OpenError::Address(Some(error)))?;
    Ok(options.disable_statement_logging())
}

/// The same for reading only; a SQLite file is not made.
pub(crate) fn reading_options(url: &str) -> Result<AnyConnectOptions, OpenError> {
    let is_sqlite = Dialect::of(url)? == Dialect::Sqlite;
    let url = match url.split_once('?') {
        _ if !is_sqlite => url.to_owned(),
        Some((file, _)) => format!("{file}?mode=ro"),
        None => format!("{url}?mode=ro"),
    };
    options(&url)
}

/// What a SQLite connection is told first. `synchronous = FULL` flushes the write-ahead log at every commit; `NORMAL` may lose the last
/// commits at a power cut but never their order, which is enough for what can be made again (sqlite.org/pragma.html#pragma_synchronous).
fn pragmas(synchronous: &str, settings: &Settings) -> String {
    let mut sql = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
    );
    if let Some(pages) = settings.sqlite_pages_max {
        sql.push_str(&format!(" PRAGMA max_page_count = {pages};"));
    }
    sql
}

async fn pool(options: &AnyConnectOptions, connections: u32, first: Option<String>) -> Result<AnyPool, OpenError> {
    pool_options(connections, first).min_connections(1).connect_with(options.clone()).await.map_err(OpenError::Connect)
}

fn lazy_pool(options: &AnyConnectOptions, connections: u32, first: Option<String>) -> AnyPool {
    pool_options(connections, first).connect_lazy_with(options.clone())
}

fn pool_options(connections: u32, first: Option<String>) -> AnyPoolOptions {
    let first: Option<Arc<str>> = first.map(Into::into);
    // A lost PostgreSQL connection is found before it is used; a SQLite connection is a file in this process.
    let network = first.is_none();
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(network)
        .max_lifetime(None)
        .idle_timeout(None)
        .after_connect(move |connection, _| {
            let first = first.clone();
            Box::pin(async move {
                if let Some(sql) = first {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
                }
                Ok(())
            })
        })
}

impl Database {
    pub(crate) async fn connect(url: &str, settings: &Settings) -> Result<Self, OpenError> {
        let options = options(url)?;
        let dialect = Dialect::of(url)?;
        let first =
            |synchronous: &str, also: &str| (dialect == Dialect::Sqlite).then(|| pragmas(synchronous, settings) + also);
        Ok(Self {
            dialect,
            durable: pool(&options, 1, first("FULL", "")).await?,
            derived: pool(&options, 1, first("NORMAL", "")).await?,
            sealing: lazy_pool(&options, 1, first("FULL", "")),
            reads: pool(&options, settings.readers_max.max(1), first("NORMAL", "PRAGMA query_only = ON;")).await?,
            write_turn: Arc::default(),
            writes: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Whether the file is whole, as far as SQLite can tell from its pages; PostgreSQL looks after its own.
    ///
    /// # Errors
    /// [`OpenError::Damaged`]; the operator can fix it.
    pub(crate) async fn check(&self) -> Result<(), OpenError> {
        if self.dialect == Dialect::Postgres {
            return Ok(());
        }
        let found = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&self.reads).await;
        match found {
            Ok(found) if found == "ok" => Ok(()),
            Ok(what) => Err(OpenError::Damaged { what }),
            // SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html).
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| matches!(code.as_ref(), "11" | "26")) =>
            {
                Err(OpenError::Damaged { what: error.message().to_owned() })
            }
            Err(error) => Err(OpenError::Connect(error)),
        }
    }

    /// Writes nothing more. On SQLite all that would be written lies in the one file of which nobody knows what the disk holds.
    ///
    /// INVARIANT: after a failed flush no byte is written until the next start (test: `a_full_disk_stops_the_ledger_and_reads_go_on`).
    pub(crate) fn stop_writing(&self) {
        self.writes.store(false, Ordering::Release);
        if self.dialect == Dialect::Sqlite {
            // They count as closed from here on, whoever waits for their end.
            drop(self.derived.close());
            drop(self.sealing.close());
        }
    }

    pub(crate) async fn close(&self) {
        self.reads.close().await;
        self.sealing.close().await;
        self.derived.close().await;
        self.durable.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_which_database_it_is() {
        assert_eq!(Dialect::of("sqlite:ledger.db").unwrap(), Dialect::Sqlite);
        assert_eq!(Dialect::of("postgres://localhost/ombud").unwrap(), Dialect::Postgres);
        assert_eq!(Dialect::of("postgresql://localhost/ombud").unwrap(), Dialect::Postgres);
        assert!(matches!(Dialect::of("sqlite::memory:"), Err(OpenError::InMemory)));
        assert!(matches!(Dialect::of("sqlite:file:x?mode=memory&cache=shared"), Err(OpenError::InMemory)));
        assert!(matches!(Dialect::of("mysql://localhost"), Err(OpenError::Address(None))));
        assert!(matches!(Dialect::of("ledger.db"), Err(OpenError::Address(None))));
    }
}
