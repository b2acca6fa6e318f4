//! Where the engine's threads leave answers for a reader: one for a stream, one for a question that goes to all partitions.
//!
//! The engine must not wait, so there is room for every answer before it is asked: a delivery holds one answer at least, and the
//! reader asks for no more at once than there are places.

use std::sync::Arc;

use tessera_engine::letter::{Answer, Outlet, Sink};
use tokio::sync::mpsc;

/// A sink with room for this many answers, and where they come out.
pub fn open(answers_max: usize) -> (Sink, mpsc::Receiver<Vec<(u64, Answer)>>) {
    let (outlet, answers) = mpsc::channel(answers_max);
    (Arc::new(Mouth(outlet)), answers)
}

/// Takes a turn's answers.
struct Mouth(mpsc::Sender<Vec<(u64, Answer)>>);

impl Outlet for Mouth {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        match self.0.try_send(answers) {
            // A reader that is gone has left its answers to retries.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(_)) => panic!("I13: a reader has a place for every answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reason;

    fn answer(tag: u64) -> Vec<(u64, Answer)> {
        vec![(tag, Err(Reason::Draining.into()))]
    }

    #[test]
    fn there_is_a_place_for_every_answer() {
        let (sink, mut answers) = open(2);
        sink.deliver(answer(1));
        sink.deliver(answer(2));
        assert_eq!([answers.try_recv(), answers.try_recv()], [Ok(answer(1)), Ok(answer(2))]);
    }

    #[test]
    fn answers_to_a_reader_that_is_gone_are_dropped() {
        let (sink, answers) = open(1);
        drop(answers);
        sink.deliver(answer(1));
        sink.deliver(answer(2));
    }

    #[test]
    #[should_panic(expected = "a place for every answer")]
    fn more_answers_than_places_are_a_broken_invariant() {
        let (sink, _answers) = open(1);
        sink.deliver(answer(1));
        sink.deliver(answer(2));
    }
}
