//! How good is the assistant? Simulated customers speak with it over its public side, and the company's own books decide.
//!
//! Never: the hot path, I/O of its own, looking at how the assistant understands. Start reading at [`dialogue`] (one conversation),
//! then [`customer`] (who speaks), [`grade`] (who decides) and [`report`] (what is said about it). [`eval`] has the figures of single parts.

pub mod channel;
pub mod customer;
pub mod dialogue;
pub mod eval;
pub mod goals;
pub mod golden;
pub mod grade;
mod place;
pub mod report;
pub mod scenario;
pub mod script;
pub mod variation;
pub mod words;

pub use channel::{Books, BooksError, Channel, ChannelError, Heard};
pub use customer::Customer;
pub use dialogue::{Dialogue, Ending, Line, Utterance, UtteranceKind, Visitor, hold};
pub use golden::{Golden, GoldenError};
pub use grade::Grade;
pub use report::{Report, RunResult, TaskReport};
pub use scenario::{Caller, Scenario, ScenarioError};
pub use script::{Case, CaseError, Goal, Gold, Script};
pub use variation::Manner;
