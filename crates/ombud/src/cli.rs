//! What can be asked of the program? A file for each subcommand.

mod approvals;
mod bench;
mod books;
mod chat;
mod config_reference;
mod demo;
mod doctor;
mod erase;
mod eval;
mod export;
mod failure;
mod hold;
mod init;
mod keys;
mod knowledge;
mod ledger;
mod models;
mod openapi;
mod prove;
mod replay;
mod serve;
mod signed;
mod simulate;
mod staff;
mod switch;
mod token;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Overrides, load};
use crate::packs::PackError;
use crate::terminal::complain;

const EXAMPLES: &str = "\
Examples:
  ombud demo                          a fictional company, open for business on http://127.0.0.1:8080
  ombud chat --demo                   the same in the terminal
  ombud init my-company               a new pack and ombud.toml
  ombud validate packs/my-company     what is wrong with a pack, with file and line
  ombud serve --config ombud.toml     the real thing
  ombud doctor                        what stands in the way
  ombud eval intents --train a.jsonl   how well intents of labelled texts are read
  ombud knowledge ingest help/ --author maja   documents become articles that wait for approval
  ombud models fetch                  the embedding model, which nothing needs to start
  ombud prove                         whether the ledger is as it was signed
  ombud replay 0199...                the same decisions again, from what is stored
  ombud ledger rebuild                the desk's inbox again, from the events
  ombud erase --customer C-100001     everything about a customer, for good
  ombud switch list                   what may not be done at the moment
  ombud books check                   whether the money that was moved adds up
  ombud approvals list                what waits for the approval of people

Exit codes:
  0  done
  1  it failed; the message says what to do
  2  the arguments are wrong
  3  the configuration or the pack is wrong";

/// A customer-service agent for companies that handle other people's money.
#[derive(Debug, Parser)]
#[command(name = "ombud", version, about, after_help = EXAMPLES, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every subcommand takes.
#[derive(Debug, Args)]
struct Common {
    /// Configuration file; `ombud.toml` in this folder if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A value of the configuration, such as `--set server.streams_max=100`; may be given more than once.
    #[arg(long = "set", global = true, value_name = "SECTION.FIELD=VALUE")]
    settings: Vec<String>,
    /// Print results as JSON, and a failure on standard error as `{"error": {"code", "message", "file", "line"}}`.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new pack and an `ombud.toml`.
    Init(init::Options),
    /// Starts a fictional company and opens for business.
    Demo(demo::Options),
    /// Serves customers and staff with the company of the configuration.
    Serve(serve::Options),
    /// Chats in the terminal.
    Chat(chat::Options),
    /// Checks a pack; problems are shown with file and line.
    Validate(validate::Options),
    /// Looks for what stands in the way of serving: configuration, pack, database, seal, back office, models, clock, port.
    Doctor(doctor::Options),
    /// Plays simulated customers and judges by the company's books.
    Simulate(simulate::Options),
    /// Measures a part of the program on examples with known answers.
    Eval(eval::Options),
    /// Measures what a turn costs.
    Bench(bench::Options),
    /// Signs a session token, for tests and for trying the API.
    Token(token::Options),
    /// Shows whether anything in the ledger was changed, or takes out a conversation with its proof.
    Prove(prove::Options),
    /// Runs recorded turns again from what is stored, and shows whether each decision comes out the same.
    Replay(replay::Options),
    /// Makes again what is made from the events of the ledger: the desk's inbox.
    Ledger(ledger::Options),
    /// Shows what money was moved, and compares it with the ledger's events and with a payment provider's statement.
    Books(books::Options),
    /// Shows what needs the approval of people, and answers it with one's own staff token.
    Approvals(approvals::Options),
    /// Stops effects at once, and lets them go on: everything, an action, a risk class, a market.
    Switch(switch::Options),
    /// Takes the access of a member of staff away, at once and everywhere, or gives it back.
    Staff(staff::Options),
    /// Makes the key that signs checkpoints of the ledger, and prints the one that others verify with; makes and changes the master key.
    Keys(keys::Options),
    /// Erases everything about a customer, for good.
    Erase(erase::Options),
    /// Writes everything about a customer into a file for programs and one for people.
    Export(export::Options),
    /// Keeps customers from being erased, while a court or an authority wants it so.
    Hold(hold::Options),
    /// Brings documents and web pages as articles, which wait until somebody has looked at what speaks against them.
    Knowledge(knowledge::Options),
    /// Lists, fetches and verifies the models that run in this process.
    Models(models::Options),
    /// Prints the OpenAPI 3.1 document of the HTTP API.
    Openapi,
    /// Prints every setting with its default, in Markdown.
    ConfigReference,
}

/// How the output is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What a subcommand came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// It failed and has said why.
    Failed,
    /// The configuration or the pack is wrong, and it has said so.
    Wrong,
}

/// What a subcommand works with.
pub(crate) struct Context {
    overrides: Overrides,
    pub(crate) output: Output,
}

impl Context {
    /// The configuration.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        load(&self.overrides)
    }
}

/// Runs the program with the process's arguments.
pub(crate) async fn run() -> ExitCode {
    let Cli { common, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            failure::of_arguments(&error).say();
            return ExitCode::from(2);
        }
        Err(error) => error.exit(),
    };
    let context = Context {
        overrides: Overrides { file: common.config, settings: common.settings },
        output: if common.json { Output::Json } else { Output::Text },
    };
    match Box::pin(dispatch(&context, command)).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Wrong) => ExitCode::from(3),
        Err(error) => {
            match context.output {
                Output::Text => complain(format_args!("ombud: {error:#}")),
                Output::Json => failure::of(&error).say(),
            }
            ExitCode::from(code_of(&error))
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Init(options) => init::run(context, &options),
        Command::Demo(options) => Box::pin(demo::run(context, &options)).await,
        Command::Serve(options) => serve::run(context, &options).await,
        Command::Chat(options) => chat::run(context, options).await,
        Command::Validate(options) => validate::run(context, &options),
        Command::Doctor(options) => doctor::run(context, &options).await,
        Command::Simulate(options) => simulate::run(context, &options).await,
        Command::Eval(options) => eval::run(context, &options).await,
        Command::Bench(options) => bench::run(context, &options).await,
        Command::Token(options) => token::run(context, &options),
        Command::Prove(options) => prove::run(context, &options).await,
        Command::Replay(options) => replay::run(context, &options).await,
        Command::Ledger(options) => ledger::run(context, &options).await,
        Command::Books(options) => books::run(context, &options).await,
        Command::Approvals(options) => approvals::run(context, &options).await,
        Command::Switch(options) => switch::run(context, &options).await,
        Command::Staff(options) => staff::run(context, &options).await,
        Command::Keys(options) => keys::run(context, &options).await,
        Command::Erase(options) => erase::run(context, &options).await,
        Command::Export(options) => export::run(context, &options).await,
        Command::Hold(options) => hold::run(context, &options).await,
        Command::Knowledge(options) => knowledge::run(context, &options).await,
        Command::Models(options) => models::run(context, &options),
        Command::Openapi => openapi::run(),
        Command::ConfigReference => Ok(config_reference::run()),
    }
}

/// 3 for what is written wrong, 1 for what went wrong.
fn code_of(error: &anyhow::Error) -> u8 {
    let is_wrong = error.chain().any(|cause| cause.is::<ConfigError>() || cause.is::<PackError>());
    if is_wrong { 3 } else { 1 }
}

/// Sends what the program says about itself to standard error.
pub(crate) fn start_log(config: &Config) -> anyhow::Result<()> {
    use anyhow::Context as _;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log.filter)
        .with_context(|| format!("`log.filter`: `{}` is no filter", config.log.filter))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log.format.as_str() {
        "json" => builder.json().try_init(),
        "text" => builder.try_init(),
        other => anyhow::bail!("`log.format` is `{other}`, use `text` or `json`"),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together_and_every_subcommand_explains_itself() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            assert!(subcommand.get_about().is_some(), "{}", subcommand.get_name());
        }
    }

    #[test]
    fn what_is_written_wrong_has_an_exit_code_of_its_own() {
        let missing = crate::wiring::missing("session", "secret", "make one");
        assert_eq!(code_of(&anyhow::Error::from(missing).context("starting")), 3);
        assert_eq!(code_of(&PackError::Absent("x".to_owned()).into()), 3);
        assert_eq!(code_of(&anyhow::anyhow!("the disk is full")), 1);
    }
}
