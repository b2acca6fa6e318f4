//! Which card a redemption falls on.

use clap::ValueEnum;

use crate::dice::{Shuffle, mix};

/// Exponent of the Zipf distribution: that of YCSB.
pub const ZIPF_EXPONENT: f64 = 0.99;

/// How redemptions fall on cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Skew {
    /// Every card as often as any other.
    Uniform,
    /// Every redemption on one card.
    Hot,
    /// Card of rank r with weight 1 / r^0.99.
    Zipf,
}

/// Draws cards; the draw of a number is always the same.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    cards: u64,
    seed: u64,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Uniform,
    Hot,
    Zipf(Zipf),
}

/// Constants of the rejection-free method of Gray et al. ("Quickly generating billion-record synthetic databases").
#[derive(Clone, Copy, Debug)]
struct Zipf {
    zeta: f64,
    alpha: f64,
    eta: f64,
    second: f64,
    card_of_rank: Shuffle,
}

impl Draw {
    /// Draws among `cards` ≥ 1 cards.
    pub fn new(skew: Skew, cards: u64, seed: u64) -> Self {
        let form = match skew {
            Skew::Uniform => Form::Uniform,
            Skew::Hot => Form::Hot,
            Skew::Zipf => Form::Zipf(Zipf::new(cards, seed)),
        };
        Self { cards, seed, form }
    }

    /// The card of draw `number`.
    #[inline]
    pub fn card(&self, number: u64) -> u64 {
        let chance = mix(number ^ mix(self.seed));
        match &self.form {
            Form::Uniform => ((u128::from(chance) * u128::from(self.cards)) >> 64) as u64,
            Form::Hot => 0,
            Form::Zipf(zipf) => zipf.card_of_rank.at(zipf.rank(chance, self.cards)),
        }
    }
}

impl Zipf {
    fn new(cards: u64, seed: u64) -> Self {
        let zeta = |n: u64| (1..=n).map(|rank| (rank as f64).powf(-ZIPF_EXPONENT)).sum::<f64>();
        let all = zeta(cards);
        let tail = 1.0 - (2.0 / cards as f64).powf(1.0 - ZIPF_EXPONENT);
        Self {
            zeta: all,
            alpha: 1.0 / (1.0 - ZIPF_EXPONENT),
            eta: tail / (1.0 - zeta(cards.min(2)) / all),
            second: 1.0 + 0.5_f64.powf(ZIPF_EXPONENT),
            card_of_rank: Shuffle::new(cards, seed),
        }
    }

    fn rank(&self, chance: u64, cards: u64) -> u64 {
        let unit = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        let weight = unit * self.zeta;
        if weight < 1.0 || cards == 1 {
            return 0;
        }
        if weight < self.second || cards == 2 {
            return 1;
        }
        let rank = cards as f64 * (self.eta * unit - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(cards - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u64 = 100_000;

    fn counts(skew: Skew, cards: u64) -> Vec<u64> {
        let draw = Draw::new(skew, cards, 5);
        let mut counts = vec![0; cards as usize];
        (0..DRAWS).for_each(|number| counts[draw.card(number) as usize] += 1);
        counts.sort_unstable();
        counts.reverse();
        counts
    }

    #[test]
    fn uniform_draws_reach_every_card_about_equally() {
        let counts = counts(Skew::Uniform, 100);
        assert!(counts[0] < 1_200 && counts[99] > 800, "{} to {}", counts[99], counts[0]);
    }

    #[test]
    fn hot_draws_fall_on_one_card() {
        assert_eq!(counts(Skew::Hot, 10)[..2], [DRAWS, 0]);
    }

    #[test]
    fn zipf_draws_follow_their_weights() {
        let counts = counts(Skew::Zipf, 1_000);
        let zeta: f64 = (1..=1_000).map(|rank| f64::from(rank).powf(-ZIPF_EXPONENT)).sum();
        for (rank, tolerance) in [(1, 0.05), (2, 0.05)] {
            let expected = DRAWS as f64 * f64::from(rank).powf(-ZIPF_EXPONENT) / zeta;
            let seen = counts[rank as usize - 1] as f64;
            assert!((seen / expected - 1.0).abs() < tolerance, "rank {rank}: {seen} of {expected}");
        }
        assert!(counts[999] > 0);
    }

    #[test]
    fn few_cards_are_drawn_within_bounds() {
        for cards in 1..4 {
            assert_eq!(counts(Skew::Zipf, cards).iter().sum::<u64>(), DRAWS);
        }
    }
}
