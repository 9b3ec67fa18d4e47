//! What does the retail shop of the public benchmark answer and do?
//!
//! The semantics are those of the 16 tools of the benchmark's retail domain: the same order of checks, because the
//! first one that fails decides what a caller is told, and the same bookkeeping, because the end state is graded.

pub mod addresses;
pub mod changes_of_items;
pub mod orders;
pub mod payment_methods;
pub mod products;
pub mod records;
pub mod returns;
pub mod users;
