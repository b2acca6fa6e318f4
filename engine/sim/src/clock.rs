//! The clocks of a world: what is true, what the system says, and what the node reads (rule 13).
//!
//! The system's clock may stand still, jump by a second or by ten years, and be corrected again. The node reads the engine's own
//! rule ([`Reading`]); what the auditors hold its frames against is made of the true time alone.

use crate::dice::Dice;
use tessera_engine::clock::{self, Reading};

/// Jumps of the system's clock, in ms: 1 s, 10 s, an hour, a day and a second, ten years.
const JUMPS_MS: [i64; 5] = [1_000, 10_000, 3_600_000, 86_401_000, 315_360_000_000];

/// A reading may run faster than true time by one part in this.
const SLEW_PART: i64 = 10;

/// Rounding of a slewed reading, in ms.
const SLEW_ROUNDING_MS: i64 = 2;

/// All clocks of one world.
pub(crate) struct Clocks {
    /// How far the system's clock is ahead of the truth.
    ahead_ms: i64,
    /// What the system's clock says while it stands.
    stuck_ms: Option<i64>,
    reading: Reading,
    /// When this life began, in true time.
    began_ms: i64,
    /// The latest time that the life could begin at.
    base_ms: i64,
}

impl Clocks {
    pub(crate) fn new(now_ms: i64) -> Clocks {
        Clocks { ahead_ms: 0, stuck_ms: None, reading: Reading::start(now_ms), began_ms: now_ms, base_ms: now_ms }
    }

    /// What the node reads.
    pub(crate) fn wall_ms(&self, now_ms: i64) -> i64 {
        self.reading.at(now_ms - self.began_ms, self.system_ms(now_ms))
    }

    /// No frame of this life may be of a later time: a step is not followed, a drift is followed slowly.
    pub(crate) fn latest_ms(&self, now_ms: i64) -> i64 {
        let elapsed_ms = now_ms - self.began_ms;
        self.base_ms + elapsed_ms + elapsed_ms / SLEW_PART + SLEW_ROUNDING_MS
    }

    /// The system's clock jumps, stands still, or is right again. Gives by how much it is wrong now.
    pub(crate) fn disturb(&mut self, now_ms: i64, dice: &mut Dice) -> i64 {
        self.stuck_ms = None;
        match dice.below(4) {
            0 => self.ahead_ms = 0,
            1 => self.stuck_ms = Some(now_ms + self.ahead_ms),
            _ => {
                let jump_ms = dice.pick(&JUMPS_MS).copied().unwrap_or(0);
                self.ahead_ms += if dice.chance(500) { jump_ms } else { -jump_ms };
            }
        }
        self.system_ms(now_ms) - now_ms
    }

    /// The system's clock lies this far behind the newest frame.
    pub(crate) fn set_back(&mut self, now_ms: i64, last_ms: i64, back_ms: i64) {
        (self.stuck_ms, self.ahead_ms) = (None, last_ms - back_ms - now_ms);
    }

    /// The system's clock does not lie behind what the node read last.
    pub(crate) fn keep_up(&mut self, now_ms: i64) {
        let wall_ms = self.wall_ms(now_ms);
        if self.system_ms(now_ms) < wall_ms {
            (self.stuck_ms, self.ahead_ms) = (None, wall_ms - now_ms);
        }
    }

    /// A life begins after a newest frame of this time. A clock that the engine refuses is set right by an operator. Gives
    /// whether it had to be, and by how much the time leapt over the downtime.
    pub(crate) fn restart(&mut self, now_ms: i64, last_ms: Option<i64>) -> (bool, i64) {
        let is_refused = clock::check(self.system_ms(now_ms), last_ms).is_err();
        if is_refused {
            (self.stuck_ms, self.ahead_ms) = (None, last_ms.map_or(0, |last_ms| (last_ms - now_ms).max(0)));
        }
        let system_ms = self.system_ms(now_ms);
        *self = Clocks {
            reading: Reading::start(system_ms),
            began_ms: now_ms,
            base_ms: system_ms.max(last_ms.unwrap_or(0)),
            ..*self
        };
        (is_refused, system_ms - last_ms.unwrap_or(system_ms))
    }

    /// Everything is right from the next life on.
    pub(crate) fn set_right(&mut self) {
        (self.stuck_ms, self.ahead_ms) = (None, 0);
    }

    fn system_ms(&self, now_ms: i64) -> i64 {
        self.stuck_ms.unwrap_or(now_ms + self.ahead_ms)
    }
}
