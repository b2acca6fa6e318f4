//! `tessera inspect feed`: the events of one journal, each once, in order; to its end, or as they come.

use std::{path::Path, str::FromStr};

use tessera_engine::{JournalId, history, node, recovery};
use tessera_proto::v1::{self, journal_service_client::JournalServiceClient};

use super::Place;
use crate::{
    cli::{
        Error, block_on, operation,
        output::{self, Output},
    },
    client,
    convert::change,
    domain::reply::CATALOG_PARTITION,
    limits::RESPONSE_BYTES_MAX,
    seals::Seals,
};

/// Events that are read from a directory at once, about.
const EVENTS_READ: usize = 1_024;

/// Which events.
#[derive(clap::Args)]
pub struct Args {
    /// PARTITION or PARTITION:LSN, the first event; "catalog" is the catalog's.
    from: From,
    /// Go on as events become durable, until interrupted.
    #[arg(long, conflicts_with = "data_dir")]
    follow: bool,
    #[command(flatten)]
    place: Place,
}

/// A journal and its first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct From {
    journal: u16,
    lsn: u64,
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (journal, lsn) = text.split_once(':').unwrap_or((text, "1"));
        let journal = if journal == "catalog" { Ok(CATALOG_PARTITION) } else { journal.parse() };
        let wrong = |_| "write PARTITION, PARTITION:LSN or catalog".to_owned();
        Ok(Self { journal: journal.map_err(wrong)?, lsn: lsn.parse().map_err(wrong)? })
    }
}

/// Shows them, one a line.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    let mut show = |changes: &[v1::Change]| {
        for change in changes {
            let text = match output {
                Output::Table => line(change),
                Output::Json => output::value_of("Change", change, false).to_string(),
            };
            if !output::print_to_reader(text)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match &args.place.data_dir {
        Some(dir) => read(dir, args.from, &mut show),
        None => block_on(watch(args, &mut show)),
    }
}

/// What is shown of events; false when nobody reads any more.
type Show<'a> = dyn FnMut(&[v1::Change]) -> Result<bool, Error> + 'a;

async fn watch(args: &Args, show: &mut Show<'_>) -> Result<(), Error> {
    let channel = client::connect(&args.place.endpoint).await?;
    let mut client = JournalServiceClient::new(channel).max_decoding_message_size(RESPONSE_BYTES_MAX);
    let From { journal, lsn } = args.from;
    let request = v1::WatchChangesRequest { partition: journal.into(), from_lsn: lsn, to_the_end: !args.follow };
    let mut told = client.watch_changes(request).await.map_err(operation::refused)?.into_inner();
    while let Some(message) = told.message().await.map_err(operation::refused)? {
        if !show(&message.changes)? {
            break;
        }
    }
    Ok(())
}

fn read(dir: &Path, From { journal, lsn }: From, show: &mut Show<'_>) -> Result<(), Error> {
    let desk = super::open(dir)?;
    let number = desk.check_journal(JournalId(journal))?;
    let (mut session, mut from) = (desk.history(), lsn.max(1));
    let seals = Seals::new(desk.keys(), desk.partitions());
    loop {
        let facts = history::from(&mut session, number, from, EVENTS_READ).map_err(failed)?;
        let Some(last) = facts.last() else { return Ok(()) };
        from = last.lsn + 1;
        let changes: Vec<_> = facts.iter().map(|fact| change::of(seals, journal, fact)).collect();
        if !show(&changes)? {
            return Ok(());
        }
    }
}

/// What has left log and archive is nobody's damage.
pub(super) fn failed(error: history::Error) -> Error {
    match error {
        history::Error::Log(error) => node::Error::from(recovery::Error::from(error)).into(),
        error => Error::Operation(error.to_string()),
    }
}

/// One event for people: where, when, what, and everything else that it says.
pub(super) fn line(change: &v1::Change) -> String {
    let position = change.position.unwrap_or_default();
    let mut text = format!("{}:{} {} ms {}", position.partition, position.lsn, change.at_ms, change.kind);
    let value = output::value_of("Change", change, false);
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            _ if ["position", "at_ms", "kind"].contains(&name.as_str()) => {}
            serde_json::Value::String(said) => text += &format!(" {name}={said}"),
            said => text += &format!(" {name}={said}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_begins_at_a_partition_and_an_event() {
        assert_eq!("3".parse(), Ok(From { journal: 3, lsn: 1 }));
        assert_eq!("3:1200".parse(), Ok(From { journal: 3, lsn: 1200 }));
        assert_eq!("catalog:2".parse(), Ok(From { journal: CATALOG_PARTITION, lsn: 2 }));
        for wrong in ["", ":", "3:", "x", "3:-1", "70000", "3:1:2"] {
            assert!(wrong.parse::<From>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_line_says_what_an_event_says_and_nothing_that_it_does_not() {
        let position = Some(v1::Position { partition: 3, lsn: 12 });
        let change =
            v1::Change { position, at_ms: 99, kind: "Held".into(), hold_id: "H".into(), applied_minor: 5, ..Default::default() };
        assert_eq!(line(&change), "3:12 99 ms Held applied_minor=5 hold_id=H");
    }
}
