//! A customer with a wallet of coupons and cards thrown by dice, who orders at a till, changes their mind, takes a part of it, and brings
//! back every unit in any order; and what must hold on that way.

use crate::audit::that;
use crate::receipt::{Basket, Receipt};
use crate::shop::{self, Dice};
use crate::till::Till;
use crate::wallet::{self, Purse, TEMPLATES};
use std::collections::BTreeMap;
use tessera_domain::checkout::{LINES_MAX, Order};
use tessera_domain::reply::CouponView;
use tessera_domain::{Life, Reason, RefundPolicy};

/// Orders of one customer: then the till, and what it remembers, is done with.
pub const ORDERS: u64 = 40;

/// Most instruments of one order.
const INSTRUMENTS: u64 = 10;

/// Most lines of one; of one in so many as many as there may be.
const LINES_USUAL: u64 = 7;
const LONG_ONE_IN: u64 = 2_000;

pub struct Customer {
    till: Till,
    dice: Dice,
    scale: i64,
    wallet: Vec<u64>,
    pub counts: Counts,
}

/// An order as it was tried.
struct Tried {
    /// What it was told, unless the places of lines decided something there.
    receipt: Option<Receipt>,
    /// Where each of its lines stands in the order.
    places: Vec<usize>,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Orders that instruments did something to, and those to which two or more did.
    pub orders: u64,
    pub with_several: u64,
    /// Those with cards, those that were held, and those of which a part was delivered.
    pub with_cards: u64,
    pub held: u64,
    pub in_part: u64,
    /// Those asked with their lines in another order, and those of them where the places of two lines decided.
    pub moved: u64,
    pub decided_by_place: u64,
    /// Returns, of one unit or more.
    pub returns: u64,
}

impl Counts {
    pub fn add(&mut self, more: &Counts) {
        let Counts { orders, with_several, with_cards, held, in_part, moved, decided_by_place, returns } = more;
        self.orders += orders;
        self.with_several += with_several;
        self.with_cards += with_cards;
        self.held += held;
        self.in_part += in_part;
        self.moved += moved;
        self.decided_by_place += decided_by_place;
        self.returns += returns;
    }
}

/// One customer's orders, up to the first breach.
pub fn live(seed: u64) -> Result<Counts, String> {
    let mut customer = Customer::new(seed);
    for order in 0..ORDERS {
        customer.buy(order).map_err(|broken| format!("order {order}: {broken}"))?;
    }
    that(customer.till.is_balanced(), "the sums of all coupons are not those of a recount")?;
    Ok(customer.counts)
}

impl Customer {
    fn new(seed: u64) -> Customer {
        let mut dice = Dice::new(seed);
        let scale = dice.one_of(&shop::SCALES);
        let mut till = Till::open(&wallet::templates(&mut dice, scale));
        let wallet = (0..TEMPLATES).map(|template| till.issue(template)).collect();
        Customer { till, dice, scale, wallet, counts: Counts::default() }
    }

    /// One order on its whole way.
    fn buy(&mut self, number: u64) -> Result<(), String> {
        let lines_max = if self.dice.is_one_in(LONG_ONE_IN) { LINES_MAX as u64 } else { LINES_USUAL };
        let order = shop::order(&mut self.dice, lines_max, self.scale);
        let mut coupons = self.chosen();
        let before = self.views();
        let Some(Tried { receipt: twin, places }) = self.tried(number, &order, &mut coupons)? else { return Ok(()) };
        that(self.views() == before, "what was held and let go is not as it was")?;

        self.dice.shuffle(&mut coupons);
        let is_hold = !self.dice.is_one_in(3);
        let receipt = self.check_out(is_hold, &mut coupons, &format!("o{number}"), &order)?;
        if let Some(twin) = twin {
            let (here, there) = (receipt.as_ref().map(|receipt| receipt.told(&places)), twin.told_in_place());
            that(here == Some(there), "the order of lines or instruments matters")?;
        }
        let Some(receipt) = receipt else { return Ok(()) };
        let receipt = if is_hold { self.delivered(&order, receipt)? } else { receipt };
        self.check_taken(&before, &receipt)?;
        self.bring_back(&receipt)?;
        self.check_back(&before, &receipt)
    }

    /// Some of the wallet, in no order.
    fn chosen(&mut self) -> Vec<u64> {
        let mut coupons = self.wallet.clone();
        self.dice.shuffle(&mut coupons);
        coupons.truncate(self.dice.below(INSTRUMENTS) as usize + 1);
        coupons
    }

    fn views(&mut self) -> Vec<Purse> {
        let wallet = self.wallet.clone();
        wallet.into_iter().map(|coupon| Purse::of(&self.till.view(coupon))).collect()
    }

    /// Held and let go under another name, the lines in another order or in this one; instruments that do nothing are left out from then
    /// on.
    fn tried(&mut self, number: u64, order: &Order, coupons: &mut Vec<u64>) -> Result<Option<Tried>, String> {
        let mut places: Vec<usize> = (0..order.lines().len()).collect();
        let is_moved = self.dice.is_one_in(2);
        if is_moved {
            self.dice.shuffle(&mut places);
        }
        let lines = places.iter().map(|&line| order.lines()[line].clone()).collect();
        let moved = Order::new(lines, order.shipping()).expect("lines in another order are an order");
        let Some(twin) = self.check_out(true, coupons, &format!("o{number}-tried"), &moved)? else { return Ok(None) };
        self.till.release(twin.checkout.written.lsn).map_err(|refusal| format!("a release is refused: {refusal}"))?;
        let views: BTreeMap<u64, CouponView> = coupons.iter().map(|&coupon| (coupon, self.till.view(coupon))).collect();
        let is_decided = is_moved && twin.is_decided_by_place(&moved, |coupon| &views[&coupon].terms);
        self.counts.moved += u64::from(is_moved);
        self.counts.decided_by_place += u64::from(is_decided);
        Ok(Some(Tried { receipt: (!is_decided).then_some(twin), places }))
    }

    /// Those that are refused are left out, one after the other.
    fn check_out(&mut self, is_hold: bool, coupons: &mut Vec<u64>, name: &str, order: &Order) -> Result<Option<Receipt>, String> {
        while !coupons.is_empty() {
            match self.till.check_out(is_hold, coupons, name, order) {
                Ok(checkout) => return Receipt::new(order, Basket::of(order), checkout).map(Some),
                Err(refusal) => {
                    let place = refusal.field.trim_start_matches("instruments[").trim_end_matches(']');
                    coupons.remove(place.parse().map_err(|_| format!("an order is refused: {refusal}"))?);
                }
            }
        }
        Ok(None)
    }

    /// A held order captured, as a whole or in part.
    fn delivered(&mut self, order: &Order, held: Receipt) -> Result<Receipt, String> {
        self.counts.held += 1;
        let (all, dice) = (held.basket.clone(), &mut self.dice);
        let some = Basket {
            lines: all.lines.iter().map(|&units| dice.below(u64::from(units) + 1) as u32).collect(),
            shipping: all.shipping && dice.is_one_in(2),
        };
        let cost = order.lines().iter().zip(&some.lines).map(|(line, &units)| line.unit_price * i64::from(units)).sum::<i64>();
        let is_part = dice.is_one_in(2) && (cost > 0 || some.shipping);
        let (kept, said) = if is_part { (some.clone(), Some(some.said())) } else { (all, None) };
        self.counts.in_part += u64::from(is_part);
        let captured = self.till.capture(held.checkout.written.lsn, said);
        let receipt = Receipt::new(order, kept, captured.map_err(|refusal| format!("a capture is refused: {refusal}"))?)?;
        receipt.check_kept(&held)?;
        Ok(receipt)
    }

    /// What the order took is captured, and nothing else.
    fn check_taken(&mut self, before: &[Purse], receipt: &Receipt) -> Result<(), String> {
        self.counts.orders += 1;
        self.counts.with_several += u64::from(receipt.checkout.parts.len() > 1);
        self.counts.with_cards += u64::from(receipt.cards().next().is_some());
        for (before, after) in before.iter().zip(self.views()) {
            let part = receipt.checkout.parts.iter().find(|part| part.coupon == after.coupon);
            let taken = part.map_or(0, |part| if part.is_card { part.applied } else { 1 });
            let purse = Purse { available: before.available - taken, captured: taken, ..*before };
            that(after.accounts() == purse.accounts(), "an order took something else than it says")?;
            that(
                part.is_none_or(|part| !part.is_card || part.balance_after == after.available),
                "a balance is not as it was told",
            )?;
        }
        Ok(())
    }

    /// Every unit, in an order thrown by dice, most of them alone. What is back at any time depends on what came back, and not on how.
    fn bring_back(&mut self, receipt: &Receipt) -> Result<(), String> {
        let lsn = receipt.checkout.written.lsn;
        let (mut open, mut back) = (receipt.basket.units(), receipt.basket.emptied());
        let (mut given, mut outside) = (BTreeMap::<u64, i64>::new(), 0);
        self.dice.shuffle(&mut open);
        while !open.is_empty() {
            let many = if self.dice.is_one_in(5) { self.dice.below(4) as usize + 1 } else { 1 };
            let mut now = receipt.basket.emptied();
            for unit in open.split_off(open.len().saturating_sub(many)) {
                now.put(unit);
                back.put(unit);
            }
            let is_rest = open.is_empty() && self.dice.is_one_in(2);
            let refund = self.till.refund(lsn, (!is_rest).then(|| now.said()));
            let refund = refund.map_err(|refusal| format!("a return is refused: {refusal}"))?;
            that(refund.outside >= 0 && refund.parts.iter().all(|part| part.amount > 0), "a return takes something")?;
            refund.parts.iter().for_each(|part| *given.entry(part.coupon).or_default() += part.amount);
            outside += refund.outside;
            self.counts.returns += 1;
            check_given(receipt, &back, &given, outside)?;
        }
        let is_exact = receipt.checkout.parts.iter().all(|part| given.get(&part.coupon) == Some(&part.applied));
        that(is_exact && outside == receipt.checkout.payable, "all is back, and not all that was taken")?;
        let again = self.till.refund(lsn, None).err().map(|refusal| refusal.reason);
        that(again == Some(Reason::AlreadyRefunded), "what is back comes back again")
    }

    /// Everything is as it was before, but for what its template keeps; that is replaced by another one.
    fn check_back(&mut self, before: &[Purse], receipt: &Receipt) -> Result<(), String> {
        for (at, (before, after)) in before.iter().zip(self.views()).enumerate() {
            let is_part = receipt.checkout.parts.iter().any(|part| part.coupon == after.coupon);
            let is_kept = is_part && !after.is_card && after.policy == RefundPolicy::Never;
            match is_kept {
                true => that(after.life == Life::Used && after.accounts() == [0, 0, 1], "what never comes back is not used")?,
                false => that(after == *before, "an instrument is not as it was before the order")?,
            }
            if is_kept {
                self.wallet[at] = self.till.issue(after.template as usize);
            }
        }
        Ok(())
    }
}

/// What came back so far is what belongs to the units that are back.
fn check_given(receipt: &Receipt, back: &Basket, given: &BTreeMap<u64, i64>, outside: i64) -> Result<(), String> {
    let given = |coupon: u64| given.get(&coupon).copied().unwrap_or(0);
    for part in receipt.discounts() {
        that(given(part.coupon) == receipt.given_by(part, back), "a discount gave back something else than its part")?;
    }
    let to_cards: i64 = receipt.cards().map(|card| given(card.coupon)).sum();
    that(to_cards + outside == receipt.paid_for(back), "not all that was paid for a unit comes back with it")?;
    let are_full = receipt.cards().all(|card| given(card.coupon) == card.applied);
    that(outside == 0 || are_full, "money is paid out that a card can take")
}
