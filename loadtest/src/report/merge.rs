//! Several runs as one: counts are added, times are averaged by their number.

use hdrhistogram::Histogram;

use super::{Latency, Report, Seconds};
use crate::error::Error;

/// How many violations of all runs are listed.
const LISTED_MAX: usize = 20;

impl Report {
    /// Adds a later run. What cannot be added up is left out: its echo, its server's figures, its series, its steps, how its
    /// sale ended.
    pub fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.accepted += other.accepted;
        other.refused.into_iter().for_each(|(reason, count)| *self.refused.entry(reason).or_default() += count);
        self.retries += other.retries;
        self.resent += other.resent;
        other.postponed.into_iter().for_each(|(reason, count)| *self.postponed.entry(reason).or_default() += count);
        self.lost += other.lost;
        self.checked += other.checked;
        self.violations += other.violations;
        let room = LISTED_MAX.saturating_sub(self.violations_listed.len());
        self.violations_listed.extend(other.violations_listed.into_iter().take(room));
        self.check_seconds += other.check_seconds;
        self.record_bytes = self.record_bytes.max(other.record_bytes);
        self.fills += other.fills;
        (self.kills, self.kills_of_starts) = (self.kills + other.kills, self.kills_of_starts + other.kills_of_starts);
        other.fates.into_iter().for_each(|(fate, count)| *self.fates.entry(fate).or_default() += count);
        self.recovery_ms.extend(other.recovery_ms);
        other.outcomes.into_iter().for_each(|(outcome, count)| *self.outcomes.entry(outcome).or_default() += count);
        if let (Some(all), Some(more)) = (&mut self.snapshots, other.snapshots) {
            all.seconds = all.seconds.and(all.count, more.seconds, more.count);
            (all.count, all.lost, all.failed) = (all.count + more.count, all.lost + more.lost, all.failed + more.failed);
            all.image_bytes = all.image_bytes.max(more.image_bytes);
        }
        if let (Some(all), Some(more)) = (&mut self.replays, other.replays) {
            all.seconds = all.seconds.and(all.count, more.seconds, more.count);
            (all.count, all.differences) = (all.count + more.count, all.differences + more.differences);
        }
        self.verified += other.verified;
        self.figures.operations += other.figures.operations;
        self.figures.seconds += other.figures.seconds;
        (self.echo, self.server, self.series, self.sold_out, self.latency_by_round) = (None, None, None, None, None);
        self.steps.clear();
    }

    /// Enters the latencies of all runs, and what follows from all times.
    pub fn close_sum(&mut self, latency_ns: &Histogram<u64>) {
        let figures = &mut self.figures;
        figures.latency_us = Latency::of(latency_ns);
        figures.operations_per_second = figures.operations as f64 / figures.seconds.max(f64::MIN_POSITIVE);
        (figures.client_cores, figures.client_cpu_us_per_operation) = (None, None);
        (figures.server_cores, figures.server_cpu_us_per_operation) = (None, None);
        self.preparation = None;
    }
}

impl Seconds {
    /// Of `count` times, and of `more_count` more.
    fn and(self, count: u64, more: Self, more_count: u64) -> Self {
        let sum = self.mean * count as f64 + more.mean * more_count as f64;
        Self { mean: sum / (count + more_count).max(1) as f64, max: self.max.max(more.max) }
    }
}

/// Adds the latencies of a later run.
pub fn merge(all: &mut Histogram<u64>, more: &Histogram<u64>) -> Result<(), Error> {
    all.add(more).map_err(|_| Error::Histogram("cannot be merged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_weighed_by_their_counts() {
        let (one, other) = (Seconds { mean: 1.0, max: 2.0 }, Seconds { mean: 4.0, max: 5.0 });
        let both = one.and(2, other, 1);
        assert_eq!((both.mean, both.max), (2.0, 5.0));
        assert_eq!(Seconds::default().and(0, Seconds::default(), 0).mean, 0.0);
    }
}
