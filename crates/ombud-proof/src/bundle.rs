//! How does somebody without the database see that a conversation is as it was logged? A file with its records, their proofs and a checkpoint.
//!
//! Each proof has the fields of c2sp.org/tlog-proof (index, hashes); the checkpoint, which there follows each of them, stands once for all.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::leaf::{EventLeaf, Salt, ShreddingLeaf, commitment};
use crate::merkle::{Hash, root_from_inclusion};
use crate::note::{LogVerifier, NoteError};

/// The format that this release writes and reads.
pub const FORMAT: &str = "ombud-proof-bundle/v1";

/// Records of a log with what proves them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub format: String,
    /// The company.
    pub tenant: String,
    /// What it is to show.
    pub about: About,
    /// The signed checkpoint that all proofs lead to.
    pub checkpoint: String,
    /// In the order of the log.
    pub records: Vec<Record>,
}

/// What a bundle is to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum About {
    /// All events of a stream from its first.
    Stream {
        /// Its kind.
        kind: String,
        /// Its id.
        id: String,
    },
    /// One event.
    Event {
        /// Its position.
        position: i64,
    },
}

/// A record and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What it says.
    pub content: RecordContent,
    /// That it is in the log.
    pub inclusion: Inclusion,
}

/// Where a record stands in the log, and the hashes from its leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// Which leaf, from 0.
    pub index: u64,
    /// Base64, from the leaf up.
    pub hashes: Vec<String>,
}

/// What a leaf says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordContent {
    /// An event.
    Event(LoggedEvent),
    /// That the payload of an event was overwritten.
    Shredding(LoggedShredding),
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedEvent {
    /// Position in the ledger.
    pub position: i64,
    /// Kind of its stream.
    pub stream_kind: String,
    /// Id of its stream.
    pub stream_id: String,
    /// Position in its stream.
    pub version: i64,
    /// What happened.
    pub kind: String,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// What was said of it.
    pub payload: Payload,
}

/// That a payload was overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedShredding {
    /// Position of the event.
    pub position: i64,
    /// Position of the last event of the commit that did it.
    pub by_position: i64,
    /// What it became.
    pub payload: Payload,
}

/// A payload, or what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Payload {
    /// As it is stored.
    Shown {
        /// The bytes that are hashed.
        text: String,
        /// Base64.
        salt: String,
    },
    /// Overwritten later.
    Shredded {
        /// Base64 of the hash that the log has of it.
        commitment: String,
    },
}

/// What a bundle shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The checkpoint that it leads to.
    pub checkpoint: Checkpoint,
    /// Events proved.
    pub events: usize,
    /// Of these, events whose first payload was overwritten.
    pub shredded: usize,
    /// Hashes of the longest proof.
    pub hashes_max: usize,
}

/// Why a bundle shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// Another format.
    #[error("the bundle is of format `{0}`, this release reads `{FORMAT}`")]
    Format(String),
    /// The checkpoint is not believed.
    #[error("the checkpoint is not believed: {0}")]
    Checkpoint(#[from] NoteError),
    /// A hash or a salt is no such thing.
    #[error("record {position}: a hash or salt cannot be read")]
    Encoding {
        /// Of which event.
        position: i64,
    },
    /// The record does not lead to the root.
    #[error("record {position}: not in the log as it stands here, leaf {index}")]
    NotIncluded {
        /// Of which event.
        position: i64,
        /// Where it should be.
        index: u64,
    },
    /// The records are not in the order of the log.
    #[error("record {position}: out of order")]
    Order {
        /// Of which event.
        position: i64,
    },
    /// The bundle does not hold what it is about.
    #[error("record {position}: missing, or of something else than the bundle is about")]
    Incomplete {
        /// Of which event; 0 for the first one.
        position: i64,
    },
    /// A payload is not there and no record says that it was overwritten.
    #[error("record {position}: its payload is not there, and no later record in the log says that it was overwritten")]
    Withheld {
        /// Of which event.
        position: i64,
    },
}

impl Bundle {
    /// Verifies everything that the bundle says, with nothing but the key.
    ///
    /// # Errors
    /// All faults, with the positions of their records.
    pub fn verify(&self, verifier: &LogVerifier) -> Result<Shown, Vec<BundleFault>> {
        if self.format != FORMAT {
            return Err(vec![BundleFault::Format(self.format.clone())]);
        }
        let checkpoint = Checkpoint::open(&self.checkpoint, verifier).map_err(|error| vec![error.into()])?;
        let mut faults: Vec<BundleFault> =
            self.records.iter().filter_map(|record| self.check(record, &checkpoint).err()).collect();
        faults.extend(self.order_faults());
        faults.extend(self.content_faults());
        if !faults.is_empty() {
            return Err(faults);
        }
        let events = || self.records.iter().filter_map(Record::event);
        Ok(Shown {
            checkpoint,
            events: events().count(),
            shredded: events().filter(|event| matches!(event.payload, Payload::Shredded { .. })).count(),
            hashes_max: self.records.iter().map(|record| record.inclusion.hashes.len()).max().unwrap_or_default(),
        })
    }

    fn check(&self, record: &Record, checkpoint: &Checkpoint) -> Result<(), BundleFault> {
        let position = record.position();
        let encoding = BundleFault::Encoding { position };
        let hash = record.content.hash(&self.tenant).ok_or_else(|| encoding.clone())?;
        let proof: Option<Vec<Hash>> = record.inclusion.hashes.iter().map(|text| decoded(text)).collect();
        let index = record.inclusion.index;
        let root = root_from_inclusion(index, checkpoint.size, hash, &proof.ok_or(encoding)?);
        if root == Some(checkpoint.root) { Ok(()) } else { Err(BundleFault::NotIncluded { position, index }) }
    }

    fn order_faults(&self) -> Vec<BundleFault> {
        let pairs = self.records.iter().zip(self.records.iter().skip(1));
        let wrong = pairs.filter(|(one, next)| one.inclusion.index >= next.inclusion.index);
        wrong.map(|(_, next)| BundleFault::Order { position: next.position() }).collect()
    }

    /// Whether it holds what it is about, and no payload is missing but those that the log says were overwritten.
    fn content_faults(&self) -> Vec<BundleFault> {
        let mut faults = Vec::new();
        let mut version = 0;
        // What the payload of each event is known to be at the end: overwritten payloads wait for their shredding.
        let mut open: BTreeMap<i64, bool> = BTreeMap::new();
        for record in &self.records {
            let position = record.position();
            match &record.content {
                RecordContent::Event(event) => {
                    version += 1;
                    let fits = match &self.about {
                        About::Stream { kind, id } => {
                            event.stream_kind == *kind && event.stream_id == *id && event.version == version
                        }
                        About::Event { position } => event.position == *position && version == 1,
                    };
                    if !fits {
                        faults.push(BundleFault::Incomplete { position });
                    }
                    open.insert(position, matches!(event.payload, Payload::Shredded { .. }));
                }
                RecordContent::Shredding(shredding) => match open.get_mut(&position) {
                    // What was shredded before it had a leaf is shown as it became; the last shredding always is.
                    Some(waits) => *waits = matches!(shredding.payload, Payload::Shredded { .. }),
                    None => faults.push(BundleFault::Incomplete { position }),
                },
            }
        }
        if version == 0 {
            faults.push(BundleFault::Incomplete { position: 0 });
        }
        faults.extend(
            open.into_iter().filter(|(_, waits)| *waits).map(|(position, _)| BundleFault::Withheld { position }),
        );
        faults
    }
}

impl Record {
    /// Position of the event that it is about.
    #[must_use]
    pub const fn position(&self) -> i64 {
        match &self.content {
            RecordContent::Event(event) => event.position,
            RecordContent::Shredding(shredding) => shredding.position,
        }
    }

    const fn event(&self) -> Option<&LoggedEvent> {
        match &self.content {
            RecordContent::Event(event) => Some(event),
            RecordContent::Shredding(_) => None,
        }
    }
}

impl RecordContent {
    fn hash(&self, tenant: &str) -> Option<Hash> {
        Some(match self {
            Self::Event(event) => EventLeaf {
                tenant,
                position: event.position,
                stream_kind: &event.stream_kind,
                stream_id: &event.stream_id,
                version: event.version,
                kind: &event.kind,
                at_us: event.at_us,
                commitment: event.payload.commitment()?,
            }
            .hash(),
            Self::Shredding(shredding) => ShreddingLeaf {
                tenant,
                position: shredding.position,
                by_position: shredding.by_position,
                commitment: shredding.payload.commitment()?,
            }
            .hash(),
        })
    }
}

impl Payload {
    /// A payload that is still there.
    #[must_use]
    pub fn shown(text: String, salt: &Salt) -> Self {
        Self::Shown { text, salt: STANDARD.encode(salt) }
    }

    /// A payload that was overwritten.
    #[must_use]
    pub fn shredded(commitment: &Hash) -> Self {
        Self::Shredded { commitment: STANDARD.encode(commitment) }
    }

    fn commitment(&self) -> Option<Hash> {
        match self {
            Self::Shown { text, salt } => {
                let salt: Salt = STANDARD.decode(salt).ok()?.try_into().ok()?;
                Some(commitment(&salt, text.as_bytes()))
            }
            Self::Shredded { commitment } => decoded(commitment),
        }
    }
}

impl Inclusion {
    /// The proof of a leaf.
    #[must_use]
    pub fn new(index: u64, proof: &[Hash]) -> Self {
        Self { index, hashes: proof.iter().map(|hash| STANDARD.encode(hash)).collect() }
    }
}

fn decoded(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{inclusion_nodes, joined, leaf_hash, node_hash};
    use crate::note::LogKey;

    fn key() -> LogKey {
        LogKey::from_seed("nimbus.example", &[7; 32]).unwrap()
    }

    fn event(position: i64, version: i64, payload: Payload) -> RecordContent {
        RecordContent::Event(LoggedEvent {
            position,
            stream_kind: "conversation".to_owned(),
            stream_id: "c1".to_owned(),
            version,
            kind: "message.created".to_owned(),
            at_us: 7,
            payload,
        })
    }

    fn shown(text: &str) -> Payload {
        Payload::shown(text.to_owned(), &[5; 16])
    }

    /// A log with two events of the conversation, one of another, and the shredding of the first.
    fn bundle() -> Bundle {
        let before = commitment(&[4; 16], b"{\"text\":\"4111\"}");
        let contents = [
            (0, event(1, 1, Payload::shredded(&before))),
            (2, event(3, 2, shown("{\"text\":\"1111\"}"))),
            (
                3,
                RecordContent::Shredding(LoggedShredding {
                    position: 1,
                    by_position: 3,
                    payload: shown("{\"text\":\"gone\"}"),
                }),
            ),
        ];
        let mut leaves = [leaf_hash(b"foreign"); 5];
        for (index, content) in &contents {
            leaves[usize::try_from(*index).unwrap()] = content.hash("nimbus").unwrap();
        }
        let node = |node: crate::merkle::Node| {
            let (begin, width) = (usize::try_from(node.index).unwrap() << node.level, 1 << node.level);
            let mut row = leaves[begin..begin + width].to_vec();
            while row.len() > 1 {
                row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            row[0]
        };
        let join = |nodes: &[crate::merkle::Node]| joined(&nodes.iter().map(|one| node(*one)).collect::<Vec<_>>());
        let checkpoint = Checkpoint {
            origin: "nimbus.example".to_owned(),
            size: 5,
            root: join(&crate::merkle::root_nodes(5)),
            time_s: 1,
        };
        let records = contents.into_iter().map(|(index, content)| {
            let proof: Vec<Hash> = inclusion_nodes(index, 5).unwrap().iter().map(|group| join(group)).collect();
            Record { content, inclusion: Inclusion::new(index, &proof) }
        });
        Bundle {
            format: FORMAT.to_owned(),
            tenant: "nimbus".to_owned(),
            about: About::Stream { kind: "conversation".to_owned(), id: "c1".to_owned() },
            checkpoint: checkpoint.sign(&key()),
            records: records.collect(),
        }
    }

    fn faults(bundle: &Bundle) -> Vec<BundleFault> {
        bundle.verify(key().verifier()).unwrap_err()
    }

    /// R58, R43: a shredded message is still proved, over the file's own text form.
    #[test]
    fn a_conversation_is_proved_though_a_message_of_it_was_shredded() {
        let text = serde_json::to_string(&bundle()).unwrap();
        let read: Bundle = serde_json::from_str(&text).unwrap();
        let shown = read.verify(key().verifier()).unwrap();
        assert_eq!((shown.events, shown.shredded, shown.checkpoint.size, shown.hashes_max), (2, 1, 5, 3));
    }

    /// R58: another character anywhere in the file (one in 17 is tried) is found, or the file is none.
    #[test]
    fn a_bundle_with_one_other_character_shows_nothing() {
        let text = serde_json::to_string(&bundle()).unwrap();
        for at in (0..text.len()).step_by(17) {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1;
            let read = String::from_utf8(bytes).ok().and_then(|text| serde_json::from_str::<Bundle>(&text).ok());
            assert!(read.is_none_or(|bundle| bundle.verify(key().verifier()).is_err()), "byte {at}");
        }
    }

    #[test]
    fn a_record_that_is_left_out_added_or_moved_is_found() {
        let mut without_first = bundle();
        without_first.records.remove(0);
        assert!(faults(&without_first).contains(&BundleFault::Incomplete { position: 3 }));
        let mut without_shredding = bundle();
        without_shredding.records.pop();
        assert_eq!(faults(&without_shredding), [BundleFault::Withheld { position: 1 }]);
        let mut moved = bundle();
        moved.records.swap(0, 1);
        assert!(faults(&moved).contains(&BundleFault::Order { position: 1 }));
        let mut twice = bundle();
        twice.records.push(twice.records[1].clone());
        assert!(faults(&twice).contains(&BundleFault::Order { position: 3 }));
        let nothing = Bundle { records: Vec::new(), ..bundle() };
        assert_eq!(faults(&nothing), [BundleFault::Incomplete { position: 0 }]);
        let one =
            Bundle { about: About::Event { position: 3 }, records: vec![bundle().records[1].clone()], ..bundle() };
        assert_eq!(one.verify(key().verifier()).unwrap().events, 1);
    }

    #[test]
    fn another_key_format_or_company_shows_nothing() {
        let other = LogKey::from_seed("nimbus.example", &[8; 32]).unwrap();
        assert_eq!(bundle().verify(other.verifier()).unwrap_err(), [BundleFault::Checkpoint(NoteError::NotSigned)]);
        let format = Bundle { format: "v9".to_owned(), ..bundle() };
        assert_eq!(faults(&format), [BundleFault::Format("v9".to_owned())]);
        let tenant = Bundle { tenant: "cirrus".to_owned(), ..bundle() };
        assert_eq!(faults(&tenant).len(), 3);
    }
}
