//! What can be wrong, and the list of what was found.

use thiserror::Error;

/// How many violations are listed; all are counted.
pub const LISTED_MAX: usize = 20;

/// A promise that was not kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Violation {
    /// No answer at all.
    #[error("operation {operation} was never answered")]
    Unanswered {
        /// Which.
        operation: u64,
    },
    /// A coupon that went from friend to friend and is not where it was last accepted, or is also somewhere else.
    #[error(
        "coupon {coupon} was given {gifts} times; wallets show {were_given} that were given and {usable} that were not; who had it \
         last has it: {is_right}"
    )]
    Copies {
        /// Which of the run's coupons.
        coupon: u64,
        /// How often it was given.
        gifts: u64,
        /// Coupons in its friends' wallets that were given.
        were_given: u64,
        /// Others.
        usable: u64,
        /// Whether who accepted it last has it.
        is_right: bool,
    },
    /// Answers that belong to no open request.
    #[error("{count} answers belong to no open request")]
    Strays {
        /// How many.
        count: u64,
    },
    /// A first reply that claims to be a replay.
    #[error("operation {operation} was sent once and answered as a replay")]
    ReplayOfNothing {
        /// Which.
        operation: u64,
    },
    /// Not what had to become of it.
    #[error("operation {operation} had to be {expected}, and was {actual}")]
    WrongOutcome {
        /// Which.
        operation: u64,
        /// What had to become of it.
        expected: String,
        /// What did.
        actual: String,
    },
    /// More coupons than stock.
    #[error("template {template}: {accepted} coupons issued of a stock of {stock}")]
    Oversold {
        /// Place of the template.
        template: u32,
        /// Distinct coupons.
        accepted: u64,
        /// The stock.
        stock: u64,
    },
    /// Sold out was said too early.
    #[error("template {template}: SOLD_OUT was answered, but only {accepted} of {stock} were issued")]
    NotSoldOut {
        /// Place of the template.
        template: u32,
        /// Distinct coupons.
        accepted: u64,
        /// The stock.
        stock: u64,
    },
    /// Sold out was said, and then one was sold.
    #[error("operation {operation} was sent after SOLD_OUT had been answered, and was accepted")]
    AcceptedAfterSoldOut {
        /// Which.
        operation: u64,
    },
    /// More than one user may have.
    #[error("user {user} was issued {accepted} of template {template}, the limit is {limit}")]
    OverUserLimit {
        /// Number of the user.
        user: u64,
        /// Place of the template.
        template: u32,
        /// How many.
        accepted: u64,
        /// The limit.
        limit: u32,
    },
    /// One coupon for two claims.
    #[error("operations {first} and {second} were given the same coupon")]
    SameCoupon {
        /// One.
        first: u64,
        /// The other.
        second: u64,
    },
    /// One position for two writes.
    #[error("operations {first} and {second} both stand at partition {partition}, lsn {lsn}")]
    SamePosition {
        /// One.
        first: u64,
        /// The other.
        second: u64,
        /// Where.
        partition: u32,
        /// Where.
        lsn: u64,
    },
    /// A later write with a lower position.
    #[error("partition {partition}: operation {later} was sent after {earlier} had been answered, yet its lsn is lower")]
    OutOfOrder {
        /// Answered first, with the higher lsn.
        earlier: u64,
        /// Sent afterwards, with the lower lsn.
        later: u64,
        /// Where.
        partition: u32,
    },
    /// A retry with another reply.
    #[error("a retry of operation {operation} was given another reply than the first: {what}")]
    RetryDiffers {
        /// Which.
        operation: u64,
        /// In which way.
        what: &'static str,
    },
    /// A retry of an acknowledged operation was executed again, or lost its mark.
    #[error("a retry of operation {operation} was not marked as replayed")]
    RetryNotReplayed {
        /// Which.
        operation: u64,
    },
    /// A balance that does not follow from the one before.
    #[error("card {card}: operation {operation} left {actual} minor units, {expected} follow from the redemptions before it")]
    WrongBalanceAfter {
        /// Number of the card.
        card: u64,
        /// Which.
        operation: u64,
        /// What follows.
        expected: i64,
        /// What the reply said.
        actual: i64,
    },
    /// A balance that does not follow from the accepted redemptions.
    #[error("user {user}: the card shows {actual} minor units, {expected} follow from the accepted redemptions")]
    WrongBalance {
        /// Number of the user.
        user: u64,
        /// What follows.
        expected: i64,
        /// What the server shows.
        actual: i64,
    },
    /// An acknowledged coupon is not there.
    #[error("user {user}: {missing} acknowledged coupons are not in the wallet")]
    MissingCoupons {
        /// Number of the user.
        user: u64,
        /// How many.
        missing: u64,
    },
    /// A coupon is there that nobody acknowledged.
    #[error("user {user}: {surplus} coupons in the wallet were never acknowledged")]
    SurplusCoupons {
        /// Number of the user.
        user: u64,
        /// How many.
        surplus: u64,
    },
    /// The home partition's numbers contradict the client's.
    #[error("template {template}: {what} is {actual}, expected {expected}")]
    WrongStock {
        /// Place of the template.
        template: u32,
        /// Which number.
        what: &'static str,
        /// What follows.
        expected: u64,
        /// What the server shows.
        actual: u64,
    },
    /// An answer at a till that the model does not give.
    #[error("operation {operation}: {what}")]
    WrongAnswer {
        /// Which.
        operation: u64,
        /// What was told, and what follows.
        what: String,
    },
    /// An answer from elsewhere.
    #[error("operation {operation} was decided in partition {actual}, its coupon is in {expected}")]
    WrongPartition {
        /// Which.
        operation: u64,
        /// Where the coupon was issued.
        expected: u64,
        /// Where the answer stands.
        actual: u64,
    },
    /// A higher lsn with an earlier instant.
    #[error("partition {partition}: operation {later} stands behind {earlier} and tells an earlier instant")]
    TimeWentBack {
        /// With the lower lsn.
        earlier: u64,
        /// With the higher lsn.
        later: u64,
        /// Where.
        partition: u32,
    },
    /// A coupon is not shown as it stands.
    #[error("user {user}, coupon {coupon}: {what}")]
    WrongView {
        /// Number of the user.
        user: u64,
        /// The coupon's id.
        coupon: String,
        /// What is shown, and what follows.
        what: String,
    },
    /// An order's redemptions are not listed as they stand.
    #[error("order {order}: {what}")]
    WrongListing {
        /// Number of the order.
        order: u64,
        /// What is listed, and what follows.
        what: String,
    },
    /// Value was created or lost.
    #[error("the books do not add up: {what}")]
    Unconserved {
        /// What does not.
        what: String,
    },
    /// A snapshot or a replay failed, or found a difference.
    #[error("{what}")]
    Maintenance {
        /// What was asked, and what came of it.
        what: String,
    },
    /// A flood was not answered as it must be.
    #[error("overload: {what}")]
    Overload {
        /// How.
        what: String,
    },
    /// The data directory does not verify.
    #[error("`verify` {when}: {what}")]
    Unverified {
        /// After which event.
        when: String,
        /// The end of what it said.
        what: String,
    },
    /// Not as many rows of a file as follow from it.
    #[error("{actual} rows were {what}, {expected} follow from the file")]
    WrongRows {
        /// What became of them.
        what: &'static str,
        /// What follows.
        expected: u64,
        /// What was answered.
        actual: u64,
    },
    /// A trace gives other counts than its source says.
    #[error("coupon {coupon}: {actual} accepted, the trace says {expected}")]
    WrongCount {
        /// The coupon's number in the trace.
        coupon: String,
        /// What the trace says.
        expected: u64,
        /// What was accepted.
        actual: u64,
    },
}

/// What was checked and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Facts compared.
    pub checked: u64,
    /// Facts that were wrong.
    pub violations: u64,
    /// The first of them.
    pub listed: Vec<Violation>,
}

impl Findings {
    /// Compares one fact.
    #[inline]
    pub fn check(&mut self, holds: bool, otherwise: impl FnOnce() -> Violation) {
        self.checked += 1;
        if !holds {
            self.add(otherwise());
        }
    }

    /// Adds the findings of another part of the check.
    pub fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.violations += other.violations;
        let room = LISTED_MAX.saturating_sub(self.listed.len());
        self.listed.extend(other.listed.into_iter().take(room));
    }

    fn add(&mut self, violation: Violation) {
        self.violations += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(violation);
        }
    }
}
