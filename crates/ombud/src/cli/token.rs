//! Tokens for tests: signed with the configured secret, as the company's own site would.

use clap::{Args, Subcommand, ValueEnum};
use ombud_domain::{CustomerId, IdentityLevel, Sensitive, SessionId};
use ombud_http::{Claims, Role, Tokens};
use ombud_ports::Clock as _;
use serde_json::json;

use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::terminal::{say, say_json};
use crate::wiring::missing;

const EXAMPLES: &str = "\
Examples:
  ombud token customer                                            somebody nobody knows
  ombud token customer --customer-id C-100001 --level identified  a signed-in customer
  ombud token staff --name Maja --minutes 480                     somebody at the desk";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    who: Who,
    /// Life of the token, minutes.
    #[arg(long, global = true, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=525_600))]
    minutes: u32,
}

#[derive(Debug, Subcommand)]
enum Who {
    /// A customer.
    Customer {
        /// The customer as the company's systems name him; anonymous if left out.
        #[arg(long)]
        customer_id: Option<String>,
        /// How sure the company's site is.
        #[arg(long, value_enum, default_value = "identified", requires = "customer_id")]
        level: Level,
    },
    /// A member of staff.
    Staff {
        /// The name that customers see.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Identified,
    Verified,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    if config.session.secret.is_empty() {
        return Err(missing(
            "session",
            "secret",
            "a running demo makes its own and opens sessions at `/api/v1/demo/sessions`",
        )
        .into());
    }
    let tokens = Tokens::new(&Sensitive::new(config.session.secret))?;
    let clock = SystemClock::new();
    let iat = clock.now().0.div_euclid(1_000_000);
    let sub = SessionId(uuid::Uuid::from_u128(clock.fresh_id()));
    let exp = iat.saturating_add(i64::from(options.minutes).saturating_mul(60));
    let (role, customer_id, level, name) = match &options.who {
        Who::Staff { name } => (Role::Staff, None, IdentityLevel::Anonymous, Some(name.clone())),
        Who::Customer { customer_id: None, .. } => (Role::Customer, None, IdentityLevel::Anonymous, None),
        Who::Customer { customer_id: Some(id), level } => {
            (Role::Customer, Some(CustomerId(id.clone())), (*level).into(), None)
        }
    };
    let token = tokens.sign(&Claims { sub, role, customer_id, level, name, act: None, iat, exp })?;
    match context.output {
        Output::Text => say(format_args!("{token}")),
        Output::Json => say_json(&json!({"token": token, "session_id": sub, "expires_at_s": exp}))?,
    }
    Ok(Outcome::Done)
}

impl From<Level> for IdentityLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Identified => Self::Identified,
            Level::Verified => Self::Verified,
        }
    }
}
