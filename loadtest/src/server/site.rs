//! One failing call of the system: which, when, and what came of it. `strace` makes the call fail and writes down on which file.
//!
//! It counts the calls of each thread by itself, so that one place is often met by several threads, once each.

use std::{fmt, path::Path, process::Command};

/// The tracer.
const STRACE: &str = "strace";

/// Calls that change what the disk holds. One that fails on the log must end the process.
const WRITES: [&str; 5] = ["fdatasync", "fsync", "pwrite64", "rename", "ftruncate"];

/// Where the log lies below the data directory: its failures are never survived.
const LOG: &str = "/wal";

/// Where images lie: their failures may be. Whatever else a process opens is not the server's.
const IMAGES: &str = "/images";

/// Where a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The call.
    pub call: &'static str,
    /// How it fails.
    pub error: &'static str,
    /// The call of each thread that fails first, from 1.
    pub first: u32,
    /// Whether all later ones fail too.
    pub repeated: bool,
    /// Only calls on this path below the data directory; empty = all.
    pub path: &'static str,
}

/// What became of a process that met a failing call, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ended before it served, and said why.
    Refused,
    /// It ended while it served, and said why.
    Aborted,
    /// It went on, as it may: the call was one of images, or it read.
    WentOn,
    /// The call was never made so often.
    NotMet,
    /// What must not be.
    Wrong(String),
}

/// What was seen of a process.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What the tracer wrote.
    pub trace: &'a str,
    /// What the process said.
    pub said: &'a str,
    /// Its exit code, if it ended by itself and had one.
    pub code: Option<i32>,
    /// Whether it ended by itself.
    pub ended: bool,
    /// Whether it served before.
    pub served: bool,
}

impl Site {
    /// The same call failing for one thread's call number `first` alone.
    pub const fn once(call: &'static str, first: u32) -> Self {
        Self { call, error: "EIO", first, repeated: false, path: "" }
    }

    /// This call, and every later one.
    pub const fn and_on(self) -> Self {
        Self { repeated: true, ..self }
    }

    /// Only calls on this path.
    pub const fn on(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// The tracer's command line in front of a program; the program stays this process's child.
    pub fn command(&self, program: &Path, data: &Path, trace: &Path) -> Command {
        let mut command = Command::new(STRACE);
        command.args(["-D", "-f", "-y", "-qq", "--seccomp-bpf", "-e", "signal=none", "-o"]).arg(trace);
        let Self { call, error, first, .. } = self;
        let later = if self.repeated { "+" } else { "" };
        command.arg("-e").arg(format!("trace={call}"));
        command.arg("-e").arg(format!("inject={call}:error={error}:when={first}{later}"));
        if !self.path.is_empty() {
            command.arg("-P").arg(data.join(self.path));
        }
        command.arg(program);
        command
    }

    /// What this process's end, or life, says.
    pub fn judge(&self, seen: Seen<'_>) -> Fate {
        let ours = |line: &&str| line.contains("(INJECTED)") && (names(line, LOG) || names(line, IMAGES));
        let met: Vec<_> = seen.trace.lines().filter(ours).collect();
        let on_log = met.iter().any(|line| names(line, LOG));
        let must_end = on_log && WRITES.contains(&self.call);
        let says_why = seen.said.contains("failed: ") && seen.said.contains("os error");
        match seen {
            Seen { ended: false, .. } if must_end => Fate::Wrong(format!("went on after {}", met.join("; "))),
            Seen { ended: false, .. } if met.is_empty() => Fate::NotMet,
            Seen { ended: false, .. } => Fate::WentOn,
            _ if seen.trace.contains("(INJECTED)") && met.is_empty() => Fate::NotMet,
            _ if met.is_empty() => Fate::Wrong(format!("ended without a failing call: {}", seen.said)),
            Seen { said, .. } if said.contains("panicked") || !says_why => {
                Fate::Wrong(format!("ended without its reason: {said}"))
            }
            Seen { code: Some(0), .. } => Fate::Wrong("ended as if nothing had failed".to_owned()),
            Seen { served: true, .. } => Fate::Aborted,
            Seen { served: false, .. } => Fate::Refused,
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, error, first, path, .. } = self;
        let (later, on) = (if self.repeated { " and on" } else { "" }, if path.is_empty() { "" } else { " on " });
        write!(out, "{error} of {call} {first}{later}{on}{path}")
    }
}

/// Whether a traced call names this folder or something in it.
fn names(line: &str, folder: &str) -> bool {
    line.split_once(folder).is_some_and(|(_, rest)| rest.starts_with(['/', '>', '"']))
}

/// Whether the tracer is there and may trace.
pub fn is_possible() -> bool {
    let tried = Command::new(STRACE).args(["-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG_LINE: &str = "7 fdatasync(12</d/wal/segment-1.wal>) = -1 EIO (Input/output error) (INJECTED)";
    const IMAGE_LINE: &str = "7 fdatasync(12</d/images/image-1.tmp>) = -1 EIO (Input/output error) (INJECTED)";
    const SAID: &str = "fdatasync of segment-1.wal at byte 8192 failed: Input/output error (os error 5)";

    fn judged(trace: &str, said: &str, ended: bool, served: bool) -> Fate {
        Site::once("fdatasync", 1).judge(Seen { trace, said, code: None, ended, served })
    }

    #[test]
    fn a_process_ends_for_the_log_and_may_live_on_for_images() {
        assert_eq!(judged(LOG_LINE, SAID, true, true), Fate::Aborted);
        assert_eq!(judged(LOG_LINE, SAID, true, false), Fate::Refused);
        assert_eq!(judged(&LOG_LINE.replace("/segment-1.wal", ""), SAID, true, false), Fate::Refused, "the folder itself");
        assert_eq!(judged(IMAGE_LINE, "", false, true), Fate::WentOn);
        assert_eq!(judged("7 fdatasync(12</d/wal/x>) = 0", "", false, true), Fate::NotMet);
        assert_eq!(judged(&LOG_LINE.replace("/wal/", "/lib/"), "cannot load", true, false), Fate::NotMet);
    }

    #[test]
    fn a_failing_log_that_is_survived_is_wrong_and_so_is_an_end_without_a_reason() {
        assert!(matches!(judged(LOG_LINE, "", false, true), Fate::Wrong(_)));
        assert!(matches!(judged(LOG_LINE, "", true, true), Fate::Wrong(_)));
        assert!(matches!(judged(LOG_LINE, &format!("panicked: {SAID}"), true, true), Fate::Wrong(_)));
        assert!(matches!(judged("", SAID, true, true), Fate::Wrong(_)));
        let success = Seen { trace: LOG_LINE, said: SAID, code: Some(0), ended: true, served: true };
        assert!(matches!(Site::once("fdatasync", 1).judge(success), Fate::Wrong(_)));
    }
}
