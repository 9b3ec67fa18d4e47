//! Which party does a handler need? Asking for the type is asking for the permission; forgetting it leaves nothing to work with.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use ombud_domain::{Principal, SessionId};

use super::token::{Claims, Role, TokenError};
use crate::app::App;
use crate::limits::SessionKey;
use crate::problem::ApiError;

/// A customer with a valid session.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Who speaks.
    pub principal: Principal,
    /// When the token ends, seconds since the epoch.
    pub expires_at_s: i64,
}

/// A member of staff.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The session.
    pub session_id: SessionId,
    /// The name customers see.
    pub name: String,
    /// Whether he acts himself, or a program or another person with a token delegated by him.
    pub hand: Hand,
    /// When the token ends, seconds since the epoch.
    pub expires_at_s: i64,
}

/// Whose hand acts with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The holder's.
    Own,
    /// Somebody else's, or a program's.
    Delegate,
}

/// Either of them.
#[derive(Debug, Clone)]
pub enum Party {
    /// A customer.
    Customer(Customer),
    /// A member of staff.
    Staff(Staff),
}

/// Who may see how a turn came about: staff, and in the demo everybody for his own conversations.
#[derive(Debug, Clone)]
pub struct StaffOrDemo(pub Party);

impl Party {
    /// The session of the token.
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        match self {
            Self::Customer(customer) => customer.principal.session_id,
            Self::Staff(staff) => staff.session_id,
        }
    }

    /// When the token ends, seconds since the epoch.
    #[must_use]
    pub const fn expires_at_s(&self) -> i64 {
        match self {
            Self::Customer(customer) => customer.expires_at_s,
            Self::Staff(staff) => staff.expires_at_s,
        }
    }
}

impl FromRequestParts<App> for Party {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION).ok_or(ApiError::NoToken)?;
        let text = header.to_str().map_err(|_| ApiError::BadToken)?;
        let (scheme, token) = text.split_once(' ').ok_or(ApiError::BadToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::NoToken);
        }
        let claims = app.tokens().check(token.trim(), app.clock().now()).map_err(refusal)?;
        let party = Self::from(claims);
        if let Self::Staff(staff) = &party
            && app.assistant().people().read().await?.has(&staff.name)
        {
            return Err(ApiError::AccessRevoked);
        }
        app.limits().request(&SessionKey::of(&party))?;
        Ok(party)
    }
}

impl From<Claims> for Party {
    fn from(claims: Claims) -> Self {
        let expires_at_s = claims.exp;
        match claims.role {
            Role::Customer => Self::Customer(Customer { principal: claims.principal(), expires_at_s }),
            Role::Staff => {
                let name = claims.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Agent".to_owned());
                let hand = if claims.act.is_some() { Hand::Delegate } else { Hand::Own };
                Self::Staff(Staff { session_id: claims.sub, name, hand, expires_at_s })
            }
        }
    }
}

const fn refusal(error: TokenError) -> ApiError {
    match error {
        TokenError::Expired => ApiError::TokenExpired,
        TokenError::Invalid | TokenError::SecretTooShort | TokenError::Unsigned => ApiError::BadToken,
    }
}

impl FromRequestParts<App> for Customer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Party::from_request_parts(parts, app).await? {
            Party::Customer(customer) => Ok(customer),
            Party::Staff(_) => Err(ApiError::WrongRole { role: "customer" }),
        }
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Party::from_request_parts(parts, app).await? {
            Party::Staff(staff) => Ok(staff),
            Party::Customer(_) => Err(ApiError::WrongRole { role: "staff" }),
        }
    }
}

impl FromRequestParts<App> for StaffOrDemo {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Party::from_request_parts(parts, app).await? {
            Party::Customer(customer) if app.demo().is_none() || customer.principal.customer_id.is_none() => {
                Err(ApiError::WrongRole { role: "staff" })
            }
            party => Ok(Self(party)),
        }
    }
}
