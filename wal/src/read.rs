//! The reader: what a log shows while it is being written. History, snapshots and the change feed read through it.
//!
//! Never past the durable end (I11). Every reading is a [`History`]; one that is repeated should keep its own.

use crate::archive::{self, Archived};
use crate::error::Error;
use crate::files::{Files, Held};
use crate::frame::Frame;
use crate::history::History;
use crate::number::{FrameNo, GroupSeq, JournalId, LogUuid};
use crate::recover::Progress;
use crate::review::{self, Review};
use crate::shelf::Shelf;
use crate::span::Position;
use crate::storage::Storage;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Reads what is durable. Holds the directory lock together with the writer.
#[derive(Clone)]
pub struct Reader {
    files: Arc<dyn Files>,
    uuid: LogUuid,
    shelf: Arc<Shelf>,
}

impl Reader {
    pub(crate) fn new<S: Storage>(storage: S, uuid: LogUuid, shelf: Arc<Shelf>, lock: Arc<S::Lock>) -> Reader {
        Reader { files: Arc::new(Held { storage, _lock: lock }), uuid, shelf }
    }

    /// The newest durable group.
    #[must_use]
    pub fn durable(&self) -> GroupSeq {
        self.shelf.active().durable
    }

    /// Where a journal stands, durably. Nothing when no frame of it is in the log and nobody has looked for one in the archive:
    /// a journal whose owner has begun a tenure since the log was opened has one.
    #[must_use]
    pub fn position(&self, journal: JournalId) -> Option<Position> {
        self.shelf.position(journal)
    }

    /// How much is archived.
    ///
    /// # Errors
    /// `Io`.
    pub fn archived(&self) -> Result<Archived, Error> {
        archive::count(self.files.as_ref())
    }

    /// Reviews what is durable now: see [`Review`]. `go_on` hears of each segment, and may end it there.
    #[must_use]
    pub fn review(&self, go_on: &mut dyn FnMut(Progress) -> bool) -> Review {
        review::review(self.files.as_ref(), &self.shelf, self.uuid, go_on)
    }

    /// A reading session, for whoever reads more than once.
    #[must_use]
    pub fn history(&self) -> History {
        History::new(Arc::clone(&self.files), self.uuid, Arc::clone(&self.shelf))
    }

    /// Hands the frames of `journal` from number `from` on to `visit`, in order, until it breaks or the durable end is reached.
    ///
    /// # Errors
    /// `Trimmed` when frame `from` is no longer here; `Corrupt`; `Io`.
    pub fn read(
        &self,
        journal: JournalId,
        from: FrameNo,
        visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.history().read(journal, from, visit)
    }
}
