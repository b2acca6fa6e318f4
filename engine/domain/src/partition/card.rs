//! How gift cards change: activated, reloaded, adjusted, replaced. What is loaded moves, and what is available with it. I2.

use super::Partition;
use crate::coupon::Coupon;
use crate::event::{self, Request};
use crate::money::Currency;
use crate::partition::Divergence;
use crate::planted::{self, Planted};
use crate::request::Operation;
use crate::terms::Window;

impl Partition {
    pub(super) fn activated(&mut self, event: &event::Activated<'_>) -> Result<(), Divergence> {
        let event::Activated { coupon: number, previous, merchant, order, channel, loaded, request, .. } = *event;
        let (coupon, terms) = self.coupon(number).expect("I9: an activated card exists");
        assert!(coupon.is_unactivated() && !coupon.is_void(), "I9: a card is activated once");
        if loaded != Coupon::loaded(terms) {
            return self.unexpected("a card loaded with something else than its terms say");
        }
        if !self.asked_for(&request, &[merchant, order, channel], &[]) {
            return self.unexpected(OTHER_TEXTS);
        }
        let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
        self.about_alone(number, previous, |coupon| coupon.activate(window, loaded));
        self.remember(Operation::ActivateCard, number.into(), &request, 0, number as i64);
        Ok(())
    }

    pub(super) fn reloaded(&mut self, event: &event::Reloaded<'_>) -> Result<(), Divergence> {
        let event::Reloaded { coupon, previous, merchant, order, amount, request } = *event;
        assert!(amount > 0, "I2: something is loaded");
        let texts = [merchant, order];
        self.load_more(Operation::ReloadCard, coupon, previous, amount, &texts, &request)
    }

    pub(super) fn adjusted(&mut self, event: &event::Adjusted<'_>) -> Result<(), Divergence> {
        let event::Adjusted { coupon, previous, reason, amount, request } = *event;
        assert!(amount != 0, "I2: something is adjusted");
        self.load_more(Operation::AdjustCard, coupon, previous, amount, &[reason], &request)
    }

    /// A balance changes together with what was ever loaded.
    fn load_more(
        &mut self,
        operation: Operation,
        number: u64,
        previous: u64,
        amount: i64,
        texts: &[&str],
        request: &Request<'_>,
    ) -> Result<(), Divergence> {
        let (coupon, terms) = self.coupon(number).expect("I9: a card whose balance changes exists");
        assert!(terms.is_stored_value() && !coupon.is_unactivated() && !coupon.is_void(), "I9: only a card in use is loaded");
        if !self.asked_for(request, texts, &load_numbers(amount, terms.currency)) {
            return self.unexpected(OTHER_TEXTS);
        }
        let loaded = self.value(number).loaded + amount;
        self.about(number, previous, |partition| {
            partition.coupons.change(number, |coupon| coupon.add_available(amount));
            partition.coupons.load(number, loaded);
        });
        let balance = self.coupons.get(number).expect("the card was just here").available();
        self.remember(operation, number.into(), request, 0, balance);
        Ok(())
    }

    pub(super) fn replaced(&mut self, event: &event::Replaced<'_>) {
        let event::Replaced { coupon: number, previous, replacement, amount, key_version, .. } = *event;
        self.about(number, previous, |partition| {
            let revoked = partition.revoke(number);
            assert_eq!(revoked, (event.revoked_holds, event.revoked_value), "I2: what is revoked was held");
            partition.move_balance(number, amount);
        });
        let old = *self.coupons.get(number).expect("a replaced card is here");
        let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
        self.stand_in(&old, replacement, window, amount, key_version);
        self.remember(Operation::ReplaceCard, number.into(), &event.request, 0, replacement as i64);
    }

    /// Takes the balance off a card, and what was loaded with it, and makes the card void.
    fn move_balance(&mut self, number: u64, amount: i64) {
        let loaded = self.value(number).loaded;
        self.coupons.change(number, |coupon| {
            assert!(!coupon.is_unactivated() && coupon.available() == amount, "I2: all that is available moves");
            coupon.add_available(-amount);
        });
        self.coupons.make_void(number, 0);
        self.coupons.load(number, loaded - amount);
    }

    /// A new coupon with the terms, the owner and the blocks of a void one; it was claimed by nobody.
    pub(super) fn stand_in(&mut self, old: &Coupon, number: u64, window: Window, amount: i64, key_version: u8) {
        assert_eq!(number, self.coupons.next(), "coupons are numbered without gaps");
        let older = old.owner().map_or(0, |owner| self.users.receive_uncounted(owner, number));
        let mut new = Coupon::new(old.owner(), old.terms, older, window, amount, self.lsn, key_version);
        if !planted::is(Planted::StandInFree) {
            new.set_blocks(old.blocks());
        }
        self.coupons.add(new);
        // A stand-in gives nothing back to a stock, so it must be told from what was claimed.
        let terms = self.terms.of(old.terms);
        if amount != Coupon::loaded(terms) || terms.rules().restock {
            self.coupons.load(number, amount);
        }
        let value = self.value(number);
        *self.terms.totals_mut(old.terms) += value;
    }

    /// Whether a request's fingerprint is that of what its event tells.
    fn asked_for(&self, request: &Request<'_>, texts: &[&str], numbers: &[u64]) -> bool {
        request.fingerprint == self.key.fingerprint(texts, numbers)
    }
}

const OTHER_TEXTS: &str = "an event that tells of something else than was asked for";

/// The numbers that the fingerprint of a load is made of.
pub(crate) fn load_numbers(amount: i64, currency: Currency) -> [u64; 2] {
    [amount as u64, currency.number()]
}
