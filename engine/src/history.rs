//! History: events read back from the log and its archive, one coupon's or one partition's.
//!
//! A coupon's events name each other: each has the lsn of the one before, so its history is a walk back
//! through the log, whatever else happened in between. Only durable events are read (I11).

use std::ops::ControlFlow;
use tessera_domain::codec::{self, NotAnEvent};
use tessera_domain::event::Event;
use tessera_wal::{Frame, History, JournalId, Lsn};

/// One event as it stands in its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its lsn.
    pub lsn: u64,
    /// When it was decided, ms.
    pub at_ms: i64,
    bytes: Box<[u8]>,
}

impl Fact {
    /// The event.
    pub fn event(&self) -> Event<'_> {
        codec::decode(&self.bytes).expect("it was decoded when it was read").0
    }

    /// Whether it is about this coupon, or made it.
    pub fn is_of(&self, coupon: u64) -> bool {
        let event = self.event();
        event.coupon() == Some(coupon) || event.makes(coupon)
    }
}

/// Why there is no more history.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] tessera_wal::Error),
    /// It has left the log and its archive.
    #[error("journal {journal}: history begins at lsn {first_available}")]
    Trimmed {
        /// The journal.
        journal: u16,
        /// The first event that can still be read.
        first_available: u64,
    },
    /// A frame holds something else than events of this build.
    #[error("journal {journal}, lsn {lsn}: {source}")]
    NotAnEvent {
        /// The journal.
        journal: u16,
        /// The lsn.
        lsn: u64,
        /// What is wrong.
        #[source]
        source: NotAnEvent,
    },
}

/// The events of one coupon from the one at `newest` back to the one that made it, at most `most`; and where the walk would go on.
///
/// # Errors
/// See [`Error`].
pub fn of_coupon(
    history: &mut History,
    journal: JournalId,
    coupon: u64,
    newest: u64,
    most: usize,
) -> Result<(Vec<Fact>, Option<u64>), Error> {
    let (mut facts, mut next) = (Vec::new(), Some(newest).filter(|&lsn| lsn > 0));
    while let Some(lsn) = next.filter(|_| facts.len() < most) {
        let Some(fact) = at(history, journal, lsn)? else { break };
        // What made it may be about another coupon, and then names that one's event before.
        next = fact.event().previous().filter(|&previous| previous > 0 && !fact.event().makes(coupon));
        facts.push(fact);
    }
    Ok((facts, next))
}

/// One event; nothing if it is not durable yet.
///
/// # Errors
/// See [`Error`].
pub fn at(history: &mut History, journal: JournalId, lsn: u64) -> Result<Option<Fact>, Error> {
    let found = match history.frame_of(journal, Lsn(lsn)) {
        Ok(frame) => Ok(frame.map(|frame| facts_of(&frame, lsn, 1))),
        Err(error) => Err(error),
    };
    match found {
        Ok(facts) => Ok(facts.transpose()?.and_then(|facts| facts.into_iter().next())),
        Err(error) => Err(trimmed(history, journal, error)),
    }
}

/// Events from `from` on, as many as come with the frames that hold the first `most` of them.
///
/// # Errors
/// See [`Error`].
pub fn from(history: &mut History, journal: JournalId, from: u64, most: usize) -> Result<Vec<Fact>, Error> {
    let (mut facts, mut failed) = (Vec::new(), None);
    let read = history.read_from_lsn(journal, Lsn(from), &mut |frame| match facts_of(&frame, from, usize::MAX) {
        Ok(more) => {
            facts.extend(more);
            if facts.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    match (read, failed) {
        (Err(error), _) => Err(trimmed(history, journal, error)),
        (Ok(()), Some(error)) => Err(error),
        (Ok(()), None) => Ok(facts),
    }
}

/// The last event of a journal that is durable; 0 = none.
///
/// # Errors
/// See [`Error`].
pub fn end(history: &mut History, journal: JournalId) -> Result<u64, Error> {
    Ok(history.end(journal)?.map_or(0, |position| position.lsn.0))
}

/// The events of a frame from `from` on, at most `most`.
fn facts_of(frame: &Frame<'_>, from: u64, most: usize) -> Result<Vec<Fact>, Error> {
    let (header, mut rest, mut facts) = (&frame.header, frame.payload, Vec::new());
    let mut lsn = header.first_lsn.0;
    while !rest.is_empty() && facts.len() < most {
        let decoded = codec::decode(rest);
        let (_, used) = decoded.map_err(|source| Error::NotAnEvent { journal: header.journal.0, lsn, source })?;
        let (bytes, behind) = rest.split_at(used);
        if lsn >= from {
            facts.push(Fact { lsn, at_ms: header.now_ms, bytes: bytes.into() });
        }
        (rest, lsn) = (behind, lsn + 1);
    }
    Ok(facts)
}

/// Says a trimmed frame by the lsn that is still there.
fn trimmed(history: &mut History, journal: JournalId, error: tessera_wal::Error) -> Error {
    let tessera_wal::Error::Trimmed { first_available, .. } = error else { return error.into() };
    match history.frame(journal, first_available) {
        Ok(Some(frame)) => Error::Trimmed { journal: journal.0, first_available: frame.header.first_lsn.0 },
        // Nothing is left: what comes next will be there.
        Ok(None) => end(history, journal)
            .map_or_else(|error| error, |last| Error::Trimmed { journal: journal.0, first_available: last + 1 }),
        Err(_) => error.into(),
    }
}
