//! Documents from outside become articles that wait: reading, naming, finding poison, and who may let one in.
//!
//! Never: I/O, a clock, letting anything in by itself. Start reading at [`document`] (what does a document say?), then [`scan`] (what speaks against
//! it?) and [`history`] (what happened to it, and who may decide?).

pub mod document;
mod docx;
pub mod draft;
pub mod history;
mod html;
mod markdown;
mod pdf;
pub mod scan;
pub mod sitemap;
mod words;

pub use document::{Document, Format, Hidden, HiddenBy, ReadError};
pub use history::{Act, Entry, History, Refusal};
pub use scan::{Code, Finding, Scanner, Today};
pub use words::{WordError, WordFile, Words};
