//! The API as its callers see it, without a socket where possible.

mod approvals;
mod bad_input;
mod chat;
mod desk;
mod following;
mod limits;
mod meta;
mod silence;
mod stopping;
mod world;
