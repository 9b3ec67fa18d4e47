//! Flows and policies: what may be done, what is asked next, and why.
//!
//! Never: async, I/O, a clock, randomness, calls of a model.
//! Start reading at [`engine`] (the flow engine), then [`authorize`] (the only maker of an [`Authorized`]).

pub mod action;

pub use action::{ApiCall, Authorized, Intent, Method};
