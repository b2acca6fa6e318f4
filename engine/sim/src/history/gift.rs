//! The gifts of the plain model: each is offered once, ends once, and what was given arrives once.

use super::card::{Accounts, Card, Version};
use super::fact::What;
use super::shelf::Shelf;
use crate::violation::{Checked, broken, holds};
use tessera_domain::event;

/// A gift, in the sender's partition.
#[derive(Clone, Debug)]
pub(crate) struct Gift {
    pub(crate) coupon: u64,
    pub(crate) deadline_ms: i64,
    pub(crate) end: Option<GiftEnd>,
    /// The receiver's coupon, when its partition has recorded it.
    pub(crate) received: Option<u64>,
    /// Whether the sender's partition has heard of that.
    pub(crate) is_heard: bool,
}

/// How a gift ended.
#[derive(Clone, Debug)]
pub(crate) enum GiftEnd {
    Cancelled,
    Expired,
    /// By whom, where they are, and what they are to get.
    Accepted {
        user: String,
        to: u16,
        amount: i64,
        template: u32,
        window: (i64, i64),
    },
}

impl Shelf {
    pub(super) fn gift_offered(&mut self, event: &event::GiftOffered<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let event::GiftOffered { coupon, deadline_ms, .. } = *event;
        let is_frozen = self.is_frozen(coupon)?;
        let card = self.card(coupon)?;
        let now = card.now();
        let is_over = card.until_ms != 0 && now_ms >= card.until_ms;
        let may = card.gift.is_none()
            && !card.is_void
            && !card.is_doomed
            && !is_frozen
            && !is_over
            && now.available > 0
            && now.held == 0;
        holds(may && now_ms < deadline_ms, "I9", || format!("a gift of {card:?} until {deadline_ms} at {now_ms}"))?;
        let is_longer = card.until_ms != 0 && deadline_ms > card.until_ms;
        holds(!is_longer, "I9", || format!("a gift until {deadline_ms} of a card that ends at {}", card.until_ms))?;
        card.gift = Some(lsn);
        self.gifts.insert(lsn, Gift { coupon, deadline_ms, end: None, received: None, is_heard: false });
        Ok(What::GiftOffered { coupon, deadline_ms })
    }

    pub(super) fn gift_ended(&mut self, event: &event::GiftEnded<'_>, now_ms: i64) -> Checked<What> {
        let end = if event.how == event::GIFT_CANCELLED { GiftEnd::Cancelled } else { GiftEnd::Expired };
        self.end_gift(event.gift, end, now_ms)?;
        Ok(What::GiftEnded { gift: event.gift })
    }

    pub(super) fn gift_accepted(&mut self, event: &event::GiftAccepted<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let is_frozen = self.is_frozen(event.coupon)?;
        let card = self.card(event.coupon)?;
        let is_own = card.user == event.user;
        holds(!is_frozen && !is_own, "I9", || format!("lsn {lsn} gives {card:?} to {}", event.user))?;
        let after = card.put(lsn, |accounts| {
            accounts.given += std::mem::take(&mut accounts.available);
        })?;
        let (amount, template, window) = (event.amount, card.template, (card.from_ms, card.until_ms));
        holds(after.given == amount, "I2", || format!("{amount} were given, {} were there", after.given))?;
        let end = GiftEnd::Accepted { user: event.user.to_owned(), to: event.to, amount, template, window };
        self.end_gift(event.gift, end, now_ms)?;
        Ok(What::GiftAccepted { gift: event.gift, amount })
    }

    /// An open gift ends with its card's template, whatever its deadline.
    pub(super) fn void_gift(&mut self, coupon: u64) -> Checked {
        let Some(lsn) = self.card(coupon)?.gift.take() else { return Ok(()) };
        let gift = self.gifts.get_mut(&lsn).ok_or_else(|| broken("I9", format!("gift {lsn} ends and was never offered")))?;
        gift.end = Some(GiftEnd::Cancelled);
        Ok(())
    }

    fn end_gift(&mut self, lsn: u64, end: GiftEnd, now_ms: i64) -> Checked {
        let gift = self.gifts.get_mut(&lsn).ok_or_else(|| broken("I9", format!("gift {lsn} ends and was never offered")))?;
        holds(gift.end.is_none(), "I9", || format!("gift {lsn} ended by {:?} and by {end:?}", gift.end))?;
        let in_time = (now_ms >= gift.deadline_ms) == matches!(end, GiftEnd::Expired);
        holds(in_time, "I9", || format!("gift {lsn} of deadline {} ended by {end:?} at {now_ms}", gift.deadline_ms))?;
        gift.end = Some(end);
        let coupon = gift.coupon;
        self.card(coupon)?.gift = None;
        Ok(())
    }

    /// A new card, of what its event says; whether that was given is the sender's partition's to know.
    pub(super) fn gift_received(&mut self, event: &event::GiftReceived<'_>, lsn: u64) -> Checked<What> {
        let event::GiftReceived { coupon, terms, user, amount, use_from_ms, use_until_ms, .. } = *event;
        holds(coupon == self.cards.len() as u64, "I9", || format!("coupon {coupon} leaves a gap"))?;
        let (template, is_stored_value) = self.sketch(terms);
        self.wallets.entry(user.to_owned()).or_default().push(coupon);
        self.cards.push(Card {
            terms: terms as usize,
            template,
            user: user.to_owned(),
            is_stored_value,
            loaded: amount,
            received: amount,
            from_ms: use_from_ms,
            until_ms: use_until_ms,
            is_frozen: false,
            is_void: false,
            is_doomed: self.is_of_void(terms as usize),
            is_unactivated: false,
            gift: None,
            versions: vec![Version { lsn, accounts: Accounts { available: amount, ..Accounts::default() } }],
        });
        Ok(What::Other)
    }

    /// The receiver's partition, `to`, has recorded what was given here: once, and nothing else.
    pub(super) fn give_away(&mut self, to: u16, event: &event::GiftReceived<'_>, template: u32) -> Checked {
        let gift = self.gifts.get_mut(&event.gift);
        let gift = gift.ok_or_else(|| broken("I2", format!("gift {} was received and never offered", event.gift)))?;
        let told = matches!(&gift.end, Some(GiftEnd::Accepted { user, to: there, amount, template: of, window })
            if (user.as_str(), *there, *amount, *of, *window)
                == (event.user, to, event.amount, template, (event.use_from_ms, event.use_until_ms)));
        holds(told, "I2", || format!("partition {to} received {event:?} of {gift:?}"))?;
        let before = gift.received.replace(event.coupon);
        holds(before.is_none(), "I3", || format!("gift {} is coupon {before:?} and {}", event.gift, event.coupon))
    }

    pub(super) fn gift_arrived(&mut self, event: &event::GiftArrived) -> Checked<What> {
        let gift = self.gifts.get_mut(&event.gift);
        let gift = gift.ok_or_else(|| broken("I3", format!("gift {} arrived and was never offered", event.gift)))?;
        let is_true = gift.received == Some(event.coupon) && !gift.is_heard;
        gift.is_heard = true;
        holds(is_true, "I3", || format!("{event:?} is said of {gift:?}"))?;
        Ok(What::Other)
    }

    fn is_frozen(&mut self, coupon: u64) -> Checked<bool> {
        let card = self.card(coupon)?.clone();
        Ok(card.is_frozen || self.frozen.contains(&card.user))
    }
}
