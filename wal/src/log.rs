//! The log: the writer on a thread of its own, behind a bounded queue.
//!
//! The thread takes everything that waits, up to a group's bound, makes it one group (one write, one `fdatasync`), and then
//! releases the passengers in order (I11). Any error and any panic on it ends the process (rules 2 and 14). A second thread keeps
//! spare segments ready, so that the first one never zeroes.

use crate::error::Error;
use crate::frame::Frame;
use crate::journal::{Full, FullReason, Handover, Journal, Passenger};
use crate::number::{FrameNo, GroupSeq, JournalId};
use crate::options::{Abort, Fatal, HANDOVER_BYTES_MAX, Options};
use crate::read::Reader;
use crate::spares::Spares;
use crate::storage::Storage;
use crate::trim::{self, KeepFrom, Trimmed};
use crate::writer::{SpareSource, Stats, Writer};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use parking_lot::Mutex;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// All journals of a node in one physical log.
pub struct Log<P> {
    sender: Sender<Message<P>>,
    shared: Arc<Shared>,
    keeper: Arc<dyn Keeper>,
    queue_bytes_max: usize,
    handover_bytes_max: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

enum Message<P> {
    Handover(Handover<P>),
    Stop,
}

struct Shared {
    queued_bytes: AtomicUsize,
    stopping: AtomicBool,
    stats: Mutex<Stats>,
}

/// The part of a log that knows which storage it is on.
trait Keeper: Send + Sync {
    fn read(&self, journal: JournalId, from: FrameNo, visit: &mut Visit<'_>) -> Result<(), Error>;
    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error>;
    fn durable(&self) -> GroupSeq;
    fn refuses_frames(&self) -> bool;
    fn stop_waiting(&self);
}

type Visit<'a> = dyn FnMut(Frame<'_>) -> ControlFlow<()> + 'a;

struct Keeping<S: Storage> {
    reader: Reader<S>,
    spares: Arc<Spares<S>>,
    trimmer: Mutex<trim::Trimmer<S>>,
}

impl<S: Storage> Keeper for Keeping<S> {
    fn read(&self, journal: JournalId, from: FrameNo, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.reader.read(journal, from, visit)
    }

    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        self.trimmer.lock().trim(keep_from)
    }

    fn durable(&self) -> GroupSeq {
        self.reader.durable()
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
    /// `Io` when the machine has no thread left.
    pub fn start<S: Storage>(mut writer: Writer<S>) -> Result<Log<P>, Error> {
        let options = writer.options.clone();
        writer.spare_source = SpareSource::Awaited;
        let (sender, receiver) = bounded(options.queue_handovers_max);
        let stats = Mutex::new(writer.stats());
        let shared = Arc::new(Shared { queued_bytes: AtomicUsize::new(0), stopping: AtomicBool::new(false), stats });
        let spares = Arc::clone(&writer.spares);
        let trimmer = Mutex::new(writer.trimmer());
        let keeper = Arc::new(Keeping { reader: writer.reader(), spares: Arc::clone(&spares), trimmer });
        let worker = Worker { writer, receiver, shared: Arc::clone(&shared), batch: Vec::new(), carried: None };
        let spare_options = options.clone();
        let spare_thread = spawn("tessera-spare", &options.abort, move || keep_spares(&spares, &spare_options))?;
        let log_thread = spawn("tessera-log", &options.abort, move || worker.run())?;
        let threads = Mutex::new(vec![log_thread, spare_thread]);
        let handover_bytes_max = HANDOVER_BYTES_MAX.min(options.group_room_bytes());
        Ok(Log { sender, shared, keeper, queue_bytes_max: options.queue_bytes_max, handover_bytes_max, threads })
    }

    /// Makes everything queued durable, seals the tail and ends the threads. Later handovers are refused.
    pub fn stop(&self) {
        if self.shared.stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        // When the receiver is gone the thread has ended already, and there is nothing to stop.
        let _ = self.sender.send(Message::Stop);
        self.keeper.stop_waiting();
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

    /// Whether handovers with frames are refused because the disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.keeper.refuses_frames()
    }

    fn refusal(&self, frame_bytes: usize) -> Option<FullReason> {
        let queued = self.shared.queued_bytes.load(Ordering::Acquire);
        if self.shared.stopping.load(Ordering::Acquire) {
            Some(FullReason::Stopped)
        } else if frame_bytes > 0 && self.keeper.refuses_frames() {
            Some(FullReason::Disk)
        } else if queued > 0 && queued + frame_bytes > self.queue_bytes_max {
            Some(FullReason::Queue)
        } else {
            None
        }
    }
}

impl<P: Passenger> Journal<P> for Log<P> {
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
        self.keeper.read(journal, from, visit)
    }

    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        self.keeper.trim(keep_from)
    }

    fn durable(&self) -> GroupSeq {
        self.keeper.durable()
    }
}

impl<P> Drop for Log<P> {
    fn drop(&mut self) {
        // Not sealed and not joined: whoever wants that calls `stop`. The threads end by themselves.
        self.keeper.stop_waiting();
    }
}

/// What runs on the log's thread.
struct Worker<S: Storage, P> {
    writer: Writer<S>,
    receiver: Receiver<Message<P>>,
    shared: Arc<Shared>,
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
    /// A full disk gets through to here only when the log stops: what waits then dies unpromised, with the process.
    fn run(self) -> Result<(), Error> {
        match self.serve() {
            Err(Error::DiskFull { .. }) => Ok(()),
            served => served,
        }
    }

    fn serve(mut self) -> Result<(), Error> {
        let mut idle = false;
        loop {
            match self.next(idle) {
                Next::Handover(first) => {
                    let stop = self.gather(first);
                    self.commit_and_release()?;
                    idle = false;
                    if stop {
                        return self.finish();
                    }
                }
                Next::Idle => {
                    self.seal()?;
                    idle = true;
                }
                Next::Stop => return self.finish(),
            }
        }
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
        let bytes = self.writer.pushed_bytes();
        self.writer.commit_pushed()?;
        *self.shared.stats.lock() = self.writer.stats();
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        // I11: the group is durable, and so is everything before it.
        self.batch.drain(..).flat_map(|handover| handover.passengers).for_each(Passenger::release);
        Ok(())
    }

    /// On a full disk the tail stays unsealed until there is room; that is no failure.
    fn seal(&mut self) -> Result<(), Error> {
        match self.writer.spares.refuses_frames() {
            true => Ok(()),
            false => self.writer.seal(),
        }
    }

    /// Everything that waits still becomes durable; then the tail is sealed.
    fn finish(mut self) -> Result<(), Error> {
        loop {
            let waiting = self.carried.take().map(Message::Handover).or_else(|| self.receiver.try_recv().ok());
            match waiting {
                Some(Message::Handover(handover)) => {
                    self.gather(handover);
                    self.commit_and_release()?;
                }
                Some(Message::Stop) => {}
                None => break,
            }
        }
        self.seal()
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

/// A thread that ends the process when it fails or panics.
fn spawn(name: &'static str, abort: &Abort, body: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Spawned {
    let abort = Arc::clone(abort);
    let guarded = move || match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => abort(&Fatal::Failed(error)),
        Err(panic) => abort(&Fatal::Panicked(message_of(panic.as_ref()))),
    };
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(guarded);
    spawned.map_err(|source| Error::Io { operation: "start of the thread", file: name.to_owned(), offset: 0, source })
}

type Spawned = Result<JoinHandle<()>, Error>;

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
