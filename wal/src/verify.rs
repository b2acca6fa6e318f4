//! Verifies a whole log offline: every checksum, every continuity, every journal's hash chain (I10, I16). Changes nothing.
//!
//! Also owns the one action that may cut what recovery refuses to: an operator's [`cut_tail`].

use crate::cursor::Cursor;
use crate::error::{Damage, Error, Extent, FrameMark, ReplayStop};
use crate::frame::Frame;
use crate::identity::{Bounds, Identity};
use crate::number::{FrameNo, GroupSeq, JournalId};
use crate::open::{Recovery, lock, open_as};
use crate::options::Options;
use crate::recover::{Listener, Progress, Recovery as Replay, Tail, segments_present};
use crate::scan::FrameAddress;
use crate::segment::segment_name;
use crate::storage::Storage;
use std::collections::BTreeMap;

/// What a verification found.
#[derive(Debug)]
pub struct Report {
    /// Which log it is.
    pub identity: Identity,
    /// Segments, frames and bytes that are whole.
    pub whole: Progress,
    /// Groups that are whole, seals included.
    pub groups: u64,
    /// Where each journal stands after its last whole frame.
    pub journals: BTreeMap<JournalId, Cursor>,
    /// How the log ends; nothing when verification did not come so far.
    pub tail: Option<Tail>,
    /// The first problem. It names file, offset and what is whole before it.
    pub problem: Option<Error>,
}

/// Verifies the log in a directory, which must not be in use.
///
/// # Errors
/// Only what keeps verification from beginning: `Locked`, `Missing`, `Format`, `Foreign`, or damage to `log.id`, `log.bounds`.
pub fn verify(storage: &impl Storage, progress: &mut dyn FnMut(Progress)) -> Result<Report, Error> {
    verify_frames(storage, GroupSeq(0), &mut |_| Ok(()), progress)
}

/// As [`verify`], and every whole frame that follows is shown to `check`, whose refusal is a problem like any other; so is a log
/// that ends before group `proven`.
///
/// # Errors
/// As [`verify`].
pub fn verify_frames(
    storage: &impl Storage,
    proven: GroupSeq,
    check: &mut dyn FnMut(&Frame<'_>) -> Result<(), ReplayStop>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, Error> {
    let _lock = lock(storage)?;
    let identity = Identity::load(storage)?;
    let bounds = Bounds::load(storage, identity.uuid)?;
    let mut whole = Progress { segments_done: 0, segments: 0, frames: 0, bytes: 0 };
    let (mut groups, mut journals) = (0, Journals::new());
    let checked = segments_present(storage, &bounds).and_then(|segments| {
        let mut tell = |done: Progress| {
            whole = done;
            progress(done);
        };
        let replay = &mut |frame: Frame<'_>, address| {
            journals.accept(&frame, address)?;
            check(&frame)
        };
        let group = &mut |_: &str, _: &_, _| groups += 1;
        let listener = Listener { replay, group, progress: &mut tell, cut_anything: false, proven };
        Replay::new(storage, &identity, listener).run(&segments)
    });
    let (tail, problem) = match checked {
        Ok(found) => (found.tail, None),
        Err(error) => (None, Some(journals.problem(error))),
    };
    Ok(Report { identity, whole, groups, journals: journals.cursors, tail, problem })
}

/// Opens the log and leaves the damaged end of its last segment behind, whatever it is, once and for all. What is behind the
/// damage is lost: an operator's decision, after a copy. Refuses everything else that recovery refuses.
///
/// # Errors
/// As [`crate::open`].
pub fn cut_tail(storage: &impl Storage, options: &Options) -> Result<Recovery, Error> {
    let replay = &mut |_: Frame<'_>, _| Ok(());
    let listener = Listener { replay, group: &mut |_, _, _| {}, progress: &mut |_| {}, cut_anything: true, proven: GroupSeq(0) };
    open_as(storage.clone(), options, listener).map(|(_writer, recovery)| recovery)
}

/// Where the journals stand, and the first frame that does not follow.
pub(crate) struct Journals {
    pub(crate) cursors: BTreeMap<JournalId, Cursor>,
    broken: Option<(FrameAddress, Damage)>,
}

impl Journals {
    pub(crate) fn new() -> Journals {
        Journals { cursors: BTreeMap::new(), broken: None }
    }

    pub(crate) fn accept(&mut self, frame: &Frame<'_>, address: FrameAddress) -> Result<(), ReplayStop> {
        let journal = frame.header.journal;
        // A trimmed or a restored log begins in the middle of a journal: that what comes before is elsewhere, an image of it at
        // that place, is for whoever has images to check.
        let resumes = frame.header.number > FrameNo(1) && !self.cursors.contains_key(&journal);
        let cursor = self.cursors.entry(journal).or_default();
        if resumes {
            cursor.resume(frame);
            return Ok(());
        }
        let accepted = cursor.accept(frame);
        accepted.map_err(|error| {
            self.broken = Some((address, Damage::Continuity { journal, error }));
            ReplayStop(Box::new(error))
        })
    }

    fn extent(&self) -> Extent {
        let mark = |(&journal, cursor): (&JournalId, &Cursor)| FrameMark { journal, number: cursor.number, lsn: cursor.lsn };
        Extent(self.cursors.iter().map(mark).collect())
    }

    /// A broken continuity is damage, found at the frame that does not follow.
    pub(crate) fn problem(&self, error: Error) -> Error {
        match (&self.broken, error) {
            (Some((address, damage)), Error::Replay { .. }) => {
                Error::corrupt(&segment_name(address.segment), address.offset, *damage).with_extent(|| self.extent())
            }
            (_, error) => error,
        }
    }
}
