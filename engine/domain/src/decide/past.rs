//! The past: a coupon as a rebuilt state shows it at an instant, with its holds and redemptions, and where its history begins.
//!
//! The lists look at every hold and every redemption: they are for a state that nobody waits for.

use super::Context;
use crate::catalog::Catalog;
use crate::command::Instrument;
use crate::hold::{Hold, HoldState};
use crate::lease::LesseeDesk;
use crate::partition::Partition;
use crate::rejection::Rejection;
use crate::reply::{CouponView, HoldView, RedemptionView};

impl Partition {
    /// A coupon at an instant that is not before the state's own time.
    pub fn coupon_at(&self, instrument: &Instrument, now_ms: i64) -> Result<CouponView, Rejection> {
        let (catalog, lessee) = (Catalog::new(*self.key()), LesseeDesk::start(self.stock(), now_ms));
        let context = Context { catalog: &catalog, lessee: &lessee, now_ms, key_version: 0, requests_max: 0 };
        self.view(&context, instrument)
    }

    /// The holds of a coupon that are in memory, newest first, as they stand at an instant that is not before the state's own time.
    pub fn holds_of(&self, coupon: u64, now_ms: i64) -> Vec<HoldView> {
        self.holds.all_of(coupon).map(|hold| view_of(hold, now_ms)).collect()
    }

    /// The redemptions of a coupon that are in memory, newest first.
    pub fn redemptions_of_coupon(&self, coupon: u64) -> Vec<RedemptionView> {
        self.redemptions.of_coupon(coupon).map(|redemption| self.view_of_redemption(redemption)).collect()
    }
}

/// What is past its deadline has expired, recorded or not.
fn view_of(hold: &Hold, now_ms: i64) -> HoldView {
    let is_overdue = hold.state == HoldState::Live && !hold.is_live(now_ms);
    let (state, ended_ms) = if is_overdue { (HoldState::Expired, hold.deadline_ms) } else { (hold.state, hold.ended_ms) };
    let &Hold { lsn, amount, applied, held, deadline_ms, redemption, .. } = hold;
    HoldView { hold: lsn, amount, applied, held, deadline_ms, state, ended_ms, redemption }
}
