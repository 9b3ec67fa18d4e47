//! What may the people of the company do? See who waits, read everything, take over, answer, note, give back, end.

pub mod act;
pub mod conversations;
pub mod events;
pub mod switches;
