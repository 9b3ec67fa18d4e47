//! Finding and quoting knowledge: articles, passages, questions, ranking, extracted answers.
//!
//! Never: SQL, files, a clock, randomness. The index itself belongs to the store.
//! Start reading at [`article`], then [`rank`] (which article answers?) and [`answer`] (which sentences?).

pub mod article;

pub use article::{Article, ArticleError, Audience, Day};
