//! One event of a journal, as the auditors see it.

/// What happened, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The operation that asked for it; none for what the engine does by itself.
    pub(crate) op: Option<usize>,
    pub(crate) what: What,
}

/// What happened, with the numbers that an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Claimed {
        coupon: u64,
    },
    Redeemed {
        coupon: u64,
        amount: i64,
        applied: i64,
        balance_after: i64,
    },
    Refunded {
        redemption: u64,
        coupon: u64,
        amount: i64,
        balance_after: i64,
    },
    Refused {
        reason: u16,
        value: i64,
    },
    /// A stock or a budget.
    StockSet {
        from: u64,
        to: u64,
    },
    TemplateWritten {
        template: u32,
        version: u32,
    },
    /// Stopped, or resumed.
    TemplateSwitched {
        template: u32,
        stopped: bool,
    },
    TemplateVoided {
        template: u32,
    },
    /// The same again, under another request id.
    Joined {
        redemption: u64,
    },
    Held {
        coupon: u64,
        amount: i64,
        applied: i64,
        deadline_ms: i64,
    },
    Released {
        hold: u64,
    },
    Blocked {
        blocks: u8,
        revoked_holds: u32,
    },
    CheckedOut {
        parts: usize,
        amount: i64,
        payable: i64,
    },
    CheckoutReleased {
        checkout: u64,
    },
    CheckoutRefunded {
        checkout: u64,
        outside: i64,
        parts: usize,
    },
    Voided {
        amount: i64,
        revoked_holds: u32,
    },
    GiftOffered {
        coupon: u64,
        deadline_ms: i64,
    },
    /// Taken back, or expired.
    GiftEnded {
        gift: u64,
    },
    GiftAccepted {
        gift: u64,
        amount: i64,
    },
    Loaded {
        balance_after: i64,
    },
    Activated,
    Replaced {
        replacement: u64,
    },
    BatchTaken {
        count: u64,
        taken_ms: i64,
    },
    Imported {
        coupon: u64,
    },
    Other,
}
