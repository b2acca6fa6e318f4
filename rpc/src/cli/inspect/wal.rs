//! `tessera inspect wal`: every group and frame of a log, in order.

use std::path::Path;

use tessera_engine::offline::{self, Item};

use crate::cli::{
    Error,
    output::{self, Output},
};

/// Shows it, one line an item; in JSON one object a line.
pub fn run(data_dir: &Path, output: Output) -> Result<(), Error> {
    let mut printed = Ok(());
    let tail = offline::inspect(data_dir, &mut |item| {
        if printed.is_ok() {
            printed = output::print_line(line(&item, output));
        }
    })?;
    printed?;
    match (output, tail) {
        (_, None) => Ok(()),
        (Output::Table, Some(tail)) => output::print_line(format_args!("tail {tail:?}")),
        (Output::Json, Some(tail)) => output::print_line(serde_json::json!({"tail": format!("{tail:?}")})),
    }
}

fn line(item: &Item, output: Output) -> String {
    match (item, output) {
        (Item::Group { file, offset, header }, Output::Table) => {
            let kind = format!("{:?}", header.kind).to_lowercase();
            let (group, durable, frames) = (header.group, header.durable, header.frame_count);
            format!("{file} {offset:>10} group {group} {kind}, {frames} frames, durable {durable}")
        }
        (Item::Frame { address, header, payload_bytes }, Output::Table) => {
            let kind = format!("{:?}", header.kind).to_lowercase();
            let (journal, number, lsn, count) = (header.journal, header.number, header.first_lsn, header.count);
            let (offset, digest) = (address.offset, header.digest);
            format!(
                "    {offset:>10} journal {journal} frame {number} {kind}, {count} events from lsn {lsn}, {payload_bytes} bytes, \
                 at {} ms, digest {digest:016x}",
                header.now_ms
            )
        }
        (Item::Group { file, offset, header }, Output::Json) => serde_json::json!({
            "item": "group", "file": file, "offset": offset, "group": header.group.0, "kind": format!("{:?}", header.kind),
            "durable": header.durable.0, "frames": header.frame_count, "payload_bytes": header.payload_bytes,
        })
        .to_string(),
        (Item::Frame { address, header, payload_bytes }, Output::Json) => serde_json::json!({
            "item": "frame", "segment": address.segment.0, "offset": address.offset, "journal": header.journal.0,
            "frame": header.number.0, "tenure": header.tenure.0, "kind": format!("{:?}", header.kind),
            "first_lsn": header.first_lsn.0, "events": header.count, "now_ms": header.now_ms,
            "catalog_lsn": header.catalog_lsn, "digest": format!("{:016x}", header.digest), "payload_bytes": payload_bytes,
        })
        .to_string(),
    }
}
