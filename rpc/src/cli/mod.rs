//! The command line: one file a command. Results go to standard output, everything else to standard error.

mod bulk;
mod call;
mod cards;
mod dev;
mod error;
mod import;
mod init;
mod inspect;
mod issue_bulk;
mod operation;
mod output;
mod replay;
mod restore;
mod serve;
mod snapshot;
mod status;
mod top;
mod verify;

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Parser, Subcommand};

pub use self::error::Error;
use self::output::Output;

/// Where a client looks unless told otherwise.
const ENDPOINT_DEFAULT: &str = "http://127.0.0.1:7411";

/// Redeems coupons and gift cards: in memory, durable, over gRPC.
#[derive(Parser)]
#[command(name = "tessera", version, about)]
struct Cli {
    /// How results are shown.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a temporary directory with a catalog to try things on.
    Dev(dev::Args),
    /// Make a data directory: keys and an empty log.
    Init(init::Args),
    /// Serve a data directory.
    Serve(serve::Args),
    /// Call a method with a JSON request.
    Call(call::Args),
    /// Issue coupons to the users of a file; run it again after an interruption.
    IssueBulk(issue_bulk::Args),
    /// Show how a server is.
    Status(status::Args),
    /// Show a server's rates, latencies and queues, live.
    Top(top::Args),
    /// Check a data directory, served or not: every checksum, digest and balance.
    Verify(verify::Args),
    /// Make snapshots, and show them.
    #[command(subcommand)]
    Snapshot(snapshot::What),
    /// Rebuild journals beside the state and compare them.
    Replay(replay::Args),
    /// Rebuild a directory into a new one, whole or up to an instant.
    Restore(restore::Args),
    /// Make batches of gift cards, and take their codes.
    #[command(subcommand)]
    Cards(cards::What),
    /// Show what is inside: the log, images, a partition, a coupon, the feed of changes.
    #[command(subcommand)]
    Inspect(inspect::What),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let Cli { output, command } = Cli::parse();
    let done = match command {
        Command::Dev(args) => dev::run(&args),
        Command::Init(args) => init::run(&args, output),
        Command::Serve(args) => serve::run(&args),
        Command::Call(args) => call::run(&args),
        Command::IssueBulk(args) => issue_bulk::run(&args, output),
        Command::Status(args) => status::run(&args, output),
        Command::Top(args) => top::run(&args),
        Command::Verify(args) => verify::run(&args, output),
        Command::Snapshot(what) => snapshot::run(&what, output),
        Command::Replay(args) => replay::run(&args, output),
        Command::Restore(args) => restore::run(&args, output),
        Command::Cards(what) => cards::run(&what, output),
        Command::Inspect(what) => inspect::run(&what, output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report(output);
            error.exit().into()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "images say when they were made, and a coupon is shown as it is now")]
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Runs a client's future on this thread.
fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(future)
}
