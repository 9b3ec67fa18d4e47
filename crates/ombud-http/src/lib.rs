//! The HTTP API and the pages: routes by audience, permissions as extractor types, errors with stable codes.
//!
//! Never: SQL, deciding, customer text in logs. Start reading at [`router`], then [`chat`] (the largest audience) and [`problem`].

pub mod address;
pub mod app;
pub mod auth;
pub mod body;
pub mod chat;
pub mod demo;
pub mod desk;
pub mod dto;
pub mod events;
pub mod limits;
pub mod live;
pub mod meta;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod router;
pub mod serve;

pub use address::Network;
pub use app::{App, DemoCompany, DemoError, HttpSettings, Parts};
pub use auth::token::{Claims, Role, TokenError, Tokens};
pub use limits::{LimitSettings, Rate};
pub use live::LiveHub;
pub use router::router;
pub use serve::serve;

#[cfg(test)]
mod tests;
