//! How does personal text stay unreadable without a key that lies elsewhere? Each conversation is sealed with a key of its own.
//!
//! Read in this order: `vault/cipher.rs` (one text), `vault/keyring.rs` (where keys lie), this file (which key a commit gets), [`erasure`] (how
//! keys go). INVARIANT: a key is durable before the first commit that is sealed with it (test: `a_key_is_durable_before_what_it_seals`).

pub(crate) mod cipher;
pub mod erasure;
pub(crate) mod keyring;

use std::sync::Arc;

use moka::sync::Cache;
use ombud_domain::{JsonText, RecordedEvent, StreamId, StreamKind, TenantId};
use ombud_ports::{AppendError, Commit, InboxRow, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::database::{Database, OpenError};
use crate::ledger::money;
use crate::sql::{column, failed};
use crate::vault::cipher::{Cipher, CipherError, KEY_BYTES, KeyId, Place};
use crate::vault::keyring::{Found, Keyring};

/// Keys made in one write: only every so many new conversations wait for the disk of the keys database.
const STOCK: usize = 64;
/// Keys, and streams with their key, kept in memory.
const KNOWN_MAX: u64 = 8_192;

/// The key that opens the keys database: 32 bytes that are kept apart from everything else.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(pub(crate) [u8; KEY_BYTES]);

impl MasterKey {
    /// Makes a key.
    ///
    /// # Errors
    /// [`VaultError::Random`].
    pub fn fresh() -> Result<Self, VaultError> {
        Ok(Self(cipher::random()?))
    }

    /// Reads 64 hexadecimal digits; blanks around them do not count.
    ///
    /// # Errors
    /// [`VaultError::NoMaster`].
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| VaultError::NoMaster)?;
        Ok(Self(key))
    }

    /// The text that [`Self::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> String {
        hex::encode(self.0)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(***)")
    }
}

/// Where the keys of a ledger are, and what opens them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSettings {
    /// Address of the keys database, as that of the ledger; another one.
    pub keys_url: String,
    /// What opens it.
    pub master: MasterKey,
}

/// Why the vault cannot be used; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key that is none.
    #[error("a master key is 64 hexadecimal digits, make one with `ombud keys master FILE`")]
    NoMaster,
    /// The keys database cannot be opened.
    #[error("the keys database cannot be opened, check `privacy.keys_url`")]
    Open(#[source] Box<OpenError>),
    /// Another master key.
    #[error(
        "this master key does not open the keys database: give the one it was made with, or the one it was changed to; nothing was changed"
    )]
    WrongMaster,
    /// The ledger was sealed with other keys.
    #[error(
        "these are not the keys of this ledger: set `privacy.keys_url` to the keys database it was first opened with; nothing was changed"
    )]
    OtherKeys,
    /// The ledger is sealed and there is no master key.
    #[error(
        "this ledger is sealed: set `privacy.master_key_file` and `privacy.keys_url` as they were; nothing was changed"
    )]
    NoKeys,
    /// A wrapped key cannot be unwrapped.
    #[error("a key in the keys database is damaged, restore it from a backup")]
    Damaged,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for keys")]
    Random,
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CipherError> for VaultError {
    fn from(error: CipherError) -> Self {
        match error {
            CipherError::Random => Self::Random,
            CipherError::Forged => Self::Damaged,
        }
    }
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error,
            other => Self::Database { doing: "using the keys database", source: Box::new(other) },
        }
    }
}

/// Lets another master key open a keys database; processes that have it open notice nothing.
///
/// # Errors
/// [`VaultError`]; nothing was changed.
pub async fn admit_master(settings: &VaultSettings, next: &MasterKey) -> Result<(), VaultError> {
    Keyring::admit(&settings.keys_url, &settings.master, next).await
}

/// Makes the given master key the only one of a keys database; gives how many others open it no longer.
///
/// # Errors
/// [`VaultError`]; nothing was changed.
pub async fn retire_masters(settings: &VaultSettings) -> Result<u64, VaultError> {
    Keyring::retire(&settings.keys_url, &settings.master).await
}

/// Seals what is written and opens what is read. Without keys it leaves text as it is.
#[derive(Debug, Clone)]
pub(crate) struct Vault(Option<Arc<Keys>>);

struct Keys {
    ring: Keyring,
    ledger: Database,
    stock: Mutex<Vec<(KeyId, Cipher)>>,
    ciphers: Cache<KeyId, Option<Arc<Cipher>>>,
    streams: Cache<(TenantId, StreamId), KeyId>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("ring", &self.ring).finish_non_exhaustive()
    }
}

/// Row texts of the inbox that tell about a customer, sealed as one.
#[derive(Serialize, Deserialize)]
struct Personal {
    customer_id: Option<String>,
    customer_name: Option<String>,
    summary: Option<String>,
    last_message: String,
}

/// What a sealed text turned out to be.
pub(crate) enum Opened {
    Text(String),
    Erased,
}

impl Vault {
    /// The vault of a ledger: the keys it was first opened with, and no others.
    pub(crate) async fn open(ledger: &Database, settings: Option<&VaultSettings>) -> Result<Self, VaultError> {
        let reading = failed("reading which keys the ledger has");
        let home = sqlx::query_as::<_, (String,)>("SELECT id FROM vault_homes");
        let home = home.fetch_optional(&ledger.durable).await.map_err(&reading)?;
        let Some(settings) = settings else {
            return if home.is_some() { Err(VaultError::NoKeys) } else { Ok(Self(None)) };
        };
        let ring = Keyring::open(&settings.keys_url, &settings.master).await?;
        match home {
            Some((id,)) if id != ring.id => {
                ring.close().await;
                return Err(VaultError::OtherKeys);
            }
            Some(_) => {}
            None => claim(ledger, &ring).await?,
        }
        Ok(Self(Some(Arc::new(Keys {
            ring,
            ledger: ledger.clone(),
            stock: Mutex::new(Vec::new()),
            ciphers: Cache::builder().max_capacity(KNOWN_MAX).build(),
            streams: Cache::builder().max_capacity(KNOWN_MAX).support_invalidation_closures().build(),
        }))))
    }

    pub(crate) const fn is_sealed(&self) -> bool {
        self.0.is_some()
    }

    /// Seals a commit: payloads, what it overwrites, and the stored reply, each for its place.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] for a stream that was erased: whoever writes has not seen it, and must not bring back what he remembers.
    pub(crate) async fn seal(&self, commit: &mut Commit) -> Result<(), AppendError> {
        let Some(keys) = self.0.as_ref().filter(|_| is_personal(&commit.stream)) else { return Ok(()) };
        let key = keys.of_stream(&commit.tenant, &commit.stream, commit.expected_version).await?;
        let (id, cipher) = key.ok_or(AppendError::Conflict)?;
        let (tenant, kind, stream) = (commit.tenant.as_str(), commit.stream.kind.as_str(), commit.stream.id.as_str());
        let seal = |place: Place<'_>, text: &str| -> Result<String, StoreError> {
            Ok(cipher.seal_text(id, &place, text).map_err(VaultError::from)?)
        };
        for (version, event) in (commit.expected_version.saturating_add(1)..).zip(&mut commit.events) {
            let place = Place::Event(tenant, kind, stream, version);
            event.payload = JsonText::stored(seal(place, event.payload.as_str())?);
        }
        for (version, payload) in commit.shredding.iter_mut().flat_map(|shredding| &mut shredding.events) {
            *payload = JsonText::stored(seal(Place::Event(tenant, kind, stream, *version), payload.as_str())?);
        }
        if let Some(reply) = &mut commit.reply {
            // The hash of a short message can be tried out, so it is sealed with the answer.
            let both = format!("{}{}", reply.body_hash, reply.response.as_str());
            reply.response = JsonText::stored(seal(Place::Reply(tenant, &reply.scope, &reply.key), &both)?);
            reply.body_hash = reply.body_hash.len().to_string();
        }
        Ok(())
    }

    /// The text at a place; plain text is given as it is.
    pub(crate) async fn open_text(&self, place: Place<'_>, stored: String) -> Result<Opened, StoreError> {
        let Some(id) = KeyId::of_sealed(&stored) else { return Ok(Opened::Text(stored)) };
        let Some(keys) = &self.0 else { return Err(VaultError::NoKeys.into()) };
        let Some(cipher) = keys.cipher(id).await? else { return Ok(Opened::Erased) };
        cipher.open_text(id, &place, &stored).map(Opened::Text).map_err(|_| StoreError::Corrupt { what: "sealed text" })
    }

    /// An event with its payload opened; that of an erased one says so.
    pub(crate) async fn event(&self, tenant: &TenantId, event: RawEvent) -> Result<RecordedEvent, StoreError> {
        let RawEvent { mut event, stored } = event;
        let (kind, id) = (event.stream.kind.as_str(), event.stream.id.as_str());
        let place = Place::Event(tenant.as_str(), kind, id, event.version);
        event.payload = match self.open_text(place, stored).await? {
            Opened::Text(text) => serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "event" })?,
            Opened::Erased => RecordedEvent::erased_payload(),
        };
        Ok(event)
    }

    /// A row of the inbox as it is stored: what tells about the customer is sealed, his id can be looked for. None when the conversation is erased.
    pub(crate) async fn seal_row(&self, tenant: &TenantId, row: &InboxRow) -> Result<Option<InboxRow>, StoreError> {
        let Some(keys) = &self.0 else { return Ok(Some(row.clone())) };
        let personal = Personal {
            customer_id: row.customer_id.clone(),
            customer_name: row.customer_name.clone(),
            summary: row.summary.clone(),
            last_message: row.last_message.clone(),
        };
        let text = serde_json::to_string(&personal).map_err(|_| StoreError::Corrupt { what: "inbox row" })?;
        let stream = StreamId { kind: StreamKind::Conversation, id: row.conversation_id.clone() };
        let Some((id, cipher)) = keys.of_stream(tenant, &stream, 1).await? else { return Ok(None) };
        let place = Place::Inbox(tenant.as_str(), &row.conversation_id);
        Ok(Some(InboxRow {
            customer_id: row.customer_id.as_deref().map(|customer| self.tag(tenant, customer)),
            customer_name: None,
            summary: None,
            last_message: cipher.seal_text(id, &place, &text).map_err(VaultError::from)?,
            ..row.clone()
        }))
    }

    /// The row that was sealed; none when it was erased.
    pub(crate) async fn open_row(&self, tenant: &TenantId, row: InboxRow) -> Result<Option<InboxRow>, StoreError> {
        if KeyId::of_sealed(&row.last_message).is_none() {
            return Ok(Some(row));
        }
        let place = Place::Inbox(tenant.as_str(), &row.conversation_id);
        let Opened::Text(text) = self.open_text(place, row.last_message.clone()).await? else { return Ok(None) };
        let personal: Personal = serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "inbox row" })?;
        let Personal { customer_id, customer_name, summary, last_message } = personal;
        Ok(Some(InboxRow { customer_id, customer_name, summary, last_message, ..row }))
    }

    /// How a customer's id stands in columns that are searched.
    pub(crate) fn tag(&self, tenant: &TenantId, customer: &str) -> String {
        self.0.as_ref().map_or_else(|| customer.to_owned(), |keys| keys.ring.tag(tenant.as_str(), customer))
    }

    /// Throws keys away, here and in the keys database.
    pub(crate) async fn erase(&self, ids: &[KeyId]) -> Result<u64, StoreError> {
        let Some(keys) = self.0.as_ref().filter(|_| !ids.is_empty()) else { return Ok(0) };
        let erased = keys.ring.erase(ids).await?;
        self.forget(ids);
        Ok(erased)
    }

    /// A short text that is not about a conversation, for a row of the ledger's database.
    pub(crate) fn seal_note(&self, place: &str, text: &str) -> Result<String, StoreError> {
        self.0.as_ref().map_or_else(|| Ok(text.to_owned()), |keys| Ok(keys.ring.seal_note(place, text)?))
    }

    /// The text of [`Self::seal_note`].
    pub(crate) fn open_note(&self, place: &str, stored: &str) -> Result<String, StoreError> {
        let keys = self.0.as_ref().filter(|_| KeyId::of_sealed(stored).is_some());
        keys.map_or_else(|| Ok(stored.to_owned()), |keys| Ok(keys.ring.open_note(place, stored)?))
    }

    /// Forgets keys that this process has in memory.
    pub(crate) fn forget(&self, ids: &[KeyId]) {
        let Some(keys) = &self.0 else { return };
        for id in ids {
            keys.ciphers.invalidate(id);
        }
        let gone = ids.to_vec();
        // What this misses while it works still leads to a key that is gone.
        drop(keys.streams.invalidate_entries_if(move |_, id| gone.contains(id)));
    }

    pub(crate) async fn close(&self) {
        if let Some(keys) = &self.0 {
            keys.ring.close().await;
        }
    }
}

/// Streams about a customer are sealed; what was erased and why, and what people switch off, must stay readable, and holds nothing of customers.
fn is_personal(stream: &StreamId) -> bool {
    !matches!(stream.kind, StreamKind::Privacy | StreamKind::Control)
}

/// Notes in the ledger which keys it has; its inbox is made again, sealed, and effects no longer say for whom: from now on they say it by a tag. The books
/// are written once more with tags, since they must go on. All of it or nothing: a tag of a tag would lead nowhere.
async fn claim(ledger: &Database, ring: &Keyring) -> Result<(), VaultError> {
    let claiming = failed("noting which keys the ledger has");
    let _turn = ledger.write_turn.lock().await;
    let mut transaction = ledger.durable.begin().await.map_err(&claiming)?;
    for sql in [
        "DELETE FROM inbox_2 WHERE $1 = $1",
        "DELETE FROM subjects WHERE $1 = $1",
        "DELETE FROM projections WHERE $1 = $1",
        "UPDATE effects SET customer_id = '' WHERE $1 = $1",
    ] {
        sqlx::query(sql).bind(ring.id.as_str()).execute(&mut *transaction).await.map_err(&claiming)?;
    }
    money::seal_all(&mut transaction, ring).await?;
    let query = sqlx::query("INSERT INTO vault_homes (id) VALUES ($1)").bind(ring.id.as_str());
    query.execute(&mut *transaction).await.map_err(&claiming)?;
    transaction.commit().await.map_err(&claiming)?;
    Ok(())
}

/// An event as it is stored.
pub(crate) struct RawEvent {
    /// The event with no payload yet.
    pub event: RecordedEvent,
    /// Its payload, plain or sealed.
    pub stored: String,
}

impl Keys {
    /// The key of a stream: that of its last event, or one from the stock; none when it was erased.
    async fn of_stream(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        version: i64,
    ) -> Result<Option<(KeyId, Arc<Cipher>)>, StoreError> {
        let place = (tenant.clone(), stream.clone());
        let known = self.streams.get(&place);
        let known = match known {
            None if version > 0 => self.of_last_event(tenant, stream).await?,
            known => known,
        };
        let (id, cipher) = match known {
            Some(id) => match self.cipher(id).await? {
                Some(cipher) => (id, cipher),
                None => return Ok(None),
            },
            None => self.fresh().await?,
        };
        self.streams.insert(place, id);
        Ok(Some((id, cipher)))
    }

    async fn of_last_event(&self, tenant: &TenantId, stream: &StreamId) -> Result<Option<KeyId>, StoreError> {
        let row = sqlx::query(
            "SELECT payload FROM events WHERE tenant = $1 AND stream_kind = $2 AND stream_id = $3 ORDER BY version DESC LIMIT 1",
        )
        .bind(tenant.as_str())
        .bind(stream.kind.as_str())
        .bind(stream.id.as_str())
        .fetch_optional(&self.ledger.reads)
        .await
        .map_err(failed("looking for the key of a stream"))?;
        let Some(row) = row else { return Ok(None) };
        Ok(KeyId::of_sealed(column(&row, 0, "event")?))
    }

    /// A key that nothing was sealed with; durable already.
    async fn fresh(&self) -> Result<(KeyId, Arc<Cipher>), StoreError> {
        let mut stock = self.stock.lock().await;
        if stock.is_empty() {
            *stock = self.ring.make(STOCK).await?;
        }
        let (id, cipher) = stock.pop().ok_or(VaultError::Damaged)?;
        let cipher = Arc::new(cipher);
        self.ciphers.insert(id, Some(Arc::clone(&cipher)));
        Ok((id, cipher))
    }

    /// A key; none when it was erased.
    async fn cipher(&self, id: KeyId) -> Result<Option<Arc<Cipher>>, StoreError> {
        if let Some(known) = self.ciphers.get(&id) {
            return Ok(known);
        }
        let found = match self.ring.find(id).await? {
            Found::Key(cipher) => Some(cipher),
            Found::Erased => None,
            Found::Missing => return Err(StoreError::Corrupt { what: "key of a conversation" }),
        };
        self.ciphers.insert(id, found.clone());
        Ok(found)
    }
}
