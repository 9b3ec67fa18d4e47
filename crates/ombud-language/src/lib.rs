//! The first rung of understanding: reads what customers write, without a model to download and without a network.
//!
//! Never: I/O, a clock, randomness, the environment. The same text under the same data gives the same reading.
//! Start reading at [`safety`] (what may be kept of a message), then [`understand`] (what it asks of us).

pub mod choose;
pub mod claims;
pub mod classify;
pub mod extract;
pub mod interpret;
mod lean;
pub mod person;
pub mod pii;
pub mod safety;
mod sample;
mod shelf;
pub mod support;
pub mod tongue;
pub mod understand;
mod warm;

pub use claims::{Claims, Vocabulary, beyond, claims, unsupported};
pub use classify::{Classifier, DeepClassifier, Example, TrainError, TrainSettings, Vectors};
pub use extract::{Awaiting, Entity, ExtractContext, PatternError, PatternSpec, Patterns, extract, extract_kinds};
pub use interpret::{Across, GlossFile, HARMLESS, Interpreter, Interpreters, PhraseFile, Says, Taught};
pub use person::{Person, PersonExample, PersonFile, PersonWish, PersonWords};
pub use pii::{
    Hidden, HideError, OwnValues, Part, PiiError, PiiFile, PiiKind, PiiReader, PiiSpan, Pseudonym, Pseudonyms, Purpose,
    RevealError,
};
pub use safety::{Redaction, RedactionKind, ScreenContext, Screening, SignalError, SignalFile, SignalModel, screen};
pub use sample::sample;
pub use shelf::{Shelf, ShelfKey, SomeShelf};
pub use tongue::{Heard, Letters, LettersError, ToldBy, Tongue, TongueFile, Tongues, spoken};
pub use understand::{
    Act, Moment, Newest, NluError, NluFile, NluModel, OfColleague, ReplyExample, RuleFile, Together, UnderstandContext,
    Understander,
};
pub use warm::compile_patterns;
