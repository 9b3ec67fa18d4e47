//! The company's own systems, as a stand-in: what the demo acts on, and what tests ask what really happened.
//!
//! Never imported by the product, which knows it by its HTTP API only. Start reading at `routes` (what there is), then
//! `idempotency` and `storage::unit` (how a write is one transaction), then `paylater` and `retail` (what may be done).

mod admin;
mod changes;
mod cli;
mod clock;
mod errors;
mod export;
mod extract;
mod faults;
mod idempotency;
mod money;
mod outbox;
mod paylater;
mod receipts;
mod retail;
mod routes;
mod seed;
mod server;
mod storage;
mod wire;
mod world;

pub use cli::run;
pub use routes::document;
pub use seed::SeedSpec;
pub use server::{Bound, ServeError, Settings};
pub use world::ClockMode;
