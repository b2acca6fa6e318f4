//! Chance that can be repeated: everything random in a run follows from its seed.

use std::time::Duration;

/// SplitMix64: one multiplication chain per number, any seed is good.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Of 100 times, so many are hits.
    pub fn hits(&mut self, percent: f64) -> bool {
        self.share() * 100.0 < percent
    }

    /// Any time below `most`.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.share())
    }

    /// From 0 to 1, which it does not reach.
    fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Spreads every bit of `number` over all 64.
#[inline]
pub fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// A permutation of 0..n that looks like chance and needs no memory: a Feistel network over the next even power of two, walked
/// until it lands inside.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    n: u64,
    half_bits: u32,
    seed: u64,
}

const ROUNDS: u64 = 4;

impl Shuffle {
    /// Permutes 0..`n`; n up to 2^62.
    pub fn new(n: u64, seed: u64) -> Self {
        let bits = u64::BITS - n.saturating_sub(1).leading_zeros();
        Self { n, half_bits: bits.div_ceil(2).max(1), seed }
    }

    /// Where `place` goes.
    #[inline]
    pub fn at(&self, place: u64) -> u64 {
        assert!(place < self.n);
        let mut number = self.step(place);
        while number >= self.n {
            number = self.step(number);
        }
        number
    }

    fn step(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..ROUNDS {
            let key = self.seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            (left, right) = (right, left ^ mix(right ^ key) & mask);
        }
        left << self.half_bits | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_a_permutation() {
        for n in [1, 2, 3, 100, 4096, 5000] {
            let shuffle = Shuffle::new(n, 11);
            let mut seen: Vec<_> = (0..n).map(|place| shuffle.at(place)).collect();
            seen.sort_unstable();
            assert!(seen.iter().copied().eq(0..n), "{n}");
        }
    }

    #[test]
    fn hits_are_as_many_as_was_said() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| !dice.hits(0.0) && dice.hits(100.0)));
        let hits = (0..10_000).filter(|_| dice.hits(20.0)).count();
        assert!((1_900..2_100).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| dice.up_to(Duration::from_millis(5)) < Duration::from_millis(5)));
    }

    #[test]
    fn another_seed_is_another_order() {
        let orders = [1, 2].map(|seed| (0..100).map(|place| Shuffle::new(100, seed).at(place)).collect::<Vec<_>>());
        assert_ne!(orders[0], orders[1]);
    }
}
