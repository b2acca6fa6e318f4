//! `tessera inspect partition`: everything about one partition, as its shard tells it or as it is rebuilt.

use tessera_proto::v1::{self, operator_service_client::OperatorServiceClient};

use super::Place;
use crate::{
    cli::{
        Error, block_on, operation,
        output::{self, Output},
    },
    client, convert,
    limits::RESPONSE_BYTES_MAX,
};

/// Shows it.
pub fn run(partition: u16, place: &Place, output: Output) -> Result<(), Error> {
    let found = match &place.data_dir {
        Some(dir) => {
            let facts = super::open(dir)?.partition(partition)?;
            // No shard owns it: the number is that of the first.
            convert::inspect::partition(0, &facts.report, &facts.books, &facts.images)
        }
        None => block_on(ask(partition, &place.endpoint))?,
    };
    match output {
        Output::Json => output::print_json(&output::value_of("InspectPartitionResponse", &found, true)),
        Output::Table => print(&found),
    }
}

async fn ask(partition: u16, endpoint: &str) -> Result<v1::InspectPartitionResponse, Error> {
    let mut client = OperatorServiceClient::new(client::connect(endpoint).await?).max_decoding_message_size(RESPONSE_BYTES_MAX);
    let request = v1::InspectPartitionRequest { partition: partition.into() };
    Ok(client.inspect_partition(request).await.map_err(operation::refused)?.into_inner())
}

fn print(found: &v1::InspectPartitionResponse) -> Result<(), Error> {
    let status = found.status.unwrap_or_default();
    let or_never = |ms: i64| if ms > 0 { format!("not before {ms} ms") } else { "never".to_owned() };
    output::print_facts(&[
        ("partition", status.partition.to_string()),
        ("lsn", status.lsn.to_string()),
        ("time", format!("{} ms", status.time_ms)),
        ("digest", format!("{:016x}", status.digest)),
        ("coupons", status.coupons.to_string()),
        ("users", status.users.to_string()),
        ("holds", format!("{} live, {} in memory", status.live_holds, status.holds)),
        ("redemptions", status.redemptions.to_string()),
        ("requests", status.remembered_requests.to_string()),
        ("next expiry", or_never(status.next_expiry_ms)),
        ("next hold ends", or_never(status.next_hold_end_ms)),
        ("next gift ends", or_never(status.next_gift_end_ms)),
    ])?;
    let home = |home: &v1::HomeStock| {
        let of = [home.template_number.to_string(), operation::pool_of(home.local_day, home.is_budget)];
        [&of[..], &[home.total, home.free, home.granted, home.reclaimed].map(|count| count.to_string())].concat()
    };
    let lease = |lease: &v1::Lease| {
        let of = [lease.template_number.to_string(), operation::pool_of(lease.local_day, lease.is_budget)];
        let counts = [lease.received, lease.returned, lease.issued, lease.restocked, lease.unsold];
        [&of[..], &counts.map(|count| count.to_string())].concat()
    };
    output::print_line("")?;
    output::print_table(&["home of template", "of", "total", "free", "granted", "reclaimed"], found.stocks.iter().map(home))?;
    let head = ["lease of template", "of", "received", "returned", "issued", "restocked", "unsold"];
    output::print_line("")?;
    output::print_table(&head, found.leases.iter().map(lease))?;
    print_values(&found.values)?;
    let lines = found.lines.iter().map(|line| [u64::from(line.other_partition), line.sent, line.acknowledged, line.received]);
    table(&["line with partition", "sent", "acknowledged", "received"], lines)?;
    let images = found.images.iter().map(|image| [image.image_id, image.lsn, image.frame, image.bytes]);
    table(&["image", "lsn", "frame", "bytes"], images)?;
    print_memory(&found.memory)
}

/// An estimate, and said to be one: what the allocator keeps is not in it.
fn print_memory(parts: &[v1::MemoryPart]) -> Result<(), Error> {
    let all = v1::MemoryPart { part: "all".to_owned(), bytes: parts.iter().map(|part| part.bytes).sum() };
    output::print_line("")?;
    let row = |part: &v1::MemoryPart| vec![part.part.clone(), part.bytes.to_string()];
    output::print_table(&["in memory", "bytes, estimated"], parts.iter().chain([&all]).map(row))
}

fn print_values(values: &[v1::ValueConservation]) -> Result<(), Error> {
    let row = |value: &v1::ValueConservation| {
        let accounts = [value.loaded, value.available, value.held, value.captured, value.expired, value.voided];
        let named = [value.template_number.to_string(), value.currency.clone()];
        named.into_iter().chain(accounts.map(|account| account.to_string())).collect()
    };
    output::print_line("")?;
    let head = ["value of template", "currency", "loaded", "available", "held", "captured", "expired", "voided"];
    output::print_table(&head, values.iter().map(row))
}

fn table<const COLUMNS: usize>(head: &[&str; COLUMNS], rows: impl Iterator<Item = [u64; COLUMNS]>) -> Result<(), Error> {
    output::print_line("")?;
    output::print_table(head, rows.map(|row| row.map(|number| number.to_string()).to_vec()))
}
