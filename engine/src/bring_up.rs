//! Bringing partitions up: rebuilt in parallel, each served as soon as its own tenure is durable.
//!
//! A few threads take one partition after the other. A partition that cannot be rebuilt stops the node:
//! what is up by then has lost nothing, and an operator has to look at the directory.

use crate::clock::{Clock, WallClock};
use crate::ledger::{Ledger, State};
use crate::letter::{Letter, Passenger, PostOffice};
use crate::lines::LineCheck;
use crate::node::Error;
use crate::offices::Offices;
use crate::rebuild::Rebuilder;
use crate::recovery;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tessera_domain::Partition;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{FullReason, JournalId, Log};

/// A partition that is served from now on.
#[derive(Clone, Copy, Debug)]
pub struct Up {
    /// Its number.
    pub partition: u16,
    /// Its last lsn.
    pub lsn: u64,
    /// The lsn of the image that it began with; 0 = none.
    pub image_lsn: u64,
    /// Images that were refused.
    pub images_refused: u64,
    /// Frames of the tail that were replayed.
    pub frames: u64,
    /// Their bytes.
    pub frame_bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// The threads that bring partitions up.
pub(crate) struct BringUp {
    partitions: u16,
    results: mpsc::Receiver<Result<Up, Error>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share.
struct Site {
    partitions: u16,
    next: AtomicU16,
    lines: Mutex<LineCheck>,
    log: Arc<Log<Passenger>>,
    clock: Arc<WallClock>,
    catalog_lsn: u64,
    offices: Arc<Offices>,
    is_stopping: Arc<AtomicBool>,
}

impl BringUp {
    /// Begins, with a thread for each rebuilder.
    pub(crate) fn start(
        rebuilders: Vec<Rebuilder<DiskStorage>>,
        partitions: u16,
        log: Arc<Log<Passenger>>,
        clock: Arc<WallClock>,
        catalog_lsn: u64,
        offices: Arc<Offices>,
        is_stopping: Arc<AtomicBool>,
    ) -> BringUp {
        let (tell, results) = mpsc::channel();
        let (next, lines) = (AtomicU16::new(0), Mutex::new(LineCheck::new(partitions)));
        let site = Arc::new(Site { partitions, next, lines, log, clock, catalog_lsn, offices, is_stopping });
        let hire = |mut rebuilder| {
            let (site, tell) = (site.clone(), tell.clone());
            std::thread::Builder::new()
                .name("tessera-bring-up".into())
                .spawn(move || {
                    while let Some(result) = site.bring_up_next(&mut rebuilder) {
                        // Nobody waits any more when the node is being stopped.
                        let _ = tell.send(result);
                    }
                })
                .expect("a machine that starts a server has a thread for it")
        };
        BringUp { partitions, results, threads: rebuilders.into_iter().map(hire).collect() }
    }

    /// Waits for all partitions, or for the first that cannot be brought up.
    pub(crate) fn wait(&mut self, tell: &mut dyn FnMut(Up)) -> Result<(), Error> {
        for _ in 0..self.partitions {
            tell(self.results.recv().map_err(|_| Error::Tenure(FullReason::Stopped))??);
        }
        Ok(())
    }

    pub(crate) fn join(&mut self) {
        for thread in self.threads.drain(..) {
            thread.join().expect("bringing up ends without a panic");
        }
    }
}

impl Site {
    /// `None` when there is none left, or the node stops.
    fn bring_up_next(&self, rebuilder: &mut Rebuilder<DiskStorage>) -> Option<Result<Up, Error>> {
        if self.is_stopping.load(Ordering::Acquire) {
            return None;
        }
        let partition = self.next.fetch_add(1, Ordering::Relaxed);
        (partition < self.partitions).then(|| self.bring_up(partition, rebuilder))
    }

    fn bring_up(&self, partition: u16, rebuilder: &mut Rebuilder<DiskStorage>) -> Result<Up, Error> {
        let began = Instant::now();
        let rebuilt = recovery::rebuild_whole::<Partition, _>(rebuilder, JournalId(partition)).map_err(recovery::Error::from)?;
        let mut ledger = rebuilt.ledger;
        self.lines.lock().admit(ledger.state()).map_err(recovery::Error::from)?;
        begin_tenure(&mut ledger, &self.log, self.clock.now_ms(), self.catalog_lsn)?;
        let up = Up {
            partition,
            lsn: ledger.state().lsn(),
            image_lsn: rebuilt.image.map_or(0, |image| image.subject.cursor.lsn.0),
            images_refused: rebuilt.refused.len() as u64,
            frames: rebuilt.frames,
            frame_bytes: rebuilt.frame_bytes,
            took: began.elapsed(),
        };
        self.offices.post(Letter::Partition(Box::new(ledger)));
        Ok(up)
    }
}

/// Appends an owner's first record and waits until it is durable: nothing is served before.
pub(crate) fn begin_tenure<S: State>(
    ledger: &mut Ledger<S>,
    log: &Log<Passenger>,
    wall_ms: i64,
    catalog_lsn: u64,
) -> Result<(), Error> {
    let (durable, wait) = mpsc::channel();
    let passenger = Passenger::Call(Box::new(move || {
        // The receiver is there until this has arrived.
        let _ = durable.send(());
    }));
    ledger.begin_tenure(log, wall_ms, catalog_lsn, passenger).map_err(Error::Tenure)?;
    wait.recv().map_err(|_| Error::Tenure(FullReason::Stopped))
}
