//! Faults planted on purpose, so that the tests can prove they would be found: how a room lists and switches its own.
//!
//! It is a macro because the `planted` feature that decides is the room's own. A release build has no such feature: there the
//! question is answered "no" at compile time. The switch belongs to the thread, so that tests beside each other stay apart. It
//! knows nothing of any room, and no room knows another's faults.

/// A room's faults: the enum `Planted` with `ALL` of them, `plant` for the tests, and `is` for the room.
///
/// The room declares a feature `planted`.
#[macro_export]
macro_rules! faults {
    ($($(#[doc = $what:literal])+ $fault:ident,)+) => {
        /// A fault that a harness must find.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Planted {
            $($(#[doc = $what])+ $fault,)+
        }

        impl Planted {
            /// Every one.
            pub const ALL: &'static [Planted] = &[$(Planted::$fault,)+];
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
    };
}
