//! The segments that a reading session holds open, and how frames are found in one: by number through its index, by lsn through
//! the headers to which the index leads.

use crate::error::Error;
use crate::files::{Files, open_segment};
use crate::frame::Frame;
use crate::index::Index;
use crate::number::{FrameNo, JournalId, Lsn, SegmentId};
use crate::scan::{closing_index, survey};
use crate::sector::Seed;
use crate::shelf::{Sealed, Shelf};
use crate::source::{Expected, Source};
use crate::span::Span;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most segments a session keeps open.
const OPENED_MAX: usize = 16;

/// Where frames of a journal are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a sealed segment.
    Sealed(Arc<Sealed>),
    /// In the segment being written, up to byte `end`.
    Live { segment: SegmentId, end: u64, span: Span },
}

impl Place {
    pub(crate) fn segment(&self) -> SegmentId {
        match self {
            Place::Sealed(sealed) => sealed.header.segment,
            Place::Live { segment, .. } => *segment,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Place::Live { .. })
    }

    fn span(&self, journal: JournalId) -> Option<Span> {
        match self {
            Place::Sealed(sealed) => sealed.spans.get(&journal).copied(),
            Place::Live { span, .. } => Some(*span),
        }
    }
}

/// An open segment.
pub(crate) struct Opened {
    segment: SegmentId,
    source: Source,
    /// Its index, unless it is being written: then the shelf says where frames begin.
    index: Option<Arc<Index>>,
    /// Held because trimming recycles a file only when nobody holds its segment: it may be mapped here.
    _held: Option<Arc<Sealed>>,
}

/// What a session has open. The segment used last comes first.
#[derive(Default)]
pub(crate) struct Desk {
    opened: VecDeque<Opened>,
}

impl Desk {
    /// The segment, opened unless it is open already; nothing when its file is gone.
    pub(crate) fn open(&mut self, files: &dyn Files, place: &Place) -> Result<Option<&mut Opened>, Error> {
        let at = self.opened.iter().position(|opened| opened.serves(place));
        let opened = match at.and_then(|at| self.opened.remove(at)) {
            Some(opened) => opened,
            None => match Opened::open(files, place)? {
                Some(opened) => opened,
                None => return Ok(None),
            },
        };
        self.opened.truncate(OPENED_MAX - 1);
        self.opened.push_front(opened);
        let opened = self.opened.front_mut().expect("it was put in front just now");
        opened.reach(place);
        Ok(Some(opened))
    }
}

impl Opened {
    fn open(files: &dyn Files, place: &Place) -> Result<Option<Opened>, Error> {
        let Some((name, file)) = open_segment(files, place.segment())? else { return Ok(None) };
        let segment = place.segment();
        Ok(Some(match place {
            Place::Live { end, .. } => Opened { segment, source: Source::windowed(name, file, *end), index: None, _held: None },
            Place::Sealed(sealed) => {
                let source = Source::mapped(name, file.as_ref(), sealed.end.offset)?;
                let index = Some(index_of(&source, sealed)?);
                Opened { segment, source, index, _held: Some(Arc::clone(sealed)) }
            }
        }))
    }

    /// Whether it can be read from as the place is now: a segment that was being written may have been sealed.
    fn serves(&self, place: &Place) -> bool {
        self.segment == place.segment() && self.index.is_none() == place.is_live()
    }

    /// The durable end may have moved on.
    fn reach(&mut self, place: &Place) {
        if let Place::Live { end, .. } = place {
            self.source.end = self.source.end.max(*end);
        }
    }

    /// Where up to `count_max` frames from number `from` on begin. Nothing when the segment being written has been sealed
    /// meanwhile.
    ///
    /// # Errors
    /// `Corrupt` when the index of a sealed segment does not list what the segment holds.
    pub(crate) fn offsets(&self, shelf: &Shelf, journal: JournalId, from: FrameNo, count_max: usize) -> Result<Vec<u32>, Error> {
        let Some(index) = &self.index else {
            return Ok(shelf.live_offsets(self.segment, journal, from, count_max));
        };
        let listed = index.of(journal).filter(|frames| (frames.first..=frames.last()).contains(&from));
        let frames = listed.ok_or_else(|| self.source.contradiction(0))?;
        let skipped = (from.0 - frames.first.0) as usize;
        Ok(frames.offsets.iter().skip(skipped).take(count_max).copied().collect())
    }

    /// The number of the frame that holds an event, which is among those of `place`. Nothing when the segment being written has
    /// been sealed meanwhile.
    pub(crate) fn number_of(
        &mut self,
        shelf: &Shelf,
        place: &Place,
        journal: JournalId,
        lsn: Lsn,
    ) -> Result<Option<FrameNo>, Error> {
        let Some(Span { first, last, .. }) = place.span(journal) else { return Ok(None) };
        let (mut low, mut high) = (first.0, last.0);
        while low < high {
            let number = FrameNo(low + (high - low).div_ceil(2));
            let Some(&at) = self.offsets(shelf, journal, number, 1)?.first() else { return Ok(None) };
            match self.source.header(at, Expected { journal, number })?.first_lsn <= lsn {
                true => low = number.0,
                false => high = number.0 - 1,
            }
        }
        Ok(Some(FrameNo(low)))
    }

    /// The frame that begins at a byte of the file.
    pub(crate) fn frame<'o>(&mut self, at: u32, expected: Expected, out: &'o mut Vec<u8>) -> Result<Frame<'o>, Error> {
        self.source.frame(at, expected, out)
    }

    pub(crate) fn contradiction(&self, at: u32) -> Error {
        self.source.contradiction(at)
    }
}

/// From the closing group; a segment without a whole one is walked, once.
fn index_of(source: &Source, sealed: &Sealed) -> Result<Arc<Index>, Error> {
    if let Some(index) = sealed.index.get() {
        return Ok(Arc::clone(index));
    }
    let seed = Seed::new(sealed.header.uuid, sealed.header.segment);
    if let Some(index) = closing_index(source.whole(), seed, sealed.end, sealed.next_group) {
        return Ok(Arc::new(index));
    }
    let (index, _) = survey(&source.name, source.whole(), &sealed.header, sealed.header_crc, sealed.end)?;
    Ok(Arc::clone(sealed.index.get_or_init(|| Arc::new(index))))
}
