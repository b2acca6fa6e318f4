//! What is asked over `TillStream`, item by item.

use tessera_proto::wire::{message, some_number, string};

/// Field of a `TillItem` with a `HoldRequest`.
pub const HOLD: u32 = 2;

/// Field of a `TillItem` with a `CaptureRequest`.
pub const CAPTURE: u32 = 3;

/// Appends a `TillItem` whose hold asks for what `write` writes as a `RedeemRequest`: a `HoldRequest` has its fields, under the same
/// numbers, and one more, which is left to the server.
pub fn hold(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    message(HOLD, out, write);
}

/// A `CaptureRequest`.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// Names the request.
    pub request_id: &'a [u8],
    /// The hold.
    pub hold_id: &'a [u8],
    /// How much of it, in minor units; absent = all.
    pub amount_minor: Option<i64>,
}

impl Capture<'_> {
    /// Appends a `TillItem` with it.
    pub fn write(&self, out: &mut Vec<u8>) {
        message(CAPTURE, out, |out| {
            string(1, self.request_id, out);
            string(2, self.hold_id, out);
            if let Some(minor) = self.amount_minor {
                some_number(3, minor.cast_unsigned(), out);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::{self, till_item::Item};

    use super::*;
    use crate::wire::write::{Instrument, Redeem};

    fn held() -> Vec<u8> {
        let (instrument, amount_minor) = (Instrument::Owned(b"u1", b"c1"), 150);
        let order = Redeem { request_id: b"r1", instrument, merchant_id: b"m1", order_id: b"o1", amount_minor, currency: b"CNY" };
        let mut bytes = Vec::new();
        hold(&mut bytes, |out| order.write(out));
        bytes
    }

    fn captured(amount_minor: Option<i64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        Capture { request_id: b"r1", hold_id: b"h1", amount_minor }.write(&mut bytes);
        bytes
    }

    #[test]
    fn a_hold_decodes_as_the_generated_type() {
        let owned = v1::OwnedCoupon { user_id: "u1".into(), coupon_id: "c1".into() };
        let hold = v1::HoldRequest {
            request_id: "r1".into(),
            instrument: Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::OwnedCoupon(owned)) }),
            merchant_id: "m1".into(),
            order_id: "o1".into(),
            amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
            ttl_ms: 0,
            channel: String::new(),
        };
        assert_eq!(v1::TillItem::decode(held().as_slice()).unwrap().item, Some(Item::Hold(hold)));
    }

    #[test]
    fn a_capture_of_all_and_of_a_part_decodes_as_the_generated_type() {
        for amount_minor in [None, Some(100)] {
            let capture = v1::CaptureRequest { request_id: "r1".into(), hold_id: "h1".into(), amount_minor, reacquire: false };
            let item = v1::TillItem::decode(captured(amount_minor).as_slice()).unwrap();
            assert_eq!(item.item, Some(Item::Capture(capture)));
        }
    }
}
