//! Creating a log and opening one: the only two ways to a [`Writer`]; and looking at one, which changes nothing.
//!
//! Opening takes the lock, lets recovery replay and judge, and then goes on in a new segment, never in one it found. It repeats
//! safely: a crash anywhere in it leaves a log that opens to the same frames.

use crate::error::{Error, IoContext, ReplayStop};
use crate::frame::Frame;
use crate::identity::{Bounds, CALLER_BYTES_MAX, IDENTITY_NAME, Identity};
use crate::number::{GroupSeq, LogUuid, SegmentId};
use crate::options::{Options, SEGMENT_BYTES_DEFAULT};
use crate::read::Reader;
use crate::recover::{Cut, Found, Listener, Progress, Recovery as Replay, segments_present};
use crate::rotate::{active_of, begin_segment};
use crate::scan::FrameAddress;
use crate::segment::{SegmentEnd, SegmentHeader, segment_name, segment_of_name};
use crate::shelf::{Active, Shelf};
use crate::spares::{Spares, is_spare_name};
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use crate::trim;
use crate::writer::{Founding, Segment, Writer};
use std::io;
use std::sync::Arc;

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Which log it is.
    pub identity: Identity,
    /// How many times it was opened, this time included.
    pub start: u64,
    /// Segments, frames and bytes replayed.
    pub replayed: Progress,
    /// Groups replayed, seals included.
    pub groups: u64,
    /// The newest group, durable now.
    pub durable: GroupSeq,
    /// The torn tail that was left behind, if there was one.
    pub cut: Option<Cut>,
    /// Whether the tail was sealed: the last stop was a clean one, or an idle one.
    pub sealed: bool,
    /// False when the filesystem refuses O_DIRECT, so that the tail was judged by dropping the cache instead.
    pub past_cache: bool,
}

/// Creates an empty log in a directory. `uuid` must be unique among all logs; `caller_bytes` are kept with it.
///
/// # Errors
/// `Exists` when there is a log, or a file of one; `Locked`; `Bounds`; `Io`. After an error it may be called again.
pub fn create(storage: &impl Storage, uuid: LogUuid, caller_bytes: &[u8]) -> Result<(), Error> {
    let _lock = lock(storage)?;
    if caller_bytes.len() > CALLER_BYTES_MAX {
        let (what, found) = ("caller_bytes", caller_bytes.len() as u64);
        return Err(Error::Bounds { what, found, least: 0, most: CALLER_BYTES_MAX as u64 });
    }
    let names = storage.list().on("list", "", 0)?;
    let belongs = |name: &&String| *name == IDENTITY_NAME || segment_of_name(name).is_some() || is_spare_name(name);
    if let Some(file) = names.iter().find(belongs) {
        return Err(Error::Exists { file: file.clone() });
    }
    Bounds { first: SegmentId(1), last_once: SegmentId(0), start: 0 }.store(storage, uuid)?;
    Identity { uuid, caller_bytes: caller_bytes.to_vec() }.store(storage)
}

/// Opens a log: replays every frame of every journal in log order through `replay`, and returns a writer that goes on after
/// the last of them. Frames of one journal come in order; that they follow each other is for the caller's
/// [`Cursor`](crate::Cursor) to check.
///
/// # Errors
/// Everything [`Error::kind`] names. After an error nothing that was durable is changed.
pub fn open<S: Storage>(
    storage: S,
    options: &Options,
    replay: &mut dyn FnMut(Frame<'_>, FrameAddress) -> Result<(), ReplayStop>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Writer<S>, Recovery), Error> {
    open_proven(storage, options, GroupSeq(0), replay, progress)
}

/// As [`open`], for whoever knows that group `proven` was durable: a log that ends before it is refused.
///
/// # Errors
/// As [`open`].
pub fn open_proven<S: Storage>(
    storage: S,
    options: &Options,
    proven: GroupSeq,
    replay: &mut dyn FnMut(Frame<'_>, FrameAddress) -> Result<(), ReplayStop>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Writer<S>, Recovery), Error> {
    open_as(storage, options, Listener { replay, group: &mut |_, _, _| {}, progress, cut_anything: false, proven })
}

/// Opens a log for a listener, who may allow more to be cut.
pub(crate) fn open_as<S: Storage>(storage: S, options: &Options, listener: Listener<'_>) -> Result<(Writer<S>, Recovery), Error> {
    options.validate()?;
    let lock = lock(&storage)?;
    let identity = Identity::load(&storage)?;
    let bounds = Bounds::load(&storage, identity.uuid)?;
    let spares = Spares::new(storage.clone(), options, spares_found(&storage)?);
    trim::finish(&storage, &spares, &bounds, options.archive)?;
    let segments = segments_present(&storage, &bounds)?;
    let found = Replay::new(&storage, &identity, listener).run(&segments)?;
    let start = next_start(&bounds, &found);
    let segment = begin_next(&storage, &spares, &identity, options, start, &found)?;
    // Before the bounds are written, because on a full disk it makes the room for them.
    give_back_rest(&storage, &found)?;
    Bounds { last_once: segment.header.segment, start, ..bounds }.store(&storage, identity.uuid)?;
    let recovery = report(&identity, start, &found);
    let durable = recovery.durable;
    let shelf = shelf_of(found, active_of(&segment, durable));
    let options = options.clone();
    let founding = Founding { storage, identity, options, start, segment, durable, shelf, spares, lock };
    Ok((Writer::new(founding), recovery))
}

/// Opens a log for reading alone, as far as a start would believe it: judged like one that is opened, and nothing is changed. Every
/// frame of every journal is shown to `replay`, in log order. The reader holds the lock.
///
/// # Errors
/// As [`open_proven`], but for a full disk.
pub fn look<S: Storage>(
    storage: S,
    proven: GroupSeq,
    replay: &mut dyn FnMut(Frame<'_>, FrameAddress) -> Result<(), ReplayStop>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Reader, Recovery), Error> {
    let lock = lock(&storage)?;
    let identity = Identity::load(&storage)?;
    let bounds = Bounds::load(&storage, identity.uuid)?;
    let segments = segments_present(&storage, &bounds)?;
    let listener = Listener { replay, group: &mut |_, _, _| {}, progress, cut_anything: false, proven };
    let found = Replay::new(&storage, &identity, listener).run(&segments)?;
    let recovery = report(&identity, bounds.start, &found);
    // Nobody writes: the segment that a start would begin has no file and no frame, so nobody looks for it.
    let header = next_header(&identity, SEGMENT_BYTES_DEFAULT, next_start(&bounds, &found), &found);
    let end = SegmentEnd { segment: header.segment, offset: SECTOR_BYTES as u64, crc: 0 };
    let active = Active { header, header_crc: 0, end, durable: found.last_group };
    let reader = Reader::new(storage, identity.uuid, Arc::new(shelf_of(found, active)), Arc::new(lock));
    Ok((reader, recovery))
}

/// Takes the directory of a log for this process, until what is given is dropped.
///
/// # Errors
/// `Locked` when another one holds it; `Io`.
pub fn lock<S: Storage>(storage: &S) -> Result<S::Lock, Error> {
    match storage.lock() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::Locked),
        locked => locked.on("lock", "LOCK", 0),
    }
}

fn spares_found(storage: &impl Storage) -> Result<Vec<String>, Error> {
    let names = storage.list().on("list", "", 0)?;
    Ok(names.into_iter().filter(|name| is_spare_name(name)).collect())
}

/// Rule 4a's start number. Higher than any before, also when the last start died before it was written down.
fn next_start(bounds: &Bounds, found: &Found) -> u64 {
    let last = found.last.as_ref().map_or(0, |last| last.header.start);
    bounds.start.max(last) + 1
}

fn begin_next<S: Storage>(
    storage: &S,
    spares: &Spares<S>,
    identity: &Identity,
    options: &Options,
    start: u64,
    found: &Found,
) -> Result<Segment<S::File>, Error> {
    begin_segment(storage, spares.take_or_make()?, next_header(identity, options.segment_bytes, start, found))
}

/// The header of the segment after all that was found.
fn next_header(identity: &Identity, segment_bytes: u64, start: u64, found: &Found) -> SegmentHeader {
    let predecessor = found.last.as_ref().map(|last| last.end);
    SegmentHeader {
        uuid: identity.uuid,
        segment: predecessor.map_or(SegmentId(1), |end| end.segment.next()),
        start,
        segment_bytes,
        first_group: found.last.as_ref().map_or(GroupSeq(1), |last| last.next_group),
        predecessor,
    }
}

/// The last segment found ends where its durable successor says, so the rest of its file is given back to the disk. Otherwise
/// a loop of restarts would fill it with empty segments.
fn give_back_rest(storage: &impl Storage, found: &Found) -> Result<(), Error> {
    let Some(last) = &found.last else { return Ok(()) };
    let name = segment_name(last.header.segment);
    let file = storage.open(&name).on("open", &name, 0)?;
    file.set_len(last.end.offset).on("truncate", &name, last.end.offset)
}

fn report(identity: &Identity, start: u64, found: &Found) -> Recovery {
    let tail = found.tail.as_ref();
    Recovery {
        identity: identity.clone(),
        start,
        replayed: found.done,
        groups: found.group_count,
        durable: found.last_group,
        cut: tail.and_then(|tail| tail.cut.clone()),
        sealed: tail.is_none_or(|tail| tail.sealed),
        past_cache: found.past_cache,
    }
}

fn shelf_of(found: Found, active: Active) -> Shelf {
    let mut sealed = found.sealed;
    sealed.extend(found.last.map(Arc::new));
    Shelf::new(sealed, active)
}
