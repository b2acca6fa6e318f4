//! `tessera replay`: journals rebuilt beside the state, and compared with every digest on the way.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use tessera_engine::{
    JournalId, offline,
    rebuild::{From, Until},
};
use tessera_proto::v1::{self, start_replay_request};

use super::{
    ENDPOINT_DEFAULT, Error, block_on, operation,
    output::{self, Output},
};
use crate::progress::Bar;

/// What is replayed, and how far.
#[derive(clap::Args)]
pub struct Args {
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
    /// A data directory that no server holds, instead. Nothing in it is changed.
    #[arg(long, conflicts_with = "diff")]
    data_dir: Option<PathBuf>,
    /// Only this partition; 65535 = the catalog.
    #[arg(long)]
    partition: Option<u16>,
    /// Up to this event; needs --partition.
    #[arg(long, requires = "partition", conflicts_with_all = ["at_ms", "diff"], value_parser = clap::value_parser!(u64).range(1..))]
    lsn: Option<u64>,
    /// Up to the last frame of this instant, in ms.
    #[arg(long, conflicts_with = "diff", value_parser = clap::value_parser!(i64).range(1..))]
    at_ms: Option<i64>,
    /// Begin at each journal's first frame, as far back as log and archive go.
    #[arg(long)]
    from_beginning: bool,
    /// Compare with the live state at the same lsn.
    #[arg(long)]
    diff: bool,
}

/// Replays and shows; a difference is an error.
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
    let until = match (args.lsn, args.at_ms) {
        (Some(lsn), _) => Some(start_replay_request::Until::Lsn(lsn)),
        (None, Some(at_ms)) => Some(start_replay_request::Until::AtMs(at_ms)),
        (None, None) => None,
    };
    let request = v1::StartReplayRequest {
        partition: args.partition.map(u32::from),
        until,
        from_beginning: args.from_beginning,
        diff_live: args.diff,
    };
    let mut client = operation::connect(&args.endpoint).await?;
    let started = client.start_replay(request).await.map_err(operation::refused)?;
    operation::follow(&mut client, "replaying", started.into_inner().operation).await
}

fn offline_run(args: &Args, dir: &std::path::Path, output: Output) -> Result<(), Error> {
    let until = match (args.lsn, args.at_ms) {
        (Some(lsn), _) => Until::Lsn(lsn),
        (None, Some(at_ms)) => Until::Instant(at_ms),
        (None, None) => Until::Durable,
    };
    let from = if args.from_beginning { From::Beginning } else { From::NewestImage };
    let mut bar = Bar::new("reading", io::stderr().is_terminal());
    let journal = args.partition.map(JournalId);
    let replayed = offline::replay(dir, journal, from, until, &mut |done| {
        bar.show(done.segments_done, done.segments, done.frames);
    });
    bar.finish();
    let journals: Vec<_> = replayed?.iter().map(crate::convert::operation::replayed).collect();
    match output {
        Output::Json => output::print_json(&journals.iter().map(operation::replayed_json).collect::<Vec<_>>())?,
        Output::Table => operation::print_replay(&journals)?,
    }
    match journals.iter().all(|journal| journal.differences.is_empty()) {
        true => Ok(()),
        false => Err(Error::Operation("the replay found differences".to_owned())),
    }
}
