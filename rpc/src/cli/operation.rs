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
    let mut bar = Bar::of(what, "journals", io::stderr().is_terminal());
    let mut told = client.watch_operation(request).await.map_err(refused)?.into_inner();
    while let Some(message) = told.message().await.map_err(refused)? {
        operation = message.operation.unwrap_or_default();
        bar.show_read(operation.journals_done.into(), operation.journals.into(), operation.frames, operation.bytes);
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
    match (operation.state(), &operation.result) {
        (v1::OperationState::Done, Some(v1::operation::Result::Replay(replay))) if !replay.equal => {
            Err(Error::Operation("the replay found differences".to_owned()))
        }
        (v1::OperationState::Done, Some(v1::operation::Result::Verify(verify))) => {
            Error::unless_whole(verify.problems.len(), "look at the runbook under what was found; the server goes on meanwhile")
        }
        (v1::OperationState::Done, _) => Ok(()),
        (state, _) => Err(Error::Operation(format!("{}: {}", state_name(state), operation.error))),
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
        Some(v1::operation::Result::Verify(verify)) => {
            let (groups, frames, bytes) = (verify.groups, verify.frames, verify.bytes);
            facts.push(("whole", format!("{groups} groups, {frames} frames, {bytes} bytes in {} segments", verify.segments)));
            facts.push(("images", format!("{} loaded", verify.images)));
            facts.push(("problems", if verify.problems.is_empty() { "none".to_owned() } else { verify.problems.join("\n") }));
        }
        Some(v1::operation::Result::CardBatch(cards)) => facts.push(("cards", format!("{} of {} made", cards.made, cards.count))),
        Some(v1::operation::Result::VoidTemplate(void)) => {
            facts.push(("void", format!("{} %, {} coupons; {} left, {} held", void.percent, void.coupons, void.left, void.held)));
        }
        Some(v1::operation::Result::Replay(_)) | None => {}
    }
    output::print_facts(&facts)?;
    match &operation.result {
        Some(v1::operation::Result::Replay(replay)) => print_replay(&replay.journals),
        Some(v1::operation::Result::Verify(verify)) => {
            print_replay(&verify.journals)?;
            print_stocks(&verify.stocks)
        }
        _ => Ok(()),
    }
}

/// What of a template is counted.
pub fn pool_of(local_day: Option<i32>, is_budget: bool) -> String {
    match local_day {
        Some(day) => format!("day {day}"),
        None if is_budget => "budget".to_owned(),
        None => "stock".to_owned(),
    }
}

/// One row a stock, a day or a budget.
pub fn print_stocks(stocks: &[v1::StockConservation]) -> Result<(), Error> {
    let counts =
        |stock: &v1::StockConservation| [stock.total, stock.free, stock.unsold, stock.issued].map(|count| count.to_string());
    let rows = stocks.iter().map(|stock| {
        [vec![stock.template_number.to_string(), pool_of(stock.local_day, stock.is_budget)], counts(stock).to_vec()].concat()
    });
    output::print_line("")?;
    let head = ["template", "of", "total", "free", "leased and unsold", "issued"];
    output::print_table(&head, rows)
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
        Some(v1::operation::Result::Verify(verify)) => output::value_of("VerifyResult", verify, true),
        Some(v1::operation::Result::CardBatch(cards)) => serde_json::json!({
            "batch_id": cards.batch_id, "count": cards.count, "made": cards.made,
        }),
        Some(v1::operation::Result::VoidTemplate(void)) => output::value_of("VoidTemplateResult", void, true),
        None => serde_json::Value::Null,
    };
    serde_json::json!({
        "operation_id": operation.operation_id, "state": state_name(operation.state()), "began_ms": operation.began_ms,
        "ended_ms": operation.ended_ms, "journals_done": operation.journals_done, "journals": operation.journals,
        "frames": operation.frames, "bytes": operation.bytes, "error": operation.error, "result": result,
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
