//! A node: one data directory, its log, its actors on their threads, from opening to stopping.
//!
//! ```text
//! DIR/keys    secret keys, mode 0600        DIR/wal/    the log, locked for the life of the process
//! ```
//!
//! Opening replays the log, checks the clock, makes the tenure records durable, and only then are
//! commands taken.

use crate::actor::{CatalogActor, ShardActor, Shell};
use crate::catalog::CatalogOwner;
use crate::clock::{self, Clock, ClockRefused, WallClock};
use crate::keys::{KEYS_NAME, KeysError, NodeKeys};
use crate::lane::Lane;
use crate::letter::{Letter, Passenger, PostOffice};
use crate::recovery::{self, Recovered};
use crate::router::{Router, Routes};
use crate::shard::{Limits, Settings, Shard};
use actix::{Actor, Arbiter, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{FullReason, Log, LogUuid, Options, Progress, Recovery};
pub use tessera_wal::{SYNC_BOUNDS_US, SyncTimes};

/// Most partitions of a directory: a code has eight bits for its partition.
pub const PARTITIONS_MAX: u16 = 256;

/// Partitions unless said otherwise.
pub const PARTITIONS_DEFAULT: u16 = 16;

/// Between two wake-ups that only time causes.
const TICK: Duration = Duration::from_millis(10);

/// How a node is opened.
#[derive(Clone)]
pub struct Config {
    /// The data directory.
    pub dir: PathBuf,
    /// Shards; 0 = as many as there are cores. At most one a partition.
    pub shards: u16,
    /// The shards' limits.
    pub limits: Limits,
    /// The log's limits.
    pub log: Options,
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

/// What a directory says of itself beside its log: kept as the log's caller bytes.
pub(crate) struct Layout {
    pub(crate) partitions: u16,
    keys: u64,
}

const LAYOUT_FORMAT: u16 = 1;

impl Layout {
    fn bytes(&self) -> Vec<u8> {
        [&LAYOUT_FORMAT.to_le_bytes()[..], &self.partitions.to_le_bytes(), &self.keys.to_le_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Layout> {
        let (format, rest) = bytes.split_first_chunk::<2>()?;
        let (partitions, rest) = rest.split_first_chunk::<2>()?;
        let keys = rest.try_into().ok()?;
        let layout = Layout { partitions: u16::from_le_bytes(*partitions), keys: u64::from_le_bytes(keys) };
        (*format == LAYOUT_FORMAT.to_le_bytes() && is_partition_count(layout.partitions)).then_some(layout)
    }
}

fn is_partition_count(partitions: u16) -> bool {
    partitions.is_power_of_two() && partitions <= PARTITIONS_MAX
}

/// Makes a data directory: keys, then an empty log.
///
/// # Errors
/// When there is one already, the number of partitions is not a power of two up to 256, or the disk fails.
pub fn init(dir: &Path, partitions: u16) -> Result<LogUuid, Error> {
    if !is_partition_count(partitions) {
        return Err(Error::Setting {
            setting: "partitions",
            found: u64::from(partitions),
            allowed: "a power of two from 1 to 256",
        });
    }
    let failed = |source| Error::Dir { dir: dir.into(), source };
    make_directory(dir).map_err(failed)?;
    let storage = storage(dir)?;
    let mut uuid = [0; 16];
    getrandom::fill(&mut uuid).map_err(|source| failed(std::io::Error::other(source)))?;
    // Keys without a log are those of an `init` that died between the two.
    if !dir.join(KEYS_NAME).exists() {
        NodeKeys::create(dir)?;
    }
    let layout = Layout { partitions, keys: NodeKeys::read(dir)?.check_number() };
    tessera_wal::create(&storage, LogUuid(uuid), &layout.bytes())?;
    Ok(LogUuid(uuid))
}

/// Makes the directories and their names durable.
fn make_directory(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir.join("wal"))?;
    let dir = dir.canonicalize()?;
    for made in [Some(dir.as_path()), dir.parent()].into_iter().flatten() {
        std::fs::File::open(made)?.sync_all()?;
    }
    Ok(())
}

pub(crate) fn storage(dir: &Path) -> Result<DiskStorage, Error> {
    DiskStorage::new(dir.join("wal")).map_err(|source| Error::Dir { dir: dir.into(), source })
}

/// A running node.
pub struct Node {
    router: Router,
    log: Arc<Log<Passenger>>,
    recovery: Recovery,
    system: System,
    threads: Vec<JoinHandle<()>>,
    is_stopping: Arc<AtomicBool>,
}

impl Node {
    /// Opens a directory, replays it, and begins to serve.
    ///
    /// # Errors
    /// See [`Error`]; nothing is served then.
    pub fn open(config: &Config, progress: &mut dyn FnMut(Progress)) -> Result<Node, Error> {
        let dir = &config.dir;
        let keys = NodeKeys::read(dir)?;
        let storage = storage(dir)?;
        let layout = layout(dir, &storage, &keys)?;
        let shards = shards(config.shards, layout.partitions)?;
        let recovered = recovery::recover(storage, &config.log, keys.hash, layout.partitions, shards, progress)?;
        let clock = Arc::new(WallClock::start());
        if !config.accept_clock {
            clock::check(clock.now_ms(), recovered.last_ms())?;
        }
        let settings =
            Settings { partitions: layout.partitions, key: keys.hash, key_version: keys.codes.current(), limits: config.limits };
        Node::serve(recovered, Arc::new(settings), keys, shards, clock)
    }

    fn serve(
        recovered: Recovered<DiskStorage>,
        settings: Arc<Settings>,
        keys: NodeKeys,
        shards: u16,
        clock: Arc<WallClock>,
    ) -> Result<Node, Error> {
        let Recovered { writer, log: recovery, mut catalog, mut partitions } = recovered;
        let log = Arc::new(Log::start(writer)?);
        begin_tenures(&log, &mut catalog, &mut partitions, clock.now_ms())?;
        let offices = Arc::new(Offices::new(shards));
        let shared = Arc::new(catalog.state().catalog().clone());
        let mut shares: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
        for ledger in partitions {
            shares[usize::from(ledger.state().id() % shards)].push(ledger);
        }
        let shell = |lane: &Arc<Lane>| Shell::new(lane.clone(), log.clone(), clock.clone());
        let actors = (0..shards).zip(shares).map(|(number, share)| {
            let shard = Shard::new(number, settings.clone(), offices.clone(), shared.clone(), share, clock.now_ms());
            ShardActor { shard, shell: shell(&offices.shards[usize::from(number)]) }
        });
        let owner = CatalogOwner::new(catalog, offices.clone(), shards);
        let catalog = CatalogActor { owner, shell: shell(&offices.catalog), inbox: Default::default() };
        let (system, actors, thread) = start_actors(actors.collect(), catalog);
        offices.lead_to(&actors);
        let is_stopping = Arc::new(AtomicBool::new(false));
        let ticker = start_ticker(offices, is_stopping.clone());
        let routes = Routes {
            keys,
            partitions: settings.partitions,
            shards: actors.0,
            catalog: actors.1,
            is_draining: AtomicBool::new(false),
        };
        Ok(Node { router: Router::new(routes), log, recovery, system, threads: vec![thread, ticker], is_stopping })
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

    /// Takes no more commands; what is under way is answered as it becomes durable.
    pub fn drain(&self) {
        self.router.drain();
    }

    /// Ends: no more commands, everything handed over is made durable, the tail is sealed.
    pub fn stop(self) {
        self.drain();
        self.is_stopping.store(true, Ordering::Release);
        self.system.stop();
        for thread in self.threads {
            thread.join().expect("an actor's thread ends without a panic, or the process does");
        }
        self.log.stop();
    }
}

/// Reads what the directory is, before anything is replayed with the wrong keys.
pub(crate) fn layout(dir: &Path, storage: &DiskStorage, keys: &NodeKeys) -> Result<Layout, Error> {
    let foreign = |what| Error::Foreign { dir: dir.into(), what };
    let identity = tessera_wal::Identity::load(storage)?;
    let layout = Layout::parse(&identity.caller_bytes).ok_or(foreign("the directory's layout is not known to this build"))?;
    if layout.keys != keys.check_number() {
        return Err(foreign("the keys belong to another directory"));
    }
    Ok(layout)
}

fn shards(wanted: u16, partitions: u16) -> Result<u16, Error> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u16);
    match wanted {
        0 => Ok(cores.min(partitions)),
        1.. if wanted <= partitions => Ok(wanted),
        _ => Err(Error::Setting { setting: "shards", found: u64::from(wanted), allowed: "at most one a partition" }),
    }
}

/// Makes every owner's first record durable.
fn begin_tenures(
    log: &Log<Passenger>,
    catalog: &mut crate::ledger::Ledger<tessera_domain::catalog::CatalogState>,
    partitions: &mut [crate::ledger::Ledger<tessera_domain::Partition>],
    wall_ms: i64,
) -> Result<(), Error> {
    let catalog_lsn = catalog.state().lsn();
    let (durable, wait) = mpsc::channel();
    let passenger = || {
        let durable = durable.clone();
        Passenger::Call(Box::new(move || {
            // Nobody waits any more only if a later tenure was refused, and then the node is not opened.
            let _ = durable.send(());
        }))
    };
    catalog.begin_tenure(log, wall_ms, catalog_lsn, passenger()).map_err(Error::Tenure)?;
    for ledger in partitions.iter_mut() {
        ledger.begin_tenure(log, wall_ms, catalog_lsn, passenger()).map_err(Error::Tenure)?;
    }
    for _ in 0..=partitions.len() {
        wait.recv().map_err(|_| Error::Tenure(FullReason::Stopped))?;
    }
    Ok(())
}

type Addresses = (Vec<actix::Addr<ShardActor>>, actix::Addr<CatalogActor>);

/// Puts each actor on a thread of its own.
fn start_actors(shards: Vec<ShardActor>, catalog: CatalogActor) -> (System, Addresses, JoinHandle<()>) {
    let (tell, told) = mpsc::channel();
    let run = move || {
        let runner = System::new();
        let addresses = runner.block_on(async move {
            let shards = shards.into_iter().map(|shard| ShardActor::start_in_arbiter(&arbiter(), move |_| shard)).collect();
            (shards, CatalogActor::start_in_arbiter(&arbiter(), move |_| catalog))
        });
        tell.send((System::current(), addresses)).expect("the opening thread waits for the addresses");
        runner.run().expect("the actors' system ends when it is told to");
    };
    let thread = std::thread::Builder::new()
        .name("tessera-actors".into())
        .spawn(run)
        .expect("a machine that starts a server has a thread for it");
    let (system, addresses) = told.recv().expect("the actors have started");
    (system, addresses, thread)
}

fn arbiter() -> actix::ArbiterHandle {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a thread has room for its runtime");
    Arbiter::with_tokio_rt(runtime).handle()
}

fn start_ticker(offices: Arc<Offices>, is_stopping: Arc<AtomicBool>) -> JoinHandle<()> {
    let run = move || {
        while !is_stopping.load(Ordering::Acquire) {
            std::thread::sleep(TICK);
            offices.wake_all();
        }
    };
    std::thread::Builder::new()
        .name("tessera-ticker".into())
        .spawn(run)
        .expect("a machine that starts a server has a thread for it")
}

/// The lanes of all actors: where letters go.
struct Offices {
    shards: Vec<Arc<Lane>>,
    catalog: Arc<Lane>,
}

impl Offices {
    fn new(shards: u16) -> Offices {
        Offices { shards: (0..shards).map(|_| Arc::default()).collect(), catalog: Arc::default() }
    }

    fn lead_to(&self, (shards, catalog): &Addresses) {
        for (lane, shard) in self.shards.iter().zip(shards) {
            lane.lead_to(shard.clone().recipient());
        }
        self.catalog.lead_to(catalog.clone().recipient());
    }

    fn wake_all(&self) {
        for lane in self.shards.iter().chain([&self.catalog]) {
            lane.wake();
        }
    }

    fn lane(&self, partition: u16) -> &Lane {
        &self.shards[usize::from(partition) % self.shards.len()]
    }
}

impl PostOffice for Offices {
    fn post(&self, letter: Letter) {
        let lane = match &letter {
            Letter::Lease { to, .. } | Letter::Line { to, .. } | Letter::LineAck { to, .. } => self.lane(*to),
            Letter::Catalog { shard, .. } => &self.shards[usize::from(*shard)],
            Letter::Installed { .. } => &self.catalog,
        };
        lane.post(letter);
    }
}
