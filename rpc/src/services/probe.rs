//! One probe of all lines: what their counters were before, and when each was seen to have gone round.

use std::{collections::BTreeMap, time::Duration};

use tessera_engine::shard::ShardReport;
use tessera_proto::v1;

/// A line's source and destination.
type Line = (u16, u16);

/// The progress of a probe.
pub struct Probe {
    lines: BTreeMap<Line, State>,
}

/// One line.
#[derive(Clone, Copy, Default)]
struct State {
    sent_before: u64,
    sent: u64,
    received: u64,
    acknowledged: u64,
    elapsed: Option<Duration>,
}

impl State {
    /// Whether something sent since the probe began, and all of it, was received and acknowledged.
    fn has_gone_round(&self) -> bool {
        self.sent > self.sent_before && self.received >= self.sent && self.acknowledged >= self.sent
    }
}

impl Probe {
    /// Notes where the lines stand before they are probed.
    pub fn begin(reports: &[ShardReport]) -> Self {
        let mut probe = Self { lines: BTreeMap::new() };
        probe.read(reports);
        for state in probe.lines.values_mut() {
            state.sent_before = state.sent;
        }
        probe
    }

    /// Notes where they stand now.
    pub fn look(&mut self, reports: &[ShardReport], elapsed: Duration) {
        self.read(reports);
        for state in self.lines.values_mut().filter(|state| state.elapsed.is_none() && state.has_gone_round()) {
            state.elapsed = Some(elapsed);
        }
    }

    /// Whether every line has gone round.
    pub fn is_complete(&self) -> bool {
        self.lines.values().all(|state| state.elapsed.is_some())
    }

    fn read(&mut self, reports: &[ShardReport]) {
        for partition in reports.iter().flat_map(|report| &report.partitions) {
            // What leads back to where it begins is not probed.
            for line in partition.lines.iter().filter(|line| line.other != partition.partition) {
                let out = self.lines.entry((partition.partition, line.other)).or_default();
                (out.sent, out.acknowledged) = (line.sent, line.acknowledged);
                self.lines.entry((line.other, partition.partition)).or_default().received = line.received;
            }
        }
    }

    /// The reply.
    pub fn response(&self) -> v1::ProbeLinesResponse {
        let lines = self.lines.iter().map(|(&(source, destination), state)| v1::LineProbe {
            source_partition: u32::from(source),
            destination_partition: u32::from(destination),
            sent: state.sent,
            received: state.received,
            acknowledged: state.acknowledged,
            elapsed_us: state.elapsed.map_or(0, |elapsed| elapsed.as_micros() as u64),
        });
        v1::ProbeLinesResponse { lines: lines.collect(), complete: self.is_complete() }
    }
}

#[cfg(test)]
mod tests {
    use tessera_engine::shard::{LineReport, PartitionReport};

    use super::*;

    fn reports(sent: u64, received: u64, acknowledged: u64) -> Vec<ShardReport> {
        let partition = |partition, other, line: LineReport| PartitionReport {
            partition,
            lines: vec![LineReport { other, ..line }],
            ..Default::default()
        };
        let source = partition(0, 1, LineReport { sent, acknowledged, received: 1, ..Default::default() });
        let destination = partition(1, 0, LineReport { sent: 1, acknowledged: 1, received, ..Default::default() });
        vec![ShardReport { partitions: vec![source, destination], ..Default::default() }]
    }

    #[test]
    fn a_line_has_gone_round_when_what_was_sent_is_acknowledged() {
        let mut probe = Probe::begin(&reports(4, 4, 4));
        probe.look(&reports(5, 5, 4), Duration::from_micros(10));
        assert_eq!(probe.lines[&(0, 1)].elapsed, None);
        probe.look(&reports(5, 5, 5), Duration::from_micros(20));
        assert_eq!(probe.lines[&(0, 1)].elapsed, Some(Duration::from_micros(20)));
    }

    #[test]
    fn a_line_that_nothing_was_sent_on_has_not_gone_round() {
        let mut probe = Probe::begin(&reports(4, 4, 4));
        probe.look(&reports(5, 5, 5), Duration::from_micros(10));
        assert!(!probe.is_complete(), "nothing was sent from 1 to 0");
    }
}
