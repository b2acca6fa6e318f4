//! Errands: what was measured by operation, seen by those who wanted all of their steps.

use hdrhistogram::Histogram;

use super::{Measured, histogram};
use crate::{error::Error, record::Record};

impl Measured {
    /// The same run with one record for each errand: from its first (intended) send to its last answer, refused if a step was.
    /// Retries are of single steps and not among them.
    pub fn by_errand(&self) -> Result<Self, Error> {
        let records = self.records.chunks(self.steps as usize).map(errand).collect();
        let (resent, lost, strays) = (self.resent, self.lost, self.strays);
        let counts = Self { resent, lost, strays, postponed: self.postponed.clone(), ..Self::empty(self.start_ns, None)? };
        let mut errands = Self { records, seconds: self.seconds, interval_ns: self.interval_ns, ..counts };
        let mut latency_ns = histogram()?;
        errands.latencies().for_each(|(_, each_ns)| latency_ns.saturating_record(each_ns));
        errands.latency_ns = latency_ns;
        Ok(errands)
    }

    /// Latencies of one step of every errand, retries apart; the first is 0.
    pub fn latency_of_step(&self, step: u64) -> Result<Histogram<u64>, Error> {
        let mut latency_ns = histogram()?;
        let all = (0_u64..).zip(&self.records).filter(|(_, record)| record.is_answered());
        for (operation, record) in all.filter(|(operation, _)| operation % self.steps == step) {
            latency_ns.saturating_record(record.answered_ns.saturating_sub(self.intended_ns(operation, record)));
        }
        Ok(latency_ns)
    }
}

/// What its last step was told, since its first step left.
fn errand(steps: &[Record]) -> Record {
    let last = steps.iter().rfind(|step| step.is_sent()).copied().unwrap_or_default();
    // An errand whose next step was not asked ended with a refusal.
    let is_ended = last.refusal().is_some() || steps.last().is_some_and(Record::is_answered);
    let sent_ns = steps.first().map_or(last.sent_ns, |first| first.sent_ns);
    Record { sent_ns, answered_ns: if is_ended { last.answered_ns } else { 0 }, ..last }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(sent_ns: u64, answered_ns: u64, reason: u16) -> Record {
        Record { sent_ns, answered_ns, reason, sends: 1, ..Record::UNSENT }
    }

    fn pairs(records: &[Record], rate: Option<f64>) -> Measured {
        Measured { records: records.to_vec(), steps: 2, ..Measured::empty(10, rate).unwrap() }
    }

    #[test]
    fn an_errand_lasts_from_its_first_send_to_its_last_answer() {
        let measured = pairs(&[answered(20, 30, 0), answered(31, 45, 0)], None);
        let errands = measured.by_errand().unwrap();
        assert_eq!(errands.latencies().collect::<Vec<_>>(), [(20, 25)]);
        assert_eq!((errands.operations(), errands.latency_ns.max(), errands.records[0].is_accepted()), (1, 25, true));
        let steps = [0, 1].map(|step| measured.latency_of_step(step).unwrap().max());
        assert_eq!(steps, [10, 14]);
    }

    #[test]
    fn a_refused_step_ends_its_errand() {
        let errands = pairs(&[answered(20, 30, 53), Record::UNSENT], None).by_errand().unwrap();
        assert_eq!((errands.records[0].refusal(), errands.records[0].answered_ns), (Some(53), 30));
    }

    #[test]
    fn an_errand_that_was_left_midway_is_not_answered() {
        let errands = pairs(&[answered(20, 30, 0), Record::UNSENT], None).by_errand().unwrap();
        assert_eq!((errands.operations(), errands.latency_ns.len()), (0, 0));
    }

    #[test]
    fn in_an_open_loop_an_errand_lasts_from_when_it_should_have_left_and_a_later_step_from_its_send() {
        let second = [answered(150, 180, 0), answered(190, 200, 0)];
        let records: Vec<_> = [answered(10, 20, 0), answered(20, 40, 0)].into_iter().chain(second).collect();
        let measured = pairs(&records, Some(1e7));
        // The second is due 100 ns after the run's begin.
        assert_eq!(measured.by_errand().unwrap().latencies().collect::<Vec<_>>(), [(10, 30), (110, 90)]);
        let steps = [0, 1].map(|step| measured.latency_of_step(step).unwrap().max());
        assert_eq!(steps, [70, 20]);
    }
}
