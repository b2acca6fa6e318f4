//! Returns by the unit: what part of a line's discount goes back with the units that come back.
//!
//! What has been given back is reckoned from all units returned so far, rounded down, and each return gives the difference. So the
//! roundings never add up: whatever the order and grouping of returns, the last one completes the share exactly.

use crate::money::is_amount;

/// What has been given back of a line's `share` when `returned` of its `units` are back: floor(share · returned / units).
///
/// # Panics
/// If the share is not an amount, there are no units, or more are returned than there are.
pub fn given_back(share: i64, units: u32, returned: u32) -> i64 {
    assert!(is_amount(share), "share {share} is not an amount");
    assert!(units > 0 && returned <= units, "{returned} of {units} units cannot be returned");
    let exact = i128::from(share) * i128::from(returned) / i128::from(units);
    i64::try_from(exact).expect("a part of an amount is one")
}

/// What a return of `more` units gives back after `before` were returned.
///
/// # Panics
/// As [`given_back`].
pub fn difference(share: i64, units: u32, before: u32, more: u32) -> i64 {
    let after = before.checked_add(more).expect("no more units are returned than there are");
    given_back(share, units, after) - given_back(share, units, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MAX;
    use proptest::prelude::*;

    #[test]
    fn ten_over_three_units_goes_back_as_three_three_four() {
        assert_eq!([0, 1, 2, 3].map(|returned| given_back(10, 3, returned)), [0, 3, 6, 10]);
        assert_eq!([0, 1, 2].map(|before| difference(10, 3, before, 1)), [3, 3, 4]);
        assert_eq!((difference(10, 3, 0, 2), difference(10, 3, 1, 2), difference(10, 3, 2, 0)), (6, 7, 0));
    }

    #[test]
    fn the_largest_share_of_the_most_units_goes_back() {
        assert_eq!(given_back(AMOUNT_MAX, u32::MAX, u32::MAX), AMOUNT_MAX);
        assert_eq!(given_back(AMOUNT_MAX, u32::MAX, u32::MAX - 1), AMOUNT_MAX - 232_831);
        assert_eq!(given_back(0, 1, 1), 0);
    }

    #[test]
    #[should_panic(expected = "4 of 3 units cannot be returned")]
    fn more_units_than_there_are_is_a_broken_caller() {
        difference(10, 3, 3, 1);
    }

    #[test]
    #[should_panic(expected = "no more units are returned than there are")]
    fn a_sum_of_units_that_wraps_is_a_broken_caller() {
        difference(10, 3, 3, u32::MAX);
    }

    proptest! {
        #[test]
        fn any_grouping_of_returns_sums_to_the_share(share in 0..=AMOUNT_MAX, groups in prop::collection::vec(0_u32..5, 1..30)) {
            let units = groups.iter().sum::<u32>().max(1);
            let (mut before, mut sum) = (0, 0);
            for more in groups {
                let given = difference(share, units, before, more);
                prop_assert!(given >= 0);
                before += more;
                sum += given;
                prop_assert_eq!(sum, given_back(share, units, before));
            }
            prop_assert_eq!(sum + difference(share, units, before, units - before), share);
        }

        #[test]
        fn returns_of_all_lines_in_any_order_sum_to_the_discount(
            lines in prop::collection::vec((0_i64..1_000, 1_u32..4), 1..6),
            turns in prop::collection::vec(any::<prop::sample::Index>(), 24),
        ) {
            let discount: i64 = lines.iter().map(|(share, _)| share).sum();
            let mut open: Vec<usize> = lines.iter().enumerate().flat_map(|(at, (_, units))| vec![at; *units as usize]).collect();
            let mut back = vec![0; lines.len()];
            let mut sum = 0;
            for turn in turns.iter().take(open.len()) {
                let at = open.swap_remove(turn.index(open.len()));
                let (share, units) = lines[at];
                sum += difference(share, units, back[at], 1);
                back[at] += 1;
            }
            prop_assert_eq!((open.len(), sum), (0, discount));
        }
    }
}
