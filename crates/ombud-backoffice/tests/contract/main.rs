//! What the back office promises to those who call it, checked over HTTP against servers of their own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may panic, spawn, read where the public data lies and say that they were skipped"
)]

mod support;
mod idempotency;
mod faults;
mod rules;
mod credentials;
mod reads;
mod worlds;
mod seeds;
mod retail;
mod starting;
