//! What can be asked of the program?

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::routes::document;
use crate::seed::SeedSpec;
use crate::server::{Bound, Settings};
use crate::world::ClockMode;

const EXAMPLES: &str = "\
Examples:
  ombud-backoffice serve
      the pay-later company with 41 story customers and 1,000 generated ones, in memory, on 127.0.0.1:8090
  ombud-backoffice serve --db company.db --seed generated:5000,7
      the same with 5,000 customers drawn from seed 7, kept in a file
  ombud-backoffice serve --seed tau2:data/tau2/retail/dev/db.json --clock fixed
      the retail shop of the public benchmark
  ombud-backoffice serve --seed stories --seed tau2:db.json
      both at once
  curl -H 'Authorization: Bearer backoffice-demo-token' http://127.0.0.1:8090/customers/C-100001/overview
  ombud-backoffice openapi > backoffice.json";

/// The company's own systems, as a stand-in: orders, payments, accounts and CRM behind an HTTP API.
#[derive(Debug, Parser)]
#[command(name = "ombud-backoffice", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers requests until it is told to stop.
    Serve(Serve),
    /// Prints the OpenAPI description.
    Openapi,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Serve {
    /// Address and port; port 0 takes a free one and prints it.
    #[arg(long, default_value = "127.0.0.1:8090", env = "OMBUD_BACKOFFICE_LISTEN")]
    listen: SocketAddr,
    /// A database file, or `:memory:`.
    #[arg(long, default_value = ":memory:", env = "OMBUD_BACKOFFICE_DB")]
    db: String,
    /// What a new database begins with; may be given more than once: `tau2:PATH`, `generated:CUSTOMERS,SEED`,
    /// `stories`, `bench`.
    #[arg(long, default_value = "generated:1000,7", env = "OMBUD_BACKOFFICE_SEED")]
    seed: Vec<SeedSpec>,
    /// `real`: time runs and the seed lies around today. `fixed`: it is 2026-11-21T12:00:00Z, for tests.
    #[arg(long, value_enum, default_value = "real", env = "OMBUD_BACKOFFICE_CLOCK")]
    clock: ClockArgument,
    /// The token every request must carry.
    #[arg(long, default_value = "backoffice-demo-token", env = "OMBUD_BACKOFFICE_TOKEN", hide_env_values = true)]
    token: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ClockArgument {
    Real,
    Fixed,
}

impl From<ClockArgument> for ClockMode {
    fn from(argument: ClockArgument) -> Self {
        match argument {
            ClockArgument::Real => Self::Real,
            ClockArgument::Fixed => Self::Fixed,
        }
    }
}

/// Runs the program with the process's arguments.
pub async fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => serve(arguments).await,
        Command::Openapi => print_openapi(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing better can be done when even stderr is closed.
            writeln!(std::io::stderr(), "ombud-backoffice: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Serve) -> anyhow::Result<()> {
    let settings = Settings {
        listen: arguments.listen,
        database: arguments.db,
        seed: SeedSpec::joined(&arguments.seed),
        clock: arguments.clock.into(),
        token: arguments.token,
    };
    let seed = settings.seed.to_string();
    let bound = Bound::bind(settings).await?;
    writeln!(std::io::stdout(), "back office listens on http://{} (seed {seed})", bound.address())?;
    bound.serve(stop_signal()).await?;
    Ok(())
}

async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn print_openapi() -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{}", document().to_pretty_json()?) {
        // `openapi | head` closes the pipe early, which is no error of ours.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
