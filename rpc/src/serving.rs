//! A server with its engine: listening, recovering, open, drained.
//!
//! The road of a process from start to stop, shared by `serve`, `dev` and the tests. It listens first, so that health
//! answers while the log is replayed, and stops the edge before the engine, so that whatever was taken is answered.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use tessera_engine::{
    Node,
    node::{self, Config},
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use crate::{cli::Error, desk::Open, journal::Journal, progress::Bar, server::Server, settings::Settings};

/// A server and the engine behind it.
pub struct Serving {
    server: Server,
    node: Node,
    drain_deadline: Duration,
}

impl Serving {
    /// Listens, replays the directory and opens.
    ///
    /// # Errors
    /// When the settings do not allow it, the address is taken or the directory is refused.
    pub async fn start(settings: &Settings) -> Result<Self, Error> {
        let dir = settings.data_dir.clone().ok_or(Error::NoDataDir)?;
        let address = allowed(settings)?;
        let listen = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let server = Server::start(listener, settings.server.connections_max).await.map_err(listen)?;
        let (node, began) = match open(&dir, settings).await {
            Ok(opened) => opened,
            Err(error) => {
                server.stop(Duration::ZERO).await;
                return Err(error.into());
            }
        };
        let (router, journal) = (node.router(), Journal::of(&node, began));
        let (uuid, recovery) = (journal.uuid().to_owned(), journal.recovery());
        server.desk().open(Open { router, journal, maintenance: node.maintenance() });
        server.announce().await;
        tracing::info!(
            address = %server.address(), log = uuid, frames = recovery.frames, bytes = recovery.bytes,
            recovery_ms = recovery.elapsed_ms, cut = recovery.cut, "serving"
        );
        Ok(Self { server, node, drain_deadline: settings.server.drain_deadline() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Takes nothing new, answers what is in flight, seals the log.
    pub async fn stop(self) {
        tracing::info!("draining");
        let all_ended = self.server.stop(self.drain_deadline).await;
        if !all_ended {
            tracing::warn!("calls were cut at the drain deadline; their outcomes are in the log");
        }
        // Joins the engine's threads, which blocks.
        let stopped = tokio::task::spawn_blocking(|| self.node.stop()).await;
        stopped.expect("the engine stops without a panic");
        tracing::info!("stopped");
    }
}

/// A runtime for the edge. The engine has threads of its own.
pub fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("tessera-edge").build().map_err(Error::Runtime)
}

/// Completes at the first SIGINT or SIGTERM from here on.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Runtime)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The address, if it stays on this machine or may leave it.
fn allowed(settings: &Settings) -> Result<SocketAddr, Error> {
    let address = settings.server.listen;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    if !settings.server.allow_remote {
        return Err(Error::Remote(address));
    }
    tracing::warn!(%address, "other machines reach this server, and there is no authentication yet");
    Ok(address)
}

async fn open(dir: &Path, settings: &Settings) -> Result<(Node, Instant), node::Error> {
    let config = Config {
        dir: dir.to_owned(),
        shards: settings.engine.shards,
        limits: Default::default(),
        log: Default::default(),
        accept_clock: settings.engine.accept_clock,
        snapshots: Default::default(),
    };
    let opening = move || {
        let began = Instant::now();
        let mut bar = Bar::new("replaying", io::stderr().is_terminal());
        let node = Node::open(&config, &mut |done| bar.show(done.segments_done, done.segments, done.frames));
        bar.finish();
        node.map(|node| (node, began))
    };
    tokio::task::spawn_blocking(opening).await.expect("recovery ends without a panic")
}
