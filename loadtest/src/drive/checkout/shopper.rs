//! A user with coupons: begins orders, and goes on with those that are begun. What it believes of its coupons decides which it shows,
//! so that most orders come to something; now and then it shows a used one, or somebody else's.

use std::collections::BTreeSet;

use tessera_proto::v1::{CouponStatus, instrument};

use super::{
    Shopping,
    errand::{Errand, Step},
};
use crate::{
    dice::Dice,
    ids::Noun,
    plan::checkout::{
        Ask, Hands, Told,
        ask::{named, owned},
        basket,
        templates::DISCOUNTS,
    },
};

/// Orders of one user that are under way at once.
const ERRANDS_MAX: usize = 5;

/// Most discounts, and most cards, that are shown on one order.
const SHOWN_MAX: (u64, u64) = (4, 2);

/// Of 100 orders, how many show a coupon that may be used, and how many somebody else's.
const STALE_PERCENT: f64 = 8.0;
const STRANGE_PERCENT: f64 = 4.0;

/// Numbers of one user's orders and requests.
const NUMBERS: u64 = 1 << 20;

/// Beyond a deadline, before it counts as over.
const MARGIN_NS: u64 = 50_000_000;

/// What a shopper does next.
pub(super) enum Next {
    /// Asks, under this number.
    Ask(u64, Box<Ask>),
    /// Nothing until this instant.
    At(u64),
    /// Nothing any more.
    Over,
}

/// See the module.
pub(super) struct Shopper {
    pub(super) user: u64,
    dice: Dice,
    shopping: Shopping,
    orders_left: u64,
    /// Orders and requests so far.
    begun: u64,
    asked: u64,
    errands: Vec<Errand>,
    /// Which errand asked last, and for what.
    current: usize,
    /// Numbers of discounts that can be used.
    free: BTreeSet<u64>,
}

impl Shopper {
    pub(super) fn new(user: u64, hands: &Hands, shopping: Shopping, dice: Dice) -> Self {
        let more = u64::from(user < shopping.orders % hands.users());
        let orders_left = shopping.orders / hands.users() + more;
        let free = Hands::of_user(user).filter(|&coupon| is_discount(coupon)).collect();
        Self { user, dice, shopping, orders_left, begun: 0, asked: 0, errands: Vec::new(), current: 0, free }
    }

    pub(super) fn next(&mut self, hands: &Hands, now_ns: u64) -> Next {
        loop {
            let due: Vec<usize> = (0..self.errands.len()).filter(|&place| self.errands[place].due_ns <= now_ns).collect();
            let may_begin = self.orders_left > 0 && self.errands.len() < ERRANDS_MAX;
            let goes_on = !due.is_empty() && (!may_begin || self.dice.hits(70.0));
            match () {
                () if goes_on => self.current = due[(self.dice.roll() % due.len() as u64) as usize],
                () if may_begin => self.begin(hands),
                () => match self.errands.iter().map(|errand| errand.due_ns).min() {
                    Some(due_ns) => return Next::At(due_ns),
                    None => return Next::Over,
                },
            }
            let errand = &mut self.errands[self.current];
            let number = (self.user + 1) * NUMBERS + self.asked;
            let Some(step) = errand.step() else {
                self.errands.swap_remove(self.current);
                continue;
            };
            let request_id = hands.ids().text(Noun::Request, number);
            let ask = errand.ask(step, request_id, self.shopping.hold_ttl_ms, &mut self.dice);
            match ask {
                Some(ask) => {
                    self.asked += 1;
                    return Next::Ask(number, Box::new(ask));
                }
                None if step == Step::Wait => self.wait(now_ns),
                None => errand.advance(),
            }
        }
    }

    /// Until a hold that was just made is over.
    fn wait(&mut self, now_ns: u64) {
        let errand = &mut self.errands[self.current];
        errand.due_ns = now_ns + self.shopping.hold_ttl_ms.unsigned_abs() * 1_000_000 + MARGIN_NS;
        errand.advance();
        let discounts = errand.instruments.iter().map(|(coupon, _)| *coupon).filter(|&coupon| is_discount(coupon));
        self.free.extend(discounts);
    }

    fn begin(&mut self, hands: &Hands) {
        let number = self.user * NUMBERS + self.begun;
        (self.begun, self.orders_left) = (self.begun + 1, self.orders_left - 1);
        let order = basket::order(&mut self.dice);
        let order_id = hands.ids().text(Noun::Order, number);
        let mut errand = Errand::new(basket::merchant(number % 3), order_id, order, &mut self.dice);
        errand.instruments = self.choose(hands).into_iter().filter_map(|coupon| self.show(hands, coupon)).collect();
        self.current = self.errands.len();
        self.errands.push(errand);
    }

    /// Numbers of 1 to 6 coupons that differ.
    fn choose(&mut self, hands: &Hands) -> BTreeSet<u64> {
        let mut chosen = BTreeSet::new();
        let mut free: Vec<u64> = self.free.iter().copied().collect();
        for _ in 0..self.dice.roll() % (SHOWN_MAX.0 + 1) {
            if !free.is_empty() {
                chosen.insert(free.swap_remove((self.dice.roll() % free.len() as u64) as usize));
            }
        }
        let mut own = Hands::of_user(self.user);
        let cards: Vec<u64> = own.clone().filter(|&coupon| !is_discount(coupon) && !Hands::is_borrowed(coupon)).collect();
        for _ in 0..self.dice.roll() % (SHOWN_MAX.1 + 1) {
            chosen.insert(cards[(self.dice.roll() % cards.len() as u64) as usize]);
        }
        if self.dice.hits(STALE_PERCENT) || chosen.is_empty() {
            chosen.extend(own.nth((self.dice.roll() % (crate::plan::checkout::hand::COUPONS_PER_USER - 1)) as usize));
        }
        if self.dice.hits(STRANGE_PERCENT) && chosen.len() < 6 {
            let stranger = (self.user + 1) % hands.users();
            chosen.extend(Hands::of_user(stranger).nth(self.dice.roll() as usize % 2).filter(|_| stranger != self.user));
        }
        // Beside a discount of the user's own, whose partition decides: cards alone are decided in the lowest of theirs.
        if self.dice.hits(self.shopping.apart_percent) && has_discount(self.user, chosen.iter()) {
            chosen.insert(Hands::of_user(self.user).end - 1);
        }
        chosen
    }

    /// Every other one by its code; a stranger's under this user's name.
    fn show(&mut self, hands: &Hands, coupon: u64) -> Option<(u64, tessera_proto::v1::Instrument)> {
        let dealt = hands.dealt(coupon)?;
        let is_own = Hands::of_user(self.user).contains(&coupon);
        let instrument = match Hands::is_borrowed(coupon) || is_own && self.dice.hits(30.0) {
            true => named(instrument::Instrument::Code(dealt.code.clone())),
            false => owned(hands.user_id(self.user), dealt.coupon_id.clone()),
        };
        Some((coupon, instrument))
    }

    /// What its last request was told.
    pub(super) fn hear(&mut self, hands: &Hands, ask: &Ask, told: &Told) {
        let errand = &mut self.errands[self.current];
        match (ask, told) {
            (Ask::Redeem(_) | Ask::Hold(_), Told::No(no)) => {
                if let Some(place) = refused_place(&no.field, &errand.instruments, self.user) {
                    errand.instruments.remove(place);
                    // Without a discount of the user's own it might be an order of another partition.
                    let coupons = || errand.instruments.iter().map(|(coupon, _)| coupon);
                    let is_elsewhere = coupons().any(|&coupon| Hands::is_borrowed(coupon)) && !has_discount(self.user, coupons());
                    if is_elsewhere || errand.instruments.is_empty() {
                        errand.give_up();
                    }
                    return;
                }
            }
            (_, Told::No(_)) => {}
            (Ask::Hold(_), Told::Out(reply)) => errand.hear_hold(reply),
            (Ask::Capture(asked), Told::Out(reply)) => errand.hear_capture(asked.delivered.as_ref(), reply),
            (_, Told::Out(reply)) => errand.hear_redeem(reply),
            (_, Told::Released(_)) => {}
            (Ask::Refund(asked), Told::Refunded(_)) => errand.hear_refund(asked.returned.as_ref()),
            (_, Told::Refunded(_)) => {}
        }
        errand.advance();
        self.believe(hands, told);
    }

    /// Which discounts can be used from now on.
    fn believe(&mut self, hands: &Hands, told: &Told) {
        let own: Vec<u64> = self.errands[self.current].instruments.iter().map(|(coupon, _)| *coupon).collect();
        let is_named = |coupon: &u64, id: &str| hands.dealt(*coupon).is_some_and(|dealt| dealt.coupon_id == id);
        for coupon in own.into_iter().filter(|&coupon| is_discount(coupon)) {
            let is_free = match told {
                Told::Out(reply) => !reply.parts.iter().any(|part| is_named(&coupon, &part.coupon_id)),
                Told::Released(_) => true,
                Told::Refunded(reply) => {
                    reply.parts.iter().any(|part| is_named(&coupon, &part.coupon_id) && part.status() == CouponStatus::Active)
                }
                Told::No(_) => continue,
            };
            if is_free {
                self.free.insert(coupon);
            } else {
                self.free.remove(&coupon);
            }
        }
    }
}

fn is_discount(coupon: u64) -> bool {
    Hands::template_of(coupon) < DISCOUNTS as u64
}

/// Whether a discount of the user's own is among these coupons.
fn has_discount<'a>(user: u64, mut coupons: impl Iterator<Item = &'a u64>) -> bool {
    coupons.any(|&coupon| is_discount(coupon) && Hands::of_user(user).contains(&coupon))
}

/// The place of the instrument that a refusal is about: the one that it names, or that of a stranger.
fn refused_place(field: &str, instruments: &[(u64, tessera_proto::v1::Instrument)], user: u64) -> Option<usize> {
    let is_strange = |(coupon, _): &(u64, _)| !Hands::of_user(user).contains(coupon);
    let named = field.strip_prefix("instruments[").and_then(|rest| rest.strip_suffix(']')).and_then(|place| place.parse().ok());
    named.filter(|&place: &usize| place < instruments.len()).or_else(|| instruments.iter().position(is_strange))
}
