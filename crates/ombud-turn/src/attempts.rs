//! How often may somebody say who he is, get codes, and enter wrong ones? So often in an hour over all conversations; counted before it is done.

use ombud_domain::{ActionOutcome, CallFailure, Stage};
use ombud_policy::ApiCall;
use ombud_policy::authorize::hex;
use ombud_ports::{Attempt, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::action::{within, word};
use crate::assistant::Assistant;
use crate::intake::Arrival;
use crate::trail::Trail;

/// How long tries count, microseconds.
const WINDOW_US: i64 = 3_600_000_000;
/// Reason code of a code that is not sent any more.
const CODES_TOO_MANY: &str = "too_many_codes";
/// Reason code of a code that is not looked at any more.
const WRONG_CODES_TOO_MANY: &str = "too_many_wrong_codes";
/// Reason code of a claim that is not looked into any more.
const CLAIMS_TOO_MANY: &str = "too_many_attempts";

/// Tries allowed in an hour; zero switches a limit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Identifications from one address that were not completed.
    pub address_identifications: u32,
    /// Identifications under one e-mail address or name that were not completed, whether or not there is such a customer.
    pub claim_identifications: u32,
    /// One-time codes sent to one customer; those that visitors have sent count apart from those of his own sessions.
    pub customer_codes: u32,
    /// Wrong one-time codes of one customer, or under one e-mail address or name; those of visitors count apart from those of his own sessions.
    pub customer_wrong_codes: u32,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self { address_identifications: 10, claim_identifications: 10, customer_codes: 5, customer_wrong_codes: 5 }
    }
}

/// What is tried.
#[derive(Debug, Clone, Copy)]
enum Tried {
    AddressIdentification,
    ClaimIdentification,
    Code,
    CodeToClaimed,
    WrongCode,
    WrongCodeOfClaim,
    WrongCodeOfClaimed,
}

impl Tried {
    const fn name(self) -> &'static str {
        match self {
            Self::AddressIdentification => "identification.address",
            Self::ClaimIdentification => "identification.claim",
            Self::Code => "code.customer",
            Self::CodeToClaimed => "code.claimed",
            Self::WrongCode => "wrong_code.customer",
            Self::WrongCodeOfClaim => "wrong_code.claim",
            Self::WrongCodeOfClaimed => "wrong_code.claimed",
        }
    }

    const fn max(self, limits: &AttemptLimits) -> u32 {
        match self {
            Self::AddressIdentification => limits.address_identifications,
            Self::ClaimIdentification => limits.claim_identifications,
            Self::Code | Self::CodeToClaimed => limits.customer_codes,
            Self::WrongCode | Self::WrongCodeOfClaim | Self::WrongCodeOfClaimed => limits.customer_wrong_codes,
        }
    }

    /// Whose tries these are, without saying who: addresses and e-mails are no business of this table.
    fn subject(self, who: &str) -> String {
        format!("{}:{}", self.name(), hex(&Sha256::digest(who.trim().to_lowercase().as_bytes())))
    }
}

async fn may_try(assistant: &Assistant, tried: Tried, who: &str) -> Result<bool, StoreError> {
    let tries_max = tried.max(&assistant.settings.attempts);
    if tries_max == 0 {
        return Ok(true);
    }
    let attempt = Attempt {
        tenant: assistant.settings.tenant.clone(),
        subject: tried.subject(who),
        tries_max,
        window_us: WINDOW_US,
        at: assistant.ports.clock.now(),
    };
    assistant.ports.attempts.try_once(&attempt).await
}

async fn forget(assistant: &Assistant, tried: Tried, who: &str) -> Result<(), StoreError> {
    assistant.ports.attempts.forget(&assistant.settings.tenant, &tried.subject(who)).await
}

/// What cannot be counted is not done.
fn uncounted(error: &StoreError) -> ActionOutcome {
    tracing::error!(error = error as &dyn std::error::Error, "tries cannot be counted, nothing was done");
    ActionOutcome::Failed { failure: CallFailure::Unreachable }
}

fn refused(reason_code: &str) -> ActionOutcome {
    ActionOutcome::Refused { reason_code: reason_code.to_owned() }
}

/// Counts that somebody says who he is: found when it may be looked into.
pub(crate) async fn count_claim(
    assistant: &Assistant,
    received: &Arrival,
    who: &str,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    let counted = async {
        let of_claim = may_try(assistant, Tried::ClaimIdentification, who).await?;
        let of_address = match &received.address {
            Some(address) => may_try(assistant, Tried::AddressIdentification, address).await?,
            None => true,
        };
        Ok::<bool, StoreError>(of_claim && of_address)
    };
    let outcome = match counted.await {
        Ok(true) => ActionOutcome::Found { body: Value::Null },
        Ok(false) => refused(CLAIMS_TOO_MANY),
        Err(error) => uncounted(&error),
    };
    trail.note(Stage::Action, format!("count an identification: {}", word(&outcome)), json!({}));
    outcome
}

/// The refusal of a code that would be one too many for this customer.
///
/// INVARIANT: what visitors try takes nothing from a customer whom the company's site has signed in
/// (test: `visitors_who_guess_lock_nobody_out_who_is_signed_in`).
pub(crate) async fn code_refused(
    assistant: &Assistant,
    received: &Arrival,
    customer_id: &str,
) -> Option<ActionOutcome> {
    let own = received.principal.customer_id.as_ref().is_some_and(|own| own.as_str() == customer_id);
    let tried = if own { Tried::Code } else { Tried::CodeToClaimed };
    match may_try(assistant, tried, customer_id).await {
        Ok(true) => None,
        Ok(false) => Some(refused(CODES_TOO_MANY)),
        Err(error) => Some(uncounted(&error)),
    }
}

/// A code as entered, and whom it would prove.
pub(crate) struct EnteredCode {
    /// The check; none when no code was ever sent.
    pub call: Option<ApiCall>,
    /// Whose code it would be.
    pub customer_id: Option<String>,
    /// Who the sender says he is, when nobody is known yet.
    pub claimed: Option<String>,
}

impl EnteredCode {
    /// What a wrong one counts as for the customer it would prove.
    const fn counted_as(&self) -> Tried {
        match self.claimed {
            Some(_) => Tried::WrongCodeOfClaimed,
            None => Tried::WrongCode,
        }
    }
}

/// Checks a code, if this customer and this claim have tries left; a right one forgets them.
///
/// INVARIANT: a wrong code of a claim looks the same whether or not there is such a customer, and whatever his own count is
/// (test: `a_claim_for_nobody_has_as_many_tries_as_one_for_a_customer`).
pub(crate) async fn check_code(
    assistant: &Assistant,
    received: &Arrival,
    entered: &EnteredCode,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    let outcome = match checked(assistant, entered).await {
        Ok(outcome) => outcome,
        Err(error) => uncounted(&error),
    };
    if is_verified(&outcome)
        && let Err(error) = forget_tries(assistant, received, entered).await
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "tries before a right code still count");
    }
    trail.note(Stage::Action, format!("check the code: {}", word(&outcome)), json!({"outcome": word(&outcome)}));
    outcome
}

async fn checked(assistant: &Assistant, entered: &EnteredCode) -> Result<ActionOutcome, StoreError> {
    let wrong = || ActionOutcome::Found { body: json!({"verified": false, "attempts_left": 1}) };
    if let Some(who) = &entered.claimed
        && !may_try(assistant, Tried::WrongCodeOfClaim, who).await?
    {
        return Ok(refused(WRONG_CODES_TOO_MANY));
    }
    let allowed = match &entered.customer_id {
        Some(id) => may_try(assistant, entered.counted_as(), id).await?,
        None => true,
    };
    let outcome = match &entered.call {
        Some(_) if !allowed => refused(WRONG_CODES_TOO_MANY),
        Some(call) => {
            let late = ActionOutcome::Failed { failure: CallFailure::Timeout };
            within(assistant, assistant.ports.back_office.pass_secret(call), late).await
        }
        None => wrong(),
    };
    let is_claim = entered.claimed.is_some();
    Ok(match outcome {
        ActionOutcome::Failed { .. } => outcome,
        _ if is_claim && !is_verified(&outcome) => wrong(),
        _ => outcome,
    })
}

fn is_verified(outcome: &ActionOutcome) -> bool {
    let body = match outcome {
        ActionOutcome::Done { receipt } => &receipt.body,
        ActionOutcome::Found { body } => body,
        _ => return false,
    };
    body.get("verified").and_then(Value::as_bool) == Some(true)
}

async fn forget_tries(assistant: &Assistant, received: &Arrival, entered: &EnteredCode) -> Result<(), StoreError> {
    if let Some(id) = &entered.customer_id {
        forget(assistant, entered.counted_as(), id).await?;
    }
    if let Some(who) = &entered.claimed {
        forget(assistant, Tried::WrongCodeOfClaim, who).await?;
        forget(assistant, Tried::ClaimIdentification, who).await?;
        if let Some(address) = &received.address {
            assistant
                .ports
                .attempts
                .give_back(&assistant.settings.tenant, &Tried::AddressIdentification.subject(address))
                .await?;
        }
    }
    Ok(())
}
