//! Stand-ins for the outside world: a clock that stands still, a ledger in memory, a scripted model and a scripted back office; and the
//! contract that every ledger must keep.
//!
//! Never: part of what is shipped; a dependency of anything but tests.
//! Start reading at [`memory_ledger`], then [`contract`].

pub mod back_office;
pub mod clock;
pub mod contract;
pub mod docs;
pub mod learnt;
pub mod memory_ledger;
pub mod model;
pub mod nothing;
pub mod packs;

pub use back_office::{RecordedCall, ScriptedBackOffice};
pub use clock::FixedClock;
pub use docs::{keys_of, unnamed_keys};
pub use learnt::{no_models, shelf};
pub use memory_ledger::MemoryLedger;
pub use model::{ScriptedAnswer, ScriptedModel};
pub use nothing::{NoKnowledge, NoPages};
pub use packs::{pack_files, packs_folder};
