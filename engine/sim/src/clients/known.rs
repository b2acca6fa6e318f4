//! What the clients have learnt from the replies they got. They ask for nothing else.

use super::op::Ask;
use super::workload::FUNDED;
use crate::machine::{KEY_VERSION, hash_key};
use std::collections::BTreeMap;
use tessera_domain::command::{Command, Instrument};
use tessera_domain::keyed::{LegacyKey, UserKey};
use tessera_domain::reply::{CheckedOut, GiftView, Refunded, Replacement, Written};
use tessera_domain::{Reason, Reply, Stage, Terms};
use tessera_engine::letter::Answer;

/// A coupon that somebody was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Card {
    pub(crate) partition: u16,
    pub(crate) coupon: u64,
    pub(crate) user: UserKey,
    pub(crate) key_version: u8,
    /// Whether it has a balance.
    pub(crate) is_card: bool,
    /// The end of its validity, 0 = none.
    pub(crate) until_ms: i64,
    /// Whether it is of a batch: whose code one has, whose it is.
    pub(crate) is_bearer: bool,
    /// The code that another house gave it.
    pub(crate) legacy: Option<LegacyKey>,
}

/// A batch that somebody opened.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) name: String,
    pub(crate) home: u16,
    pub(crate) count: u64,
    /// How many are made, by partition.
    pub(crate) made: BTreeMap<u16, u64>,
}

/// A hold that somebody was told of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) partition: u16,
    pub(crate) lsn: u64,
    /// What it holds at most.
    pub(crate) amount: i64,
    pub(crate) deadline_ms: i64,
}

/// A checkout that somebody was told of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkout {
    pub(crate) partition: u16,
    pub(crate) lsn: u64,
    pub(crate) is_held: bool,
    /// How many lines it has, or may have.
    pub(crate) lines: u32,
}

/// A gift whose token somebody was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gift {
    pub(crate) partition: u16,
    pub(crate) lsn: u64,
    pub(crate) giver: UserKey,
    /// Who is known to have accepted it.
    pub(crate) receiver: Option<UserKey>,
}

/// A sale as its clients see it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sale {
    /// The total last heard of.
    pub(crate) total: u64,
    pub(crate) is_sold_out: bool,
}

/// Totals of what is paid out of a budget and sold from a stock, as last heard of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Funded {
    pub(crate) stock: u64,
    pub(crate) budget: u64,
}

/// The clients' memory.
#[derive(Default)]
pub(crate) struct Known {
    /// Cards with a balance, and coupons for one use.
    pub(crate) cards: Vec<Card>,
    /// Partition and lsn of redemptions.
    pub(crate) redemptions: Vec<(u16, u64)>,
    pub(crate) holds: Vec<Held>,
    pub(crate) checkouts: Vec<Checkout>,
    pub(crate) gifts: Vec<Gift>,
    pub(crate) batches: Vec<Batch>,
    /// By number of the sale.
    pub(crate) sales: Vec<Sale>,
    pub(crate) funded: Funded,
    /// Templates that were created, by name, with the version last heard of.
    pub(crate) templates: BTreeMap<String, u32>,
}

/// The number in a sale's name.
pub(crate) fn sale_of(template: &str) -> Option<usize> {
    template.strip_prefix("sale")?.parse().ok()
}

impl Known {
    /// A sale that is known to be created.
    pub(crate) fn sale(&self, number: usize) -> Option<&Sale> {
        self.sales.get(number).filter(|sale| sale.total > 0)
    }

    /// Learns from a final answer.
    pub(crate) fn learn(&mut self, ask: &Ask, answer: &Answer) {
        match answer {
            Ok(reply) => self.hear(ask, reply),
            Err(refusal) => {
                let is_of_total = matches!(refusal.reason, Reason::StockMismatch | Reason::BudgetMismatch);
                if let (true, Ask::Partition(_, command)) = (is_of_total, ask) {
                    self.totalled(command, refusal.value as u64);
                }
                let sale = ask.template().and_then(|template| sale_of(template.as_str()));
                let Some(sale) = sale.and_then(|sale| self.sales.get_mut(sale)) else { return };
                match refusal.reason {
                    Reason::SoldOut => sale.is_sold_out = true,
                    Reason::StockMismatch => sale.total = sale.total.max(refusal.value as u64),
                    _ => {}
                }
            }
        }
    }

    fn hear(&mut self, ask: &Ask, reply: &Reply) {
        match (ask, reply) {
            (Ask::Partition(partition, Command::Claim(claim)), Reply::Claimed(claimed))
                if sale_of(claim.template.as_str()).is_none() =>
            {
                let (coupon, key_version) = (claimed.coupon, claimed.key_version);
                let (user, until_ms) = (claim.user.key, claimed.window.until_ms);
                let (is_card, is_bearer, legacy) = (claimed.offer.face_value.is_some(), false, None);
                let partition = *partition;
                self.cards.push(Card { partition, coupon, user, key_version, is_card, until_ms, is_bearer, legacy });
            }
            (Ask::Partition(partition, Command::ImportCard(import)), Reply::Imported(imported)) => {
                let (partition, coupon, legacy) = (*partition, imported.coupon, Some(import.code));
                let (user, key_version) = (hash_key().user("nobody"), KEY_VERSION);
                let (is_card, is_bearer) = (import.template.as_str() == "card", true);
                self.cards.push(Card { partition, coupon, user, key_version, is_card, until_ms: 0, is_bearer, legacy });
            }
            (_, Reply::Held(held)) => {
                let (Written { partition, lsn, .. }, amount, deadline_ms) = (held.written, held.amount, held.deadline_ms);
                self.holds.push(Held { partition, lsn, amount, deadline_ms });
            }
            (Ask::Partition(partition, Command::OfferGift(offer)), Reply::GiftOffered(offered)) => {
                let Instrument::Owned { user: giver, .. } = offer.instrument else { return };
                self.gifts.push(Gift { partition: *partition, lsn: offered.gift, giver, receiver: None });
            }
            (Ask::Partition(partition, Command::AcceptGift(accept)), Reply::GiftAccepted(accepted)) => {
                let is_it = |gift: &&mut Gift| (gift.partition, gift.lsn) == (*partition, accepted.gift);
                let gift = self.gifts.iter_mut().rev().find(is_it);
                gift.into_iter().for_each(|gift| gift.receiver = Some(accept.user.key));
            }
            (Ask::Partition(partition, Command::MakeCards(make)), Reply::Share(share)) => {
                let batch = self.batches.iter_mut().rev().find(|batch| batch.name == make.batch.as_str());
                let made = batch.map(|batch| batch.made.entry(*partition).or_default());
                made.into_iter().for_each(|made| *made = share.made.max(*made));
            }
            (Ask::Partition(home, Command::OpenBatch(open)), Reply::Batch(view)) => {
                let (name, home, count) = (open.batch.to_string(), *home, view.count);
                self.batches.push(Batch { name, home, count, made: BTreeMap::new() });
            }
            (Ask::Partition(partition, Command::ListCards(_)), Reply::Cards(page)) => {
                page.cards.iter().for_each(|&(coupon, key_version)| self.made(*partition, coupon, key_version));
            }
            (Ask::Partition(partition, _), Reply::Gift(view)) => self.arrived(*partition, view),
            (_, Reply::Refunded(refunded)) => self.refunded(refunded),
            (Ask::Partition(partition, Command::ReplaceCard(replace)), Reply::Replaced(replaced)) => {
                self.replaced(*partition, replace.instrument.coupon(), replaced.replacement);
            }
            (_, Reply::CheckedOut(checkout)) => self.checked_out(checkout),
            (_, Reply::CheckoutRefunded(refund)) => refund.parts.iter().for_each(|part| self.refunded(part)),
            (_, Reply::Redeemed(redeemed)) => self.redemptions.push((redeemed.written.partition, redeemed.written.lsn)),
            (Ask::Partition(_, command), Reply::StockRaised { total, .. }) => {
                self.totalled(command, *total);
                let Command::RaiseStock(raise) = command else { return };
                let sale = sale_of(raise.template.as_str()).and_then(|sale| self.sales.get_mut(sale));
                if let Some(sale) = sale {
                    *sale = Sale { total: *total, is_sold_out: false };
                }
            }
            (_, Reply::Template { template, .. }) => self.written(&template.terms, template.stock),
            _ => {}
        }
    }

    /// Its parts are known as holds and redemptions too: who asks for one of them alone is refused.
    fn checked_out(&mut self, checkout: &CheckedOut) {
        let CheckedOut { written: Written { partition, lsn, .. }, stage, deadline_ms, ref parts, .. } = *checkout;
        let lines = parts.iter().map(|part| part.line_shares.len()).max().unwrap_or(0).max(2) as u32;
        self.checkouts.push(Checkout { partition, lsn, is_held: stage == Stage::Held, lines });
        let part = parts.iter().rfind(|part| part.apart.is_none()).map(|part| (part.lsn, part.applied));
        match (stage, part) {
            (Stage::Held, Some((lsn, amount))) => self.holds.push(Held { partition, lsn, amount, deadline_ms }),
            (Stage::Redeemed, Some((lsn, _))) => self.redemptions.push((partition, lsn)),
            (_, None) => {}
        }
    }

    /// What was given is the receiver's to use.
    fn arrived(&mut self, giving: u16, view: &GiftView) {
        let gift = self.gifts.iter().rev().find(|gift| (gift.partition, gift.lsn) == (giving, view.gift));
        let (Some(user), Some((partition, coupon))) = (gift.and_then(|gift| gift.receiver), view.arrived) else { return };
        let is_known = self.cards.iter().rev().any(|card| (card.partition, card.coupon) == (partition, coupon));
        if !is_known {
            let until_ms = view.window.until_ms;
            let (key_version, is_card, legacy) = (KEY_VERSION, view.offer.face_value.is_some(), None);
            self.cards.push(Card { partition, coupon, user, key_version, is_card, until_ms, is_bearer: false, legacy });
        }
    }

    /// A card of a batch is found.
    fn made(&mut self, partition: u16, coupon: u64, key_version: u8) {
        let is_known = self.cards.iter().any(|card| (card.partition, card.coupon) == (partition, coupon));
        if !is_known {
            let user = hash_key().user("nobody");
            let (is_card, is_bearer, legacy) = (true, true, None);
            self.cards.push(Card { partition, coupon, user, key_version, is_card, until_ms: 0, is_bearer, legacy });
        }
    }

    fn refunded(&mut self, refunded: &Refunded) {
        let partition = refunded.written.partition;
        refunded.replacement.into_iter().for_each(|new| self.replaced(partition, refunded.coupon, new));
    }

    /// A void card has another one in its place.
    fn replaced(&mut self, partition: u16, coupon: u64, new: Replacement) {
        let old = self.cards.iter().find(|card| (card.partition, card.coupon) == (partition, coupon)).copied();
        let Replacement { coupon, key_version, window } = new;
        self.cards.extend(old.map(|old| Card { coupon, key_version, until_ms: window.until_ms, legacy: None, ..old }));
    }

    /// What a raise of the stock or the budget of what is funded says of its total; it never falls.
    fn totalled(&mut self, raise: &Command, total: u64) {
        match raise {
            Command::RaiseStock(raise) if raise.template.as_str() == FUNDED => self.funded.stock = self.funded.stock.max(total),
            Command::RaiseBudget(_) => self.funded.budget = self.funded.budget.max(total),
            _ => {}
        }
    }

    fn written(&mut self, terms: &Terms, stock: Option<u64>) {
        let name = terms.template_id.as_str();
        if name == FUNDED {
            self.funded = Funded { stock: stock.unwrap_or(0), budget: terms.rules().budget };
        }
        if let (Some(number), Some(total)) = (sale_of(name), stock) {
            self.sales.resize(self.sales.len().max(number + 1), Sale::default());
            self.sales[number].total = total;
        }
        self.templates.insert(name.into(), terms.version);
    }
}
