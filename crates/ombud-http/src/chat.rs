//! What may a customer do? Open a session and conversations, say something, enter a code, follow along.

pub mod articles;
pub mod conversations;
pub mod events;
pub mod messages;
pub mod sessions;
pub mod turns;
