//! A shop thrown by dice: orders and coupons of every kind, small ones that meet often and large ones that reach the limits.

use tessera_domain::checkout::{Basis, Choice, Class, Layer, Line, Names, Offer, Order, Scope, Stacking};
use tessera_domain::money::{AMOUNT_MAX, BasisPoints, Rounding};
use tessera_domain::{Id, Kind};

/// Numbers that follow from a seed (SplitMix64).
pub struct Dice(u64);

/// An offer that owns what it refers to.
#[derive(Clone, Debug)]
pub struct Coupon {
    pub number: u64,
    pub template: u32,
    pub kind: Kind,
    pub rounding: Rounding,
    pub layer: Layer,
    pub priority: u32,
    pub basis: Basis,
    pub stacking: Stacking,
    pub scope: Scope,
}

/// What prices and discounts of one order are about as large as: mostly so small that roundings and thresholds meet.
pub const SCALES: [i64; 8] = [8, 30, 30, 100, 100, 1_000, 20_000, AMOUNT_MAX / 1_000];

const ROUNDINGS: [Rounding; 4] = [Rounding::HalfUp, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(bound)) >> 64) as u64
    }

    pub fn amount(&mut self, bound: i64) -> i64 {
        self.below(bound as u64) as i64
    }

    pub fn is_one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

impl Coupon {
    pub fn offer(&self) -> Offer<'_> {
        let Coupon { number: coupon, template, kind, rounding, layer, priority, basis, ref stacking, ref scope } = *self;
        Offer { coupon, template, kind, rounding, layer, priority, basis, stacking, scope }
    }
}

pub fn offers(coupons: &[Coupon]) -> Vec<Offer<'_>> {
    coupons.iter().map(Coupon::offer).collect()
}

pub fn id(text: &str) -> Id {
    Id::new("shop", text).expect("a short name")
}

/// An order of at most so many lines.
pub fn order(dice: &mut Dice, lines_max: u64, scale: i64) -> Order {
    let lines: Vec<Line> = (0..=dice.below(lines_max)).map(|_| line(dice, scale)).collect();
    let shipping = if dice.is_one_in(3) { 0 } else { dice.amount(scale) };
    let is_free = shipping == 0 && lines.iter().all(|line| line.unit_price == 0);
    Order::new(lines, if is_free { 1 } else { shipping }).expect("a scale is far below the limit")
}

fn line(dice: &mut Dice, scale: i64) -> Line {
    let few = (0..dice.below(3)).map(|_| id(dice.one_of(&["c0", "c1", "c2"])));
    Line {
        categories: few.collect(),
        goods: (!dice.is_one_in(6)).then(|| id(dice.one_of(&["g0", "g1", "g2", "g3"]))),
        merchant: id(dice.one_of(&["m0", "m1"])),
        quantity: dice.below(4) as u32 + 1,
        unit_price: dice.amount(scale),
    }
}

/// So many coupons with numbers of no order.
pub fn coupons(dice: &mut Dice, count: u64, scale: i64) -> Vec<Coupon> {
    let mut coupons: Vec<Coupon> = (0..count).map(|number| coupon(dice, 7 * number + 3, scale)).collect();
    dice.shuffle(&mut coupons);
    coupons
}

fn coupon(dice: &mut Dice, number: u64, scale: i64) -> Coupon {
    let template = dice.below(5) as u32;
    let (kind, rounding) = discount(dice, scale);
    Coupon {
        number,
        template,
        kind,
        rounding,
        layer: dice.one_of(&[Layer::Item, Layer::Order, Layer::Order, Layer::Shipping]),
        priority: dice.below(3) as u32,
        basis: dice.one_of(&[Basis::Remaining, Basis::Remaining, Basis::Initial]),
        stacking: stacking(dice),
        scope: scope(dice),
    }
}

fn discount(dice: &mut Dice, scale: i64) -> (Kind, Rounding) {
    let amount = dice.amount(scale) + 1;
    let kind = match dice.below(6) {
        0 | 1 => Kind::PercentOff {
            pay: BasisPoints::new(dice.below(10_001) as u16).expect("at most the whole"),
            cap: dice.is_one_in(2).then_some(amount),
        },
        2 => Kind::AmountOff { threshold: dice.amount(4 * scale), amount },
        3 => Kind::QuantityOff { pieces: dice.below(6) as u32, amount },
        4 => Kind::CashVoucher { amount },
        _ => Kind::Exchange { pieces: dice.below(4) as u32 + 1 },
    };
    (kind, dice.one_of(&ROUNDINGS))
}

fn stacking(dice: &mut Dice) -> Stacking {
    let max_per_order = if dice.is_one_in(4) { dice.below(3) as u32 } else { 0 };
    match dice.below(8) {
        0 => Stacking { max_per_order, ..Stacking::default() },
        1 | 2 => Stacking {
            class: Class::Grouped,
            group: Some(id(dice.one_of(&["x", "y"]))),
            max_per_group: dice.below(4) as u32,
            max_per_order,
        },
        _ => Stacking { class: Class::Always, max_per_order, ..Stacking::default() },
    }
}

fn scope(dice: &mut Dice) -> Scope {
    let names = |dice: &mut Dice, sides, list: &[&str]| {
        let count = if dice.is_one_in(sides) { dice.below(3) } else { 0 };
        Names::new((0..count).map(|_| id(dice.one_of(list))).collect())
    };
    let mut choice = |list: &[&str]| Choice { include: names(dice, 3, list), exclude: names(dice, 6, list) };
    Scope { goods: choice(&["g0", "g1", "g2", "g3"]), categories: choice(&["c0", "c1", "c2"]), merchants: choice(&["m0", "m1"]) }
}
