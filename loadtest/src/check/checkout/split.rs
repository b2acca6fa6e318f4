//! Whole minor units: how a fraction is rounded, how a discount is shared out, what part of a share belongs to some units.

use tessera_proto::v1::Rounding;

/// Basis points of the whole.
const WHOLE: i128 = 10_000;

/// What "pay so many basis points" takes off.
pub fn percent(of: i64, pay_basis_points: u32, rounding: Rounding) -> i64 {
    let exact = i128::from(of) * (WHOLE - i128::from(pay_basis_points));
    let (down, rest) = (exact / WHOLE, exact % WHOLE);
    let goes_up = match rounding {
        Rounding::Floor => false,
        Rounding::Ceil => rest > 0,
        Rounding::HalfEven => rest * 2 > WHOLE || rest * 2 == WHOLE && down % 2 == 1,
        Rounding::HalfUp | Rounding::Unspecified => rest * 2 >= WHOLE,
    };
    (down + i128::from(goes_up)) as i64
}

/// Shares by weight that sum to `total`: what is left of the whole parts goes one by one to the largest remainders, then to the larger
/// weights, then to the lower places.
pub fn shares(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    let exact = |weight: i64| i128::from(total) * i128::from(weight);
    let mut shares: Vec<i64> = weights.iter().map(|&weight| (exact(weight) / sum.max(1)) as i64).collect();
    for _ in 0..total - shares.iter().sum::<i64>() {
        let short = |&place: &usize| i128::from(shares[place]) * sum < exact(weights[place]);
        let rank = |place: usize| (exact(weights[place]) % sum, weights[place], std::cmp::Reverse(place));
        let next = (0..weights.len()).filter(short).max_by_key(|&place| rank(place));
        let Some(next) = next else { break };
        shares[next] += 1;
    }
    shares
}

/// What of a share belongs to so many of its units.
pub fn part(share: i64, units: u32, of_units: u32) -> i64 {
    if of_units == 0 { 0 } else { (i128::from(share) * i128::from(units) / i128::from(of_units)) as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_to_the_largest_remainders_then_weights_then_places() {
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(10, &[333, 333, 334]), [3, 3, 4]);
        assert_eq!(shares(2, &[1, 3]), [0, 2]);
        assert_eq!(shares(6, &[1, 1, 3, 3]), [1, 1, 2, 2]);
        assert_eq!(shares(0, &[5, 0]), [0, 0]);
    }

    #[test]
    fn a_rate_is_rounded_as_its_template_says() {
        let of_5 = [Rounding::HalfUp, Rounding::Floor, Rounding::Ceil, Rounding::HalfEven];
        assert_eq!(of_5.map(|rounding| percent(5, 5_000, rounding)), [3, 2, 3, 2]);
        assert_eq!(of_5.map(|rounding| percent(7, 5_000, rounding)), [4, 3, 4, 4]);
    }

    #[test]
    fn parts_of_a_share_sum_to_it() {
        assert_eq!([0, 1, 2, 3].map(|units| part(10, units, 3)), [0, 3, 6, 10]);
    }
}
