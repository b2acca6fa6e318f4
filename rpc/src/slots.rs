//! Reply slots of one stream: a bounded number, each holding what is kept of a request until its answer comes.

use crate::limits::STREAM_IN_FLIGHT_MAX;

/// The slots of one stream. A slot's number is the tag that the engine gives back.
pub struct Slots<T> {
    taken: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    /// No slot is taken.
    pub fn new() -> Self {
        Self { taken: Vec::new(), free: Vec::new() }
    }

    /// Whether `more` requests find a slot.
    pub fn have_room(&self, more: usize) -> bool {
        self.in_flight() + more <= STREAM_IN_FLIGHT_MAX
    }

    /// Whether nothing is awaited.
    pub fn is_empty(&self) -> bool {
        self.in_flight() == 0
    }

    /// Takes a slot for the request that this is kept of. There must be room.
    pub fn take(&mut self, kept: T) -> u64 {
        assert!(self.have_room(1), "I13: a request is read when it has a slot");
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.taken[slot as usize] = Some(kept);
        u64::from(slot)
    }

    /// Frees the slot of this tag and gives what was kept there.
    pub fn free(&mut self, tag: u64) -> T {
        let slot = usize::try_from(tag).ok().and_then(|slot| self.taken.get_mut(slot));
        let kept = slot.and_then(Option::take).expect("I3: each request is answered once");
        self.free.push(tag as u32);
        kept
    }

    fn in_flight(&self) -> usize {
        self.taken.len() - self.free.len()
    }

    fn grow(&mut self) -> u32 {
        let slot = u32::try_from(self.taken.len()).expect("slots are few");
        self.taken.push(None);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_slot_is_taken_again() {
        let mut slots = Slots::new();
        let (a, b) = (slots.take("a"), slots.take("b"));
        assert_eq!((a, b, slots.free(a)), (0, 1, "a"));
        assert_eq!(slots.take("c"), a);
        assert_eq!(slots.free(b), "b");
    }

    #[test]
    fn slots_are_bounded() {
        let mut slots = Slots::new();
        for _ in 0..STREAM_IN_FLIGHT_MAX {
            slots.take(());
        }
        assert!(!slots.have_room(1));
        slots.free(0);
        assert!(slots.have_room(1));
    }

    #[test]
    #[should_panic(expected = "answered once")]
    fn a_second_answer_is_a_broken_invariant() {
        let mut slots = Slots::new();
        let tag = slots.take("a");
        slots.free(tag);
        slots.free(tag);
    }
}
