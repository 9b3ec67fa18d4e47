//! Is it really the customer: a one-time code, sent to the phone on file?

use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::customers::require_customer;
use crate::clock::Moment;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::outbox::{Channel, Message};
use crate::storage::record::Record;
use crate::storage::unit::Unit;

const VALID_S: i64 = 5 * 60;
const ATTEMPTS_MAX: u32 = 5;
const PURPOSE_CHARS_MAX: usize = 60;
/// How long codes and wrong codes of a customer count.
const WINDOW_S: i64 = 60 * 60;
/// Codes sent to one customer within the window: the outer fence, since whoever calls may count visitors and signed-in customers apart.
const CODES_MAX: usize = 10;
/// Wrong codes of one customer within the window, over all his challenges.
const WRONG_CODES_MAX: u32 = 10;

/// A code that was sent and waits to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    id: String,
    customer_id: String,
    purpose: String,
    code: String,
    expires_at: Moment,
    attempts: u32,
    verified_at: Option<Moment>,
}

impl Record for Challenge {
    const KIND: &'static str = "challenge";
    const NOUN: &'static str = "challenge";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

/// Whose identity is to be proved, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenChallenge {
    customer_id: String,
    purpose: String,
}

/// Where the code went and until when it holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeOpened {
    receipt_id: String,
    challenge_id: String,
    channel: Channel,
    masked_destination: String,
    expires_at: Moment,
}

/// Sends a six-digit code to the phone on file; at most ten within an hour.
#[utoipa::path(
    post, path = "/challenges", tag = "challenges", request_body = OpenChallenge,
    responses((status = 200, body = ChallengeOpened), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn open_challenge(mut write: Write<OpenChallenge>) -> Response {
    let outcome = open(&mut write.unit, &write.body).await;
    write.finish(outcome).await
}

async fn open(unit: &mut Unit, request: &OpenChallenge) -> Result<ChallengeOpened, Refusal> {
    if request.purpose.chars().count() > PURPOSE_CHARS_MAX {
        return Err(Refusal::invalid(format!("`purpose` has at most {PURPOSE_CHARS_MAX} characters")));
    }
    let customer = require_customer(unit, &request.customer_id).await?;
    if customer.phone.is_empty() {
        return Err(Refusal::rule(
            "no_phone",
            format!("{} has no phone on file; a person must look at it", customer.id),
        ));
    }
    if recent(unit, &customer.id).await?.len() >= CODES_MAX {
        return Err(Refusal::rule("challenges_too_many", "too many codes were sent within an hour; try again later"));
    }
    let id = unit.next_id("CHL").await?;
    let challenge = Challenge {
        code: code(&unit.world.seed, &unit.world.name, &id),
        id,
        customer_id: customer.id.clone(),
        purpose: request.purpose.clone(),
        expires_at: unit.now.plus_seconds(VALID_S),
        attempts: 0,
        verified_at: None,
    };
    unit.save(&challenge, "sent").await?;
    let text =
        format!("Your Nimbus Pay code is {}. It is valid for 5 minutes. Never share it in a chat.", challenge.code);
    let message = Message {
        id: String::new(),
        at: unit.now,
        customer_id: customer.id.clone(),
        channel: Channel::Sms,
        to: customer.phone.clone(),
        text,
        code: Some(challenge.code.clone()),
    };
    unit.send(message).await?;
    let receipt_id = unit.receipt("challenge.open", &challenge).await?;
    Ok(ChallengeOpened {
        receipt_id,
        challenge_id: challenge.id,
        channel: Channel::Sms,
        masked_destination: masked(&customer.phone),
        expires_at: challenge.expires_at,
    })
}

/// The customer's challenges within the window.
async fn recent(unit: &mut Unit, customer_id: &str) -> Result<Vec<Challenge>, Refusal> {
    let now = unit.now;
    let mut challenges: Vec<Challenge> = unit.of_customer(customer_id).await?;
    challenges.retain(|challenge| now < challenge.expires_at.plus_seconds(WINDOW_S - VALID_S));
    Ok(challenges)
}

/// Six digits that follow from seed, world and challenge: a stand-in must repeat itself, a real system must not.
fn code(seed: &str, world: &str, id: &str) -> String {
    let digest = Sha256::digest(format!("one-time code|{seed}|{world}|{id}"));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}

/// `+46 *** ** 01`: the country code and the last two digits.
fn masked(phone: &str) -> String {
    let head: String = phone.chars().take(3).collect();
    let tail: String = phone.chars().skip(phone.chars().count().saturating_sub(2)).collect();
    format!("{head} *** ** {tail}")
}

/// The code as typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyChallenge {
    code: String,
}

/// Whether the code was right.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeVerified {
    verified: bool,
    attempts_left: u32,
}

/// Checks a code; five attempts within five minutes, and ten wrong ones of one customer within an hour.
#[utoipa::path(
    post, path = "/challenges/{id}/verify", tag = "challenges", params(("id" = String, Path)),
    request_body = VerifyChallenge,
    responses((status = 200, body = ChallengeVerified), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn verify_challenge(Path(id): Path<String>, mut write: Write<VerifyChallenge>) -> Response {
    let outcome = verify(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn verify(unit: &mut Unit, id: &str, request: &VerifyChallenge) -> Result<ChallengeVerified, Refusal> {
    let mut challenge: Challenge = unit.require(id).await?;
    if challenge.verified_at.is_some() {
        return Err(Refusal::rule("challenge_used", "this code was used; ask for a new one"));
    }
    if challenge.attempts >= ATTEMPTS_MAX {
        return Err(Refusal::rule("challenge_exhausted", "the code was wrong too often; ask for a new one"));
    }
    if unit.now > challenge.expires_at {
        return Err(Refusal::rule("challenge_expired", "the code is no longer valid; ask for a new one"));
    }
    let wrong = |challenge: &Challenge| challenge.attempts.saturating_sub(u32::from(challenge.verified_at.is_some()));
    if recent(unit, &challenge.customer_id).await?.iter().map(wrong).sum::<u32>() >= WRONG_CODES_MAX {
        return Err(Refusal::rule("wrong_codes_too_many", "too many wrong codes within an hour; try again later"));
    }
    challenge.attempts = challenge.attempts.saturating_add(1);
    let verified = challenge.code == request.code.trim();
    if verified {
        challenge.verified_at = Some(unit.now);
    }
    unit.save(&challenge, if verified { "verified" } else { "wrong_code" }).await?;
    Ok(ChallengeVerified { verified, attempts_left: ATTEMPTS_MAX.saturating_sub(challenge.attempts) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_follows_from_its_challenge() {
        let first = code("generated:1,1", "main", "CHL-900001");
        assert_eq!(first.len(), 6);
        assert_eq!(first, code("generated:1,1", "main", "CHL-900001"));
        assert_ne!(first, code("generated:1,1", "main", "CHL-900002"));
    }

    #[test]
    fn a_phone_is_masked_but_for_its_ends() {
        assert_eq!(masked("+46701740001"), "+46 *** ** 01");
    }
}
