//! Is the ledger as it was signed? Every leaf is made again from the rows of its event, every root from the leaves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use ombud_domain::TenantId;
use ombud_ports::StoreError;
use ombud_proof::merkle::Frontier;
use ombud_proof::{Checkpoint, Hash, LogVerifier, ShreddingLeaf, TILE_WIDTH, Tile, commitment};
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

use crate::database::{Dialect, OpenError, reading_options};
use crate::seal::SealError;
use crate::seal::checkpoints::Notes;
use crate::seal::entries::{Entry, EntryKind, NO_SALT};
use crate::seal::rows::{self, EventRow, Head};
use crate::seal::sequencer::leaf_of;
use crate::sql::failed;

/// Rows read at once.
const PAGE: i64 = 1000;
/// Faults told of at most; the log is read to its end all the same.
const FAULTS_MAX: usize = 100;
/// A database that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The Merkle log of a database, for reading only.
#[derive(Debug)]
pub struct LogReader {
    pub(crate) pool: AnyPool,
    pub(crate) tenant: TenantId,
    dialect: Dialect,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Leaves of the log.
    pub leaves: u64,
    /// Of these, events.
    pub events: u64,
    /// Of these, shreddings.
    pub shreddings: u64,
    /// Committed events that have no leaf yet; nothing shows whether they were changed.
    pub events_without_leaf: u64,
    /// Shreddings that have no leaf yet.
    pub shreddings_without_leaf: u64,
    /// Leaves behind the last checkpoint: whoever can write to the database can still make them anew.
    pub leaves_unsigned: u64,
    /// Checkpoints that were believed.
    pub checkpoints: usize,
    /// The last of them.
    pub last: Option<Checkpoint>,
    /// What does not fit, in the order of the log; at most 100.
    pub faults: Vec<Fault>,
    /// How many there are.
    pub faults_count: u64,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A file in the folder is no checkpoint of the key.
    #[error("checkpoint `{file}`: {source}")]
    Checkpoint {
        /// Which file.
        file: String,
        /// Why.
        #[source]
        source: ombud_proof::NoteError,
    },
    /// Two checkpoints of one size.
    #[error("checkpoint `{file}`: another root was signed for {size} leaves too, the log was forked")]
    Forked {
        /// Which file.
        file: String,
        /// Leaves.
        size: u64,
    },
    /// The leaves do not give the root that was signed.
    #[error(
        "checkpoint `{file}`: the {size} leaves give another root; it was changed between leaf {after} and leaf {size}, or forked"
    )]
    Root {
        /// Which file.
        file: String,
        /// Leaves.
        size: u64,
        /// Leaves of the last checkpoint that fits.
        after: u64,
    },
    /// There are fewer leaves than were signed.
    #[error("checkpoint `{file}`: {size} leaves were signed and {found} are there, the end is missing")]
    Truncated {
        /// Which file.
        file: String,
        /// Leaves.
        size: u64,
        /// Leaves found.
        found: u64,
    },
    /// An event is gone.
    #[error("event {position}: missing, it was leaf {leaf}")]
    Missing {
        /// Position.
        position: i64,
        /// Its leaf.
        leaf: u64,
    },
    /// An event that has no leaf stands among those that have.
    #[error("event {position}: inserted, no leaf was made of it when it should have been written")]
    Inserted {
        /// Position.
        position: i64,
    },
    /// A payload is another one.
    #[error("event {position}: its payload was changed, leaf {leaf}")]
    Payload {
        /// Position.
        position: i64,
        /// Its leaf.
        leaf: u64,
    },
    /// Another column is another one.
    #[error("event {position}: its stream, version, kind or time was changed, or its leaf {leaf} was")]
    Columns {
        /// Position.
        position: i64,
        /// Its leaf.
        leaf: u64,
    },
    /// A salt is gone without a shredding.
    #[error("event {position}: the salt of its leaf {leaf} is gone, and nothing says that it was shredded")]
    Unshredded {
        /// Position.
        position: i64,
        /// Its leaf.
        leaf: u64,
    },
    /// A shredding does not fit its leaf, or has none, or no commit that made it.
    #[error("event {position}: the shredding of it by event {by_position} does not fit the log")]
    Shredding {
        /// Position.
        position: i64,
        /// The commit's last event.
        by_position: i64,
    },
    /// The hashes or entries that the log keeps are not those of its leaves.
    #[error("the log's own tables: {what} {number} was changed")]
    Table {
        /// What.
        what: &'static str,
        /// Which.
        number: u64,
    },
}

impl LogReader {
    /// Opens a database without changing anything in it.
    ///
    /// # Errors
    /// [`OpenError`]; the operator can fix it.
    pub async fn open(url: &str, tenant: TenantId) -> Result<Self, OpenError> {
        let pool = AnyPoolOptions::new().max_connections(2).acquire_timeout(CONNECT_TIMEOUT);
        let pool = pool.connect_with(reading_options(url)?).await.map_err(OpenError::Connect)?;
        Ok(Self { pool, tenant, dialect: Dialect::of(url)? })
    }

    /// Closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Makes every leaf and every root again and compares. The server may go on meanwhile: all is read as of one moment.
    ///
    /// # Errors
    /// [`SealError`] when something cannot be read at all; what does not fit is no error but a fault.
    pub async fn verify(&self, folder: &Path, verifier: &LogVerifier) -> Result<Verification, SealError> {
        let notes = Notes::read(folder)?;
        let mut transaction = self.snapshot().await?;
        let head = rows::head(&mut *transaction, self.tenant.as_str()).await?;
        let mut walk = Walk::new(&self.tenant, &mut transaction, head);
        walk.trust(notes, verifier);
        walk.run().await?;
        let found = walk.found;
        transaction.rollback().await.map_err(failed("reading the ledger"))?;
        Ok(found)
    }

    /// All reads of it see one moment.
    async fn snapshot(&self) -> Result<Transaction<'static, Any>, SealError> {
        let doing = failed("reading the ledger");
        let mut transaction = self.pool.begin().await.map_err(&doing)?;
        if self.dialect == Dialect::Postgres {
            let snapshot = sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            snapshot.execute(&mut *transaction).await.map_err(&doing)?;
        }
        Ok(transaction)
    }
}

/// Rows of entries that are looked at by [`LogReader::check_newest`], 256 leaves each.
const NEWEST_ROWS: u64 = 64;

impl LogReader {
    /// Looks at the newest 16,384 leaves or so: whether their events are what they were when they got their leaves. Gives the first that is not.
    /// [`LogReader::verify`] looks at all of them, and at what was signed.
    ///
    /// # Errors
    /// [`SealError`] when something cannot be read at all.
    pub async fn check_newest(&self) -> Result<Option<Fault>, SealError> {
        let mut snapshot = self.snapshot().await?;
        let head = rows::head(&mut *snapshot, self.tenant.as_str()).await?;
        let first = (head.size / TILE_WIDTH).saturating_sub(NEWEST_ROWS);
        for row in rows::entry_rows(&mut *snapshot, self.tenant.as_str(), first, PAGE).await? {
            let tile =
                rows::tile_at(&mut *snapshot, self.tenant.as_str(), Tile { level: 0, number: row.number }).await?;
            let tile = tile.unwrap_or_default();
            let mut events: VecDeque<EventRow> =
                rows::events(&mut *snapshot, self.tenant.as_str(), row.after_position, PAGE).await?.into();
            for (at, entry) in row.entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::Event) {
                let leaf = row.number.saturating_mul(TILE_WIDTH).saturating_add(at as u64);
                let position = entry.position;
                let Some(event) = events.pop_front_if(|event| event.position == position) else {
                    return Ok(Some(Fault::Missing { position, leaf }));
                };
                if entry.salt != NO_SALT && commitment(&entry.salt, event.payload.as_bytes()) != entry.commitment {
                    return Ok(Some(Fault::Payload { position, leaf }));
                }
                let hash = leaf_of(self.tenant.as_str(), &event, entry.commitment).hash();
                if tile.get(at) != Some(&hash) {
                    return Ok(Some(Fault::Columns { position, leaf }));
                }
            }
        }
        Ok(None)
    }
}

/// One walk over the log.
struct Walk<'w> {
    tenant: &'w str,
    connection: &'w mut AnyConnection,
    head: Head,
    found: Verification,
    /// By size: file, checkpoint.
    checkpoints: BTreeMap<u64, (String, Checkpoint)>,
    /// Leaves of the last checkpoint that fits.
    fits: u64,
    tree: Frontier,
    events: VecDeque<EventRow>,
    events_read_to: i64,
    /// Of the last event of the log so far.
    position: i64,
    shreddings: BTreeSet<(i64, i64)>,
    /// Events whose payload is to be found in a later shredding, with the leaf that waits for it.
    waiting: BTreeMap<i64, u64>,
    tile: Vec<Hash>,
    tile_roots: Vec<Hash>,
}

impl<'w> Walk<'w> {
    fn new(tenant: &'w TenantId, connection: &'w mut AnyConnection, head: Head) -> Self {
        Self {
            tenant: tenant.as_str(),
            connection,
            head,
            found: Verification::default(),
            checkpoints: BTreeMap::new(),
            fits: 0,
            tree: Frontier::default(),
            events: VecDeque::new(),
            events_read_to: i64::MIN,
            position: 0,
            shreddings: BTreeSet::new(),
            waiting: BTreeMap::new(),
            tile: Vec::new(),
            tile_roots: Vec::new(),
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.found.faults_count += 1;
        if self.found.faults.len() < FAULTS_MAX {
            self.found.faults.push(fault);
        }
    }

    /// Believes the checkpoints that the key signed.
    fn trust(&mut self, notes: Notes, verifier: &LogVerifier) {
        for (file, note) in notes.0 {
            match Checkpoint::open(&note, verifier) {
                Err(source) => self.fault(Fault::Checkpoint { file, source }),
                Ok(checkpoint) => {
                    self.found.checkpoints += 1;
                    let size = checkpoint.size;
                    match self.checkpoints.get(&size) {
                        Some((_, other)) if other.root != checkpoint.root => self.fault(Fault::Forked { file, size }),
                        Some(_) => {}
                        None => drop(self.checkpoints.insert(size, (file, checkpoint))),
                    }
                }
            }
        }
        self.found.last = self.checkpoints.last_key_value().map(|(_, (_, checkpoint))| checkpoint.clone());
    }

    async fn run(&mut self) -> Result<(), SealError> {
        let all = (i64::MIN, i64::MAX);
        self.shreddings = rows::shreddings(&mut *self.connection, self.tenant, all).await?.into_iter().collect();
        self.compare_root();
        let mut number = 0;
        loop {
            let page = rows::entry_rows(&mut *self.connection, self.tenant, number, PAGE).await;
            let page = match page {
                Err(StoreError::Corrupt { what }) => {
                    self.fault(Fault::Table { what, number });
                    break;
                }
                page => page?,
            };
            let Some(last) = page.last().map(|row| row.number) else { break };
            for row in page {
                if row.number != number || row.after_position != self.position {
                    self.fault(Fault::Table { what: "row of entries", number: row.number });
                }
                self.row(row.number, &row.entries).await?;
                number = row.number.saturating_add(1);
            }
            number = number.max(last.saturating_add(1));
        }
        self.finish().await
    }

    /// 256 leaves and their tile.
    async fn row(&mut self, number: u64, entries: &[Entry]) -> Result<(), SealError> {
        let tile = Tile { level: 0, number };
        self.tile = match rows::tile_at(&mut *self.connection, self.tenant, tile).await {
            Ok(hashes) => hashes.unwrap_or_default(),
            Err(StoreError::Corrupt { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if self.tile.len() != entries.len() {
            self.fault(Fault::Table { what: "tile", number });
        }
        for (at, entry) in entries.iter().enumerate() {
            let leaf = self.tree.size();
            let kept = self.tile.get(at).copied();
            let made = match entry.kind {
                EntryKind::Event => self.event(entry, leaf, kept).await?,
                EntryKind::Shredding => self.shredding(entry, leaf, kept).await?,
            };
            // A fault of the record was told; the hash that was kept shows whether the log itself was changed too.
            let hash = kept.or(made).unwrap_or_default();
            self.tree.push(hash);
            self.found.leaves += 1;
            self.compare_root();
        }
        if entries.len() as u64 == TILE_WIDTH {
            let mut root = Frontier::default();
            self.tile.iter().for_each(|hash| root.push(*hash));
            self.tile_roots.push(root.root());
        } else if number != self.head.size / TILE_WIDTH {
            self.fault(Fault::Table { what: "row of entries", number });
        }
        Ok(())
    }

    async fn event(&mut self, entry: &Entry, leaf: u64, kept: Option<Hash>) -> Result<Option<Hash>, SealError> {
        self.found.events += 1;
        let position = entry.position;
        if position <= self.position {
            self.fault(Fault::Table { what: "entry", number: leaf });
        }
        self.position = self.position.max(position);
        let event = loop {
            match self.next_event(position).await? {
                Some(event) if event.position < position => self.fault(Fault::Inserted { position: event.position }),
                Some(event) => break event,
                None => {
                    self.fault(Fault::Missing { position, leaf });
                    return Ok(None);
                }
            }
        };
        if entry.salt == NO_SALT {
            self.waiting.insert(position, leaf);
        } else if commitment(&entry.salt, event.payload.as_bytes()) != entry.commitment {
            self.fault(Fault::Payload { position, leaf });
        }
        let hash = leaf_of(self.tenant, &event, entry.commitment).hash();
        if Some(hash) != kept {
            self.fault(Fault::Columns { position, leaf });
        }
        Ok(Some(hash))
    }

    async fn shredding(&mut self, entry: &Entry, leaf: u64, kept: Option<Hash>) -> Result<Option<Hash>, SealError> {
        self.found.shreddings += 1;
        let (position, by_position) = (entry.position, self.position);
        let made = ShreddingLeaf { tenant: self.tenant, position, by_position, commitment: entry.commitment }.hash();
        let is_noted = self.shreddings.remove(&(by_position, position));
        let Some(event) = self.shredded_by(position, by_position).await?.filter(|_| is_noted && Some(made) == kept)
        else {
            self.fault(Fault::Shredding { position, by_position });
            return Ok(Some(made));
        };
        if entry.salt == NO_SALT {
            self.waiting.insert(position, leaf);
        } else if commitment(&entry.salt, event.payload.as_bytes()) == entry.commitment {
            self.waiting.remove(&position);
        } else {
            self.fault(Fault::Payload { position, leaf });
        }
        Ok(Some(made))
    }

    /// The event, if the one that shredded it came later in the same stream.
    async fn shredded_by(&mut self, position: i64, by_position: i64) -> Result<Option<EventRow>, SealError> {
        let event = rows::event_at(&mut *self.connection, self.tenant, position).await?;
        let by = rows::event_at(&mut *self.connection, self.tenant, by_position).await?;
        let Some((event, by)) = event.zip(by) else { return Ok(None) };
        let is_later = by.version > event.version && by.position > event.position;
        let is_same = (&by.stream_kind, &by.stream_id) == (&event.stream_kind, &event.stream_id);
        Ok((is_later && is_same).then_some(event))
    }

    /// The next event up to a position.
    async fn next_event(&mut self, to: i64) -> Result<Option<EventRow>, SealError> {
        if self.events.is_empty() {
            let page = rows::events(&mut *self.connection, self.tenant, self.events_read_to, PAGE).await?;
            if let Some(last) = page.last() {
                self.events_read_to = last.position;
            }
            self.events = page.into();
        }
        Ok(self.events.pop_front_if(|event| event.position <= to))
    }

    fn compare_root(&mut self) {
        let size = self.tree.size();
        let Some((file, checkpoint)) = self.checkpoints.remove(&size) else { return };
        if checkpoint.root == self.tree.root() {
            self.fits = size;
        } else {
            self.fault(Fault::Root { file, size, after: self.fits });
        }
    }

    async fn finish(&mut self) -> Result<(), SealError> {
        let found = self.tree.size();
        if (self.head.size, self.head.position) != (found, self.position) {
            self.fault(Fault::Table { what: "head, which says leaves:", number: self.head.size });
        }
        for (size, (file, _)) in std::mem::take(&mut self.checkpoints) {
            self.fault(Fault::Truncated { file, size, found });
        }
        while let Some(event) = self.next_event(i64::MAX).await? {
            if event.position <= self.position {
                self.fault(Fault::Inserted { position: event.position });
            } else {
                self.found.events_without_leaf += 1;
            }
        }
        for (by_position, position) in std::mem::take(&mut self.shreddings) {
            if by_position > self.position && self.shredded_by(position, by_position).await?.is_some() {
                self.waiting.remove(&position);
                self.found.shreddings_without_leaf += 1;
            } else {
                self.fault(Fault::Shredding { position, by_position });
            }
        }
        for (position, leaf) in std::mem::take(&mut self.waiting) {
            self.fault(Fault::Unshredded { position, leaf });
        }
        self.upper_tiles().await?;
        let signed = self.found.last.as_ref().map_or(0, |checkpoint| checkpoint.size);
        self.found.leaves_unsigned = found.saturating_sub(signed);
        Ok(())
    }

    /// Tiles above the leaves hold nothing that cannot be made from them, but proofs are made with them.
    async fn upper_tiles(&mut self) -> Result<(), SealError> {
        let (mut level, mut hashes) = (1, std::mem::take(&mut self.tile_roots));
        while !hashes.is_empty() {
            let mut above = Vec::new();
            for (number, made) in (0..).zip(hashes.chunks(256)) {
                let tile = Tile { level, number };
                let kept = match rows::tile_at(&mut *self.connection, self.tenant, tile).await {
                    Err(StoreError::Corrupt { .. }) => None,
                    kept => kept?,
                };
                if kept.as_deref() != Some(made) {
                    self.fault(Fault::Table { what: "tile of tiles", number });
                }
                if made.len() as u64 == TILE_WIDTH {
                    let mut root = Frontier::default();
                    made.iter().for_each(|hash| root.push(*hash));
                    above.push(root.root());
                }
            }
            (level, hashes) = (level + 1, above);
        }
        Ok(())
    }
}
