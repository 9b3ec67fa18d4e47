//! How are the databases reached? One address, three pools: durable writes, writes that can be made again, reads.

use std::str::FromStr;
use std::sync::Arc;
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
        })
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
