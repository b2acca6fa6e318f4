//! What memory knows a write by: hashes of its texts.
//!
//! The same three texts are looked for before a write is decided, when it is decided and when its event is applied. Whoever has the
//! command hashes them once and hands them on; a replay, which has events alone, hashes them anew.

use super::{Command, Instrument};
use crate::id::Id;
use crate::keyed::{IdHashKey, OrderKey, UserKey};
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
            Command::Validate(_)
            | Command::GetCoupon(_)
            | Command::ListCoupons(_)
            | Command::RevealCode(_)
            | Command::RaiseStock(_)
            | Command::GetStock(_)
            | Command::ListRedemptions(_) => none,
        }
    }
}
