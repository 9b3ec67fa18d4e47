//! The company's own systems, as a stand-in: what the demo acts on, and what tests ask what really happened.
//!
//! Never imported by the product, which knows it by its HTTP API only. Start reading at `routes` (what there is), then `idempotency`
//! and `storage::unit` (how a write is one transaction), then `paylater` and `retail` (what may be done).

mod cli;
mod server;
mod routes;
mod errors;
mod extract;
mod wire;
mod idempotency;
mod receipts;
mod changes;
mod faults;
mod world;
mod clock;
mod money;
mod outbox;
mod export;
mod admin;
mod storage;
mod seed;
mod paylater;
mod retail;

pub use cli::run;
pub use routes::document;
pub use seed::SeedSpec;
pub use server::{Bound, ServeError, Settings};
pub use world::ClockMode;
