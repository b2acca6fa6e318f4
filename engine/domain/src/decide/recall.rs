//! Recall: the answer of a remembered request, made from state, alike for the first time and every replay (I5).

mod checkout;

use crate::coupon::Life;
use crate::gift::Gift;
use crate::hold::{Hold, HoldState};
use crate::partition::Partition;
use crate::redemption::Refund;
use crate::rejection::{Reason, Rejection};
use crate::reply::{
    Activated, Blocked, Claimed, GiftAccepted, GiftCancelled, GiftOffered, Held, Imported, Loaded, Offer, Quote, Redeemed,
    Refunded, Released, Replaced, Replacement, Reply, Voided, Written,
};
use crate::request::{Operation, Remembered, unpack_blocked, unpack_voided};
use crate::terms::Terms;
use checkout::refusal_of_order;

impl Partition {
    /// The answer of the request that was remembered last: that of the write just applied.
    pub fn latest_answer(&self) -> Result<Reply, Rejection> {
        self.recall(&self.requests.latest().expect("a write was just remembered"), false)
    }

    pub(super) fn recall(&self, entry: &Remembered, replayed: bool) -> Result<Reply, Rejection> {
        if let Some(reason) = Reason::from_number(entry.reason) {
            return Err(match entry.operation.is_of_order() {
                true => refusal_of_order(entry.operation, reason, entry.value),
                false => Rejection::new(reason, entry.value),
            });
        }
        assert_eq!(entry.reason, 0, "a remembered reason has a number of ours");
        let written = Written { partition: self.id(), lsn: entry.lsn, replayed };
        let number = entry.value as u64;
        match entry.operation {
            Operation::Claim | Operation::Issue => Ok(Reply::Claimed(self.recall_claim(number, written))),
            // What joined a redemption of another request is a repeated answer from the first time on.
            Operation::Redeem | Operation::Capture => {
                let replayed = replayed || self.lsn_of(number) != Some(entry.lsn);
                let mut redeemed = self.recall_redemption(number, replayed)?;
                redeemed.reacquired = entry.operation == Operation::Capture && !self.is_of_live_hold(number);
                Ok(Reply::Redeemed(redeemed))
            }
            Operation::Refund => Ok(Reply::Refunded(self.recall_refund(number, written))),
            Operation::Hold => Ok(Reply::Held(self.recall_hold(number, written, entry.at_ms))),
            Operation::Release => Ok(Reply::Released(self.recall_release(number, written, entry.at_ms))),
            Operation::FreezeCoupon | Operation::UnfreezeCoupon | Operation::FreezeUser | Operation::UnfreezeUser => {
                let (blocks, revoked_holds) = unpack_blocked(entry.value);
                Ok(Reply::Blocked(Blocked { written, blocks, revoked_holds, at_ms: entry.at_ms }))
            }
            Operation::VoidCoupon => {
                let (amount, revoked_holds) = unpack_voided(entry.value);
                Ok(Reply::Voided(Voided { written, amount, revoked_holds, at_ms: entry.at_ms }))
            }
            Operation::RedeemOrder | Operation::HoldOrder | Operation::CaptureOrder => {
                self.recall_checkout(number, entry, replayed).map(Reply::CheckedOut)
            }
            Operation::ReleaseOrder => Ok(Reply::CheckoutReleased(self.recall_checkout_release(number, written, entry.at_ms))),
            Operation::RefundOrder => Ok(Reply::CheckoutRefunded(self.recall_checkout_refund(number, written))),
            Operation::OfferGift => Ok(Reply::GiftOffered(self.recall_offered(number, written, entry.at_ms))),
            Operation::CancelGift => Ok(Reply::GiftCancelled(self.recall_cancelled(number, written, entry.at_ms))),
            Operation::AcceptGift => Ok(Reply::GiftAccepted(Box::new(self.recall_accepted(number, written)))),
            Operation::OpenBatch | Operation::CompleteBatch | Operation::TakeBatch => Ok(self.recall_batch(number, written)),
            Operation::MakeCards => Ok(self.recall_share(number, written)),
            Operation::ActivateCard => Ok(Reply::Activated(self.recall_activation(number, written, entry.at_ms))),
            Operation::ReloadCard | Operation::AdjustCard => {
                Ok(Reply::Loaded(Loaded { written, balance_after: entry.value, at_ms: entry.at_ms }))
            }
            Operation::ReplaceCard => {
                let replacement = self.recall_replacement(number);
                Ok(Reply::Replaced(Replaced { written, replacement, at_ms: entry.at_ms }))
            }
            Operation::ImportCard => Ok(Reply::Imported(Imported { written, coupon: number })),
            Operation::RaiseStock | Operation::RaiseBudget => Ok(Reply::StockRaised { written: Some(written), total: number }),
            Operation::CreateTemplate
            | Operation::UpdateTemplate
            | Operation::StopTemplate
            | Operation::ResumeTemplate
            | Operation::VoidTemplate => {
                panic!("I5: a catalog's request is not remembered in a partition")
            }
        }
    }

    fn lsn_of(&self, redemption: u64) -> Option<u64> {
        self.redemptions.get(redemption).map(|redemption| redemption.lsn)
    }

    /// Whether this redemption captured a live hold. That hold is the newest of its natural key, since an order that has redeemed
    /// holds no more; one that was reacquired had ended otherwise.
    fn is_of_live_hold(&self, redemption: u64) -> bool {
        let hold = self.redemptions.get(redemption).and_then(|redemption| self.holds.of_order(redemption.order));
        hold.is_some_and(|(_, hold)| hold.state == HoldState::Captured)
    }

    fn recall_claim(&self, number: u64, written: Written) -> Claimed {
        let (coupon, terms) = self.coupon(number).expect("I3: a claimed coupon is here");
        Claimed { written, coupon: number, key_version: coupon.key_version, offer: Offer::of(terms), window: coupon.window() }
    }

    pub(super) fn recall_redemption(&self, number: u64, replayed: bool) -> Result<Redeemed, Rejection> {
        let redemption = self.redemptions.get(number).ok_or(Reason::RedemptionArchived)?;
        let (_, terms) = self.coupon(redemption.coupon).expect("I3: a redeemed coupon is here");
        let written = Written { partition: self.id(), lsn: redemption.lsn, replayed };
        let quote = Quote {
            coupon: redemption.coupon,
            currency: terms.currency,
            is_card: terms.is_stored_value(),
            amount: redemption.amount,
            applied: redemption.applied,
            balance_after: redemption.balance_after,
        };
        Ok(Redeemed { written, quote, at_ms: redemption.at_ms, reacquired: false })
    }

    fn recall_hold(&self, number: u64, written: Written, at_ms: i64) -> Held {
        let hold = self.holds.get(number).expect("I3: a remembered hold is here");
        let (_, terms) = self.coupon(hold.coupon).expect("I3: a held coupon is here");
        let &Hold { coupon, amount, applied, deadline_ms, .. } = hold;
        Held { written, coupon, currency: terms.currency, amount, applied, deadline_ms, at_ms }
    }

    fn recall_release(&self, number: u64, written: Written, at_ms: i64) -> Released {
        let hold = self.holds.get(number).expect("I3: a released hold is here");
        Released { written, hold: hold.lsn, coupon: hold.coupon, state: hold.state, ended_ms: hold.ended_ms, at_ms }
    }

    fn recall_offered(&self, number: u64, written: Written, at_ms: i64) -> GiftOffered {
        let gift = self.gifts.get(number).expect("I3: a remembered gift is here");
        GiftOffered { written, gift: gift.lsn, coupon: gift.coupon, deadline_ms: gift.deadline_ms, at_ms }
    }

    fn recall_cancelled(&self, number: u64, written: Written, at_ms: i64) -> GiftCancelled {
        let gift = self.gifts.get(number).expect("I3: a cancelled gift is here");
        GiftCancelled { written, gift: gift.lsn, coupon: gift.coupon, state: gift.state, ended_ms: gift.ended_ms, at_ms }
    }

    fn recall_accepted(&self, number: u64, written: Written) -> GiftAccepted {
        let gift = self.gifts.get(number).expect("I3: an accepted gift is here");
        let (coupon, terms) = self.coupon(gift.coupon).expect("I3: a given coupon is here");
        let window = self.coupons.window(gift.coupon, coupon);
        let &Gift { lsn, to, amount, ended_ms, .. } = gift;
        GiftAccepted { written, gift: lsn, to, offer: Offer::of(terms), amount, window, at_ms: ended_ms }
    }

    fn recall_refund(&self, number: u64, written: Written) -> Refunded {
        let refund = self.redemptions.refund(number).expect("I3: a remembered refund is here");
        let redemption = self.redemptions.get(refund.redemption).expect("I3: a refunded redemption is here");
        let (_, terms) = self.coupon(redemption.coupon).expect("I3: a refunded coupon is here");
        Refunded {
            written,
            redemption: redemption.lsn,
            coupon: redemption.coupon,
            currency: terms.currency,
            is_card: terms.is_stored_value(),
            amount: refund.amount,
            balance_after: refund.balance_after,
            life: self.life_after(redemption.coupon, terms, refund, written.lsn),
            outside: if is_paid_outside(terms, written.lsn) { refund.amount } else { 0 },
            until_ms: refund.until_ms,
            at_ms: refund.at_ms,
            replacement: refund.replacement.checked_sub(1).map(|number| self.recall_replacement(number)),
        }
    }

    fn recall_activation(&self, number: u64, written: Written, at_ms: i64) -> Activated {
        let (coupon, terms) = self.coupon(number).expect("I3: an activated card is here");
        Activated { written, offer: Offer::of(terms), window: coupon.window(), at_ms }
    }

    fn recall_replacement(&self, coupon: u64) -> Replacement {
        let found = self.coupons.get(coupon).expect("I3: a replacement is here");
        Replacement { coupon, key_version: found.key_version, window: found.window() }
    }

    /// What a coupon was right after its refund of this lsn: one that got a replacement was final by then.
    fn life_after(&self, coupon: u64, terms: &Terms, refund: &Refund, lsn: u64) -> Life {
        let is_expired = refund.until_ms != 0 && refund.at_ms >= refund.until_ms;
        if let Some(life) = refund.life {
            return life;
        }
        match () {
            () if is_paid_outside(terms, lsn) && self.value(coupon).given > 0 => Life::Given,
            () if is_paid_outside(terms, lsn) && !self.is_over_at_void(coupon, terms) => Life::Void,
            () if refund.replacement != 0 && self.value(coupon).given > 0 => Life::Given,
            () if refund.replacement != 0 => Life::Void,
            () if !terms.is_stored_value() && refund.restored == 0 => Life::Used,
            () if is_expired => Life::Expired,
            () => Life::Active,
        }
    }

    fn is_over_at_void(&self, coupon: u64, terms: &Terms) -> bool {
        let found = self.coupons.get(coupon).expect("I3: a refunded coupon is here");
        terms.void.is_some_and(|void| self.coupons.window(coupon, found).is_over(void.at_ms) && !found.is_void())
    }
}

/// Whether what a refund of this lsn gave back to a card was lost with the card's template.
fn is_paid_outside(terms: &Terms, lsn: u64) -> bool {
    terms.is_stored_value() && terms.void.is_some_and(|void| void.lsn < lsn)
}
