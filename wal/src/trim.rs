//! Trimming: takes segments away from the front of the log, into the archive or back to the spares, and bounds the archive.
//!
//! The new first segment is written down durably before anything moves, so a crash in between is finished at the next start.
//! Which frames may go is the caller's knowledge: a verified image covers them.

use crate::archive::prune;
use crate::error::{Error, IoContext};
use crate::identity::Bounds;
use crate::number::{FrameNo, JournalId, LogUuid, SegmentId};
use crate::planted::{self, Planted};
use crate::segment::{archive_name, segment_name, segment_of_name};
use crate::shelf::{Sealed, Shelf};
use crate::span::Span;
use crate::spares::Spares;
use crate::storage::Storage;
use crate::writer::Writer;
use std::collections::BTreeMap;
use std::sync::Arc;

/// For each journal the first frame that must stay. A journal that is not named keeps all its frames.
pub type KeepFrom = BTreeMap<JournalId, FrameNo>;

/// What a trim did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    /// Segments taken away.
    pub segments: u64,
    /// The first segment that is still here.
    pub first: SegmentId,
    /// Segments removed from the archive, because it had grown beyond its bound.
    pub removed: u64,
}

/// Takes segments away from the front of an open log.
pub(crate) struct Trimmer<S: Storage> {
    pub(crate) storage: S,
    pub(crate) uuid: LogUuid,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) spares: Arc<Spares<S>>,
    pub(crate) archive: bool,
    pub(crate) archive_bytes_max: Option<u64>,
}

impl<S: Storage> Trimmer<S> {
    /// Takes away the segments at the front in which no frame must stay.
    pub(crate) fn trim(&mut self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        let count = self.shelf.leading(|sealed| is_below(sealed, keep_from));
        let first = self.shelf.first_after(count);
        if count > 0 {
            let bounds = Bounds::load(&self.storage, self.uuid)?;
            assert!(bounds.first < first, "a trim moves the first segment on");
            let last_once = bounds.last_once.max(first);
            let bounds = Bounds { first, last_once, ..bounds };
            if !planted::is(Planted::TrimmedBeforeWrittenDown) {
                bounds.store(&self.storage, self.uuid)?;
            }
            for (segment, fate) in self.take_front(count) {
                retire(&self.storage, &self.spares, segment, fate)?;
            }
            self.storage.sync_dir().on("sync of the directory", "", 0)?;
            if planted::is(Planted::TrimmedBeforeWrittenDown) {
                bounds.store(&self.storage, self.uuid)?;
            }
        }
        let removed = match self.archive_bytes_max {
            Some(bytes_max) => prune(&self.storage, &self.shelf, bytes_max)?,
            None => 0,
        };
        Ok(Trimmed { segments: count as u64, first, removed })
    }

    fn take_front(&self, count: usize) -> Vec<(SegmentId, Fate)> {
        if self.archive {
            return self.shelf.archive_front(count).into_iter().map(|segment| (segment, Fate::Archived)).collect();
        }
        let fate = |sealed: Arc<Sealed>| {
            let (segment, is_read) = (sealed.header.segment, Arc::into_inner(sealed).is_none());
            (segment, if is_read { Fate::Removed } else { Fate::Recycled })
        };
        self.shelf.take_front(count).into_iter().map(fate).collect()
    }
}

impl<S: Storage> Writer<S> {
    /// Takes away the segments at the front in which no frame must stay.
    ///
    /// # Errors
    /// `Io` when the disk failed: the process must end.
    pub fn trim(&mut self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        self.check_poison()?;
        let result = self.trimmer().trim(keep_from);
        self.poison_on_error(result)
    }

    pub(crate) fn trimmer(&self) -> Trimmer<S> {
        let (shelf, spares) = (Arc::clone(&self.shelf), Arc::clone(&self.spares));
        let (storage, uuid) = (self.storage.clone(), self.identity.uuid);
        let (archive, archive_bytes_max) = (self.options.archive, self.options.archive_bytes_max);
        Trimmer { storage, uuid, shelf, spares, archive, archive_bytes_max }
    }
}

/// What becomes of a trimmed segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Archived,
    Recycled,
    /// A reader may map it, and must not see it zeroed under its hands.
    Removed,
}

/// Finishes a trim that a crash interrupted.
pub(crate) fn finish<S: Storage>(storage: &S, spares: &Spares<S>, bounds: &Bounds, archive: bool) -> Result<(), Error> {
    let names = storage.list().on("list", "", 0)?;
    let below: Vec<SegmentId> = names.iter().filter_map(|name| segment_of_name(name)).collect();
    let below: Vec<SegmentId> = below.into_iter().filter(|&segment| segment < bounds.first).collect();
    if !below.is_empty() {
        // The bounds that say so may be in the cache only: they become durable before anything moves.
        storage.sync_dir().on("sync of the directory", "", 0)?;
    }
    for segment in below {
        retire(storage, spares, segment, if archive { Fate::Archived } else { Fate::Recycled })?;
    }
    Ok(())
}

fn is_below(sealed: &Sealed, keep_from: &KeepFrom) -> bool {
    let may_go = |(journal, span): (&JournalId, &Span)| keep_from.get(journal).is_some_and(|keep_from| span.last < *keep_from);
    sealed.spans.iter().all(may_go)
}

fn retire<S: Storage>(storage: &S, spares: &Spares<S>, segment: SegmentId, fate: Fate) -> Result<(), Error> {
    let name = segment_name(segment);
    match fate {
        Fate::Archived => storage.rename(&name, &archive_name(segment)).on("rename", &name, 0),
        Fate::Recycled if spares.wants_more() => {
            let spare = spares.reserve_name();
            storage.rename(&name, &spare).on("rename", &name, 0)?;
            spares.adopt(spare);
            Ok(())
        }
        Fate::Recycled | Fate::Removed => storage.remove(&name).on("remove", &name, 0),
    }
}
