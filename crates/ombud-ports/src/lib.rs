//! What the journeys need from the outside world, as traits.
//!
//! Never: adapters. Start reading at [`ledger`], then [`back_office`].

pub mod attempts;
pub mod back_office;
pub mod books;
pub mod clock;
pub mod crash;
pub mod effects;
pub mod embedder;
pub mod inbox;
pub mod inbox_fold;
pub mod knowledge;
pub mod languages;
pub mod ledger;
pub mod live;
pub mod model;
pub mod pages;
pub mod seal;
pub mod vectors;

pub use attempts::{Attempt, Attempts};
pub use back_office::BackOffice;
pub use books::{MoneyBooks, Wanted};
pub use clock::Clock;
pub use crash::{crash_point, crash_point_of, crash_point_soon};
pub use embedder::{EmbedError, Embedder, Embedding, EmbeddingModel, TextKind};
pub use inbox::{Due, Inbox, InboxFilter, InboxRow};
pub use inbox_fold::{FACT_FORGOTTEN, FACT_NOTED, Folded, INBOX_KINDS, InboxPlace};
pub use knowledge::{AskedAbroad, KnowledgeIndex, KnowledgeQuery, Words};
pub use languages::LanguageIdentifier;
pub use ledger::{AppendError, Commit, Committed, Ledger, Shredding, StoreError, StoredReply};
pub use live::{LiveBus, LiveEvent};
pub use model::{LanguageModel, ModelError, ModelRequest};
pub use pages::{Page, PageError, Pages};
pub use seal::{SealAlarm, SealState, SealWatch};
pub use vectors::{Neighbour, VectorAttributes, VectorError, VectorFilter, VectorId, VectorIndex, VectorSearch};
