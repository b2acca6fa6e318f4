//! Faults planted on purpose, so that the tests can prove they would be found. A release build has none of them: without the
//! `planted` feature the question is answered "no" at compile time.
//!
//! The switch belongs to the thread, so that tests beside each other stay apart.

/// A fault that a harness must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// An image takes its name before its bytes are synced.
    UnsyncedImage,
    /// The directory is not synced after a rename.
    UnsyncedName,
    /// The image that a switch leaves out is removed before the switch is durable.
    EarlyRemoval,
    /// A start believes a manifest that only the page cache holds.
    UnsyncedStart,
    /// Checksums of chunks do not know their image.
    UnseededChunks,
    /// A reader does not compare the seal.
    SealUnchecked,
    /// An image that could not be written whole leaves its temporary file behind.
    LeftBehind,
    /// The log keeps the frames after the newer of two images only.
    TrimmedToTheNewer,
}

impl Planted {
    /// Every one.
    pub const ALL: &'static [Planted] = &[
        Planted::UnsyncedImage,
        Planted::UnsyncedName,
        Planted::EarlyRemoval,
        Planted::UnsyncedStart,
        Planted::UnseededChunks,
        Planted::SealUnchecked,
        Planted::LeftBehind,
        Planted::TrimmedToTheNewer,
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
