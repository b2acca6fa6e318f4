//! The secrets behind codes: up to eight versions, one of them current.
//!
//! A code says in the clear under which version it was sealed, and a coupon keeps that number, so old codes open and can be
//! computed again as long as their version is held. A new version is added and made current; an old one is taken away only
//! to refuse all its codes, never to tidy up. The bytes come from the caller, who keeps them in a file: nothing here makes
//! randomness, and nothing prints a secret.

use super::prf::{KEY_PAIR_BYTES, KeyPair};
use core::fmt;

/// Number of key versions that the three bits in a code can name: 0 to 7.
pub const KEY_VERSIONS: u8 = 8;

/// The versions of code keys that this node holds. Wiped when dropped; its `Debug` shows versions only.
pub struct CodeKeys {
    /// Boxed, so that moving the set leaves no copy of a key behind.
    pairs: Box<[Option<KeyPair>; KEY_VERSIONS as usize]>,
    current: u8,
}

/// Why bytes given as code keys are no key set. Names versions, never secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKeySet {
    /// The version is not below [`KEY_VERSIONS`].
    VersionTooHigh(u8),
    /// The version is given twice.
    VersionTwice(u8),
    /// Both halves of the version's secret are equal.
    HalvesEqual(u8),
    /// The version to seal with is not in the set.
    CurrentMissing(u8),
}

impl CodeKeys {
    /// Takes `(version, secret)` pairs, the secret being 16 bytes of tag key and 16 of stream key, both uniformly random and
    /// used for nothing else; `current` is the version of new codes. The caller wipes its own copy.
    ///
    /// # Errors
    /// [`BadKeySet`] when a version is too high, given twice, or not random, or the current one is missing.
    pub fn new<'a>(current: u8, secrets: impl IntoIterator<Item = (u8, &'a [u8; KEY_PAIR_BYTES])>) -> Result<Self, BadKeySet> {
        let mut keys = CodeKeys { pairs: Box::default(), current };
        for (version, secret) in secrets {
            keys.add(version, secret)?;
        }
        if !keys.holds(current) {
            return Err(BadKeySet::CurrentMissing(current));
        }
        Ok(keys)
    }

    /// The version to seal new codes with; always held.
    pub fn current(&self) -> u8 {
        self.current
    }

    /// Whether codes of this version can be sealed and opened here. True for the current one; any `u8` may be asked.
    pub fn holds(&self, version: u8) -> bool {
        self.pair(version).is_some()
    }

    pub(super) fn pair(&self, version: u8) -> Option<&KeyPair> {
        self.pairs.get(usize::from(version))?.as_ref()
    }

    fn add(&mut self, version: u8, secret: &[u8; KEY_PAIR_BYTES]) -> Result<(), BadKeySet> {
        let slot = self.pairs.get_mut(usize::from(version)).ok_or(BadKeySet::VersionTooHigh(version))?;
        if slot.is_some() {
            return Err(BadKeySet::VersionTwice(version));
        }
        *slot = Some(KeyPair::new(secret).ok_or(BadKeySet::HalvesEqual(version))?);
        Ok(())
    }
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<u8> = (0..KEY_VERSIONS).filter(|&version| self.holds(version)).collect();
        f.debug_struct("CodeKeys").field("current", &self.current).field("versions", &held).finish_non_exhaustive()
    }
}

impl fmt::Display for BadKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VersionTooHigh(version) => {
                write!(f, "code key version {version} is not below {KEY_VERSIONS}")
            }
            Self::VersionTwice(version) => write!(f, "code key version {version} is given twice"),
            Self::HalvesEqual(version) => write!(f, "code key version {version} is not random: its halves are equal"),
            Self::CurrentMissing(version) => {
                write!(f, "the current code key version {version} is missing")
            }
        }
    }
}

impl core::error::Error for BadKeySet {}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(seed: u8) -> [u8; KEY_PAIR_BYTES] {
        core::array::from_fn(|at| seed.wrapping_add(at as u8))
    }

    fn check(current: u8, secrets: &[(u8, [u8; KEY_PAIR_BYTES])], expected: Option<BadKeySet>) {
        let keys = CodeKeys::new(current, secrets.iter().map(|(version, secret)| (*version, secret)));
        assert_eq!(keys.err(), expected);
    }

    #[test]
    fn a_key_set_names_what_is_wrong_with_it() {
        check(3, &[(3, secret(1))], None);
        check(7, &[(0, secret(1)), (7, secret(2))], None);
        check(8, &[(8, secret(1))], Some(BadKeySet::VersionTooHigh(8)));
        check(1, &[(1, secret(1)), (1, secret(2))], Some(BadKeySet::VersionTwice(1)));
        check(1, &[(1, [9; KEY_PAIR_BYTES])], Some(BadKeySet::HalvesEqual(1)));
        check(2, &[(1, secret(1))], Some(BadKeySet::CurrentMissing(2)));
        check(0, &[], Some(BadKeySet::CurrentMissing(0)));
    }

    #[test]
    fn debug_shows_versions_and_no_secret() {
        let keys = CodeKeys::new(5, [(5, &secret(1)), (2, &secret(2))]).unwrap();
        assert_eq!(format!("{keys:?}"), "CodeKeys { current: 5, versions: [2, 5], .. }");
    }
}
