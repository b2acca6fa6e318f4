//! A node: one data directory, its log, its actors on their threads, from opening to stopping.
//!
//! Opening judges the log, checks the clock and rebuilds the catalog; then the actors run, and the
//! partitions come up one by one in the background: rebuilt, their tenure made durable, adopted by their
//! shard, served. What is asked of a partition before that is refused with RECOVERING.

use crate::actor::{CatalogActor, ShardActor, Shell};
use crate::bring_up::{BringUp, Up, begin_tenure};
use crate::catalog::CatalogOwner;
use crate::clock::{self, Clock, ClockRefused, WallClock};
use crate::directory::Directory;
use crate::keys::KeysError;
use crate::lane::Lane;
use crate::ledger::Ledger;
use crate::letter::Passenger;
use crate::maintenance::Maintenance;
use crate::offices::Offices;
use crate::rebuild::Rebuilder;
use crate::recovery::{self, Opened};
use crate::router::{Router, Routes};
use crate::shard::{Limits, Settings, Shard};
use crate::snapshots::{Policy, Snapshots};
use crate::snapshotter::Snapshotter;
use crate::threads::{start_actors, start_ticker};
use actix::System;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::Images;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{FullReason, JournalId, Log, Progress, Recovery};
pub use tessera_wal::{Options, SYNC_BOUNDS_US, SyncTimes};

/// How a node is opened.
#[derive(Clone)]
pub struct Config {
    /// The data directory.
    pub dir: PathBuf,
    /// Shards; 0 = one a core (decision 21). At most one a partition.
    pub shards: u16,
    /// The shards' limits.
    pub limits: Limits,
    /// The log's limits.
    pub log: Options,
    /// When snapshots are taken by themselves.
    pub snapshots: Policy,
    /// Take a clock that lies far from the newest frame: an operator's decision.
    pub accept_clock: bool,
}

/// Why a directory cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Its log, or what the log says.
    #[error(transparent)]
    Recovery(#[from] recovery::Error),
    /// The machine's clock.
    #[error(transparent)]
    Clock(#[from] ClockRefused),
    /// The directory itself.
    #[error("{dir}: {source}")]
    Dir {
        /// Which.
        dir: PathBuf,
        /// The disk's answer.
        #[source]
        source: std::io::Error,
    },
    /// A setting out of its range.
    #[error("{setting} is {found}, it must be {allowed}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// Its value.
        found: u64,
        /// What it may be.
        allowed: &'static str,
    },
    /// The directory was written with another layout, or the keys belong to another directory.
    #[error("{dir}: {what}")]
    Foreign {
        /// Which.
        dir: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// The log took no tenure record.
    #[error("the log takes no tenure record: {0:?}")]
    Tenure(FullReason),
}

impl From<tessera_wal::Error> for Error {
    fn from(error: tessera_wal::Error) -> Error {
        Error::Recovery(error.into())
    }
}

/// A running node.
pub struct Node {
    router: Router,
    log: Arc<Log<Passenger>>,
    recovery: Recovery,
    snapshots: Arc<Snapshots>,
    maintenance: Arc<Maintenance>,
    bring_up: BringUp,
    system: System,
    threads: Vec<JoinHandle<()>>,
    is_stopping: Arc<AtomicBool>,
}

impl Node {
    /// Opens a directory and waits until all of it is served.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn open(config: &Config, progress: &mut dyn FnMut(Progress)) -> Result<Node, Error> {
        let mut node = Node::begin(config, progress)?;
        match node.await_partitions(&mut |_| {}) {
            Ok(()) => Ok(node),
            Err(error) => {
                node.stop();
                Err(error)
            }
        }
    }

    /// Opens a directory; its partitions come up in the background. `progress` tells of the log's first reading.
    ///
    /// # Errors
    /// See [`Error`]; nothing is served then.
    pub fn begin(config: &Config, progress: &mut dyn FnMut(Progress)) -> Result<Node, Error> {
        let directory = Directory::open(&config.dir)?;
        let partitions = directory.partitions();
        let shards = shards(config.shards, partitions)?;
        let opened = recovery::open(directory.log.clone(), &directory.images, &config.log, partitions, progress)?;
        let images = Images::open(directory.images.clone(), opened.log.identity.uuid).map_err(recovery::Error::from)?;
        let clock = Arc::new(WallClock::start());
        if !config.accept_clock {
            clock::check(clock.now_ms(), opened.last_ms.max(recovery::last_image_ms(&images)))?;
        }
        Node::serve(directory, config, opened, images, shards, clock)
    }

    fn serve(
        directory: Directory,
        config: &Config,
        opened: Opened<DiskStorage>,
        images: Images<DiskStorage>,
        shards: u16,
        clock: Arc<WallClock>,
    ) -> Result<Node, Error> {
        let rebuild_keys = directory.rebuild_keys();
        let (keys, partitions) = (directory.keys, directory.layout.partitions);
        let Opened { writer, log: recovery, .. } = opened;
        let log = Arc::new(Log::start(writer)?);
        let rebuilder = || Rebuilder::new(images.clone(), log.history(), rebuild_keys);
        let mut catalog: Ledger<CatalogState> =
            recovery::rebuild_whole(&mut rebuilder(), JournalId::CATALOG).map_err(recovery::Error::from)?.ledger;
        let catalog_lsn = catalog.state().lsn();
        begin_tenure(&mut catalog, &log, clock.now_ms(), catalog_lsn)?;
        let settings = Settings { partitions, key: keys.hash, key_version: keys.codes.current(), limits: config.limits };
        let settings = Arc::new(settings);
        let offices = Arc::new(Offices::new(shards));
        let shared = Arc::new(catalog.state().catalog().clone());
        let shell = |lane: &Arc<Lane>| Shell::new(lane.clone(), log.clone(), clock.clone());
        let actors = (0..shards).map(|number| {
            let shard = Shard::new(number, settings.clone(), offices.clone(), shared.clone());
            ShardActor { shard, shell: shell(&offices.shards[usize::from(number)]) }
        });
        let owner = CatalogOwner::new(catalog, offices.clone(), shards);
        let catalog = CatalogActor { owner, shell: shell(&offices.catalog), inbox: Default::default() };
        let (system, actors, thread) = start_actors(actors.collect(), catalog);
        offices.lead_to(&actors);
        let is_stopping = Arc::new(AtomicBool::new(false));
        let ticker = start_ticker(offices.clone(), is_stopping.clone());
        let rebuilders = (0..cores().min(partitions)).map(|_| rebuilder()).collect();
        let bring_up =
            BringUp::start(rebuilders, partitions, log.clone(), clock.clone(), catalog_lsn, offices, is_stopping.clone());
        let snapshotter = Snapshotter::new(images.clone(), rebuild_keys);
        let snapshots = Snapshots::start(snapshotter, partitions, log.clone(), clock.clone(), config.snapshots);
        let (shards, catalog) = actors;
        let routes = Routes { keys, partitions, shards, catalog, is_draining: AtomicBool::new(false) };
        let (router, threads) = (Router::new(routes), vec![thread, ticker]);
        let for_operations = {
            let (images, log) = (images.clone(), log.clone());
            move || Rebuilder::new(images.clone(), log.history(), rebuild_keys)
        };
        let (dir, rebuilder) = (config.dir.clone(), Box::new(for_operations));
        let reader = log.reader().clone();
        let maintenance = Maintenance::new(dir, router.clone(), clock, snapshots.clone(), rebuilder, reader);
        Ok(Node { router, log, recovery, snapshots, maintenance, bring_up, system, threads, is_stopping })
    }

    /// Waits until every partition is served; `tell` hears of each.
    ///
    /// # Errors
    /// When one cannot be rebuilt: then the node must be stopped.
    pub fn await_partitions(&mut self, tell: &mut dyn FnMut(Up)) -> Result<(), Error> {
        let mut tail_bytes = 0;
        self.bring_up.wait(&mut |up| {
            tail_bytes += up.frame_bytes;
            tell(up);
        })?;
        self.snapshots.carry(tail_bytes);
        self.maintenance.watch_unfinished_voids();
        Ok(())
    }

    /// The way to its shards.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the log found at the start.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The log.
    pub fn log(&self) -> Arc<Log<Passenger>> {
        self.log.clone()
    }

    /// Its snapshots and long operations.
    pub fn maintenance(&self) -> Arc<Maintenance> {
        self.maintenance.clone()
    }

    /// Takes no more commands; what is under way is answered as it becomes durable.
    pub fn drain(&self) {
        self.router.drain();
    }

    /// Ends: no more commands, everything handed over is made durable, the tail is sealed. A node that is dropped does the same.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if self.is_stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        self.drain();
        self.snapshots.stop();
        self.bring_up.join();
        self.system.stop();
        for thread in self.threads.drain(..) {
            thread.join().expect("an actor's thread ends without a panic, or the process does");
        }
        self.log.stop();
    }
}

/// No thread of a node outlives it: whoever drops one may take its directory away.
impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

/// Cores that this process may use.
pub fn cores() -> u16 {
    std::thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(u16::MAX))
}

fn shards(wanted: u16, partitions: u16) -> Result<u16, Error> {
    match wanted {
        0 => Ok(cores().min(partitions)),
        1.. if wanted <= partitions => Ok(wanted),
        _ => Err(Error::Setting { setting: "shards", found: u64::from(wanted), allowed: "at most one a partition" }),
    }
}
