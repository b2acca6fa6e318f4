//! An order to be reckoned: lines of goods and what shipping costs, checked once, so that no sum of it can leave the range.

use super::{CATEGORIES_MAX, LINES_MAX};
use crate::id::Id;
use crate::money::{AMOUNT_MAX, is_amount};
use crate::rejection::{Reason, Rejection};
use crate::terms::scope::Scope;
use crate::terms::within;

/// Some units of one goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which goods, if they have an id.
    pub goods: Option<Id>,
    /// Their categories, at most [`CATEGORIES_MAX`].
    pub categories: Vec<Id>,
    /// Who sells them.
    pub merchant: Id,
    /// Units, at least 1.
    pub quantity: u32,
    /// Minor units for each, at least 0.
    pub unit_price: i64,
}

/// Lines and shipping that cost between 1 and [`AMOUNT_MAX`] together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    lines: Vec<Line>,
    amounts: Vec<i64>,
    shipping: i64,
}

impl Order {
    /// Lines in their order, and what shipping costs in minor units.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming `order.lines`, `order.lines.category_ids`, `order.lines.quantity`, `order.lines.unit_price_minor` or `order.shipping_minor` and the
    /// limit; an order that costs nothing is refused by the price. AMOUNT_OUT_OF_RANGE where a line or all together leave the range.
    pub fn new(lines: Vec<Line>, shipping: i64) -> Result<Order, Rejection> {
        within("order.lines", lines.len() as i64, 1, LINES_MAX as i64)?;
        lines.iter().try_for_each(Line::check)?;
        within("order.shipping_minor", shipping, 0, i64::MAX)?;
        let exact = lines.iter().map(Line::exact_amount);
        match exact.sum::<i128>() + i128::from(shipping) {
            0 => return Err(Rejection::invalid("order.lines.unit_price_minor", 1)),
            total if total > i128::from(AMOUNT_MAX) => {
                return Err(Rejection { reason: Reason::AmountOutOfRange, field: "order.lines", value: AMOUNT_MAX });
            }
            _ => {}
        }
        let amounts = lines.iter().map(|line| i64::try_from(line.exact_amount()).expect("a part of an amount is one")).collect();
        Ok(Order { lines, amounts, shipping })
    }

    /// In their order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What each line costs at first: quantity times unit price.
    pub fn amounts(&self) -> &[i64] {
        &self.amounts
    }

    /// What shipping costs at first.
    pub fn shipping(&self) -> i64 {
        self.shipping
    }

    /// Whether every line is in this scope.
    pub fn lies_in(&self, scope: &Scope) -> bool {
        lie_in(&self.lines, scope)
    }

    /// Whether a line is in this scope.
    pub fn meets(&self, scope: &Scope) -> bool {
        meet(&self.lines, scope)
    }

    /// What all of it costs at first.
    pub fn total(&self) -> i64 {
        let total = self.amounts.iter().sum::<i64>() + self.shipping;
        assert!(is_amount(total), "an order was checked when it was made");
        total
    }
}

/// Whether each of these lines is in this scope.
pub(crate) fn lie_in(lines: &[Line], scope: &Scope) -> bool {
    lines.iter().all(|line| scope.covers(line.goods.as_ref(), &line.categories, &line.merchant))
}

/// Whether one of these lines is in this scope.
pub(crate) fn meet(lines: &[Line], scope: &Scope) -> bool {
    lines.iter().any(|line| scope.covers(line.goods.as_ref(), &line.categories, &line.merchant))
}

impl Line {
    fn check(&self) -> Result<(), Rejection> {
        within("order.lines.category_ids", self.categories.len() as i64, 0, CATEGORIES_MAX as i64)?;
        within("order.lines.quantity", i64::from(self.quantity), 1, i64::from(u32::MAX))?;
        within("order.lines.unit_price_minor", self.unit_price, 0, i64::MAX)
    }

    fn exact_amount(&self) -> i128 {
        i128::from(self.quantity) * i128::from(self.unit_price)
    }
}
