//! Models that run in this process: vectors and languages of texts, and heads that learn from vectors, without a network, a graphics card or a line of
//! unsafe code of ours.
//!
//! Never: downloading (the binary does, with the operator's package client), deciding anything, or running a file whose SHA-256 is not the pinned
//! one. Start reading at [`E5`], then `tokens` (text to pieces), `encoder` (pieces to vectors) and `linear` (its layers, on the arithmetic of `ombud-kernel`);
//! [`Lid176`], then `fasttext`, for languages. [`models`] has the pins. Decision 0010 says why the engine is our own, on `rten-simd`, and what else was tried.

pub mod alignment;
mod bytes;
pub mod centre;
mod e5;
mod encoder;
mod fasttext;
pub mod grounding;
pub mod intents;
mod kept;
mod languages;
mod linear;
pub mod models;
mod shelf;
pub mod slots;
mod tokens;
mod weights;

pub use e5::{E5, Layered};
pub use kept::{missing, vectors};
pub use languages::Lid176;
pub use models::{E5_EMBEDDING, E5_SMALL, KnownModel, LID_176, MODELS, ModelFault, verify};
pub use shelf::FolderShelf;
