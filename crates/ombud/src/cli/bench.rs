//! What does it cost to answer? Figures of a server that runs as a process of its own, taken from outside; and of a large index.
//!
//! Start reading at [`turns`]; [`load`] plays the customers, [`process`] reads what the server used; [`search`] stands for itself.

mod client;
mod company;
mod contestant;
mod figures;
mod freshness;
mod history;
mod load;
mod plan;
mod process;
mod report;
mod search;
mod turns;
mod wire;

use clap::{Args, Subcommand};

use super::{Context, Outcome};

const EXAMPLES: &str = "\
Examples:
  ombud bench turns                                     1, 32 and 1,000 conversations at once, no model
  ombud bench turns --model mock                        the same with a scripted model that answers at once
  ombud bench turns --history 100,10000,100000 --conversations 32
  ombud bench freshness                                 from a change in the company's systems to its use, 200 times
  ombud bench turns --peer 'bash peers/other.sh' --conversations 32 --rounds 5
  ombud bench search --chunks 1000000                   an index of synthetic passages and vectors, built and asked in this process";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A customer asks where an order is: one read of the order API, a reply, state durable.
    Turns(turns::Options),
    /// Something changes in the company's systems: how soon is it used in an answer?
    Freshness(freshness::Options),
    /// Finding knowledge among 100,000 or 1,000,000 synthetic passages: build, memory, latency, recall.
    Search(search::Options),
    /// The order API and the scripted model that the servers under test call.
    #[command(hide = true)]
    Company(company::Options),
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.what {
        What::Turns(options) => turns::run(context, options).await,
        What::Freshness(options) => freshness::run(context, options).await,
        What::Search(options) => search::run(context, options),
        What::Company(options) => company::run(options).await,
    }
}
