//! What holds, blocks, voids and time do to the plain model of a partition.

use super::card::{Accounts, Card, Version};
use super::fact::What;
use super::promise::{End, Promise};
use super::shelf::Shelf;
use crate::audit::i9_transitions;
use crate::violation::{Checked, holds};
use tessera_domain::{Blocks, event};

impl Shelf {
    pub(super) fn held(&mut self, event: &event::Held<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        self.held_for(event, false, lsn, now_ms)
    }

    /// One that is counted on already is a promise: what keeps others from a use does not matter to it.
    pub(super) fn held_for(&mut self, event: &event::Held<'_>, is_counted_on: bool, lsn: u64, now_ms: i64) -> Checked<What> {
        let own = if event.replaces == 0 { 0 } else { self.promises.end(event.replaces, End::Released, now_ms)? };
        let event::Held { coupon, held, deadline_ms, amount, applied, .. } = *event;
        // Its own hold ends by the same event.
        if own > 0 {
            self.card(coupon)?.put(lsn, |accounts| {
                accounts.available += own;
                accounts.held -= own;
            })?;
        }
        if !is_counted_on {
            self.check_use("a hold", coupon, lsn, now_ms)?;
        }
        self.check_merchant(coupon, event.merchant)?;
        self.check_price(coupon, amount, applied)?;
        self.promises.begin(lsn, event.order, Promise { coupon, held, deadline_ms, end: None, is_redeemed: false }, now_ms)?;
        self.card(coupon)?.put(lsn, |accounts| {
            accounts.available -= held;
            accounts.held += held;
        })?;
        Ok(What::Held { coupon, amount, applied, deadline_ms })
    }

    pub(super) fn captured(&mut self, event: &event::Captured<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let held = if event.reacquired { 0 } else { self.promises.end(event.hold, End::Captured, now_ms)? };
        let order = self.promises.redeem(event.hold)?;
        if event.reacquired {
            self.check_use("a late capture", event.coupon, lsn, now_ms)?;
        }
        self.redeem_once(event.coupon, &order)?;
        let card = self.card(event.coupon)?;
        let taken = if card.is_stored_value { event.applied } else { 1 };
        let after = card.put(lsn, |accounts| {
            accounts.held -= held;
            accounts.available += held - taken;
            accounts.captured += taken;
        })?;
        // What comes back past the end has expired at that instant.
        let is_over = card.until_ms != 0 && now_ms >= card.until_ms;
        let (is_card, terms) = (card.is_stored_value, card.terms);
        let balance_after = if is_card && !is_over && !self.is_of_void(terms) { after.available } else { 0 };
        Ok(What::Redeemed { coupon: event.coupon, amount: event.amount, applied: event.applied, balance_after })
    }

    pub(super) fn hold_ended(&mut self, event: &event::HoldEnded<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let end = if event.how == event::RELEASED { End::Released } else { End::Expired };
        self.end_hold(event.hold, event.coupon, end, lsn, now_ms)?;
        Ok(What::Released { hold: event.hold })
    }

    pub(super) fn end_hold(&mut self, hold: u64, coupon: u64, end: End, lsn: u64, now_ms: i64) -> Checked<i64> {
        let held = self.promises.end(hold, end, now_ms)?;
        self.card(coupon)?.put(lsn, |accounts| {
            accounts.held -= held;
            accounts.available += held;
        })?;
        Ok(held)
    }

    /// Ends every live hold of a coupon; how many, and what they held.
    fn revoke(&mut self, coupon: u64, lsn: u64, now_ms: i64) -> Checked<(u32, i64)> {
        let mut value = 0;
        let live = self.promises.live_of(coupon);
        for &hold in &live {
            value += self.end_hold(hold, coupon, End::Revoked, lsn, now_ms)?;
        }
        Ok((live.len() as u32, value))
    }

    pub(super) fn coupon_blocked(&mut self, event: &event::CouponBlocked<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        if event.revoked_holds > 0 {
            let revoked = self.revoke(event.coupon, lsn, now_ms)?;
            check_revoked(revoked, (event.revoked_holds, event.revoked_value))?;
        }
        self.card(event.coupon)?.is_frozen = is_frozen(event.blocks);
        Ok(What::Blocked { blocks: event.blocks, revoked_holds: event.revoked_holds })
    }

    pub(super) fn user_blocked(&mut self, event: &event::UserBlocked<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let mut revoked = (0, 0);
        if event.revoked_holds > 0 {
            for coupon in self.wallets.get(event.user).cloned().unwrap_or_default() {
                let (holds, value) = self.revoke(coupon, lsn, now_ms)?;
                revoked = (revoked.0 + holds, revoked.1 + value);
            }
        }
        check_revoked(revoked, (event.revoked_holds, event.revoked_value))?;
        match is_frozen(event.blocks) {
            true => self.frozen.insert(event.user.to_owned()),
            false => self.frozen.remove(event.user),
        };
        Ok(What::Blocked { blocks: event.blocks, revoked_holds: event.revoked_holds })
    }

    pub(super) fn voided(&mut self, event: &event::Voided<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let revoked = self.revoke(event.coupon, lsn, now_ms)?;
        check_revoked(revoked, (event.revoked_holds, event.revoked_value))?;
        let card = self.card(event.coupon)?;
        i9_transitions::check_void(lsn, card)?;
        card.is_void = true;
        let available = card.now().available;
        holds(available == event.amount, "I2", || format!("{} made void of {available} available", event.amount))?;
        card.put(lsn, |accounts| accounts.voided = std::mem::take(&mut accounts.available))?;
        self.note_end(event.coupon)?;
        Ok(What::Voided { amount: event.amount, revoked_holds: event.revoked_holds })
    }

    pub(super) fn terms_voided(&mut self, event: &event::TermsVoided, now_ms: i64) -> Checked<What> {
        self.make_terms_void(event.terms)?;
        let of_terms = self.cards.iter_mut().filter(|card| card.terms == event.terms as usize);
        for card in of_terms {
            let is_revoked = event.revoke_holds && card.now().held > 0;
            card.is_doomed = card.until_ms == 0 || now_ms < card.until_ms || is_revoked;
        }
        Ok(What::Other)
    }

    /// What is left of a card becomes void, again where more came back to it.
    pub(super) fn voided_with_template(&mut self, event: &event::VoidedWithTemplate, lsn: u64, now_ms: i64) -> Checked<What> {
        let terms = self.card(event.coupon)?.terms;
        let is_of_void = self.is_of_void(terms);
        holds(is_of_void, "I9", || format!("{event:?} at lsn {lsn} of a template that is not void"))?;
        let revoked = if event.revoked_holds > 0 { self.revoke(event.coupon, lsn, now_ms)? } else { (0, 0) };
        check_revoked(revoked, (event.revoked_holds, event.revoked_value))?;
        self.void_gift(event.coupon)?;
        let card = self.card(event.coupon)?;
        card.is_void = true;
        let available = card.now().available;
        holds(available == event.amount, "I2", || format!("{} became void of {available} available", event.amount))?;
        card.put(lsn, |accounts| accounts.voided += std::mem::take(&mut accounts.available))?;
        Ok(What::Other)
    }

    pub(super) fn reloaded(&mut self, event: &event::Reloaded<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let card = self.card(event.coupon)?.clone();
        let is_frozen = card.is_frozen || self.frozen.contains(&card.user);
        holds(!is_frozen, "I9", || format!("a frozen card is reloaded at lsn {lsn}"))?;
        self.load(event.coupon, event.amount, lsn, now_ms)
    }

    pub(super) fn adjusted(&mut self, event: &event::Adjusted<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        self.load(event.coupon, event.amount, lsn, now_ms)
    }

    /// What is available changes together with what was loaded.
    fn load(&mut self, coupon: u64, amount: i64, lsn: u64, now_ms: i64) -> Checked<What> {
        let card = self.card(coupon)?;
        i9_transitions::check_load(lsn, card, now_ms)?;
        card.loaded += amount;
        let after = card.put(lsn, |accounts| accounts.available += amount)?;
        Ok(What::Loaded { balance_after: after.available })
    }

    pub(super) fn expired(&mut self, event: &event::Expired, lsn: u64, now_ms: i64) -> Checked<What> {
        let card = self.card(event.coupon)?;
        holds(card.gift.is_none(), "I9", || format!("a card expired at lsn {lsn} and is offered"))?;
        let (until_ms, available) = (card.until_ms, card.now().available);
        holds(until_ms != 0 && now_ms >= until_ms, "I9", || format!("a card of {until_ms} expired at {now_ms}"))?;
        holds(available == event.amount, "I2", || format!("{} expired of {available} available", event.amount))?;
        card.put(lsn, |accounts| {
            accounts.available -= event.amount;
            accounts.expired += event.amount;
        })?;
        self.note_end(event.coupon)?;
        Ok(What::Other)
    }

    pub(super) fn refunded(&mut self, event: &event::Refunded<'_>, lsn: u64) -> Checked<What> {
        let is_offered = self.card(event.coupon)?.gift.is_some();
        holds(!is_offered, "I9", || format!("a refund at lsn {lsn} to a card that is offered"))?;
        self.refunded_by_word(event, lsn)
    }

    /// One that another partition has decided cannot be refused.
    pub(super) fn refunded_by_word(&mut self, event: &event::Refunded<'_>, lsn: u64) -> Checked<What> {
        let card = self.card(event.coupon)?;
        let is_replaced = event.replacement != 0;
        let (back, off) = if is_replaced { (0, event.amount) } else { (event.restored, event.restored) };
        holds(!card.is_stored_value || is_replaced || back == event.amount, "I2", || format!("{event:?} keeps money"))?;
        card.loaded -= off - back;
        let after = card.put(lsn, |accounts| {
            accounts.available += back;
            accounts.captured -= off;
        })?;
        if event.reopened_until_ms != 0 {
            card.until_ms = event.reopened_until_ms;
        }
        let (is_card, terms, new) = (card.is_stored_value, card.terms, card.clone());
        let is_of_void = self.is_of_void(terms);
        holds(!(is_of_void && is_replaced), "I9", || format!("{event:?} makes a card of a void template"))?;
        let balance_after = if is_card && !is_of_void { after.available } else { 0 };
        if is_replaced {
            let (from_ms, until_ms) = (event.use_from_ms, event.use_until_ms);
            // What froze the old card freezes the new one.
            let (loaded, received, versions) = (event.amount, 0, Vec::new());
            let new = Card { loaded, received, from_ms, until_ms, is_void: false, is_doomed: false, gift: None, versions, ..new };
            self.replace(new, event.replacement - 1, lsn)?;
        }
        let (redemption, coupon, amount) = (event.redemption, event.coupon, event.amount);
        Ok(What::Refunded { redemption, coupon, amount, balance_after })
    }

    /// All that was on a card moves to a new one of the same owner; what froze the old one freezes that.
    pub(super) fn replaced(&mut self, event: &event::Replaced<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let revoked = if event.revoked_holds > 0 { self.revoke(event.coupon, lsn, now_ms)? } else { (0, 0) };
        check_revoked(revoked, (event.revoked_holds, event.revoked_value))?;
        let card = self.card(event.coupon)?;
        i9_transitions::check_replace(lsn, card, now_ms)?;
        let (now, until_ms) = (card.now(), card.until_ms);
        holds((now.available, now.held) == (event.amount, 0), "I2", || format!("{event:?} moves {now:?}"))?;
        holds(until_ms == event.use_until_ms, "I9", || format!("{event:?}, and the card ends at {until_ms}"))?;
        card.loaded -= event.amount;
        card.is_void = true;
        card.put(lsn, |accounts| accounts.available = 0)?;
        let (loaded, from_ms, received, versions) = (event.amount, event.use_from_ms, 0, Vec::new());
        let new = Card { loaded, from_ms, received, is_void: false, versions, ..card.clone() };
        self.replace(new, event.replacement, lsn)?;
        Ok(What::Replaced { replacement: event.replacement })
    }

    fn replace(&mut self, mut new: Card, number: u64, lsn: u64) -> Checked {
        holds(number == self.cards.len() as u64, "I9", || format!("coupon {number} leaves a gap"))?;
        self.wallets.entry(new.user.clone()).or_default().push(number);
        let accounts = Accounts { available: new.loaded, ..Accounts::default() };
        new.versions.push(Version { lsn, accounts });
        self.cards.push(new);
        Ok(())
    }
}

fn is_frozen(blocks: u8) -> bool {
    Blocks::from_number(blocks).is_some_and(Blocks::is_frozen)
}

fn check_revoked(found: (u32, i64), told: (u32, i64)) -> Checked {
    holds(found == told, "I2", || format!("{told:?} were revoked, {found:?} lived"))
}
