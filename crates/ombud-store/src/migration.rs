//! How does the schema come up to date, and back? By numbered pairs of scripts, applied once each, never changed afterwards.

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Row};

use crate::database::{OpenError, options};

struct Migration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

/// In order. Append only; a release runs with the schema of the next one (expand, backfill, contract).
const MIGRATIONS: [Migration; 9] = [
    Migration {
        name: "0001_ledger",
        up: include_str!("../migrations/0001_ledger.up.sql"),
        down: include_str!("../migrations/0001_ledger.down.sql"),
    },
    Migration {
        name: "0002_due",
        up: include_str!("../migrations/0002_due.up.sql"),
        down: include_str!("../migrations/0002_due.down.sql"),
    },
    Migration {
        name: "0003_attempts",
        up: include_str!("../migrations/0003_attempts.up.sql"),
        down: include_str!("../migrations/0003_attempts.down.sql"),
    },
    Migration {
        name: "0004_inbox_of_customer",
        up: include_str!("../migrations/0004_inbox_of_customer.up.sql"),
        down: include_str!("../migrations/0004_inbox_of_customer.down.sql"),
    },
    Migration {
        name: "0005_merkle_log",
        up: include_str!("../migrations/0005_merkle_log.up.sql"),
        down: include_str!("../migrations/0005_merkle_log.down.sql"),
    },
    Migration {
        name: "0006_vault",
        up: include_str!("../migrations/0006_vault.up.sql"),
        down: include_str!("../migrations/0006_vault.down.sql"),
    },
    Migration {
        name: "0007_effects",
        up: include_str!("../migrations/0007_effects.up.sql"),
        down: include_str!("../migrations/0007_effects.down.sql"),
    },
    Migration {
        name: "0008_approvals",
        up: include_str!("../migrations/0008_approvals.up.sql"),
        down: include_str!("../migrations/0008_approvals.down.sql"),
    },
    Migration {
        name: "0009_money",
        up: include_str!("../migrations/0009_money.up.sql"),
        down: include_str!("../migrations/0009_money.down.sql"),
    },
];

/// Why the schema cannot be changed; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A script failed; it was rolled back.
    #[error("migration `{name}` failed and was rolled back, see the cause")]
    Failed {
        /// The migration.
        name: &'static str,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The database was made by a script of this name with other content.
    #[error("migration `{name}` differs from the one this database was made with, use the release that made it")]
    Changed {
        /// The migration.
        name: &'static str,
    },
}

/// Applies what is missing; replicas may do so at the same time.
pub(crate) async fn apply(connection: &mut AnyConnection) -> Result<(), MigrationError> {
    for migration in &MIGRATIONS {
        let name = migration.name;
        let hash = hash_of(migration.up);
        let known =
            apply_one(connection, migration, &hash).await.map_err(|source| MigrationError::Failed { name, source })?;
        if known != hash {
            return Err(MigrationError::Changed { name });
        }
    }
    Ok(())
}

/// Takes back the last migration that is applied, with all its rows; gives its name.
///
/// # Errors
/// [`OpenError`] when the database cannot be reached or the script fails; the operator can fix it.
pub async fn revert_last(url: &str) -> Result<Option<&'static str>, OpenError> {
    let mut connection = options(url)?.connect().await.map_err(OpenError::Connect)?;
    for migration in MIGRATIONS.iter().rev() {
        let name = migration.name;
        let reverted = revert_one(&mut connection, migration)
            .await
            .map_err(|source| OpenError::Migration(MigrationError::Failed { name, source }))?;
        if reverted {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn hash_of(script: &str) -> String {
    hex::encode(Sha256::digest(script.as_bytes()))
}

/// Gives the hash that the database knows the migration by.
async fn apply_one(connection: &mut AnyConnection, migration: &Migration, hash: &str) -> Result<String, sqlx::Error> {
    make_meta(connection).await?;
    let mut transaction = connection.begin().await?;
    // The row is the lock: a second replica waits here until the first has committed, and then finds it taken.
    let claimed = sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(key_of(migration))
        .bind(hash)
        .execute(&mut *transaction)
        .await?;
    if claimed.rows_affected() == 1 {
        sqlx::raw_sql(migration.up).execute(&mut *transaction).await?;
        transaction.commit().await?;
        return Ok(hash.to_owned());
    }
    let row = sqlx::query("SELECT value FROM meta WHERE name = $1")
        .bind(key_of(migration))
        .fetch_one(&mut *transaction)
        .await?;
    transaction.rollback().await?;
    row.try_get(0)
}

async fn revert_one(connection: &mut AnyConnection, migration: &Migration) -> Result<bool, sqlx::Error> {
    make_meta(connection).await?;
    let mut transaction = connection.begin().await?;
    let released =
        sqlx::query("DELETE FROM meta WHERE name = $1").bind(key_of(migration)).execute(&mut *transaction).await?;
    if released.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    sqlx::raw_sql(migration.down).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// `IF NOT EXISTS` still fails on PostgreSQL when two replicas make the table in the same moment; the second try finds it made.
async fn make_meta(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    const SQL: &str = "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)";
    match sqlx::raw_sql(SQL).execute(&mut *connection).await {
        Ok(_) => Ok(()),
        Err(_) => sqlx::raw_sql(AssertSqlSafe(SQL)).execute(connection).await.map(drop),
    }
}

fn key_of(migration: &Migration) -> String {
    format!("migration.{}", migration.name)
}
