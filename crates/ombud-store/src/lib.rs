//! The ledger, its inbox and the knowledge index: SQLite or PostgreSQL, and an index in memory.
//!
//! Never: business rules; acknowledging what is not durable; SQL anywhere else.
//! Start reading at [`store`] (how it is opened and shut down), then `ledger/writer.rs` (group commit), [`seal`] (what shows
//! that nothing was changed), [`vault`] (what makes personal text unreadable) and [`knowledge_index`].

mod across;
pub mod artefact;
mod attempts;
mod database;
mod inbox;
pub mod knowledge_index;
mod ledger;
pub mod migration;
pub mod seal;
mod sql;
pub mod store;
pub mod vault;
pub mod vectors;

pub use artefact::{Artefact, ArtefactError, Artefacts};
pub use database::OpenError;
pub use knowledge_index::{ArticleIndex, IndexError, IndexSettings};
pub use migration::MigrationError;
pub use store::{Settings, Store, open, open_with};
pub use vault::{MasterKey, VaultError, VaultSettings};
pub use vectors::{GraphSettings, LiveVectors, Method, Vectors, VectorsBuilder};
