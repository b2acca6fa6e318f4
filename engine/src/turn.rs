//! What a turn gathers: sealed frames, answers and letters, and how they become handovers.
//!
//! All passengers of a turn ride with its last handover, so each leaves only when every frame of the
//! turn is durable. A turn that sealed nothing hands over its passengers alone; the log lets them go
//! with the newest group before them.

use crate::ledger::Sealed;
use crate::letter::{Answer, Letter, Passenger, PostOffice, Sink};
use std::sync::Arc;
use tessera_wal::Handover;

/// Frame bytes of one handover; a turn with more hands over several.
pub const HANDOVER_SPLIT_BYTES: usize = 4 * 1024 * 1024;

const _: () = assert!(HANDOVER_SPLIT_BYTES + tessera_wal::FRAME_BYTES_MAX <= tessera_wal::HANDOVER_BYTES_MAX);

/// One turn's harvest.
pub struct Turn {
    /// Frames.
    pub sealed: Sealed,
    passengers: Vec<Passenger>,
    office: Arc<dyn PostOffice>,
}

impl Turn {
    /// An empty turn.
    pub fn new(office: Arc<dyn PostOffice>) -> Turn {
        Turn { sealed: Sealed::default(), passengers: Vec::new(), office }
    }

    /// Answers of one caller; joined to the ones before if it is the same caller.
    pub fn answer(&mut self, sink: &Sink, mut more: Vec<(u64, Answer)>) {
        if more.is_empty() {
            return;
        }
        match self.passengers.last_mut() {
            Some(Passenger::Answers { sink: last, answers }) if Arc::ptr_eq(last, sink) => answers.append(&mut more),
            _ => self.passengers.push(Passenger::Answers { sink: sink.clone(), answers: more }),
        }
    }

    /// The answers that this caller's next ones are joined to: those gathered last if they are the caller's, to be given back by
    /// [`Turn::answer`].
    pub fn answers_of(&mut self, sink: &Sink) -> Vec<(u64, Answer)> {
        match self.passengers.pop_if(|last| matches!(last, Passenger::Answers { sink: last, .. } if Arc::ptr_eq(last, sink))) {
            Some(Passenger::Answers { answers, .. }) => answers,
            _ => Vec::new(),
        }
    }

    /// A letter to another actor.
    pub fn send(&mut self, letter: Letter) {
        self.passengers.push(Passenger::Letter { office: self.office.clone(), letter });
    }

    /// Something that must not happen before this turn is durable.
    pub fn call(&mut self, call: impl FnOnce() + Send + 'static) {
        self.passengers.push(Passenger::Call(Box::new(call)));
    }

    /// Takes the harvest; empty if nothing happened.
    pub fn hand_over(&mut self) -> Vec<Handover<Passenger>> {
        let Sealed { bytes, ends } = std::mem::take(&mut self.sealed);
        let passengers = std::mem::take(&mut self.passengers);
        if ends.is_empty() && passengers.is_empty() {
            return Vec::new();
        }
        let mut handovers = split(bytes, &ends);
        handovers.last_mut().expect("there is one handover at least").passengers = passengers;
        handovers
    }
}

/// Whole frames into handovers of bounded size; one without frames if there are none.
fn split(mut bytes: Vec<u8>, ends: &[usize]) -> Vec<Handover<Passenger>> {
    let mut handovers = Vec::new();
    let (mut start, mut frames, mut from) = (0, 0, 0);
    for (index, &end) in ends.iter().enumerate() {
        frames += 1;
        if end - start >= HANDOVER_SPLIT_BYTES && index + 1 < ends.len() {
            let rest = bytes.split_off(end - from);
            handovers.push(Handover { frames: std::mem::replace(&mut bytes, rest), frame_count: frames, passengers: Vec::new() });
            (start, frames, from) = (end, 0, end);
        }
    }
    handovers.push(Handover { frames: bytes, frame_count: frames, passengers: Vec::new() });
    handovers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_split_at_their_ends_and_none_is_lost() {
        let bytes: Vec<u8> = (0..HANDOVER_SPLIT_BYTES * 3).map(|index| (index / 1_000_000) as u8).collect();
        let ends: Vec<usize> = (1..=12).map(|part| part * bytes.len() / 12).collect();
        let handovers = split(bytes.clone(), &ends);
        assert_eq!(handovers.iter().map(|handover| handover.frame_count).sum::<u32>(), 12);
        assert!(
            handovers.len() == 3 && handovers.iter().all(|handover| handover.frames.len() <= tessera_wal::HANDOVER_BYTES_MAX)
        );
        assert_eq!(handovers.into_iter().flat_map(|handover| handover.frames).collect::<Vec<_>>(), bytes);
    }
}
