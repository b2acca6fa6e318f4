//! Every limit of the log by name, and what to call when the process must end.

use crate::error::Error;
use crate::frame::FRAME_BYTES_MAX;
use crate::group::GROUP_PAYLOAD_BYTES_MAX;
use crate::segment::{SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN};
use crate::storage::SECTOR_BYTES;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

/// The segment size unless said otherwise.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
/// The most frame bytes a handover may have: what a turn may hand over at once.
pub const HANDOVER_BYTES_MAX: usize = 8 * 1024 * 1024;

const _: () = assert!(FRAME_BYTES_MAX <= HANDOVER_BYTES_MAX);
const _: () = assert!(HANDOVER_BYTES_MAX <= GROUP_PAYLOAD_BYTES_MAX);
const _: () = assert!(2 * GROUP_PAYLOAD_BYTES_MAX as u64 + 1024 * 1024 <= SEGMENT_BYTES_DEFAULT);

/// Why the log's thread ends the process.
#[derive(Debug)]
pub enum Fatal {
    /// Writing or syncing failed. What was acknowledged is safe; nothing more may be.
    Failed(Error),
    /// The thread panicked: an invariant is broken.
    Panicked(String),
}

/// Ends the process. A test may observe it instead; then the thread ends, and its passengers are dropped unreleased.
pub type Abort = Arc<dyn Fn(&Fatal) + Send + Sync>;

/// Every limit of the log.
#[derive(Clone)]
pub struct Options {
    /// The bytes of a new segment, a multiple of 4096.
    pub segment_bytes: u64,
    /// The frame bytes a group takes before it closes. One larger handover is a group of its own.
    pub group_bytes_max: usize,
    /// How many zeroed segments are kept ready. The last one is the reserve of a full disk.
    pub spare_count: usize,
    /// Zeroed segments that a full disk leaves to what is already queued. Less than `spare_count`.
    pub reserve_count: usize,
    /// How many handovers may wait.
    pub queue_handovers_max: usize,
    /// How many frame bytes may wait. Should fit the reserve.
    pub queue_bytes_max: usize,
    /// How long the log is idle before it seals its tail.
    pub idle_before_seal: Duration,
    /// How often a full disk is tried again.
    pub spare_retry: Duration,
    /// Whether trimmed segments go to `archive/` or become spares.
    pub archive: bool,
    /// The bytes that `archive/` may have: a trim removes the oldest segments beyond them. Unbounded when not set.
    pub archive_bytes_max: Option<u64>,
    /// Ends the process.
    pub abort: Abort,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            segment_bytes: SEGMENT_BYTES_DEFAULT,
            group_bytes_max: 4 * 1024 * 1024,
            spare_count: 2,
            reserve_count: 1,
            queue_handovers_max: 1024,
            queue_bytes_max: 32 * 1024 * 1024,
            idle_before_seal: Duration::from_millis(50),
            spare_retry: Duration::from_millis(100),
            archive: true,
            archive_bytes_max: None,
            abort: Arc::new(report_and_abort),
        }
    }
}

impl Options {
    /// The frame bytes that fit one group of an empty segment, its closing group's index included: an index takes at most 20
    /// bytes for a frame of 104.
    pub(crate) fn group_room_bytes(&self) -> usize {
        let sectors_for_header_and_ends = 3 * SECTOR_BYTES;
        let room = (self.segment_bytes as usize - sectors_for_header_and_ends) / 4 * 3;
        room.min(GROUP_PAYLOAD_BYTES_MAX)
    }

    /// Whether the limits fit each other.
    ///
    /// # Errors
    /// [`Error::Bounds`] naming the first that does not.
    pub fn validate(&self) -> Result<(), Error> {
        bounded("segment_bytes", self.segment_bytes, SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX)?;
        bounded("segment_bytes % 4096", self.segment_bytes % SECTOR_BYTES as u64, 0, 0)?;
        bounded("group_bytes_max", self.group_bytes_max as u64, 1, GROUP_PAYLOAD_BYTES_MAX as u64)?;
        bounded("spare_count", self.spare_count as u64, 1, 64)?;
        bounded("reserve_count", self.reserve_count as u64, 0, self.spare_count as u64 - 1)?;
        bounded("queue_handovers_max", self.queue_handovers_max as u64, 1, 1 << 20)?;
        bounded("queue_bytes_max", self.queue_bytes_max as u64, 1, 1 << 30)
    }
}

fn bounded(what: &'static str, found: u64, least: u64, most: u64) -> Result<(), Error> {
    match (least..=most).contains(&found) {
        true => Ok(()),
        false => Err(Error::Bounds { what, found, least, most }),
    }
}

/// Rule 2 and rule 14: no retry, no half-alive log.
fn report_and_abort(fatal: &Fatal) {
    let words = format!("tessera-wal: {fatal}; the process ends here, a restart recovers everything acknowledged\n");
    // Where nobody hears the last words, the process ends without them.
    let _ = io::stderr().write_all(words.as_bytes());
    std::process::abort();
}

impl fmt::Display for Fatal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fatal::Failed(error) => write!(out, "{error}"),
            Fatal::Panicked(message) => write!(out, "the log's thread panicked: {message}"),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("group_bytes_max", &self.group_bytes_max)
            .field("spare_count", &self.spare_count)
            .field("archive", &self.archive)
            .field("archive_bytes_max", &self.archive_bytes_max)
            .finish_non_exhaustive()
    }
}
