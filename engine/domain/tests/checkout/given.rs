//! Given: orders and coupons said in a line.

use crate::shop::{Coupon, id, offers};
use tessera_domain::Kind;
use tessera_domain::checkout::{Applied, Basis, Choice, Class, Layer, Line, Names, Order, Scope, Stacking, Unusable, apply};
use tessera_domain::money::{BasisPoints, Rounding};

/// Lines of (goods, quantity, unit price).
pub fn order(lines: &[(&str, u32, i64)], shipping: i64) -> Order {
    let line = |&(goods, quantity, unit_price): &(&str, u32, i64)| Line {
        goods: Some(id(goods)),
        categories: Vec::new(),
        merchant: id("m"),
        quantity,
        unit_price,
    };
    Order::new(lines.iter().map(line).collect(), shipping).expect("an order within its limits")
}

pub fn percent(pay: u16) -> Kind {
    Kind::PercentOff { pay: BasisPoints::new(pay).expect("at most the whole"), cap: None }
}

pub fn amount(threshold: i64, amount: i64) -> Kind {
    Kind::AmountOff { threshold, amount }
}

pub fn pieces(pieces: u32, amount: i64) -> Kind {
    Kind::QuantityOff { pieces, amount }
}

pub fn voucher(amount: i64) -> Kind {
    Kind::CashVoucher { amount }
}

pub fn exchange(pieces: u32) -> Kind {
    Kind::Exchange { pieces }
}

/// Of the order, from what remains, beside any, for all lines; each of a template of its own.
pub fn coupon(number: u64, kind: Kind) -> Coupon {
    Coupon {
        number,
        template: number as u32,
        kind,
        rounding: Rounding::HalfUp,
        layer: Layer::Order,
        priority: 0,
        basis: Basis::Remaining,
        stacking: Stacking { class: Class::Always, ..Stacking::default() },
        scope: Scope::default(),
    }
}

impl Coupon {
    pub fn layer(self, layer: Layer) -> Coupon {
        Coupon { layer, ..self }
    }

    pub fn priority(self, priority: u32) -> Coupon {
        Coupon { priority, ..self }
    }

    pub fn rounded(self, rounding: Rounding) -> Coupon {
        Coupon { rounding, ..self }
    }

    pub fn initial(self) -> Coupon {
        Coupon { basis: Basis::Initial, ..self }
    }

    pub fn on(self, goods: &[&str]) -> Coupon {
        let include = Names::new(goods.iter().map(|goods| id(goods)).collect());
        Coupon { scope: Scope { goods: Choice { include, ..Choice::default() }, ..Scope::default() }, ..self }
    }

    pub fn alone(self) -> Coupon {
        Coupon { stacking: Stacking::default(), ..self }
    }

    pub fn in_group(self, group: &str, max_per_group: u32) -> Coupon {
        let stacking = Stacking { class: Class::Grouped, group: Some(id(group)), max_per_group, ..self.stacking };
        Coupon { stacking, ..self }
    }

    pub fn of_template(self, template: u32, max_per_order: u32) -> Coupon {
        let stacking = Stacking { max_per_order, ..self.stacking };
        Coupon { template, stacking, ..self }
    }
}

pub fn applied(order: &Order, coupons: &[Coupon]) -> Applied {
    apply(order, &offers(coupons))
}

/// What each coupon takes off each line, in the order of application; none is unusable.
#[track_caller]
pub fn check(order: &Order, coupons: &[Coupon], expected: &[(u64, &[i64])]) {
    let applied = applied(order, coupons);
    let shares: Vec<(u64, &[i64])> = applied.steps.iter().map(|step| (step.coupon, &*step.shares)).collect();
    assert_eq!((&*shares, &*applied.unusable), (expected, &[][..]));
}

/// What each coupon takes off in all, and why the others do not.
#[track_caller]
pub fn check_some(order: &Order, coupons: &[Coupon], expected: &[(u64, i64)], unusable: &[(u64, Unusable)]) {
    let applied = applied(order, coupons);
    let discounts: Vec<(u64, i64)> = applied.steps.iter().map(|step| (step.coupon, step.discount)).collect();
    assert_eq!((&*discounts, &*applied.unusable), (expected, unusable));
}
