//! Numbers in as few bytes as they need: entities are many, and what each keeps is chosen byte by byte.
//!
//! A number that does not fit is never cut off. What events and images say is checked where it comes in
//! ([`Compact::new`]); what was checked, or is ours, is asserted ([`Compact::of`]).

use std::fmt;

/// A number from 0 to 256^`BYTES` - 1, without alignment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compact<const BYTES: usize>([u8; BYTES]);

/// An lsn: a partition that writes a million events a second reaches the end after nine years.
pub(crate) type Lsn = Compact<6>;

/// An instant, in ms since the epoch: up to the year 10889.
pub(crate) type Ms = Compact<6>;

/// An amount in minor units, or a sum of some.
pub(crate) type Amount = Compact<7>;

/// The number of a coupon or another entity, or that + 1.
pub(crate) type Number = Compact<5>;

impl<const BYTES: usize> Compact<BYTES> {
    /// The largest.
    pub(crate) const MAX: u64 = u64::MAX >> (64 - 8 * BYTES);

    /// The number, if it fits.
    #[inline]
    pub(crate) fn new(number: u64) -> Option<Self> {
        (number <= Self::MAX).then(|| Self::low(number))
    }

    /// A number that fits.
    ///
    /// # Panics
    /// If it does not.
    #[inline]
    pub(crate) fn of(number: u64) -> Self {
        assert!(number <= Self::MAX, "{number} does not fit {BYTES} bytes");
        Self::low(number)
    }

    /// The number, if it is not negative and fits.
    #[inline]
    pub(crate) fn new_signed(number: i64) -> Option<Self> {
        Self::new(u64::try_from(number).ok()?)
    }

    /// A number that is not negative and fits; panics like [`Compact::of`] if it is not.
    #[inline]
    pub(crate) fn of_signed(number: i64) -> Self {
        Self::of(number as u64)
    }

    #[inline]
    fn low(number: u64) -> Self {
        let bytes = number.to_le_bytes();
        Compact(std::array::from_fn(|at| bytes[at]))
    }

    /// The number.
    #[inline]
    pub(crate) fn get(self) -> u64 {
        let mut bytes = [0; 8];
        bytes[..BYTES].copy_from_slice(&self.0);
        u64::from_le_bytes(bytes)
    }

    /// The number as those are that could be negative.
    #[inline]
    pub(crate) fn signed(self) -> i64 {
        const { assert!(BYTES < 8, "it fits") };
        self.get() as i64
    }
}

impl<const BYTES: usize> Default for Compact<BYTES> {
    fn default() -> Self {
        Compact([0; BYTES])
    }
}

impl<const BYTES: usize> fmt::Debug for Compact<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_fit_is_refused_and_never_cut_off() {
        assert_eq!([Compact::<3>::MAX, Lsn::MAX, Amount::MAX], [(1 << 24) - 1, (1 << 48) - 1, (1 << 56) - 1]);
        for (number, fits) in [(0, true), (Lsn::MAX, true), (Lsn::MAX + 1, false), (u64::MAX, false)] {
            assert_eq!(Lsn::new(number).map(Compact::get), fits.then_some(number));
        }
        assert_eq!(Ms::new_signed(-1), None);
        assert_eq!(Ms::new_signed(i64::MAX), None);
        assert_eq!(Ms::new_signed(5).map(Compact::signed), Some(5));
    }

    #[test]
    #[should_panic(expected = "does not fit 7 bytes")]
    fn a_negative_amount_is_a_broken_caller() {
        Amount::of_signed(-1);
    }

    #[test]
    fn it_takes_as_many_bytes_as_it_says_and_reads_like_a_number() {
        assert_eq!((size_of::<[Lsn; 3]>(), align_of::<Lsn>(), Lsn::default().get()), (18, 1, 0));
        assert_eq!(format!("{:?}", Number::of(7)), "7");
    }

    proptest! {
        #[test]
        fn every_number_that_fits_comes_back(number in 0..=Amount::MAX) {
            prop_assert_eq!(Amount::of(number).get(), number);
            prop_assert_eq!(Amount::of_signed(number as i64).signed(), number as i64);
            prop_assert_eq!(Number::new(number).map(Compact::get), (number <= Number::MAX).then_some(number));
        }
    }
}
