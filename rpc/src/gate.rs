//! The gate of bulk work 批量: how many rows of all bulk streams together are with the engine, so that tills keep their latency.
//!
//! A row waits here, in its stream, and not in a shard's mailbox, where it would stand before tills. Never more rows are on their way
//! than the setting says; and fewer while answers are slow: what an answer took at its shortest is what log and disk take, and what it
//! takes longer is a queue, before which bulk work makes room first. Each row has a seat; seats are taken away and given back as
//! a window of a transport is that yields to everybody else (LEDBAT, RFC 6817). And after an answer nobody enters for as long as it took,
//! so that at least every other sync of the log is without bulk work, whatever the seats.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tessera_engine::letter::{Answer, Outlet, Sink};
use tokio::{sync::Semaphore, time::sleep};

/// Seats that are never taken away, and those that a good answer adds: bulk work goes on, however busy it is.
pub const SEATS_LEAST: usize = 16;

/// By how much an answer may take longer than the shortest, at least.
const QUEUE_LEAST: Duration = Duration::from_millis(1);

/// How long the shortest answer is remembered, at least; at most twice as long.
const SHORTEST_AGE: Duration = Duration::from_secs(10);

/// Longest pause after an answer.
const REST_MAX: Duration = Duration::from_millis(100);

/// See the module.
pub struct Gate {
    /// Seats that are free.
    free: Semaphore,
    seats_max: usize,
    pace: Mutex<Pace>,
}

/// How many seats there are to be, and what that follows from.
struct Pace {
    /// Seats, free and taken.
    seats: usize,
    /// As many as there are to be.
    allowed: usize,
    /// The shortest answer of this span, and of the one before.
    shortest: [Duration; 2],
    span_began: Option<Instant>,
    /// What was sent before was sent before seats were last taken away, and says nothing new.
    slowed: Option<Instant>,
    /// How long the newest answer took, and until when nobody enters after one.
    took: Duration,
    rests_until: Option<Instant>,
}

/// What the gate is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Rows on their way.
    pub taken: usize,
    /// As many as may be for now.
    pub allowed: usize,
    /// As many as may ever be.
    pub most: usize,
}

impl Gate {
    /// Of so many seats at most, at least [`SEATS_LEAST`]; it begins with these.
    pub fn new(seats_max: usize) -> Self {
        let seats_max = seats_max.max(SEATS_LEAST);
        let pace = Pace {
            seats: SEATS_LEAST,
            allowed: SEATS_LEAST,
            shortest: [Duration::MAX; 2],
            span_began: None,
            slowed: None,
            took: Duration::ZERO,
            rests_until: None,
        };
        Self { free: Semaphore::new(SEATS_LEAST), seats_max, pace: Mutex::new(pace) }
    }

    /// Waits for a seat and for the end of a pause, and takes as many of `wanted` as are free then, at least one. Each is given back by
    /// [`Gate::leave`].
    pub async fn enter(&self, wanted: usize) -> usize {
        let first = self.free.acquire().await.expect("nobody closes it");
        while let Some(rest) = self.rest() {
            sleep(rest).await;
        }
        first.forget();
        let more = (1..wanted).take_while(|_| self.free.try_acquire().map(|seat| seat.forget()).is_ok());
        1 + more.count()
    }

    /// What is left of the pause.
    fn rest(&self) -> Option<Duration> {
        let until = self.pace().rests_until?;
        Some(until.saturating_duration_since(Instant::now())).filter(|rest| !rest.is_zero())
    }

    /// So many rows are answered, now.
    fn leave(&self, rows: usize, now: Instant) {
        let mut pace = self.pace();
        pace.rests_until = Some(now + pace.took.min(REST_MAX));
        let taken_away = rows.min(pace.seats.saturating_sub(pace.allowed));
        pace.seats -= taken_away;
        self.free.add_permits(rows - taken_away);
    }

    /// Rows were answered together, of which the first was sent to the engine at this instant.
    pub fn note(&self, sent: Instant, answered: Instant) {
        let mut pace = self.pace();
        pace.note(sent, answered, self.seats_max);
        if pace.allowed > pace.seats {
            self.free.add_permits(pace.allowed - pace.seats);
            pace.seats = pace.allowed;
        } else {
            pace.seats -= self.free.forget_permits(pace.seats - pace.allowed);
        }
    }

    /// What it is at.
    pub fn seats(&self) -> Seats {
        let pace = self.pace();
        Seats { taken: pace.seats - self.free.available_permits().min(pace.seats), allowed: pace.allowed, most: self.seats_max }
    }

    /// A sink whose answers give seats back as they come, whether or not anybody still reads them.
    pub fn counted(self: &Arc<Self>, sink: Sink) -> Sink {
        Arc::new(Counted { gate: self.clone(), sink })
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// One more look at how long answers take: a slow one halves the seats, once for all that were sent meanwhile; others add some.
    fn note(&mut self, sent: Instant, answered: Instant, seats_max: usize) {
        let took = answered.saturating_duration_since(sent);
        self.took = took;
        let is_over = |began: Instant| answered.saturating_duration_since(began) >= SHORTEST_AGE;
        if self.span_began.is_none_or(is_over) {
            self.span_began = Some(answered);
            self.shortest = [Duration::MAX, self.shortest[0]];
        }
        self.shortest[0] = self.shortest[0].min(took);
        let shortest = self.shortest[0].min(self.shortest[1]);
        if took <= shortest + QUEUE_LEAST.max(shortest / 2) {
            self.allowed = (self.allowed + SEATS_LEAST).min(seats_max);
        } else if self.slowed.is_none_or(|slowed| sent >= slowed) {
            self.allowed = (self.allowed / 2).max(SEATS_LEAST);
            self.slowed = Some(answered);
        }
    }
}

/// Passes answers on, then gives their seats back.
struct Counted {
    gate: Arc<Gate>,
    sink: Sink,
}

impl Outlet for Counted {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        let rows = answers.len();
        self.sink.deliver(answers);
        self.gate.leave(rows, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Takes as many seats as are free now.
    fn enter(gate: &Gate, wanted: usize) -> usize {
        gate.enter(wanted).now_or_never().unwrap_or(0)
    }

    /// Rows are answered so long ago that the pause after them is over.
    fn leave(gate: &Gate, rows: usize) {
        gate.leave(rows, Instant::now() - REST_MAX);
    }

    #[test]
    fn there_are_never_more_rows_than_seats() {
        let gate = Gate::new(64);
        assert_eq!([enter(&gate, 10), enter(&gate, 10), enter(&gate, 10)], [10, 6, 0]);
        assert_eq!(gate.seats(), Seats { taken: 16, allowed: 16, most: 64 });
        leave(&gate, 3);
        assert_eq!(enter(&gate, 10), 3);
    }

    #[test]
    fn good_answers_add_seats_up_to_the_most() {
        let (gate, began) = (Gate::new(40), Instant::now());
        for _ in 0..9 {
            gate.note(began, began + 2 * MS);
        }
        assert_eq!((gate.seats().allowed, enter(&gate, 99)), (40, 40));
    }

    #[test]
    fn a_slow_answer_takes_half_of_the_seats_away_once_for_all_that_were_sent_meanwhile() {
        let (gate, began) = (Gate::new(64), Instant::now());
        for _ in 0..9 {
            gate.note(began, began + 2 * MS);
        }
        assert_eq!(enter(&gate, 60), 60);
        gate.note(began, began + 4 * MS);
        gate.note(began + MS, began + 5 * MS);
        assert_eq!(gate.seats(), Seats { taken: 60, allowed: 32, most: 64 });
        leave(&gate, 28);
        assert_eq!(enter(&gate, 9), 0, "the seats of those who have left are gone");
        leave(&gate, 5);
        assert_eq!(enter(&gate, 9), 5);
        gate.note(began + 6 * MS, began + 20 * MS);
        gate.note(began + 21 * MS, began + 40 * MS);
        assert_eq!(gate.seats().allowed, SEATS_LEAST, "some are always left");
    }

    #[tokio::test]
    async fn after_an_answer_nobody_enters_for_as_long_as_it_took() {
        let (gate, began) = (Gate::new(64), Instant::now());
        for (took, rest) in [(60_000 * MS, REST_MAX), (9 * MS, 9 * MS), (Duration::ZERO, Duration::ZERO)] {
            gate.note(began, began + took);
            gate.leave(0, began);
            assert_eq!(gate.pace().rests_until, Some(began + rest));
        }
        gate.note(began, began + 60_000 * MS);
        assert_eq!(enter(&gate, 1), 1, "without a row that leaves there is no pause");
        gate.leave(1, Instant::now() + 3_600_000 * MS);
        assert_eq!(enter(&gate, 1), 0);
        leave(&gate, 0);
        assert_eq!(enter(&gate, 99), gate.seats().allowed, "who waited in vain has left its seat");
    }

    #[test]
    fn a_disk_that_has_become_slower_is_the_shortest_answer_after_a_while() {
        let (gate, began) = (Gate::new(64), Instant::now());
        gate.note(began, began + MS);
        let mut at = began;
        for _ in 0..30 {
            at += Duration::from_secs(1);
            gate.note(at, at + 9 * MS);
        }
        assert_eq!(gate.seats().allowed, 64);
    }

    #[test]
    fn answers_that_nobody_reads_give_their_seats_back() {
        let gate = Arc::new(Gate::new(16));
        let (sink, answers) = crate::mouth::open(1);
        let sink = gate.counted(sink);
        assert_eq!(enter(&gate, 16), 16);
        drop(answers);
        sink.deliver(vec![(1, Err(crate::domain::Reason::Draining.into()))]);
        assert_eq!(gate.seats().taken, 15);
    }
}
