//! The process as the system sees it: memory and open files, read from `/proc` where there is one.

use std::fs;

use super::text::{Kind::Gauge, Text};

/// The process at one instant.
pub struct Process {
    resident_bytes: u64,
    open_fds: u64,
}

impl Process {
    /// Asks the system.
    pub fn read() -> Self {
        Self { resident_bytes: resident_bytes(), open_fds: open_fds() }
    }

    /// Tells it, and which build it runs.
    pub fn tell(&self, text: &mut Text) {
        let help = "Resident memory; 0 where the system does not say.";
        text.family("process_resident_bytes", Gauge, help).sample(&[], self.resident_bytes);
        let help = "Open file descriptors; 0 where the system does not say.";
        text.family("process_open_fds", Gauge, help).sample(&[], self.open_fds);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        text.family("build_info", Gauge, "Always 1; its label is the version.").sample(&version, 1);
    }
}

/// Resident memory of this process, in bytes; 0 where the system does not say.
pub fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(resident_kib).unwrap_or(0) * 1024
}

/// Open file descriptors of this process, the one that counts them aside; 0 where the system does not say.
fn open_fds() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1) as u64)
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

    #[test]
    fn an_open_file_is_counted() {
        let before = open_fds();
        let _files: Vec<_> = (0..64).map(|_| fs::File::open("/proc/self/status").unwrap()).collect();
        assert!(open_fds() >= before + 32, "other tests close a few meanwhile");
    }
}
