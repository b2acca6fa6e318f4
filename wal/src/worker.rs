//! The log's work, one group at a time: take what waits, make it durable, release the passengers.
//!
//! Knows nothing of threads: `log.rs` runs it on one, a simulator steps it. The order is the promise (I11): a passenger leaves
//! after the sync that covers its frames and everything handed over before it.

use crate::error::Error;
use crate::journal::{Handover, Passenger};
use crate::planted::{self, Planted};
use crate::storage::Storage;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::channel::{Receiver, RecvTimeoutError};
use crate::writer::{Stats, Writer};
use std::sync::Arc;

/// What goes through the queue.
pub(crate) enum Message<P> {
    Handover(Handover<P>),
    Stop,
}

/// What both ends of the queue see.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) queued_bytes: AtomicUsize,
    pub(crate) stopping: AtomicBool,
    pub(crate) stats: Mutex<Stats>,
}

/// Makes handovers durable.
pub struct Worker<S: Storage, P> {
    writer: Writer<S>,
    receiver: Receiver<Message<P>>,
    shared: Arc<Shared>,
    /// The handovers of the group that is being made.
    batch: Vec<Handover<P>>,
    /// A handover taken from the queue that did not fit its group.
    carried: Option<Handover<P>>,
}

enum Next<P> {
    Handover(Handover<P>),
    Idle,
    Stop,
}

impl<S: Storage, P: Passenger> Worker<S, P> {
    pub(crate) fn new(writer: Writer<S>, receiver: Receiver<Message<P>>, shared: Arc<Shared>) -> Worker<S, P> {
        Worker { writer, receiver, shared, batch: Vec::new(), carried: None }
    }

    /// Makes what waits durable as one group and releases its passengers. False when nothing waits.
    ///
    /// # Errors
    /// `DiskFull` when no segment can be made: the group stays, and the next step tries it again. Anything else must end the
    /// process.
    pub fn step(&mut self) -> Result<bool, Error> {
        if self.batch.is_empty() {
            match self.carried.take().map(Message::Handover).or_else(|| self.receiver.try_recv().ok()) {
                Some(Message::Handover(first)) => self.gather(first),
                Some(Message::Stop) | None => return Ok(false),
            };
        }
        self.commit_and_release().map(|()| true)
    }

    /// What a log does when nothing has come for a while: seals its tail. On a full disk the tail stays unsealed until there is
    /// room.
    ///
    /// # Errors
    /// `DiskFull`, harmlessly; anything else must end the process.
    pub fn idle(&mut self) -> Result<(), Error> {
        if !self.writer.spares.refuses_frames() {
            self.writer.seal()?;
        }
        *self.shared.stats.lock() = self.writer.stats();
        Ok(())
    }

    /// Zeroes a spare segment ahead when one is wanted; on threads, another one does it.
    ///
    /// # Errors
    /// `DiskFull`, harmlessly; anything else must end the process.
    pub fn prepare_spare(&mut self) -> Result<(), Error> {
        self.writer.prepare_spare()
    }

    /// Works until it is stopped. A full disk gets through to here only when the log stops: what waits then dies unpromised,
    /// with the process.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        match self.serve() {
            Err(Error::DiskFull { .. }) => Ok(()),
            served => served,
        }
    }

    fn serve(&mut self) -> Result<(), Error> {
        let (mut idle, mut stop) = (false, false);
        while !stop {
            match self.next(idle) {
                Next::Handover(first) => {
                    stop = self.gather(first);
                    self.commit_and_release()?;
                    idle = false;
                }
                Next::Idle => {
                    self.idle()?;
                    idle = true;
                }
                Next::Stop => stop = true,
            }
        }
        while self.step()? {}
        self.idle()
    }

    fn next(&mut self, idle: bool) -> Next<P> {
        if let Some(carried) = self.carried.take() {
            return Next::Handover(carried);
        }
        let received = match idle {
            true => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => self.receiver.recv_timeout(self.writer.options.idle_before_seal),
        };
        match received {
            Ok(Message::Handover(handover)) => Next::Handover(handover),
            Err(RecvTimeoutError::Timeout) => Next::Idle,
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => Next::Stop,
        }
    }

    /// Takes what waits, up to the group's bound. True when a stop was among it.
    fn gather(&mut self, first: Handover<P>) -> bool {
        self.board(first);
        while self.batch.len() < self.writer.options.queue_handovers_max {
            match self.receiver.try_recv() {
                Ok(Message::Stop) => return true,
                Ok(Message::Handover(handover)) if self.has_room_for(&handover) => self.board(handover),
                Ok(Message::Handover(handover)) => {
                    self.carried = Some(handover);
                    return false;
                }
                Err(_) => return false,
            }
        }
        false
    }

    fn has_room_for(&self, handover: &Handover<P>) -> bool {
        let options = &self.writer.options;
        let bytes_max = options.group_bytes_max.min(options.group_room_bytes());
        self.writer.pushed_bytes() + handover.frames.len() <= bytes_max
    }

    fn board(&mut self, handover: Handover<P>) {
        let count = self.writer.push(&handover.frames);
        assert!(count == handover.frame_count, "a handover counts its frames: {count} are there");
        self.batch.push(handover);
    }

    fn commit_and_release(&mut self) -> Result<(), Error> {
        if planted::is(Planted::ReleasedBeforeCommit) {
            let early = self.batch.iter_mut().flat_map(|handover| std::mem::take(&mut handover.passengers));
            early.for_each(Passenger::release);
        }
        let bytes = self.writer.pushed_bytes();
        self.writer.commit_pushed()?;
        *self.shared.stats.lock() = self.writer.stats();
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        // I11: the group is durable, and so is everything before it.
        self.batch.drain(..).flat_map(|handover| handover.passengers).for_each(Passenger::release);
        Ok(())
    }
}
