//! What the engine's log says of itself, in the contract's words: for the operator's status.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tessera_engine::{Node, node::SYNC_BOUNDS_US};
use tessera_proto::v1;

/// One node's log since the node opened.
pub struct Journal {
    uuid: String,
    recovery: v1::RecoveryStatus,
    began: Instant,
    up: OnceLock<Instant>,
    log: Box<dyn Fn() -> v1::LogStatus + Send + Sync>,
}

impl Journal {
    /// That of a node whose opening began at `began`.
    pub fn of(node: &Node, began: Instant) -> Self {
        let recovery = node.recovery();
        let log = node.log();
        Self {
            uuid: recovery.identity.uuid.to_string(),
            recovery: v1::RecoveryStatus {
                frames: recovery.replayed.frames,
                bytes: recovery.replayed.bytes,
                elapsed_ms: 0,
                sealed: recovery.sealed,
                cut: recovery.cut.is_some(),
            },
            began,
            up: OnceLock::new(),
            log: Box::new(move || {
                let stats = log.stats();
                v1::LogStatus {
                    groups: stats.groups,
                    seals: stats.seals,
                    syncs: stats.syncs,
                    frames: stats.frames,
                    frame_bytes: stats.frame_bytes,
                    disk_bytes: stats.disk_bytes,
                    segments: stats.segments,
                    full: log.is_disk_full(),
                    sync_times: Some(v1::TimeHistogram {
                        bounds_us: SYNC_BOUNDS_US.to_vec(),
                        counts: stats.sync_times.counts.to_vec(),
                        sum_us: stats.sync_times.sum_us,
                    }),
                }
            }),
        }
    }

    /// The log's identity.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Every partition is served from now on. Gives what the start found.
    pub fn note_up(&self) -> v1::RecoveryStatus {
        self.up.get_or_init(Instant::now);
        self.recovery()
    }

    /// Whether every partition is served.
    pub fn is_up(&self) -> bool {
        self.up.get().is_some()
    }

    /// What the start found, and how long it took, or has taken until now.
    pub fn recovery(&self) -> v1::RecoveryStatus {
        let until = self.up.get().copied().unwrap_or_else(Instant::now);
        v1::RecoveryStatus { elapsed_ms: until.duration_since(self.began).as_millis() as i64, ..self.recovery }
    }

    /// What the log has done since.
    pub fn log(&self) -> v1::LogStatus {
        (self.log)()
    }

    /// Milliseconds since the node opened.
    pub fn uptime_ms(&self) -> i64 {
        self.up.get().map_or(Duration::ZERO, Instant::elapsed).as_millis() as i64
    }
}
