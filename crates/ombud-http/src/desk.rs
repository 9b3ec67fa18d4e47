//! What may the people of the company do? See who waits, read everything, take over, answer, note, give back, end; approve what needs it.

pub mod act;
pub mod approvals;
pub mod conversations;
pub mod events;
pub mod switches;
