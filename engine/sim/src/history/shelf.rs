//! The plain model of one partition: what each card and each stock was, after each event that changed it.
//!
//! Written from the semantics, not from `apply`: a difference between the two is a finding. I2.

use super::batch::Batch;
use super::card::{Accounts, Card, Version};
use super::fact::{Fact, What};
use super::gift::Gift;
use super::limits::{Limited, day_of};
use super::orders::Orders;
use super::price::Price;
use super::promise::Promises;
use crate::audit::i9_transitions;
use crate::clients::{DAILY, DAILY_MAX, DAYED, FUNDED, MERCHANT, op_of};
use crate::violation::{Checked, broken, holds};
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::event::{self, Event};
use tessera_domain::keyed::LegacyKey;

/// Total and what is out of a stock, since an lsn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StockVersion {
    pub(crate) lsn: u64,
    pub(crate) shown: (i64, i64),
}

#[derive(Clone, Copy, Debug)]
struct TermsSketch {
    template: u32,
    price: Price,
    /// Of the template that is limited by day and merchant.
    is_daily: bool,
    limited: Limited,
    /// Whether the template is void.
    is_void: bool,
}

/// One partition's facts.
#[derive(Default)]
pub(crate) struct Shelf {
    /// By lsn, from 1.
    pub(crate) facts: Vec<Fact>,
    pub(crate) cards: Vec<Card>,
    /// By user, in the order of issue.
    pub(crate) wallets: BTreeMap<String, Vec<u64>>,
    /// By template, at its home.
    pub(crate) stocks: BTreeMap<u32, Vec<StockVersion>>,
    terms: Vec<TermsSketch>,
    /// Users whose accounts are frozen.
    pub(super) frozen: BTreeSet<String>,
    pub(crate) promises: Promises,
    /// By lsn of their offers.
    pub(crate) gifts: BTreeMap<u64, Gift>,
    /// Codes of other houses that have a card or a coupon.
    legacy: BTreeMap<u128, u64>,
    /// Of those, one-use coupons.
    one_use_imports: u64,
    /// Coupon and order of every redemption.
    orders: BTreeSet<(u64, String)>,
    /// Checkouts.
    pub(super) orders_of: Orders,
    /// Of each batch, how many cards are made here in all, and how many are.
    pub(super) runs: BTreeMap<String, (u64, u64)>,
    /// Batches whose home this is.
    pub(crate) batches: BTreeMap<String, Batch>,
    /// Daily coupons by user and local day.
    daily: BTreeMap<(String, i64), u32>,
    /// Home: granted (true) to and reclaimed (false) from a lessee, in all.
    leases: BTreeMap<(u32, u16, bool), u64>,
    /// A coupon that ended unused, and comes back with the next event.
    pub(super) due_back: Option<u64>,
}

impl Shelf {
    /// Takes the next event in.
    pub(crate) fn note(&mut self, event: &Event<'_>, now_ms: i64) -> Checked {
        let lsn = self.facts.len() as u64 + 1;
        self.check_return(event)?;
        if let Some(fact) = self.saga_outcome(event, lsn)? {
            self.facts.push(fact);
            return Ok(());
        }
        if let Some((request, what)) = self.of_order(event, lsn, now_ms)? {
            self.facts.push(Fact { op: request.and_then(|request| op_of(request.id)), what });
            return Ok(());
        }
        let (request, what) = match event {
            Event::Claimed(event) => (Some(event.request), self.claimed(event, lsn, now_ms)?),
            Event::Redeemed(event) => (Some(event.request), self.redeemed(event, lsn, now_ms)?),
            Event::Refunded(event) => (Some(event.request), self.refunded(event, lsn)?),
            Event::Held(event) => (Some(event.request), self.held(event, lsn, now_ms)?),
            Event::Captured(event) => (Some(event.request), self.captured(event, lsn, now_ms)?),
            Event::HoldEnded(event) => (event.request, self.hold_ended(event, lsn, now_ms)?),
            Event::CouponBlocked(event) => (Some(event.request), self.coupon_blocked(event, lsn, now_ms)?),
            Event::UserBlocked(event) => (Some(event.request), self.user_blocked(event, lsn, now_ms)?),
            Event::Voided(event) => (Some(event.request), self.voided(event, lsn, now_ms)?),
            Event::BatchOpened(event) => (None, self.batch_opened(event, lsn, now_ms)?),
            Event::CardsMade(event) => (None, self.cards_made(event, lsn)?),
            Event::BatchCompleted(event) => (None, self.batch_completed(event, lsn, now_ms)?),
            Event::BatchTaken(event) => (Some(event.request), self.batch_taken(event, lsn, now_ms)?),
            Event::Activated(event) => (Some(event.request), self.activated(event, lsn)?),
            Event::TermsVoided(event) => (None, self.terms_voided(event, now_ms)?),
            Event::VoidedWithTemplate(event) => (None, self.voided_with_template(event, lsn, now_ms)?),
            Event::GiftOffered(event) => (Some(event.request), self.gift_offered(event, lsn, now_ms)?),
            Event::GiftEnded(event) => (event.request, self.gift_ended(event, now_ms)?),
            Event::GiftAccepted(event) => (Some(event.request), self.gift_accepted(event, lsn, now_ms)?),
            Event::GiftReceived(event) => (None, self.gift_received(event, lsn)?),
            Event::GiftArrived(event) => (None, self.gift_arrived(event)?),
            Event::Reloaded(event) => (Some(event.request), self.reloaded(event, lsn, now_ms)?),
            Event::Adjusted(event) => (Some(event.request), self.adjusted(event, lsn, now_ms)?),
            Event::Replaced(event) => (Some(event.request), self.replaced(event, lsn, now_ms)?),
            Event::CardImported(event) => (Some(event.request), self.imported(event, lsn)?),
            Event::Expired(event) => (None, self.expired(event, lsn, now_ms)?),
            Event::Joined(event) => (Some(event.request), What::Joined { redemption: event.redemption }),
            Event::Refused(event) => (Some(event.request), What::Refused { reason: event.reason, value: event.value }),
            Event::StockSet(event) => {
                self.move_stock(event.template, lsn, |(_, out)| (event.to as i64, out));
                (Some(event.request), What::StockSet { from: event.from, to: event.to })
            }
            Event::BudgetSet(event) => (Some(event.request), What::StockSet { from: event.from, to: event.to }),
            other => (None, self.by_itself(other, lsn)),
        };
        self.facts.push(Fact { op: request.and_then(|request| op_of(request.id)), what });
        Ok(())
    }

    fn by_itself(&mut self, event: &Event<'_>, lsn: u64) -> What {
        match event {
            Event::TermsAdopted(event) => {
                let (template, price, is_daily) = (event.body.template, Price::of(&event.body), event.body.template_id == DAILY);
                let limited = match event.body.template_id {
                    DAYED => Limited::ByDay,
                    FUNDED => Limited::ByBudget,
                    _ => Limited::Not,
                };
                self.terms.push(TermsSketch { template, price, is_daily, limited, is_void: false });
            }
            Event::StockOpened(event) => self.move_stock(event.template, lsn, |_| (event.total as i64, 0)),
            Event::LeaseGranted(_) | Event::LeaseReclaimed(_) => self.lease_moved(event, lsn),
            _ => {}
        }
        What::Other
    }

    /// Template of adopted terms, and whether they hold a balance.
    pub(super) fn sketch(&self, terms: u32) -> (u32, bool) {
        let TermsSketch { template, price, .. } = self.terms[terms as usize];
        (template, matches!(price, Price::Card { .. }))
    }

    /// What all users share of adopted terms.
    pub(super) fn limited(&self, terms: u32) -> Limited {
        self.terms[terms as usize].limited
    }

    /// What is on a new card of adopted terms.
    pub(super) fn face_value(&self, terms: usize) -> i64 {
        match self.terms[terms].price {
            Price::Card { face_value } => face_value,
            _ => 0,
        }
    }

    /// Whether the template of adopted terms is void.
    pub(super) fn is_of_void(&self, terms: usize) -> bool {
        self.terms[terms].is_void
    }

    /// From now on the template of adopted terms is void.
    pub(super) fn make_terms_void(&mut self, terms: u32) -> Checked {
        let was_void = std::mem::replace(&mut self.terms[terms as usize].is_void, true);
        holds(!was_void, "I9", || format!("terms {terms} became void twice"))
    }

    fn claimed(&mut self, event: &event::Claimed<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        let terms = self.terms[event.terms as usize];
        if terms.is_daily {
            self.claimed_daily(event.user, now_ms)?;
        }
        let (loaded, is_stored_value) = match terms.price {
            Price::Card { face_value } => (face_value, true),
            Price::Percent { .. } | Price::Amount { .. } | Price::Cash { .. } => (1, false),
        };
        let template = terms.template;
        self.wallets.entry(event.user.to_owned()).or_default().push(event.coupon);
        let accounts = Accounts { available: loaded, ..Accounts::default() };
        self.cards.push(Card {
            terms: event.terms as usize,
            template,
            user: event.user.to_owned(),
            is_stored_value,
            loaded,
            from_ms: event.use_from_ms,
            until_ms: event.use_until_ms,
            is_frozen: false,
            is_void: false,
            is_doomed: false,
            is_unactivated: false,
            received: 0,
            gift: None,
            versions: vec![Version { lsn, accounts }],
        });
        Ok(What::Claimed { coupon: event.coupon })
    }

    /// I5: a code of another house gets one card or coupon, whatever its rows say. I2: a card has what its row says or its face value, a
    /// one-use coupon its one unit.
    fn imported(&mut self, event: &event::CardImported<'_>, lsn: u64) -> Checked<What> {
        holds(self.legacy.insert(event.code, event.coupon).is_none(), "I5", || {
            format!("a code got a second card, {}", event.coupon)
        })?;
        let (template, is_stored_value) = self.sketch(event.terms);
        let due = match is_stored_value {
            true if event.asked > 0 => event.asked,
            true => self.face_value(event.terms as usize),
            false => 1,
        };
        holds(event.loaded == due, "I2", || format!("{event:?} has {}, and should have {due}", event.loaded))?;
        self.one_use_imports += u64::from(!is_stored_value);
        let accounts = Accounts { available: event.loaded, ..Accounts::default() };
        self.cards.push(Card {
            terms: event.terms as usize,
            template,
            user: String::new(),
            is_stored_value,
            loaded: event.loaded,
            from_ms: event.use_from_ms,
            until_ms: event.use_until_ms,
            is_frozen: false,
            is_void: false,
            is_doomed: self.is_of_void(event.terms as usize),
            is_unactivated: false,
            received: 0,
            gift: None,
            versions: vec![Version { lsn, accounts }],
        });
        Ok(What::Imported { coupon: event.coupon })
    }

    /// I9: a user gets as many a day as the template says. Days are those of Shanghai.
    fn claimed_daily(&mut self, user: &str, now_ms: i64) -> Checked {
        let day = day_of(now_ms);
        let count = self.daily.entry((user.to_owned(), day)).or_default();
        *count += 1;
        holds(*count <= DAILY_MAX, "I9", || format!("{user} got {count} on day {day}, {DAILY_MAX} at most"))
    }

    /// I9: the daily coupon is for one merchant.
    pub(super) fn check_merchant(&mut self, coupon: u64, merchant: &str) -> Checked {
        let terms = self.card(coupon)?.terms;
        let may = !self.terms[terms].is_daily || merchant == MERCHANT;
        holds(may, "I9", || format!("coupon {coupon} was used at {merchant}"))
    }

    pub(super) fn redeemed(&mut self, event: &event::Redeemed<'_>, lsn: u64, now_ms: i64) -> Checked<What> {
        self.redeem_once(event.coupon, event.order)?;
        self.check_use("a redemption", event.coupon, lsn, now_ms)?;
        self.check_merchant(event.coupon, event.merchant)?;
        self.check_price(event.coupon, event.amount, event.applied)?;
        let card = self.card(event.coupon)?;
        let taken = if card.is_stored_value { event.applied } else { 1 };
        let after = card.put(lsn, |accounts| {
            accounts.available -= taken;
            accounts.captured += taken;
        })?;
        let balance_after = if card.is_stored_value { after.available } else { 0 };
        Ok(What::Redeemed { coupon: event.coupon, amount: event.amount, applied: event.applied, balance_after })
    }

    /// I9: the coupon may be used now.
    pub(super) fn check_use(&mut self, what: &str, coupon: u64, lsn: u64, now_ms: i64) -> Checked {
        let card = self.card(coupon)?.clone();
        i9_transitions::check_use(what, lsn, &card, self.frozen.contains(&card.user), now_ms)
    }

    /// The discount or charge is what the terms say.
    pub(super) fn check_price(&mut self, coupon: u64, amount: i64, applied: i64) -> Checked {
        let terms = self.card(coupon)?.terms;
        let expected = self.terms[terms].price.applied(amount);
        holds(expected == Some(applied), "I2", || format!("{applied} applied to {amount}, the terms say {expected:?}"))
    }

    /// I5: an order redeems a coupon once.
    pub(super) fn redeem_once(&mut self, coupon: u64, order: &str) -> Checked {
        let is_new = self.orders.insert((coupon, order.to_owned()));
        holds(is_new, "I5", || format!("order {order} redeemed coupon {coupon} twice"))
    }

    pub(super) fn card(&mut self, coupon: u64) -> Checked<&mut Card> {
        self.cards.get_mut(coupon as usize).ok_or_else(|| broken("I9", format!("coupon {coupon} was never issued")))
    }

    /// The card or coupon of a code of another house.
    pub(crate) fn coupon_of(&self, code: LegacyKey) -> Option<u64> {
        self.legacy.get(&code.0).copied()
    }

    /// How many cards and coupons of another house there are, and how many of them are for one use.
    pub(crate) fn imports(&self) -> [u64; 2] {
        [self.legacy.len() as u64, self.one_use_imports]
    }

    /// The sums of the accounts, by adopted terms.
    pub(crate) fn totals(&self) -> Vec<Accounts> {
        let mut totals = vec![Accounts::default(); self.terms.len()];
        for card in &self.cards {
            let (sum, now) = (&mut totals[card.terms], card.now());
            sum.available += now.available;
            sum.held += now.held;
            sum.captured += now.captured;
            sum.expired += now.expired;
            sum.voided += now.voided;
            sum.given += now.given;
        }
        totals
    }

    /// Home's numbers are absolute, so what moved is told by the difference to the last of that lessee.
    fn lease_moved(&mut self, event: &Event<'_>, lsn: u64) {
        let (Event::LeaseGranted(lease) | Event::LeaseReclaimed(lease)) = event else { return };
        let key = (lease.template, lease.partition, matches!(event, Event::LeaseGranted(_)));
        let before = self.leases.insert(key, lease.count).unwrap_or(0);
        let moved = (lease.count - before) as i64;
        let sign = if key.2 { 1 } else { -1 };
        self.move_stock(lease.template, lsn, |(total, out)| (total, out + sign * moved));
    }

    fn move_stock(&mut self, template: u32, lsn: u64, change: impl FnOnce((i64, i64)) -> (i64, i64)) {
        let versions = self.stocks.entry(template).or_default();
        let before = versions.last().map_or((0, 0), |version| version.shown);
        versions.push(StockVersion { lsn, shown: change(before) });
    }
}
