//! Who is speaking, and how sure are we?

use serde::{Deserialize, Serialize};

use crate::{CustomerId, SessionId};

/// How sure we are who the customer is; each level includes the ones before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityLevel {
    /// Nothing is known.
    #[default]
    Anonymous,
    /// The company's site signed the customer in, or details given in the chat matched one customer.
    Identified,
    /// A one-time code was entered outside the chat within its time limit.
    Verified,
}

impl IdentityLevel {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Identified => "identified",
            Self::Verified => "verified",
        }
    }
}

/// The holder of a signed session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The session that speaks.
    pub session_id: SessionId,
    /// The customer the company's site vouched for, if it did.
    pub customer_id: Option<CustomerId>,
    /// The level the session's token vouches for.
    pub level: IdentityLevel,
}
