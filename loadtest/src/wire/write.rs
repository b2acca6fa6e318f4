//! Writes requests field by field into a buffer that is used again and again.

use prost::bytes::{BufMut, BytesMut};
use prost::encoding::encode_varint;
use tessera_proto::wire::{ITEMS, LENGTH_DELIMITED, message, number, string};

/// Appends an encoded request as an item of a stream message.
#[inline]
pub fn item(request: &[u8], out: &mut BytesMut) {
    encode_varint(u64::from(ITEMS << 3 | LENGTH_DELIMITED), out);
    encode_varint(request.len() as u64, out);
    out.put_slice(request);
}

/// A `ClaimRequest`, and an `IssueRequest` of a template that says itself when its coupons may be used.
pub fn claim(request_id: &[u8], user_id: &[u8], template_id: &[u8], out: &mut Vec<u8>) {
    string(1, request_id, out);
    string(2, user_id, out);
    string(3, template_id, out);
}

/// What names a coupon in a `RedeemRequest`.
#[derive(Clone, Copy, Debug)]
pub enum Instrument<'a> {
    /// Its code.
    Code(&'a [u8]),
    /// Its user and its id.
    Owned(&'a [u8], &'a [u8]),
}

/// A `RedeemRequest`.
#[derive(Clone, Copy, Debug)]
pub struct Redeem<'a> {
    /// Names the request.
    pub request_id: &'a [u8],
    /// The coupon.
    pub instrument: Instrument<'a>,
    /// The merchant.
    pub merchant_id: &'a [u8],
    /// The order.
    pub order_id: &'a [u8],
    /// The amount, in minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: &'a [u8],
}

impl Redeem<'_> {
    /// Appends the request.
    pub fn write(&self, out: &mut Vec<u8>) {
        string(1, self.request_id, out);
        message(2, out, |out| match self.instrument {
            Instrument::Code(code) => string(1, code, out),
            Instrument::Owned(user_id, coupon_id) => message(2, out, |out| {
                string(1, user_id, out);
                string(2, coupon_id, out);
            }),
        });
        string(3, self.merchant_id, out);
        string(4, self.order_id, out);
        message(5, out, |out| {
            number(1, self.amount_minor.cast_unsigned(), out);
            string(2, self.currency, out);
        });
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1;

    use super::*;

    #[test]
    fn a_claim_decodes_as_the_generated_type() {
        let mut bytes = Vec::new();
        claim(b"r1", b"u1", b"t1", &mut bytes);
        let expected =
            v1::ClaimRequest { request_id: "r1".into(), user_id: "u1".into(), template_id: "t1".into(), channel: String::new() };
        assert_eq!(v1::ClaimRequest::decode(bytes.as_slice()).unwrap(), expected);
        let issue = v1::IssueRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!((issue.request_id, issue.user_id, issue.template_id), ("r1".into(), "u1".into(), "t1".into()));
    }

    #[track_caller]
    fn check_redeem(instrument: Instrument<'_>, expected: v1::instrument::Instrument) {
        let mut bytes = Vec::new();
        let long = [b'x'; 64];
        Redeem { request_id: b"r1", instrument, merchant_id: b"m1", order_id: &long, amount_minor: 150, currency: b"CNY" }
            .write(&mut bytes);
        let expected = v1::RedeemRequest {
            request_id: "r1".into(),
            instrument: Some(v1::Instrument { instrument: Some(expected) }),
            merchant_id: "m1".into(),
            order_id: "x".repeat(64),
            amount: Some(v1::Money { minor: 150, currency: "CNY".into() }),
            channel: String::new(),
        };
        assert_eq!(v1::RedeemRequest::decode(bytes.as_slice()).unwrap(), expected);
    }

    #[test]
    fn a_redemption_by_code_decodes_as_the_generated_type() {
        check_redeem(Instrument::Code(b"7KQ2M4XN90TRABCD"), v1::instrument::Instrument::Code("7KQ2M4XN90TRABCD".into()));
    }

    #[test]
    fn a_redemption_by_owner_with_a_long_name_decodes_as_the_generated_type() {
        let (user, coupon) = ([b'u'; 64], [b'c'; 64]);
        let expected = v1::OwnedCoupon { user_id: "u".repeat(64), coupon_id: "c".repeat(64) };
        check_redeem(Instrument::Owned(&user, &coupon), v1::instrument::Instrument::OwnedCoupon(expected));
    }

    #[test]
    fn items_decode_as_a_stream_message() {
        let mut out = BytesMut::new();
        for request_id in [b"r1", b"r2"] {
            let mut request = Vec::new();
            claim(request_id, &[b'u'; 64], &[b't'; 64], &mut request);
            item(&request, &mut out);
        }
        let message = v1::ClaimStreamRequest::decode(out.freeze()).unwrap();
        let ids: Vec<_> = message.claims.iter().map(|claim| claim.request_id.as_str()).collect();
        assert_eq!(ids, ["r1", "r2"]);
    }
}
