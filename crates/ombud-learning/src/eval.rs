//! How good is a part by itself? Files of labelled texts, how they are divided, and the figures that say how well they were read.
//!
//! Each figure is defined here once, so that every command and every document means the same by its name.

pub mod figure;
pub mod labelled;
pub mod share;
pub mod slotted;

pub use figure::{
    Figure, Scored, auroc, mean_and_deviation, recall_at_false_alarms, recall_at_precision, threshold_at_precision,
};
pub use labelled::{FileFault, Labelled, Line, labelled, lines};
pub use slotted::{Slotted, slotted};
