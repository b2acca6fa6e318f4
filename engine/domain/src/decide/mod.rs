//! Decide: from state, command and time to what happens. Changes nothing, asks nobody.
//!
//! One file a family of commands. Checks run in the order of [`Reason`](crate::Reason)'s numbers, so
//! the first failing check is the refusal. What a write answers is read back from what `apply`
//! remembered (`recall`), never composed beside it.

mod batch;
mod capture;
mod card;
mod checkout;
mod claim;
mod claimable;
mod gift;
mod hold;
mod legacy;
mod message;
mod operator;
mod past;
mod pledge;
mod read;
mod recall;
mod redeem;
mod redemptions;
mod refund;
mod saga;
mod standing;
mod stock;
mod time;
mod touch;
mod void;

use crate::catalog::Catalog;
use crate::command::{Command, Keys};
use crate::event::{Event, Refused, Request};
use crate::lease::LesseeDesk;
use crate::partition::Partition;
use crate::pool::Need;
use crate::rejection::{Reason, Rejection};
use crate::reply::Reply;
use crate::request::{Known, Operation};
use arrayvec::ArrayVec;
pub use checkout::Group;

/// What a decision rests on beside the partition's state.
pub struct Context<'a> {
    /// The templates.
    pub catalog: &'a Catalog,
    /// What this partition knows of its leases beyond its durable counters.
    pub lessee: &'a LesseeDesk,
    /// The turn's time, ms; not before the partition's.
    pub now_ms: i64,
    /// The key version that seals new codes.
    pub key_version: u8,
    /// Most requests that are remembered at once.
    pub requests_max: u64,
}

/// Events of one decision, in order.
pub type Events<'a> = ArrayVec<Event<'a>, 2>;

/// Events, and what is sent with them: all of it in one frame, so that no crash comes between.
#[derive(Debug, Default)]
pub struct Happening<'a> {
    /// What happens, in order.
    pub events: Events<'a>,
    /// What happens then, together.
    pub group: Option<Box<Group<'a>>>,
    /// What is sent then, in order; every line has room for it.
    pub outgoing: Vec<Outgoing>,
    /// The saga that ends with it: whoever waits for that is answered by [`Partition::latest_answer`].
    pub ended: Option<u64>,
}

/// A message that is to be sent on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The destination.
    pub to: u16,
    /// Its bytes: see [`line::message`](crate::line::message).
    pub message: Box<[u8]>,
}

/// What a command comes to.
#[derive(Debug)]
pub enum Decision<'a> {
    /// An answer that changes nothing: a read, or a replay.
    Answer(Reply),
    /// These happen; the answer is [`Partition::latest_answer`] after they are applied.
    Happen(Events<'a>),
    /// These happen, in one frame; the answer is as of [`Decision::Happen`].
    HappenTogether(Box<Group<'a>>),
    /// The same, and messages go to other partitions with it.
    Send(Box<Happening<'a>>),
    /// The same, and the answer comes when the saga that it opens ends: see [`Partition::newest_saga`].
    Open(Box<Happening<'a>>),
    /// The same request is asked already, and is answered when this saga ends.
    Wait(u64),
    /// Refused, and not remembered.
    Refuse(Rejection),
    /// A claim that waits for this.
    Park(Need),
}

impl<'a> Decision<'a> {
    pub(crate) fn happen(events: impl IntoIterator<Item = Event<'a>>) -> Decision<'a> {
        Decision::Happen(events.into_iter().collect())
    }
}

impl From<Rejection> for Decision<'_> {
    fn from(rejection: Rejection) -> Self {
        Decision::Refuse(rejection)
    }
}

impl From<Reason> for Decision<'_> {
    fn from(reason: Reason) -> Self {
        Decision::Refuse(reason.into())
    }
}

impl From<Result<Reply, Rejection>> for Decision<'_> {
    fn from(answer: Result<Reply, Rejection>) -> Self {
        answer.map_or_else(Decision::Refuse, Decision::Answer)
    }
}

impl Partition {
    /// Decides one command. Of a write, what [`Partition::due`] says has been recorded before.
    pub fn decide<'a>(&self, context: &Context<'a>, command: &'a Command) -> Decision<'a> {
        self.decide_by(context, command, &Keys::of(command, self.key()))
    }

    /// The same, by the command's keys.
    pub fn decide_by<'a>(&self, context: &Context<'a>, command: &'a Command, keys: &Keys) -> Decision<'a> {
        assert!(context.now_ms >= self.time_ms(), "I10: a turn is not before its partition");
        debug_assert_eq!(*keys, Keys::of(command, self.key()), "a command is decided by its own keys");
        match command {
            Command::Claim(claim) => self.decide_claim(context, claim, keys),
            Command::Validate(validate) => self.validate(context, validate).map(Reply::Quote).into(),
            Command::Redeem(redeem) => self.decide_redeem(context, redeem, keys),
            Command::Refund(refund) => self.decide_refund(context, refund, keys),
            Command::GetCoupon(instrument) => self.view(context, instrument).map(Reply::Coupon).into(),
            Command::ListCoupons(list) => self.list(context, list).into(),
            Command::RevealCode(instrument) => self.reveal(instrument).into(),
            Command::RaiseStock(raise) => self.decide_raise(context, raise, Operation::RaiseStock),
            Command::RaiseBudget(raise) => self.decide_raise(context, raise, Operation::RaiseBudget),
            Command::GetStock(template) => self.stock_view(context, template).into(),
            Command::Hold(hold) => self.decide_hold(context, hold, keys),
            Command::Capture(capture) => self.decide_capture(context, capture, keys),
            Command::Release(release) => self.decide_release(context, release, keys),
            Command::BlockCoupon(block) => self.decide_block_coupon(context, block, keys),
            Command::BlockUser(block) => self.decide_block_user(context, block, keys),
            Command::VoidCoupon(void) => self.decide_void(context, void, keys),
            Command::Checkout(checkout) => self.decide_checkout(context, checkout, keys),
            Command::CaptureOrder(capture) => self.decide_capture_order(context, capture, keys),
            Command::ReleaseOrder(release) => self.decide_release_order(context, release, keys),
            Command::RefundOrder(refund) => self.decide_refund_order(context, refund, keys),
            Command::ListRedemptions(list) => Decision::Answer(self.redemptions_of(context, list)),
            Command::ListRedemptionsByTime(list) => self.redemptions_by_time(context, list).into(),
            Command::ListClaimable(list) => self.claimable(context, list).into(),
            Command::OfferGift(offer) => self.decide_offer_gift(context, offer, keys),
            Command::CancelGift(cancel) => self.decide_cancel_gift(context, cancel, keys),
            Command::AcceptGift(accept) => self.decide_accept_gift(context, accept, keys),
            Command::GetGift(get) => self.view_gift(context, get).map(|view| Reply::Gift(Box::new(view))).into(),
            Command::OpenBatch(open) => self.decide_open_batch(context, open, keys),
            Command::MakeCards(make) => self.decide_make_cards(context, make, keys),
            Command::CompleteBatch(complete) => self.decide_complete_batch(context, complete, keys),
            Command::TakeBatch(take) => self.decide_take_batch(context, take, keys),
            Command::GetBatch(batch) => self.batch_view(batch).into(),
            Command::GetShare(batch) => Decision::Answer(self.share_view(batch)),
            Command::ListCards(list) => self.list_cards(list).into(),
            Command::ActivateCard(activate) => self.decide_activate(context, activate, keys),
            Command::ReloadCard(reload) => self.decide_reload(context, reload, keys),
            Command::AdjustCard(adjust) => self.decide_adjust(context, adjust, keys),
            Command::ReplaceCard(replace) => self.decide_replace(context, replace, keys),
            Command::GetVoids(template) => Decision::Answer(Reply::Voids(self.voids(*template))),
            Command::StartLedger(instrument) => self.ledger_start(instrument).into(),
            Command::ImportCard(import) => self.decide_import(context, import, keys),
            Command::FindCard(code) => self.find_card(*code).into(),
        }
    }

    /// Refuses or replays a request that is known; `None` lets it be decided.
    fn known_request<'a>(&self, context: &Context<'_>, key: u128, fingerprint: u64) -> Option<Decision<'a>> {
        match self.requests.look_up(key, fingerprint) {
            Known::Same(entry) => Some(self.recall(&entry, true).into()),
            Known::Other(entry) => Some(Rejection::new(Reason::RequestIdReused, entry.lsn as i64).into()),
            Known::New if self.requests.are_full(context.requests_max) => {
                Some(Rejection::new(Reason::RequestStoreFull, context.requests_max as i64).into())
            }
            Known::New => None,
        }
    }
}

/// A refusal that a retry must hear again.
fn refused(operation: Operation, subject: u128, request: Request<'_>, refusal: Rejection) -> Event<'_> {
    let Rejection { reason, value, .. } = refusal;
    Event::Refused(Refused { operation: operation as u8, subject, request, reason: reason as u16, value })
}
