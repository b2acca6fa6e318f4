//! Replaying a recorded frame: its events are decoded and looked at ahead of being applied.
//!
//! What events are about lies all over memory, and each first look waits for it. A shard looks at a whole batch of commands before it
//! decides the first; a replay does the same with as many events as are worth it, so that it waits about once for many. What
//! comes out is the state that applying one event after the other gives. I6.

use super::{Divergence, Partition};
use crate::codec;
use crate::command::Keys;
use crate::event::Event;

/// Events that are looked at together. More of them would push out of the nearest caches what the first ones brought in.
const LOOK_AHEAD_EVENTS: usize = 32;

impl Partition {
    /// Applies a frame's events as recorded at `time_ms`, and compares the digest.
    pub fn replay(&mut self, payload: &[u8], time_ms: i64, recorded: u64) -> Result<(), Divergence> {
        let mut events = codec::events(payload);
        let mut ahead: Vec<(Event<'_>, Keys)> = Vec::with_capacity(LOOK_AHEAD_EVENTS);
        loop {
            // What cannot be read is said after everything before it was applied: its lsn follows theirs.
            let mut unread = None;
            for event in events.by_ref().take(LOOK_AHEAD_EVENTS) {
                match event {
                    Ok(event) => ahead.push((event, Keys::of_event(&event, &self.key))),
                    Err(why) => unread = Some(why),
                }
            }
            let seen = ahead.iter().fold(0, |all, (event, keys)| all ^ self.touch_event(event, keys));
            std::hint::black_box(seen);
            let is_last = ahead.len() < LOOK_AHEAD_EVENTS;
            for (event, keys) in &ahead {
                self.apply_by(time_ms, event, keys)?;
            }
            ahead.clear();
            if let Some(why) = unread {
                return Err(Divergence::NotAnEvent { lsn: self.lsn + 1, why });
            }
            if is_last {
                return Divergence::compare(self.lsn, recorded, self.digest());
            }
        }
    }
}
