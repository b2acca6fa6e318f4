//! Remembered requests: one effect per idempotency key, and the same answer each time (I5).
//!
//! A request is known by a keyed 128-bit hash of operation, subject and `request_id`, with a
//! fingerprint of what was asked. Requests are remembered in the order of their events and forgotten
//! in that order, by an event, never early: a full store refuses new writes. Each takes 40 bytes ([`Entries`]) and 7 in the index.

mod entries;

use crate::block::Blocks;
use crate::container::{Filling, Index, Meeting};
use crate::digest::{Entity, EntityKind, contribution};
use crate::hold::HOLDS_PER_COUPON_MAX;
use crate::image::{Chunks, Fields, Restore};
use crate::money::AMOUNT_MAX;
use crate::planted::{self, Planted};
use crate::rejection::Reason;
use entries::Entries;

/// How long a request is remembered, in ms: 24 hours.
pub const REQUEST_MEMORY_MS: i64 = 24 * 3_600_000;

/// Requests that one event may forget, so that no turn does much of it.
pub const REQUESTS_FORGOTTEN_MAX: u64 = 1024;

/// The write operations, numbered for the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    /// A user claims.
    Claim = 1,
    /// An operator issues to a user.
    Issue = 2,
    /// A till redeems.
    Redeem = 3,
    /// A redemption is refunded.
    Refund = 4,
    /// The stock is raised.
    RaiseStock = 5,
    /// A template is created.
    CreateTemplate = 6,
    /// A template is updated.
    UpdateTemplate = 7,
    /// A template is stopped.
    StopTemplate = 8,
    /// Value is set aside for an order.
    Hold = 9,
    /// A hold becomes a redemption.
    Capture = 10,
    /// A hold is let go.
    Release = 11,
    /// A coupon gets a block.
    FreezeCoupon = 12,
    /// A coupon loses a block.
    UnfreezeCoupon = 13,
    /// A user's account gets a block.
    FreezeUser = 14,
    /// A user's account loses a block.
    UnfreezeUser = 15,
    /// A coupon is made void.
    VoidCoupon = 16,
    /// Coupons and cards are used together on an order.
    RedeemOrder = 17,
    /// Coupons and cards are held together for an order.
    HoldOrder = 18,
    /// A held order is redeemed, as a whole or in part.
    CaptureOrder = 19,
    /// A held order is let go.
    ReleaseOrder = 20,
    /// Units of a redeemed order come back.
    RefundOrder = 21,
    /// A coupon is offered to whoever has the token.
    OfferGift = 30,
    /// An offered coupon is taken back.
    CancelGift = 31,
    /// An offered coupon is accepted.
    AcceptGift = 32,
    /// A batch of cards is opened.
    OpenBatch = 22,
    /// A run of a batch's cards is made.
    MakeCards = 23,
    /// A batch is complete.
    CompleteBatch = 24,
    /// The download of a batch is taken.
    TakeBatch = 25,
    /// A card is activated.
    ActivateCard = 26,
    /// Money is put onto a card.
    ReloadCard = 27,
    /// An operator corrects a balance.
    AdjustCard = 28,
    /// A card is replaced by a new one.
    ReplaceCard = 29,
    /// A budget is raised.
    RaiseBudget = 33,
    /// A card of another house is taken over.
    ImportCard = 39,
    /// A template is made void.
    VoidTemplate = 45,
    /// A stopped template issues again.
    ResumeTemplate = 46,
}

impl Operation {
    /// Every one, by number.
    pub const ALL: &'static [Operation] = &[
        Operation::Claim,
        Operation::Issue,
        Operation::Redeem,
        Operation::Refund,
        Operation::RaiseStock,
        Operation::CreateTemplate,
        Operation::UpdateTemplate,
        Operation::StopTemplate,
        Operation::Hold,
        Operation::Capture,
        Operation::Release,
        Operation::FreezeCoupon,
        Operation::UnfreezeCoupon,
        Operation::FreezeUser,
        Operation::UnfreezeUser,
        Operation::VoidCoupon,
        Operation::RedeemOrder,
        Operation::HoldOrder,
        Operation::CaptureOrder,
        Operation::ReleaseOrder,
        Operation::RefundOrder,
        Operation::OfferGift,
        Operation::CancelGift,
        Operation::AcceptGift,
        Operation::OpenBatch,
        Operation::MakeCards,
        Operation::CompleteBatch,
        Operation::TakeBatch,
        Operation::ActivateCard,
        Operation::ReloadCard,
        Operation::AdjustCard,
        Operation::ReplaceCard,
        Operation::RaiseBudget,
        Operation::ImportCard,
        Operation::VoidTemplate,
        Operation::ResumeTemplate,
    ];

    /// Whether it is about an order as a whole: its remembered refusals name an instrument.
    pub(crate) fn is_of_order(self) -> bool {
        use Operation::*;
        matches!(self, RedeemOrder | HoldOrder | CaptureOrder | ReleaseOrder | RefundOrder)
    }

    /// The operation of this number.
    pub fn from_number(number: u8) -> Option<Operation> {
        Operation::ALL.iter().copied().find(|&operation| operation as u8 == number)
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) key: u128,
    pub(crate) fingerprint: u64,
    /// Lsn of its event.
    pub(crate) lsn: u64,
    pub(crate) at_ms: i64,
    /// Accepted: the number of what it made. Refused: the number that belongs to the reason.
    pub(crate) value: i64,
    /// 0 = accepted, else the reason's number.
    pub(crate) reason: u16,
    pub(crate) operation: Operation,
}

/// What a remembered freeze says: the blocks after it, and how many holds it took away.
pub(crate) fn pack_blocked(blocks: Blocks, revoked_holds: u32) -> i64 {
    i64::from(revoked_holds) << 8 | i64::from(blocks.number())
}

/// The reverse of [`pack_blocked`].
pub(crate) fn unpack_blocked(value: i64) -> (Blocks, u32) {
    let blocks = Blocks::from_number(value as u8).expect("remembered blocks are known");
    (blocks, (value >> 8) as u32)
}

/// Bits of an amount: [`AMOUNT_MAX`] is below 2^50.
const AMOUNT_BITS: u32 = 50;

const _: () = assert!(AMOUNT_MAX < 1 << AMOUNT_BITS && HOLDS_PER_COUPON_MAX < 1 << (63 - AMOUNT_BITS));

/// What a remembered void says: what was available, and how many holds it took away.
pub(crate) fn pack_voided(amount: i64, revoked_holds: u32) -> i64 {
    i64::from(revoked_holds) << AMOUNT_BITS | amount
}

/// The reverse of [`pack_voided`].
pub(crate) fn unpack_voided(value: i64) -> (i64, u32) {
    (value & ((1 << AMOUNT_BITS) - 1), (value >> AMOUNT_BITS) as u32)
}

/// What a remembered refusal of an order says: which instrument it is about, by its place, and the number that belongs to the reason.
pub(crate) fn pack_at(instrument: Option<usize>, value: i64) -> i64 {
    let place = instrument.map_or(0, |at| at as i64 + 1);
    place << AMOUNT_BITS | value
}

/// The reverse of [`pack_at`].
pub(crate) fn unpack_at(value: i64) -> (Option<usize>, i64) {
    let place = (value >> AMOUNT_BITS) as usize;
    (place.checked_sub(1), value & ((1 << AMOUNT_BITS) - 1))
}

impl Entity for Remembered {
    const KIND: EntityKind = EntityKind::Request;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.key as u64);
        visit(2, (self.key >> 64) as u64);
        visit(3, self.fingerprint);
        visit(4, self.lsn);
        visit(5, self.at_ms as u64);
        visit(6, self.value as u64);
        visit(7, u64::from(self.reason));
        visit(8, self.operation as u64);
    }
}

impl Restore for Remembered {
    fn restore(_number: u64, fields: &Fields) -> Option<Remembered> {
        let reason: u16 = fields.narrow(7)?;
        Some(Remembered {
            key: fields.wide(1),
            fingerprint: fields.get(3),
            lsn: fields.get(4),
            at_ms: fields.get(5) as i64,
            value: fields.get(6) as i64,
            reason: (reason == 0 || Reason::from_number(reason).is_some()).then_some(reason)?,
            operation: Operation::from_number(fields.narrow(8)?)?,
        })
    }
}

/// What the store says to a request before it is decided.
pub(crate) enum Known {
    /// Never seen.
    New,
    /// The same request: give the same answer.
    Same(Remembered),
    /// Another payload under the same key.
    Other(Remembered),
}

/// All remembered requests of one journal.
#[derive(Default)]
pub(crate) struct Requests {
    entries: Entries,
    index: Index,
    /// While a journal is rebuilt: the number from which on requests are not in the index yet.
    waiting: Option<u64>,
    digest: u64,
}

impl Requests {
    pub(crate) fn look_up(&self, key: u128, fingerprint: u64) -> Known {
        assert!(self.waiting.is_none(), "nobody asks while a journal is rebuilt");
        let is_it = |number| self.entries.has_key(number, key);
        let number = self.index.find(key as u64, self.entries.first(), is_it);
        match number.and_then(|number| self.entries.get(number)) {
            None => Known::New,
            Some(entry) if entry.reason != 0 && planted::is(Planted::RefusalForgotten) => Known::New,
            Some(entry) if entry.fingerprint == fingerprint || planted::is(Planted::FingerprintIgnored) => Known::Same(entry),
            Some(entry) => Known::Other(entry),
        }
    }

    /// Reads ahead what [`Requests::look_up`] will read; the number means nothing.
    pub(crate) fn touch(&self, key: u128) -> u64 {
        if self.waiting.is_some() { 0 } else { self.index.touch(key as u64) }
    }

    /// Whether there is no room for another: as many are remembered as may be, or as can be found.
    pub(crate) fn are_full(&self, requests_max: u64) -> bool {
        self.len() >= requests_max.min(Index::ENTRIES_MAX)
    }

    pub(crate) fn remember(&mut self, entry: Remembered) {
        let number = self.add(&entry);
        if self.waiting.is_none() {
            assert!(self.index(number, entry.key), "I5: one effect per idempotency key");
        }
    }

    fn add(&mut self, entry: &Remembered) -> u64 {
        let number = self.entries.push(entry);
        self.digest = self.digest.wrapping_add(contribution(number, entry));
        number
    }

    /// Makes a request findable by its key; `false` if there was one already.
    fn index(&mut self, number: u64, key: u128) -> bool {
        let entries = &self.entries;
        let (is_it, hash_of) = (|other| entries.has_key(other, key), |other| entries.hash(other));
        self.index.put(key as u64, number, entries.first(), is_it, hash_of).is_none()
    }

    /// From now on requests come from a journal that is rebuilt, and wait for the index.
    pub(crate) fn put_off(&mut self) {
        self.waiting.get_or_insert(self.entries.next());
    }

    /// Takes all that wait into the index. The number of one whose key another has, if there is one. I5.
    pub(crate) fn catch_up(&mut self) -> Result<(), u64> {
        let Some(waiting) = self.waiting.take() else { return Ok(()) };
        let (first, next) = (self.entries.first(), self.entries.next());
        let mut waiting = waiting.max(first)..next;
        if !Filling::is_worth(waiting.end - waiting.start, self.len()) {
            return waiting
                .try_for_each(|number| if self.index(number, self.entries.key(number)) { Ok(()) } else { Err(number) });
        }
        let entries = &self.entries;
        let is_again =
            |earlier, later| if entries.has_key(earlier, entries.key(later)) { Meeting::Conflict } else { Meeting::Strangers };
        self.index = Filling::of(first, next - first, entries.hashed()).finish(is_again)?;
        Ok(())
    }

    pub(crate) fn save<E>(&self, out: &mut Chunks<'_, E>) -> Result<(), E> {
        out.rows::<Remembered>(self.entries.first(), self.entries.iter())
    }

    /// Goes on after `forgotten` requests that are no longer here.
    pub(crate) fn begin_at(&mut self, forgotten: u64) -> Option<()> {
        self.entries.begin_at(forgotten)
    }

    pub(crate) fn restore(&mut self, number: u64, fields: &Fields) -> Option<()> {
        assert!(self.waiting.is_some(), "what comes back from an image waits for its index");
        let entry = Remembered::restore(number, fields)?;
        (number == self.entries.next()).then(|| self.add(&entry)).map(drop)
    }

    /// Up to which number requests are older than their window at `now`, if there are any; bounded.
    pub(crate) fn due(&self, now_ms: i64) -> Option<u64> {
        let first = self.entries.first();
        let memory_ms = if planted::is(Planted::RequestsForgottenEarly) { REQUEST_MEMORY_MS / 8_640 } else { REQUEST_MEMORY_MS };
        let old = |number: &u64| self.entries.get(*number).is_some_and(|entry| entry.at_ms + memory_ms <= now_ms);
        let due = (first..first + REQUESTS_FORGOTTEN_MAX).take_while(old).count() as u64;
        (due > 0).then_some(first + due)
    }

    pub(crate) fn forget_before(&mut self, before: u64) {
        assert!(before <= self.entries.next(), "only what was remembered is forgotten");
        while self.entries.first() < before {
            let (number, entry) = self.entries.pop_first().expect("the first request is here");
            self.digest = self.digest.wrapping_sub(contribution(number, &entry));
            self.index.remove(entry.key as u64, number);
        }
    }

    /// Whether any request that happened at `at_ms` or before is still remembered.
    pub(crate) fn reach_back_to(&self, at_ms: i64) -> bool {
        self.entries.get(self.entries.first()).is_some_and(|oldest| oldest.at_ms <= at_ms)
    }

    /// The newest entry.
    pub(crate) fn latest(&self) -> Option<Remembered> {
        self.entries.get(self.entries.next().checked_sub(1)?)
    }

    pub(crate) fn len(&self) -> u64 {
        self.entries.next() - self.entries.first()
    }

    /// How many were forgotten; requests are numbered through, so the next one's number is this + `len`.
    pub(crate) fn forgotten(&self) -> u64 {
        self.entries.first()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes of memory that they hold.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.entries.memory_bytes() + self.index.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: u128, at_ms: i64) -> Remembered {
        Remembered { key, fingerprint: 7, lsn: 1, at_ms, value: 0, reason: 0, operation: Operation::Claim }
    }

    #[test]
    fn requests_that_wait_are_known_once_the_journal_is_rebuilt_and_two_of_one_key_are_told() {
        // Few wait, then many, and some of those that wait are forgotten before.
        for (known, waiting, forgotten) in [(1_000, 10, 0), (10, 1_000, 0), (100, 100, 150), (10, 0, 5), (10, 3, 13)] {
            let mut requests = Requests::default();
            (0..known).for_each(|key| requests.remember(entry(key, 0)));
            requests.put_off();
            (known..known + waiting).for_each(|key| requests.remember(entry(key, 0)));
            requests.forget_before(forgotten);
            assert_eq!(requests.catch_up(), Ok(()));
            for key in 0..known + waiting + 10 {
                let is_known = (u128::from(forgotten)..known + waiting).contains(&key);
                assert_eq!(matches!(requests.look_up(key, 7), Known::Same(entry) if entry.key == key), is_known, "{key}");
            }
            requests.put_off();
            requests.remember(entry(5_000, 0));
            requests.remember(entry(5_000, 0));
            assert_eq!(requests.catch_up(), Err(known as u64 + waiting as u64 + 1));
        }
    }

    #[test]
    #[should_panic(expected = "nobody asks while a journal is rebuilt")]
    fn a_request_that_is_looked_for_while_a_journal_is_rebuilt_is_a_broken_caller() {
        let mut requests = Requests::default();
        requests.put_off();
        requests.look_up(1, 7);
    }

    #[test]
    fn a_request_is_known_with_its_payload_until_its_window_has_passed() {
        let mut requests = Requests::default();
        requests.remember(entry(1, 0));
        requests.remember(entry(2, 5));
        assert!(matches!(requests.look_up(1, 7), Known::Same(_)));
        assert!(matches!(requests.look_up(1, 8), Known::Other(_)));
        assert!(matches!(requests.look_up(3, 7), Known::New));
        assert_eq!(requests.due(REQUEST_MEMORY_MS - 1), None);
        assert_eq!(requests.due(REQUEST_MEMORY_MS), Some(1));
        requests.forget_before(1);
        assert!(matches!(requests.look_up(1, 7), Known::New));
        assert!(matches!(requests.look_up(2, 7), Known::Same(_)));
        requests.forget_before(2);
        assert_eq!((requests.digest(), requests.len()), (0, 0));
    }
}
