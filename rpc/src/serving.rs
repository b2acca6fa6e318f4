//! A server with its engine: listening, recovering, open, drained.
//!
//! The road of a process from start to stop, shared by `serve`, `dev` and the tests. It listens first, so that health
//! answers while the log is replayed, and stops the edge before the engine, so that whatever was taken is answered.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use tessera_engine::{
    Node,
    node::{self, Config},
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    cli::Error,
    desk::Open,
    journal::Journal,
    metrics::Metrics,
    progress::Bar,
    server::{Cut, Server},
    settings::Settings,
};

/// A server that answers, and has no engine yet: whatever is asked of it is DRAINING, and it is not ready.
pub struct Listening {
    server: Server,
    metrics: Option<Metrics>,
    dir: PathBuf,
    settings: Settings,
}

impl Listening {
    /// Listens, for calls and for metrics.
    ///
    /// # Errors
    /// When the settings do not allow it or an address is taken.
    pub async fn begin(settings: &Settings) -> Result<Self, Error> {
        let dir = settings.data_dir.clone().ok_or(Error::NoDataDir)?;
        let address = allowed(settings, settings.server.listen)?;
        let listen = |address| move |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen(address))?;
        let server = Server::start(listener, &settings.server).await.map_err(listen(address))?;
        let metrics = match settings.server.metrics_listen {
            Some(address) => {
                let address = allowed(settings, address)?;
                Some(Metrics::listen(address, server.desk().clone()).await.map_err(listen(address))?)
            }
            None => None,
        };
        let told = metrics.as_ref().map(|metrics| metrics.address().to_string()).unwrap_or_default();
        tracing::info!(address = %server.address(), metrics = told, "listening");
        Ok(Self { server, metrics, dir, settings: settings.clone() })
    }

    /// Replays the directory and opens.
    ///
    /// # Errors
    /// When the directory is refused.
    pub async fn open(self) -> Result<Serving, Error> {
        let Self { server, metrics, dir, settings } = self;
        let (node, began) = begin(&dir, &settings).await?;
        let (router, journal) = (node.router(), Journal::of(&node, began));
        let uuid = journal.uuid().to_owned();
        // From here on each partition is served as soon as it is up; the others answer RECOVERING.
        let open = server.desk().open(Open { router, journal, maintenance: node.maintenance() });
        let node = bring_up(node).await?;
        let recovery = open.journal.note_up();
        server.announce().await;
        tracing::info!(
            address = %server.address(), log = uuid, frames = recovery.frames, bytes = recovery.bytes,
            recovery_ms = recovery.elapsed_ms, cut = recovery.cut, "serving"
        );
        Ok(Serving { server, metrics, node })
    }

    /// Replays and opens, unless it is told to stop before every partition is up: `None`. What partitions that were up by then have
    /// taken is in the log; who was not answered asks again.
    ///
    /// # Errors
    /// When the directory is refused.
    pub async fn open_unless(self, stops: &mut Stops) -> Result<Option<Serving>, Error> {
        let mut closing = self.server.desk().closing();
        tokio::select! {
            opened = self.open() => opened.map(Some),
            () = stops.next() => Ok(None),
            _ = closing.wait_for(Option::is_some) => Ok(None),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where it answers for metrics and health.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Metrics::address)
    }
}

/// A server and the engine behind it.
pub struct Serving {
    server: Server,
    metrics: Option<Metrics>,
    node: Node,
}

impl Serving {
    /// Listens, replays the directory and opens.
    ///
    /// # Errors
    /// As [`Listening::begin`] and [`Listening::open`].
    pub async fn start(settings: &Settings) -> Result<Self, Error> {
        Listening::begin(settings).await?.open().await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where it answers for metrics and health.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Metrics::address)
    }

    /// Serves until a signal or an operator's call ends it. A signal while it drains cuts what is under way.
    ///
    /// # Errors
    /// As [`Serving::stop`].
    pub async fn run(self, stops: &mut Stops) -> Result<(), Error> {
        let mut closing = self.server.desk().closing();
        tokio::select! {
            () = stops.next() => {}
            _ = closing.wait_for(Option::is_some) => {}
        }
        self.stop(stops.next()).await
    }

    /// Takes nothing new, answers what is in flight, seals the log. What has not ended at the deadline, or at `hurry`, is cut.
    ///
    /// # Errors
    /// [`Error::Cut`] when something was; the log is sealed all the same.
    pub async fn stop(self, hurry: impl Future<Output = ()>) -> Result<(), Error> {
        let Self { server, metrics, node } = self;
        tracing::info!("draining");
        let cut = server.stop(hurry).await;
        // Joins the engine's threads, which blocks.
        let stopped = tokio::task::spawn_blocking(|| node.stop()).await;
        stopped.expect("the engine stops without a panic");
        // To the end it says that it is not ready.
        drop(metrics);
        tracing::info!("stopped");
        match cut == Cut::default() {
            true => Ok(()),
            false => Err(Error::Cut(cut)),
        }
    }
}

/// A runtime for the edge, with as many threads as the settings say. The engine has threads of its own.
pub fn runtime(settings: &Settings) -> Result<Runtime, Error> {
    let threads = settings.edge_threads(node::cores());
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().worker_threads(threads.into()).thread_name("tessera-edge").build().map_err(Error::Runtime)
}

/// The signals that ask for a stop: SIGINT and SIGTERM, from here on.
pub struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    /// Listens for them.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(Error::Runtime);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Completes at the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The address, if it stays on this machine or may leave it.
fn allowed(settings: &Settings, address: SocketAddr) -> Result<SocketAddr, Error> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    if !settings.server.allow_remote {
        return Err(Error::Remote(address));
    }
    tracing::warn!(%address, "other machines reach this server, and there is no authentication yet");
    Ok(address)
}

/// Opens the directory: its log is judged, its catalog rebuilt.
async fn begin(dir: &Path, settings: &Settings) -> Result<(Node, Instant), node::Error> {
    let config = Config {
        dir: dir.to_owned(),
        shards: settings.engine.shards,
        limits: Default::default(),
        log: settings.log_options(),
        accept_clock: settings.engine.accept_clock,
        snapshots: settings.snapshots.policy(),
    };
    let beginning = move || {
        let began = Instant::now();
        let mut bar = Bar::new("reading", io::stderr().is_terminal());
        let node = Node::begin(&config, &mut |done| bar.show(done.segments_done, done.segments, done.frames));
        bar.finish();
        node.map(|node| (node, began))
    };
    tokio::task::spawn_blocking(beginning).await.expect("recovery ends without a panic")
}

/// Waits until every partition is served.
async fn bring_up(mut node: Node) -> Result<Node, node::Error> {
    let partitions = u64::from(node.router().partitions());
    let bringing_up = move || {
        let mut bar = Bar::of("replaying", "partitions", io::stderr().is_terminal());
        let (mut up, mut frames) = (0, 0);
        let brought = node.await_partitions(&mut |one| {
            (up, frames) = (up + 1, frames + one.frames);
            bar.show(up, partitions, frames);
        });
        bar.finish();
        match brought {
            Ok(()) => Ok(node),
            Err(error) => {
                node.stop();
                Err(error)
            }
        }
    };
    tokio::task::spawn_blocking(bringing_up).await.expect("recovery ends without a panic")
}
