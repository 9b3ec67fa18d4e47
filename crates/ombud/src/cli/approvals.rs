//! What needs the approval of people? Each of them answers with a token of his own, through the server that carries it out.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ombud_connect::PublicApi;
use ombud_connect::public_api::{Approval, Decided};
use serde_json::json;

use super::{Context, Outcome, Output};
use crate::config::staff_token;
use crate::terminal::{bold, say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud token staff --name Maja > maja.token && chmod 600 maja.token
  ombud approvals list --token-file maja.token
  ombud approvals approve 019ac0de --token-file maja.token
  ombud approvals refuse 019ac0de --reason 'the address was changed yesterday' --token-file maja.token
  OMBUD_STAFF_TOKEN=... ombud approvals list --json | jq -r '.approvals[].summary'

An id may be cut as long as it names one. What is approved is exactly what stands there: if it changes meanwhile, the answer is refused. Who
may approve stands in `desk.approvers` of the configuration; whoever has spoken with the customer may not.";

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    /// The server.
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// File with your staff token; `OMBUD_STAFF_TOKEN` if left out.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows what waits for approval, the most urgent first.
    List,
    /// Approves one.
    Approve {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Refuses one, whoever has approved it; the customer is told that it will not be done.
    Refuse {
        /// Its id, or the beginning of it.
        id: String,
        /// Why, for those who read the ledger; the customer does not see it.
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let token = match &options.token_file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?,
        None => staff_token().context("no staff token: give `--token-file` or set OMBUD_STAFF_TOKEN")?,
    };
    let (api, token) = (PublicApi::new(&options.url)?, token.trim());
    let open = api.approvals(token).await?;
    let (id, answer) = match &options.what {
        What::List => return show(context.output, &open),
        What::Approve { id } => (id, Decided::Approve),
        What::Refuse { reason, .. } if !(1..=REASON_CHARS_MAX).contains(&reason.trim().chars().count()) => {
            bail!("`--reason` has 1 to {REASON_CHARS_MAX} characters")
        }
        What::Refuse { id, reason } => (id, Decided::Refuse { reason: reason.trim() }),
    };
    let seen = named(&open, id)?;
    let after = api.decide(token, seen, &answer).await?;
    match context.output {
        Output::Json => say_json(&json!({"approval": after}))?,
        Output::Text => say(format_args!("{}", outcome(&after, &answer))),
    }
    Ok(Outcome::Done)
}

/// The one that an id, or its beginning, names.
fn named<'a>(open: &'a [Approval], id: &str) -> anyhow::Result<&'a Approval> {
    let mut found = open.iter().filter(|approval| approval.id.starts_with(id));
    match (found.next().filter(|_| !id.is_empty()), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!("nothing with id `{id}` waits for approval, see `ombud approvals list`"),
        (Some(_), Some(_)) => bail!("more than one id begins with `{id}`, give more of it"),
    }
}

fn outcome(after: &Approval, answer: &Decided<'_>) -> String {
    let left = usize::from(after.approvers).saturating_sub(after.given.len());
    match answer {
        Decided::Refuse { .. } => "refused; the customer is told that it will not be done".to_owned(),
        Decided::Approve if left > 0 => format!("approved; {left} more must approve it before {}", after.expires_at),
        Decided::Approve => format!("approved; what came of it stands in conversation {}", after.conversation_id),
    }
}

fn show(output: Output, open: &[Approval]) -> anyhow::Result<Outcome> {
    if output == Output::Json {
        say_json(&json!({"approvals": open}))?;
        return Ok(Outcome::Done);
    }
    if open.is_empty() {
        say(format_args!("nothing waits for approval"));
    }
    for approval in open {
        let who = approval.customer_name.as_deref().unwrap_or(&approval.customer_id);
        let given: Vec<&str> = approval.given.iter().map(|given| given.name.as_str()).collect();
        let given = if given.is_empty() { "nobody yet".to_owned() } else { given.join(", ") };
        say(format_args!("{}  {}", bold(&approval.id), approval.summary));
        say(format_args!("  {} for {who}: {}", approval.action, json!(approval.arguments)));
        say(format_args!("  customer: {}", approval.said));
        say(format_args!("  asked for by {}, since {}", approval.rules.join(", "), approval.requested_at));
        say(format_args!("  approved by {given}, {} needed, until {}", approval.approvers, approval.expires_at));
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(id: &str, given: &[&str]) -> Approval {
        let given = given.iter().map(|name| json!({"name": name, "at": "2026-11-28T09:00:00Z"})).collect::<Vec<_>>();
        let body = json!({"id": id, "conversation_id": "c", "customer_id": "C-1", "action": "cancel_order", "arguments": {},
            "summary": "Shall I?", "said": "cancel it", "rules": ["large"], "digest": "d", "approvers": 2, "given": given,
            "requested_at": "2026-11-28T08:00:00Z", "expires_at": "2026-11-29T08:00:00Z"});
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn an_id_may_be_cut_as_long_as_it_names_one() {
        let open = [approval("019a", &[]), approval("019b", &[])];
        assert_eq!(named(&open, "019b").unwrap().id, "019b");
        for wrong in ["019", "7", ""] {
            assert!(named(&open, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_left_to_be_approved_is_said() {
        assert!(outcome(&approval("a", &["Maja"]), &Decided::Approve).contains("1 more must approve"));
        assert!(outcome(&approval("a", &["Maja", "Ivan"]), &Decided::Approve).contains("conversation c"));
        assert!(outcome(&approval("a", &["Maja"]), &Decided::Refuse { reason: "no" }).contains("will not be done"));
    }
}
