//! tessera-wal: the ordered, durable journals of all partitions of a node, in one physical log.
//!
//! Frames of opaque events are sealed by their owners ([`seal`]), collected into groups, and acknowledged when one `fdatasync` has
//! covered them. After any crash every acknowledged frame is there exactly once, or [`open`] refuses and names file, offset and
//! lsn. The bytes are in `docs/FORMATS.md`; why they are so is in `tail.rs`.
//!
//! From the outside in: [`Log`] is the thread that the engine hands its frames to, behind the trait [`Journal`]. [`Writer`] is
//! what runs on it: a plain struct without thread or clock, which the simulator drives directly. [`open`] leads to it through
//! recovery. What is durable is read back through [`Reader`] and [`History`]; [`look`] leads to them
//! without a writer. [`storage`] is all that the log knows of disks.
//!
//! This crate knows nothing of events, partitions, replies, snapshots or the network. It never retries a failed sync, never
//! appends to a segment it found, and never shows a frame that is not durable.

mod archive;
mod cursor;
mod error;
mod files;
mod frame;
mod group;
mod history;
mod identity;
mod index;
mod inspect;
mod journal;
pub mod layout;
mod live;
mod log;
mod number;
mod open;
mod opened;
mod options;
pub mod planted;
mod read;
mod recover;
mod review;
mod rotate;
mod scan;
mod sector;
mod segment;
mod shelf;
mod source;
mod span;
mod spares;
pub mod storage;
mod sync;
mod sync_times;
mod tail;
#[cfg(test)]
mod tests;
mod trim;
mod verify;
mod worker;
mod writer;

pub use archive::Archived;
pub use cursor::{ContinuityError, Cursor};
pub use error::{Damage, Error, ErrorKind, Extent, FrameMark, ReplayStop};
pub use frame::{FRAME_BYTES_MAX, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, Frame, FrameError, FrameHeader, FrameKind, seal};
pub use group::{GROUP_PAYLOAD_BYTES_MAX, GroupHeader, GroupKind, PIPELINE_GROUPS_MAX};
pub use history::History;
pub use identity::{CALLER_BYTES_MAX, Identity};
pub use index::{Index, JournalFrames};
pub use inspect::{Item, inspect};
pub use journal::{Beginning, Full, FullReason, Handover, Journal, Passenger};
pub use log::Log;
pub use number::{Chain, FrameNo, GroupSeq, JournalId, LogUuid, Lsn, SegmentId};
pub use open::{Recovery, create, lock, look, open, open_proven};
pub use options::{Abort, Fatal, HANDOVER_BYTES_MAX, Options, SEGMENT_BYTES_DEFAULT};
pub use read::Reader;
pub use recover::Tail;
pub use recover::{Cut, Progress};
pub use review::{Review, Reviewed};
pub use scan::FrameAddress;
pub use segment::{SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN, SegmentEnd, SegmentHeader, archive_name, segment_name};
pub use span::Position;
pub use sync_times::{SYNC_BOUNDS_US, SyncTimes};
pub use tail::{Evidence, Later, Refusal, Remains, Verdict, judge};
pub use trim::{KeepFrom, Trimmed};
pub use verify::{Report, cut_tail, verify, verify_frames};
pub use worker::Worker;
pub use writer::{Stats, Writer};
