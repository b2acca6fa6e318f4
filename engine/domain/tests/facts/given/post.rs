//! The post of one partition: what it sends is brought to it where it sends to itself, and messages of others are handed in.

use super::{Answer, Frame, PARTITION, World, frame_of};
use tessera_domain::event::{Event, LineAcknowledged, LineReceived, LineSent};
use tessera_domain::{Happening, Outgoing, Partition};

impl World {
    /// Brings every message that it has sent to itself, and says that it came.
    pub fn deliver(&mut self) -> usize {
        let mut brought = 0;
        loop {
            let mine = self.partition.lines().waiting().find(|&(to, ..)| to == PARTITION);
            let Some((_, number, message)) = mine.map(|(to, number, message)| (to, number, message.to_vec())) else { break };
            assert!(self.hear(PARTITION, &message), "the line back has room");
            self.happen(&[Event::LineAcknowledged(LineAcknowledged { to: PARTITION, through: number })]);
            brought += 1;
        }
        brought
    }

    /// The next message of a line; `false` if it has to wait.
    pub fn hear(&mut self, from: u16, message: &[u8]) -> bool {
        let number = self.partition.lines().into(from).received + 1;
        while let Some(events) = self.partition.due_of_message(from, message, self.now_ms) {
            self.happen(&events);
        }
        let World { partition, catalog, desk, now_ms, key_version, requests_max, .. } = self;
        let context = tessera_domain::Context {
            catalog: catalog.catalog(),
            lessee: desk,
            now_ms: *now_ms,
            key_version: *key_version,
            requests_max: *requests_max,
        };
        let Some(happening) = partition.decide_message(&context, from, message) else { return false };
        let frame = happened(partition, *now_ms, Some(LineReceived { from, number }), &happening);
        let ended = happening.ended.is_some();
        self.frames.push(frame);
        self.hear_voids();
        self.hear_end(ended);
        true
    }

    /// What time alone brings to sagas; gives how many times something happened.
    pub fn pass(&mut self) -> usize {
        let mut happened = 0;
        while let Some(happening) = self.partition.decide_saga_time(self.now_ms) {
            let frame = self::happened(&mut self.partition, self.now_ms, None, &happening);
            self.frames.push(frame);
            self.hear_end(happening.ended.is_some());
            happened += 1;
        }
        happened
    }

    fn hear_end(&mut self, ended: bool) {
        if ended {
            let answer = self.partition.latest_answer().map_or_else(Answer::Refused, Answer::Told);
            self.remember(&answer);
            self.heard.push(answer);
        }
    }
}

/// All of a decision in one frame, behind the receipt of the message that it is about.
pub(super) fn happened(
    partition: &mut Partition,
    time_ms: i64,
    receipt: Option<LineReceived>,
    happening: &Happening<'_>,
) -> Frame {
    let Happening { events, group, outgoing, .. } = happening;
    let mut all: Vec<Event<'_>> = receipt.map(Event::LineReceived).into_iter().chain(events.iter().copied()).collect();
    all.extend(group.iter().flat_map(|group| group.parts().chain([group.closing()])));
    for (at, Outgoing { to, message }) in outgoing.iter().enumerate() {
        let before = outgoing[..at].iter().filter(|other| other.to == *to).count() as u64;
        let number = partition.lines().out(*to).sent + before + 1;
        all.push(Event::LineSent(LineSent { to: *to, number, message }));
    }
    frame_of(partition, time_ms, &all)
}
