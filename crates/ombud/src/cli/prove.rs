//! Was anything in the ledger changed? Asked of the database and its checkpoints, or of a file that needs neither.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_domain::{StreamId, StreamKind, TenantId, TimestampUs};
use ombud_proof::{Bundle, Checkpoint, LogVerifier};
use ombud_store::seal::proofs::Drawn;
use ombud_store::seal::verify::{LogReader, Verification};
use serde_json::{Value, json};

use super::keys::public_file;
use super::{Context, Outcome, Output};
use crate::config::Config;
use crate::terminal::{bold, say, say_json};
use crate::wiring::log_key;

const EXAMPLES: &str = "\
Examples:
  ombud prove                                        the whole ledger of ombud.toml against its checkpoints
  ombud prove --data ./demo                          that of a demo, also while it runs
  ombud prove --database copy.db --checkpoints /mnt/elsewhere --key ledger.key.pub
  ombud prove --conversation 0199... --out case.json a conversation with its proof, for people without the database
  ombud prove --event 4711 --out event.json          one event, by its position
  ombud prove --bundle case.json --key ledger.key.pub
                                                     verifies such a file; needs no database

Exit codes: 0 when everything fits, 1 when something does not, with the records that do not.";

/// Bytes of a bundle at most.
const BUNDLE_BYTES_MAX: u64 = 256 * 1024 * 1024;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Folder of a demo: its database, checkpoints and key.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["database", "checkpoints"])]
    data: Option<PathBuf>,
    /// File or address of the database, instead of `database.url`; it is only read.
    #[arg(long, value_name = "FILE|URL")]
    database: Option<String>,
    /// Folder of the checkpoints, instead of `ledger.checkpoint_folder`.
    #[arg(long, value_name = "FOLDER")]
    checkpoints: Option<PathBuf>,
    /// Public key, or the file with it, instead of the one that belongs to `ledger.key_file`.
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// Company whose ledger it is, instead of `pack.tenant`.
    #[arg(long)]
    tenant: Option<String>,
    /// Conversation to take out with its proof.
    #[arg(long, value_name = "ID", requires = "out", conflicts_with_all = ["event", "bundle"])]
    conversation: Option<String>,
    /// Position of an event to take out with its proof.
    #[arg(long, value_name = "POSITION", requires = "out", conflicts_with = "bundle")]
    event: Option<i64>,
    /// File for what is taken out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// File to verify, without a database.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with_all = ["data", "database", "checkpoints", "tenant", "out"])]
    bundle: Option<PathBuf>,
}

/// What a proof is made from.
struct Sources {
    url: String,
    checkpoints: PathBuf,
    verifier: LogVerifier,
    tenant: TenantId,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    if let (Some(file), Some(key)) = (&options.bundle, &options.key) {
        return verify_bundle(context, file, &verifier(key)?);
    }
    let sources = sources(options, &context.config()?)?;
    let reader = LogReader::open(&sources.url, sources.tenant.clone()).await;
    let reader = reader.with_context(|| format!("`{}` cannot be read", sources.url))?;
    let outcome = match (&options.conversation, options.event, &options.out) {
        (Some(id), _, Some(out)) => {
            let stream = StreamId { kind: StreamKind::Conversation, id: id.clone() };
            let drawn = reader.prove_stream(&stream, &sources.checkpoints, &sources.verifier).await?;
            take_out(context, drawn, out, &sources.verifier)
        }
        (None, Some(position), Some(out)) => {
            let drawn = reader.prove_event(position, &sources.checkpoints, &sources.verifier).await?;
            take_out(context, drawn, out, &sources.verifier)
        }
        _ => {
            let found = reader.verify(&sources.checkpoints, &sources.verifier).await?;
            report(context, &found)
        }
    };
    reader.close().await;
    outcome
}

fn sources(options: &Options, config: &Config) -> anyhow::Result<Sources> {
    let ledger = &config.ledger;
    let (url, checkpoints, key_file) = match &options.data {
        Some(data) => {
            (url_of(&data.join("ledger.db").display().to_string()), data.join("checkpoints"), data.join("ledger.key"))
        }
        None => {
            let url = options.database.as_deref().map_or_else(|| config.database.url.clone(), url_of);
            let folder = options.checkpoints.clone().unwrap_or_else(|| PathBuf::from(&ledger.checkpoint_folder));
            (url, folder, PathBuf::from(&ledger.key_file))
        }
    };
    if checkpoints.as_os_str().is_empty() {
        bail!("no folder of checkpoints: give `--checkpoints` or set `ledger.checkpoint_folder`");
    }
    let verifier = match &options.key {
        Some(key) => verifier(key)?,
        None if key_file.as_os_str().is_empty() => bail!("no key: give `--key` or set `ledger.key_file`"),
        // Those who verify need the public half only.
        None if public_file(&key_file).is_file() => verifier(&public_file(&key_file).display().to_string())?,
        None => log_key(&key_file)?.verifier().clone(),
    };
    let tenant = TenantId(options.tenant.clone().unwrap_or_else(|| config.pack.tenant.clone()));
    Ok(Sources { url, checkpoints, verifier, tenant })
}

fn url_of(database: &str) -> String {
    let is_address = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme));
    if is_address { database.to_owned() } else { format!("sqlite://{database}") }
}

/// A public key as text or in a file.
fn verifier(key: &str) -> anyhow::Result<LogVerifier> {
    let is_file = Path::new(key).is_file();
    let text = if is_file { std::fs::read_to_string(key).with_context(|| format!("`{key}`"))? } else { key.to_owned() };
    LogVerifier::parse(&text).with_context(|| format!("`{key}` is neither a public key nor a file with one"))
}

fn report(context: &Context, found: &Verification) -> anyhow::Result<Outcome> {
    // Leaves that nobody has signed show nothing: somebody may have taken the checkpoints away.
    let verdict = match (found.faults_count, found.checkpoints) {
        (0, 0) if found.leaves > 0 => Verdict::Unsigned,
        (0, _) => Verdict::Fits,
        _ => Verdict::Changed,
    };
    let fits = verdict == Verdict::Fits;
    if context.output == Output::Json {
        say_json(&json!({
            "fits": fits,
            "leaves": found.leaves,
            "events": found.events,
            "shreddings": found.shreddings,
            "events_without_leaf": found.events_without_leaf,
            "shreddings_without_leaf": found.shreddings_without_leaf,
            "leaves_unsigned": found.leaves_unsigned,
            "checkpoints": found.checkpoints,
            "last_checkpoint": found.last.as_ref().map(checkpoint_json),
            "faults_count": found.faults_count,
            "faults": found.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        say_found(found, verdict);
    }
    Ok(if fits { Outcome::Done } else { Outcome::Failed })
}

/// What a ledger was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fits,
    Unsigned,
    Changed,
}

fn say_found(found: &Verification, verdict: Verdict) {
    match verdict {
        Verdict::Fits => say(format_args!("{}", bold("the ledger is as it was signed"))),
        Verdict::Unsigned => say(format_args!(
            "{}: the folder holds no checkpoint of this key, so nothing shows whether the ledger was changed",
            bold("NOT SIGNED")
        )),
        Verdict::Changed => say(format_args!("{}: {} things do not fit", bold("CHANGED"), found.faults_count)),
    }
    for fault in &found.faults {
        say(format_args!("  {fault}"));
    }
    let more = found.faults_count.saturating_sub(found.faults.len() as u64);
    if more > 0 {
        say(format_args!("  and {more} more"));
    }
    say(format_args!("  leaves       {}: {} events, {} shreddings", found.leaves, found.events, found.shreddings));
    match &found.last {
        None => say(format_args!("  checkpoints  none")),
        Some(last) => say(format_args!(
            "  checkpoints  {}, the last of {} leaves at {}",
            found.checkpoints,
            last.size,
            time_of(last)
        )),
    }
    let (events, leaves) = (found.events_without_leaf, found.leaves_unsigned);
    if events > 0 || leaves > 0 || found.shreddings_without_leaf > 0 {
        say(format_args!(
            "  not covered  {leaves} leaves behind the last checkpoint, {events} events and {} shreddings without a leaf: \
             a later checkpoint will cover them",
            found.shreddings_without_leaf
        ));
    }
}

fn take_out(context: &Context, drawn: Drawn, out: &Path, verifier: &LogVerifier) -> anyhow::Result<Outcome> {
    let Some(bundle) = drawn.bundle else {
        match drawn.events_unsigned {
            0 => bail!("there is no such conversation or event in the ledger"),
            events => bail!("no checkpoint has these {events} events yet, try again after `ledger.interval_s`"),
        }
    };
    // What does not verify is not handed out as a proof.
    if let Err(faults) = bundle.verify(verifier) {
        return report_faults(context, &faults.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    let text = serde_json::to_string_pretty(&bundle)?;
    std::fs::write(out, format!("{text}\n")).with_context(|| format!("cannot write `{}`", out.display()))?;
    let left_out = drawn.events_unsigned;
    match context.output {
        Output::Json => say_json(&json!({"out": out, "records": bundle.records.len(), "events_unsigned": left_out}))?,
        Output::Text => {
            say(format_args!("wrote {} records with their proofs to {}", bundle.records.len(), out.display()));
            if left_out > 0 {
                say(format_args!("  left out     {left_out} events that no checkpoint has yet"));
            }
            let key = verifier.to_text();
            say(format_args!("  verify with  ombud prove --bundle {} --key {key}", out.display()));
        }
    }
    Ok(Outcome::Done)
}

fn verify_bundle(context: &Context, file: &Path, verifier: &LogVerifier) -> anyhow::Result<Outcome> {
    let name = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("`{name}` cannot be read"))?.len();
    if length > BUNDLE_BYTES_MAX {
        bail!("`{name}` is longer than {BUNDLE_BYTES_MAX} bytes");
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("`{name}` cannot be read"))?;
    let bundle: Bundle = match serde_json::from_str(&text) {
        Ok(bundle) => bundle,
        Err(error) => return report_faults(context, &[format!("`{name}` is no bundle: {error}")]),
    };
    let shown = match bundle.verify(verifier) {
        Ok(shown) => shown,
        Err(faults) => return report_faults(context, &faults.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    match context.output {
        Output::Json => say_json(&json!({
            "fits": true,
            "about": bundle.about,
            "tenant": bundle.tenant,
            "events": shown.events,
            "shredded": shown.shredded,
            "hashes_max": shown.hashes_max,
            "checkpoint": checkpoint_json(&shown.checkpoint),
            "faults": Vec::<String>::new(),
        }))?,
        Output::Text => {
            say(format_args!("{}", bold("every record is as it was signed")));
            say(format_args!("  records      {} events, {} of them overwritten later", shown.events, shown.shredded));
            let checkpoint = &shown.checkpoint;
            say(format_args!(
                "  checkpoint   {} leaves of `{}` at {}",
                checkpoint.size,
                checkpoint.origin,
                time_of(checkpoint)
            ));
            say(format_args!("  proofs       {} hashes at most", shown.hashes_max));
            say(format_args!("  not shown    whether the conversation went on after its last record here"));
        }
    }
    Ok(Outcome::Done)
}

fn report_faults(context: &Context, faults: &[String]) -> anyhow::Result<Outcome> {
    match context.output {
        Output::Json => say_json(&json!({"fits": false, "faults": faults}))?,
        Output::Text => {
            say(format_args!("{}: {} things do not fit", bold("CHANGED"), faults.len()));
            for fault in faults {
                say(format_args!("  {fault}"));
            }
        }
    }
    Ok(Outcome::Failed)
}

fn checkpoint_json(checkpoint: &Checkpoint) -> Value {
    json!({"origin": checkpoint.origin, "leaves": checkpoint.size, "at": time_of(checkpoint)})
}

fn time_of(checkpoint: &Checkpoint) -> String {
    TimestampUs(checkpoint.time_s.saturating_mul(1_000_000)).to_rfc3339()
}
