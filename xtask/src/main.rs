//! The house's own tool: every command a developer or CI runs, in one place.
//!
//! Never: product logic, heavy dependencies, steps that pass because their input is missing.
//! Start reading at [`Command`]; each command is a file of its own name.

mod terminal;

mod programs;
mod workspace;

mod source;

mod audit;
mod ci;
mod demo;
mod evaluate;
mod generate;
mod models;
mod postgres;
mod smoke;
mod test;
mod tidy;
mod trust;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Run, test and check Ombud", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build and start the demo: Ombud, a fictional company and its back office
    Demo(demo::Options),
    /// Run all tests that this machine has the tools for, and say what was skipped
    Test(test::Options),
    /// Check the rules of the house that no compiler knows
    Tidy(tidy::Options),
    /// Write the generated files anew
    Gen(generate::Options),
    /// Run every check, as CI does
    Ci(ci::Options),
    /// Run the tests and measurements behind docs/TRUST.md, and report their figures
    Trust(trust::Options),
    /// Run the evaluations behind docs/EVALUATION.md, keep their figures and write the page
    Evaluate(evaluate::Options),
    /// Check the packages we depend on: advisories, licences, sources, bans
    Audit,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::warn(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Demo(options) => demo::run(&workspace, &options),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Tidy(options) => tidy::run(&workspace, &options),
        Command::Gen(options) => generate::run(&workspace, &options),
        Command::Ci(options) => ci::run(&workspace, &options),
        Command::Trust(options) => trust::run(&workspace, &options),
        Command::Evaluate(options) => evaluate::run(&workspace, &options),
        Command::Audit => audit::run(&workspace),
    }
}
