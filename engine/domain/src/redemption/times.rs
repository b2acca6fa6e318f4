//! Redemptions in the order of time, which is that of their numbers.

use super::{Redemption, Redemptions};

impl Redemptions {
    /// From the newest before the first that `is_above` holds of, on to the oldest; it holds of all after that one.
    pub(crate) fn before_first(&self, is_above: impl Fn(&Redemption) -> bool) -> impl Iterator<Item = &Redemption> {
        let (mut low, mut high) = (self.redemptions.first(), self.redemptions.next());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).is_some_and(&is_above) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        (self.redemptions.first()..low).rev().filter_map(|number| self.get(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(redemptions: &Redemptions, before_ms: i64) -> Vec<i64> {
        redemptions.before_first(|redemption| redemption.at_ms >= before_ms).map(|redemption| redemption.at_ms).collect()
    }

    #[test]
    fn the_newest_before_an_instant_is_found_wherever_it_lies_and_after_some_are_forgotten() {
        let mut redemptions = Redemptions::default();
        for (order, at_ms) in (1..).zip([1, 3, 3, 3, 7]) {
            redemptions.add(Redemption { at_ms, order, ..Redemption::default() });
        }
        assert_eq!(times(&redemptions, 0), [0; 0]);
        assert_eq!(times(&redemptions, 3), [1]);
        assert_eq!(times(&redemptions, 4), [3, 3, 3, 1]);
        assert_eq!(times(&redemptions, 9), [7, 3, 3, 3, 1]);
        redemptions.forget_before(2);
        assert_eq!(times(&redemptions, 9), [7, 3, 3]);
        assert_eq!(times(&Redemptions::default(), 9), [0; 0]);
    }
}
