//! What memory knows a write by: hashes of its texts.
//!
//! The same three texts are looked for before a write is decided, when it is decided and when its event is applied. Whoever has the
//! command hashes them once and hands them on; a replay, which has events alone, hashes them anew, once for each event.

use super::{Command, Instrument};
use crate::checkouts::WHOLE_ORDER;
use crate::event::{Claimed, ClaimedV1, Event, Request};
use crate::id::Id;
use crate::keyed::{IdHashKey, OrderKey, UserKey};
use crate::partition::run_subject;
use crate::request::Operation;

/// The hashes of one command; 0 where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Of operation, subject and request id. A raise has none here: its subject is a number of the catalog.
    pub(crate) request: u128,
    /// Whose coupons it is about, where the command names a user.
    pub(crate) user: UserKey,
    /// Of merchant, order and coupon.
    pub(crate) order: OrderKey,
}

impl Keys {
    /// Of this command.
    pub fn of(command: &Command, key: &IdHashKey) -> Keys {
        let request = |operation: Operation, subject: u128, id: &Id| key.request(operation as u8, subject, id.as_str());
        let of_coupon = |operation, instrument: &Instrument, id| request(operation, instrument.coupon().into(), id);
        let order = |merchant: &Id, order: &Id, instrument: &Instrument| {
            key.order(merchant.as_str(), order.as_str(), instrument.coupon())
        };
        let none = Keys::default();
        match command {
            Command::Claim(claim) => {
                let user = claim.user.key;
                Keys { request: request(claim.operation, user.0, &claim.request_id), user, ..none }
            }
            Command::Redeem(redeem) => Keys {
                request: of_coupon(Operation::Redeem, &redeem.instrument, &redeem.request_id),
                order: order(&redeem.merchant, &redeem.order, &redeem.instrument),
                ..none
            },
            Command::Hold(hold) => Keys {
                request: of_coupon(Operation::Hold, &hold.instrument, &hold.request_id),
                order: order(&hold.merchant, &hold.order, &hold.instrument),
                ..none
            },
            Command::Refund(refund) => {
                Keys { request: request(Operation::Refund, refund.redemption.into(), &refund.request_id), ..none }
            }
            Command::Capture(capture) => {
                Keys { request: request(Operation::Capture, capture.hold.into(), &capture.request_id), ..none }
            }
            Command::Release(release) => {
                Keys { request: request(Operation::Release, release.hold.into(), &release.request_id), ..none }
            }
            Command::BlockCoupon(block) => {
                Keys { request: of_coupon(block.operation, &block.instrument, &block.request_id), ..none }
            }
            Command::BlockUser(block) => {
                let user = block.user.key;
                Keys { request: request(block.operation, user.0, &block.request_id), user, ..none }
            }
            Command::VoidCoupon(void) => {
                Keys { request: of_coupon(Operation::VoidCoupon, &void.instrument, &void.request_id), ..none }
            }
            Command::Checkout(checkout) => {
                let order = key.order(checkout.merchant.as_str(), checkout.order_id.as_str(), WHOLE_ORDER);
                Keys { request: request(checkout.operation, order.natural, &checkout.request_id), order, ..none }
            }
            Command::CaptureOrder(capture) => {
                Keys { request: request(Operation::CaptureOrder, capture.checkout.into(), &capture.request_id), ..none }
            }
            Command::ReleaseOrder(release) => {
                Keys { request: request(Operation::ReleaseOrder, release.checkout.into(), &release.request_id), ..none }
            }
            Command::RefundOrder(refund) => {
                Keys { request: request(Operation::RefundOrder, refund.checkout.into(), &refund.request_id), ..none }
            }
            Command::OfferGift(offer) => {
                Keys { request: of_coupon(Operation::OfferGift, &offer.instrument, &offer.request_id), ..none }
            }
            Command::CancelGift(cancel) => {
                Keys { request: request(Operation::CancelGift, cancel.gift.into(), &cancel.request_id), ..none }
            }
            Command::AcceptGift(accept) => {
                let user = accept.user.key;
                Keys { request: request(Operation::AcceptGift, accept.gift.into(), &accept.request_id), user, ..none }
            }
            Command::OpenBatch(open) => {
                Keys { request: request(Operation::OpenBatch, key.batch(open.batch.as_str()).into(), &open.batch), ..none }
            }
            Command::MakeCards(make) => {
                let subject = run_subject(key.batch(make.batch.as_str()), make.made);
                Keys { request: request(Operation::MakeCards, subject, &make.batch), ..none }
            }
            Command::CompleteBatch(complete) => {
                let batch = &complete.batch;
                Keys { request: request(Operation::CompleteBatch, key.batch(batch.as_str()).into(), batch), ..none }
            }
            Command::TakeBatch(take) => {
                let batch = key.batch(take.batch.as_str());
                Keys { request: request(Operation::TakeBatch, batch.into(), &take.request_id), ..none }
            }
            Command::ActivateCard(activate) => {
                Keys { request: of_coupon(Operation::ActivateCard, &activate.instrument, &activate.request_id), ..none }
            }
            Command::ReloadCard(reload) => {
                Keys { request: of_coupon(Operation::ReloadCard, &reload.instrument, &reload.request_id), ..none }
            }
            Command::AdjustCard(adjust) => {
                Keys { request: of_coupon(Operation::AdjustCard, &adjust.instrument, &adjust.request_id), ..none }
            }
            Command::ReplaceCard(replace) => {
                Keys { request: of_coupon(Operation::ReplaceCard, &replace.instrument, &replace.request_id), ..none }
            }
            Command::ImportCard(import) => Keys { request: request(Operation::ImportCard, import.code.0, &import.batch), ..none },
            Command::GetBatch(_)
            | Command::GetShare(_)
            | Command::ListCards(_)
            | Command::GetVoids(_)
            | Command::StartLedger(_)
            | Command::FindCard(_)
            | Command::Validate(_)
            | Command::GetCoupon(_)
            | Command::ListCoupons(_)
            | Command::RevealCode(_)
            | Command::RaiseStock(_)
            | Command::RaiseBudget(_)
            | Command::GetStock(_)
            | Command::ListRedemptions(_)
            | Command::ListRedemptionsByTime(_)
            | Command::ListClaimable(_)
            | Command::GetGift(_) => none,
        }
    }

    /// Of the command that this event answers; what the event alone does not tell is hashed when it is applied.
    pub(crate) fn of_event(event: &Event<'_>, key: &IdHashKey) -> Keys {
        let request =
            |operation: Operation, subject: u64, request: &Request<'_>| key.request(operation as u8, subject.into(), request.id);
        let none = Keys::default();
        match event {
            Event::ClaimedV1(ClaimedV1 { user, operation, request, .. })
            | Event::Claimed(Claimed { user, operation, request, .. }) => {
                let user = key.user(user);
                Keys { request: key.request(*operation, user.0, request.id), user, ..none }
            }
            Event::RedeemedV1(redeemed) | Event::Redeemed(redeemed) => Keys {
                request: request(Operation::Redeem, redeemed.coupon, &redeemed.request),
                order: key.order(redeemed.merchant, redeemed.order, redeemed.coupon),
                ..none
            },
            Event::Held(held) => Keys {
                request: request(Operation::Hold, held.coupon, &held.request),
                order: key.order(held.merchant, held.order, held.coupon),
                ..none
            },
            Event::PartHeld(held) => Keys { order: key.order(held.merchant, held.order, held.coupon), ..none },
            Event::PartRedeemed(redeemed) => {
                Keys { order: key.order(redeemed.merchant, redeemed.order, redeemed.coupon), ..none }
            }
            Event::CheckedOut(checkout) if checkout.hold != 0 => {
                Keys { request: request(Operation::CaptureOrder, checkout.hold, &checkout.request), ..none }
            }
            Event::CheckedOut(checkout) => {
                let order = key.order(checkout.merchant, checkout.order, WHOLE_ORDER);
                Keys { request: key.request(checkout.operation, order.natural, checkout.request.id), order, ..none }
            }
            Event::CheckoutReleased(released) => {
                Keys { request: request(Operation::ReleaseOrder, released.checkout, &released.request), ..none }
            }
            Event::CheckoutRefunded(refunded) => {
                Keys { request: request(Operation::RefundOrder, refunded.checkout, &refunded.request), ..none }
            }
            Event::Captured(captured) => Keys { request: request(Operation::Capture, captured.hold, &captured.request), ..none },
            Event::HoldEnded(ended) => {
                let request = ended.request.map_or(0, |asked| request(Operation::Release, ended.hold, &asked));
                Keys { request, ..none }
            }
            Event::RefundedV1(refunded) => {
                Keys { request: request(Operation::Refund, refunded.redemption, &refunded.request), ..none }
            }
            Event::Refunded(refunded) => {
                Keys { request: request(Operation::Refund, refunded.redemption, &refunded.request), ..none }
            }
            Event::GiftOffered(offered) => {
                Keys { request: request(Operation::OfferGift, offered.coupon, &offered.request), ..none }
            }
            Event::GiftEnded(ended) => {
                let request = ended.request.map_or(0, |asked| request(Operation::CancelGift, ended.gift, &asked));
                Keys { request, ..none }
            }
            Event::GiftAccepted(accepted) => {
                let request = request(Operation::AcceptGift, accepted.gift, &accepted.request);
                Keys { request, user: key.user(accepted.user), ..none }
            }
            Event::GiftReceived(received) => Keys { user: key.user(received.user), ..none },
            Event::Activated(activated) => {
                Keys { request: request(Operation::ActivateCard, activated.coupon, &activated.request), ..none }
            }
            Event::Reloaded(reloaded) => {
                Keys { request: request(Operation::ReloadCard, reloaded.coupon, &reloaded.request), ..none }
            }
            Event::CardImported(imported) => {
                Keys { request: key.request(Operation::ImportCard as u8, imported.code, imported.request.id), ..none }
            }
            Event::Refused(refused) => {
                Keys { request: key.request(refused.operation, refused.subject, refused.request.id), ..none }
            }
            _ => none,
        }
    }
}
