//! The check of all lines before anything is served: nothing was received that was not sent (law 4).

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

/// Checks every ordered pair.
pub(crate) fn check(partitions: &[&Partition]) -> Result<(), BrokenLine> {
    for source in partitions {
        for destination in partitions {
            let sent = source.lines().out(destination.id()).sent;
            let received = destination.lines().into(source.id()).received;
            if received > sent {
                return Err(BrokenLine { from: source.id(), to: destination.id(), sent, received });
            }
        }
    }
    Ok(())
}
