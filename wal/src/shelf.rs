//! The shelf: which segments there are, which frames each holds, and how far the last one is durable.
//!
//! The writer puts segments on it, readers look, trimming takes from the front. Readers never go past what stands here, and
//! what stands here is durable (I11).

use crate::number::{FrameNo, GroupSeq, JournalId};
use crate::segment::{SegmentEnd, SegmentHeader};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The first and the last frame of each journal in a segment.
pub(crate) type Spans = BTreeMap<JournalId, (FrameNo, FrameNo)>;

/// A segment whose successor is durable.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) header: SegmentHeader,
    pub(crate) header_crc: u32,
    pub(crate) end: SegmentEnd,
    /// The number of its successor's first group.
    pub(crate) next_group: GroupSeq,
    pub(crate) spans: Spans,
}

/// The segment being written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active {
    pub(crate) header: SegmentHeader,
    pub(crate) header_crc: u32,
    /// The durable end of its last group.
    pub(crate) end: SegmentEnd,
    pub(crate) durable: GroupSeq,
}

/// Shared by writer, readers and trimming.
#[derive(Debug)]
pub(crate) struct Shelf {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sealed: Vec<Arc<Sealed>>,
    active: Active,
}

impl Shelf {
    pub(crate) fn new(sealed: Vec<Arc<Sealed>>, active: Active) -> Shelf {
        Shelf { state: Mutex::new(State { sealed, active }) }
    }

    pub(crate) fn active(&self) -> Active {
        self.state.lock().active
    }

    /// Everything there is at this moment.
    pub(crate) fn look(&self) -> (Vec<Arc<Sealed>>, Active) {
        let state = self.state.lock();
        (state.sealed.clone(), state.active)
    }

    /// The last group's end moved: what is before it may be read from now on.
    pub(crate) fn advance(&self, end: SegmentEnd, durable: GroupSeq) {
        let active = &mut self.state.lock().active;
        assert!(end.segment == active.header.segment && end.offset > active.end.offset, "the durable end moves on");
        active.end = end;
        active.durable = durable;
    }

    /// The active segment is sealed and another takes its place.
    pub(crate) fn turn_over(&self, spans: Spans, next: Active) {
        let mut state = self.state.lock();
        let Active { header, header_crc, end, .. } = state.active;
        assert!(next.header.predecessor == Some(end), "a segment follows the end of its predecessor");
        state.sealed.push(Arc::new(Sealed { header, header_crc, end, next_group: next.header.first_group, spans }));
        state.active = next;
    }

    /// How many segments at the front satisfy `condition`.
    pub(crate) fn leading(&self, condition: impl Fn(&Sealed) -> bool) -> usize {
        self.state.lock().sealed.iter().take_while(|sealed| condition(sealed)).count()
    }

    /// Takes `count` segments from the front.
    pub(crate) fn take_front(&self, count: usize) -> Vec<Arc<Sealed>> {
        self.state.lock().sealed.drain(..count).collect()
    }

    /// The first segment that stays when `count` are taken from the front.
    pub(crate) fn first_after(&self, count: usize) -> crate::number::SegmentId {
        let state = self.state.lock();
        state.sealed.get(count).map_or(state.active.header.segment, |sealed| sealed.header.segment)
    }
}
