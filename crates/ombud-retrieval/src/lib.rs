//! Finding and quoting knowledge: articles, passages, questions, ranking, extracted answers; and walks over a customer's records.
//!
//! Never: SQL, files, a clock, randomness. The index itself belongs to the store.
//! Start reading at [`knowledge`] and [`article`], then [`rank`] (which article answers?) and [`answer`] (which sentences?); [`graph`] stands by itself.

pub mod answer;
pub mod article;
pub mod bm25;
pub mod chunk;
pub mod corpus;
pub mod counts;
pub mod fuse;
pub mod graph;
pub mod knowledge;
mod likelihood;
pub mod meaning;
pub mod near;
pub mod query;
pub mod rank;
pub mod sentence;
mod similarity;
mod slips;
pub mod synonyms;

pub use answer::{Extract, SUGGEST_MIN, SUPPORT_MIN, extract, suggestions};
pub use article::{Article, ArticleError, Audience, Day};
pub use chunk::{Chunk, Line, chunks};
pub use corpus::{Corpus, Vocabulary, lessons_of};
pub use counts::Counting;
pub use graph::Graph;
pub use knowledge::{Knowledge, Outside};
pub use near::{Near, Sentences, Told};
pub use query::Analyzer;
pub use rank::{Balance, Ranked, Ranker};
pub use synonyms::Synonyms;
