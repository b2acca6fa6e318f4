//! A server of one's own: for facts that count everything, and for those that stop it.

use std::{net::SocketAddr, path::Path};

use tempfile::TempDir;
use tessera_rpc::{
    serving::{Listening, Serving},
    settings::Settings,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::House;

/// A new directory of four partitions, and settings that serve it on free ports.
pub fn settings() -> (Settings, TempDir) {
    let dir = TempDir::with_prefix_in("own-", env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    tessera_engine::directory::init(dir.path(), 4).expect("a new directory");
    let mut settings = Settings { data_dir: Some(dir.path().to_owned()), ..Settings::default() };
    settings.server.listen = free();
    settings.server.metrics_listen = Some(free());
    settings.engine.shards = 2;
    (settings, dir)
}

fn free() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

/// A server that was told to listen and not yet to open.
pub async fn listening() -> (Listening, TempDir) {
    let (settings, dir) = settings();
    (Listening::begin(&settings).await.expect("it listens"), dir)
}

/// Serves a directory, perhaps once more. Tasks of the server before may hold its lock a moment longer.
pub async fn serve(settings: &Settings) -> Serving {
    loop {
        match Serving::start(settings).await {
            Err(error) if error.to_string().contains("another process holds") => tokio::task::yield_now().await,
            started => return started.expect("it starts"),
        }
    }
}

/// Clients of a server.
pub async fn house(address: SocketAddr) -> House {
    House::at(&format!("http://{address}")).await
}

/// What a port for metrics answered.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub head: String,
    pub body: String,
}

/// Asks with GET.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: tessera\r\n\r\n")).await.expect("an answer")
}

/// Sends a request as it is; `None` if the connection was closed without an answer.
pub async fn ask(address: SocketAddr, request: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut text = Vec::new();
    // Who is refused half-way may find the connection closed.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.read_to_end(&mut text).await;
    let text = String::from_utf8(text).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n")?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    Some(Answer { code, head: head.to_owned(), body: body.to_owned() })
}

/// The directory that a stopped server has left is whole. Tasks whose connection was cut may hold its lock a moment longer.
pub async fn check_is_whole(dir: &Path) {
    use tessera_engine::{node, offline, recovery};
    loop {
        match offline::verify(dir, &mut |_| {}) {
            Err(node::Error::Recovery(recovery::Error::Log(error))) if error.kind() == offline::ErrorKind::Locked => {
                tokio::task::yield_now().await;
            }
            verified => {
                let verified = verified.expect("it is read");
                return assert!(verified.is_whole(), "{verified:?}");
            }
        }
    }
}
