//! The seam between the engine and whatever makes its frames durable: today the local log, later a replicated one.
//!
//! A journal takes handovers without ever making a shard wait, and releases their passengers once everything they may have
//! seen is durable. It says nothing of order between two journals, and the engine relies on none.

use crate::cursor::Cursor;
use crate::error::Error;
use crate::frame::{Frame, FrameHeader, FrameKind, seal};
use crate::number::{FrameNo, GroupSeq, JournalId, Lsn};
use crate::trim::{KeepFrom, Trimmed};
use std::fmt;
use std::ops::ControlFlow;

/// What leaves once it is durable: a reply, a message to another partition, an item of the change feed.
pub trait Passenger: Send + 'static {
    /// Called once, on the journal's thread, after the sync that covers it. Must not block. Dropped instead when the process
    /// is about to end.
    fn release(self);
}

/// What a turn hands over.
pub struct Handover<P> {
    /// Sealed frames back to back; empty when the turn decided nothing. At most
    /// [`HANDOVER_BYTES_MAX`](crate::HANDOVER_BYTES_MAX).
    pub frames: Vec<u8>,
    /// How many frames that is.
    pub frame_count: u32,
    /// What waits for them, and for everything handed over before.
    pub passengers: Vec<P>,
}

impl<P> fmt::Debug for Handover<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (frames, bytes, passengers) = (self.frame_count, self.frames.len(), self.passengers.len());
        write!(out, "Handover({frames} frames, {bytes} bytes, {passengers} passengers)")
    }
}

/// Why a handover was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullReason {
    /// Too much is waiting; less will be soon.
    Queue,
    /// The journal has stopped.
    Stopped,
}

/// A refused handover, given back whole: nothing of it was queued.
#[derive(Debug)]
pub struct Full<T> {
    /// Why.
    pub reason: FullReason,
    /// What was to be handed over.
    pub handover: T,
}

/// What an owner says when its tenure begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Whose.
    pub journal: JournalId,
    /// Its time, milliseconds since 1970.
    pub now_ms: i64,
    /// The lsn of the catalog it begins with.
    pub catalog_lsn: u64,
    /// The digest of the state it begins with.
    pub digest: u64,
}

/// Durable, ordered logs of many partitions.
pub trait Journal<P: Passenger>: Send + Sync {
    /// Whether frames may be made now: asked *before* a turn, because what a turn has decided cannot be taken back. False
    /// while the disk is full; handovers without frames are still taken then, and it recovers by itself. What was begun with
    /// room is taken: the reserve holds one turn of every shard beside the queue.
    fn has_room(&self) -> bool;

    /// Hands over without blocking. Passengers are released in the order of their handovers; a handover without frames rides
    /// with the newest group before it and causes no write.
    ///
    /// # Errors
    /// [`Full`] gives the handover back.
    fn append(&self, handover: Handover<P>) -> Result<(), Full<Handover<P>>>;

    /// Appends the tenure record that every later frame of this owner names, and moves `cursor` past it. Nothing may be served
    /// before `passenger` is released.
    ///
    /// # Errors
    /// [`Full`] gives the passenger back inside its handover; the cursor has not moved.
    fn begin_tenure(&self, beginning: Beginning, cursor: &mut Cursor, passenger: P) -> Result<(), Full<Handover<P>>> {
        let number = FrameNo(cursor.number.0 + 1);
        let header = FrameHeader {
            journal: beginning.journal,
            number,
            tenure: number,
            first_lsn: Lsn(cursor.lsn.0 + 1),
            count: 0,
            now_ms: beginning.now_ms,
            catalog_lsn: beginning.catalog_lsn,
            digest: beginning.digest,
            kind: FrameKind::Tenure,
        };
        let mut frames = Vec::new();
        let chain = seal(&header, &[], &cursor.chain, &mut frames);
        self.append(Handover { frames, frame_count: 1, passengers: vec![passenger] })?;
        cursor.advance_sealed(&header, chain);
        Ok(())
    }

    /// Hands the durable frames of a journal from number `from` on to `visit`, in order, until it breaks. Archived ones too.
    ///
    /// # Errors
    /// `Trimmed` when frame `from` is gone; `Corrupt`; `Io`.
    fn read(&self, journal: JournalId, from: FrameNo, visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<(), Error>;

    /// Lets go of frames that verified images cover.
    ///
    /// # Errors
    /// `Io`; then the process must end.
    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error>;

    /// The newest durable group.
    fn durable(&self) -> GroupSeq;
}
