//! Lines in a turn: messages arrive once, acknowledgements empty the outbox, the rest is sent again.
//!
//! The only message of today is the probe: an operator's question whether every line works, answered by
//! the counters that it raises. Sagas add kinds, no mechanism.

use super::{Scene, Shard};
use crate::letter::Letter;
use crate::planted::{self, Planted};
use crate::turn::Turn;
use tessera_domain::event::{Event, LineAcknowledged, LineReceived, LineSent};
use tessera_domain::line::OUTBOX_MESSAGES_MAX;

/// After how long an unacknowledged message is sent again, in ms.
const RESEND_MS: i64 = 200;

/// Messages sent again in one tick of a partition.
const RESEND_MESSAGES_MAX: usize = 256;

/// A probe: kind 1, version 1, no body.
const PROBE: &[u8] = &[1, 1];

impl Shard {
    /// Sends one probe on every line that begins at a partition of this shard.
    pub fn probe(&mut self, wall_ms: i64) -> Vec<tessera_wal::Handover<crate::letter::Passenger>> {
        let mut turn = Turn::new(self.office.clone());
        let scene = Scene { wall_ms, has_log_room: true, claimed: Vec::new() };
        for from in (0..self.settings.partitions).filter(|&from| self.owned[usize::from(from)].is_some()).collect::<Vec<_>>() {
            for to in (0..self.settings.partitions).filter(|&to| to != from) {
                self.send_line(from, to, PROBE, &scene, &mut turn);
            }
        }
        self.seal(&mut turn);
        turn.hand_over()
    }

    fn send_line(&mut self, from: u16, to: u16, message: &[u8], scene: &Scene, turn: &mut Turn) {
        let owned = self.enter(from, scene);
        let line = owned.ledger.state().lines().out(to);
        if line.sent - line.acknowledged >= OUTBOX_MESSAGES_MAX {
            return;
        }
        let number = line.sent + 1;
        owned.ledger.record(&Event::LineSent(LineSent { to, number, message }), &mut turn.sealed);
        turn.send(Letter::Line { from, to, number, message: message.into() });
    }

    /// A message counts if and only if it is the next; what was received is acknowledged each time.
    pub(super) fn read_line(&mut self, from: u16, to: u16, number: u64, _message: &[u8], scene: &Scene, turn: &mut Turn) {
        let has_log_room = scene.has_log_room;
        let owned = self.enter(to, scene);
        let received = owned.ledger.state().lines().into(from).received;
        if number == received + 1 && has_log_room {
            owned.ledger.record(&Event::LineReceived(LineReceived { from, number }), &mut turn.sealed);
        }
        let through = owned.ledger.state().lines().into(from).received;
        let through = if planted::is(Planted::AcknowledgedUnrecorded) { through.max(number) } else { through };
        turn.send(Letter::LineAck { from: to, to: from, through });
    }

    pub(super) fn read_ack(&mut self, from: u16, to: u16, through: u64, scene: &Scene, turn: &mut Turn) {
        let has_log_room = scene.has_log_room;
        let owned = self.enter(to, scene);
        let line = owned.ledger.state().lines().out(from);
        assert!(through <= line.sent, "law 4: no more is received than was sent");
        if through > line.acknowledged && has_log_room {
            owned.ledger.record(&Event::LineAcknowledged(LineAcknowledged { to: from, through }), &mut turn.sealed);
        }
    }

    /// Sends again what waits unacknowledged.
    pub(super) fn tick_lines(&mut self, partition: u16, scene: &Scene, turn: &mut Turn) {
        let owned = self.enter(partition, scene);
        let now_ms = owned.ledger.now_ms();
        if now_ms < owned.resend_ms {
            return;
        }
        owned.resend_ms = now_ms + RESEND_MS;
        for (to, number, message) in owned.ledger.state().lines().waiting().take(RESEND_MESSAGES_MAX) {
            turn.send(Letter::Line { from: partition, to, number, message: message.into() });
        }
    }
}
