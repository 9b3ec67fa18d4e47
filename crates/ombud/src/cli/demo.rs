//! A fictional company, open for business: its own systems as a separate process, and Ombud before them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use ombud_connect::BackOfficeAdmin;
use ombud_http::DemoCompany;
use serde_json::json;

use super::keys::{make_key, make_master};
use super::{Context, Outcome, Output, start_log};
use crate::clock::fresh_secret;
use crate::config::{Config, Ledger, Limits, Privacy};
use crate::demo_company::{CompanyProcess, Directory};
use crate::packs::PackSource;
use crate::terminal::{bold, complain, dim, say, say_json, spinner};
use crate::wiring::{Server, secret, stop_wanted};

const EXAMPLES: &str = "\
Examples:
  ombud demo                                  on http://127.0.0.1:8080, forgotten at the end
  ombud demo --listen 127.0.0.1:0             on a free port
  ombud demo --data ./demo                    kept in a folder, goes on next time
  ombud demo --pack packs/my-company --backoffice http://127.0.0.1:8090
  OMBUD_MODEL_URL=https://host/v1 OMBUD_MODEL_KEY=... OMBUD_MODEL_NAME=... ombud demo";

/// Token of a stand-in that was started with its defaults.
const STAND_IN_TOKEN: &str = "backoffice-demo-token";

/// File of a demo's master key, in its folder.
const MASTER: &str = "master.key";

#[derive(Debug, Args, Default)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(super) listen: String,
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pub(super) pack: Option<String>,
    /// Folder for the databases; a temporary one that is removed at the end if left out.
    #[arg(long, value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,
    /// URL of a running `ombud-backoffice`, instead of starting one.
    #[arg(long, value_name = "URL")]
    pub(super) backoffice: Option<String>,
    /// Token of the running `ombud-backoffice`.
    #[arg(long, value_name = "TOKEN", requires = "backoffice", default_value = STAND_IN_TOKEN)]
    pub(super) backoffice_token: String,
    /// What the stand-in begins with, instead of what the pack says; may be given more than once.
    #[arg(long, value_name = "SEED", conflicts_with = "backoffice")]
    pub(super) seed: Vec<String>,
}

/// A demo that is ready to be run.
pub(super) struct Demo {
    pub(super) server: Server,
    company: Option<CompanyProcess>,
    data: DataFolder,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    start_log(&config)?;
    let demo = open(config, options).await?;
    let url = &demo.server.url;
    match context.output {
        Output::Json => say_json(
            &json!({"url": url, "desk_url": format!("{url}/desk"), "openapi_url": format!("{url}/api/v1/openapi.json"), "backoffice_url": demo.company_url(), "data": demo.data.path}),
        )?,
        Output::Text => {
            say(format_args!("{} after {} ms", bold("open for business"), demo.server.ready_after.as_millis()));
            say(format_args!("  chat         {}", bold(format_args!("{url}/"))));
            say(format_args!("  desk         {url}/desk"));
            say(format_args!("  API          {url}/api/v1/openapi.json"));
            if let Some(company) = demo.company_url() {
                say(format_args!("  back office  {company}/openapi.json"));
            }
            if let Some(languages) = demo.server.still_to_learn() {
                say(format_args!("  languages    {languages}"));
            }
            say(format_args!("  data         {}", demo.data.path.display()));
            say(format_args!(
                "  master key   {} (personal text is sealed with keys that it opens)",
                demo.data.path.join(MASTER).display()
            ));
            say(format_args!("  proof        ombud prove --data {}", demo.data.path.display()));
            say(format_args!("{}", dim(format_args!("stop with Ctrl-C; in another terminal: ombud chat --url {url}"))));
        }
    }
    demo.run(stop_wanted()).await
}

/// Starts the company and opens Ombud before it.
pub(super) async fn open(mut config: Config, options: &Options) -> anyhow::Result<Demo> {
    let source = options.pack.as_deref().map_or_else(PackSource::of_demo, PackSource::find)?;
    let plan = source.demo_plan()?.unwrap_or_default();
    let pack = source.parse()?;
    let data = DataFolder::open(options.data.as_deref())?;
    let mut company = None;
    match &options.backoffice {
        Some(url) => {
            config.backoffice.url.clone_from(url);
            config.backoffice.token.clone_from(&options.backoffice_token);
        }
        None => {
            let seed = if options.seed.is_empty() { &plan.seed } else { &options.seed };
            let waiting = spinner("generating the company's world");
            let token = fresh_secret();
            let started = CompanyProcess::start(&data.path, seed, &token).await;
            waiting.finish_and_clear();
            let started = started?;
            config.backoffice.url.clone_from(&started.url);
            config.backoffice.token = token;
            company = Some(started);
        }
    }
    config.server.listen.clone_from(&options.listen);
    config.database.url = format!("sqlite:{}", data.path.join("ledger.db").display());
    if config.session.secret.is_empty() {
        config.session.secret = data.session_secret()?;
    }
    data.seal(&mut config.ledger)?;
    data.keys(&mut config.privacy)?;
    generous(&mut config.limits);
    if config.desk.approvers.is_empty() {
        config.desk.approvers = PEOPLE.map(str::to_owned).to_vec();
    }
    let admin = BackOfficeAdmin::new(&config.backoffice.url, secret(&config.backoffice.token).as_ref(), None)?;
    admin.health().await?;
    let directory: Arc<dyn DemoCompany> = Arc::new(Directory::new(admin));
    let server = Server::open(&config, pack, Some(directory)).await?;
    Ok(Demo { server, company, data })
}

impl Demo {
    fn company_url(&self) -> Option<&str> {
        self.company.as_ref().map(|company| company.url.as_str())
    }

    /// Answers until `stop` is ready, then stops the company too.
    pub(super) async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<Outcome> {
        let Self { server, company, data } = self;
        let Some(mut company) = company else {
            server.run(stop).await?;
            data.close();
            return Ok(Outcome::Done);
        };
        let served = tokio::select! {
            served = server.run(stop) => served.map(|()| Outcome::Done),
            status = company.ended() => {
                complain(format_args!("ombud: the back office ended ({status}), see `{}`", data.path.join("backoffice.log").display()));
                Ok(Outcome::Failed)
            }
        };
        company.stop().await;
        data.close();
        served
    }
}

/// Everybody in a demo comes from one address, so what counts by address is widened. What counts by session and customer is what the
/// company would meet in production, but for people who try things out and write fast.
fn generous(limits: &mut Limits) {
    for of_address in [
        &mut limits.address_pages_per_minute,
        &mut limits.address_pages_burst,
        &mut limits.address_requests_per_minute,
        &mut limits.address_requests_burst,
        &mut limits.address_sessions_per_minute,
        &mut limits.address_sessions_burst,
        &mut limits.address_identifications_per_hour,
    ] {
        *of_address = of_address.saturating_mul(100);
    }
    for messages in [&mut limits.session_messages_per_minute, &mut limits.session_messages_burst] {
        *messages = messages.saturating_mul(3);
    }
}

/// Who may approve in a demo, where everybody signs in to the desk under the name he likes.
const PEOPLE: [&str; 3] = ["Maja", "Ivan", "Nils"];

/// The configuration of the databases in a demo's folder.
pub(super) fn of_folder(config: &mut Config, data: &Path) {
    config.database.url = format!("sqlite:{}", data.join("ledger.db").display());
    config.privacy = Privacy::default();
    if data.join(MASTER).exists() {
        privacy_of(&mut config.privacy, data);
    }
}

fn privacy_of(privacy: &mut Privacy, data: &Path) {
    privacy.master_key_file = data.join(MASTER).display().to_string();
    privacy.keys_url = format!("sqlite:{}", data.join("keys").join("keys.db").display());
}

/// Where the demo keeps its databases.
struct DataFolder {
    path: PathBuf,
    keeping: Keeping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Kept,
    Temporary,
}

impl DataFolder {
    fn open(named: Option<&Path>) -> anyhow::Result<Self> {
        let (path, keeping) = match named {
            Some(path) => (path.to_owned(), Keeping::Kept),
            None => (std::env::temp_dir().join(format!("ombud-demo-{}", std::process::id())), Keeping::Temporary),
        };
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make the folder `{}`", path.display()))?;
        let path = std::path::absolute(&path)?;
        Ok(Self { path, keeping })
    }

    /// The secret of this folder, so that sessions outlive a restart.
    fn session_secret(&self) -> anyhow::Result<String> {
        let file = self.path.join("session.secret");
        if let Ok(secret) = std::fs::read_to_string(&file) {
            return Ok(secret.trim().to_owned());
        }
        let secret = fresh_secret();
        write_private(&file, &secret).with_context(|| format!("cannot write `{}`", file.display()))?;
        Ok(secret)
    }

    /// A key and a folder of checkpoints, unless others are configured. Beside the database they show a visitor how it works and
    /// nothing to somebody who can write to the folder.
    fn seal(&self, ledger: &mut Ledger) -> anyhow::Result<()> {
        if !ledger.key_file.is_empty() || !ledger.checkpoint_folder.is_empty() {
            return Ok(());
        }
        let file = self.path.join("ledger.key");
        if !file.exists() {
            make_key(&file, "demo.ombud/ledger")?;
        }
        ledger.key_file = file.display().to_string();
        ledger.checkpoint_folder = self.path.join("checkpoints").display().to_string();
        Ok(())
    }

    /// A master key of its own, unless another is configured. Beside the database it protects nobody who can read the folder.
    fn keys(&self, privacy: &mut Privacy) -> anyhow::Result<()> {
        if [&privacy.master_key_file, &privacy.master_key, &privacy.master_key_command]
            .iter()
            .any(|set| !set.is_empty())
        {
            return Ok(());
        }
        let file = self.path.join(MASTER);
        if !file.exists() {
            make_master(&file)?;
        }
        privacy_of(privacy, &self.path);
        Ok(())
    }

    fn close(self) {
        drop(self);
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if self.keeping == Keeping::Temporary {
            // What is left over lies in the system's temporary folder, which it clears.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_widens_what_counts_by_address_and_hardly_what_counts_by_session_and_customer() {
        let mut demo = Limits::default();
        generous(&mut demo);
        let production = Limits::default();
        assert_eq!(demo.address_sessions_per_minute, production.address_sessions_per_minute * 100);
        assert_eq!(demo.address_identifications_per_hour, production.address_identifications_per_hour * 100);
        assert_eq!(demo.session_messages_per_minute, production.session_messages_per_minute * 3);
        let of_customers = |limits: &Limits| {
            [
                limits.session_requests_per_minute,
                limits.session_codes_per_minute,
                limits.session_codes_burst,
                limits.claim_identifications_per_hour,
                limits.customer_codes_per_hour,
                limits.customer_wrong_codes_per_hour,
            ]
        };
        assert_eq!(of_customers(&demo), of_customers(&production));
    }
}
