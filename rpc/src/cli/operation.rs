//! A long operation on the command line: started, watched until it has ended, shown.

use std::io::{self, IsTerminal};

use tessera_proto::v1::{self, maintenance_service_client::MaintenanceServiceClient};
use tonic::{Status, transport::Channel};

use super::{
    Error,
    output::{self, Output},
};
use crate::{client, progress::Bar};

/// A client of the server's maintenance.
pub async fn connect(endpoint: &str) -> Result<MaintenanceServiceClient<Channel>, Error> {
    Ok(MaintenanceServiceClient::new(client::connect(endpoint).await?))
}

/// What a call that was refused comes to.
pub fn refused(status: Status) -> Error {
    client::Error::Refused(Box::new(status)).into()
}

/// Watches an operation until it has ended.
pub async fn follow(
    client: &mut MaintenanceServiceClient<Channel>,
    what: &'static str,
    started: Option<v1::Operation>,
) -> Result<v1::Operation, Error> {
    let mut operation = started.unwrap_or_default();
    let request = v1::WatchOperationRequest { operation_id: operation.operation_id };
    let mut bar = Bar::new(what, io::stderr().is_terminal());
    let mut told = client.watch_operation(request).await.map_err(refused)?.into_inner();
    while let Some(message) = told.message().await.map_err(refused)? {
        operation = message.operation.unwrap_or_default();
        bar.show(operation.journals_done.into(), operation.journals.into(), operation.frames);
    }
    bar.finish();
    Ok(operation)
}

/// Shows how it ended; anything but DONE is an error.
pub fn show(operation: &v1::Operation, output: Output) -> Result<(), Error> {
    match output {
        Output::Json => output::print_json(&json_of(operation))?,
        Output::Table => print(operation)?,
    }
    let is_equal = !matches!(&operation.result, Some(v1::operation::Result::Replay(replay)) if !replay.equal);
    match operation.state() {
        v1::OperationState::Done if is_equal => Ok(()),
        v1::OperationState::Done => Err(Error::Operation("the replay found differences".to_owned())),
        state => Err(Error::Operation(format!("{}: {}", state_name(state), operation.error))),
    }
}

fn print(operation: &v1::Operation) -> Result<(), Error> {
    let took_ms = operation.ended_ms - operation.began_ms;
    let mut facts = vec![
        ("operation", operation.operation_id.to_string()),
        ("state", state_name(operation.state())),
        ("journals", format!("{} of {}", operation.journals_done, operation.journals)),
        ("frames", operation.frames.to_string()),
        ("took", format!("{took_ms} ms")),
    ];
    match &operation.result {
        Some(v1::operation::Result::Snapshot(snapshot)) => {
            facts.push(("images", format!("{} of {} bytes", snapshot.images, snapshot.image_bytes)));
            facts.push(("trimmed", format!("{} segments", snapshot.segments_trimmed)));
        }
        Some(v1::operation::Result::Restore(restore)) => {
            facts.push(("directory", restore.directory.clone()));
            facts.push(("stands at", format!("{} ms, {} coupons", restore.at_ms, restore.coupons)));
        }
        Some(v1::operation::Result::Replay(_)) | None => {}
    }
    output::print_facts(&facts)?;
    match &operation.result {
        Some(v1::operation::Result::Replay(replay)) => print_replay(&replay.journals),
        _ => Ok(()),
    }
}

/// One row a journal.
pub fn print_replay(journals: &[v1::ReplayedJournal]) -> Result<(), Error> {
    output::print_line("")?;
    let head = ["journal", "lsn", "digest", "from image at", "frames", "images compared", "live", "differences"];
    let rows = journals.iter().map(|journal| {
        vec![
            journal.partition.to_string(),
            journal.lsn.to_string(),
            format!("{:016x}", journal.digest),
            journal.image_lsn.to_string(),
            journal.frames.to_string(),
            journal.images_compared.to_string(),
            journal
                .live_digest
                .map_or("-".to_owned(), |digest| if digest == journal.digest { "equal" } else { "OTHER" }.to_owned()),
            if journal.differences.is_empty() { "none".to_owned() } else { journal.differences.join("\n") },
        ]
    });
    output::print_table(&head, rows)
}

fn state_name(state: v1::OperationState) -> String {
    state.as_str_name().trim_start_matches("OPERATION_STATE_").to_owned()
}

fn json_of(operation: &v1::Operation) -> serde_json::Value {
    let result = match &operation.result {
        Some(v1::operation::Result::Snapshot(snapshot)) => serde_json::json!({
            "images": snapshot.images, "image_bytes": snapshot.image_bytes, "segments_trimmed": snapshot.segments_trimmed,
        }),
        Some(v1::operation::Result::Replay(replay)) => serde_json::json!({
            "equal": replay.equal,
            "journals": replay.journals.iter().map(replayed_json).collect::<Vec<_>>(),
        }),
        Some(v1::operation::Result::Restore(restore)) => serde_json::json!({
            "directory": restore.directory, "at_ms": restore.at_ms, "coupons": restore.coupons,
        }),
        None => serde_json::Value::Null,
    };
    serde_json::json!({
        "operation_id": operation.operation_id, "state": state_name(operation.state()), "began_ms": operation.began_ms,
        "ended_ms": operation.ended_ms, "journals_done": operation.journals_done, "journals": operation.journals,
        "frames": operation.frames, "error": operation.error, "result": result,
    })
}

/// A replayed journal for programs.
pub fn replayed_json(journal: &v1::ReplayedJournal) -> serde_json::Value {
    serde_json::json!({
        "partition": journal.partition, "lsn": journal.lsn, "digest": format!("{:016x}", journal.digest),
        "image_lsn": journal.image_lsn, "frames": journal.frames, "images_compared": journal.images_compared,
        "live_digest": journal.live_digest.map(|digest| format!("{digest:016x}")), "differences": journal.differences,
    })
}
