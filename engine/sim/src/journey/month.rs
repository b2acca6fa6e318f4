//! What a month came to, beside what it had to, and the table of all of them.

use super::column::{Column, Sums};
use super::matching::Tally;
use super::slip::Aside;
use std::fmt;

/// A month, or all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Like `2017-01`.
    pub name: String,
    /// What the data says.
    pub expected: Sums,
    /// What the engine's journals say.
    pub engine: Sums,
    /// What the engine was not asked.
    pub aside: Aside,
}

impl Month {
    /// What is missing of a column, or too much; 0 if it reconciles.
    pub fn difference(&self, column: Column) -> i64 {
        self.expected[column] - self.engine[column] - self.aside.sums[column]
    }

    /// The columns that do not reconcile, each with its difference.
    pub fn differences(&self) -> Vec<(Column, i64)> {
        let all = Column::ALL.into_iter().map(|column| (column, self.difference(column)));
        all.filter(|&(_, difference)| difference != 0).collect()
    }
}

/// A row of numbers, by column.
fn row(out: &mut fmt::Formatter<'_>, month: &str, what: &str, number: impl Fn(Column) -> i64) -> fmt::Result {
    write!(out, "{month:<8} {what:<10}")?;
    Column::ALL.into_iter().try_for_each(|column| write!(out, " {:>width$}", number(column), width = width(column)))?;
    writeln!(out)
}

fn width(column: Column) -> usize {
    column.name().len().max(8)
}

fn head(out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "{:<8} {:<10}", "month", "")?;
    Column::ALL.into_iter().try_for_each(|column| write!(out, " {column:>width$}", width = width(column)))?;
    writeln!(out)
}

impl Month {
    fn rows(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(out, &self.name, "expected", |column| self.expected[column])?;
        row(out, "", "engine", |column| self.engine[column])?;
        row(out, "", "set aside", |column| self.aside.sums[column])?;
        row(out, "", "difference", |column| self.difference(column))?;
        let Aside { clamped, clamped_cents, carried, refused, split, .. } = self.aside;
        writeln!(
            out,
            "{:<8} {clamped} lines clamped by {clamped_cents} cents, {carried} carried as one piece, {refused} refused, {split} orders split off",
            ""
        )
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (column, difference) in self.differences() {
            writeln!(out, "{} does not reconcile: {column} differs by {difference}", self.name)?;
        }
        head(out)?;
        self.rows(out)
    }
}

/// A journey in which every month reconciled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// In the order of time; the last one may be all together.
    pub months: Vec<Month>,
    /// What became of the redemptions of campaigns.
    pub redeemed: Tally,
    /// Coupons of campaigns: issued, used, expired.
    pub campaigns: [i128; 3],
    /// Orders that were held first and captured.
    pub captured_orders: u64,
    /// Orders that were returned whole, and redeemed again.
    pub returned_orders: u64,
    /// Power cuts that the machine lived through.
    pub crashes: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(out)?;
        self.months.iter().try_for_each(|month| month.rows(out))?;
        let [issued, used, expired] = self.campaigns;
        writeln!(out, "\ncoupons of campaigns: {issued} issued, {used} used, {expired} expired")?;
        let Tally { matched, no_coupon, no_product } = self.redeemed;
        writeln!(
            out,
            "redemptions of campaigns: {matched} shown for a line; {no_coupon} on days without a line with a coupon, {no_product} without such a line of their products"
        )?;
        let Report { captured_orders, returned_orders, crashes, .. } = self;
        writeln!(
            out,
            "orders: {captured_orders} held first and captured, {returned_orders} returned and redeemed again; {crashes} power cuts"
        )
    }
}
