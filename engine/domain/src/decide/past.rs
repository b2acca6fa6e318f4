//! The past: a coupon as a rebuilt state shows it at an instant, and where its history begins.

use super::Context;
use crate::catalog::Catalog;
use crate::command::Instrument;
use crate::lease::LesseeDesk;
use crate::partition::Partition;
use crate::rejection::Rejection;
use crate::reply::CouponView;

impl Partition {
    /// A coupon at an instant that is not before the state's own time.
    pub fn coupon_at(&self, instrument: &Instrument, now_ms: i64) -> Result<CouponView, Rejection> {
        let (catalog, lessee) = (Catalog::new(*self.key()), LesseeDesk::start(self.stock(), now_ms));
        let context = Context { catalog: &catalog, lessee: &lessee, now_ms, key_version: 0, requests_max: 0 };
        self.view(&context, instrument)
    }
}
