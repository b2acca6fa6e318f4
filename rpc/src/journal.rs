//! What the engine's log says of itself, in the contract's words: for the operator's status.

use std::{fs, time::Instant};

use tessera_engine::Node;
use tessera_proto::v1;

/// One node's log since the node opened.
pub struct Journal {
    uuid: String,
    recovery: v1::RecoveryStatus,
    opened: Instant,
    log: Box<dyn Fn() -> v1::LogStatus + Send + Sync>,
}

impl Journal {
    /// That of a node whose opening began at `began`.
    pub fn of(node: &Node, began: Instant) -> Self {
        let (recovery, opened) = (node.recovery(), Instant::now());
        let elapsed_ms = opened.duration_since(began).as_millis() as i64;
        let log = node.log();
        Self {
            uuid: recovery.identity.uuid.to_string(),
            recovery: v1::RecoveryStatus {
                frames: recovery.replayed.frames,
                bytes: recovery.replayed.bytes,
                elapsed_ms,
                sealed: recovery.sealed,
                cut: recovery.cut.is_some(),
            },
            opened,
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
                }
            }),
        }
    }

    /// The log's identity.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// What the start found.
    pub fn recovery(&self) -> v1::RecoveryStatus {
        self.recovery
    }

    /// What the log has done since.
    pub fn log(&self) -> v1::LogStatus {
        (self.log)()
    }

    /// Milliseconds since the node opened.
    pub fn uptime_ms(&self) -> i64 {
        self.opened.elapsed().as_millis() as i64
    }
}

/// Resident memory of this process, in bytes; 0 where the system does not say.
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(resident_kib).unwrap_or(0) * 1024
}

/// The number of a line "VmRSS:  1234 kB".
fn resident_kib(line: &str) -> Option<u64> {
    line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_its_line() {
        assert_eq!(resident_kib("VmRSS:\t   1234 kB"), Some(1234));
        assert_eq!(resident_kib("VmSize:\t   1234 kB"), None);
    }
}
