//! Faults planted on purpose, so that the tests can prove they would be found. A release build has none of them: without the
//! `planted` feature the question is answered "no" at compile time.
//!
//! The switch belongs to the thread, so that tests beside each other stay apart.

/// A fault that a harness must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A step of the system's clock is followed at once.
    ClockStepFollowed,
    /// A journal takes the wall's time even where it lies before its last frame.
    TimeGoesBack,
    /// A line's message is acknowledged though the log had no room to record it.
    AcknowledgedUnrecorded,
    /// What is due for a coupon is not recorded before a decision about it.
    DueUnrecorded,
    /// An inbox takes whatever comes.
    InboxUnbounded,
    /// A rebuilding leaves a frame out.
    FoldSkipsFrame,
    /// An image records another digest than its state has, and whoever loads it believes so.
    ImageOfAnotherDigest,
}

impl Planted {
    /// Every one.
    pub const ALL: &'static [Planted] = &[
        Planted::ClockStepFollowed,
        Planted::TimeGoesBack,
        Planted::AcknowledgedUnrecorded,
        Planted::DueUnrecorded,
        Planted::InboxUnbounded,
        Planted::FoldSkipsFrame,
        Planted::ImageOfAnotherDigest,
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
