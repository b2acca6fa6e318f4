//! Lines: numbered messages from one partition to another, each counted exactly once (law 4).
//!
//! The source keeps what is not acknowledged in its outbox; the destination keeps only the highest
//! number received; a message counts if and only if it is the next number; acknowledgements are
//! cumulative; nothing expires. Both ends are state, so a crash loses neither a message nor the
//! knowledge that it was seen.

pub mod message;

use crate::codec::BODY_BYTES_MAX;
use crate::container::{Keyed, KeyedEntity};
use crate::digest::{self, Entity, EntityKind, contribution};
use crate::image::{Chunks, Fields, Restore};
use std::collections::BTreeMap;

/// Messages that wait on one line. Where there is no room for its answer, a message waits too.
pub const OUTBOX_MESSAGES_MAX: u64 = 65_536;

/// Messages that wait on a line when whoever would begin something over it is refused. The other half is for answers: of two
/// partitions that have much to say to each other, neither waits for room that only the other could make.
pub const OUTBOX_BEGINNINGS_MAX: u64 = OUTBOX_MESSAGES_MAX / 2;

/// Most bytes of one message.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a `LineSent` beside its message: destination, number and length, each at its longest.
const LINE_SENT_BYTES_MAX: usize = 3 + 9 + 9;

const _: () = assert!(MESSAGE_BYTES_MAX + LINE_SENT_BYTES_MAX <= BODY_BYTES_MAX);

/// The sending end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineOut {
    to: u64,
    /// The highest number sent.
    pub sent: u64,
    /// The highest number acknowledged.
    pub acknowledged: u64,
}

impl LineOut {
    /// How many messages wait for their acknowledgement.
    pub fn unacknowledged(&self) -> u64 {
        self.sent - self.acknowledged
    }
}

/// The receiving end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineIn {
    from: u64,
    /// The highest number received.
    pub received: u64,
}

impl Entity for LineOut {
    const KIND: EntityKind = EntityKind::LineOut;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.sent);
        visit(2, self.acknowledged);
    }
}

impl Restore for LineOut {
    fn restore(to: u64, fields: &Fields) -> Option<LineOut> {
        Some(LineOut { to, sent: fields.get(1), acknowledged: fields.get(2) })
    }
}

impl KeyedEntity for LineOut {
    fn key(&self) -> u64 {
        self.to
    }
    fn at_default(key: u64) -> LineOut {
        LineOut { to: key, ..LineOut::default() }
    }
}

impl Entity for LineIn {
    const KIND: EntityKind = EntityKind::LineIn;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.received);
    }
}

impl Restore for LineIn {
    fn restore(from: u64, fields: &Fields) -> Option<LineIn> {
        Some(LineIn { from, received: fields.get(1) })
    }
}

impl KeyedEntity for LineIn {
    fn key(&self) -> u64 {
        self.from
    }
    fn at_default(key: u64) -> LineIn {
        LineIn { from: key, ..LineIn::default() }
    }
}

/// A message that waits for its acknowledgement.
struct Waiting<'a>(&'a [u8]);

impl Entity for Waiting<'_> {
    const KIND: EntityKind = EntityKind::LineMessage;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, digest::text(self.0));
    }
}

/// All line ends of one partition.
#[derive(Default)]
pub struct Lines {
    out: Keyed<LineOut>,
    into: Keyed<LineIn>,
    outbox: BTreeMap<(u16, u64), Box<[u8]>>,
    outbox_digest: u64,
}

impl Lines {
    /// The sending end towards `to`.
    pub fn out(&self, to: u16) -> LineOut {
        self.out.get(u64::from(to))
    }

    /// The receiving end from `from`.
    pub fn into(&self, from: u16) -> LineIn {
        self.into.get(u64::from(from))
    }

    /// Whether the line towards `to` has no room for what begins something: that is refused.
    pub fn is_busy(&self, to: u16) -> bool {
        self.out(to).unacknowledged() >= OUTBOX_BEGINNINGS_MAX
    }

    /// Whether it has no room for an answer.
    pub fn is_full(&self, to: u16) -> bool {
        self.out(to).unacknowledged() >= OUTBOX_MESSAGES_MAX
    }

    /// What waits in the outboxes: (destination, number, message), by destination and number.
    pub fn waiting(&self) -> impl Iterator<Item = (u16, u64, &[u8])> {
        self.outbox.iter().map(|(&(to, number), message)| (to, number, &**message))
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.keyed(&self.out)?;
        out.keyed(&self.into)?;
        for (to, number, message) in self.waiting() {
            out.blob(EntityKind::LineMessage, waiting_key(to, number), message)?;
        }
        out.end()
    }

    pub(crate) fn restore(&mut self, kind: EntityKind, key: u64, fields: &Fields) -> Option<()> {
        match kind {
            EntityKind::LineOut => self.out.put_back(LineOut::restore(key, fields)?),
            EntityKind::LineIn => self.into.put_back(LineIn::restore(key, fields)?),
            _ => None,
        }
    }

    pub(crate) fn restore_message(&mut self, key: u64, message: &[u8]) -> Option<()> {
        let (to, number) = ((key >> WAITING_NUMBER_BITS) as u16, key & ((1 << WAITING_NUMBER_BITS) - 1));
        let is_new = !self.outbox.contains_key(&(to, number)) && message.len() <= MESSAGE_BYTES_MAX;
        is_new.then(|| self.wait(to, number, message))
    }

    pub(crate) fn send(&mut self, to: u16, number: u64, message: &[u8]) {
        assert!(message.len() <= MESSAGE_BYTES_MAX, "a message is bounded: {} bytes", message.len());
        self.out.change(u64::from(to), |line| {
            assert_eq!(number, line.sent + 1, "a line is numbered without gaps");
            line.sent = number;
        });
        self.wait(to, number, message);
    }

    fn wait(&mut self, to: u16, number: u64, message: &[u8]) {
        self.outbox_digest = self.outbox_digest.wrapping_add(contribution(waiting_key(to, number), &Waiting(message)));
        self.outbox.insert((to, number), message.into());
    }

    pub(crate) fn receive(&mut self, from: u16, number: u64) {
        self.into.change(u64::from(from), |line| {
            assert_eq!(number, line.received + 1, "a message counts if and only if it is the next");
            line.received = number;
        });
    }

    pub(crate) fn acknowledge(&mut self, to: u16, through: u64) {
        let before = self.out.change(u64::from(to), |line| {
            assert!(through > line.acknowledged && through <= line.sent, "only what was sent is acknowledged");
            std::mem::replace(&mut line.acknowledged, through)
        });
        for number in before + 1..=through {
            let message = self.outbox.remove(&(to, number)).expect("an unacknowledged message waits");
            self.outbox_digest = self.outbox_digest.wrapping_sub(contribution(waiting_key(to, number), &Waiting(&message)));
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.out.digest().wrapping_add(self.into.digest()).wrapping_add(self.outbox_digest)
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let waiting = |message: &[u8]| (message.len() + size_of::<((u16, u64), Box<[u8]>)>()) as u64;
        let outbox: u64 = self.outbox.values().map(|message| waiting(message)).sum();
        self.out.memory_bytes() + self.into.memory_bytes() + outbox
    }
}

/// Bits of a message's number in the key of a waiting message.
const WAITING_NUMBER_BITS: u32 = 48;

/// Line and number in one key: 16 bits of partition above 48 bits of number.
fn waiting_key(to: u16, number: u64) -> u64 {
    assert!(number >> WAITING_NUMBER_BITS == 0, "a line carries fewer than 2^48 messages");
    u64::from(to) << WAITING_NUMBER_BITS | number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_empties_by_cumulative_acknowledgement_and_its_digest_with_it() {
        let mut lines = Lines::default();
        for number in 1..=3 {
            lines.send(5, number, b"probe");
        }
        assert_eq!(lines.waiting().count(), 3);
        lines.acknowledge(5, 2);
        assert_eq!(lines.waiting().map(|(to, number, _)| (to, number)).collect::<Vec<_>>(), [(5, 3)]);
        lines.acknowledge(5, 3);
        assert_eq!(lines.outbox_digest, 0);
    }

    #[test]
    #[should_panic(expected = "if and only if it is the next")]
    fn a_gap_on_a_line_is_a_broken_invariant() {
        Lines::default().receive(1, 2);
    }
}
