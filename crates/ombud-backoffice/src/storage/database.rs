//! How is the database opened?

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const SCHEMA: &str = include_str!("../../migrations/0001_records.sql");
const SCHEMA_VERSION: i64 = 1;
const CONNECTIONS_MAX: u32 = 4;
const IN_MEMORY: &str = ":memory:";

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenDatabaseError {
    /// The file cannot be opened or is not a database.
    #[error(
        "cannot open the database `{path}`; give --db a file in a folder that exists and can be written, or `:memory:`"
    )]
    Open { path: String, source: sqlx::Error },
    /// The schema could not be made.
    #[error("cannot make the tables in `{path}`; give --db a new file")]
    Migrate { path: String, source: sqlx::Error },
    /// The file belongs to another version of the program.
    #[error(
        "the database `{path}` has schema {found}, this program writes schema {SCHEMA_VERSION}; give --db a new file"
    )]
    Version { path: String, found: i64 },
}

/// The open database. Writers take turns before they take a connection, so that readers always find one.
#[derive(Clone)]
pub struct Database {
    pool: SqlitePool,
    turns: Arc<Semaphore>,
}

/// A transaction that writes. Dropped without a commit, it undoes all.
pub struct Writing {
    pub transaction: Transaction<'static, Sqlite>,
    // After the transaction: fields are dropped in order, and the turn must end last.
    _turn: OwnedSemaphorePermit,
}

impl Writing {
    /// Makes all of it last.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Database {
    /// A connection to read with.
    pub async fn read(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.pool.acquire().await
    }

    /// Waits for its turn and begins to write.
    pub async fn write(&self) -> Result<Writing, sqlx::Error> {
        // The semaphore is never closed; if it were, the pool would be too.
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        Ok(Writing { transaction: self.pool.begin_with("BEGIN IMMEDIATE").await?, _turn: turn })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Opens the database and brings its tables up to date. `:memory:` lives on one connection that never closes.
///
/// # Errors
/// The file cannot be opened, or belongs to another version: the operator can fix it.
pub async fn open(path: &str) -> Result<Database, OpenDatabaseError> {
    let failed = |source| OpenDatabaseError::Open { path: path.to_owned(), source };
    let options = if path == IN_MEMORY {
        SqliteConnectOptions::from_str("sqlite::memory:").map_err(failed)?
    } else {
        SqliteConnectOptions::new().filename(path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal)
    };
    // A power cut may lose the last writes of a stand-in, never its consistency; that is worth not waiting for the
    // disk.
    let options = options
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(30))
        .optimize_on_close(false, None);
    let connections = if path == IN_MEMORY { 1 } else { CONNECTIONS_MAX };
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options)
        .await
        .map_err(failed)?;
    migrate(&pool, path).await?;
    Ok(Database { pool, turns: Arc::new(Semaphore::new(1)) })
}

async fn migrate(pool: &SqlitePool, path: &str) -> Result<(), OpenDatabaseError> {
    let failed = |source| OpenDatabaseError::Migrate { path: path.to_owned(), source };
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(failed)?;
    match found {
        0 => {
            let mut transaction = pool.begin().await.map_err(failed)?;
            sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await.map_err(failed)?;
            sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)
        }
        SCHEMA_VERSION => Ok(()),
        found => Err(OpenDatabaseError::Version { path: path.to_owned(), found }),
    }
}
