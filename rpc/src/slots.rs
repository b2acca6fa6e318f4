//! Reply slots of one stream: a bounded number, each holding the id of a request that waits for its answer.

use crate::limits::STREAM_IN_FLIGHT_MAX;

/// The slots of one stream. A slot's number is the tag that the engine gives back.
#[derive(Default)]
pub struct Slots {
    taken: Vec<Option<String>>,
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

    /// Takes a slot for the request of this id. There must be room.
    pub fn take(&mut self, request_id: String) -> u64 {
        assert!(self.have_room(1), "I13: a request is read when it has a slot");
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.taken[slot as usize] = Some(request_id);
        u64::from(slot)
    }

    /// Frees the slot of this tag and gives the request's id.
    pub fn free(&mut self, tag: u64) -> String {
        let slot = usize::try_from(tag).ok().and_then(|slot| self.taken.get_mut(slot));
        let request_id = slot.and_then(Option::take).expect("I3: each request is answered once");
        self.free.push(tag as u32);
        request_id
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
        let mut slots = Slots::default();
        let (a, b) = (slots.take("a".into()), slots.take("b".into()));
        assert_eq!((a, b, slots.free(a).as_str()), (0, 1, "a"));
        assert_eq!(slots.take("c".into()), a);
        assert_eq!(slots.free(b), "b");
    }

    #[test]
    fn slots_are_bounded() {
        let mut slots = Slots::default();
        for _ in 0..STREAM_IN_FLIGHT_MAX {
            slots.take(String::new());
        }
        assert!(!slots.have_room(1));
        slots.free(0);
        assert!(slots.have_room(1));
    }

    #[test]
    #[should_panic(expected = "answered once")]
    fn a_second_answer_is_a_broken_invariant() {
        let mut slots = Slots::default();
        let tag = slots.take("a".into());
        slots.free(tag);
        slots.free(tag);
    }
}
