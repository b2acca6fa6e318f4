//! The plain model of one partition: what each card and each stock was, after each event that changed it.
//!
//! Written from the semantics, not from `apply`: a difference between the two is a finding. I2.

use super::fact::{Fact, What};
use crate::clients::op_of;
use crate::violation::{Checked, broken, holds};
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::event::{self, Event};

/// A value that changed at an lsn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) lsn: u64,
    /// Of a card: available and captured. Of a stock: total and what is out.
    pub(crate) shown: (i64, i64),
}

/// A card or coupon over time.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) template: u32,
    is_stored_value: bool,
    pub(crate) versions: Vec<Version>,
}

#[derive(Clone, Copy, Debug)]
struct TermsSketch {
    template: u32,
    face_value: Option<i64>,
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
    pub(crate) stocks: BTreeMap<u32, Vec<Version>>,
    terms: Vec<TermsSketch>,
    /// Coupon and order of every redemption.
    orders: BTreeSet<(u64, String)>,
    /// Home: granted (true) to and reclaimed (false) from a lessee, in all.
    leases: BTreeMap<(u32, u16, bool), u64>,
}

impl Card {
    fn now(&self) -> (i64, i64) {
        self.versions.last().map_or((0, 0), |version| version.shown)
    }
}

impl Shelf {
    /// Takes the next event in.
    pub(crate) fn note(&mut self, event: &Event<'_>) -> Checked {
        let lsn = self.facts.len() as u64 + 1;
        let (request, what) = match event {
            Event::Claimed(event) => (Some(event.request), self.claimed(event, lsn)),
            Event::Redeemed(event) => (Some(event.request), self.redeemed(event, lsn)?),
            Event::Refunded(event) => (Some(event.request), self.refunded(event, lsn)?),
            Event::Joined(event) => (Some(event.request), What::Joined { redemption: event.redemption }),
            Event::Refused(event) => (Some(event.request), What::Refused { reason: event.reason, value: event.value }),
            Event::StockSet(event) => {
                self.move_stock(event.template, lsn, |(_, out)| (event.to as i64, out));
                (Some(event.request), What::StockSet { to: event.to })
            }
            other => (None, self.by_itself(other, lsn)),
        };
        self.facts.push(Fact { op: request.and_then(|request| op_of(request.id)), what });
        Ok(())
    }

    fn by_itself(&mut self, event: &Event<'_>, lsn: u64) -> What {
        match event {
            Event::TermsAdopted(event) => {
                let face_value = (event.body.kind == 3).then_some(event.body.first);
                self.terms.push(TermsSketch { template: event.body.template, face_value });
            }
            Event::StockOpened(event) => self.move_stock(event.template, lsn, |_| (event.total as i64, 0)),
            Event::LeaseGranted(_) | Event::LeaseReclaimed(_) => self.lease_moved(event, lsn),
            _ => {}
        }
        What::Other
    }

    fn claimed(&mut self, event: &event::Claimed<'_>, lsn: u64) -> What {
        let terms = self.terms[event.terms as usize];
        let loaded = terms.face_value.unwrap_or(1);
        let (template, is_stored_value) = (terms.template, terms.face_value.is_some());
        self.wallets.entry(event.user.to_owned()).or_default().push(event.coupon);
        let versions = vec![Version { lsn, shown: (loaded, 0) }];
        self.cards.push(Card { template, is_stored_value, versions });
        What::Claimed { coupon: event.coupon }
    }

    fn redeemed(&mut self, event: &event::Redeemed<'_>, lsn: u64) -> Checked<What> {
        let is_new = self.orders.insert((event.coupon, event.order.to_owned()));
        holds(is_new, "I5", || format!("order {} redeemed coupon {} twice", event.order, event.coupon))?;
        let card = self.card(event.coupon)?;
        let taken = if card.is_stored_value { event.applied } else { 1 };
        let balance = card.put(lsn, -taken)?;
        let balance_after = if card.is_stored_value { balance } else { 0 };
        Ok(What::Redeemed { coupon: event.coupon, amount: event.amount, applied: event.applied, balance_after })
    }

    fn refunded(&mut self, event: &event::Refunded<'_>, lsn: u64) -> Checked<What> {
        let card = self.card(event.coupon)?;
        let back = if card.is_stored_value { event.amount } else { 1 };
        let balance = card.put(lsn, back)?;
        let balance_after = if card.is_stored_value { balance } else { 0 };
        let (redemption, coupon, amount) = (event.redemption, event.coupon, event.amount);
        Ok(What::Refunded { redemption, coupon, amount, balance_after })
    }

    fn card(&mut self, coupon: u64) -> Checked<&mut Card> {
        self.cards.get_mut(coupon as usize).ok_or_else(|| broken("I9", format!("coupon {coupon} was never issued")))
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
        versions.push(Version { lsn, shown: change(before) });
    }
}

impl Card {
    /// Adds to what is available, takes from what was captured; gives what is available then.
    fn put(&mut self, lsn: u64, more: i64) -> Checked<i64> {
        let (available, captured) = self.now();
        let shown = (available + more, captured - more);
        holds(shown.0 >= 0 && shown.1 >= 0, "I2", || format!("a card would show {shown:?}"))?;
        self.versions.push(Version { lsn, shown });
        Ok(shown.0)
    }
}
