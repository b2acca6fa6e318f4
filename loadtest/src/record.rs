//! The client's own record: what it asked, when, and what it was told. The checker believes nothing else.
//!
//! A record has 64 bytes; a run of n operations costs 64 n bytes and no map. Texts are not kept, their
//! fingerprints are.

use crate::wire::answer::{Accepted, Outcome};

/// What became of one operation. Instants are nanoseconds since the process's clock began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// Before the first message that carried it left.
    pub sent_ns: u64,
    /// After the final answer came; 0 = not answered.
    pub answered_ns: u64,
    /// Lsn of an accepted reply.
    pub lsn: u64,
    /// Fingerprint of the coupon id.
    pub coupon: u64,
    /// Fingerprint of the whole reply but `replayed`.
    pub reply: u64,
    /// What a redemption took, or the value of a refusal.
    pub amount: i64,
    /// What a redemption left on the card; `NO_BALANCE` = it did not say.
    pub balance_after_minor: i64,
    /// Partition of an accepted reply.
    pub partition: u32,
    /// 0 = accepted, else the number of the refusal's reason.
    pub reason: u16,
    /// Whether the reply said that it was given before.
    pub replayed: bool,
    /// How often it was sent; saturates.
    pub sends: u8,
}

const _: () = assert!(size_of::<Record>() == 64);

/// Stands for "no balance in the reply".
pub const NO_BALANCE: i64 = i64::MIN;

/// An earlier operation sent again under the same request id.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The operation.
    pub operation: u64,
    /// What this attempt was told.
    pub record: Record,
}

impl Default for Record {
    fn default() -> Self {
        Self::UNSENT
    }
}

impl Record {
    /// Of an operation that was not sent.
    pub const UNSENT: Self = Self {
        sent_ns: 0,
        answered_ns: 0,
        lsn: 0,
        coupon: 0,
        reply: 0,
        amount: 0,
        balance_after_minor: NO_BALANCE,
        partition: 0,
        reason: 0,
        replayed: false,
        sends: 0,
    };

    /// Notes that it is about to be sent.
    #[inline]
    pub fn send(&mut self, now_ns: u64) {
        if self.sends == 0 {
            self.sent_ns = now_ns;
        }
        self.sends = self.sends.saturating_add(1);
    }

    /// Notes its final answer.
    #[inline]
    pub fn answer(&mut self, outcome: &Outcome<'_>, now_ns: u64) {
        self.answered_ns = now_ns.max(1);
        match outcome {
            Outcome::Accepted(accepted) => self.accept(accepted),
            Outcome::Refused(refused) => {
                self.reason = u16::try_from(refused.reason).unwrap_or(u16::MAX).max(1);
                self.amount = refused.value;
                self.reply = refused.fingerprint();
            }
        }
    }

    fn accept(&mut self, accepted: &Accepted<'_>) {
        self.lsn = accepted.lsn;
        self.partition = accepted.partition;
        self.coupon = crate::wire::answer::fingerprint(accepted.coupon_id);
        self.reply = accepted.fingerprint;
        self.amount = accepted.applied_minor;
        self.balance_after_minor = accepted.balance_after_minor.unwrap_or(NO_BALANCE);
        self.replayed = accepted.replayed;
    }

    /// Whether it was sent at all.
    pub fn is_sent(&self) -> bool {
        self.sends > 0
    }

    /// Whether its answer is known.
    pub fn is_answered(&self) -> bool {
        self.answered_ns > 0
    }

    /// Whether it was answered and accepted.
    pub fn is_accepted(&self) -> bool {
        self.is_answered() && self.reason == 0
    }

    /// The reason it was refused for, if it was.
    pub fn refusal(&self) -> Option<i32> {
        (self.is_answered() && self.reason != 0).then_some(i32::from(self.reason))
    }
}
