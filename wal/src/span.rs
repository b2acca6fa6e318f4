//! Spans: which frames and which events of a journal a segment holds, and what somebody looks for among them.
//!
//! Frame numbers and lsns both rise through the log, so either leads to one segment by binary search over the spans.

use crate::frame::Frame;
use crate::number::{FrameNo, JournalId, Lsn};
use std::collections::BTreeMap;

/// Where a journal stands after its last durable frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the last frame.
    pub number: FrameNo,
    /// The lsn of the last event up to it.
    pub lsn: Lsn,
}

/// The frames of one journal in one segment. Without an event among them, `last_lsn` is the one before `first_lsn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: FrameNo,
    pub(crate) last: FrameNo,
    pub(crate) first_lsn: Lsn,
    pub(crate) last_lsn: Lsn,
}

/// The span of each journal in a segment.
pub(crate) type Spans = BTreeMap<JournalId, Span>;

impl Span {
    /// The span of one frame.
    pub(crate) fn of(frame: &Frame<'_>) -> Span {
        let (number, first_lsn) = (frame.header.number, frame.header.first_lsn);
        Span { first: number, last: number, first_lsn, last_lsn: frame.last_lsn() }
    }

    /// Takes in the frame after the last one.
    pub(crate) fn extend(&mut self, frame: &Frame<'_>) {
        (self.last, self.last_lsn) = (frame.header.number, frame.last_lsn());
    }

    /// Where the journal stands at its end.
    pub(crate) fn end(&self) -> Position {
        Position { number: self.last, lsn: self.last_lsn }
    }
}

/// What is looked for in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A frame.
    Number(FrameNo),
    /// The frame that holds an event.
    Event(Lsn),
}

impl Wanted {
    /// Whether it comes after all that ends at `position`.
    pub(crate) fn is_after(self, position: Position) -> bool {
        match self {
            Wanted::Number(number) => number > position.number,
            Wanted::Event(lsn) => lsn > position.lsn,
        }
    }

    /// Whether it comes before all that `span` holds.
    pub(crate) fn is_before(self, span: &Span) -> bool {
        match self {
            Wanted::Number(number) => number < span.first,
            Wanted::Event(lsn) => lsn < span.first_lsn,
        }
    }

    /// Whether a frame is it, or holds it.
    pub(crate) fn is_in(self, frame: &Frame<'_>) -> bool {
        match self {
            Wanted::Number(number) => frame.header.number == number,
            Wanted::Event(lsn) => (frame.header.first_lsn..=frame.last_lsn()).contains(&lsn),
        }
    }
}
