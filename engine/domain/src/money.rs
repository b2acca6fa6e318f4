//! Money: what a coupon takes off, to the minor unit.
//!
//! An amount is an `i64` of minor units (fen, cents), 0 to [`AMOUNT_MAX`], beside a [`Currency`] that its owner compares; this
//! file never mixes two. Rates are basis points. Products are formed in `i128` and rounded once; there are no floats. The
//! functions assert their ranges: whoever lets an amount in checks it first with [`is_amount`].

use crate::planted::{self, Planted};
use core::fmt;

/// Largest amount in minor units: 10¹⁵ (ten million million yuan), so that sums of thousands still fit an `i64`.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Basis points of the whole.
pub const WHOLE_BASIS_POINTS: u16 = 10_000;

const _: () = assert!(AMOUNT_MAX < i64::MAX / 1_000);

/// Whether this is an amount: 0 to [`AMOUNT_MAX`] minor units.
pub const fn is_amount(minor_units: i64) -> bool {
    0 <= minor_units && minor_units <= AMOUNT_MAX
}

/// An ISO 4217 code, three letters A to Z. Whether the letters are assigned to a currency is not asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three letters A to Z. Holds its first [`NotACurrency::SHOWN_CHARS_MAX`] characters, to name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotACurrency(String);

/// A share of the whole in basis points, 0 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisPoints(u16);

/// What happens to the part of a minor unit that a percentage leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half goes up. 四舍五入.
    #[default]
    HalfUp,
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// To the nearest; a half goes to the even neighbour.
    HalfEven,
}

/// The subtotal is below the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// Minor units that are missing, at least 1.
    pub missing: i64,
}

/// The discount of "pay `pay` of the subtotal": subtotal·(10,000 − pay) / 10,000, then the cap.
///
/// What is rounded, once, is this discount, not the price that remains: for 0.05 at 50 % half-up takes 0.03 off and leaves
/// 0.02, and floor rounds the discount down, in the merchant's favour. It is never above the subtotal: the rate is at most
/// one and the subtotal a whole number, so no direction of rounding can cross it.
///
/// # Panics
/// If the subtotal or the cap is not an amount.
pub fn percent_off(subtotal: i64, pay: BasisPoints, cap: Option<i64>, rounding: Rounding) -> i64 {
    let cap = cap.unwrap_or(AMOUNT_MAX);
    assert!(is_amount(subtotal), "subtotal {subtotal} is not an amount");
    assert!(is_amount(cap), "cap {cap} is not an amount");
    let off = i128::from(WHOLE_BASIS_POINTS - pay.0);
    let discount = rounding.divide(i128::from(subtotal) * off, i128::from(WHOLE_BASIS_POINTS));
    assert!(discount <= subtotal, "a discount is at most the subtotal");
    if planted::is(Planted::CapIgnored) { discount } else { discount.min(cap) }
}

/// The discount of "`amount` off from `threshold` on" (满减): the amount, at most the subtotal.
///
/// # Errors
/// [`Shortfall`] if the subtotal is below the threshold; at the threshold it is not.
///
/// # Panics
/// If one of the three is not an amount.
pub fn amount_off(subtotal: i64, threshold: i64, amount: i64) -> Result<i64, Shortfall> {
    assert!(is_amount(subtotal), "subtotal {subtotal} is not an amount");
    assert!(is_amount(threshold), "threshold {threshold} is not an amount");
    assert!(is_amount(amount), "{amount} off is not an amount");
    if subtotal < threshold {
        return Err(Shortfall { missing: threshold - subtotal });
    }
    Ok(amount.min(subtotal))
}

impl Rounding {
    /// A quotient of non-negative numbers that is at most an amount.
    fn divide(self, numerator: i128, denominator: i128) -> i64 {
        assert!(numerator >= 0 && denominator > 0);
        let (floor, rest) = (numerator / denominator, numerator % denominator);
        let up = match self {
            Rounding::Floor => false,
            Rounding::Ceil => rest > 0,
            Rounding::HalfUp => 2 * rest >= denominator,
            Rounding::HalfEven => 2 * rest > denominator || (2 * rest == denominator && floor % 2 == 1),
        };
        i64::try_from(floor + i128::from(up)).expect("a share of an amount fits")
    }
}

impl BasisPoints {
    /// `None` above 10,000.
    pub const fn new(basis_points: u16) -> Option<Self> {
        if basis_points <= WHOLE_BASIS_POINTS { Some(BasisPoints(basis_points)) } else { None }
    }

    /// The number, 0 to 10,000.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Currency {
    /// Reads three upper-case letters.
    ///
    /// # Errors
    /// [`NotACurrency`] naming the text.
    pub fn parse(text: &str) -> Result<Self, NotACurrency> {
        let letters = text.as_bytes().try_into().ok().and_then(Currency::from_bytes);
        letters.ok_or_else(|| NotACurrency(text.chars().take(NotACurrency::SHOWN_CHARS_MAX).collect()))
    }

    /// The currency of three ASCII letters A to Z; `None` for other bytes.
    pub fn from_bytes(letters: [u8; 3]) -> Option<Self> {
        letters.iter().all(u8::is_ascii_uppercase).then_some(Currency(letters))
    }

    /// The three letters in ASCII.
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// The three letters as one number.
    pub(crate) fn number(self) -> u64 {
        self.0.iter().fold(0, |number, &letter| number << 8 | u64::from(letter))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("A to Z are ASCII")
    }
}

impl NotACurrency {
    /// Characters of the text that are kept.
    pub const SHOWN_CHARS_MAX: usize = 16;
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for NotACurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "currency {:?} is not three letters A to Z", self.0)
    }
}

impl core::error::Error for NotACurrency {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Rounding; 4] = [Rounding::HalfUp, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];

    fn pay(basis_points: u16) -> BasisPoints {
        BasisPoints::new(basis_points).unwrap()
    }

    /// Discounts for half-up, floor, ceil and half-even.
    fn check(subtotal: i64, pay_basis_points: u16, expected: [i64; 4]) {
        let discounts = ALL.map(|rounding| percent_off(subtotal, pay(pay_basis_points), None, rounding));
        assert_eq!(discounts, expected, "pay {pay_basis_points} bp of {subtotal}");
    }

    #[test]
    fn percent_rounds_the_discount() {
        check(10_000, 8_000, [2_000, 2_000, 2_000, 2_000]);
        check(5, 5_000, [3, 2, 3, 2]);
        check(7, 5_000, [4, 3, 4, 4]);
        check(999, 8_500, [150, 149, 150, 150]);
        check(333, 9_000, [33, 33, 34, 33]);
        check(1, 9_999, [0, 0, 1, 0]);
        check(0, 8_000, [0, 0, 0, 0]);
    }

    #[test]
    fn paying_all_takes_nothing_off_and_paying_nothing_all() {
        for subtotal in [0, 1, 12_345, AMOUNT_MAX] {
            check(subtotal, 10_000, [0; 4]);
            check(subtotal, 0, [subtotal; 4]);
        }
    }

    #[test]
    fn the_largest_amount_needs_and_survives_a_wide_product() {
        assert_eq!(AMOUNT_MAX.checked_mul(9_999), None);
        check(AMOUNT_MAX, 1, [999_900_000_000_000; 4]);
        check(
            AMOUNT_MAX - 1,
            1,
            [999_900_000_000_000 - 1, 999_900_000_000_000 - 1, 999_900_000_000_000, 999_900_000_000_000 - 1],
        );
    }

    #[test]
    fn the_cap_comes_after_the_rounding() {
        for (cap, discount) in [(Some(0), 0), (Some(149), 149), (Some(150), 150), (Some(151), 150), (None, 150)] {
            assert_eq!(percent_off(999, pay(8_500), cap, Rounding::HalfUp), discount);
        }
    }

    #[test]
    fn amount_off_begins_at_the_threshold() {
        assert_eq!(amount_off(9_999, 10_000, 2_000), Err(Shortfall { missing: 1 }));
        assert_eq!(amount_off(0, AMOUNT_MAX, 1), Err(Shortfall { missing: AMOUNT_MAX }));
        assert_eq!(amount_off(10_000, 10_000, 2_000), Ok(2_000));
        assert_eq!(amount_off(0, 0, 2_000), Ok(0));
    }

    #[test]
    fn amount_off_never_exceeds_the_subtotal() {
        assert_eq!(amount_off(1_500, 0, 2_000), Ok(1_500));
        assert_eq!(amount_off(2_000, 0, 2_000), Ok(2_000));
    }

    #[test]
    fn an_amount_is_bounded_on_both_sides() {
        let cases = [(i64::MIN, false), (-1, false), (0, true), (AMOUNT_MAX, true), (AMOUNT_MAX + 1, false)];
        for (minor_units, expected) in cases {
            assert_eq!(is_amount(minor_units), expected, "{minor_units}");
        }
    }

    #[test]
    #[should_panic(expected = "subtotal -1 is not an amount")]
    fn a_negative_subtotal_is_a_broken_caller() {
        percent_off(-1, pay(8_000), None, Rounding::HalfUp);
    }

    #[test]
    #[should_panic(expected = "off is not an amount")]
    fn an_amount_above_the_limit_is_a_broken_caller() {
        let _ = amount_off(1, 0, AMOUNT_MAX + 1);
    }

    #[test]
    fn basis_points_end_at_the_whole() {
        assert_eq!(BasisPoints::new(10_000).map(BasisPoints::get), Some(10_000));
        assert_eq!(BasisPoints::new(10_001), None);
    }

    #[test]
    fn a_currency_is_three_capitals() {
        let cny = Currency::parse("CNY").unwrap();
        assert_eq!((cny.as_str(), cny.bytes(), Currency::from_bytes(*b"CNY")), ("CNY", *b"CNY", Some(cny)));
        assert_eq!(format!("{cny} {cny:?}"), "CNY CNY");
        for text in ["", "CN", "CNYX", "cny", "C Y", "CN1", "元"] {
            let refusal = Currency::parse(text).unwrap_err();
            assert_eq!(refusal.to_string(), format!("currency {text:?} is not three letters A to Z"));
        }
    }

    #[test]
    fn a_refusal_keeps_a_bounded_part_of_the_text() {
        assert_eq!(Currency::parse(&"元".repeat(64)), Err(NotACurrency("元".repeat(16))));
    }

    proptest! {
        #[test]
        fn every_rounding_is_the_nearest_of_its_kind(subtotal in 0..=AMOUNT_MAX, basis_points in 0_u16..=10_000) {
            let exact = i128::from(subtotal) * i128::from(10_000 - basis_points);
            let [half_up, floor, ceil, half_even] =
                ALL.map(|rounding| i128::from(percent_off(subtotal, pay(basis_points), None, rounding)) * 10_000 - exact);
            prop_assert!((-4_999..=5_000).contains(&half_up));
            prop_assert!((-9_999..=0).contains(&floor));
            prop_assert!((0..=9_999).contains(&ceil));
            prop_assert!((-5_000..=5_000).contains(&half_even));
        }

        #[test]
        fn an_exact_half_goes_up_or_to_the_even(odd in 0_i64..1_000_000) {
            let subtotal = 2 * odd + 1;
            prop_assert_eq!(percent_off(subtotal, pay(5_000), None, Rounding::HalfUp), odd + 1);
            prop_assert_eq!(percent_off(subtotal, pay(5_000), None, Rounding::HalfEven), odd + odd % 2);
        }

        #[test]
        fn a_discount_is_at_most_cap_and_subtotal(subtotal in 0..=AMOUNT_MAX, basis_points in 0_u16..=10_000, cap in 0..=AMOUNT_MAX) {
            for rounding in ALL {
                let uncapped = percent_off(subtotal, pay(basis_points), None, rounding);
                let capped = percent_off(subtotal, pay(basis_points), Some(cap), rounding);
                prop_assert!(0 <= capped && uncapped <= subtotal);
                prop_assert_eq!(capped, uncapped.min(cap));
            }
        }
    }
}
