//! `tessera status`: how a server is.

use tessera_proto::v1::{self, operator_service_client::OperatorServiceClient};

use super::{
    ENDPOINT_DEFAULT, Error, block_on,
    output::{self, Output},
};
use crate::client::{self, Method};

/// Whose status.
#[derive(clap::Args)]
pub struct Args {
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// Asks and prints.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    match output {
        Output::Json => print_json(args),
        Output::Table => print_table(&block_on(ask(args))?),
    }
}

async fn ask(args: &Args) -> Result<v1::GetStatusResponse, Error> {
    let channel = client::connect(&args.endpoint).await?;
    let reply = OperatorServiceClient::new(channel).get_status(v1::GetStatusRequest {}).await;
    Ok(reply.map_err(|status| client::Error::Refused(Box::new(status)))?.into_inner())
}

fn print_json(args: &Args) -> Result<(), Error> {
    let method = Method::find("OperatorService.GetStatus")?;
    let request = method.request("{}")?;
    let reply = block_on(async {
        let channel = client::connect(&args.endpoint).await?;
        Ok(client::call(channel, &method, request).await?)
    })?;
    output::print_line(output::json_of(&reply))
}

fn print_table(status: &v1::GetStatusResponse) -> Result<(), Error> {
    output::print_facts(&facts(status))?;
    let shards = status.shards.iter().map(|shard| {
        [u64::from(shard.shard), shard.queued_commands, shard.parked_claims, shard.decided_commands, shard.turns]
            .map(|number| number.to_string())
            .to_vec()
    });
    output::print_line("")?;
    output::print_table(&["shard", "queued", "parked", "decided", "turns"], shards)?;
    output::print_line("")?;
    let head = ["partition", "shard", "lsn", "digest", "coupons", "users", "redemptions", "requests"];
    output::print_table(&head, status.partitions.iter().map(partition))
}

fn partition(status: &v1::PartitionStatus) -> Vec<String> {
    vec![
        status.partition.to_string(),
        status.shard.to_string(),
        status.lsn.to_string(),
        format!("{:016x}", status.digest),
        status.coupons.to_string(),
        status.users.to_string(),
        status.redemptions.to_string(),
        status.remembered_requests.to_string(),
    ]
}

fn facts(status: &v1::GetStatusResponse) -> Vec<(&'static str, String)> {
    let log = status.log.clone().unwrap_or_default();
    let (recovery, snapshots) = (status.recovery.unwrap_or_default(), status.snapshots.unwrap_or_default());
    let tail = if recovery.cut { ", a torn tail left behind" } else { "" };
    vec![
        ("version", status.version.clone()),
        ("state", status.state().as_str_name().trim_start_matches("SERVING_STATE_").to_owned()),
        ("log", status.log_uuid.clone()),
        ("uptime", format!("{} s", status.uptime_ms / 1_000)),
        ("resident memory", mebibytes(status.resident_bytes)),
        ("recovery", format!("{} frames in {} ms{tail}", recovery.frames, recovery.elapsed_ms)),
        ("log groups", format!("{} in {} syncs", log.groups, log.syncs)),
        ("log frames", format!("{} ({})", log.frames, mebibytes(log.frame_bytes))),
        ("log written", mebibytes(log.disk_bytes)),
        (
            "snapshots",
            format!(
                "{} rounds, {} failures, {} images of {}",
                snapshots.rounds,
                snapshots.failures,
                snapshots.images,
                mebibytes(snapshots.image_bytes)
            ),
        ),
        ("archive", format!("{} segments of {}", snapshots.archived_segments, mebibytes(snapshots.archived_bytes))),
        ("bulk work", bulk(status)),
        ("disk", if log.full { "full: writes are refused" } else { "has room" }.to_owned()),
    ]
}

/// The rows that were issued or imported, and how fast they may follow each other.
fn bulk(status: &v1::GetStatusResponse) -> String {
    let v1::BulkStatus { rows_in_flight, rows_allowed, rows_in_flight_max } = status.bulk.unwrap_or_default();
    let is_bulk = |method: &str| ["IssueStream", "ImportStream"].contains(&method);
    let bulk = status.operations.iter().filter(|operation| is_bulk(&operation.method));
    let sum = |[a, b, c]: [u64; 3], of: &v1::OperationStatus| [a + of.accepted, b + of.refused, c + of.streams_open];
    let [accepted, refused, streams] = bulk.fold([0; 3], sum);
    let flight = format!("{rows_in_flight} of {rows_allowed} in flight (at most {rows_in_flight_max})");
    format!("{accepted} rows issued, {refused} refused, {flight}, {streams} streams")
}

fn mebibytes(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20)
}
