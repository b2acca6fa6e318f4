//! When answers came, counted by slots of time after a run, from its records.
//!
//! The slots are a bounded number: when a run outgrows them, pairs become one and each is twice as long. So an hour costs what a second
//! does, and short runs keep milliseconds.

use std::time::Duration;

use super::series::Answers;
use crate::{drive::Measured, record::Record};

/// Of the first slots.
const SLOT_NS: u64 = 1_000_000;

/// Most slots. Even, so that pairs leave none over.
const SLOTS_MAX: usize = 4_096;

/// About how many intervals are told.
const INTERVALS: usize = 200;

/// The shortest interval told: answers come in bursts, one for each sync, and a rate needs some of them.
const INTERVAL_MIN: Duration = Duration::from_millis(50);

const _: () = assert!(SLOTS_MAX.is_multiple_of(2) && SLOTS_MAX > 2 * INTERVALS);

/// See the module.
#[derive(Debug)]
pub struct Timeline {
    slot_ns: u64,
    /// Answered and accepted.
    slots: Vec<(u64, u64)>,
    length_ns: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { slot_ns: SLOT_NS, slots: Vec::new(), length_ns: 0 }
    }
}

impl Timeline {
    /// Adds a round behind the rounds before it.
    pub fn add(&mut self, measured: &Measured) {
        let records = measured.records.iter().chain(measured.retries.iter().map(|retry| &retry.record));
        self.add_records(records, measured.begin_ns(), (measured.seconds * 1e9) as u64);
    }

    fn add_records<'a>(&mut self, records: impl Iterator<Item = &'a Record>, begin_ns: u64, lasting_ns: u64) {
        let offset_ns = self.length_ns;
        self.length_ns += lasting_ns;
        while self.length_ns / self.slot_ns >= SLOTS_MAX as u64 {
            self.double();
        }
        self.slots.resize((self.length_ns / self.slot_ns) as usize + 1, (0, 0));
        for record in records.filter(|record| record.is_answered()) {
            let since_ns = record.answered_ns.saturating_sub(begin_ns).min(lasting_ns);
            let (answered, accepted) = &mut self.slots[((offset_ns + since_ns) / self.slot_ns) as usize];
            *answered += 1;
            *accepted += u64::from(record.is_accepted());
        }
    }

    fn double(&mut self) {
        self.slots = self.slots.chunks(2).map(sum).collect();
        self.slot_ns *= 2;
    }

    /// What was counted, in about as many intervals as a plot can show, all of one length but the last, which is up to half longer
    /// or shorter.
    pub fn intervals(&self) -> Vec<Answers> {
        let shortest = INTERVAL_MIN.as_nanos() as usize;
        let each = self.slots.len().div_ceil(INTERVALS).max(shortest.div_ceil(self.slot_ns as usize));
        let mut told: Vec<Answers> = Vec::new();
        for (number, slots) in self.slots.chunks(each).enumerate() {
            let (answered, accepted) = sum(slots);
            let begin_ns = number as u64 * each as u64 * self.slot_ns;
            let end_ns = (begin_ns + slots.len() as u64 * self.slot_ns).min(self.length_ns);
            let (begin_seconds, end_seconds) = (begin_ns as f64 / 1e9, end_ns as f64 / 1e9);
            match told.last_mut() {
                // Of the last few milliseconds no rate can be told.
                Some(last) if slots.len() * 2 < each => {
                    *last =
                        Answers { end_seconds, answered: last.answered + answered, accepted: last.accepted + accepted, ..*last };
                }
                _ => told.push(Answers { begin_seconds, end_seconds, answered, accepted }),
            }
        }
        told
    }
}

fn sum(slots: &[(u64, u64)]) -> (u64, u64) {
    slots.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn answered_at(ns: u64, reason: u16) -> Record {
        Record { answered_ns: ns, reason, sends: 1, ..Record::UNSENT }
    }

    fn of(begin_ns: u64, lasting_ns: u64, records: &[Record]) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.add_records(records.iter(), begin_ns, lasting_ns);
        timeline
    }

    #[test]
    fn answers_are_counted_in_the_interval_they_came_in() {
        let records = [answered_at(5 * MS, 0), answered_at(54 * MS, 7), answered_at(55 * MS, 0), answered_at(105 * MS, 0)];
        let told = of(5 * MS, 100 * MS, &records).intervals();
        let counts: Vec<_> = told.iter().map(|interval| (interval.answered, interval.accepted)).collect();
        assert_eq!(counts, [(2, 1), (2, 2)]);
        assert_eq!((told[0].end_seconds, told[1].begin_seconds, told[1].end_seconds), (0.05, 0.05, 0.1));
        assert_eq!(told[1].per_second(), 40.0);
    }

    #[test]
    fn a_short_rest_belongs_to_the_interval_before_it() {
        let told = of(0, 115 * MS, &[answered_at(112 * MS, 0)]).intervals();
        assert_eq!((told.len(), told[1].end_seconds, told[1].answered), (2, 0.115, 1));
    }

    #[test]
    fn rounds_follow_one_another() {
        let mut timeline = of(0, 50 * MS, &[answered_at(4 * MS, 0)]);
        timeline.add_records([answered_at(890 * MS, 0)].iter(), 800 * MS, 100 * MS);
        let told: Vec<_> = timeline.intervals().iter().map(|interval| interval.answered).collect();
        assert_eq!(told, [1, 0, 1]);
    }

    #[test]
    fn an_hour_has_as_many_slots_as_a_few_seconds_and_loses_no_answer() {
        let records: Vec<_> = (1..=3_600).map(|second| answered_at(second * 1_000 * MS, 0)).collect();
        let timeline = of(0, 3_600_000 * MS, &records);
        assert!(timeline.slots.len() <= SLOTS_MAX, "{} slots", timeline.slots.len());
        let told = timeline.intervals();
        assert!(told.len() <= INTERVALS && told.len() > INTERVALS / 2, "{} intervals", told.len());
        assert_eq!(told.iter().map(|interval| interval.answered).sum::<u64>(), 3_600);
        assert_eq!(told.last().map(|last| last.end_seconds), Some(3_600.0));
    }

    #[test]
    fn doubling_while_rounds_are_added_keeps_every_count() {
        let mut timeline = Timeline::default();
        for round in 0..30 {
            let begin_ns = round * 1_000 * MS;
            timeline.add_records([answered_at(begin_ns + 999 * MS, 0)].iter(), begin_ns, 1_000 * MS);
        }
        assert_eq!(timeline.slots.iter().map(|slot| slot.0).sum::<u64>(), 30);
        let busy = timeline.intervals().iter().filter(|interval| interval.answered > 0).count();
        assert_eq!(busy, 30);
    }

    #[test]
    fn nothing_measured_is_no_interval() {
        assert_eq!(Timeline::default().intervals(), []);
    }
}
