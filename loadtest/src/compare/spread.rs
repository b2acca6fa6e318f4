//! One figure of several runs: its median and how far they lie apart; and of two such, which is better.

use serde::Serialize;

use super::figure::Better;

/// Two medians so close, in parts of one, are alike.
const ALIKE: f64 = 0.01;

/// One figure of some runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of the runs lie below.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// How many runs have the figure.
    pub runs: usize,
}

/// What two spreads say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every run after is better than every run before.
    Better,
    /// Every run after is worse than every run before.
    Worse,
    /// The medians differ by less than a hundredth.
    Alike,
    /// The medians differ, and some runs say otherwise.
    Unclear,
    /// The figure is neither good nor bad.
    Neither,
}

impl Spread {
    /// Of the runs that have the figure; `None` if none has.
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self { median: f64::midpoint(low, high), min, max, runs: values.len() })
    }

    /// This median over the one `before`; `None` if that is 0.
    pub fn ratio(&self, before: &Self) -> Option<f64> {
        let ratio = self.median / before.median;
        ratio.is_finite().then_some(ratio)
    }

    /// What this says beside what was `before`.
    pub fn verdict(&self, before: &Self, better: Better) -> Verdict {
        let is_apart = self.min > before.max || self.max < before.min;
        let rose = self.median > before.median;
        match (better, self.ratio(before)) {
            (Better::Neither, _) => Verdict::Neither,
            (_, Some(ratio)) if (ratio - 1.0).abs() < ALIKE => Verdict::Alike,
            _ if self.median == before.median => Verdict::Alike,
            _ if !is_apart => Verdict::Unclear,
            _ if rose == (better == Better::Higher) => Verdict::Better,
            _ => Verdict::Worse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> Spread {
        Spread::of(values.iter().copied()).unwrap()
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(spread(&[4.0, 1.0, 2.0, 10.0]), Spread { median: 3.0, min: 1.0, max: 10.0, runs: 4 });
        assert_eq!(spread(&[4.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Spread::of([f64::NAN].into_iter()), None);
    }

    #[test]
    fn only_spreads_that_lie_apart_are_better_or_worse() {
        let verdict = |before: &[f64], after: &[f64], better| spread(after).verdict(&spread(before), better);
        assert_eq!(verdict(&[100.0, 110.0], &[120.0, 130.0], Better::Higher), Verdict::Better);
        assert_eq!(verdict(&[100.0, 110.0], &[120.0, 130.0], Better::Lower), Verdict::Worse);
        assert_eq!(verdict(&[120.0, 130.0], &[100.0, 110.0], Better::Lower), Verdict::Better);
        assert_eq!(verdict(&[100.0, 125.0], &[120.0, 130.0], Better::Higher), Verdict::Unclear);
        assert_eq!(verdict(&[100.0], &[100.9], Better::Higher), Verdict::Alike);
        assert_eq!(verdict(&[100.0], &[200.0], Better::Neither), Verdict::Neither);
        assert_eq!(verdict(&[0.0], &[0.0], Better::Lower), Verdict::Alike);
        assert_eq!(verdict(&[0.0], &[1.0], Better::Lower), Verdict::Worse);
    }

    #[test]
    fn nothing_is_not_a_ratio_s_base() {
        assert_eq!(spread(&[3.0]).ratio(&spread(&[2.0])), Some(1.5));
        assert_eq!(spread(&[3.0]).ratio(&spread(&[0.0])), None);
    }
}
