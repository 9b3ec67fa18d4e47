//! What goes over the wire? Structs of the edge alone, made by hand from the nouns of the domain.

pub mod conversation;
pub mod desk;
pub mod turn;

pub use conversation::{Awaiting, Citation, Conversation, Message};
pub use desk::{DeskConversation, DeskPage, DeskRecords, DeskRow, Handover};
pub use turn::{Reply, Stage, Turn};
