//! How remembered requests are kept: 40 bytes each, their lsns and times counted from marks that many share.
//!
//! Requests come in the order of their lsns and times, so most are near the one before. Whatever is further from the newest mark than
//! three bytes count gets a mark of its own, so every entry comes back as it was, also one that time or numbers separate from all
//! others; a mark is needed for every 16.8 million events, or 4.7 hours.

use super::{Operation, Remembered};
use crate::compact::Compact;
use crate::container::Numbered;
use crate::rejection::Reason;
use std::collections::VecDeque;

/// A request as it is kept.
#[derive(Clone, Copy)]
struct Kept {
    key: [u64; 2],
    fingerprint: u64,
    value: i64,
    /// From the mark's on.
    lsn: Compact<3>,
    /// From the mark's on.
    at_ms: Compact<3>,
    reason: u8,
    operation: Operation,
}

const _: () = assert!(size_of::<Kept>() == 40);

/// What entries are counted from, from one number on to the next mark.
#[derive(Clone, Copy, Default)]
struct Mark {
    number: u64,
    lsn: u64,
    at_ms: i64,
}

/// All entries, by number.
#[derive(Default)]
pub(super) struct Entries {
    kept: Numbered<Kept>,
    marks: VecDeque<Mark>,
}

impl Kept {
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.key[1]) << 64 | u128::from(self.key[0])
    }
}

impl Mark {
    /// How far behind the mark a request is, if that can be kept.
    fn to(&self, entry: &Remembered) -> Option<(Compact<3>, Compact<3>)> {
        let lsn = Compact::new(entry.lsn.checked_sub(self.lsn)?)?;
        Some((lsn, Compact::new_signed(entry.at_ms.checked_sub(self.at_ms)?)?))
    }
}

impl Entries {
    /// Adds one; gives its number.
    pub(super) fn push(&mut self, entry: &Remembered) -> u64 {
        let behind = self.marks.back().and_then(|mark| mark.to(entry));
        let (lsn, at_ms) = behind.unwrap_or_else(|| {
            self.marks.push_back(Mark { number: self.next(), lsn: entry.lsn, at_ms: entry.at_ms });
            Default::default()
        });
        let Remembered { key, fingerprint, value, reason, operation, .. } = *entry;
        let reason = u8::try_from(reason).expect("a reason that is known has a small number");
        self.kept.push(Kept { key: [key as u64, (key >> 64) as u64], fingerprint, value, lsn, at_ms, reason, operation })
    }

    /// The request of this number, if it is here.
    pub(super) fn get(&self, number: u64) -> Option<Remembered> {
        Some(remembered(self.kept.get(number)?, self.mark(number)))
    }

    /// The newest mark that is not behind a number; mostly it is the newest of all.
    fn mark(&self, number: u64) -> &Mark {
        let newest = self.marks.back().filter(|mark| mark.number <= number);
        newest.unwrap_or_else(|| &self.marks[self.marks.partition_point(|mark| mark.number <= number) - 1])
    }

    /// Whether this key is that of a number that is here.
    #[inline]
    pub(super) fn has_key(&self, number: u64, key: u128) -> bool {
        self.kept.get(number).is_some_and(|kept| kept.key() == key)
    }

    /// The key of a number that is here.
    #[inline]
    pub(super) fn key(&self, number: u64) -> u128 {
        self.kept.get(number).expect("an indexed request is here").key()
    }

    /// By what an entry is found.
    #[inline]
    pub(super) fn hash(&self, number: u64) -> u64 {
        self.key(number) as u64
    }

    /// By what each is found, with its number, from the oldest.
    pub(super) fn hashed(&self) -> impl Iterator<Item = (u64, u64)> {
        (self.first()..).zip(self.kept.iter().map(|kept| kept.key() as u64))
    }

    /// Removes the oldest, and the mark that nothing is counted from any more; gives its number and it.
    pub(super) fn pop_first(&mut self) -> Option<(u64, Remembered)> {
        let entry = self.get(self.first())?;
        let (number, _) = self.kept.pop_first()?;
        if self.marks.get(1).is_some_and(|second| second.number == self.first()) {
            self.marks.pop_front();
        }
        Some((number, entry))
    }

    /// All of them, from the oldest.
    pub(super) fn iter(&self) -> impl Iterator<Item = Remembered> {
        (self.first()..self.next()).map(|number| self.get(number).expect("an entry between first and next is here"))
    }

    pub(super) fn begin_at(&mut self, first: u64) -> Option<()> {
        self.kept.begin_at(first)
    }

    pub(super) fn first(&self) -> u64 {
        self.kept.first()
    }

    pub(super) fn next(&self) -> u64 {
        self.kept.next()
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.kept.memory_bytes() + (self.marks.capacity() * size_of::<Mark>()) as u64
    }
}

fn remembered(kept: &Kept, mark: &Mark) -> Remembered {
    Remembered {
        key: kept.key(),
        fingerprint: kept.fingerprint,
        lsn: mark.lsn + kept.lsn.get(),
        at_ms: mark.at_ms + kept.at_ms.signed(),
        value: kept.value,
        reason: kept.reason.into(),
        operation: kept.operation,
    }
}

const _: () = assert!(Reason::ALL[Reason::ALL.len() - 1] as u16 <= u8::MAX as u16, "reasons rise, and the last fits");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(lsn: u64, at_ms: i64) -> Remembered {
        let (value, operation) = (at_ms.wrapping_neg(), Operation::Redeem);
        Remembered { key: u128::from(lsn) << 70 | 5, fingerprint: lsn ^ 7, lsn, at_ms, value, reason: 90, operation }
    }

    #[test]
    fn what_is_near_shares_a_mark_and_marks_leave_with_the_last_entry() {
        let mut entries = Entries::default();
        let far = 1 << 24;
        for (lsn, at_ms, marks) in
            [(1, 9, 1), (2, 9, 1), (far, 9, 1), (far + 1, 9, 2), (far + 2, 8, 3), (far + 2, far as i64 + 8, 4)]
        {
            entries.push(&entry(lsn, at_ms));
            assert_eq!(entries.marks.len(), marks, "{lsn} at {at_ms}");
        }
        let left: Vec<usize> = std::iter::from_fn(|| entries.pop_first().map(|_| entries.marks.len())).collect();
        assert_eq!(left, [4, 4, 3, 2, 1, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_entry_comes_back_as_it_was_wherever_it_lies(
            first in 0..10_000u64,
            all in proptest::collection::vec((any::<u64>(), any::<i64>(), 0..64u32, 0..3u8), 1..60),
        ) {
            let mut entries = Entries::default();
            entries.begin_at(first).unwrap();
            let mut plain = VecDeque::new();
            for (lsn, at_ms, bits, act) in all {
                // Most lsns and times are small, some anything.
                let next = entry(lsn >> bits, at_ms.wrapping_shr(bits));
                plain.push_back(next);
                entries.push(&next);
                if act == 0 {
                    prop_assert_eq!(entries.pop_first().map(|(_, entry)| entry), plain.pop_front());
                }
                let found: Vec<Remembered> = entries.iter().collect();
                prop_assert_eq!(&found, &plain.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
