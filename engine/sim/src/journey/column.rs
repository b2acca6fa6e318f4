//! The columns that are reconciled, and sums of them.

use std::fmt;
use std::ops::{AddAssign, Index, IndexMut};

/// A column of the expected sums; money is in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Lines of baskets.
    Lines,
    /// Baskets.
    Baskets,
    /// Households that bought.
    Households,
    /// What lines cost after loyalty discount and match, before coupons.
    Sales,
    /// Loyalty discounts.
    RetailDisc,
    /// Manufacturers' coupons.
    CouponDisc,
    /// What the store gave beside coupons.
    CouponMatch,
    /// Lines with a manufacturer's coupon.
    CouponLines,
}

impl Column {
    /// In the order of the file.
    pub const ALL: [Column; 8] = [
        Column::Lines,
        Column::Baskets,
        Column::Households,
        Column::Sales,
        Column::RetailDisc,
        Column::CouponDisc,
        Column::CouponMatch,
        Column::CouponLines,
    ];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Column::Lines => "lines",
            Column::Baskets => "baskets",
            Column::Households => "households",
            Column::Sales => "sales_cents",
            Column::RetailDisc => "retail_disc_cents",
            Column::CouponDisc => "coupon_disc_cents",
            Column::CouponMatch => "coupon_match_cents",
            Column::CouponLines => "coupon_lines",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// A number for each column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums([i64; Column::ALL.len()]);

impl Index<Column> for Sums {
    type Output = i64;
    fn index(&self, column: Column) -> &i64 {
        &self.0[column as usize]
    }
}

impl IndexMut<Column> for Sums {
    fn index_mut(&mut self, column: Column) -> &mut i64 {
        &mut self.0[column as usize]
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, more: Sums) {
        self.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more);
    }
}
