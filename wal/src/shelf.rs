//! The shelf: which segments there are, which frames each holds, and how far the last one is durable.
//!
//! The writer puts segments on it, readers look, trimming takes from the front. Readers never go past what stands here, and
//! what stands here is durable (I11). Segments in the archive stand here too, as far down as somebody has asked for them.

use crate::index::Index;
use crate::live::{Landed, Live};
use crate::number::{FrameNo, GroupSeq, JournalId, SegmentId};
use crate::segment::{SegmentEnd, SegmentHeader};
use crate::span::{Position, Span, Spans};
use crate::sync::{Mutex, MutexGuard};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

/// A segment whose successor is durable.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) header: SegmentHeader,
    pub(crate) header_crc: u32,
    pub(crate) end: SegmentEnd,
    /// The number of its successor's first group.
    pub(crate) next_group: GroupSeq,
    pub(crate) spans: Spans,
    /// Where its frames begin, when that is known and no closing group says it.
    pub(crate) index: OnceLock<Arc<Index>>,
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

/// What is known of the archive below the oldest segment that stands on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// Nobody has looked.
    Unknown,
    /// Nothing older is there.
    Nothing,
    /// This one is not there, and older ones are.
    Missing(SegmentId),
}

/// What a reader of one journal looks through.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Changes whenever a segment comes, goes or moves.
    pub(crate) generation: u64,
    pub(crate) position: Option<Position>,
    /// The journal's frames in the segment being written.
    pub(crate) live: Option<Span>,
    pub(crate) active: Active,
    pub(crate) below: Below,
}

/// Shared by writer, readers and trimming.
#[derive(Debug)]
pub(crate) struct Shelf {
    state: Mutex<State>,
    /// Held by whoever looks into the archive, so that only one does.
    digging: Mutex<()>,
}

#[derive(Debug)]
struct State {
    archived: VecDeque<Arc<Sealed>>,
    below: Below,
    sealed: VecDeque<Arc<Sealed>>,
    active: Active,
    live: Live,
    /// Where the journals stood when the segment being written began.
    positions: BTreeMap<JournalId, Position>,
    generation: u64,
}

impl Shelf {
    pub(crate) fn new(sealed: Vec<Arc<Sealed>>, active: Active) -> Shelf {
        let mut positions = BTreeMap::new();
        sealed.iter().for_each(|sealed| note_ends(&mut positions, &sealed.spans));
        let (archived, sealed) = (VecDeque::new(), sealed.into());
        let state = State { archived, below: Below::Unknown, sealed, active, live: Live::default(), positions, generation: 0 };
        Shelf { state: Mutex::new(state), digging: Mutex::new(()) }
    }

    pub(crate) fn active(&self) -> Active {
        self.state.lock().active
    }

    pub(crate) fn view(&self, journal: JournalId) -> View {
        let state = self.state.lock();
        let (generation, active, below) = (state.generation, state.active, state.below);
        View { generation, position: state.position(journal), live: state.live.span(journal), active, below }
    }

    pub(crate) fn position(&self, journal: JournalId) -> Option<Position> {
        self.state.lock().position(journal)
    }

    /// The segments that hold frames of a journal, the archived ones first, and of which generation they are.
    pub(crate) fn segments_of(&self, journal: JournalId) -> (u64, Vec<Arc<Sealed>>) {
        let state = self.state.lock();
        let all = state.archived.iter().chain(&state.sealed);
        let holding = all.filter(|sealed| sealed.spans.contains_key(&journal));
        (state.generation, holding.cloned().collect())
    }

    /// The sealed segments of the log, in order, and the one being written as far as it is durable: all of one instant.
    pub(crate) fn standing(&self) -> (Vec<Arc<Sealed>>, Active) {
        let state = self.state.lock();
        (state.sealed.iter().cloned().collect(), state.active)
    }

    /// Whether a segment still counts, in the log or in the archive.
    pub(crate) fn holds(&self, segment: SegmentId) -> bool {
        let state = self.state.lock();
        let mut all = state.archived.iter().chain(&state.sealed).map(|sealed| sealed.header.segment);
        state.active.header.segment == segment || all.any(|held| held == segment)
    }

    /// Where frames of the segment being written begin; nothing when it is no longer this one.
    pub(crate) fn live_offsets(&self, segment: SegmentId, journal: JournalId, from: FrameNo, count_max: usize) -> Vec<u32> {
        let state = self.state.lock();
        match state.active.header.segment == segment {
            true => state.live.offsets(journal, from, count_max),
            false => Vec::new(),
        }
    }

    /// The last group's end moved: its frames, and everything before it, may be read from now on.
    pub(crate) fn advance(&self, end: SegmentEnd, durable: GroupSeq, landed: impl Iterator<Item = Landed>) {
        let mut state = self.state.lock();
        let active = &mut state.active;
        assert!(end.segment == active.header.segment && end.offset > active.end.offset, "the durable end moves on");
        active.end = end;
        active.durable = durable;
        landed.for_each(|frame| state.live.land(&frame));
    }

    /// The active segment is sealed and another takes its place.
    pub(crate) fn turn_over(&self, next: Active) {
        let mut state = self.state.lock();
        let Active { header, header_crc, end, .. } = state.active;
        assert!(next.header.predecessor == Some(end), "a segment follows the end of its predecessor");
        let spans = std::mem::take(&mut state.live).spans();
        note_ends(&mut state.positions, &spans);
        let (next_group, index) = (next.header.first_group, OnceLock::new());
        state.sealed.push_back(Arc::new(Sealed { header, header_crc, end, next_group, spans, index }));
        state.active = next;
        state.generation += 1;
    }

    /// How many segments at the front satisfy `condition`.
    pub(crate) fn leading(&self, condition: impl Fn(&Sealed) -> bool) -> usize {
        self.state.lock().sealed.iter().take_while(|sealed| condition(sealed)).count()
    }

    /// The first segment that stays when `count` are taken from the front.
    pub(crate) fn first_after(&self, count: usize) -> SegmentId {
        let state = self.state.lock();
        state.sealed.get(count).map_or(state.active.header.segment, |sealed| sealed.header.segment)
    }

    /// Takes `count` segments from the front. They leave the log: what is archived below them no longer leads up to it.
    pub(crate) fn take_front(&self, count: usize) -> Vec<Arc<Sealed>> {
        let mut state = self.state.lock();
        state.archived.clear();
        state.below = Below::Unknown;
        state.generation += 1;
        state.sealed.drain(..count).collect()
    }

    /// Lets `count` segments at the front count as archived, and returns which.
    pub(crate) fn archive_front(&self, count: usize) -> Vec<SegmentId> {
        let mut state = self.state.lock();
        let moved: Vec<Arc<Sealed>> = state.sealed.drain(..count).collect();
        let names = moved.iter().map(|sealed| sealed.header.segment).collect();
        state.archived.extend(moved);
        state.generation += 1;
        names
    }

    /// Archived segments up to and including this one are about to be removed.
    pub(crate) fn forget_archived(&self, through: SegmentId) {
        let mut state = self.state.lock();
        while state.archived.front().is_some_and(|sealed| sealed.header.segment <= through) {
            state.archived.pop_front();
        }
        state.below = Below::Unknown;
        state.generation += 1;
    }

    /// Takes the right to look into the archive.
    pub(crate) fn dig(&self) -> MutexGuard<'_, ()> {
        self.digging.lock()
    }

    /// What is known below, and the header of the oldest segment here, which names its predecessor's end.
    pub(crate) fn bottom(&self) -> (Below, SegmentHeader) {
        let state = self.state.lock();
        (state.below, state.oldest())
    }

    /// Puts an archived segment below the oldest one here. Ignored when that one has changed meanwhile.
    pub(crate) fn put_below(&self, found: Sealed) {
        let mut state = self.state.lock();
        if state.oldest().predecessor == Some(found.end) {
            // What is found on the way down is the newest of journals that have no frame further up.
            for (&journal, span) in &found.spans {
                state.positions.entry(journal).or_insert(span.end());
            }
            state.archived.push_front(Arc::new(found));
            state.generation += 1;
        }
    }

    /// Notes what is below `above`, the oldest segment here, unless that one has changed meanwhile.
    pub(crate) fn note_below(&self, above: SegmentId, below: Below) {
        let mut state = self.state.lock();
        if state.oldest().segment == above {
            state.below = below;
        }
    }
}

impl State {
    fn oldest(&self) -> SegmentHeader {
        let oldest = self.archived.front().or(self.sealed.front());
        oldest.map_or(self.active.header, |sealed| sealed.header)
    }

    fn position(&self, journal: JournalId) -> Option<Position> {
        let live = self.live.span(journal).map(|span| span.end());
        live.or_else(|| self.positions.get(&journal).copied())
    }
}

fn note_ends(positions: &mut BTreeMap<JournalId, Position>, spans: &Spans) {
    positions.extend(spans.iter().map(|(&journal, span)| (journal, span.end())));
}
