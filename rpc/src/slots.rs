//! Reply slots of one stream: a bounded number, each holding the id of a request that waits for its answer, and since when.

use std::time::Instant;

use crate::limits::STREAM_IN_FLIGHT_MAX;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// Its id.
    pub request_id: String,
    /// When it was read.
    pub began: Instant,
}

/// The slots of one stream. A slot's number is the tag that the engine gives back.
#[derive(Default)]
pub struct Slots {
    taken: Vec<Option<Waiting>>,
    free: Vec<u32>,
}

impl Slots {
    /// Whether `more` requests find a slot.
    pub fn have_room(&self, more: usize) -> bool {
        self.in_flight() + more <= STREAM_IN_FLIGHT_MAX
    }

    /// Whether nothing is awaited.
    pub fn is_empty(&self) -> bool {
        self.in_flight() == 0
    }

    /// Takes a slot for a request. There must be room.
    pub fn take(&mut self, waiting: Waiting) -> u64 {
        assert!(self.have_room(1), "I13: a request is read when it has a slot");
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.taken[slot as usize] = Some(waiting);
        u64::from(slot)
    }

    /// Frees the slot of this tag and gives what waited there.
    pub fn free(&mut self, tag: u64) -> Waiting {
        let slot = usize::try_from(tag).ok().and_then(|slot| self.taken.get_mut(slot));
        let waiting = slot.and_then(Option::take).expect("I3: each request is answered once");
        self.free.push(tag as u32);
        waiting
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

    fn waiting(request_id: &str) -> Waiting {
        Waiting { request_id: request_id.to_owned(), began: Instant::now() }
    }

    #[test]
    fn a_freed_slot_is_taken_again() {
        let mut slots = Slots::default();
        let (a, b) = (slots.take(waiting("a")), slots.take(waiting("b")));
        assert_eq!((a, b, slots.free(a).request_id.as_str()), (0, 1, "a"));
        assert_eq!(slots.take(waiting("c")), a);
        assert_eq!(slots.free(b).request_id, "b");
    }

    #[test]
    fn slots_are_bounded() {
        let mut slots = Slots::default();
        for _ in 0..STREAM_IN_FLIGHT_MAX {
            slots.take(waiting(""));
        }
        assert!(!slots.have_room(1));
        slots.free(0);
        assert!(slots.have_room(1));
    }

    #[test]
    #[should_panic(expected = "answered once")]
    fn a_second_answer_is_a_broken_invariant() {
        let mut slots = Slots::default();
        let tag = slots.take(waiting("a"));
        slots.free(tag);
        slots.free(tag);
    }
}
