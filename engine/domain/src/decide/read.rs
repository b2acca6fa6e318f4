//! Reads: a coupon, a wallet, a code for its owner. Their replies wait for what they have seen.

use super::Context;
use crate::command::{Instrument, ListCoupons, PAGE_SIZE_MAX, StatusFilter};
use crate::coupon::{Coupon, Life};
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::reply::{CouponPage, CouponView, Reply};
use crate::terms::{Terms, within};
use std::sync::Arc;

/// Coupons that one listing looks at; a page that is not full by then ends early, with a token.
const LIST_VISITS_MAX: usize = 2_000;

impl Partition {
    /// The coupon that an instrument names, or the one uniform refusal.
    pub(super) fn instrument(&self, instrument: &Instrument) -> Result<(&Coupon, &Arc<Terms>), Rejection> {
        let found = self.coupon(instrument.coupon()).filter(|(coupon, _)| match *instrument {
            Instrument::Bearer { key_version, .. } => coupon.key_version == key_version,
            Instrument::Owned { user, .. } => self.users.get(coupon.user).is_some_and(|owner| owner.key == user),
        });
        found.ok_or(Reason::CodeNotAccepted.into())
    }

    pub(super) fn view(&self, context: &Context<'_>, instrument: &Instrument) -> Result<CouponView, Rejection> {
        let (coupon, terms) = self.instrument(instrument)?;
        Ok(self.view_of(instrument.coupon(), coupon, terms, context.now_ms))
    }

    pub(super) fn reveal(&self, instrument: &Instrument) -> Result<Reply, Rejection> {
        let (coupon, _) = self.instrument(instrument)?;
        Ok(Reply::Revealed { coupon: instrument.coupon(), key_version: coupon.key_version })
    }

    /// Walks the wallet from the newest, or from where the last page ended.
    pub(super) fn list(&self, context: &Context<'_>, list: &ListCoupons) -> Result<Reply, Rejection> {
        within("page_size", i64::from(list.page_size), 1, i64::from(PAGE_SIZE_MAX))?;
        let Some(user) = self.users.find(list.user) else {
            return Ok(Reply::Coupons(CouponPage { coupons: Vec::new(), next: None }));
        };
        let newest = self.users.get(user).expect("a found user is here").newest;
        let mut next = list.from.or(newest.checked_sub(1));
        let mut coupons = Vec::new();
        for _ in 0..LIST_VISITS_MAX {
            let Some(number) = next.filter(|_| coupons.len() < list.page_size as usize) else { break };
            let (coupon, terms) =
                self.coupon(number).filter(|(coupon, _)| coupon.user == user).ok_or(Rejection::invalid("page_token", 0))?;
            let view = self.view_of(number, coupon, terms, context.now_ms);
            if list.status == StatusFilter::Any || list.status == StatusFilter::Only(view.life) {
                coupons.push(view);
            }
            next = coupon.older.checked_sub(1);
        }
        Ok(Reply::Coupons(CouponPage { coupons, next }))
    }

    fn view_of(&self, number: u64, coupon: &Coupon, terms: &Arc<Terms>, now_ms: i64) -> CouponView {
        let window = self.coupons.window(number, coupon);
        let life = match () {
            () if !terms.is_stored_value() && coupon.available == 0 => Life::Used,
            () if window.is_over(now_ms) => Life::Expired,
            () => Life::Active,
        };
        CouponView { coupon: number, terms: terms.clone(), life, window, available: coupon.available, captured: coupon.captured }
    }
}
