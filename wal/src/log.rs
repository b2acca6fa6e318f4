//! The log: the writer on a thread of its own, behind a bounded queue.
//!
//! The thread runs the worker: everything that waits, up to a group's bound, becomes one group (one write, one `fdatasync`).
//! Any error and any panic on it ends the process (rules 2 and 14). A second thread keeps
//! spare segments ready, so that the first one never zeroes.

use crate::error::Error;
use crate::frame::Frame;
use crate::history::History;
use crate::journal::{Full, FullReason, Handover, Journal, Passenger};
use crate::number::{FrameNo, GroupSeq, JournalId};
use crate::options::{Abort, Fatal, HANDOVER_BYTES_MAX, Options};
use crate::read::Reader;
use crate::span::Position;
use crate::spares::Spares;
use crate::storage::Storage;
use crate::sync::Mutex;
use crate::sync::atomic::Ordering;
use crate::sync::channel::{Sender, TrySendError, bounded};
use crate::sync::thread::{self, JoinHandle};
use crate::trim::{self, KeepFrom, Trimmed};
use crate::worker::{Message, Shared, Worker};
use crate::writer::{SpareSource, Stats, Writer};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// All journals of a node in one physical log.
pub struct Log<P> {
    sender: Sender<Message<P>>,
    shared: Arc<Shared>,
    keeper: Arc<dyn Keeper>,
    reader: Reader,
    queue_bytes_max: usize,
    handover_bytes_max: usize,
    abort: Abort,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The part of a log that knows which storage it is on.
trait Keeper: Send + Sync {
    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error>;
    fn refuses_frames(&self) -> bool;
    fn stop_waiting(&self);
}

type Visit<'a> = dyn FnMut(Frame<'_>) -> ControlFlow<()> + 'a;

struct Keeping<S: Storage> {
    spares: Arc<Spares<S>>,
    trimmer: Mutex<trim::Trimmer<S>>,
}

impl<S: Storage> Keeper for Keeping<S> {
    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        self.trimmer.lock().trim(keep_from)
    }

    fn refuses_frames(&self) -> bool {
        self.spares.refuses_frames()
    }

    fn stop_waiting(&self) {
        self.spares.stop();
    }
}

impl<P: Passenger> Log<P> {
    /// Puts a writer on its thread.
    ///
    /// # Errors
    /// `DiskFull` when there is no room for the reserve; `Io` when the disk fails or the machine has no thread left.
    pub fn start<S: Storage>(mut writer: Writer<S>) -> Result<Log<P>, Error> {
        let options = writer.options.clone();
        // The reserve first: there is no room before it stands.
        writer.spares.keep_ahead()?;
        writer.spare_source = SpareSource::Awaited;
        let spares = Arc::clone(&writer.spares);
        let (log, mut worker) = Log::stepped(writer);
        let spare_options = options.clone();
        let spare_thread = spawn("tessera-spare", &options.abort, move || keep_spares(&spares, &spare_options))?;
        let log_thread = spawn("tessera-log", &options.abort, move || worker.run())?;
        log.threads.lock().extend([log_thread, spare_thread]);
        Ok(log)
    }

    /// A log without threads: the caller steps its worker. This is how a simulator runs the very same code.
    pub fn stepped<S: Storage>(writer: Writer<S>) -> (Log<P>, Worker<S, P>) {
        let options = &writer.options;
        let (sender, receiver) = bounded(options.queue_handovers_max);
        let shared = Arc::new(Shared { stats: Mutex::new(writer.stats()), ..Shared::default() });
        let (spares, trimmer) = (Arc::clone(&writer.spares), Mutex::new(writer.trimmer()));
        let log = Log {
            sender,
            shared: Arc::clone(&shared),
            keeper: Arc::new(Keeping { spares, trimmer }),
            reader: writer.reader(),
            queue_bytes_max: options.queue_bytes_max,
            handover_bytes_max: HANDOVER_BYTES_MAX.min(options.group_room_bytes()),
            abort: Arc::clone(&options.abort),
            threads: Mutex::new(Vec::new()),
        };
        (log, Worker::new(writer, receiver, shared))
    }

    /// Makes everything queued durable, seals the tail and ends the threads. Later handovers are refused.
    pub fn stop(&self) {
        if self.shared.stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        // First, because on a full disk the thread may wait for a segment while the queue is full: then the queue takes no stop.
        self.keeper.stop_waiting();
        // When the receiver is gone the thread has ended already, and there is nothing to stop.
        let _ = self.sender.send(Message::Stop);
        for thread in self.threads.lock().drain(..) {
            // A panic of the thread has been reported by the abort hook.
            let _ = thread.join();
        }
    }

    /// What the writer has done.
    #[must_use]
    pub fn stats(&self) -> Stats {
        *self.shared.stats.lock()
    }

    /// The most frame bytes one handover may have: [`HANDOVER_BYTES_MAX`], or less where segments are small.
    #[must_use]
    pub fn handover_bytes_max(&self) -> usize {
        self.handover_bytes_max
    }

    /// A reading session over what is durable, for whoever reads more than once.
    #[must_use]
    pub fn history(&self) -> History {
        self.reader.history()
    }

    /// The reader of what is durable.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Where a journal stands, durably; as [`Reader::position`].
    #[must_use]
    pub fn position(&self, journal: JournalId) -> Option<Position> {
        self.reader.position(journal)
    }

    /// Rule 2. Returns only when a test's hook does.
    fn end_process(&self, error: Error) -> Error {
        (self.abort)(&Fatal::Failed(error));
        Error::Poisoned
    }

    /// Whether the disk is down to its reserve, so that no turn may make frames.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.keeper.refuses_frames()
    }

    fn refusal(&self, frame_bytes: usize) -> Option<FullReason> {
        let queued = self.shared.queued_bytes.load(Ordering::Acquire);
        if self.shared.stopping.load(Ordering::Acquire) {
            Some(FullReason::Stopped)
        } else if queued > 0 && queued + frame_bytes > self.queue_bytes_max {
            Some(FullReason::Queue)
        } else {
            None
        }
    }
}

impl<P: Passenger> Journal<P> for Log<P> {
    fn has_room(&self) -> bool {
        !self.is_disk_full()
    }

    fn append(&self, handover: Handover<P>) -> Result<(), Full<Handover<P>>> {
        let frame_bytes = handover.frames.len();
        assert!(frame_bytes <= self.handover_bytes_max, "a handover is bounded: {frame_bytes} bytes");
        assert!((frame_bytes == 0) == (handover.frame_count == 0), "a handover counts its frames");
        if let Some(reason) = self.refusal(frame_bytes) {
            return Err(Full { reason, handover });
        }
        self.shared.queued_bytes.fetch_add(frame_bytes, Ordering::AcqRel);
        let (reason, message) = match self.sender.try_send(Message::Handover(handover)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(message)) => (FullReason::Queue, message),
            Err(TrySendError::Disconnected(message)) => (FullReason::Stopped, message),
        };
        self.shared.queued_bytes.fetch_sub(frame_bytes, Ordering::AcqRel);
        match message {
            Message::Handover(handover) => Err(Full { reason, handover }),
            Message::Stop => unreachable!("only a handover was sent"),
        }
    }

    fn read(&self, journal: JournalId, from: FrameNo, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.reader.read(journal, from, visit)
    }

    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        match self.keeper.trim(keep_from) {
            // Not by its kind, by which a full disk is harmless: it is only before the new first segment is written down.
            Err(error @ (Error::Io { .. } | Error::Poisoned)) => Err(self.end_process(error)),
            trimmed => trimmed,
        }
    }

    fn durable(&self) -> GroupSeq {
        self.reader.durable()
    }
}

impl<P> Drop for Log<P> {
    fn drop(&mut self) {
        // The thread makes what waits durable, seals and ends, but nobody waits for it: a passenger may hold the last handle, and
        // a thread cannot join itself. Whoever wants to wait calls `stop`.
        self.keeper.stop_waiting();
    }
}

fn keep_spares<S: Storage>(spares: &Spares<S>, options: &Options) -> Result<(), Error> {
    while spares.wait_until_wanted(options.spare_retry) {
        match spares.make_one() {
            Ok(()) | Err(Error::DiskFull { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A thread that ends the process when it fails or panics. What the body holds lives until then: whoever finds the queue's other
/// end gone would panic first, and the last words would be theirs.
fn spawn(name: &'static str, abort: &Abort, mut body: impl FnMut() -> Result<(), Error> + Send + 'static) -> Spawned {
    let abort = Arc::clone(abort);
    let guarded = move || match catch_unwind(AssertUnwindSafe(&mut body)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => abort(&Fatal::Failed(error)),
        Err(panic) => abort(&Fatal::Panicked(message_of(panic.as_ref()))),
    };
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(guarded);
    spawned.map_err(|source| Error::Io { operation: "start of the thread", file: name.to_owned(), offset: 0, source })
}

type Spawned = Result<JoinHandle<()>, Error>;

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
