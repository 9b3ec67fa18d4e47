//! What the back office promises to those who call it, checked over HTTP against servers of their own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may panic, spawn, read where the public data lies and say that they were skipped"
)]

mod credentials;
mod faults;
mod idempotency;
mod reads;
mod retail;
mod rules;
mod seeds;
mod starting;
mod support;
mod worlds;
