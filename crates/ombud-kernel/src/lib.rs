//! How is learnt from examples what lies near them? Kernel ridge regression, and the arithmetic below it.
//!
//! Never: models, texts or files; it knows numbers alone. Start reading at [`KernelRidge`], then `matrix` (the equations) and [`product`]
//! (rows times a matrix on whatever vector instructions there are), on which the embedding model stands too.

mod matrix;
pub mod product;
mod ridge;
mod support;

pub use ridge::{KernelRidge, RidgeError, RidgeSettings, Seen};
