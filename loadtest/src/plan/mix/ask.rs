//! What a till, a merchant or an operator asks for, and what it is told, in the numbers of the run.

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// What a redemption would do.
    Validate,
    /// A promise of value.
    Hold,
    /// Its second step.
    Capture,
    /// Its other end.
    Release,
    /// Both steps in one.
    Redeem,
    /// A redemption, taken back.
    Refund,
    /// A reason among a coupon's blocks.
    Freeze,
    /// Its end.
    Unfreeze,
    /// A reason among an account's blocks.
    FreezeUser,
    /// Its end.
    UnfreezeUser,
    /// A coupon's end.
    Void,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is asked for.
    pub verb: Verb,
    /// Number of the coupon; of an account, one of its coupons.
    pub coupon: u32,
    /// Number of the order.
    pub order: u64,
    /// The operation that made the hold or the redemption.
    pub first: u64,
    /// The amount, in minor units.
    pub amount: Option<i64>,
    /// How long a hold lives, in ms; 0 = as the server sees fit.
    pub ttl_ms: i64,
    /// Number of the reason to freeze.
    pub block: i32,
    /// Of a capture, `reacquire`; of a freeze or a void, `revoke_holds`.
    pub insists: bool,
}

/// An accepted reply, but for what the record keeps. What a reply does not say is 0 or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When, in ms, by the partition's clock.
    pub at_ms: i64,
    /// The id of a hold or a redemption.
    pub id: Box<str>,
    /// The amount of the order or of the refund.
    pub amount: i64,
    /// What was, or would be, applied.
    pub applied: i64,
    /// What was left to pay.
    pub payable: i64,
    /// What was left on the card.
    pub balance_after: Option<i64>,
    /// A hold's deadline, or the end of the coupon's use window.
    pub until_ms: i64,
    /// What was voided.
    pub total: i64,
    /// Number of the coupon's status.
    pub status: i32,
    /// One bit for each reason to freeze.
    pub blocks: u32,
    /// Holds that were revoked.
    pub revoked: u32,
    /// Of a release, `expired`; of a capture, `reacquired`.
    pub is_late: bool,
    /// The card that stands in for a void one.
    pub replacement: Option<Replacement>,
}

/// A card that stands in for a void one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Its id.
    pub id: Box<str>,
    /// First instant no longer usable, in ms.
    pub until_ms: i64,
}

/// What was asked, and what was told if it was accepted.
#[derive(Clone, Debug)]
pub struct Act {
    /// The request.
    pub ask: Ask,
    /// The accepted reply.
    pub told: Option<Told>,
}

impl Ask {
    /// Of `verb` on `coupon`, with nothing else said.
    pub fn new(verb: Verb, coupon: u32, order: u64) -> Self {
        Self { verb, coupon, order, first: 0, amount: None, ttl_ms: 0, block: 0, insists: false }
    }

    /// Whether it needs the id of an earlier hold or redemption.
    pub fn has_first(&self) -> bool {
        matches!(self.verb, Verb::Capture | Verb::Release | Verb::Refund)
    }
}

/// Two coupons of one account.
pub fn user_of(coupon: u32) -> u64 {
    u64::from(coupon / COUPONS_PER_USER)
}

/// Coupons of each user: a card and a one-use coupon.
pub const COUPONS_PER_USER: u32 = 2;

/// The bits of some reasons to freeze.
pub fn bits(blocks: &[i32]) -> u32 {
    blocks.iter().fold(0, |bits, &block| bits | bit(block))
}

/// The bit of one; that of an unknown one is none of ours.
pub fn bit(block: i32) -> u32 {
    u32::try_from(block).ok().and_then(|block| 1_u32.checked_shl(block)).unwrap_or(1 << 31)
}
