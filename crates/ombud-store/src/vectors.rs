//! How are vectors kept and searched? As whole numbers of 8 bits, by comparing all that may be shown, or along a graph of neighbours.
//!
//! Start reading at [`held`] (what an index holds and how it is searched), then `graph` (the graph and how it grows), `walk` (how it is walked), [`live`]
//! (changes) and `file` (what lies on disk). Decision 0023 says why.

mod attributes;
mod bytes;
mod file;
mod graph;
mod held;
mod link;
mod live;
mod product;
mod rows;
mod walk;

pub(crate) use bytes::Bytes;
pub use file::IndexFileError;
pub use graph::GraphSettings;
pub use held::{Method, Vectors, VectorsBuilder};
pub use live::LiveVectors;
