//! What the coupons of the mix are worth: seven templates, so that every rule of a discount and of a balance is met.

use tessera_proto::v1::{
    AmountOff, DynamicValidity, PercentOff, RefundPolicy, Rounding, StoredValue, TemplateSpec,
    template_spec::{self, Validity},
};

use crate::scenario::templates;

/// The terms of one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What a coupon does to an amount.
    pub worth: Worth,
    /// Whether a whole refund gives a one-use coupon back.
    pub comes_back: bool,
    /// How long a coupon can be used from its claim on, in ms; 0 = without end.
    pub valid_ms: i64,
}

/// What a coupon does to an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A balance.
    Card {
        /// What it is loaded with, in minor units.
        face_minor: i64,
    },
    /// A rate.
    PercentOff {
        /// What is still paid.
        pay_basis_points: u32,
        /// The most that is taken off, in minor units.
        cap_minor: Option<i64>,
        /// Down, instead of half up.
        floors: bool,
    },
    /// An amount from a threshold on.
    AmountOff {
        /// The threshold, in minor units.
        threshold_minor: i64,
        /// What is taken off, in minor units.
        off_minor: i64,
    },
}

/// Large enough for a card of which much is spent.
const FACE_MINOR: i64 = 1_000_000;

/// Small enough to run dry.
const SMALL_FACE_MINOR: i64 = 5_000;

/// Basis points of the whole.
const WHOLE: i64 = 10_000;

/// Every template of the mix, those whose coupons expire within the run for `short_ms`.
pub fn all(short_ms: i64) -> [Terms; 7] {
    use Worth::{AmountOff, Card, PercentOff};
    let terms = |worth| Terms { worth, comes_back: true, valid_ms: 0 };
    [
        terms(Card { face_minor: FACE_MINOR }),
        terms(Card { face_minor: SMALL_FACE_MINOR }),
        Terms { valid_ms: short_ms, ..terms(Card { face_minor: FACE_MINOR }) },
        terms(PercentOff { pay_basis_points: 8_000, cap_minor: Some(3_000), floors: false }),
        terms(AmountOff { threshold_minor: 10_000, off_minor: 2_000 }),
        Terms { comes_back: false, ..terms(PercentOff { pay_basis_points: 8_765, cap_minor: None, floors: true }) },
        Terms { valid_ms: short_ms, ..terms(AmountOff { threshold_minor: 0, off_minor: 500 }) },
    ]
}

/// The place of the template of coupon number `coupon`: cards have even numbers, one-use coupons odd ones.
pub fn place_of(coupon: u32) -> usize {
    const CARDS: [usize; 4] = [0, 0, 1, 2];
    const ONE_USE: [usize; 4] = [3, 4, 5, 6];
    let places = if coupon.is_multiple_of(2) { CARDS } else { ONE_USE };
    places[(coupon / 2 % 4) as usize]
}

impl Terms {
    /// Whether it is a balance rather than a discount.
    pub fn is_card(&self) -> bool {
        matches!(self.worth, Worth::Card { .. })
    }

    /// What a coupon begins with: minor units, or its one use.
    pub fn loaded(&self) -> i64 {
        match self.worth {
            Worth::Card { face_minor } => face_minor,
            Worth::PercentOff { .. } | Worth::AmountOff { .. } => 1,
        }
    }

    /// The discount on an order of `amount`, or the charge of `amount`; `Err` is what the order lacks to the threshold.
    pub fn applied(&self, amount: i64) -> Result<i64, i64> {
        match self.worth {
            Worth::Card { .. } => Ok(amount),
            Worth::PercentOff { pay_basis_points, cap_minor, floors } => {
                let share = i128::from(amount) * i128::from(WHOLE - i64::from(pay_basis_points));
                let half = if floors { 0 } else { i128::from(WHOLE / 2) };
                let off = i64::try_from((share + half) / i128::from(WHOLE)).unwrap_or(i64::MAX);
                Ok(off.min(cap_minor.unwrap_or(i64::MAX)))
            }
            Worth::AmountOff { threshold_minor, .. } if amount < threshold_minor => Err(threshold_minor - amount),
            Worth::AmountOff { off_minor, .. } => Ok(off_minor.min(amount)),
        }
    }

    /// As a template is created.
    pub fn spec(&self) -> TemplateSpec {
        let (kind, rounding) = match self.worth {
            Worth::Card { face_minor } => {
                (template_spec::Kind::StoredValue(StoredValue { face_value_minor: face_minor }), Rounding::Unspecified)
            }
            Worth::PercentOff { pay_basis_points, cap_minor, floors } => {
                let rounding = if floors { Rounding::Floor } else { Rounding::HalfUp };
                (template_spec::Kind::PercentOff(PercentOff { pay_basis_points, cap_minor }), rounding)
            }
            Worth::AmountOff { threshold_minor, off_minor } => {
                let off = AmountOff { threshold_minor, amount_minor: off_minor };
                (template_spec::Kind::AmountOff(off), Rounding::Unspecified)
            }
        };
        let refund_policy = if self.comes_back { RefundPolicy::Full } else { RefundPolicy::Never };
        let validity =
            (self.valid_ms > 0).then_some(Validity::DynamicValidity(DynamicValidity { wait_ms: 0, valid_ms: self.valid_ms }));
        TemplateSpec {
            rounding: rounding.into(),
            refund_policy: refund_policy.into(),
            validity,
            ..templates::spec("mixed", kind, None, 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(pay_basis_points: u32, floors: bool) -> Terms {
        let worth = Worth::PercentOff { pay_basis_points, cap_minor: Some(3_000), floors };
        Terms { worth, comes_back: true, valid_ms: 0 }
    }

    #[test]
    fn a_percentage_is_rounded_as_its_template_says_and_capped() {
        assert_eq!([5, 7, 100_000].map(|amount| percent(5_000, false).applied(amount)), [Ok(3), Ok(4), Ok(3_000)]);
        assert_eq!([5, 7].map(|amount| percent(5_000, true).applied(amount)), [Ok(2), Ok(3)]);
    }

    #[test]
    fn an_amount_is_taken_off_from_its_threshold_on() {
        let terms = all(0)[4];
        assert_eq!([9_999, 10_000].map(|amount| terms.applied(amount)), [Err(1), Ok(2_000)]);
        assert_eq!(all(0)[6].applied(300), Ok(300));
    }

    #[test]
    fn every_template_has_coupons() {
        let mut seen: Vec<_> = (0..8).map(place_of).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }
}
