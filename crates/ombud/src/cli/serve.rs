//! The real thing: the company of the configuration.

use clap::Args;
use ombud_turn::Mode;
use serde_json::json;

use super::{Context, Outcome, Output, start_log};
use crate::config::{Config, ConfigError};
use crate::packs::PackSource;
use crate::terminal::{bold, say, say_json};
use crate::wiring::{Server, missing, mode, stop_wanted};

const EXAMPLES: &str = "\
Examples:
  ombud serve
  ombud serve --shadow --set database.url=sqlite:shadow.db
  OMBUD_SESSION_SECRET=$(openssl rand -hex 32) ombud serve --pack packs/my-company --set backoffice.url=http://127.0.0.1:8090";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Address to listen on, instead of `server.listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder of the pack, instead of `pack.path`.
    #[arg(long, value_name = "FOLDER")]
    pack: Option<String>,
    /// Reads, decides and writes everything down, and tells customers nothing and does nothing; the same as `--set service.mode=shadow`.
    #[arg(long)]
    shadow: bool,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let mut config = context.config()?;
    if let Some(listen) = &options.listen {
        config.server.listen.clone_from(listen);
    }
    if let Some(pack) = &options.pack {
        config.pack.path.clone_from(pack);
    }
    if options.shadow {
        config.service.mode = "shadow".to_owned();
    }
    complete(&config)?;
    start_log(&config)?;
    let pack = PackSource::find(&config.pack.path)?.parse()?;
    let server = Server::open(&config, pack, None).await?;
    if mode(&config)? == Mode::Shadow {
        tracing::warn!("shadow mode: customers get no reply, and nothing is done");
    }
    match context.output {
        Output::Text => {
            say(format_args!(
                "{} after {} ms: chat at {}/, desk at {}/desk",
                bold("open"),
                server.ready_after.as_millis(),
                server.url,
                server.url
            ));
            if let Some(languages) = server.still_to_learn() {
                say(format_args!("languages: {languages}"));
            }
        }
        Output::Json => say_json(&json!({"url": server.url, "ready_after_ms": server.ready_after.as_millis()}))?,
    }
    server.run(stop_wanted()).await?;
    Ok(Outcome::Done)
}

/// What a real server cannot do without.
fn complete(config: &Config) -> Result<(), ConfigError> {
    if config.pack.path.is_empty() {
        return Err(missing("pack", "path", "make one with `ombud init`"));
    }
    if config.backoffice.url.is_empty() {
        return Err(missing(
            "backoffice",
            "url",
            "give the base URL of the company's systems, or try `ombud demo` first",
        ));
    }
    if config.session.secret.is_empty() {
        return Err(missing("session", "secret", "make one with `openssl rand -hex 32` and keep it"));
    }
    Ok(())
}
