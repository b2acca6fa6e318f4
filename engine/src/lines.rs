//! The check of all lines: nothing was received that was not sent (law 4).
//!
//! Partitions come up one by one, so each is compared with those before it, before it is served.

use tessera_domain::Partition;

/// A line whose ends contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "partition {to} has received {received} messages from partition {from}, which has sent {sent}: the log of one of them is older"
)]
pub struct BrokenLine {
    /// The source.
    pub from: u16,
    /// The destination.
    pub to: u16,
    /// What the source has sent.
    pub sent: u64,
    /// What the destination has received.
    pub received: u64,
}

/// The ends of all lines of one partition.
struct Ends {
    partition: u16,
    /// By the other partition: sent there, received from there.
    counts: Vec<(u64, u64)>,
}

/// The lines of the partitions that have come up so far.
pub(crate) struct LineCheck {
    partitions: u16,
    up: Vec<Ends>,
}

impl LineCheck {
    /// Of a directory with so many partitions.
    pub(crate) fn new(partitions: u16) -> LineCheck {
        LineCheck { partitions, up: Vec::new() }
    }

    /// Compares a partition, as recovered, with those before it, and with itself.
    pub(crate) fn admit(&mut self, state: &Partition) -> Result<(), BrokenLine> {
        let ends = |other| (state.lines().out(other).sent, state.lines().into(other).received);
        self.up.push(Ends { partition: state.id(), counts: (0..self.partitions).map(ends).collect() });
        let new = self.up.last().expect("it was just pushed");
        self.up.iter().try_for_each(|other| compare(new, other).and_then(|()| compare(other, new)))
    }
}

fn compare(source: &Ends, destination: &Ends) -> Result<(), BrokenLine> {
    let (from, to) = (source.partition, destination.partition);
    let (sent, received) = (source.counts[usize::from(to)].0, destination.counts[usize::from(from)].1);
    if received > sent { Err(BrokenLine { from, to, sent, received }) } else { Ok(()) }
}

/// Checks every ordered pair.
pub(crate) fn check(partitions: &[&Partition]) -> Result<(), BrokenLine> {
    let mut lines = LineCheck::new(partitions.len() as u16);
    partitions.iter().try_for_each(|partition| lines.admit(partition))
}
