//! Faults planted on purpose, so that the tests can prove they would be found. A release build has none of them: without the
//! `planted` feature the question is answered "no" at compile time.
//!
//! The switch belongs to the thread, so that tests beside each other stay apart.

/// A fault that a harness must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A commit returns before its `fdatasync`.
    EarlyAcknowledgement,
    /// A new segment's directory entry is not synced.
    SkippedDirectorySync,
    /// A failed sync is tried again and believed.
    SyncRetried,
    /// Checksums do not know their place.
    UnseededCrc,
    /// Recovery reads past the cache without syncing first.
    ReadWithoutSync,
    /// A group that later evidence shows to have been durable is cut.
    TailCutTooFar,
    /// Passengers leave when their group is gathered, before it is written.
    ReleasedBeforeCommit,
    /// A start replays all frames of a group but the last.
    LastFrameDropped,
    /// A group whose header is whole is believed, whatever its other sectors hold.
    TornGroupAccepted,
    /// Segments leave before the log's new first segment is written down.
    TrimmedBeforeWrittenDown,
    /// A recycled segment keeps what it held.
    SpareNotZeroed,
}

impl Planted {
    /// Every one.
    pub const ALL: &'static [Planted] = &[
        Planted::EarlyAcknowledgement,
        Planted::SkippedDirectorySync,
        Planted::SyncRetried,
        Planted::UnseededCrc,
        Planted::ReadWithoutSync,
        Planted::TailCutTooFar,
        Planted::ReleasedBeforeCommit,
        Planted::LastFrameDropped,
        Planted::TornGroupAccepted,
        Planted::TrimmedBeforeWrittenDown,
        Planted::SpareNotZeroed,
    ];
}

#[cfg(any(test, feature = "planted"))]
mod switch {
    use super::Planted;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Plants a fault on this thread, or clears it.
    pub fn plant(fault: Option<Planted>) {
        PLANTED.set(fault);
    }

    pub(crate) fn is(fault: Planted) -> bool {
        PLANTED.get() == Some(fault)
    }
}

#[cfg(not(any(test, feature = "planted")))]
mod switch {
    /// Plants a fault on this thread, or clears it.
    ///
    /// # Panics
    /// When there is something to plant: this build has no faults to switch on.
    pub fn plant(fault: Option<super::Planted>) {
        assert!(fault.is_none(), "a build without the `planted` feature has no {fault:?}");
    }

    #[inline(always)]
    pub(crate) const fn is(_fault: super::Planted) -> bool {
        false
    }
}

pub(crate) use switch::is;
pub use switch::plant;
