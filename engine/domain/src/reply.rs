//! Replies: what a caller hears when nothing was refused.
//!
//! The reply to a write is always made from remembered state, by the same function for the first
//! answer and for every replay, so they cannot differ.

mod checkout;

use crate::block::Blocks;
use crate::command::RedemptionCursor;
use crate::coupon::Life;
use crate::gift::GiftState;
use crate::hold::HoldState;
use crate::id::Id;
use crate::money::Currency;
use crate::rejection::Rejection;
use crate::terms::{Template, Terms, Window};
use std::sync::Arc;

pub use checkout::{CardRefund, CheckedOut, CheckoutRefunded, CheckoutReleased, Part};

/// The partition number that stands for the catalog in a write's position.
pub const CATALOG_PARTITION: u16 = u16::MAX;

/// Where a write stands in the log, and whether this is a repeated answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The partition.
    pub partition: u16,
    /// The lsn of the event.
    pub lsn: u64,
    /// Whether the request had been answered before.
    pub replayed: bool,
}

/// A coupon that was claimed or issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Where.
    pub written: Written,
    /// Its number.
    pub coupon: u64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// What its terms say to its owner.
    pub offer: Offer,
    /// Use window as fixed at issue.
    pub window: Window,
}

/// What a claim tells of the terms: by value, since a count of references that every thread moves would be waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The template.
    pub template: Id,
    /// Its version.
    pub version: u32,
    /// Its currency.
    pub currency: Currency,
    /// What is on a card; nothing for a one-use coupon.
    pub face_value: Option<i64>,
}

impl Offer {
    /// Of these terms.
    pub(crate) fn of(terms: &Terms) -> Offer {
        let Terms { template_id, version, currency, .. } = terms;
        let face_value = terms.is_stored_value().then(|| terms.face_value());
        Offer { template: template_id.clone(), version: *version, currency: *currency, face_value }
    }
}

/// What a redemption did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The coupon's number.
    pub coupon: u64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Whether it is a card, which has a balance.
    pub is_card: bool,
    /// Order amount, or what was to be charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// The card's balance after it; 0 for a one-use coupon.
    pub balance_after: i64,
}

/// A coupon used or a card charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// Where; the lsn names the redemption.
    pub written: Written,
    /// What happened.
    pub quote: Quote,
    /// When, ms.
    pub at_ms: i64,
    /// Whether it captured a hold that had ended before.
    pub reacquired: bool,
}

/// A redemption refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// Where.
    pub written: Written,
    /// The redemption: lsn of its event.
    pub redemption: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Whether it is a card, which has a balance.
    pub is_card: bool,
    /// What was given back.
    pub amount: i64,
    /// The card's balance after it; 0 for a one-use coupon.
    pub balance_after: i64,
    /// What the coupon is after it.
    pub life: Life,
    /// End of its validity after it, ms; 0 = none.
    pub until_ms: i64,
    /// When, ms.
    pub at_ms: i64,
    /// The new coupon that the amount is on, because this one is void.
    pub replacement: Option<Replacement>,
    /// What has to be paid outside, because the card's template is void: all of it or nothing.
    pub outside: i64,
}

/// How far the void of a template has come in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoidView {
    /// The template's number.
    pub template: u32,
    /// Its id.
    pub template_id: Id,
    /// Coupons that an event made void with it.
    pub coupons: u64,
    /// Value that is void by now, in minor units or in coupons that are used once.
    pub voided: i128,
    /// Value that is void and not counted so yet.
    pub left: i128,
    /// What holds that were kept hold.
    pub held: i128,
}

/// A coupon that stands for a void one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Its number.
    pub coupon: u64,
    /// Version of the key that seals its code.
    pub key_version: u8,
    /// Its use window as fixed then.
    pub window: Window,
}

/// Value set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Where; the lsn names the hold.
    pub written: Written,
    /// The coupon's number.
    pub coupon: u64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Order amount, or what is to be charged.
    pub amount: i64,
    /// The discount it fixes, or the charge.
    pub applied: i64,
    /// When it ends by itself, ms.
    pub deadline_ms: i64,
    /// When, ms.
    pub at_ms: i64,
}

/// A hold let go, or one that had ended already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Where.
    pub written: Written,
    /// The hold: lsn of its event.
    pub hold: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// How it ended.
    pub state: HoldState,
    /// When it ended, ms.
    pub ended_ms: i64,
    /// When this was answered for the first time, ms.
    pub at_ms: i64,
}

/// A coupon or an account frozen or unfrozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Where.
    pub written: Written,
    /// Every block after it.
    pub blocks: Blocks,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// When, ms.
    pub at_ms: i64,
}

/// A coupon made void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voided {
    /// Where.
    pub written: Written,
    /// What was available, revoked holds included.
    pub amount: i64,
    /// Live holds that were taken away.
    pub revoked_holds: u32,
    /// When, ms.
    pub at_ms: i64,
}

/// A coupon offered to whoever has the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiftOffered {
    /// Where.
    pub written: Written,
    /// The gift: lsn of its event.
    pub gift: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// When it ends by itself, ms.
    pub deadline_ms: i64,
    /// When, ms.
    pub at_ms: i64,
}

/// An offered coupon taken back, or one whose gift had ended already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiftCancelled {
    /// Where.
    pub written: Written,
    /// The gift: lsn of its event.
    pub gift: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// How it ended.
    pub state: GiftState,
    /// When it ended, ms.
    pub ended_ms: i64,
    /// When this was answered for the first time, ms.
    pub at_ms: i64,
}

/// A gift accepted: what was given is on its way, or has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiftAccepted {
    /// Where, in the sender's partition.
    pub written: Written,
    /// The gift: lsn of its event.
    pub gift: u64,
    /// The receiver's partition.
    pub to: u16,
    /// What its terms say to its owner.
    pub offer: Offer,
    /// What was given: money, or the one unit of a one-use coupon.
    pub amount: i64,
    /// Its use window.
    pub window: Window,
    /// When, ms.
    pub at_ms: i64,
}

/// A card of a batch activated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Where.
    pub written: Written,
    /// What its terms say to its holder.
    pub offer: Offer,
    /// Its use window as fixed then.
    pub window: Window,
    /// When, ms.
    pub at_ms: i64,
}

/// A gift as whoever has the token sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiftView {
    /// The gift: lsn of its event.
    pub gift: u64,
    /// What its terms say to its owner.
    pub offer: Offer,
    /// What was given, or would be now.
    pub amount: i64,
    /// The use window of its coupon.
    pub window: Window,
    /// When it ends by itself, ms.
    pub deadline_ms: i64,
    /// What became of it.
    pub state: GiftState,
    /// When it ended; 0 while it is open.
    pub ended_ms: i64,
    /// Partition and number of the receiver's coupon, as soon as the sender's partition has heard of it; only for the receiver.
    pub arrived: Option<(u16, u64)>,
    /// The instant that it was seen at, ms.
    pub at_ms: i64,
}

/// A balance changed by a reload or an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Where.
    pub written: Written,
    /// What can be spent after it.
    pub balance_after: i64,
    /// When, ms.
    pub at_ms: i64,
}

/// A card replaced by a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Where.
    pub written: Written,
    /// The new one.
    pub replacement: Replacement,
    /// When, ms.
    pub at_ms: i64,
}

/// A batch as its home knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// Where, if it was a write that was not answered before by how the batch stands.
    pub written: Option<Written>,
    /// The terms of its cards.
    pub terms: Arc<Terms>,
    /// How many cards, in all partitions.
    pub count: u64,
    /// When it was opened, ms.
    pub opened_ms: i64,
    /// When it was complete, ms; 0 = not yet.
    pub completed_ms: i64,
    /// When its codes were taken, ms; 0 = not yet.
    pub taken_ms: i64,
}

/// What one partition made of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareView {
    /// Where, if it was a write.
    pub written: Option<Written>,
    /// How many cards it makes in all; 0 = it has not begun.
    pub wanted: u64,
    /// How many it has made.
    pub made: u64,
}

/// A page of a batch's cards in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPage {
    /// Number and key version of each, newest first.
    pub cards: Vec<(u64, u8)>,
    /// Where the next page begins.
    pub next: Option<u64>,
}

/// Where the ledger of a card begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerStart {
    /// Lsn of its latest event.
    pub last: u64,
    /// What is on it after that event, what is held included.
    pub balance: i64,
    /// Its currency.
    pub currency: Currency,
}

/// A card or coupon of another house, taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Where.
    pub written: Written,
    /// Its number.
    pub coupon: u64,
}

/// One redemption of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionView {
    /// Lsn of its event.
    pub redemption: u64,
    /// The coupon's number.
    pub coupon: u64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Order amount, or what was charged.
    pub amount: i64,
    /// Discount given, or charge made.
    pub applied: i64,
    /// What of it was refunded.
    pub refunded: i64,
    /// When, ms.
    pub at_ms: i64,
    /// The checkout that it is part of: lsn of its event.
    pub checkout: Option<u64>,
}

/// A coupon as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponView {
    /// Its number.
    pub coupon: u64,
    /// Lsn of its latest event: where its history begins.
    pub last: u64,
    /// Its terms.
    pub terms: Arc<Terms>,
    /// What it is at this instant.
    pub life: Life,
    /// Use window as it stands.
    pub window: Window,
    /// What can be spent; of a one-use coupon 1 or 0.
    pub available: i64,
    /// What was spent and not refunded.
    pub captured: i64,
    /// What live holds set aside.
    pub held: i64,
    /// What expired.
    pub expired: i64,
    /// What was made void.
    pub voided: i64,
    /// What was given to somebody else.
    pub given: i64,
    /// What it came with, if it came as a gift.
    pub received: i64,
    /// How many live holds there are.
    pub live_holds: u32,
    /// Why it may not be used for now.
    pub blocks: Blocks,
    /// The same of its user's account.
    pub account_blocks: Blocks,
    /// Whether its state and its window let it be used at this instant.
    pub may_be_used: Result<(), Rejection>,
}

impl CouponView {
    /// Whether people call it frozen: it would be active, were it not blocked.
    pub fn is_frozen(&self) -> bool {
        matches!(self.life, Life::Active | Life::Gifting) && (self.blocks.is_frozen() || self.account_blocks.is_frozen())
    }
}

/// A hold as it stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldView {
    /// The lsn of its event, which names it.
    pub hold: u64,
    /// Order amount, or what is to be charged.
    pub amount: i64,
    /// The discount it fixes, or the charge.
    pub applied: i64,
    /// What it took from the coupon.
    pub held: i64,
    /// When it ends by itself.
    pub deadline_ms: i64,
    /// What became of it.
    pub state: HoldState,
    /// When it ended; 0 while it lives.
    pub ended_ms: i64,
    /// The lsn of the redemption that it became; 0 = none.
    pub redemption: u64,
}

/// A page of coupons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponPage {
    /// Newest first.
    pub coupons: Vec<CouponView>,
    /// Where the next page begins.
    pub next: Option<u64>,
    /// The instant that it was seen at, ms.
    pub at_ms: i64,
}

/// What is left of a template, as its home knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockView {
    /// Its stock, if it has one.
    pub stock: Option<PoolView>,
    /// Its present local day, if it limits days.
    pub day: Option<DayView>,
    /// Its budget, if it has one; minor units.
    pub budget: Option<PoolView>,
}

/// What may be given out on one local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayView {
    /// In days since 1970-01-01.
    pub day: i32,
    /// What is left of it.
    pub pool: PoolView,
}

/// A pool as its home knows it: total = free + leased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolView {
    /// Whether anybody asked for it yet.
    pub opened: bool,
    /// Pieces in all.
    pub total: u64,
    /// Granted to nobody.
    pub free: u64,
    /// Granted to partitions and not reclaimed: unsold there, on the way, or issued.
    pub leased: u64,
}

/// What a partition knows of a stock without asking its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockBelief {
    /// It has none: as many as are asked for.
    Unlimited,
    /// A piece is here.
    Here,
    /// The home would be asked.
    NotKnown,
    /// The home said lately that every piece of this total is sold.
    SoldOut {
        /// The total.
        total: u64,
    },
}

/// How many more a user may claim; `None` = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftForUser {
    /// In all.
    pub in_all: Option<u32>,
    /// On this local day.
    pub today: Option<u32>,
}

/// A template that can be claimed, or could be but for the user's limits or the stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimable {
    /// The template.
    pub template: Arc<Template>,
    /// When a coupon claimed now may be used.
    pub window: Window,
    /// What is believed of its stock.
    pub stock: StockBelief,
    /// What is left for the user, of a question that names one.
    pub left: LeftForUser,
    /// What a claim would be refused for.
    pub refusal: Option<Rejection>,
}

/// A page of claimable templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimablePage {
    /// In the order of their creation.
    pub templates: Vec<Claimable>,
    /// The first number of the next page.
    pub next: Option<u32>,
    /// The instant that it was seen at, ms.
    pub at_ms: i64,
}

/// A page of one partition's redemptions by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionPage {
    /// Newest first.
    pub redemptions: Vec<RedemptionView>,
    /// The last that was looked at: what stands above it, or there, has been looked at. `None` = all of them.
    pub seen_to: Option<RedemptionCursor>,
}

/// Every reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To a claim or an issue.
    Claimed(Claimed),
    /// To a validation.
    Quote(Quote),
    /// To a redemption or a capture.
    Redeemed(Redeemed),
    /// To a refund.
    Refunded(Refunded),
    /// To a hold; a capture is answered as the redemption that it made.
    Held(Held),
    /// To a release.
    Released(Released),
    /// To a freeze or an unfreeze.
    Blocked(Blocked),
    /// To a void.
    Voided(Voided),
    /// To an order that is held, redeemed or captured.
    CheckedOut(CheckedOut),
    /// To a release of an order.
    CheckoutReleased(CheckoutReleased),
    /// To a refund of an order.
    CheckoutRefunded(CheckoutRefunded),
    /// To an offer of a gift.
    GiftOffered(GiftOffered),
    /// To a cancelling of a gift.
    GiftCancelled(GiftCancelled),
    /// To an accepting of a gift. Apart, because it is large and replies are moved.
    GiftAccepted(Box<GiftAccepted>),
    /// To a question for a gift.
    Gift(Box<GiftView>),
    /// To a question for an order's redemptions, newest first.
    Redemptions(Vec<RedemptionView>),
    /// To a question for redemptions of some time.
    RedemptionPage(RedemptionPage),
    /// To a question for what can be claimed.
    Claimable(ClaimablePage),
    /// To a question for one coupon.
    Coupon(CouponView),
    /// To a question for a wallet.
    Coupons(CouponPage),
    /// To an owner who asks for the code.
    Revealed {
        /// The coupon's number.
        coupon: u64,
        /// Version of the key that seals its code.
        key_version: u8,
    },
    /// To a raise; `written` is absent when it was only validated.
    StockRaised {
        /// Where.
        written: Option<Written>,
        /// The total after it.
        total: u64,
    },
    /// To a question for a stock.
    Stock(Box<StockView>),
    /// To a question for, or a write of, a template.
    Template {
        /// Where, if it was a write that was not only validated.
        written: Option<Written>,
        /// The template.
        template: Arc<Template>,
    },
    /// To a question for how far the void of templates has come.
    Voids(Vec<VoidView>),
    /// To what is written or asked of a batch at its home.
    Batch(BatchView),
    /// To a run of cards, or a question for how far they are.
    Share(ShareView),
    /// A page of a batch's cards.
    Cards(CardPage),
    /// To an activation.
    Activated(Activated),
    /// To a reload or an adjustment.
    Loaded(Loaded),
    /// To a replacement.
    Replaced(Replaced),
    /// To an import.
    Imported(Imported),
    /// To a question for a ledger.
    Ledger(LedgerStart),
    /// A page of templates.
    Templates {
        /// In the order of their creation.
        templates: Vec<Arc<Template>>,
        /// The first number of the next page.
        next: Option<u32>,
    },
}

impl Reply {
    /// Where the write stands, if it was one.
    pub fn written(&self) -> Option<Written> {
        match self {
            Reply::Claimed(claimed) => Some(claimed.written),
            Reply::Redeemed(redeemed) => Some(redeemed.written),
            Reply::Refunded(refunded) => Some(refunded.written),
            Reply::Held(held) => Some(held.written),
            Reply::Released(released) => Some(released.written),
            Reply::Blocked(blocked) => Some(blocked.written),
            Reply::Voided(voided) => Some(voided.written),
            Reply::CheckedOut(checkout) => Some(checkout.written),
            Reply::CheckoutReleased(released) => Some(released.written),
            Reply::CheckoutRefunded(refunded) => Some(refunded.written),
            Reply::GiftOffered(offered) => Some(offered.written),
            Reply::GiftCancelled(cancelled) => Some(cancelled.written),
            Reply::GiftAccepted(accepted) => Some(accepted.written),
            Reply::Activated(activated) => Some(activated.written),
            Reply::Loaded(loaded) => Some(loaded.written),
            Reply::Replaced(replaced) => Some(replaced.written),
            Reply::Imported(imported) => Some(imported.written),
            Reply::Batch(batch) => batch.written,
            Reply::Share(share) => share.written,
            Reply::StockRaised { written, .. } | Reply::Template { written, .. } => *written,
            _ => None,
        }
    }
}
