//! Where do data keys lie? In a database of their own, wrapped; none of it is in the ledger or in its backups.
//!
//! A root key wraps the data keys; the master key, which is never stored here, wraps the root. So another master is one row, whatever the number of
//! keys, and processes that run meanwhile notice nothing (test: `the_master_is_changed_under_load`).

use std::sync::Arc;

use ring::{digest, hmac};
use sqlx::{AnyPool, AssertSqlSafe, Connection as _};

use crate::database::{Database, Dialect};
use crate::sql::{failed, list, values};
use crate::store::Settings;
use crate::vault::cipher::{Cipher, CipherError, KEY_BYTES, KeyId, Place, random};
use crate::vault::{MasterKey, VaultError};

/// Keys erased in one statement at most.
const ERASED_MAX: usize = 500;
/// Tries to empty the write-ahead log, and the time between two of them.
const SCRUBS_MAX: usize = 20;
const SCRUB_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// Bytes of the root: what wraps data keys, and what makes names of customers unreadable in indexes.
const ROOT_BYTES: usize = 2 * KEY_BYTES;

const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS vault (one BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (one))",
    "CREATE TABLE IF NOT EXISTS roots (master TEXT NOT NULL, wrapped BYTEA NOT NULL, PRIMARY KEY (master))",
    "CREATE TABLE IF NOT EXISTS data_keys (id TEXT NOT NULL, wrapped BYTEA NOT NULL, PRIMARY KEY (id))",
];

/// The keys database, opened with its master key.
pub(crate) struct Keyring {
    database: Database,
    /// Which keys database this is; the ledger remembers it.
    pub id: String,
    wrapping: Cipher,
    index: hmac::Key,
}

/// A data key as it was found.
pub(crate) enum Found {
    Key(Arc<Cipher>),
    /// It was erased, for good.
    Erased,
    /// It was never in this database: an old copy of it was put back.
    Missing,
}

impl MasterKey {
    /// Names the key without telling it.
    fn name(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"ombud master key\0");
        context.update(&self.0);
        hex::encode(context.finish().as_ref().first_chunk::<8>().unwrap_or(&[0; 8]))
    }
}

impl Keyring {
    /// Opens the keys database; an empty one gets its root.
    pub(crate) async fn open(url: &str, master: &MasterKey) -> Result<Self, VaultError> {
        let database =
            Database::connect(url, &Settings::default()).await.map_err(|source| VaultError::Open(Box::new(source)))?;
        let (id, root) = match Self::root(&database, master).await {
            Ok(found) => found,
            Err(error) => {
                database.close().await;
                return Err(error);
            }
        };
        let (wrapping, index) = root.split_at_checked(KEY_BYTES).ok_or(VaultError::Damaged)?;
        Ok(Self {
            id,
            wrapping: Cipher::new(wrapping).map_err(|_| VaultError::Damaged)?,
            index: hmac::Key::new(hmac::HMAC_SHA256, index),
            database,
        })
    }

    async fn root(database: &Database, master: &MasterKey) -> Result<(String, Vec<u8>), VaultError> {
        let opening = failed("opening the keys database");
        let mut connection = database.durable.acquire().await.map_err(&opening)?;
        for sql in SCHEMA {
            sqlx::query(sql).execute(&mut *connection).await.map_err(&opening)?;
        }
        let mut transaction = connection.begin().await.map_err(&opening)?;
        let fresh = KeyId::fresh()?.to_text();
        // Of two who begin the database, the first row stands, and its lock makes the other wait for the root.
        let made = sqlx::query("INSERT INTO vault (one, id) VALUES (1, $1) ON CONFLICT (one) DO NOTHING");
        let is_new = made.bind(&fresh).execute(&mut *transaction).await.map_err(&opening)?.rows_affected() == 1;
        let cipher = Cipher::new(&master.0)?;
        if is_new {
            let root: [u8; ROOT_BYTES] = random()?;
            let wrapped = cipher.seal(fresh.as_bytes(), &root)?;
            let query = sqlx::query("INSERT INTO roots (master, wrapped) VALUES ($1, $2)");
            query.bind(master.name()).bind(wrapped).execute(&mut *transaction).await.map_err(&opening)?;
            transaction.commit().await.map_err(&opening)?;
            return Ok((fresh, root.to_vec()));
        }
        let row = sqlx::query_as::<_, (String, Vec<u8>)>(
            "SELECT vault.id, roots.wrapped FROM vault, roots WHERE vault.one = 1 AND roots.master = $1",
        );
        let row = row.bind(master.name()).fetch_optional(&mut *transaction).await.map_err(&opening)?;
        transaction.rollback().await.map_err(&opening)?;
        let (id, wrapped) = row.ok_or(VaultError::WrongMaster)?;
        let root = cipher.open(id.as_bytes(), &wrapped).map_err(|_| VaultError::Damaged)?;
        Ok((id, root))
    }

    /// Lets another master key open this database too; the one before does until [`Self::retire`].
    pub(crate) async fn admit(url: &str, now: &MasterKey, next: &MasterKey) -> Result<(), VaultError> {
        let ring = Self::open(url, now).await?;
        let (id, root) = Self::root(&ring.database, now).await?;
        let wrapped = Cipher::new(&next.0)?.seal(id.as_bytes(), &root)?;
        let query = sqlx::query("INSERT INTO roots (master, wrapped) VALUES ($1, $2) ON CONFLICT (master) DO NOTHING");
        let query = query.bind(next.name()).bind(wrapped).execute(&ring.database.durable).await;
        query.map_err(failed("admitting a master key"))?;
        ring.database.close().await;
        Ok(())
    }

    /// Makes this master key the only one; gives how many others no longer open the database.
    pub(crate) async fn retire(url: &str, now: &MasterKey) -> Result<u64, VaultError> {
        let ring = Self::open(url, now).await?;
        let gone = sqlx::query("DELETE FROM roots WHERE master <> $1").bind(now.name());
        let gone = gone.execute(&ring.database.durable).await.map_err(failed("retiring master keys"))?;
        ring.scrub().await?;
        ring.database.close().await;
        Ok(gone.rows_affected())
    }

    /// Makes data keys; they are durable when this returns.
    pub(crate) async fn make(&self, count: usize) -> Result<Vec<(KeyId, Cipher)>, VaultError> {
        let mut keys = Vec::with_capacity(count);
        let sql = format!("INSERT INTO data_keys (id, wrapped) VALUES {}", values(self.database.dialect, count, 2));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for _ in 0..count {
            let (id, key) = (KeyId::fresh()?, random::<KEY_BYTES>()?);
            let text = id.to_text();
            let wrapped = self.wrapping.seal(text.as_bytes(), &key)?;
            query = query.bind(text).bind(wrapped);
            keys.push((id, Cipher::new(&key)?));
        }
        query.execute(&self.database.durable).await.map_err(failed("making data keys"))?;
        Ok(keys)
    }

    pub(crate) async fn find(&self, id: KeyId) -> Result<Found, VaultError> {
        let text = id.to_text();
        let row = sqlx::query_as::<_, (Vec<u8>,)>("SELECT wrapped FROM data_keys WHERE id = $1").bind(&text);
        let row = row.fetch_optional(self.reads()).await.map_err(failed("reading a data key"))?;
        match row {
            None => Ok(Found::Missing),
            Some((wrapped,)) if wrapped.is_empty() => Ok(Found::Erased),
            Some((wrapped,)) => {
                let key =
                    self.wrapping.open(text.as_bytes(), &wrapped).map_err(|_: CipherError| VaultError::Damaged)?;
                Ok(Found::Key(Arc::new(Cipher::new(&key)?)))
            }
        }
    }

    /// Throws keys away for good; gives how many there were.
    pub(crate) async fn erase(&self, ids: &[KeyId]) -> Result<u64, VaultError> {
        let mut erased = 0;
        for ids in ids.chunks(ERASED_MAX) {
            let sql =
                format!("UPDATE data_keys SET wrapped = $1 WHERE wrapped <> $1 AND id IN ({})", list(2, ids.len()));
            let query = sqlx::query(AssertSqlSafe(sql)).bind(Vec::<u8>::new());
            let query = ids.iter().fold(query, |query, id| query.bind(id.to_text()));
            let done = query.execute(&self.database.durable).await.map_err(failed("erasing data keys"))?;
            erased += done.rows_affected();
        }
        // Whoever was interrupted before the files were scrubbed calls again, and finds nothing to erase.
        if erased > 0 || self.database.dialect == Dialect::Sqlite {
            self.scrub().await?;
        }
        Ok(erased)
    }

    /// Seals a text that is not about a conversation with the key that wraps the others.
    pub(crate) fn seal_note(&self, place: &str, text: &str) -> Result<String, VaultError> {
        Ok(self.wrapping.seal_text(KeyId::of_notes(), &Place::Note(place), text)?)
    }

    pub(crate) fn open_note(&self, place: &str, stored: &str) -> Result<String, VaultError> {
        Ok(self.wrapping.open_text(KeyId::of_notes(), &Place::Note(place), stored)?)
    }

    /// What was overwritten goes from the files too.
    async fn scrub(&self) -> Result<(), VaultError> {
        Ok(self.database.scrub(&["roots", "data_keys"]).await?)
    }

    /// How a customer's id stands in indexes: the same id gives the same text, and nobody without the root can try ids out.
    pub(crate) fn tag(&self, tenant: &str, customer: &str) -> String {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(&tenant.len().to_be_bytes());
        context.update(tenant.as_bytes());
        context.update(customer.as_bytes());
        format!("h1.{}", hex::encode(context.sign().as_ref().first_chunk::<16>().unwrap_or(&[0; 16])))
    }

    fn reads(&self) -> &AnyPool {
        &self.database.reads
    }

    pub(crate) async fn close(&self) {
        self.database.close().await;
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keyring").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Database {
    /// Empties the write-ahead log and gives freed pages back, so that what was overwritten is in no file; on PostgreSQL, the dead rows of these tables go.
    pub(crate) async fn scrub(&self, tables: &[&str]) -> Result<(), ombud_ports::StoreError> {
        let scrubbing = failed("scrubbing the database's files");
        match self.dialect {
            Dialect::Sqlite => {
                // `secure_delete` has overwritten freed pages; what remains are the copies in the write-ahead log, which readers may hold for a moment.
                for _ in 0..SCRUBS_MAX {
                    let _turn = self.write_turn.lock().await;
                    let query = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
                    let row = query.fetch_one(&self.sealing).await.map_err(&scrubbing)?;
                    if crate::sql::column::<i64, _>(&row, 0, "state of the write-ahead log")? == 0 {
                        return Ok(());
                    }
                    tokio::time::sleep(SCRUB_PAUSE).await;
                }
                let source = "others kept reading; call again".into();
                return Err(ombud_ports::StoreError::Database { doing: "scrubbing the database's files", source });
            }
            Dialect::Postgres => {
                for table in tables {
                    let sql = format!("VACUUM (FULL) {table}");
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.sealing).await.map_err(&scrubbing)?;
                }
            }
        }
        Ok(())
    }
}
