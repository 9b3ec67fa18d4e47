//! How does somebody else's text become what customers are told? It waits, is looked at, and is let in by a person.
//!
//! Start reading at [`ingest`] (documents become drafts), then [`review`] and [`decide`].

mod decide;
mod ingest;
mod reading;
mod review;
mod sources;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ombud_domain::Sensitive;
use ombud_http::{Role, Tokens};
use ombud_ingest::{Act, Entry, Finding, Scanner, Today, WordFile, Words};
use ombud_language::{PiiReader, SignalModel};
use ombud_policy::Pack;
use ombud_ports::Clock as _;
use ombud_retrieval::{Article, Knowledge, article};

use super::{Context, Outcome};
use crate::clock::SystemClock;
use crate::config::staff_token;
use crate::knowledge::{Draft, Incoming};
use crate::meaning::shelf;
use crate::packs::PackSource;
use crate::terminal::spinner;

const EXAMPLES: &str = "\
Examples:
  ombud knowledge ingest help/ --pack packs/my-company --author maja        .md .html .pdf .docx, also in folders inside
  ombud knowledge ingest https://shop.example/help/returns --author maja
  ombud knowledge ingest --sitemap https://shop.example/sitemap.xml --author maja
  ombud knowledge review                                   what waits, and what speaks against it
  ombud knowledge review returns                           with the difference to the article of today
  ombud knowledge approve returns --by ivan
  ombud knowledge approve fees --by ivan --accept figure_changed,contradiction
  ombud knowledge reject fees --by ivan
  ombud knowledge rollback fees --by ivan                  the version before; --to 3 for another, --to 0 for none
  ombud knowledge list

Nothing that is brought is told to customers until it is approved. What was found must be accepted by its code, by somebody other than who brought it.
Drafts, versions and the history lie in `incoming/` of the pack. A server tells what is approved from its next start on.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    /// Folder of the pack; that of the configuration if left out.
    #[arg(long, global = true, value_name = "FOLDER")]
    pack: Option<String>,
    /// File with your staff token, which shows who you are; `OMBUD_STAFF_TOKEN` if left out.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads documents and lets them wait as drafts; what has not changed is skipped, what is gone is proposed for withdrawal.
    Ingest(ingest::Options),
    /// Shows what waits, what speaks against it, and how it differs from the article of today.
    Review {
        /// An article; all that wait if left out.
        id: Option<String>,
    },
    /// Lets drafts in.
    Approve {
        /// Their ids, as `review` shows them.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Who approves; the name in the token if left out.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// What was found and may be, by its codes.
        #[arg(long, value_name = "CODE", value_delimiter = ',')]
        accept: Vec<String>,
    },
    /// Turns drafts down. The same document is not proposed again until it changes.
    Reject {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Who turns them down; the name in the token if left out.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Makes an earlier version the article again.
    Rollback {
        /// The article.
        id: String,
        /// Which version; the one before if left out, 0 for none.
        #[arg(long, value_name = "NUMBER")]
        to: Option<u32>,
        /// Who does it; the name in the token if left out.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Lists the articles with their versions, and which were edited by hand since.
    List,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.what {
        What::Ingest(what) => ingest::run(context, options, what).await,
        What::Review { id } => review::run(context, options, id.as_deref()),
        What::Approve { ids, by, accept } => decide::approve(context, options, (ids, by.as_deref()), accept),
        What::Reject { ids, by } => decide::reject(context, options, ids, by.as_deref()),
        What::Rollback { id, to, by } => decide::roll_back(context, options, (id, *to), by.as_deref()),
        What::List => review::list(context, options),
    }
}

/// The pack, what it knows, and what waits beside it.
struct Desk {
    source: PackSource,
    pack: Pack,
    knowledge: Knowledge,
    incoming: Incoming,
}

impl Desk {
    fn open(context: &Context, options: &Options) -> anyhow::Result<Self> {
        let config = context.config()?;
        let path = options.pack.clone().unwrap_or(config.pack.path);
        if path.is_empty() {
            bail!("no pack: give `--pack packs/my-company`, or set `pack.path`");
        }
        let source = PackSource::find(&path)?;
        let (pack, knowledge) = source.read()?;
        let incoming = Incoming::open(&path, &source, &pack.manifest.default_locale)?;
        Ok(Self { source, pack, knowledge, incoming })
    }
}

/// What findings are made with.
struct Readers {
    words: Words,
    signals: SignalModel,
    pii: PiiReader,
}

impl Readers {
    fn of(context: &Context, desk: &Desk) -> anyhow::Result<Self> {
        let waiting = spinner("learning to tell instructions from text");
        let file: WordFile = match desk.pack.language_files.get("lexicon/documents.yaml") {
            Some(text) => serde_saphyr::from_str(text).context("`lexicon/documents.yaml` of the pack is wrong")?,
            None => WordFile::new(),
        };
        let (signals, pii) = ombud_turn::document_readers(&desk.pack, &shelf(&context.config()?))?;
        waiting.finish_and_clear();
        Ok(Self { words: Words::new(&file)?, signals, pii })
    }

    fn scanner(&self) -> Scanner<'_> {
        Scanner { words: &self.words, signals: &self.signals, pii: &self.pii }
    }

    /// What speaks against a draft now: found anew each time, so that nobody writes it away.
    fn findings(&self, draft: &Draft, today: &Today<'_>) -> anyhow::Result<Vec<Finding>> {
        if draft.waiting.withdraws {
            return Ok(vec![Finding::new(ombud_ingest::Code::Withdrawal, &draft.waiting.source)]);
        }
        Ok(self.scanner().scan(&drafted(draft)?, &draft.waiting.hidden, today))
    }
}

/// The article of a draft, which may have been edited while it waited.
fn drafted(draft: &Draft) -> anyhow::Result<Article> {
    let article = article::parse(&format!("{}.md", draft.key), &draft.text)?;
    if crate::knowledge::key_of(&article) != draft.key {
        bail!("the draft of `{}` has another id or language in its front matter, put it back", draft.key);
    }
    Ok(article)
}

/// Somebody who brings or decides.
struct Person {
    name: String,
    is_signed: bool,
}

impl Person {
    /// Who it is: by the token, or as it is told. Where a list says who may, only a token shows it.
    fn of(context: &Context, options: &Options, told: Option<&str>, role: Part) -> anyhow::Result<Self> {
        let config = context.config()?;
        let (list, field, flag) = match role {
            Part::Author => (&config.knowledge.authors, "authors", "--author"),
            Part::Approver => (&config.knowledge.approvers, "approvers", "--by"),
        };
        let token = match &options.token_file {
            Some(file) => {
                Some(std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?)
            }
            None => staff_token(),
        };
        let shown = match token {
            Some(token) => {
                let tokens = Tokens::new(&Sensitive::new(config.session.secret.clone()))?;
                let claims =
                    tokens.check(token.trim(), SystemClock::new().now()).context("the staff token shows nothing")?;
                claims.name.filter(|_| claims.role == Role::Staff && claims.act.is_none())
            }
            None => None,
        };
        let told = told.map(str::trim).filter(|name| !name.is_empty());
        if let (Some(shown), Some(told)) = (&shown, told)
            && shown != told
        {
            bail!("the token is one of `{shown}`, not of `{told}`");
        }
        if !list.is_empty() && !shown.as_ref().is_some_and(|name| list.contains(name)) {
            bail!(
                "`knowledge.{field}` of the configuration says who may; show a staff token of one of them with `--token-file`"
            );
        }
        let is_signed = shown.is_some();
        let name =
            shown.or_else(|| told.map(str::to_owned)).with_context(|| format!("say who you are with `{flag} NAME`"))?;
        Ok(Self { name, is_signed })
    }

    fn entry(&self, act: Act, article: &str) -> Entry {
        Entry {
            at: now(),
            act,
            article: article.to_owned(),
            by: self.name.clone(),
            is_signed: self.is_signed,
            source: None,
            document: None,
            text: None,
            version: None,
            accepted: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Author,
    Approver,
}

/// The time as the history has it.
fn now() -> String {
    let at = jiff::Timestamp::from_microsecond(SystemClock::new().now().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
