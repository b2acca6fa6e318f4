//! History: a reading session over everything that is still here, the archive included.
//!
//! It keeps what it opens, so that a walk back through a coupon's events, or a feed that asks again and again, pays for what it
//! returns and not for maps. Never past the durable end (I11). What was trimmed is read in the archive; what is nowhere any more
//! is said to be so, with the first frame there is.

use crate::archive::dig;
use crate::error::{Damage, Error};
use crate::files::{Files, missing};
use crate::frame::Frame;
use crate::number::{FrameNo, GroupSeq, JournalId, LogUuid, Lsn};
use crate::opened::{Desk, Place};
use crate::segment::{archive_name, segment_name};
use crate::shelf::{Below, Sealed, Shelf, View};
use crate::source::Expected;
use crate::span::{Position, Wanted};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How many frames are looked up at once.
const BATCH_FRAMES: u64 = 1024;

/// Reads what is durable, of any journal, and remembers what it has open.
pub struct History {
    files: Arc<dyn Files>,
    uuid: LogUuid,
    shelf: Arc<Shelf>,
    directory: Directory,
    desk: Desk,
    frame: Vec<u8>,
}

/// The segments that hold frames of one journal, as the shelf had them in one generation.
#[derive(Default)]
struct Directory {
    of: Option<(JournalId, u64)>,
    segments: Vec<Arc<Sealed>>,
}

type Visit<'a> = dyn FnMut(Frame<'_>) -> ControlFlow<()> + 'a;

impl History {
    pub(crate) fn new(files: Arc<dyn Files>, uuid: LogUuid, shelf: Arc<Shelf>) -> History {
        History { files, uuid, shelf, directory: Directory::default(), desk: Desk::default(), frame: Vec::new() }
    }

    /// The newest durable group of the log.
    #[must_use]
    pub fn durable(&self) -> GroupSeq {
        self.shelf.active().durable
    }

    /// A frame by its number; nothing when it is not durable yet.
    ///
    /// # Errors
    /// `Trimmed` when it is no longer here; `Corrupt`; `Io`.
    pub fn frame(&mut self, journal: JournalId, number: FrameNo) -> Result<Option<Frame<'_>>, Error> {
        self.look_up(journal, Wanted::Number(number.max(FrameNo(1))))
    }

    /// The frame that holds an event; nothing when the event is not durable yet.
    ///
    /// # Errors
    /// As [`History::frame`].
    pub fn frame_of(&mut self, journal: JournalId, lsn: Lsn) -> Result<Option<Frame<'_>>, Error> {
        self.look_up(journal, Wanted::Event(lsn.max(Lsn(1))))
    }

    /// Where a journal stands, durably; nothing when neither log nor archive holds a frame of it.
    ///
    /// # Errors
    /// `Corrupt`; `Io`.
    pub fn end(&mut self, journal: JournalId) -> Result<Option<Position>, Error> {
        Ok(self.known(journal)?.position)
    }

    /// Hands the frames of `journal` from number `from` on to `visit`, in order, until it breaks or what was durable at the
    /// call has been shown.
    ///
    /// # Errors
    /// `Trimmed` when frame `from` is no longer here; `Corrupt`; `Io`.
    pub fn read(&mut self, journal: JournalId, from: FrameNo, visit: &mut Visit<'_>) -> Result<(), Error> {
        let Some(until) = self.known(journal)?.position else { return Ok(()) };
        let mut next = from.max(FrameNo(1));
        while next <= until.number {
            match self.read_some(journal, next, until.number, visit)? {
                ControlFlow::Continue(after) => next = after,
                ControlFlow::Break(()) => break,
            }
        }
        Ok(())
    }

    /// As [`History::read`], from the frame on that holds event `from`.
    ///
    /// # Errors
    /// As [`History::read`].
    pub fn read_from_lsn(&mut self, journal: JournalId, from: Lsn, visit: &mut Visit<'_>) -> Result<(), Error> {
        let Some(frame) = self.frame_of(journal, from)? else { return Ok(()) };
        let number = frame.header.number;
        self.read(journal, number, visit)
    }

    /// Shows frames of one segment and says which comes next; the same one when the segment has moved meanwhile.
    fn read_some(
        &mut self,
        journal: JournalId,
        from: FrameNo,
        until: FrameNo,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<(), FrameNo>, Error> {
        let Some(place) = self.locate(journal, Wanted::Number(from))? else { return Ok(ControlFlow::Break(())) };
        let Some(opened) = self.desk.open(self.files.as_ref(), &place)? else {
            return self.check_moved(&place).map(|()| ControlFlow::Continue(from));
        };
        let mut number = from;
        for at in opened.offsets(&self.shelf, journal, from, (until.0 - from.0 + 1).min(BATCH_FRAMES) as usize)? {
            match opened.frame(at, Expected { journal, number }, &mut self.frame) {
                Err(_) if was_sealed(&self.shelf, &place) => break,
                Err(error) => return Err(error),
                Ok(frame) if visit(frame).is_break() => return Ok(ControlFlow::Break(())),
                Ok(_) => number = FrameNo(number.0 + 1),
            }
        }
        Ok(ControlFlow::Continue(number))
    }

    fn look_up(&mut self, journal: JournalId, wanted: Wanted) -> Result<Option<Frame<'_>>, Error> {
        loop {
            let Some(place) = self.locate(journal, wanted)? else { return Ok(None) };
            match self.fetch(&place, journal, wanted) {
                Ok(true) => break,
                Ok(false) => {}
                Err(_) if was_sealed(&self.shelf, &place) => {}
                Err(error) => return Err(error),
            }
        }
        let (frame, _) = Frame::parse(&self.frame).expect("what was fetched is a whole frame");
        Ok(Some(frame))
    }

    /// Takes the frame wanted out of the segment that holds it. False when the segment has moved meanwhile.
    fn fetch(&mut self, place: &Place, journal: JournalId, wanted: Wanted) -> Result<bool, Error> {
        let Some(opened) = self.desk.open(self.files.as_ref(), place)? else {
            return self.check_moved(place).map(|()| false);
        };
        let number = match wanted {
            Wanted::Number(number) => Some(number),
            Wanted::Event(lsn) => opened.number_of(&self.shelf, place, journal, lsn)?,
        };
        let Some(number) = number else { return Ok(false) };
        let Some(&at) = opened.offsets(&self.shelf, journal, number, 1)?.first() else { return Ok(false) };
        let frame = opened.frame(at, Expected { journal, number }, &mut self.frame)?;
        match wanted.is_in(&frame) {
            true => Ok(true),
            false => Err(opened.contradiction(at)),
        }
    }

    /// The segment that holds what is wanted; nothing when that is not durable yet.
    fn locate(&mut self, journal: JournalId, wanted: Wanted) -> Result<Option<Place>, Error> {
        loop {
            let view = self.known(journal)?;
            if view.position.is_none_or(|position| wanted.is_after(position)) {
                return Ok(None);
            }
            if let Some(span) = view.live.filter(|span| !wanted.is_before(span)) {
                let (segment, end) = (view.active.header.segment, view.active.end.offset);
                return Ok(Some(Place::Live { segment, end, span }));
            }
            self.directory.refresh(&self.shelf, journal, view.generation);
            if let Some(sealed) = self.directory.find(journal, wanted)? {
                return Ok(Some(Place::Sealed(sealed)));
            }
            if view.below == Below::Nothing {
                return Err(self.trimmed(journal, &view));
            }
            self.dig_below(&view)?;
        }
    }

    /// How a journal stands. Of one without a frame in the log the archive knows.
    fn known(&self, journal: JournalId) -> Result<View, Error> {
        loop {
            let view = self.shelf.view(journal);
            if view.position.is_some() || view.below == Below::Nothing {
                return Ok(view);
            }
            self.dig_below(&view)?;
        }
    }

    /// Looks further down, where that is possible.
    fn dig_below(&self, view: &View) -> Result<(), Error> {
        match view.below {
            Below::Missing(segment) => Err(missing(&archive_name(segment), segment)),
            Below::Unknown | Below::Nothing => dig(self.files.as_ref(), &self.shelf, self.uuid),
        }
    }

    fn trimmed(&self, journal: JournalId, view: &View) -> Error {
        let sealed = self.directory.segments.first().and_then(|sealed| sealed.spans.get(&journal));
        let after_all = view.position.map_or(1, |position| position.number.0 + 1);
        let first_available = sealed.or(view.live.as_ref()).map_or(FrameNo(after_all), |span| span.first);
        Error::Trimmed { journal, first_available }
    }

    /// A file that is gone was trimmed, unless its segment still counts.
    fn check_moved(&self, place: &Place) -> Result<(), Error> {
        match self.shelf.holds(place.segment()) {
            true => Err(missing(&segment_name(place.segment()), place.segment())),
            false => Ok(()),
        }
    }
}

/// The segment was being written and no longer is: then its file may even have been recycled, and what was read proves nothing.
fn was_sealed(shelf: &Shelf, place: &Place) -> bool {
    place.is_live() && shelf.active().header.segment != place.segment()
}

impl Directory {
    fn refresh(&mut self, shelf: &Shelf, journal: JournalId, generation: u64) {
        if self.of != Some((journal, generation)) {
            let (generation, segments) = shelf.segments_of(journal);
            (self.of, self.segments) = (Some((journal, generation)), segments);
        }
    }

    /// The segment that holds what is wanted, unless that comes before all of them.
    fn find(&self, journal: JournalId, wanted: Wanted) -> Result<Option<Arc<Sealed>>, Error> {
        let span = |sealed: &Arc<Sealed>| sealed.spans[&journal];
        let at = self.segments.partition_point(|sealed| wanted.is_after(span(sealed).end()));
        match self.segments.get(at) {
            Some(sealed) if !wanted.is_before(&span(sealed)) => Ok(Some(Arc::clone(sealed))),
            // I10: a journal has no gap between two segments.
            Some(sealed) if at > 0 => {
                let damage = Damage::Contradiction { what: "the number of a frame" };
                Err(Error::corrupt(&segment_name(sealed.header.segment), 0, damage))
            }
            _ => Ok(None),
        }
    }
}
