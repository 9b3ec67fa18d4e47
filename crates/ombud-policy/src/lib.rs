//! Flows and policies: what may be done, what is asked next, and why.
//!
//! Never: async, I/O, a clock, randomness, calls of a model.
//! Start reading at [`engine`] (the flow engine), then [`authorize`] (the only maker of an [`Authorized`]).

pub mod action;
pub mod authorize;
pub mod controls;
pub mod dialogue;
pub mod engine;
pub mod expr;
pub mod feed;
pub mod floor;
pub mod flow;
pub mod graph;
pub mod labels;
pub mod limits;
pub mod memory;
pub mod out;
pub mod pack;
pub mod postings;
pub mod problem;
mod question;
pub mod recovery;
pub mod saga;
pub mod short;
pub mod silence;
pub mod spec;
pub mod table;
pub mod text;
mod vocabulary;

pub use action::{ApiCall, Authorized, Intent, Method, Stake};
pub use authorize::Proof;
pub use controls::{Standing, Switches};
pub use dialogue::{ApprovalWish, Beside, Colleague, Dialogue, Ending, Frame, LastAnswer, Origin, Said, Saying};
pub use engine::{Decision, Deliberation, Engine, Heard, Moment, Reader, Sight, TurnedDown, is_question};
pub use feed::{CompanyEvent, Feed};
pub use pack::{ContextWeights, DeskTimes, Manifest, NO_CHOICE, Pack, PackFiles, Places, Weight};
pub use problem::PackProblem;
pub use recovery::Recovery;
pub use saga::{SagaEnd, SagaEnded, SagaRun};
pub use silence::Silence;
