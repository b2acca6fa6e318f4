//! Why something was refused: one enum, in order of precedence, with numbers that are never reused.
//!
//! When several reasons apply, the one with the lowest number is given. A [`Rejection`] is a
//! business answer; it travels in-band and is never an operating error.

use std::fmt;

/// Declares the reasons once: number, whether an identical retry may differ, and the sentence.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $wire:literal, $retry:literal, $sentence:literal;)*) => {
        /// The reasons of refusal, in order of precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Reason { $($(#[$doc])* #[doc = $sentence] $name = $number,)* }

        impl Reason {
            /// Every reason, in order of precedence.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];

            /// The name on the wire, UPPER_SNAKE.
            pub fn wire_name(self) -> &'static str {
                match self { $(Reason::$name => $wire),* }
            }

            /// Whether an identical retry may be answered differently.
            pub fn retry_may_differ(self) -> bool {
                match self { $(Reason::$name => $retry),* }
            }

            /// One sentence for people.
            pub fn sentence(self) -> &'static str {
                match self { $(Reason::$name => $sentence),* }
            }

            /// The reason with this stable number.
            pub fn from_number(number: u16) -> Option<Reason> {
                match number { $($number => Some(Reason::$name),)* _ => None }
            }
        }
    };
}

reasons! {
    InvalidArgument = 1, "INVALID_ARGUMENT", false, "a field is missing, malformed or beyond its limit";
    NotOwner = 2, "NOT_OWNER", true, "this node does not own the partition";
    Draining = 3, "DRAINING", true, "the server is shutting down; nothing was logged";
    Overloaded = 4, "OVERLOADED", true, "the server is at its limit; nothing was logged";
    LogFull = 5, "LOG_FULL", true, "the disk has no room for the log; nothing was logged";
    AmountOutOfRange = 6, "AMOUNT_OUT_OF_RANGE", false, "the amount is beyond what is counted";
    Recovering = 7, "RECOVERING", true, "the partition is still being recovered; nothing was logged";
    RequestIdReused = 10, "REQUEST_ID_REUSED", false, "the request id was used for another request; nothing was executed";
    RequestStoreFull = 11, "REQUEST_STORE_FULL", true, "too many remembered requests; none is forgotten early";
    OrderAlreadyRedeemed = 12, "ORDER_ALREADY_REDEEMED", false, "this order has redeemed this coupon already";
    LegacyCodeExists = 14, "LEGACY_CODE_EXISTS", false, "this code was imported by another row";
    TemplateVoid = 19, "TEMPLATE_VOID", false, "the template is void";
    TemplateNotFound = 20, "TEMPLATE_NOT_FOUND", true, "there is no such template";
    TemplateExists = 21, "TEMPLATE_EXISTS", false, "a template of this id exists";
    VersionMismatch = 22, "VERSION_MISMATCH", true, "the template has another version by now";
    CodeNotAccepted = 23, "CODE_NOT_ACCEPTED", false, "this code or coupon is not accepted";
    RedemptionNotFound = 24, "REDEMPTION_NOT_FOUND", false, "there is no such redemption";
    HoldNotFound = 25, "HOLD_NOT_FOUND", false, "there is no such hold";
    BatchNotFound = 26, "BATCH_NOT_FOUND", true, "there is no such batch";
    BatchExists = 27, "BATCH_EXISTS", false, "a batch of this id was begun with other numbers";
    CouponGiven = 28, "COUPON_GIVEN", false, "the coupon was given to somebody else";
    GiftEnded = 29, "GIFT_ENDED", false, "the gift was cancelled, or its time is over";
    TemplateStopped = 30, "TEMPLATE_STOPPED", true, "the template is stopped";
    CouponVoid = 31, "COUPON_VOID", false, "the coupon is void";
    CouponUsed = 32, "COUPON_USED", true, "the coupon is used";
    CouponFrozen = 33, "COUPON_FROZEN", true, "the coupon is frozen";
    CouponNotActivated = 34, "COUPON_NOT_ACTIVATED", true, "the coupon is not activated yet";
    CouponGifting = 35, "COUPON_GIFTING", true, "the coupon is being given to somebody";
    CouponHeld = 36, "COUPON_HELD", true, "the coupon is held for an order";
    HoldCaptured = 37, "HOLD_CAPTURED", false, "the hold was captured";
    HoldReleased = 38, "HOLD_RELEASED", false, "the hold was released";
    CouponActivated = 39, "COUPON_ACTIVATED", false, "the coupon is activated already";
    IssueNotStarted = 40, "ISSUE_NOT_STARTED", true, "the issue window has not begun";
    IssueEnded = 41, "ISSUE_ENDED", false, "the issue window has ended";
    UseNotStarted = 42, "USE_NOT_STARTED", true, "the coupon is not valid yet";
    CouponExpired = 43, "COUPON_EXPIRED", true, "the coupon has expired";
    HoldExpired = 44, "HOLD_EXPIRED", false, "the hold has expired";
    OutsideHours = 45, "OUTSIDE_HOURS", true, "this is not one of the template's hours of the week";
    ChannelNotAllowed = 46, "CHANNEL_NOT_ALLOWED", false, "the template is not for this channel";
    OutOfScope = 47, "OUT_OF_SCOPE", false, "the coupon is not for what is bought here";
    OrderLinesRequired = 48, "ORDER_LINES_REQUIRED", false, "the coupon looks at an order's lines, and none were given";
    CurrencyMismatch = 50, "CURRENCY_MISMATCH", false, "the amount is in another currency than the coupon";
    BelowThreshold = 51, "BELOW_THRESHOLD", false, "the order is below the threshold";
    NoEffect = 52, "NO_EFFECT", false, "the coupon would have no effect on this order";
    InsufficientBalance = 53, "INSUFFICIENT_BALANCE", true, "the balance is too small";
    AmountAboveHold = 54, "AMOUNT_ABOVE_HOLD", false, "the amount is above what is held";
    TooManyHolds = 55, "TOO_MANY_HOLDS", true, "the coupon has as many holds as one may have";
    BelowQuantity = 56, "BELOW_QUANTITY", false, "the order has fewer pieces than the coupon asks for";
    NotCombinable = 57, "NOT_COMBINABLE", false, "the coupon cannot stand beside another one of the order";
    NotACard = 58, "NOT_A_CARD", false, "this is no card with a balance";
    BalanceLimitReached = 59, "BALANCE_LIMIT_REACHED", true, "more would be on the card than may ever be";
    UserLimitReached = 60, "USER_LIMIT_REACHED", true, "the user has as many as one user may have";
    UserDayLimitReached = 61, "USER_DAY_LIMIT_REACHED", true, "the user has as many today as one user may have on a day";
    GiftToOneself = 62, "GIFT_TO_ONESELF", false, "nobody accepts their own gift";
    OrderInProgress = 63, "ORDER_IN_PROGRESS", true, "another request for this order waits for cards of other partitions";
    CheckoutTimedOut = 64, "CHECKOUT_TIMED_OUT", true, "the cards of other partitions did not answer in time; nothing is held";
    InstrumentsApart = 65, "INSTRUMENTS_APART", false, "discounts of several partitions are not used together";
    TemplateDayLimitReached = 66, "TEMPLATE_DAY_LIMIT_REACHED", true, "as many were given out today as may be on a day";
    BudgetExhausted = 67, "BUDGET_EXHAUSTED", true, "what is left of the budget covers no coupon more";
    BudgetMismatch = 68, "BUDGET_MISMATCH", true, "the budget has another total by now";
    BudgetUnlimited = 69, "BUDGET_UNLIMITED", false, "the template has no budget to raise";
    SoldOut = 70, "SOLD_OUT", true, "sold out";
    StockBusy = 71, "STOCK_BUSY", true, "the stock is being counted; nothing was logged";
    StockMismatch = 72, "STOCK_MISMATCH", true, "the stock has another total by now";
    StockUnlimited = 73, "STOCK_UNLIMITED", false, "the template has no stock to raise";
    AlreadyRefunded = 80, "ALREADY_REFUNDED", false, "the redemption was refunded already";
    RefundNotAllowed = 81, "REFUND_NOT_ALLOWED", false, "the template does not give this coupon back";
    RedemptionArchived = 82, "REDEMPTION_ARCHIVED", false, "the redemption is past its refund window";
    RefundExceedsCapture = 83, "REFUND_EXCEEDS_CAPTURE", false, "the refund is above what is left of the redemption";
    BatchNotComplete = 84, "BATCH_NOT_COMPLETE", true, "the cards of the batch are still being made";
    BatchTaken = 85, "BATCH_TAKEN", false, "the codes of the batch were downloaded already";
    NotTransferable = 87, "NOT_TRANSFERABLE", false, "the template does not let this coupon be given to somebody else";
    TemplateNotStopped = 88, "TEMPLATE_NOT_STOPPED", true, "the template is not stopped";
    PartOfCheckout = 89, "PART_OF_CHECKOUT", false, "it is part of a checkout, which is captured, released and refunded as one";
    HistoryTrimmed = 90, "HISTORY_TRIMMED", false, "the log no longer reaches back so far";
}

/// A refusal: the reason, the field it is about (empty if none) and one number whose meaning hangs
/// on the reason: a limit, a shortfall, what is available, a boundary in ms, a first lsn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The field that is wrong; empty unless the reason is `InvalidArgument` or `AmountOutOfRange`.
    pub field: &'static str,
    /// The number that belongs to the reason, 0 where none does.
    pub value: i64,
}

impl Rejection {
    /// A refusal with its number.
    pub const fn new(reason: Reason, value: i64) -> Rejection {
        Rejection { reason, field: "", value }
    }

    /// A field that is missing, malformed or beyond `limit`.
    pub const fn invalid(field: &'static str, limit: i64) -> Rejection {
        Rejection { reason: Reason::InvalidArgument, field, value: limit }
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Rejection {
        Rejection::new(reason, 0)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.wire_name(), self.reason.sentence())?;
        if !self.field.is_empty() {
            write!(f, " (field {}, limit {})", self.field, self.value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_in_order_of_precedence_and_lead_back() {
        assert!(Reason::ALL.windows(2).all(|pair| (pair[0] as u16) < (pair[1] as u16)));
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_number(reason as u16), Some(reason));
        }
        assert_eq!(Reason::from_number(0), None);
    }
}
