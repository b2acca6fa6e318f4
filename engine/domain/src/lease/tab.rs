//! What a lessee remembers of one pool: who waits, what it stated, and whether it is sold out.
//!
//! Soft: a crash takes it, and the parked claims with it. When to state: at once when claims wait
//! and no answer is due; when the lease falls to half of the last grant, and each time it has halved
//! again, so that a lost statement is made good without a timer; and late in a flag's life, when a
//! claim still meets it.

use super::message::Statement;
use super::{RENEWAL_MS, REPEAT_MS, SOLD_OUT_MS};
use crate::planted::{self, Planted};
use crate::pool::Pool;
use crate::stock::Lessee;

/// One pool at one lessee.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tab {
    /// Claims that wait here.
    pub(super) parked: u32,
    /// What one claim takes, as the last one said.
    need: u64,
    /// Whether home owes an answer to claims that wait.
    awaiting: bool,
    /// The lease is low when fewer than this are unsold.
    low: u64,
    /// When a statement may be repeated.
    repeat_ms: i64,
    /// The largest total heard of; a flag is about this total.
    heard: u64,
    /// End of the sold-out flag.
    sold_out_until_ms: i64,
    /// The flag is about claims that take as much, or more.
    sold_out_need: u64,
}

impl Tab {
    /// The tab of a lease as it is found.
    pub(super) fn of(lease: &Lessee) -> Tab {
        Tab {
            parked: 0,
            need: 1,
            awaiting: false,
            low: halved(lease.unsold()),
            repeat_ms: i64::MIN,
            heard: 0,
            sold_out_until_ms: i64::MIN,
            sold_out_need: 1,
        }
    }

    /// The total that is sold out, while the flag lives.
    pub(super) fn sold_out(&self, now_ms: i64) -> Option<u64> {
        let was_told = planted::is(Planted::FlagNeverEnds) && self.sold_out_until_ms != i64::MIN;
        (was_told || now_ms < self.sold_out_until_ms).then_some(self.heard)
    }

    /// The total that is sold out for a claim that takes so much, while the flag lives.
    pub(super) fn sold_out_of(&self, amount: u64, now_ms: i64) -> Option<u64> {
        self.sold_out(now_ms).filter(|_| amount >= self.sold_out_need)
    }

    /// A claim takes so much.
    pub(super) fn note_need(&mut self, amount: u64) {
        self.need = amount;
    }

    /// What one claim takes.
    pub(super) fn need(&self) -> u64 {
        self.need
    }

    /// Whether home should hear from this lease after a turn's sales.
    pub(super) fn should_state(&self, unsold: u64, now_ms: i64) -> bool {
        self.parked > 0 && !self.awaiting || unsold < self.low || self.should_renew(now_ms)
    }

    /// Whether claims wait and the last statement was long ago.
    pub(super) fn should_repeat(&self, now_ms: i64) -> bool {
        self.parked > 0 && now_ms >= self.repeat_ms
    }

    fn should_renew(&self, now_ms: i64) -> bool {
        self.sold_out(now_ms).is_some() && now_ms >= self.repeat_ms && now_ms >= self.sold_out_until_ms - RENEWAL_MS
    }

    /// States the lease, asking for pieces.
    pub(super) fn ask(&mut self, pool: Pool, lease: &Lessee, now_ms: i64) -> Statement {
        Statement { need: self.need, ..self.account(pool, lease, now_ms) }
    }

    /// States the lease, asking only for those who wait.
    pub(super) fn account(&mut self, pool: Pool, lease: &Lessee, now_ms: i64) -> Statement {
        let Lessee { received, returned, issued, restocked, .. } = *lease;
        self.awaiting = self.parked > 0;
        self.low = self.low.min(halved(lease.unsold()));
        self.repeat_ms = now_ms + REPEAT_MS;
        let (parked, need, heard) = (self.parked, if self.parked > 0 { self.need } else { 0 }, self.heard);
        Statement { pool, received, returned, issued, restocked, parked, need, heard, stated_ms: now_ms }
    }

    /// More pieces arrived, out of a total.
    pub(super) fn received(&mut self, pieces: u64, total: u64) {
        self.heard = self.heard.max(total);
        self.sold_out_until_ms = i64::MIN;
        self.awaiting = false;
        self.low = halved(pieces);
    }

    /// Everything was given back: nothing is low until a claim waits again.
    pub(super) fn emptied(&mut self) {
        self.low = 0;
    }

    /// Home said that there may be pieces.
    pub(super) fn opened(&mut self, total: u64) {
        if total >= self.heard && !planted::is(Planted::FlagNeverEnds) {
            self.heard = total;
            self.sold_out_until_ms = i64::MIN;
        }
    }

    /// Home said that this total is sold, in answer to a statement. Whether that is news.
    pub(super) fn closed(&mut self, total: u64, need: u64, asked_ms: i64, now_ms: i64) -> bool {
        let until_ms = asked_ms.saturating_add(SOLD_OUT_MS);
        if total < self.heard || until_ms <= now_ms {
            return false;
        }
        self.heard = total;
        self.sold_out_need = if self.sold_out(now_ms).is_some() { need.min(self.sold_out_need) } else { need };
        self.sold_out_until_ms = self.sold_out_until_ms.max(until_ms);
        true
    }

    #[cfg(test)]
    pub(super) fn make_due(&mut self) {
        self.repeat_ms = i64::MIN;
    }

    /// Claims were answered.
    pub(super) fn unpark(&mut self, claims: u32) {
        assert!(claims <= self.parked, "only a parked claim leaves");
        self.parked -= claims;
        self.awaiting &= self.parked > 0;
    }
}

/// The bound below which a lease of so many pieces has fallen to half or less.
fn halved(unsold: u64) -> u64 {
    unsold / 2 + u64::from(unsold > 0)
}
