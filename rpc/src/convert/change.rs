//! Events as an operator reads them: names opened to the caller's, nothing that could be a code.

use tessera_engine::history::Fact;
use tessera_proto::v1;

use super::custody::blocks;
use crate::{
    domain::{
        Blocks,
        codec::name_of,
        command::Operation,
        event::{self, Event, Request, Step},
    },
    seals::{Place, Seals},
};

/// One event of a partition's, or of the catalog's, journal.
pub fn of(seals: Seals<'_>, partition: u16, fact: &Fact) -> v1::Change {
    let event = fact.event();
    let place = |number| Place { partition, number };
    let mut change = v1::Change {
        position: Some(v1::Position { partition: partition.into(), lsn: fact.lsn }),
        at_ms: fact.at_ms,
        kind: name_of(&event).to_owned(),
        coupon_id: event.coupon().map(|coupon| seals.coupon_id(place(coupon))).unwrap_or_default(),
        previous_lsn: event.previous().unwrap_or(0),
        replacement_id: event.replacement().map(|card| seals.coupon_id(place(card))).unwrap_or_default(),
        ..v1::Change::default()
    };
    tell(&mut change, &event, fact.lsn, seals, place);
    change
}

fn tell(change: &mut v1::Change, event: &Event<'_>, lsn: u64, seals: Seals<'_>, place: impl Fn(u64) -> Place) {
    match event {
        Event::TermsAdoptedV1(event) => change.template_id = event.body.template_id.to_owned(),
        Event::TermsAdopted(event) => change.template_id = event.body.template_id.to_owned(),
        Event::ClaimedV1(event) => claimed(change, &event.today()),
        Event::Claimed(event) => claimed(change, event),
        Event::RedeemedV1(event) | Event::Redeemed(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.applied_minor) = (event.amount, event.applied);
            change.redemption_id = seals.redemption_id(place(lsn));
            ask(change, &event.request);
        }
        Event::Refused(event) => {
            change.reason = i32::from(event.reason);
            ask(change, &event.request);
        }
        Event::RefundedV1(event) => {
            change.redemption_id = seals.redemption_id(place(event.redemption));
            (change.applied_minor, change.until_ms) = (event.amount, event.reopened_until_ms);
            ask(change, &event.request);
        }
        Event::Refunded(event) => {
            change.redemption_id = seals.redemption_id(place(event.redemption));
            (change.applied_minor, change.until_ms) = (event.amount, event.reopened_until_ms);
            ask(change, &event.request);
        }
        Event::Joined(event) => {
            match Operation::from_number(event.operation) {
                Some(Operation::RedeemOrder | Operation::CaptureOrder) => {
                    change.checkout_id = seals.checkout_id(place(event.redemption));
                }
                Some(Operation::Release) => change.hold_id = seals.hold_id(place(event.redemption)),
                _ => change.redemption_id = seals.redemption_id(place(event.redemption)),
            }
            ask(change, &event.request);
        }
        Event::Held(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.applied_minor, change.until_ms) = (event.amount, event.applied, event.deadline_ms);
            change.hold_id = seals.hold_id(place(lsn));
            ask(change, &event.request);
        }
        Event::Captured(event) => {
            (change.amount_minor, change.applied_minor) = (event.amount, event.applied);
            change.hold_id = seals.hold_id(place(event.hold));
            change.redemption_id = seals.redemption_id(place(lsn));
            ask(change, &event.request);
        }
        Event::HoldEnded(event) => {
            change.hold_id = seals.hold_id(place(event.hold));
            event.request.iter().for_each(|request| ask(change, request));
        }
        Event::CouponBlocked(event) => {
            change.blocks = blocks_of(event.blocks);
            change.count = u64::from(event.revoked_holds);
            ask(change, &event.request);
        }
        Event::UserBlocked(event) => {
            change.user_id = event.user.to_owned();
            change.blocks = blocks_of(event.blocks);
            change.count = u64::from(event.revoked_holds);
            ask(change, &event.request);
        }
        Event::Expired(event) => change.applied_minor = event.amount,
        Event::Voided(event) => {
            change.applied_minor = event.amount;
            change.count = u64::from(event.revoked_holds);
            ask(change, &event.request);
        }
        Event::VoidedWithTemplate(event) => {
            change.applied_minor = event.amount;
            change.count = u64::from(event.revoked_holds);
        }
        Event::TermsVoided(_) => {}
        Event::PartHeld(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.applied_minor, change.until_ms) = (event.amount, event.applied, event.deadline_ms);
            change.hold_id = seals.hold_id(place(lsn));
        }
        Event::PartRedeemed(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.applied_minor) = (event.amount, event.applied);
            change.redemption_id = seals.redemption_id(place(lsn));
        }
        Event::PartCaptured(event) | Event::PartReacquired(event) => {
            (change.amount_minor, change.applied_minor) = (event.amount, event.applied);
            change.hold_id = seals.hold_id(place(event.hold));
            change.redemption_id = seals.redemption_id(place(lsn));
        }
        Event::PartReleased(event) => change.hold_id = seals.hold_id(place(event.hold)),
        Event::PartRefunded(event) => {
            change.redemption_id = seals.redemption_id(place(event.redemption));
            (change.applied_minor, change.until_ms) = (event.amount, event.reopened_until_ms);
        }
        Event::CheckedOut(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.applied_minor) = (event.amount, event.amount - event.payable);
            (change.until_ms, change.count) = (event.deadline_ms, event.parts.into());
            change.checkout_id = seals.checkout_id(place(lsn));
            ask(change, &event.request);
        }
        Event::CheckoutReleased(event) => {
            change.checkout_id = seals.checkout_id(place(event.checkout));
            ask(change, &event.request);
        }
        Event::CheckoutRefunded(event) => {
            change.checkout_id = seals.checkout_id(place(event.checkout));
            (change.applied_minor, change.count) = (event.outside, event.parts.into());
            ask(change, &event.request);
        }
        Event::SagaOpened(event) => {
            order(change, event.merchant, event.order);
            (change.amount_minor, change.until_ms, change.count) = (event.amount, event.deadline_ms, event.parts.into());
            ask(change, &event.request);
        }
        Event::SagaAnswered(event) => change.other_partition = Some(event.from.into()),
        Event::SagaCheckedOut(event) => {
            change.checkout_id = seals.checkout_id(place(lsn));
            change.count = event.parts.into();
        }
        Event::SagaRefused(event) => change.reason = i32::from(event.reason),
        Event::SagaEnded(_) => {}
        Event::CapturedApart(event) => {
            (change.amount_minor, change.applied_minor) = (event.amount, event.amount - event.payable);
            change.count = event.parts.into();
            change.checkout_id = seals.checkout_id(place(lsn));
            ask(change, &event.request);
        }
        Event::RefundedApartV1(event::RefundedApartV1 { checkout, request, parts, outside, .. })
        | Event::RefundedApart(event::RefundedApart { checkout, request, parts, outside, .. }) => {
            change.checkout_id = seals.checkout_id(place(*checkout));
            (change.applied_minor, change.count) = (*outside, (*parts).into());
            ask(change, request);
        }
        Event::Pledged(event) => {
            (change.other_partition, change.count) = (Some(event.home.into()), event.parts.into());
        }
        Event::PledgeEnded(event) => change.other_partition = Some(event.home.into()),
        Event::BatchOpened(event) => {
            change.count = event.count;
            ask(change, &event.request);
        }
        Event::CardsMade(event) => {
            change.count = u64::from(event.count);
            ask(change, &event.request);
        }
        Event::BatchCompleted(event) | Event::BatchTaken(event) => ask(change, &event.request),
        Event::Activated(event) => {
            order(change, event.merchant, event.order);
            (change.applied_minor, change.until_ms) = (event.loaded, event.use_until_ms);
            ask(change, &event.request);
        }
        Event::Reloaded(event) => {
            order(change, event.merchant, event.order);
            change.applied_minor = event.amount;
            ask(change, &event.request);
        }
        Event::Adjusted(event) => {
            change.applied_minor = event.amount;
            ask(change, &event.request);
        }
        Event::Replaced(event) => {
            (change.applied_minor, change.until_ms) = (event.amount, event.use_until_ms);
            change.count = u64::from(event.revoked_holds);
            ask(change, &event.request);
        }
        Event::CardImported(event) => {
            (change.applied_minor, change.until_ms) = (event.loaded, event.use_until_ms);
            change.reference = event.reference.to_owned();
            ask(change, &event.request);
        }
        Event::RequestsForgotten(event) => change.count = event.before,
        Event::Forgotten(event) => change.count = event.before,
        Event::StockOpened(event) => change.count = event.total,
        Event::StockSet(event) => {
            change.count = event.to;
            ask(change, &event.request);
        }
        Event::LeaseGranted(lease) | Event::LeaseReclaimed(lease) => {
            change.other_partition = Some(lease.partition.into());
            change.count = lease.count;
        }
        Event::LeaseReceived(lease) | Event::LeaseReturned(lease) => change.count = lease.count,
        Event::PoolOpened(event) => change.count = event.total,
        Event::BudgetSet(event) => {
            change.count = event.to;
            ask(change, &event.request);
        }
        Event::PoolLeased(event) => {
            let is_at_home = event.step == Step::Granted as u8 || event.step == Step::Reclaimed as u8;
            change.other_partition = is_at_home.then(|| event.partition.into());
            change.count = event.count;
        }
        Event::Restocked(event) => {
            change.coupon_id = seals.coupon_id(place(event.coupon));
            (change.count, change.applied_minor) = (event.pieces, event.cover as i64);
        }
        Event::DayDropped(_) => {}
        Event::LineSent(event) => line(change, event.to, event.number),
        Event::LineReceived(event) => line(change, event.from, event.number),
        Event::LineAcknowledged(event) => line(change, event.to, event.through),
        Event::GiftOffered(event) => {
            (change.gift_lsn, change.until_ms) = (lsn, event.deadline_ms);
            ask(change, &event.request);
        }
        Event::GiftEnded(event) => {
            change.gift_lsn = event.gift;
            event.request.iter().for_each(|request| ask(change, request));
        }
        Event::GiftAccepted(event) => {
            (change.gift_lsn, change.applied_minor) = (event.gift, event.amount);
            event.user.clone_into(&mut change.user_id);
            change.other_partition = Some(event.to.into());
            ask(change, &event.request);
        }
        Event::GiftReceived(event) => {
            (change.gift_lsn, change.applied_minor, change.until_ms) = (event.gift, event.amount, event.use_until_ms);
            event.user.clone_into(&mut change.user_id);
            change.other_partition = Some(event.from.into());
        }
        Event::GiftArrived(event) => change.gift_lsn = event.gift,
        Event::TemplateCreatedV1(event) | Event::TemplateUpdatedV1(event) => template(change, &event.body, &event.request),
        Event::TemplateCreated(event) | Event::TemplateUpdated(event) => template(change, &event.body, &event.request),
        Event::TemplateStopped(event) => ask(change, &event.request),
        Event::TemplateResumed(event) => ask(change, &event.request),
        Event::TemplateVoided(event) => ask(change, &event.request),
    }
}

fn claimed(change: &mut v1::Change, event: &event::Claimed<'_>) {
    change.user_id = event.user.to_owned();
    change.applied_minor = event.loaded;
    change.until_ms = event.use_until_ms;
    ask(change, &event.request);
}

fn ask(change: &mut v1::Change, request: &Request<'_>) {
    change.request_id = request.id.to_owned();
}

fn order(change: &mut v1::Change, merchant: &str, order: &str) {
    change.merchant_id = merchant.to_owned();
    change.order_id = order.to_owned();
}

fn line(change: &mut v1::Change, other: u16, number: u64) {
    change.other_partition = Some(other.into());
    change.count = number;
}

fn template(change: &mut v1::Change, body: &event::TermsBody<'_>, request: &Request<'_>) {
    change.template_id = body.template_id.to_owned();
    change.count = u64::from(body.version);
    ask(change, request);
}

/// A set that this build wrote, or one of a later build that it does not know: then none is told.
fn blocks_of(number: u8) -> Vec<i32> {
    Blocks::from_number(number).map(blocks).unwrap_or_default()
}
