//! Splits an amount over lines so that the shares sum exactly: largest remainder.
//!
//! Each line gets the whole part of its proportional share; the minor units that are left go one each to the lines with the
//! largest remainders (ties: larger weight, then lower line number). There are fewer such
//! units than lines with a remainder, so a line without weight gets nothing, and no share exceeds its line as long as the total
//! does not exceed the sum.

use crate::money::is_amount;
use core::cmp::Reverse;

/// Shares of `total` in the order of `weights`, summing to `total`. Weights are amounts or basis points: 0 to
/// [`crate::money::AMOUNT_MAX`]. Where the total is at most the sum of the weights, no share is above its weight.
///
/// # Panics
/// If the total or a weight is not an amount, or if there is something to split and no weight.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    assert!(is_amount(total), "total {total} is not an amount");
    assert!(weights.iter().all(|&weight| is_amount(weight)), "a weight is not an amount");
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    assert!(sum > 0 || total == 0, "nothing to split {total} by");
    let exact = |weight: i64| i128::from(total) * i128::from(weight);
    let mut shares: Vec<i64> = weights.iter().map(|&weight| whole_part(exact(weight), sum)).collect();
    let mut lines: Vec<usize> = (0..weights.len()).collect();
    lines.sort_by_cached_key(|&line| (Reverse(exact(weights[line]) % sum.max(1)), Reverse(weights[line]), line));
    hand_out(total, &mut shares, &lines);
    shares
}

fn whole_part(exact: i128, sum: i128) -> i64 {
    i64::try_from(exact / sum.max(1)).expect("a share is at most the total")
}

/// One unit each, in order, until the shares sum to the total.
fn hand_out(total: i64, shares: &mut [i64], lines: &[usize]) {
    let left = total - shares.iter().sum::<i64>();
    let left = usize::try_from(left).expect("whole parts never exceed the total");
    assert!(left == 0 || left < lines.len(), "each line loses less than one unit");
    for &line in &lines[..left] {
        shares[line] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MAX;
    use proptest::prelude::*;

    #[test]
    fn units_left_go_to_the_largest_remainders() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(10, &[333, 333, 334]), [3, 3, 4]);
        assert_eq!(split(5, &[60, 25, 15]), [3, 1, 1]);
        assert_eq!(split(3, &[1_000, 8_500, 500]), [0, 3, 0]);
    }

    #[test]
    fn equal_remainders_go_to_the_larger_weight_then_to_the_lower_line() {
        assert_eq!(split(1, &[1, 1]), [1, 0]);
        assert_eq!(split(2, &[1, 3]), [0, 2]);
        assert_eq!(split(6, &[1, 1, 3, 3]), [1, 1, 2, 2]);
        assert_eq!(split(2, &[3, 1]), [2, 0]);
    }

    #[test]
    fn nothing_splits_into_nothing() {
        assert_eq!(split(0, &[]), [0_i64; 0]);
        assert_eq!(split(0, &[0, 0]), [0, 0]);
        assert_eq!(split(0, &[5, 0]), [0, 0]);
    }

    #[test]
    fn the_largest_amounts_split() {
        assert_eq!(split(AMOUNT_MAX, &[AMOUNT_MAX; 3]).iter().sum::<i64>(), AMOUNT_MAX);
    }

    #[test]
    #[should_panic(expected = "nothing to split 1 by")]
    fn something_needs_a_weight() {
        split(1, &[0, 0]);
    }

    fn weights() -> impl Strategy<Value = Vec<i64>> {
        let weight = prop_oneof![Just(0), 0_i64..10, 0..=AMOUNT_MAX];
        prop::collection::vec(weight, 1..20).prop_filter("some weight", |weights| weights.iter().any(|&weight| weight > 0))
    }

    /// The rule word by word: give units one at a time to the best line that has not had one.
    fn one_at_a_time(total: i64, weights: &[i64]) -> Vec<i64> {
        let sum: i128 = weights.iter().copied().map(i128::from).sum();
        let remainder = |line: usize| i128::from(total) * i128::from(weights[line]) % sum;
        let whole = |&weight: &i64| (i128::from(total) * i128::from(weight) / sum) as i64;
        let mut shares: Vec<i64> = weights.iter().map(whole).collect();
        let mut waiting: Vec<usize> = (0..weights.len()).collect();
        while shares.iter().sum::<i64>() < total {
            let better =
                |&a: &usize, &b: &usize| remainder(a).cmp(&remainder(b)).then(weights[a].cmp(&weights[b])).then(b.cmp(&a));
            let best = waiting.iter().copied().max_by(better).unwrap();
            waiting.retain(|&line| line != best);
            shares[best] += 1;
        }
        shares
    }

    proptest! {
        #[test]
        fn shares_are_those_of_the_rule(total in prop_oneof![0_i64..100, 0..=AMOUNT_MAX], weights in weights()) {
            let shares = split(total, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            prop_assert_eq!(shares, one_at_a_time(total, &weights));
        }

        #[test]
        fn no_line_is_above_its_own_amount(weights in weights(), part in 0_i128..=10_000) {
            let sum: i128 = weights.iter().copied().map(i128::from).sum();
            let total = (sum * part / 10_000).min(i128::from(AMOUNT_MAX)) as i64;
            for (share, weight) in split(total, &weights).into_iter().zip(weights) {
                prop_assert!(0 <= share && share <= weight);
            }
        }
    }
}
