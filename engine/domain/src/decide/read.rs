//! Reads: a coupon, a wallet, a code for its owner, the redemptions of an order. Their replies wait for what they have seen.

use super::Context;
use super::standing::Standing;
use crate::command::{Instrument, ListCoupons, ListRedemptions, PAGE_SIZE_MAX, StatusFilter};
use crate::coupon::Life;
use crate::partition::Partition;
use crate::redemption::Redemption;
use crate::rejection::Rejection;
use crate::reply::{CouponPage, CouponView, RedemptionView, Reply};
use crate::terms::{TIME_MS_MAX, within};

/// Coupons, or redemptions, that one listing looks at; a page that is not full by then ends early, with a token.
pub(super) const LIST_VISITS_MAX: usize = 2_000;

/// Redemptions of one order that are listed.
const REDEMPTIONS_LISTED_MAX: usize = 256;

impl Partition {
    pub(super) fn view(&self, context: &Context<'_>, instrument: &Instrument) -> Result<CouponView, Rejection> {
        Ok(view_of(&self.standing(context, instrument)?))
    }

    pub(super) fn reveal(&self, instrument: &Instrument) -> Result<Reply, Rejection> {
        let (coupon, _) = self.instrument(instrument)?;
        Ok(Reply::Revealed { coupon: instrument.coupon(), key_version: coupon.key_version })
    }

    /// Walks the wallet from the newest, or from where the last page ended.
    pub(super) fn list(&self, context: &Context<'_>, list: &ListCoupons) -> Result<Reply, Rejection> {
        within("page_size", i64::from(list.page_size), 1, i64::from(PAGE_SIZE_MAX))?;
        within("ends_before_ms", list.ends_before_ms, 0, TIME_MS_MAX)?;
        let user = self.users.find(list.user).and_then(|number| Some((number, self.users.get(number)?.newest().checked_sub(1)?)));
        let Some((user, newest)) = user else {
            return Ok(Reply::Coupons(CouponPage { coupons: Vec::new(), next: None, at_ms: context.now_ms }));
        };
        let mut next = list.from.or(Some(newest));
        let mut coupons = Vec::new();
        for _ in 0..LIST_VISITS_MAX {
            let Some(number) = next.filter(|_| coupons.len() < list.page_size as usize) else { break };
            let coupon = self
                .coupons
                .get(number)
                .filter(|coupon| coupon.owner() == Some(user))
                .ok_or(Rejection::invalid("page_token", 0))?;
            let view = view_of(&self.standing_of(number, context.now_ms));
            if shows(list.status, &view) && ends_before(list.ends_before_ms, &view) {
                coupons.push(view);
            }
            next = coupon.older().checked_sub(1);
        }
        Ok(Reply::Coupons(CouponPage { coupons, next, at_ms: context.now_ms }))
    }

    /// What an order has redeemed here, newest first, as long as it can be refunded.
    pub(super) fn redemptions_of(&self, context: &Context<'_>, list: &ListRedemptions) -> Reply {
        let (merchant, order) = (list.merchant.as_str(), list.order.as_str());
        let of_order = self.redemptions.of_order_only(self.key().order_only(merchant, order));
        // 64 bits find them, 128 bits tell them apart from another order's.
        let own = of_order.filter(|found| found.order == self.key().natural(merchant, order, found.coupon));
        let open = own.filter(|found| !found.is_archived(context.now_ms));
        Reply::Redemptions(open.take(REDEMPTIONS_LISTED_MAX).map(|redemption| self.view_of_redemption(redemption)).collect())
    }

    pub(super) fn view_of_redemption(&self, redemption: &Redemption) -> RedemptionView {
        let &Redemption { lsn, coupon, amount, applied, refunded, at_ms, .. } = redemption;
        let (_, terms) = self.coupon(coupon).expect("a redeemed coupon is here");
        let checkout = self.checkouts.with_part(lsn).map(|whole| whole.lsn);
        RedemptionView { redemption: lsn, coupon, currency: terms.currency, amount, applied, refunded, at_ms, checkout }
    }
}

fn shows(status: StatusFilter, view: &CouponView) -> bool {
    match status {
        StatusFilter::Any => true,
        StatusFilter::Open => view.life == Life::Active,
        StatusFilter::Only(life) => view.life == life && !view.is_frozen(),
        StatusFilter::Frozen => view.is_frozen(),
    }
}

fn ends_before(at_ms: i64, view: &CouponView) -> bool {
    at_ms == 0 || (view.window.until_ms != 0 && view.window.until_ms < at_ms)
}

fn view_of(standing: &Standing<'_>) -> CouponView {
    let value = &standing.value;
    CouponView {
        coupon: standing.number,
        last: standing.coupon.last(),
        terms: standing.terms.clone(),
        life: standing.life(),
        window: standing.window,
        available: value.available,
        captured: value.captured,
        held: value.held,
        expired: value.expired,
        voided: value.voided,
        given: value.given,
        received: value.received,
        live_holds: standing.live_holds,
        blocks: standing.coupon.blocks(),
        account_blocks: standing.account_blocks,
        may_be_used: standing.check_usable(None),
    }
}
