//! What does the money come to that was moved here? Balances, movements, and whether they are what the events of the ledger and the payment provider say.

mod statement;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use ombud_domain::books::audit::{Audit, audit};
use ombud_domain::books::statement::{Movement, Scope, State, movements, reconcile, word};
use ombud_domain::{Account, Balance, Books, Currency, Money, Moving, Posting, RecordedEvent, TenantId, TimestampUs};
use ombud_policy::Pack;
use ombud_ports::StoreError;
use ombud_ports::books::{POSTINGS_MAX, Wanted};
use ombud_store::Store;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::erase::store_of;
use super::hold::since;
use super::{Context, Outcome, Output};
use crate::packs::PackSource;
use crate::terminal::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud books balance                                what every account holds
  ombud books balance --account captured --of ORD-1001
  ombud books statement --customer C-100001          each movement, with its state
  ombud books reconcile --statement 2026-11.csv      what the payment provider says otherwise
  ombud books reconcile --statement 2026-11.csv --from 2026-11-01 --until 2026-12-01 --json
  ombud books check                                  whether the books are what the events of the ledger have made them

Accounts and the form of statements are written in policies/accounts.yaml of the pack. Where personal text is sealed, records stand here by their tags;
they are found by their own ids.

Exit codes: 0 when everything fits, 1 when something does not, with what does not.";

/// Events read at once.
const PAGE: usize = 500;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    /// Folder of a demo, instead of the configuration.
    #[arg(long, value_name = "FOLDER", global = true)]
    data: Option<PathBuf>,
    /// Folder of the pack, instead of `pack.path`.
    #[arg(long, value_name = "FOLDER", global = true)]
    pack: Option<String>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows what accounts hold, and what is about to be moved.
    Balance(Filter),
    /// Lists movements: what was moved, what may have been, what was not.
    Statement(Filter),
    /// Compares the books with a statement of the payment provider, and lists everything in which they differ.
    Reconcile {
        /// CSV file with a line of headings.
        #[arg(long, value_name = "FILE")]
        statement: PathBuf,
        /// First day that the statement tells of, UTC; since ever if left out.
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// The day after the last one that it tells of, UTC; until now if left out.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
    },
    /// Checks that every currency comes to nothing, that no account is overdrawn, and that each posting is what the ledger's events tell.
    Check,
}

#[derive(Debug, Args)]
struct Filter {
    /// An account of the chart.
    #[arg(long)]
    account: Option<String>,
    /// The record that the account is kept for.
    #[arg(long, value_name = "ID", requires = "account")]
    of: Option<String>,
    /// A customer as the company's systems name him.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

impl Filter {
    fn wanted(&self) -> Wanted {
        Wanted { customer_id: self.customer.clone(), account: self.account.clone(), of: self.of.clone() }
    }
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let source = match (&options.pack, &options.data) {
        (Some(pack), _) => PackSource::find(pack)?,
        (None, Some(_)) => PackSource::of_demo()?,
        (None, None) => PackSource::find(&context.config()?.pack.path)?,
    };
    let (pack, _) = source.read()?;
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let outcome = act(context, &options.what, (&store, &tenant, &pack)).await;
    store.shutdown().await;
    outcome
}

async fn act(
    context: &Context,
    what: &What,
    (store, tenant, pack): (&Store, &TenantId, &Pack),
) -> anyhow::Result<Outcome> {
    match what {
        What::Balance(filter) => balance(context, &postings(store, tenant, &filter.wanted()).await?, filter),
        What::Statement(filter) => list(context, &movements(&postings(store, tenant, &filter.wanted()).await?)),
        What::Reconcile { statement, from, until } => {
            let form = statement::form(pack)?;
            let lines = statement::read(statement, form)?;
            let account = Account { name: form.account.clone(), of: String::new() };
            let from = from.as_deref().map_or(Ok(TimestampUs(i64::MIN)), statement::day)?;
            let until = until.as_deref().map_or(Ok(TimestampUs(i64::MAX)), statement::day)?;
            let scope = Scope { account: &account, signs: form.signs, from, until };
            let movements = movements(&postings(store, tenant, &Wanted::default()).await?);
            let found = reconcile(&movements, &lines, &scope);
            statement::report(context, &found, (movements.len(), lines.len()))
        }
        What::Check => {
            let checked = check((store, tenant), pack).await?;
            checked.report(context)
        }
    }
}

/// All postings that are wanted.
async fn postings(store: &Store, tenant: &TenantId, wanted: &Wanted) -> Result<Vec<Posting>, StoreError> {
    let (books, mut all) = (store.books(), Vec::new());
    loop {
        let after = all.last().map_or(0, |posting: &Posting| posting.number);
        let page = books.postings(tenant, wanted, after).await?;
        let is_last = page.len() < POSTINGS_MAX;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn books_of(postings: &[Posting]) -> Books {
    let mut books = Books::default();
    for posting in postings {
        books.post(posting);
    }
    books
}

fn balance(context: &Context, postings: &[Posting], filter: &Filter) -> anyhow::Result<Outcome> {
    let books = books_of(postings);
    // Of postings of one account only its own side is all there is to see.
    let is_wanted = |account: &Account| filter.account.as_ref().is_none_or(|name| *name == account.name);
    let rows: Vec<(&Account, Currency, &Balance)> =
        books.balances().filter(|(account, ..)| is_wanted(account)).collect();
    match context.output {
        Output::Json => {
            let row = |(account, currency, balance): &(&Account, Currency, &Balance)| json!({"account": account, "currency": currency, "balance": balance});
            say_json(&json!({"accounts": rows.iter().map(row).collect::<Vec<Value>>()}))?;
        }
        Output::Text => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_header(["account", "currency", "given", "taken", "about to be given", "about to be taken"]);
            for (account, currency, balance) in rows {
                let amount = |minor| Money { minor, currency }.to_decimal();
                let Balance { debits, credits, debits_held, credits_held } = *balance;
                table.add_row([
                    account.to_string(),
                    currency.to_string(),
                    amount(credits),
                    amount(debits),
                    amount(credits_held),
                    amount(debits_held),
                ]);
            }
            say(format_args!("{table}"));
        }
    }
    Ok(Outcome::Done)
}

fn list(context: &Context, movements: &[Movement]) -> anyhow::Result<Outcome> {
    match context.output {
        Output::Json => say_json(&json!({"movements": movements}))?,
        Output::Text => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_header(["when", "action", "from", "to", "amount", "state", "reference"]);
            for movement in movements {
                table.add_row([
                    since(movement.at.0),
                    movement.action.clone(),
                    movement.debit.to_string(),
                    movement.credit.to_string(),
                    movement.amount.to_string(),
                    word(movement.state).to_owned(),
                    movement.reference.clone(),
                ]);
            }
            say(format_args!("{table}"));
        }
    }
    Ok(Outcome::Done)
}

/// What a check of the books has found.
pub(super) struct Checked {
    pub(super) postings: usize,
    pub(super) held: usize,
    imbalances: Vec<(Currency, String)>,
    overdrawn: Vec<(String, String)>,
    audit: Audit,
    /// Conversations that were erased, whose postings nobody can tell of any more.
    erased: usize,
}

/// Everything that must hold of the books, at this moment.
pub(super) async fn check((store, tenant): (&Store, &TenantId), pack: &Pack) -> Result<Checked, StoreError> {
    // Events first: what is posted meanwhile is told by an event that is not read, and counts as nothing.
    let (told, erased, last) = told(store, tenant).await?;
    let all = postings(store, tenant, &Wanted::default()).await?;
    let all: Vec<Posting> = all.into_iter().filter(|posting| posting.number <= last).collect();
    let books = books_of(&all);
    let capped = pack.chart.capped(pack.actions.values());
    let is_capped = |account: &Account| capped.contains(&account.name);
    let overdrawn = books.overdrawn(&is_capped);
    Ok(Checked {
        postings: all.len(),
        held: movements(&all).iter().filter(|movement| movement.state == State::Held).count(),
        imbalances: books.imbalances().into_iter().map(|(currency, sum)| (currency, sum.to_string())).collect(),
        overdrawn: overdrawn
            .iter()
            .map(|(account, currency, balance)| {
                let left = Money { minor: balance.left(), currency: *currency };
                (account.to_string(), left.to_string())
            })
            .collect(),
        audit: audit(&all, told.iter()),
        erased,
    })
}

/// What the events tell of money, how many of them were erased, and the last number of postings that they can have made.
async fn told(store: &Store, tenant: &TenantId) -> Result<(Vec<Moving>, usize, i64), StoreError> {
    let (ledger, mut told, mut erased, mut after) = (store.ledger(), Vec::new(), 0, 0);
    loop {
        let page = ledger.read_all(tenant, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map_or(after, |event| event.position);
        for event in &page {
            let is_of_action = matches!(event.kind.as_str(), "action.intended" | "action.settled");
            erased += usize::from(is_of_action && RecordedEvent::is_erased(event));
            told.extend(event.payload.get("money").and_then(|money| Moving::deserialize(money).ok()));
        }
        if is_last {
            return Ok((told, erased, ombud_ports::books::last_number(after)));
        }
    }
}

impl Checked {
    /// What does not fit, in words.
    pub(super) fn faults(&self) -> Vec<String> {
        let sums =
            self.imbalances.iter().map(|(currency, sum)| format!("{currency} comes to {sum} instead of nothing"));
        let accounts = self.overdrawn.iter().map(|(account, left)| format!("{account} is overdrawn: {left}"));
        let postings = self.audit.faults.iter().map(|(intent_id, fault)| format!("{intent_id}: {fault}"));
        let is_unexplained = self.audit.untold > 0 && self.erased == 0;
        let untold = is_unexplained.then(|| format!("{} postings of which no event tells", self.audit.untold));
        sums.chain(accounts).chain(postings).chain(untold).collect()
    }

    fn report(&self, context: &Context) -> anyhow::Result<Outcome> {
        let faults = self.faults();
        match context.output {
            Output::Json => say_json(&json!({
                "fits": faults.is_empty(), "postings": self.postings, "held": self.held, "told": self.audit.fit,
                "untold": self.audit.untold, "erased_events": self.erased, "faults": faults,
            }))?,
            Output::Text => {
                say(format_args!("{} postings, {} as the events tell", self.postings, self.audit.fit));
                say(format_args!("{} movements whose outcome is not known", self.held));
                if self.erased > 0 {
                    say(format_args!("{} of conversations that were erased", self.audit.untold));
                }
                for fault in &faults {
                    say(format_args!("{fault}"));
                }
                say(format_args!("{}", if faults.is_empty() { "the books fit" } else { "the books do not fit" }));
            }
        }
        Ok(if faults.is_empty() { Outcome::Done } else { Outcome::Failed })
    }
}
