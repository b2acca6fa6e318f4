//! Faults planted on purpose, so that the tests can prove they would be found. A release build has none of them: without the
//! `planted` feature the question is answered "no" at compile time.
//!
//! The switch belongs to the thread, so that tests beside each other stay apart.

/// A fault that a harness must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Requests are remembered for seconds.
    RequestsForgottenEarly,
    /// Another question under a known request is given the first one's answer.
    FingerprintIgnored,
    /// A remembered refusal counts for nothing when it is asked again.
    RefusalForgotten,
    /// A hold lives at its deadline, too.
    DeadlineInclusive,
    /// A coupon may be used at the end of its window, too.
    WindowEndInclusive,
    /// A hold that ends gives its value back twice.
    ReleasedTwice,
    /// A frozen coupon is used like any other.
    FreezeIgnored,
    /// A used coupon is used again.
    UsedAgain,
    /// A charge may be larger than the balance.
    BalanceIgnored,
    /// An order that has redeemed redeems again.
    OrderForgotten,
    /// More is refunded than was captured.
    RefundUnbounded,
    /// A refund keeps a fen.
    RefundKeepsFen,
    /// A discount in percent has no cap.
    CapIgnored,
    /// An image has no remembered requests.
    RequestsLeftOutOfImage,
    /// Neither image nor digest cover the blocks of a coupon.
    BlocksUncovered,
    /// Home grants what it has granted already.
    GrantNotDeducted,
    /// A repeated grant counts as a piece more.
    GrantCountsAgain,
    /// Home does not take back what was returned.
    ReclaimForgotten,
    /// A recalled lessee says that it returns its pieces, and keeps them.
    ReturnOnlySaid,
    /// Home says "sold out" when nothing is free, without asking who has pieces left.
    SoldOutUnproven,
    /// A lessee refuses for ever once it heard "sold out", whatever home says later.
    FlagNeverEnds,
}

impl Planted {
    /// Every one.
    pub const ALL: &'static [Planted] = &[
        Planted::RequestsForgottenEarly,
        Planted::FingerprintIgnored,
        Planted::RefusalForgotten,
        Planted::DeadlineInclusive,
        Planted::WindowEndInclusive,
        Planted::ReleasedTwice,
        Planted::FreezeIgnored,
        Planted::UsedAgain,
        Planted::BalanceIgnored,
        Planted::OrderForgotten,
        Planted::RefundUnbounded,
        Planted::RefundKeepsFen,
        Planted::CapIgnored,
        Planted::RequestsLeftOutOfImage,
        Planted::BlocksUncovered,
        Planted::GrantNotDeducted,
        Planted::GrantCountsAgain,
        Planted::ReclaimForgotten,
        Planted::ReturnOnlySaid,
        Planted::SoldOutUnproven,
        Planted::FlagNeverEnds,
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
