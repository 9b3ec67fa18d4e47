//! How does an event get its leaf? After its commit, in order of position, by whoever holds the lease; the turn waits for nothing of it.
//!
//! INVARIANT: no leaf is given twice (test: `sequencers_at_once_give_every_event_one_leaf`). Whoever writes moves the head on from where it was
//! read, in one statement: of two who read the same head one is refused and reads again. The lease only spares the others the work.

use std::collections::BTreeSet;

use ombud_domain::{TenantId, TimestampUs};
use ombud_ports::{StoreError, crash_point};
use ombud_proof::{EventLeaf, Hash, SALT_BYTES, Salt, ShreddingLeaf, TILE_WIDTH, Tile, Tiles, TilesError, commitment};
use sqlx::{AnyConnection, Connection as _};

use crate::database::{Database, Dialect};
use crate::seal::SealError;
use crate::seal::entries::{Entry, EntryKind, encode};
use crate::seal::rows::{self, EntryRow, EventRow, Head, signed};
use crate::sql::failed;

/// Events of one step.
const STEP_EVENTS_MAX: i64 = 1024;
/// How long others leave the log to whoever wrote to it last.
const LEASE_US: i64 = 10_000_000;

/// Gives leaves to the events of one company.
#[derive(Debug)]
pub struct Sequencer {
    database: Database,
    tenant: TenantId,
    holder: String,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Every event that was committed has its leaf.
    Level,
    /// So many leaves were added; there may be more to do.
    Added(u64),
    /// Another one was faster, or something was shredded meanwhile.
    Beaten,
    /// Another one holds the lease.
    Standby,
}

/// How far the log is behind the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// Leaves.
    pub leaves: u64,
    /// Events that have no leaf yet.
    pub events: u64,
    /// Since when the first of them waits; none when none does.
    pub since: Option<TimestampUs>,
}

/// What a step adds.
struct Growth {
    size: u64,
    position: i64,
    entries: Vec<EntryRow>,
    tiles: Tiles,
    grown: BTreeSet<Tile>,
}

impl Sequencer {
    /// `holder` names this process among all that share the database.
    pub(crate) const fn new(database: Database, tenant: TenantId, holder: String) -> Self {
        Self { database, tenant, holder }
    }

    /// Gives leaves to the next events, as many as fit in one step.
    ///
    /// # Errors
    /// [`SealError`]; nothing was written, and the next try may work.
    pub async fn step(&self, now: TimestampUs) -> Result<Step, SealError> {
        let head = rows::head(&self.database.reads, self.tenant.as_str()).await?;
        if head.holder != self.holder && head.lease_until_us > now.0 {
            return Ok(Step::Standby);
        }
        // Events may have been committed since, or before there was a log.
        let events = rows::events(&self.database.reads, self.tenant.as_str(), head.position, STEP_EVENTS_MAX).await?;
        let Some(last) = events.last() else { return Ok(Step::Level) };
        let range = (head.position, last.position);
        let shredded = rows::shreddings(&self.database.reads, self.tenant.as_str(), range).await?;
        let growth = self.growth(&head, &events, &shredded).await?;
        if self.write(&head, &growth, now).await? { Ok(Step::Added(growth.size - head.size)) } else { Ok(Step::Beaten) }
    }

    /// How far the log is behind.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn lag(&self) -> Result<Lag, SealError> {
        let head = rows::head(&self.database.reads, self.tenant.as_str()).await?;
        let waiting = rows::events(&self.database.reads, self.tenant.as_str(), head.position, 1).await?;
        let Some(first) = waiting.first() else { return Ok(Lag { leaves: head.size, ..Lag::default() }) };
        let events = u64::try_from(head.committed.saturating_sub(head.position)).unwrap_or_default().max(1);
        Ok(Lag { leaves: head.size, events, since: Some(TimestampUs(first.at_us)) })
    }

    /// The root of the log as it stands, and how many leaves it has.
    pub(crate) async fn root(&self, size: Option<u64>) -> Result<(u64, Option<Hash>), SealError> {
        let head = rows::head(&self.database.reads, self.tenant.as_str()).await?;
        let size = size.unwrap_or(head.size);
        if size > head.size {
            return Ok((size, None));
        }
        let wanted: BTreeSet<Tile> = ombud_proof::root_nodes(size).into_iter().map(Tile::of).collect();
        let tiles = rows::tiles(&self.database.reads, self.tenant.as_str(), &wanted).await?;
        Ok((size, tiles.root(size).ok()))
    }

    async fn growth(&self, head: &Head, events: &[EventRow], shredded: &[(i64, i64)]) -> Result<Growth, SealError> {
        let tenant = self.tenant.as_str();
        let edge = Tile::edge(head.size);
        let wanted = edge.iter().map(|(tile, _)| *tile).collect();
        let mut growth = Growth {
            size: head.size,
            position: head.position,
            entries: rows::entry_rows(&self.database.reads, tenant, head.size / TILE_WIDTH, 1).await?,
            tiles: rows::tiles(&self.database.reads, tenant, &wanted).await?,
            grown: BTreeSet::new(),
        };
        growth.cut(&edge);
        let mut salts = salts(events.len() + shredded.len())?.into_iter();
        let mut shredded = shredded.iter().peekable();
        for event in events {
            let salt = salts.next().ok_or(SealError::Random)?;
            let commitment = commitment(&salt, event.payload.as_bytes());
            let entry = Entry { kind: EntryKind::Event, position: event.position, salt, commitment };
            growth.add(entry, leaf_of(tenant, event, commitment).hash())?;
            while let Some((by_position, position)) = shredded.next_if(|(by, _)| *by == event.position) {
                let now = rows::event_at(&self.database.reads, tenant, *position).await?;
                let salt = salts.next().ok_or(SealError::Random)?;
                let payload = now.map(|event| event.payload).unwrap_or_default();
                let commitment = ombud_proof::commitment(&salt, payload.as_bytes());
                let entry = Entry { kind: EntryKind::Shredding, position: *position, salt, commitment };
                let leaf = ShreddingLeaf { tenant, position: *position, by_position: *by_position, commitment };
                growth.add(entry, leaf.hash())?;
            }
        }
        Ok(growth)
    }

    /// Writes what was added, if the head is still where it was read.
    async fn write(&self, head: &Head, growth: &Growth, now: TimestampUs) -> Result<bool, SealError> {
        let doing = failed("writing the Merkle log");
        let _turn = match self.database.dialect {
            Dialect::Sqlite => Some(self.database.write_turn.lock().await),
            Dialect::Postgres => None,
        };
        let mut connection = self.database.sealing.acquire().await.map_err(&doing)?;
        let mut transaction = connection.begin().await.map_err(&doing)?;
        if !self.move_head(&mut transaction, head, growth, now).await.map_err(&doing)? {
            transaction.rollback().await.map_err(&doing)?;
            return Ok(false);
        }
        for row in &growth.entries {
            let query = sqlx::query(
                "INSERT INTO merkle_entries (tenant, number, after_position, entries) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (tenant, number) DO UPDATE SET entries = excluded.entries",
            );
            let query = query.bind(self.tenant.as_str()).bind(signed(row.number)).bind(row.after_position);
            query.bind(encode(&row.entries)).execute(&mut *transaction).await.map_err(&doing)?;
        }
        for tile in &growth.grown {
            let hashes = growth.tiles.get(*tile);
            rows::write_tile(&mut *transaction, self.tenant.as_str(), *tile, hashes).await.map_err(&doing)?;
        }
        crash_point("leaves.before");
        let committed = transaction.commit().await;
        if committed.is_err() && self.database.dialect == Dialect::Sqlite {
            self.database.stop_writing();
        }
        committed.map_err(&doing)?;
        Ok(true)
    }

    async fn move_head(
        &self,
        connection: &mut AnyConnection,
        head: &Head,
        growth: &Growth,
        now: TimestampUs,
    ) -> Result<bool, sqlx::Error> {
        let until = now.0.saturating_add(LEASE_US);
        let query = if *head == Head::default() {
            // Of two who begin the log, one makes its row.
            sqlx::query(
                "INSERT INTO merkle_logs (tenant, size, position, shreddings, holder, lease_until_us) \
                 VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (tenant) DO NOTHING",
            )
        } else {
            sqlx::query(
                "UPDATE merkle_logs SET size = $2, position = $3, holder = $4, lease_until_us = $5 \
                 WHERE tenant = $1 AND size = $6 AND position = $7 AND shreddings = $8",
            )
        };
        let query = query.bind(self.tenant.as_str()).bind(signed(growth.size)).bind(growth.position);
        let mut query = query.bind(self.holder.as_str()).bind(until);
        if *head != Head::default() {
            query = query.bind(signed(head.size)).bind(head.position).bind(head.shreddings);
        }
        Ok(query.execute(connection).await?.rows_affected() == 1)
    }
}

impl Growth {
    /// Takes away what another sequencer has added since the head was read; the head will refuse what is made of the rest.
    fn cut(&mut self, edge: &[(Tile, u64)]) {
        for (tile, width) in edge {
            let hashes = self.tiles.get(*tile).iter().take(usize::try_from(*width).unwrap_or(usize::MAX));
            self.tiles.insert(*tile, hashes.copied().collect());
        }
        let entries = usize::try_from(self.size % TILE_WIDTH).unwrap_or(usize::MAX);
        self.entries.retain(|_| entries > 0);
        self.entries.iter_mut().for_each(|row| row.entries.truncate(entries));
    }

    fn add(&mut self, entry: Entry, leaf: Hash) -> Result<(), SealError> {
        let number = self.size / TILE_WIDTH;
        if self.size.is_multiple_of(TILE_WIDTH) || self.entries.is_empty() {
            self.entries.push(EntryRow { number, after_position: self.position, entries: Vec::new() });
        }
        let corrupt = StoreError::Corrupt { what: "entries of the Merkle log" };
        let row = self.entries.last_mut().filter(|row| row.number == number).ok_or(corrupt)?;
        row.entries.push(entry);
        let corrupt = |_: TilesError| StoreError::Corrupt { what: "tile of the Merkle log" };
        self.tiles.push(self.size, leaf, &mut self.grown).map_err(corrupt)?;
        self.size += 1;
        if entry.kind == EntryKind::Event {
            self.position = entry.position;
        }
        Ok(())
    }
}

/// The leaf of an event.
pub(crate) fn leaf_of<'a>(tenant: &'a str, event: &'a EventRow, commitment: Hash) -> EventLeaf<'a> {
    EventLeaf {
        tenant,
        position: event.position,
        stream_kind: &event.stream_kind,
        stream_id: &event.stream_id,
        version: event.version,
        kind: &event.kind,
        at_us: event.at_us,
        commitment,
    }
}

fn salts(count: usize) -> Result<Vec<Salt>, SealError> {
    let mut bytes = vec![0; count * SALT_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(bytes.as_chunks().0.to_vec())
}
