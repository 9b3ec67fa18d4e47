//! The binary: configuration, wiring, subcommands.
//!
//! Never: logic. Start reading at [`cli`], then [`wiring`] (what is put together for a server).

mod cli;
mod clock;
mod config;
mod demo_company;
mod knowledge;
mod meaning;
mod packs;
mod privacy;
mod terminal;
mod wiring;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(format_args!("ombud: the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::run());
    // A task that hangs in a system call must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}
