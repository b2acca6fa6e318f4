//! `tessera snapshot`: makes images, and shows those there are.

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use tessera_engine::{offline, snapshots::ImageReport};
use tessera_proto::v1;

use super::{
    ENDPOINT_DEFAULT, Error, block_on, now_ms, operation,
    output::{self, Output},
};
use crate::{
    convert::{self, inspect},
    progress::Bar,
};

/// What is done with snapshots.
#[derive(Subcommand)]
pub enum What {
    /// Make the next image of every journal and trim the log, and wait for it. Live traffic goes on.
    Save(Save),
    /// Show the images of a running server, or of a directory that no server holds.
    List(List),
    /// Show the rounds of a running server.
    Status(Endpoint),
    /// Make the manifest of a directory that no server holds anew, of the two newest whole images of each journal. Keep a copy before:
    /// files that it does not name are removed by the next start.
    RebuildManifest(Directory),
}

/// Of what a snapshot is made.
#[derive(clap::Args)]
pub struct Save {
    #[command(flatten)]
    endpoint: Endpoint,
    /// A data directory that no server holds, instead. Its log goes on in a new, empty segment, as after a start.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Which directory.
#[derive(clap::Args)]
pub struct Directory {
    /// The data directory.
    #[arg(long)]
    data_dir: PathBuf,
}

/// Which server.
#[derive(clap::Args)]
pub struct Endpoint {
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// Whose images.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    endpoint: Endpoint,
    /// A data directory that no server holds, instead.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Does it.
pub fn run(what: &What, output: Output) -> Result<(), Error> {
    match what {
        What::Save(Save { data_dir: Some(dir), .. }) => save_offline(dir, output),
        What::Save(Save { endpoint: server, data_dir: None }) => {
            let ended = block_on(async {
                let mut client = operation::connect(&server.endpoint).await?;
                let started = client.save_snapshot(v1::SaveSnapshotRequest {}).await.map_err(operation::refused)?;
                operation::follow(&mut client, "snapshot", started.into_inner().operation).await
            })?;
            operation::show(&ended, output)
        }
        What::List(List { data_dir: Some(dir), .. }) => {
            let images: Vec<_> = offline::images(dir)?.iter().map(|image| inspect::image(&ImageReport::of(image))).collect();
            print_images(&images, output)
        }
        What::List(List { endpoint, data_dir: None }) => print_images(&ask(endpoint)?.images, output),
        What::Status(endpoint) => print_rounds(&ask(endpoint)?.rounds, output),
        What::RebuildManifest(Directory { data_dir }) => rebuild_manifest(data_dir, output),
    }
}

/// A round without a server is shown like one of a server.
fn save_offline(dir: &Path, output: Output) -> Result<(), Error> {
    let on_terminal = io::stderr().is_terminal();
    let mut reading = Bar::new("reading", on_terminal);
    let mut folding = Bar::of("snapshot", "journals", on_terminal);
    let saved = offline::save_snapshot(
        dir,
        now_ms(),
        &mut |done| reading.show(done.segments_done, done.segments, done.frames),
        &mut |round| folding.show(round.journals_done.into(), round.journals.into(), round.frames),
    );
    reading.finish();
    folding.finish();
    operation::show(&convert::operation::round(&saved?), output)
}

fn rebuild_manifest(dir: &Path, output: Output) -> Result<(), Error> {
    let rebuilt = offline::rebuild_manifest(dir)?;
    let refused: Vec<String> = rebuilt.refused.iter().map(ToString::to_string).collect();
    if rebuilt.images.is_empty() && !refused.is_empty() {
        refused.iter().for_each(|error| eprintln!("tessera: {error}"));
        return Err(Error::NotWhole { problems: "no whole image was".to_owned(), advice: "nothing was written" });
    }
    let images: Vec<_> = rebuilt.images.iter().map(|image| inspect::image(&ImageReport::of(image))).collect();
    match output {
        Output::Json => output::print_json(&serde_json::json!({ "images": images_json(&images), "refused": refused })),
        Output::Table => {
            refused.iter().for_each(|error| eprintln!("not named: {error}"));
            print_images(&images, output)
        }
    }
}

fn ask(server: &Endpoint) -> Result<v1::ListSnapshotsResponse, Error> {
    block_on(async {
        let mut client = operation::connect(&server.endpoint).await?;
        let reply = client.list_snapshots(v1::ListSnapshotsRequest {}).await;
        Ok(reply.map_err(operation::refused)?.into_inner())
    })
}

fn images_json(images: &[v1::SnapshotImage]) -> Vec<serde_json::Value> {
    images.iter().map(|image| output::value_of("SnapshotImage", image, true)).collect()
}

fn print_images(images: &[v1::SnapshotImage], output: Output) -> Result<(), Error> {
    if matches!(output, Output::Json) {
        return output::print_json(&images_json(images));
    }
    let head = ["journal", "image", "lsn", "frame", "digest", "bytes", "made at, ms"];
    let rows = images.iter().map(|image| {
        vec![
            image.partition.to_string(),
            image.image_id.to_string(),
            image.lsn.to_string(),
            image.frame.to_string(),
            format!("{:016x}", image.digest),
            image.bytes.to_string(),
            image.created_ms.to_string(),
        ]
    });
    output::print_table(&head, rows)
}

fn print_rounds(rounds: &[v1::Operation], output: Output) -> Result<(), Error> {
    if matches!(output, Output::Json) {
        return output::print_json(&rounds.iter().map(round_json).collect::<Vec<_>>());
    }
    let head = ["began_ms", "took_ms", "journals", "images", "bytes", "trimmed", "error"];
    let row = |round: &v1::Operation| {
        let result = result_of(round);
        let counts = [u64::from(result.images), result.image_bytes, result.segments_trimmed].map(|count| count.to_string());
        let begin =
            [round.began_ms.to_string(), took_ms(round).to_string(), format!("{}/{}", round.journals_done, round.journals)];
        begin.into_iter().chain(counts).chain([round.error.clone()]).collect()
    };
    output::print_table(&head, rounds.iter().map(row))
}

fn round_json(round: &v1::Operation) -> serde_json::Value {
    let result = result_of(round);
    serde_json::json!({
        "began_ms": round.began_ms, "took_ms": took_ms(round), "over": round.ended_ms > 0,
        "journals_done": round.journals_done, "journals": round.journals, "frames": round.frames,
        "images": result.images, "bytes": result.image_bytes, "trimmed": result.segments_trimmed, "error": round.error,
    })
}

fn result_of(round: &v1::Operation) -> v1::SnapshotResult {
    match &round.result {
        Some(v1::operation::Result::Snapshot(snapshot)) => snapshot.clone(),
        _ => v1::SnapshotResult::default(),
    }
}

/// How long it took; 0 while it is under way.
fn took_ms(round: &v1::Operation) -> i64 {
    if round.ended_ms > 0 { round.ended_ms - round.began_ms } else { 0 }
}
