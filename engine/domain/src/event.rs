//! Events: what happened, with the numbers that were decided. The journal holds nothing else.
//!
//! Each struct is the body of one released (kind, version) and is never edited: a change is a new
//! struct with a new version. Texts borrow from the command that caused the event or from the
//! journal that is replayed, so neither path allocates. Bodies are made of primitives only; meaning
//! is given to them by `apply`.

mod batch;
mod card;
mod checkout;
mod gift;
mod hold;
mod legacy;
mod operator;
mod pool;
mod rules;
mod saga;
mod time;

use crate::codec::{BorrowDecode, Encode};

pub use batch::{BatchMarked, BatchOpened, CardsMade};
pub use card::{Activated, Adjusted, Reloaded, Replaced};
pub use checkout::{
    CheckedOut, CheckoutBody, CheckoutRefunded, CheckoutReleased, LineBody, OrderBody, PartCaptured, PartHeld, PartRedeemed,
    PartRefunded, PartReleased, ReturnsBody,
};
pub use gift::{GIFT_CANCELLED, GIFT_EXPIRED, GiftAccepted, GiftArrived, GiftEnded, GiftOffered, GiftReceived};
pub use hold::{Captured, EXPIRED, Held, HoldEnded, RELEASED};
pub use legacy::CardImported;
pub use operator::{CouponBlocked, TermsVoided, UserBlocked, Voided, VoidedWithTemplate};
pub use pool::{BudgetSet, DayDropped, PoolLeased, PoolOpened, Restocked, Step};
pub use rules::{DisplayBody, RulesBody, RulesBodyV2, RulesBodyV3};
pub use saga::{
    CLOSED, CapturedApart, LET_GO, PledgeEnded, Pledged, RefundedApart, RefundedApartV1, SagaAnswered, SagaBody, SagaCheckedOut,
    SagaEnded, SagaOpened, SagaRefused, TenderBody, TenderedBody,
};
pub use time::{CHECKOUT_REFUNDS, CHECKOUTS, Expired, Forgotten, GIFTS, HOLDS, REDEMPTIONS, REFUNDS, RequestsForgotten};

/// The write request that an event answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Request<'a> {
    /// The caller's `request_id`.
    pub id: &'a str,
    /// The keyed hash of what was asked.
    pub fingerprint: u64,
}

/// The rules of one template version, in primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TermsBody<'a> {
    /// Dense number of the template.
    pub template: u32,
    /// Version, from 1.
    pub version: u32,
    /// Id of the template.
    pub template_id: &'a str,
    /// 1 percent off, 2 amount off, 3 stored value; 4 quantity off, 5 cash voucher, 6 exchange voucher.
    pub kind: u8,
    /// Percent: pay in basis points. Amount off: threshold. Stored value: face value. Quantity off and exchange: pieces. Cash: amount.
    pub first: i64,
    /// Percent: cap, 0 = none. Amount off and quantity off: amount. Others: 0.
    pub second: i64,
    /// ISO 4217.
    pub currency: [u8; 3],
    /// 0 half up, 1 floor, 2 ceil, 3 half even.
    pub rounding: u8,
    /// Issue window, ms.
    pub issue_from_ms: i64,
    /// Issue window, ms; 0 = no end.
    pub issue_until_ms: i64,
    /// 1 fixed, 2 dynamic, 3 natural days, 4 at issue.
    pub validity: u8,
    /// Fixed: from. Dynamic and days: wait. At issue: 0.
    pub validity_first_ms: i64,
    /// Fixed: until. Dynamic: length. Days: how many. At issue: 0.
    pub validity_second_ms: i64,
    /// 0 = no limit.
    pub per_user_limit: u32,
    /// Sold from a stock.
    pub limited: bool,
    /// 0 full, 1 never.
    pub refund: u8,
}

/// A partition adopts the terms of a template version, before their first use: the first version, which is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TermsAdoptedV1<'a> {
    /// The partition's dense number for them.
    pub terms: u32,
    /// The terms.
    pub body: TermsBody<'a>,
}

/// A partition adopts the terms of a template version, before their first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TermsAdopted<'a> {
    /// The partition's dense number for them.
    pub terms: u32,
    /// The terms.
    pub body: TermsBody<'a>,
    /// What they say beside it: a [`RulesBody`], or nothing.
    pub rules: &'a [u8],
}

/// A user got a coupon: the first version, which is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ClaimedV1<'a> {
    /// The coupon's number in this partition, dense from 0.
    pub coupon: u64,
    /// The adopted terms.
    pub terms: u32,
    /// Who.
    pub user: &'a str,
    /// The operation: claimed by the user or issued to them.
    pub operation: u8,
    /// The request.
    pub request: Request<'a>,
    /// Use window, ms.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// What it holds at first: its face value, or the one unit of a one-use coupon.
    pub loaded: i64,
}

/// A user got a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Claimed<'a> {
    /// The coupon's number in this partition, dense from 0.
    pub coupon: u64,
    /// The adopted terms.
    pub terms: u32,
    /// Who.
    pub user: &'a str,
    /// The operation: claimed by the user or issued to them.
    pub operation: u8,
    /// The request.
    pub request: Request<'a>,
    /// Use window, ms.
    pub use_from_ms: i64,
    /// Use window, ms; 0 = no end.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// What it holds at first: its face value, or the one unit of a one-use coupon.
    pub loaded: i64,
    /// The local day that it is counted on, in days since 1970-01-01, where its template counts days.
    pub day: Option<i32>,
}

/// A coupon was used or a card charged. The redemption is named by the lsn of this event. The body of two versions: by the
/// second one the redemption is found by its order alone, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Redeemed<'a> {
    /// Which coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// At which merchant.
    pub merchant: &'a str,
    /// For which order.
    pub order: &'a str,
    /// The request.
    pub request: Request<'a>,
    /// Order amount, or what was to be charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// What left the coupon: the charge, or the one unit of a one-use coupon.
    pub captured: i64,
}

/// A write was refused for a business reason that a retry must hear again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Refused<'a> {
    /// The operation.
    pub operation: u8,
    /// What it was about: a coupon's number, a redemption's lsn.
    pub subject: u128,
    /// The request.
    pub request: Request<'a>,
    /// Stable number of the reason.
    pub reason: u16,
    /// The number that belongs to it.
    pub value: i64,
}

/// A redemption was refunded, as a whole: the first version, which is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RefundedV1<'a> {
    /// The redemption: lsn of its event.
    pub redemption: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// The request.
    pub request: Request<'a>,
    /// What of `applied` was given back.
    pub amount: i64,
    /// What came back to the coupon: money, the one unit of a one-use coupon, or nothing.
    pub restored: i64,
    /// New end of a card that had expired, ms; 0 = unchanged.
    pub reopened_until_ms: i64,
}

/// A redemption was refunded, as a whole or in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Refunded<'a> {
    /// The redemption: lsn of its event.
    pub redemption: u64,
    /// Its coupon.
    pub coupon: u64,
    /// Lsn of the coupon's previous event.
    pub previous: u64,
    /// The request.
    pub request: Request<'a>,
    /// What of `applied` was given back.
    pub amount: i64,
    /// What came back to the coupon: money, the one unit of a one-use coupon, or nothing.
    pub restored: i64,
    /// New end of a card that had expired, ms; 0 = unchanged.
    pub reopened_until_ms: i64,
    /// The new coupon that `amount` is loaded onto because this one is void: its number + 1; 0 = none, and then what follows is 0.
    pub replacement: u64,
    /// Its use window, ms.
    pub use_from_ms: i64,
    /// Its use window, ms.
    pub use_until_ms: i64,
    /// Version of the key that seals its code.
    pub key_version: u8,
}

/// Somebody asked once more under another request id: they are given the first outcome, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Joined<'a> {
    /// The operation.
    pub operation: u8,
    /// What it was about, in the operation's own terms.
    pub subject: u128,
    /// The request.
    pub request: Request<'a>,
    /// Whose outcome it shares, by lsn: of a redeem or a capture the redemption, of a release the hold, of an order the checkout.
    pub redemption: u64,
}

/// Home opened the stock of a template, at its first demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct StockOpened {
    /// The template.
    pub template: u32,
    /// Pieces.
    pub total: u64,
}

/// The stock was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct StockSet<'a> {
    /// The template.
    pub template: u32,
    /// Total before.
    pub from: u64,
    /// Total after.
    pub to: u64,
    /// The request.
    pub request: Request<'a>,
}

/// One of the four lease events; `count` is cumulative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Lease {
    /// The template.
    pub template: u32,
    /// The lessee (at home), or 0 (at the lessee itself).
    pub partition: u16,
    /// The new cumulative count.
    pub count: u64,
}

/// A message entered the outbox of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct LineSent<'a> {
    /// The destination.
    pub to: u16,
    /// The message's number on this line, from 1.
    pub number: u64,
    /// The message: kind, version, body.
    pub message: &'a [u8],
}

/// The next message of a line arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct LineReceived {
    /// The source.
    pub from: u16,
    /// The highest number received.
    pub number: u64,
}

/// The destination has acknowledged messages; they leave the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct LineAcknowledged {
    /// The destination.
    pub to: u16,
    /// Everything up to this number.
    pub through: u64,
}

/// A template was created (version 1) or updated (a later version): the first version, which is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TemplateWrittenV1<'a> {
    /// Number, version, id and rules.
    pub body: TermsBody<'a>,
    /// For people.
    pub display_name: &'a str,
    /// Pieces at creation; `None` = unlimited.
    pub stock: Option<u64>,
    /// The request.
    pub request: Request<'a>,
}

/// A template was created (version 1) or updated (a later version).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TemplateWritten<'a> {
    /// Number, version, id and numbers.
    pub body: TermsBody<'a>,
    /// What it says beside them: a [`RulesBody`], or nothing.
    pub rules: &'a [u8],
    /// For people: a [`DisplayBody`].
    pub display: &'a [u8],
    /// Pieces at creation; 0 where it is not sold from a stock.
    pub stock: u64,
    /// The request.
    pub request: Request<'a>,
}

/// A template was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TemplateStopped<'a> {
    /// The template.
    pub template: u32,
    /// The request.
    pub request: Request<'a>,
}

/// A stopped template issues again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TemplateResumed<'a> {
    /// The template.
    pub template: u32,
    /// The request.
    pub request: Request<'a>,
}

/// A template was made void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub struct TemplateVoided<'a> {
    /// The template.
    pub template: u32,
    /// Whether live holds are taken away.
    pub revoke_holds: bool,
    /// Why, for people.
    pub reason: &'a str,
    /// The request.
    pub request: Request<'a>,
}

/// Everything that can happen to a partition or to the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// See [`TermsAdoptedV1`].
    TermsAdoptedV1(TermsAdoptedV1<'a>),
    /// See [`TermsAdopted`].
    TermsAdopted(TermsAdopted<'a>),
    /// See [`ClaimedV1`].
    ClaimedV1(ClaimedV1<'a>),
    /// See [`Claimed`].
    Claimed(Claimed<'a>),
    /// See [`Redeemed`]; the first version, which is only read.
    RedeemedV1(Redeemed<'a>),
    /// See [`Redeemed`].
    Redeemed(Redeemed<'a>),
    /// See [`Refused`].
    Refused(Refused<'a>),
    /// See [`RefundedV1`].
    RefundedV1(RefundedV1<'a>),
    /// See [`Refunded`].
    Refunded(Refunded<'a>),
    /// See [`RequestsForgotten`].
    RequestsForgotten(RequestsForgotten),
    /// See [`Joined`].
    Joined(Joined<'a>),
    /// See [`Held`].
    Held(Held<'a>),
    /// See [`Captured`].
    Captured(Captured<'a>),
    /// See [`HoldEnded`].
    HoldEnded(HoldEnded<'a>),
    /// See [`CouponBlocked`].
    CouponBlocked(CouponBlocked<'a>),
    /// See [`UserBlocked`].
    UserBlocked(UserBlocked<'a>),
    /// See [`Expired`].
    Expired(Expired),
    /// See [`Voided`].
    Voided(Voided<'a>),
    /// See [`Forgotten`].
    Forgotten(Forgotten),
    /// See [`StockOpened`].
    StockOpened(StockOpened),
    /// See [`StockSet`].
    StockSet(StockSet<'a>),
    /// Home granted pieces: `count` = granted to `partition` in all.
    LeaseGranted(Lease),
    /// Home took pieces back: `count` = reclaimed from `partition` in all.
    LeaseReclaimed(Lease),
    /// A lessee received a grant: `count` = received in all.
    LeaseReceived(Lease),
    /// A lessee gave pieces back: `count` = returned in all.
    LeaseReturned(Lease),
    /// See [`PartHeld`].
    PartHeld(PartHeld<'a>),
    /// See [`PartRedeemed`].
    PartRedeemed(PartRedeemed<'a>),
    /// See [`PartCaptured`].
    PartCaptured(PartCaptured),
    /// See [`PartReleased`].
    PartReleased(PartReleased),
    /// See [`PartRefunded`].
    PartRefunded(PartRefunded),
    /// See [`CheckedOut`].
    CheckedOut(CheckedOut<'a>),
    /// See [`CheckoutReleased`].
    CheckoutReleased(CheckoutReleased<'a>),
    /// See [`CheckoutRefunded`].
    CheckoutRefunded(CheckoutRefunded<'a>),
    /// See [`SagaOpened`].
    SagaOpened(SagaOpened<'a>),
    /// See [`SagaAnswered`].
    SagaAnswered(SagaAnswered<'a>),
    /// See [`LineSent`].
    LineSent(LineSent<'a>),
    /// See [`LineReceived`].
    LineReceived(LineReceived),
    /// See [`LineAcknowledged`].
    LineAcknowledged(LineAcknowledged),
    /// See [`SagaCheckedOut`].
    SagaCheckedOut(SagaCheckedOut<'a>),
    /// See [`SagaRefused`].
    SagaRefused(SagaRefused),
    /// See [`SagaEnded`].
    SagaEnded(SagaEnded),
    /// See [`CapturedApart`].
    CapturedApart(CapturedApart<'a>),
    /// See [`RefundedApartV1`].
    RefundedApartV1(RefundedApartV1<'a>),
    /// See [`RefundedApart`].
    RefundedApart(RefundedApart<'a>),
    /// See [`GiftOffered`].
    GiftOffered(GiftOffered<'a>),
    /// See [`GiftEnded`].
    GiftEnded(GiftEnded<'a>),
    /// See [`GiftAccepted`].
    GiftAccepted(GiftAccepted<'a>),
    /// See [`GiftReceived`].
    GiftReceived(GiftReceived<'a>),
    /// See [`GiftArrived`].
    GiftArrived(GiftArrived),
    /// See [`PoolOpened`].
    PoolOpened(PoolOpened),
    /// See [`BudgetSet`].
    BudgetSet(BudgetSet<'a>),
    /// See [`PoolLeased`].
    PoolLeased(PoolLeased),
    /// See [`Restocked`].
    Restocked(Restocked),
    /// See [`DayDropped`].
    DayDropped(DayDropped),
    /// A hold of a checkout that had ended became a redemption all the same: what was captured was still available. See [`PartCaptured`].
    PartReacquired(PartCaptured),
    /// See [`Pledged`].
    Pledged(Pledged),
    /// See [`PledgeEnded`].
    PledgeEnded(PledgeEnded),
    /// See [`BatchOpened`].
    BatchOpened(BatchOpened<'a>),
    /// See [`CardsMade`].
    CardsMade(CardsMade<'a>),
    /// Every card of a batch was made.
    BatchCompleted(BatchMarked<'a>),
    /// The download of a batch was taken.
    BatchTaken(BatchMarked<'a>),
    /// See [`Activated`].
    Activated(Activated<'a>),
    /// See [`Reloaded`].
    Reloaded(Reloaded<'a>),
    /// See [`Adjusted`].
    Adjusted(Adjusted<'a>),
    /// See [`Replaced`].
    Replaced(Replaced<'a>),
    /// See [`CardImported`].
    CardImported(CardImported<'a>),
    /// A new template; the first version, which is only read.
    TemplateCreatedV1(TemplateWrittenV1<'a>),
    /// A new template.
    TemplateCreated(TemplateWritten<'a>),
    /// A new version of a template; the first version, which is only read.
    TemplateUpdatedV1(TemplateWrittenV1<'a>),
    /// A new version of a template.
    TemplateUpdated(TemplateWritten<'a>),
    /// See [`TemplateStopped`].
    TemplateStopped(TemplateStopped<'a>),
    /// See [`TermsVoided`].
    TermsVoided(TermsVoided),
    /// See [`VoidedWithTemplate`].
    VoidedWithTemplate(VoidedWithTemplate),
    /// See [`TemplateVoided`].
    TemplateVoided(TemplateVoided<'a>),
    /// See [`TemplateResumed`].
    TemplateResumed(TemplateResumed<'a>),
}

impl<'a> TermsAdoptedV1<'a> {
    /// The same in today's form.
    pub(crate) fn today(&self) -> TermsAdopted<'a> {
        TermsAdopted { terms: self.terms, body: self.body, rules: &[] }
    }
}

impl<'a> ClaimedV1<'a> {
    /// The same in today's form.
    pub fn today(&self) -> Claimed<'a> {
        let ClaimedV1 { coupon, terms, user, operation, request, use_from_ms, use_until_ms, key_version, loaded } = *self;
        Claimed { coupon, terms, user, operation, request, use_from_ms, use_until_ms, key_version, loaded, day: None }
    }
}

impl<'a> Redeemed<'a> {
    /// What happens, without whose request it answers.
    #[inline]
    pub(crate) fn part(&self) -> PartRedeemed<'a> {
        let Redeemed { coupon, previous, merchant, order, amount, applied, captured, .. } = *self;
        PartRedeemed { coupon, previous, merchant, order, amount, applied, captured }
    }
}

impl Refunded<'_> {
    /// What happens, without whose request it answers.
    #[inline]
    pub(crate) fn part(&self) -> PartRefunded {
        let Refunded { redemption, coupon, previous, amount, restored, reopened_until_ms, .. } = *self;
        let Refunded { replacement, use_from_ms, use_until_ms, key_version, .. } = *self;
        PartRefunded {
            redemption,
            coupon,
            previous,
            amount,
            restored,
            reopened_until_ms,
            replacement,
            use_from_ms,
            use_until_ms,
            key_version,
        }
    }
}

impl PartRefunded {
    /// The same, as it answers a request of its own.
    pub fn asked_by<'a>(&self, request: Request<'a>) -> Refunded<'a> {
        let PartRefunded { redemption, coupon, previous, amount, restored, reopened_until_ms, .. } = *self;
        let PartRefunded { replacement, use_from_ms, use_until_ms, key_version, .. } = *self;
        Refunded {
            redemption,
            coupon,
            previous,
            request,
            amount,
            restored,
            reopened_until_ms,
            replacement,
            use_from_ms,
            use_until_ms,
            key_version,
        }
    }
}

impl Event<'_> {
    /// The coupon that it is about, if it is about one.
    pub fn coupon(&self) -> Option<u64> {
        match self {
            Event::ClaimedV1(event) => Some(event.coupon),
            Event::Claimed(event) => Some(event.coupon),
            Event::RedeemedV1(event) | Event::Redeemed(event) => Some(event.coupon),
            Event::RefundedV1(event) => Some(event.coupon),
            Event::Refunded(event) => Some(event.coupon),
            Event::Held(event) => Some(event.coupon),
            Event::Captured(event) => Some(event.coupon),
            Event::HoldEnded(event) => Some(event.coupon),
            Event::CouponBlocked(event) => Some(event.coupon),
            Event::Expired(event) => Some(event.coupon),
            Event::Voided(event) => Some(event.coupon),
            Event::VoidedWithTemplate(event) => Some(event.coupon),
            Event::PartHeld(event) => Some(event.coupon),
            Event::PartRedeemed(event) => Some(event.coupon),
            Event::PartCaptured(event) | Event::PartReacquired(event) => Some(event.coupon),
            Event::PartReleased(event) => Some(event.coupon),
            Event::PartRefunded(event) => Some(event.coupon),
            Event::GiftOffered(event) => Some(event.coupon),
            Event::GiftEnded(event) => Some(event.coupon),
            Event::GiftAccepted(event) => Some(event.coupon),
            Event::GiftReceived(event) => Some(event.coupon),
            Event::Activated(event) => Some(event.coupon),
            Event::Reloaded(event) => Some(event.coupon),
            Event::Adjusted(event) => Some(event.coupon),
            Event::Replaced(event) => Some(event.coupon),
            Event::CardImported(event) => Some(event.coupon),
            _ => None,
        }
    }

    /// Whether it made this coupon: then the coupon's history begins with it, whatever else it is about.
    pub fn makes(&self, coupon: u64) -> bool {
        match self {
            Event::ClaimedV1(event) => event.coupon == coupon,
            Event::Claimed(event) => event.coupon == coupon,
            Event::CardsMade(event) => coupon.checked_sub(event.first).is_some_and(|at| at < u64::from(event.count)),
            Event::CardImported(event) => event.coupon == coupon,
            event => event.replacement() == Some(coupon),
        }
    }

    /// The new card that stands for its coupon from then on, if it made one.
    pub fn replacement(&self) -> Option<u64> {
        match self {
            Event::Refunded(event) => event.replacement.checked_sub(1),
            Event::PartRefunded(event) => event.replacement.checked_sub(1),
            Event::Replaced(event) => Some(event.replacement),
            _ => None,
        }
    }

    /// Lsn of its coupon's event before it: 0 for the first, `None` if it is about no coupon.
    pub fn previous(&self) -> Option<u64> {
        match self {
            Event::ClaimedV1(_) | Event::Claimed(_) | Event::GiftReceived(_) | Event::CardImported(_) => Some(0),
            Event::RedeemedV1(event) | Event::Redeemed(event) => Some(event.previous),
            Event::RefundedV1(event) => Some(event.previous),
            Event::Refunded(event) => Some(event.previous),
            Event::Held(event) => Some(event.previous),
            Event::Captured(event) => Some(event.previous),
            Event::HoldEnded(event) => Some(event.previous),
            Event::CouponBlocked(event) => Some(event.previous),
            Event::Expired(event) => Some(event.previous),
            Event::Voided(event) => Some(event.previous),
            Event::VoidedWithTemplate(event) => Some(event.previous),
            Event::PartHeld(event) => Some(event.previous),
            Event::PartRedeemed(event) => Some(event.previous),
            Event::PartCaptured(event) | Event::PartReacquired(event) => Some(event.previous),
            Event::PartReleased(event) => Some(event.previous),
            Event::PartRefunded(event) => Some(event.previous),
            Event::GiftOffered(event) => Some(event.previous),
            Event::GiftEnded(event) => Some(event.previous),
            Event::GiftAccepted(event) => Some(event.previous),
            Event::Activated(event) => Some(event.previous),
            Event::Reloaded(event) => Some(event.previous),
            Event::Adjusted(event) => Some(event.previous),
            Event::Replaced(event) => Some(event.previous),
            _ => None,
        }
    }
}
