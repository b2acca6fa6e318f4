//! Deadlines of numbered entities, kept as lower bounds: which one is due is found without a timer for each.
//!
//! Of each chunk of 1,024 numbers, and of each group of 1,024 chunks, only a time is kept before which nothing in it is due: 8
//! bytes for 1,024 entities, so that 100,000,000 deadlines take some 800 KB. The deadlines themselves stay where they are, in the
//! entities, and the caller says them again when a chunk is looked at. A deadline that comes earlier lowers a bound at once; one
//! that goes away (a hold that was captured) leaves its bound too early, which costs one look at the chunk when that time comes,
//! and the look puts the bound right. So an entity is read about once for each time its chunk comes due, and finding the next
//! due one costs a scan of the groups (100 for 100,000,000 entities), of 1,024 bounds, and the rest of one chunk.
//!
//! It is derived from state and no part of it: whoever restores entities adds their deadlines again. The bounds are
//! cells because looking puts them right; what is found never hangs on how often was looked.

use std::cell::Cell;

/// Entities in a chunk, and chunks in a group.
pub const CHUNK: usize = 1024;

/// Chunks that one question looks into; if none of them has anything due, the next question goes on behind them.
const CHUNKS_SCANNED_MAX: usize = 16;

/// Nothing is due before this.
const NEVER: i64 = i64::MAX;

/// Lower bounds of 1,024 chunks, and of all of them.
struct Group {
    bound_ms: Cell<i64>,
    chunks: Vec<Cell<i64>>,
}

/// A look into a chunk that has not reached its end.
#[derive(Clone, Copy)]
struct Look {
    /// Where it goes on.
    number: u64,
    /// The earliest deadline of those passed over.
    passed_ms: i64,
}

/// The deadlines of one kind of entity.
#[derive(Default)]
pub struct Deadlines {
    groups: Vec<Group>,
    look: Cell<Option<Look>>,
}

impl Deadlines {
    /// Bytes of memory that it holds, by its groups' capacity.
    pub fn memory_bytes(&self) -> u64 {
        let bounds: usize = self.groups.iter().map(|group| group.chunks.capacity() * size_of::<Cell<i64>>()).sum();
        (bounds + self.groups.capacity() * size_of::<Group>()) as u64
    }

    /// The entity of this number may be due at `deadline_ms`.
    pub fn add(&mut self, number: u64, deadline_ms: i64) {
        let (group, chunk) = place(number);
        while self.groups.len() <= group {
            self.groups.push(Group { bound_ms: Cell::new(NEVER), chunks: Vec::with_capacity(CHUNK) });
        }
        let group = &mut self.groups[group];
        if group.chunks.len() <= chunk {
            group.chunks.resize(chunk + 1, Cell::new(NEVER));
        }
        lower(&group.bound_ms, deadline_ms);
        lower(&group.chunks[chunk], deadline_ms);
        if let Some(look) = self.look.get().filter(|look| place(look.number) == place(number)) {
            self.look.set(Some(Look { passed_ms: look.passed_ms.min(deadline_ms), ..look }));
        }
    }

    /// Nothing is due before this, if anything ever is: what is due first comes then, or later where a deadline has gone away.
    pub fn bound_ms(&self) -> Option<i64> {
        self.groups.iter().map(|group| group.bound_ms.get()).min().filter(|&bound_ms| bound_ms != NEVER)
    }

    /// An entity that is due at `now_ms`, whose deadline `deadline_of` says; bounded, so that `None` may be said while the next
    /// question finds one.
    pub fn due(&self, now_ms: i64, deadline_of: impl Fn(u64) -> Option<i64>) -> Option<u64> {
        for _ in 0..CHUNKS_SCANNED_MAX {
            let (group, chunk) = self.next_chunk(now_ms)?;
            if let Some(number) = self.scan(group, chunk, now_ms, &deadline_of) {
                return Some(number);
            }
        }
        None
    }

    /// A chunk that may hold something due: the one that is being looked into, or the first.
    fn next_chunk(&self, now_ms: i64) -> Option<(usize, usize)> {
        if let Some(look) = self.look.get() {
            return Some(place(look.number));
        }
        loop {
            let (number, group) = self.groups.iter().enumerate().find(|(_, group)| group.bound_ms.get() <= now_ms)?;
            if let Some(chunk) = group.chunks.iter().position(|bound| bound.get() <= now_ms) {
                return Some((number, chunk));
            }
            let least = group.chunks.iter().map(Cell::get).min();
            group.bound_ms.set(least.unwrap_or(NEVER));
        }
    }

    /// Goes on with the look into a chunk; at its end the bound is what was passed over.
    fn scan(&self, group: usize, chunk: usize, now_ms: i64, deadline_of: &impl Fn(u64) -> Option<i64>) -> Option<u64> {
        let first = ((group * CHUNK + chunk) * CHUNK) as u64;
        let Look { number: from, mut passed_ms } = self.look.take().unwrap_or(Look { number: first, passed_ms: NEVER });
        for number in from..first + CHUNK as u64 {
            match deadline_of(number) {
                Some(deadline_ms) if deadline_ms <= now_ms => {
                    self.look.set(Some(Look { number, passed_ms }));
                    return Some(number);
                }
                deadline_ms => passed_ms = passed_ms.min(deadline_ms.unwrap_or(NEVER)),
            }
        }
        self.groups[group].chunks[chunk].set(passed_ms);
        None
    }
}

/// Group and chunk of a number.
fn place(number: u64) -> (usize, usize) {
    let chunk = number as usize / CHUNK;
    (chunk / CHUNK, chunk % CHUNK)
}

fn lower(bound_ms: &Cell<i64>, deadline_ms: i64) {
    bound_ms.set(bound_ms.get().min(deadline_ms));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What is due, asked until nothing is; each is taken away as it is found.
    fn drain(deadlines: &Deadlines, plain: &mut BTreeMap<u64, i64>, now_ms: i64) -> Vec<u64> {
        let mut found = Vec::new();
        while let Some(number) = deadlines.due(now_ms, |number| plain.get(&number).copied()) {
            assert!(plain.remove(&number).is_some_and(|deadline_ms| deadline_ms <= now_ms), "{number} was not due");
            found.push(number);
        }
        found
    }

    #[test]
    fn what_is_due_is_found_in_every_chunk_and_nothing_before_its_time() {
        let (mut deadlines, mut plain) = (Deadlines::default(), BTreeMap::new());
        for number in [0, 5, 1_023, 1_024, 5_000, 1_048_576, 3_000_000] {
            deadlines.add(number, 10 + number as i64);
            plain.insert(number, 10 + number as i64);
        }
        assert!(drain(&deadlines, &mut plain, 9).is_empty());
        assert_eq!(drain(&deadlines, &mut plain, 10), [0]);
        assert_eq!(drain(&deadlines, &mut plain, 1_034), [5, 1_023, 1_024]);
        assert_eq!(drain(&deadlines, &mut plain, i64::MAX - 1), [5_000, 1_048_576, 3_000_000]);
        assert!(plain.is_empty());
    }

    #[test]
    fn many_stale_bounds_are_put_right_a_few_at_a_time() {
        let mut deadlines = Deadlines::default();
        let last = 100 * CHUNK as u64;
        for number in 0..=last {
            deadlines.add(number, 10);
        }
        let only_the_last = |number| (number == last).then_some(10);
        let questions = (1..).find(|_| deadlines.due(10, only_the_last).is_some());
        assert_eq!(questions, Some(100 / CHUNKS_SCANNED_MAX + 1));
    }

    #[test]
    fn memory_is_a_hundredth_of_a_byte_for_a_deadline() {
        let mut deadlines = Deadlines::default();
        for number in (0..100_000_000).step_by(CHUNK) {
            deadlines.add(number, 1);
        }
        let bytes: usize = deadlines.groups.iter().map(|group| size_of::<Group>() + group.chunks.capacity() * 8).sum();
        assert!(bytes < 1_000_000, "{bytes} bytes");
    }

    #[derive(Clone, Debug)]
    enum Act {
        Put(u64, i64),
        Drop(u64),
        /// So many questions at a time; a question may be left without taking what it found.
        Ask(i64, usize),
        Drain(i64),
    }

    fn acts() -> impl Strategy<Value = Act> {
        let number = || prop_oneof![3 => 0..40u64, 2 => 1_000..1_060u64, 1 => 1_048_570..1_048_590u64];
        prop_oneof![
            8 => (number(), 0..300i64).prop_map(|(number, deadline)| Act::Put(number, deadline)),
            3 => number().prop_map(Act::Drop),
            3 => (0..300i64, 1..5usize).prop_map(|(now, questions)| Act::Ask(now, questions)),
            1 => (0..300i64).prop_map(Act::Drain),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn exactly_what_a_plain_map_says_is_due_is_found(acts in proptest::collection::vec(acts(), 60)) {
            let (mut deadlines, mut plain) = (Deadlines::default(), BTreeMap::new());
            for act in acts {
                match act {
                    Act::Put(number, deadline_ms) => {
                        plain.insert(number, deadline_ms);
                        deadlines.add(number, deadline_ms);
                    }
                    Act::Drop(number) => drop(plain.remove(&number)),
                    Act::Ask(now_ms, questions) => {
                        for _ in 0..questions {
                            let found = deadlines.due(now_ms, |number| plain.get(&number).copied());
                            prop_assert_eq!(found.is_some(), plain.values().any(|&deadline_ms| deadline_ms <= now_ms));
                            prop_assert!(found.is_none_or(|number| plain[&number] <= now_ms));
                        }
                    }
                    Act::Drain(now_ms) => {
                        let bound_ms = deadlines.bound_ms();
                        prop_assert!(plain.values().all(|&deadline_ms| bound_ms.is_some_and(|bound_ms| bound_ms <= deadline_ms)));
                        let expected: Vec<u64> =
                            plain.iter().filter(|(_, deadline_ms)| **deadline_ms <= now_ms).map(|(&number, _)| number).collect();
                        let mut found = drain(&deadlines, &mut plain, now_ms);
                        found.sort_unstable();
                        prop_assert_eq!(found, expected);
                    }
                }
            }
        }
    }
}
