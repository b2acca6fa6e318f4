//! Raises that wait to be heard by every lessee.
//!
//! A lessee has heard when a statement names the new total. Who has not is told again; after
//! [`SOLD_OUT_MS`] nobody can still refuse by an older total, so nobody needs to answer any more.
//! Totals only rise, so who heard a later raise heard all before it, and raises end in their order.

use super::books::Books;
use super::counter::Counter;
use super::{REPEAT_MS, SOLD_OUT_MS};
use std::collections::VecDeque;

/// The raises of one pool whose replies wait; as many as the engine holds replies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Raises {
    pending: VecDeque<Raise>,
    repeat_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Raise {
    total: u64,
    until_ms: i64,
}

impl Raises {
    /// The total was raised to what the books say.
    pub(super) fn begin(&mut self, books: &mut Books, now_ms: i64) {
        self.pending.push_back(Raise { total: books.total, until_ms: now_ms + SOLD_OUT_MS });
        self.repeat_ms = now_ms + REPEAT_MS;
        books.say_open_to_all();
    }

    /// Lets go the replies of raises that all have heard or that are old enough.
    pub(super) fn finish(&mut self, counter: &Counter, books: &mut Books, now_ms: i64) {
        let heard_by_all = (0..books.partitions).map(|lessee| heard(counter, lessee)).min().unwrap_or(0);
        let is_over = |raise: &Raise| heard_by_all >= raise.total || now_ms >= raise.until_ms;
        while let Some(raise) = self.pending.front().filter(|raise| is_over(raise)) {
            books.effects.heard.push((books.pool, raise.total));
            self.pending.pop_front();
        }
    }

    /// Ends what is old enough and tells again who has not heard.
    pub(super) fn tick(&mut self, counter: &Counter, books: &mut Books, now_ms: i64) {
        self.finish(counter, books, now_ms);
        if self.is_empty() || now_ms < self.repeat_ms {
            return;
        }
        self.repeat_ms = now_ms + REPEAT_MS;
        for lessee in 0..books.partitions {
            if heard(counter, lessee) < books.total {
                books.say_open(lessee);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.repeat_ms = i64::MIN;
    }

    /// Whether no reply waits.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

fn heard(counter: &Counter, lessee: u16) -> u64 {
    counter.accounts.get(&lessee).map_or(0, |account| account.heard)
}
