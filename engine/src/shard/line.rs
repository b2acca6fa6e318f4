//! Lines in a turn: messages arrive once, acknowledgements empty the outbox, the rest is sent again.
//!
//! What a message says and what it brings about is the domain's to know. Here its receipt, what it brings about and what is sent
//! in answer become facts of one frame, so that no crash comes between them; sagas add messages, no mechanism. A line may lead to
//! the partition that it begins at: what two partitions do with each other, one does with itself in the same way.

use super::command::DUE_EVENTS_MAX;
use super::{Scene, Shard, context, enter, note_restock, restock_in, void};
use crate::ledger::Ledger;
use crate::letter::Letter;
use crate::owned::Owned;
use crate::planted::{self, Planted};
use crate::turn::Turn;
use tessera_domain::checkout::INSTRUMENTS_MAX;
use tessera_domain::command::Keys;
use tessera_domain::event::{Event, LineAcknowledged, LineReceived, LineSent};
use tessera_domain::line::message::Message;
use tessera_domain::{Happening, Outgoing, Partition};

/// After how long an unacknowledged message is sent again, in ms.
const RESEND_MS: i64 = 200;

/// Frame bytes of a turn at which no more messages are received: they come again. A message may bring terms with long rules.
const RECEIVED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Messages sent again in one tick of a partition.
const RESEND_MESSAGES_MAX: usize = 256;

impl Shard {
    /// Sends one probe on every line that begins at a partition of this shard.
    pub fn probe(&mut self, wall_ms: i64) -> Vec<tessera_wal::Handover<crate::letter::Passenger>> {
        let mut turn = Turn::new(self.office.clone());
        let scene = Scene { wall_ms, has_log_room: true, claimed: Vec::new(), restocked: Vec::new() };
        for from in (0..self.settings.partitions).filter(|&from| self.owned[usize::from(from)].is_some()).collect::<Vec<_>>() {
            for to in (0..self.settings.partitions).filter(|&to| to != from) {
                self.send_probe(from, to, &scene, &mut turn);
            }
        }
        self.seal(&mut turn);
        turn.hand_over()
    }

    fn send_probe(&mut self, from: u16, to: u16, scene: &Scene, turn: &mut Turn) {
        let owned = self.enter(from, scene);
        if !owned.ledger.state().lines().is_busy(to) {
            send(&mut owned.ledger, Outgoing { to, message: Message::Probe.bytes() }, turn);
            owned.ledger.split(&mut turn.sealed);
        }
    }

    /// A message counts if and only if it is the next; what was received is acknowledged each time.
    pub(super) fn read_line(&mut self, from: u16, to: u16, number: u64, message: &[u8], scene: &mut Scene, turn: &mut Turn) {
        let Shard { catalog, settings, owned, .. } = self;
        let owned = enter(owned, to, scene.wall_ms, catalog.lsn());
        let is_next = number == owned.ledger.state().lines().into(from).received + 1;
        if is_next && scene.has_log_room && turn.sealed.bytes.len() < RECEIVED_BYTES_MAX {
            settle(owned, from, message, scene, turn);
            let context = context(settings, catalog, &owned.lessee, owned.ledger.now_ms());
            if let Some(happening) = owned.ledger.state().decide_message(&context, from, message) {
                let adopted = happening.events.iter().find_map(|event| match event {
                    Event::TermsAdopted(adopted) => Some(adopted.body.template),
                    _ => None,
                });
                let ended = happening.ended;
                receive(&mut owned.ledger, LineReceived { from, number }, happening, turn);
                // A gift may bring terms that are new here and void already.
                if let Some(template) = adopted.filter(|&template| catalog.get(template).is_some()) {
                    void::record(&mut owned.ledger, catalog, template, turn);
                }
                owned.tell_end(ended, turn);
            }
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

/// Records what is due for what a message is about.
fn settle(owned: &mut Owned, from: u16, message: &[u8], scene: &mut Scene, turn: &mut Turn) {
    for _ in 0..DUE_EVENTS_MAX * INSTRUMENTS_MAX as u32 {
        let now_ms = owned.ledger.now_ms();
        let Some(events) = owned.ledger.state().due_of_message(from, message, now_ms) else { return };
        owned.ledger.record_all(&events, &mut turn.sealed);
        note_restock(owned, restock_in(&events), scene);
    }
}

/// A message is received, with all that it brings about, in one frame. I3.
fn receive(ledger: &mut Ledger<Partition>, receipt: LineReceived, happening: Happening<'_>, turn: &mut Turn) {
    let is_nothing = happening.events.is_empty() && happening.group.is_none();
    if !planted::is(Planted::MessageUnreceived) || is_nothing {
        ledger.add(&Event::LineReceived(receipt));
    }
    match planted::is(Planted::MessageDropped) {
        true => happen(ledger, Happening { outgoing: happening.outgoing, ..Happening::default() }, None, turn),
        false => happen(ledger, happening, None, turn),
    }
}

/// What was decided, and what is sent with it, in one frame with what was added before; by the keys of the command that it answers.
pub(crate) fn happen(ledger: &mut Ledger<Partition>, happening: Happening<'_>, keys: Option<&Keys>, turn: &mut Turn) {
    let Happening { events, group, outgoing, .. } = happening;
    for event in &events {
        match keys {
            Some(keys) => ledger.add_by(event, keys),
            None => ledger.add(event),
        }
    }
    if let Some(group) = group {
        ledger.add_together(&group, keys);
    }
    for outgoing in outgoing {
        send(ledger, outgoing, turn);
    }
    ledger.split(&mut turn.sealed);
}

/// A message enters the outbox of its line, in the frame of what caused it, and goes out when that is durable.
pub(super) fn send(ledger: &mut Ledger<Partition>, outgoing: Outgoing, turn: &mut Turn) {
    let Outgoing { to, message } = outgoing;
    let (from, number) = (ledger.state().id(), ledger.state().lines().out(to).sent + 1);
    ledger.add(&Event::LineSent(LineSent { to, number, message: &message }));
    turn.send(Letter::Line { from, to, number, message });
}
