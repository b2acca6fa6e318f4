//! `tessera verify`: every checksum, continuity, digest, line and balance of a data directory, served or not.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use tessera_engine::offline::{self, Verified};
use tessera_proto::v1;

use super::{
    Error, block_on, operation,
    output::{self, Output},
};
use crate::{convert::report, progress::Bar};

/// What is verified.
#[derive(clap::Args)]
pub struct Args {
    /// A server, which verifies the directory that it serves, up to what is durable when it begins.
    #[arg(long)]
    endpoint: Option<String>,
    /// A data directory that no server holds, if no server is named.
    #[arg(long, env = "TESSERA__DATA_DIR", required_unless_present = "endpoint")]
    data_dir: Option<PathBuf>,
    /// First leave the damaged end of the last segment behind, once and for all. What is behind the damage is lost: make a
    /// copy before.
    #[arg(long, conflicts_with = "endpoint")]
    cut_tail: bool,
}

/// Verifies and prints what was found; a problem is an error.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    match (&args.endpoint, &args.data_dir) {
        (Some(endpoint), _) => operation::show(&block_on(online(endpoint))?, output),
        (None, Some(dir)) => offline_run(dir, args.cut_tail, output),
        (None, None) => Err(Error::NoDataDir),
    }
}

async fn online(endpoint: &str) -> Result<v1::Operation, Error> {
    let mut client = operation::connect(endpoint).await?;
    let started = client.start_verify(v1::StartVerifyRequest {}).await.map_err(operation::refused)?;
    operation::follow(&mut client, "verifying", started.into_inner().operation).await
}

fn offline_run(dir: &Path, cut_tail: bool, output: Output) -> Result<(), Error> {
    if cut_tail {
        let recovery = offline::cut_tail(dir)?;
        let cut = recovery.cut.map(|cut| format!("{} from byte {}", cut.file, cut.offset));
        eprintln!("cut: {}", cut.as_deref().unwrap_or("nothing"));
    }
    let mut bar = Bar::new("verifying", io::stderr().is_terminal());
    let verified = offline::verify(dir, &mut |done| {
        bar.show(done.segments_done, done.segments, done.frames);
    });
    bar.finish();
    let verified = verified?;
    let problems = problems(&verified);
    match output {
        Output::Json => print_json(&verified, &problems)?,
        Output::Table => print_table(&verified, &problems)?,
    }
    Error::unless_whole(problems.len(), advice(&verified))
}

fn problems(verified: &Verified) -> Vec<String> {
    let log = verified.log.problem.as_ref().map(ToString::to_string);
    let line = verified.broken_line.as_ref().map(ToString::to_string);
    let stock = verified.stock.as_ref().err().map(ToString::to_string);
    let manifest = verified.manifest.as_ref().map(ToString::to_string);
    let images = verified.images.iter().filter_map(|checked| checked.problem.as_ref().map(ToString::to_string));
    let gifts = verified.lost_gifts.as_ref().map(ToString::to_string);
    let pledges = verified.lost_pledge.as_ref().map(ToString::to_string);
    [log, line, stock, gifts, pledges, manifest].into_iter().flatten().chain(images).collect()
}

fn advice(verified: &Verified) -> &'static str {
    match &verified.log.problem {
        Some(problem) => problem.kind().advice(),
        None => "keep a copy and restore from the archive",
    }
}

/// How many images, and how many of them the log led to.
fn images_in_words(verified: &Verified) -> String {
    let compared = verified.images.iter().filter(|checked| checked.is_compared).count();
    format!("{} loaded, {compared} of them compared with the log", verified.images.len())
}

fn print_table(verified: &Verified, problems: &[String]) -> Result<(), Error> {
    let log = &verified.log;
    output::print_facts(&[
        ("log", log.identity.uuid.to_string()),
        ("whole", format!("{} groups, {} frames, {} bytes", log.groups, log.whole.frames, log.whole.bytes)),
        ("tail", log.tail.as_ref().map_or("none".to_owned(), |tail| format!("{tail:?}"))),
        ("images", images_in_words(verified)),
        ("catalog", format!("lsn {}, digest {:016x}", verified.catalog.0, verified.catalog.1)),
        ("problems", if problems.is_empty() { "none".to_owned() } else { problems.join("\n") }),
    ])?;
    output::print_line("")?;
    let partitions = verified.partitions.iter();
    let rows = partitions.map(|(number, lsn, digest)| vec![number.to_string(), lsn.to_string(), format!("{digest:016x}")]);
    output::print_table(&["partition", "lsn", "digest"], rows)?;
    let stocks: Vec<_> = verified.stock.iter().flatten().map(report::stock).collect();
    operation::print_stocks(&stocks)
}

fn print_json(verified: &Verified, problems: &[String]) -> Result<(), Error> {
    let log = &verified.log;
    let partitions = verified
        .partitions
        .iter()
        .map(|(number, lsn, digest)| serde_json::json!({"partition": number, "lsn": lsn, "digest": format!("{digest:016x}")}));
    let images = verified.images.iter().map(|checked| {
        let (subject, problem) = (&checked.image.subject, checked.problem.as_ref().map(ToString::to_string));
        serde_json::json!({
            "file": checked.image.file_name(), "partition": subject.journal.0, "lsn": subject.cursor.lsn.0,
            "compared": checked.is_compared, "problem": problem,
        })
    });
    let stocks = verified.stock.iter().flatten().map(|stock| {
        serde_json::json!({
            "template": stock.pool.template(), "pool": stock.pool.to_string(), "total": stock.total, "free": stock.free, "unsold": stock.unsold,
            "granted_on_the_way": stock.granted_on_the_way, "returned_on_the_way": stock.returned_on_the_way,
            "issued": stock.issued,
        })
    });
    output::print_json(&serde_json::json!({
        "log_uuid": log.identity.uuid.to_string(),
        "groups": log.groups,
        "frames": log.whole.frames,
        "bytes": log.whole.bytes,
        "tail": log.tail.as_ref().map(|tail| format!("{tail:?}")),
        "catalog": {"lsn": verified.catalog.0, "digest": format!("{:016x}", verified.catalog.1)},
        "images": images.collect::<Vec<_>>(),
        "partitions": partitions.collect::<Vec<_>>(),
        "stocks": stocks.collect::<Vec<_>>(),
        "problems": problems,
        "whole": verified.is_whole(),
    }))
}
