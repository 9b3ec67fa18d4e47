//! What is in a session token, how is it signed, and when is it refused?

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ombud_domain::{CustomerId, IdentityLevel, Principal, Sensitive, SessionId, TimestampUs};
use serde::{Deserialize, Serialize};

/// Bytes of the session secret at least: as many as the hash gives (RFC 7518, 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// Who a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Somebody who asks.
    Customer,
    /// Somebody of the company who answers.
    Staff,
}

/// What a token says; the company's own site may sign such claims with the same secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Session id.
    pub sub: SessionId,
    /// Who it is for.
    pub role: Role,
    /// The customer whom the signer vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// How sure the signer is.
    #[serde(default)]
    pub level: IdentityLevel,
    /// Name of the member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who acts for the holder with it, as others delegate tokens (RFC 8693, section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<serde_json::Value>,
    /// When it was signed, seconds since the epoch.
    pub iat: i64,
    /// When it ends, seconds since the epoch.
    pub exp: i64,
}

impl Claims {
    /// The principal of a customer's token. A level without a customer, or a customer without a level, counts as anonymous.
    #[must_use]
    pub fn principal(&self) -> Principal {
        let anonymous = Principal { session_id: self.sub, customer_id: None, level: IdentityLevel::Anonymous };
        match &self.customer_id {
            Some(id) if self.level > IdentityLevel::Anonymous && !id.as_str().is_empty() => {
                Principal { customer_id: Some(id.clone()), level: self.level, ..anonymous }
            }
            _ => anonymous,
        }
    }
}

/// Why tokens cannot be signed or a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The secret is too short.
    #[error("the session secret is shorter than {SECRET_BYTES_MIN} bytes, take a longer one (`openssl rand -hex 32`)")]
    SecretTooShort,
    /// Not signed with this secret, or no token at all.
    #[error("the token is not valid here")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It could not be signed.
    #[error("the token cannot be signed")]
    Unsigned,
}

/// Signs and checks session tokens (JWT, HS256).
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Keys of one secret.
    ///
    /// # Errors
    /// [`TokenError::SecretTooShort`]; the operator can fix it.
    pub fn new(secret: &Sensitive<String>) -> Result<Self, TokenError> {
        let bytes = secret.expose().as_bytes();
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(TokenError::SecretTooShort);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // The end is checked against the clock port, without leeway, in `check`.
        validation.validate_exp = false;
        validation.leeway = 0;
        Ok(Self { encoding: EncodingKey::from_secret(bytes), decoding: DecodingKey::from_secret(bytes), validation })
    }

    /// A signed token.
    ///
    /// # Errors
    /// [`TokenError::Unsigned`]; our bug.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding).map_err(|_| TokenError::Unsigned)
    }

    /// The claims of a token that was signed with this secret and has not ended.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] or [`TokenError::Expired`]; the caller opens a new session.
    pub fn check(&self, token: &str, now: TimestampUs) -> Result<Claims, TokenError> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).map_err(|_| TokenError::Invalid)?.claims;
        if claims.exp <= now.0.div_euclid(1_000_000) { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_795_262_400;

    fn now(offset_s: i64) -> TimestampUs {
        TimestampUs((NOW_S + offset_s) * 1_000_000)
    }

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(&Sensitive::new(secret.repeat(SECRET_BYTES_MIN))).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            sub: "018f0000-0000-7000-8000-000000000001".parse().unwrap(),
            role: Role::Customer,
            customer_id: Some(CustomerId("C-1".to_owned())),
            level: IdentityLevel::Identified,
            name: None,
            act: None,
            iat: NOW_S,
            exp: NOW_S + 60,
        }
    }

    #[test]
    fn a_token_is_good_until_the_second_it_ends() {
        let token = tokens("a").sign(&claims()).unwrap();
        assert_eq!(tokens("a").check(&token, now(59)), Ok(claims()));
        assert_eq!(tokens("a").check(&token, now(60)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_secret_or_another_algorithm_is_refused() {
        let token = tokens("a").sign(&claims()).unwrap();
        assert_eq!(tokens("b").check(&token, now(0)), Err(TokenError::Invalid));
        // {"alg":"none"} with the same claims and no signature.
        let payload = token.split('.').nth(1).unwrap();
        for forged in [format!("eyJhbGciOiJub25lIn0.{payload}."), format!("{token}x"), "x".to_owned(), String::new()] {
            assert_eq!(tokens("a").check(&forged, now(0)), Err(TokenError::Invalid), "{forged}");
        }
        let other = encode(
            &Header::new(Algorithm::HS512),
            &claims(),
            &EncodingKey::from_secret("a".repeat(SECRET_BYTES_MIN).as_bytes()),
        )
        .unwrap();
        assert_eq!(tokens("a").check(&other, now(0)), Err(TokenError::Invalid));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(matches!(
            Tokens::new(&Sensitive::new("x".repeat(SECRET_BYTES_MIN - 1))),
            Err(TokenError::SecretTooShort)
        ));
    }

    #[test]
    fn a_level_without_a_customer_counts_as_anonymous() {
        let anonymous = |claims: Claims| {
            claims.principal().customer_id.is_none() && claims.principal().level == IdentityLevel::Anonymous
        };
        assert!(anonymous(Claims { customer_id: None, level: IdentityLevel::Verified, ..claims() }));
        assert!(anonymous(Claims { level: IdentityLevel::Anonymous, ..claims() }));
        assert_eq!(claims().principal().level, IdentityLevel::Identified);
    }
}
