//! `tessera restore`: a directory rebuilt into a new one, whole or up to an instant.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use tessera_engine::{node, offline, rebuild::Until, recovery, restore};
use tessera_proto::v1;

use super::{
    ENDPOINT_DEFAULT, Error, block_on, now_ms, operation,
    output::{self, Output},
};
use crate::progress::Bar;

/// From where, into what, how far.
#[derive(clap::Args)]
pub struct Args {
    /// The server whose directory is restored, on its own machine, while it serves.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
    /// A data directory that no server holds, instead. Nothing in it is changed.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The new directory; must not exist.
    #[arg(long)]
    into: PathBuf,
    /// Up to the last frame of this instant, in ms; without it, to the durable end.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..))]
    at_ms: Option<i64>,
}

/// Restores and shows what came out.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    match &args.data_dir {
        Some(dir) => offline_run(args, dir, output),
        None => {
            let ended = block_on(online(args))?;
            operation::show(&ended, output)
        }
    }
}

async fn online(args: &Args) -> Result<v1::Operation, Error> {
    let directory = std::path::absolute(&args.into).map_err(Error::Runtime)?.display().to_string();
    let mut client = operation::connect(&args.endpoint).await?;
    let request = v1::StartRestoreRequest { directory, at_ms: args.at_ms.unwrap_or(0) };
    let started = client.start_restore(request).await.map_err(operation::refused)?;
    operation::follow(&mut client, "restoring", started.into_inner().operation).await
}

fn offline_run(args: &Args, dir: &Path, output: Output) -> Result<(), Error> {
    let until = args.at_ms.map_or(Until::Durable, Until::Instant);
    let mut bar = Bar::new("reading", io::stderr().is_terminal());
    let restored = offline::restore(dir, &args.into, until, now_ms(), &mut |done| {
        bar.show(done.segments_done, done.segments, done.frames);
    });
    bar.finish();
    let restored = restored.map_err(failed)?;
    let facts = [
        ("directory", restored.dir.display().to_string()),
        ("stands at", format!("{} ms", restored.at_ms)),
        ("coupons", restored.coupons.to_string()),
    ];
    match output {
        Output::Table => output::print_facts(&facts),
        Output::Json => output::print_json(&serde_json::json!({
            "directory": restored.dir, "at_ms": restored.at_ms, "coupons": restored.coupons,
        })),
    }
}

/// A directory that is held or damaged is told, and answered to the shell, as everywhere.
fn failed(error: restore::Error) -> Error {
    match error {
        restore::Error::Node(error) => error.into(),
        restore::Error::Rebuild(error) => node::Error::from(recovery::Error::from(error)).into(),
        error => Error::Operation(error.to_string()),
    }
}
