//! Latency while the server takes a snapshot or replays, beside that of the rest of the run.
//!
//! An operation belongs to the round in which it should have left. What a snapshot delays was sent into it; what it delays until
//! after its end still counts as its own.

use serde::Serialize;

use super::Latency;
use crate::{
    drive::{self, Measured},
    error::Error,
    server::rounds::{Chore, Round},
};

/// See the module.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ByRound {
    /// Sent while a snapshot was under way.
    pub snapshot: During,
    /// Sent while a replay was.
    pub replay: During,
    /// Sent while neither was.
    pub quiet: During,
}

/// The operations of some intervals.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct During {
    /// How many.
    pub operations: u64,
    /// From the (intended) send to the answer.
    pub latency_us: Latency,
}

impl ByRound {
    /// Sorts every operation of `measured` into the rounds, which do not overlap and are in order.
    pub fn of<'a>(rounds: &[Round], measured: impl Iterator<Item = &'a Measured>) -> Result<Self, Error> {
        let mut histograms = [drive::histogram()?, drive::histogram()?, drive::histogram()?];
        for (intended_ns, latency_ns) in measured.flat_map(Measured::latencies) {
            let place = match round_at(rounds, intended_ns) {
                Some(Chore::Snapshot) => 0,
                Some(Chore::Replay) => 1,
                None => 2,
            };
            histograms[place].saturating_record(latency_ns);
        }
        let [snapshot, replay, quiet] =
            histograms.map(|histogram| During { operations: histogram.len(), latency_us: Latency::of(&histogram) });
        Ok(Self { snapshot, replay, quiet })
    }
}

fn round_at(rounds: &[Round], instant_ns: u64) -> Option<Chore> {
    let after = rounds.partition_point(|round| round.begin_ns <= instant_ns);
    let round = rounds.get(after.checked_sub(1)?)?;
    (instant_ns < round.end_ns).then_some(round.chore)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_belongs_to_the_round_around_it() {
        let round = |chore, begin_ns, end_ns| Round { chore, begin_ns, end_ns };
        let rounds = [round(Chore::Snapshot, 10, 20), round(Chore::Replay, 30, 40)];
        let at = |instant_ns| round_at(&rounds, instant_ns);
        assert_eq!([9, 10, 19, 20, 29].map(at), [None, Some(Chore::Snapshot), Some(Chore::Snapshot), None, None]);
        assert_eq!([30, 39, 40].map(at), [Some(Chore::Replay), Some(Chore::Replay), None]);
    }
}
