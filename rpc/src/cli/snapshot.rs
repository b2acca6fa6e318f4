//! `tessera snapshot`: makes images, and shows those there are.

use std::path::PathBuf;

use clap::Subcommand;
use tessera_engine::{offline, snapshots::ImageReport};
use tessera_proto::v1;

use super::{
    ENDPOINT_DEFAULT, Error, block_on, operation,
    output::{self, Output},
};

/// What is done with snapshots.
#[derive(Subcommand)]
pub enum What {
    /// Make the next image of every journal, and wait for it. Live traffic goes on.
    Save(Endpoint),
    /// Show the images of a running server, or of a directory that no server holds.
    List(List),
    /// Show the rounds of a running server.
    Status(Endpoint),
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
        What::Save(server) => {
            let ended = block_on(async {
                let mut client = operation::connect(&server.endpoint).await?;
                let started = client.save_snapshot(v1::SaveSnapshotRequest {}).await.map_err(operation::refused)?;
                operation::follow(&mut client, "snapshot", started.into_inner().operation).await
            })?;
            operation::show(&ended, output)
        }
        What::List(List { data_dir: Some(dir), .. }) => {
            let images: Vec<_> = offline::images(dir)?.iter().map(|image| image_of(&ImageReport::of(image))).collect();
            print_images(&images, output)
        }
        What::List(List { endpoint, data_dir: None }) => print_images(&ask(endpoint)?.images, output),
        What::Status(endpoint) => print_rounds(&ask(endpoint)?.rounds, output),
    }
}

fn ask(server: &Endpoint) -> Result<v1::ListSnapshotsResponse, Error> {
    block_on(async {
        let mut client = operation::connect(&server.endpoint).await?;
        let reply = client.list_snapshots(v1::ListSnapshotsRequest {}).await;
        Ok(reply.map_err(operation::refused)?.into_inner())
    })
}

fn image_of(image: &ImageReport) -> v1::SnapshotImage {
    v1::SnapshotImage {
        image_id: image.id,
        partition: image.journal.into(),
        lsn: image.lsn,
        frame: image.frame,
        digest: image.digest,
        at_ms: image.at_ms,
        created_ms: image.created_ms,
        bytes: image.bytes,
    }
}

fn print_images(images: &[v1::SnapshotImage], output: Output) -> Result<(), Error> {
    if matches!(output, Output::Json) {
        let json = images.iter().map(|image| {
            serde_json::json!({
                "image_id": image.image_id, "partition": image.partition, "lsn": image.lsn, "frame": image.frame,
                "digest": format!("{:016x}", image.digest), "at_ms": image.at_ms, "created_ms": image.created_ms,
                "bytes": image.bytes,
            })
        });
        return output::print_json(&json.collect::<Vec<_>>());
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
    let row = |round: &v1::Operation| {
        let result = match &round.result {
            Some(v1::operation::Result::Snapshot(snapshot)) => snapshot.clone(),
            _ => v1::SnapshotResult::default(),
        };
        let took_ms = if round.ended_ms > 0 { round.ended_ms - round.began_ms } else { 0 };
        [
            ("began_ms", round.began_ms.to_string()),
            ("took_ms", took_ms.to_string()),
            ("journals", format!("{}/{}", round.journals_done, round.journals)),
            ("images", result.images.to_string()),
            ("bytes", result.image_bytes.to_string()),
            ("trimmed", result.segments_trimmed.to_string()),
            ("error", round.error.clone()),
        ]
    };
    if matches!(output, Output::Json) {
        let json =
            rounds.iter().map(|round| row(round).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect());
        let json: Vec<serde_json::Map<String, serde_json::Value>> = json.collect();
        return output::print_json(&serde_json::json!(json));
    }
    let head = row(&v1::Operation::default()).map(|(name, _)| name);
    output::print_table(&head, rounds.iter().map(|round| row(round).map(|(_, value)| value).to_vec()))
}
