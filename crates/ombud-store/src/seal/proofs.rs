//! How does one conversation or event leave the house with its proof? Its rows, a path of hashes for each, and a checkpoint.

use std::collections::BTreeSet;
use std::path::Path;

use ombud_domain::StreamId;
use ombud_proof::{
    About, Bundle, Checkpoint, FORMAT, Inclusion, LogVerifier, LoggedEvent, LoggedShredding, Payload, Record,
    RecordContent, TILE_WIDTH, Tile, inclusion_nodes,
};
use sqlx::AssertSqlSafe;

use crate::seal::SealError;
use crate::seal::checkpoints::Notes;
use crate::seal::entries::{Entry, EntryKind, NO_SALT};
use crate::seal::rows::{self, EVENT_COLUMNS, EventRow, entry_row_of};
use crate::seal::verify::LogReader;
use crate::sql::failed;

/// Events of one bundle at most.
const EVENTS_MAX: usize = 100_000;

/// A bundle, and how much of what was asked for it does not hold yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The bundle; none when no checkpoint has an event of it yet.
    pub bundle: Option<Bundle>,
    /// Events that no checkpoint has yet.
    pub events_unsigned: u64,
}

impl LogReader {
    /// The proof of a stream, under the longest checkpoint of the folder that the key signed.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn prove_stream(
        &self,
        stream: &StreamId,
        folder: &Path,
        verifier: &LogVerifier,
    ) -> Result<Drawn, SealError> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE tenant = $1 AND stream_kind = $2 AND stream_id = $3 \
             ORDER BY version LIMIT {EVENTS_MAX}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(self.tenant.as_str());
        let query = query.bind(stream.kind.as_str()).bind(stream.id.as_str());
        let rows = query.fetch_all(&self.pool).await.map_err(failed("reading a stream"))?;
        let events = rows.iter().map(rows::event).collect::<Result<Vec<_>, _>>()?;
        let about = About::Stream { kind: stream.kind.as_str().to_owned(), id: stream.id.clone() };
        self.draw(about, events, (folder, verifier)).await
    }

    /// The proof of one event.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn prove_event(&self, position: i64, folder: &Path, verifier: &LogVerifier) -> Result<Drawn, SealError> {
        let event = rows::event_at(&self.pool, self.tenant.as_str(), position).await?;
        self.draw(About::Event { position }, event.into_iter().collect(), (folder, verifier)).await
    }

    async fn draw(
        &self,
        about: About,
        events: Vec<EventRow>,
        (folder, verifier): (&Path, &LogVerifier),
    ) -> Result<Drawn, SealError> {
        let notes = Notes::read(folder)?.0;
        let opened =
            notes.into_iter().rev().find_map(|(_, note)| Some((Checkpoint::open(&note, verifier).ok()?, note)));
        let mut drawn = Drawn { bundle: None, events_unsigned: 0 };
        let Some((checkpoint, note)) = opened else {
            drawn.events_unsigned = events.len() as u64;
            return Ok(drawn);
        };
        let mut records = Vec::new();
        for event in events {
            let before = records.len();
            for (leaf, entry, by_position) in self.leaves_of(event.position).await? {
                if leaf < checkpoint.size {
                    let content = content(&event, &entry, by_position);
                    records.push(Record { content, inclusion: self.inclusion(leaf, checkpoint.size).await? });
                }
            }
            drawn.events_unsigned += u64::from(records.len() == before);
        }
        if !records.is_empty() {
            records.sort_by_key(|record| record.inclusion.index);
            let tenant = self.tenant.as_str().to_owned();
            drawn.bundle = Some(Bundle { format: FORMAT.to_owned(), tenant, about, checkpoint: note, records });
        }
        Ok(drawn)
    }

    async fn inclusion(&self, leaf: u64, size: u64) -> Result<Inclusion, SealError> {
        let nodes = inclusion_nodes(leaf, size).into_iter().flatten().flatten();
        let wanted: BTreeSet<Tile> = nodes.map(Tile::of).collect();
        let tiles = rows::tiles(&self.pool, self.tenant.as_str(), &wanted).await?;
        // What a broken tile cannot prove is left without hashes, and whoever verifies the bundle says which record it is.
        Ok(Inclusion::new(leaf, &tiles.inclusion(leaf, size).ok().flatten().unwrap_or_default()))
    }

    /// The leaf of an event and those of its shreddings, with the event that each of them follows.
    async fn leaves_of(&self, position: i64) -> Result<Vec<(u64, Entry, i64)>, SealError> {
        let tenant = self.tenant.as_str();
        let mut anchors = vec![position];
        let query =
            sqlx::query_scalar("SELECT by_position FROM shreddings WHERE tenant = $1 AND position = $2 ORDER BY 1");
        let shredded: Vec<i64> =
            query.bind(tenant).bind(position).fetch_all(&self.pool).await.map_err(failed("reading shreddings"))?;
        anchors.extend(shredded);
        let mut leaves = Vec::new();
        for anchor in anchors {
            let number = entry_row_of(&self.pool, tenant, anchor).await.map_err(failed("reading the Merkle log"))?;
            let Some(mut number) = number else { continue };
            let mut at = None;
            'rows: while let Some(row) = rows::entry_rows(&self.pool, tenant, number, 1).await?.pop() {
                for (leaf, entry) in (row.number * TILE_WIDTH..).zip(row.entries) {
                    let is_anchor = entry.kind == EntryKind::Event && entry.position == anchor;
                    match entry.kind {
                        EntryKind::Event if at.is_some() || entry.position > anchor => break 'rows,
                        EntryKind::Event if is_anchor => at = Some(leaf),
                        _ => {}
                    }
                    let is_shredding = entry.kind == EntryKind::Shredding && at.is_some() && anchor != position;
                    if entry.position == position && (is_shredding || is_anchor && anchor == position) {
                        leaves.push((leaf, entry, anchor));
                    }
                }
                number = row.number + 1;
            }
        }
        Ok(leaves)
    }
}

fn content(event: &EventRow, entry: &Entry, by_position: i64) -> RecordContent {
    let payload = if entry.salt == NO_SALT {
        Payload::shredded(&entry.commitment)
    } else {
        Payload::shown(event.payload.clone(), &entry.salt)
    };
    match entry.kind {
        EntryKind::Event => RecordContent::Event(LoggedEvent {
            position: event.position,
            stream_kind: event.stream_kind.clone(),
            stream_id: event.stream_id.clone(),
            version: event.version,
            kind: event.kind.clone(),
            at_us: event.at_us,
            payload,
        }),
        EntryKind::Shredding => {
            RecordContent::Shredding(LoggedShredding { position: event.position, by_position, payload })
        }
    }
}
