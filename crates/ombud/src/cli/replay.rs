//! Does what was decided come out the same when it is decided again? Recorded turns are run from what is stored, with nothing around them.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use ombud_domain::{ConversationId, TurnId};
use ombud_turn::{Assistant, Replayed, TurnError, Verdict};
use serde::Serialize;
use serde_json::Value;

use super::demo::of_folder;
use super::{Context, Outcome, Output, start_log};
use crate::config::Config;
use crate::meaning::{Learns, deepen};
use crate::packs::PackSource;
use crate::terminal::{bold, dim, say, say_json, spinner};
use crate::wiring::{self, missing, open_store, sqlite_path};

const EXAMPLES: &str = "\
Examples:
  ombud replay 0199...                    every turn of a conversation, or one turn, by its id
  ombud replay --all                      every turn of the ledger
  ombud replay --all --data ./demo        that of a demo, also while it runs
  ombud replay 0199... --pack old/my-company
                                          with the pack that the turn ran with, or with another one: what would it have decided?

Nothing outside is called and nothing is written. Compared is each event, but for durations and the version of the program. A turn id is looked for in the
whole ledger; a conversation is found at once.

Exit codes: 0 when everything that can be replayed comes out the same, with the same pack and model; 1 when something does not, or when nothing of what is
asked for can be replayed.";

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 160;
/// Differences of one turn that are shown; JSON has more.
const SHOWN_MAX: usize = 12;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("what").required(true).args(["id", "all"]))]
pub(super) struct Options {
    /// Id of a conversation or of a turn.
    #[arg(value_name = "CONVERSATION|TURN")]
    id: Option<String>,
    /// Every turn of the ledger.
    #[arg(long)]
    all: bool,
    /// Folder of the pack, instead of `pack.path`.
    #[arg(long, value_name = "FOLDER")]
    pack: Option<String>,
    /// Folder of a demo, instead of the configuration.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let mut config = context.config()?;
    start_log(&config)?;
    if let Some(data) = &options.data {
        of_folder(&mut config, data);
    }
    if let Some(file) = sqlite_path(&config.database.url).filter(|file| !PathBuf::from(file).is_file()) {
        bail!("there is no ledger `{file}`");
    }
    let pack = pack_of(options, &config)?.parse()?;
    let waiting = spinner("learning the pack's words");
    let store = open_store(&config).await?;
    let assistant = wiring::replayer(&config, &store, pack)?;
    waiting.set_message("learning to read by meaning");
    deepen(&config, &assistant, Learns::All, &|_, _| {})?;
    waiting.finish_and_clear();
    let replay = replay(&assistant, options.id.as_deref()).await;
    store.shutdown().await;
    let summary = replay?;
    match context.output {
        Output::Json => say_json(&summary)?,
        Output::Text => show(&summary),
    }
    let stands =
        if options.all { summary.stands() } else { summary.stands() && summary.not_replayable + summary.erased == 0 };
    Ok(if stands { Outcome::Done } else { Outcome::Failed })
}

fn pack_of(options: &Options, config: &Config) -> anyhow::Result<PackSource> {
    Ok(match (&options.pack, &options.data) {
        (Some(pack), _) => PackSource::find(pack)?,
        (None, Some(_)) => PackSource::of_demo()?,
        (None, None) if config.pack.path.is_empty() => {
            return Err(missing("pack", "path", "name the pack here or with `--pack`").into());
        }
        (None, None) => PackSource::find(&config.pack.path)?,
    })
}

/// What came of a replay.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) conversations: usize,
    pub(crate) turns: usize,
    pub(crate) same: usize,
    pub(crate) differs: usize,
    pub(crate) not_replayable: usize,
    /// Conversations that were erased.
    pub(crate) erased: usize,
    /// Turns that ran with a pack or model that is not here.
    pub(crate) ran_with_others: usize,
    pub(crate) events: usize,
    pub(crate) took_ms: u128,
    /// The turns that are not simply the same; all of them when one conversation or turn was asked for.
    pub(crate) results: Vec<Replayed>,
}

impl Summary {
    /// Whether everything that could be replayed came out the same.
    pub(crate) const fn stands(&self) -> bool {
        self.differs == 0 && self.ran_with_others == 0
    }

    fn add(&mut self, turn: Replayed, shown: Shown) {
        self.turns += 1;
        self.events += turn.events;
        self.ran_with_others += usize::from(!turn.ran_with.is_empty());
        match turn.verdict {
            Verdict::Same | Verdict::SameSoFar => self.same += 1,
            Verdict::Differs { .. } => self.differs += 1,
            Verdict::NotReplayable { .. } => self.not_replayable += 1,
        }
        if shown == Shown::Each || turn.verdict != Verdict::Same || !turn.ran_with.is_empty() {
            self.results.push(turn);
        }
    }

    /// Replays the turns of a conversation.
    pub(crate) async fn replay(
        &mut self,
        assistant: &Assistant,
        (id, turn): (ConversationId, Option<TurnId>),
        shown: Shown,
    ) -> anyhow::Result<()> {
        let started = Instant::now();
        self.conversations += 1;
        match assistant.replay(id, turn).await {
            Ok(turns) => turns.into_iter().for_each(|turn| self.add(turn, shown)),
            Err(TurnError::Erased) => self.erased += 1,
            Err(error) => return Err(error).with_context(|| format!("conversation `{id}`")),
        }
        self.took_ms += started.elapsed().as_millis();
        Ok(())
    }
}

/// Which turns are told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Each.
    Each,
    /// Those that are not simply the same.
    Otherwise,
}

async fn replay(assistant: &Assistant, id: Option<&str>) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    match id {
        Some(id) => {
            let id: ConversationId = id.parse().with_context(|| format!("`{id}` is no id"))?;
            let one = match assistant.replay(id, None).await {
                Err(TurnError::NotFound) => of_turn(assistant, TurnId(id.0)).await?,
                _ => (id, None),
            };
            summary.replay(assistant, one, Shown::Each).await?;
        }
        None => {
            let waiting = spinner("looking for conversations");
            let ids = assistant.recorded(None).await?;
            waiting.finish_and_clear();
            let bar = progress(ids.len());
            for id in ids {
                summary.replay(assistant, (id, None), Shown::Otherwise).await?;
                bar.inc(1);
            }
            bar.finish_and_clear();
        }
    }
    Ok(summary)
}

/// The conversation of a turn.
async fn of_turn(assistant: &Assistant, turn: TurnId) -> anyhow::Result<(ConversationId, Option<TurnId>)> {
    let waiting = spinner("looking for the turn");
    let found = assistant.recorded(Some(turn)).await?;
    waiting.finish_and_clear();
    match found.first() {
        Some(id) => Ok((*id, Some(turn))),
        None => bail!("there is no conversation and no turn `{turn}` in the ledger; of an erased one no turn is left"),
    }
}

fn progress(conversations: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(conversations).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} conversations ({elapsed}, {eta} left)") {
        bar.set_style(style);
    }
    bar
}

/// Tells what came of a replay.
pub(super) fn show(summary: &Summary) {
    for turn in &summary.results {
        let words = match &turn.verdict {
            Verdict::Same => "same".to_owned(),
            Verdict::SameSoFar => "same, up to where its process ended".to_owned(),
            Verdict::Differs { differences } => bold(format_args!("{} differences", differences.len())),
            Verdict::NotReplayable { why } => format!("not replayable: {}", why.as_str()),
        };
        say(format_args!("{}  {}  {} events  {words}", turn.turn_id, turn.at.to_rfc3339(), turn.events));
        for other in &turn.ran_with {
            let here = if other.here.is_empty() { "none" } else { &other.here };
            let advice =
                if other.what == "pack" { "replay it with `--pack`" } else { "fetch it with `ombud models fetch`" };
            say(format_args!("  this turn ran with {} {}, you have {here}: {advice}", other.what, other.stored));
        }
        let Verdict::Differs { differences } = &turn.verdict else { continue };
        if !turn.build.is_empty() && turn.build != env!("CARGO_PKG_VERSION") {
            say(format_args!("  recorded by release {}, this is {}", turn.build, env!("CARGO_PKG_VERSION")));
        }
        for one in differences.iter().take(SHOWN_MAX) {
            say(format_args!("  {}{}", one.event, dim(&one.path)));
            say(format_args!("    stored    {}", short(&one.stored)));
            say(format_args!("    replayed  {}", short(&one.replayed)));
        }
        let more = differences.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            say(format_args!("  and {more} more, see `--json`"));
        }
    }
    say(format_args!(
        "{}: {} the same, {} not, {} not replayable; {} events compared in {} ms",
        bold(format_args!("{} turns of {} conversations", summary.turns, summary.conversations)),
        summary.same,
        summary.differs,
        summary.not_replayable,
        summary.events,
        summary.took_ms
    ));
    if summary.erased > 0 {
        say(format_args!("  erased       {} conversations, of which nothing is left to replay", summary.erased));
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        value => value.to_string(),
    };
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
