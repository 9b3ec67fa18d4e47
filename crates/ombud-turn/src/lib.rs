//! The journey of one message: nine stages, one file each, in reading order in [`turn`].
//!
//! Never: SQL, HTTP, vendor names. Start reading at `turn.rs`.

mod turn;

mod action;
mod answer;
mod context;
mod decision;
mod intake;
mod record;
mod reply;
mod safety;
mod understanding;

mod approvals;
mod assistant;
mod attempts;
mod bounded;
mod broken;
mod controls;
mod conversation;
mod course;
mod desk;
mod facts;
mod feed;
mod followed;
mod graph;
mod hiding;
mod inputs;
mod languages;
mod market;
mod meaning;
mod memory;
mod money;
mod opening;
mod people;
mod reader;
mod records;
mod recovery;
mod replay;
mod search;
mod shadow;
mod shred;
mod silence;
mod tape;
mod taped;
mod trail;
mod view;
mod visitor;
mod waiting;

pub use approvals::{Answer, Approvers, Vote};
pub use assistant::{Assistant, BuildError, Mode, Ports, Settings, check_pack, document_readers};
pub use attempts::AttemptLimits;
pub use controls::Switchboard;
pub use course::{Course, languages_of};
pub use desk::{DeskAct, Holder, OpenRequest};
pub use feed::FeedError;
pub use intake::{FORGOTTEN_MAX, IdempotencyKey, Input, Stimulus, TEXT_CHARS_MAX};
pub use meaning::{Progress, Share};
pub use opening::Wish;
pub use people::{Access, AccessChange, People, Revoked, RevokedAccess};
pub use records::{DeskRecords, RecordList};
pub use replay::{Difference, Other, Replayed, Verdict, Why};
pub use shadow::SHADOWED;
pub use turn::TurnError;
pub use view::{ApprovalView, Approver, ConversationView, DeskNote, DeskView, ToldFact, TurnReply, TurnView};
