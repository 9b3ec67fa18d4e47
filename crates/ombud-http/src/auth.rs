//! Who may do this? A signed token says who speaks; an extractor type says who must.

pub mod party;
pub mod token;

pub use party::{Customer, Hand, Party, Staff, StaffOrDemo};
pub use token::{Role, TokenError, Tokens};
