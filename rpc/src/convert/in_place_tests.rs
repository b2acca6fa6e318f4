//! What is read and written in place against the generated types, which are the authority.

use proptest::{collection::vec, option, prelude::*, sample::Index};
use prost::Message;
use tessera_proto::{v1, wire::Malformed};

use super::{claim, hold, redemption};
use crate::{
    domain::{
        Id, Window,
        money::Currency,
        reply::{Claimed, Held, Offer, Quote, Redeemed, Written},
    },
    seals::tests::seals,
};

/// Texts of the lengths at which lengths grow, and of letters that take more bytes than one.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z券\\x00]{0,70}", Just(String::new()), "[a-z]{120,140}"]
}

fn instrument() -> impl Strategy<Value = v1::Instrument> {
    let owned = (text(), text()).prop_map(|(user_id, coupon_id)| v1::OwnedCoupon { user_id, coupon_id });
    let either = prop_oneof![
        text().prop_map(v1::instrument::Instrument::Code),
        text().prop_map(v1::instrument::Instrument::LegacyCode),
        owned.prop_map(v1::instrument::Instrument::OwnedCoupon),
    ];
    option::of(either).prop_map(|instrument| v1::Instrument { instrument })
}

prop_compose! {
    fn claim_request()(request_id in text(), user_id in text(), template_id in text(), channel in text()) -> v1::ClaimRequest {
        v1::ClaimRequest { request_id, user_id, template_id, channel }
    }
}

prop_compose! {
    fn redeem_request()(
        (request_id, merchant_id, order_id, currency) in (text(), text(), text(), text()),
        instrument in option::of(instrument()),
        minor in option::of(any::<i64>()),
        channel in text(),
    ) -> v1::RedeemRequest {
        let amount = minor.map(|minor| v1::Money { minor, currency });
        v1::RedeemRequest { request_id, instrument, merchant_id, order_id, amount, channel }
    }
}

prop_compose! {
    fn hold_request()(redeem in redeem_request(), ttl_ms in any::<i64>()) -> v1::HoldRequest {
        let v1::RedeemRequest { request_id, instrument, merchant_id, order_id, amount, channel } = redeem;
        v1::HoldRequest { request_id, instrument, merchant_id, order_id, amount, ttl_ms, channel }
    }
}

prop_compose! {
    fn capture_request()(
        (request_id, hold_id) in (text(), text()),
        amount_minor in option::of(any::<i64>()),
        reacquire in any::<bool>(),
    ) -> v1::CaptureRequest {
        v1::CaptureRequest { request_id, hold_id, amount_minor, reacquire }
    }
}

/// Two encoded messages one after the other, which the format takes for one that says things twice, and bytes that were changed.
fn bytes_of<M: Message>(messages: impl Strategy<Value = M>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<Index>(), any::<u8>()), 0..4);
    (vec(messages, 0..3), changes, any::<bool>()).prop_map(|(messages, changes, is_changed)| {
        let mut bytes: Vec<u8> = messages.iter().flat_map(Message::encode_to_vec).collect();
        if is_changed && !bytes.is_empty() {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes
    })
}

/// Groups, which no version of ours has written, are refused here and skipped there.
const GROUPS: Malformed = Malformed("unknown wire type");

/// Holds a reader of encoded messages against the generated type.
macro_rules! reads_as_generated {
    ($($name:ident: $requests:expr, $read:ty, $generated:ty;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2_000))]
            $(#[test]
            fn $name(bytes in bytes_of($requests)) {
                match (<$read>::read(&bytes), <$generated>::decode(bytes.as_slice())) {
                    (Ok(read), Ok(decoded)) => prop_assert_eq!(read, (&decoded).into()),
                    (Err(GROUPS), _) | (Err(_), Err(_)) => {}
                    (read, decoded) => prop_assert!(false, "{:?} and {:?}", read, decoded),
                }
            })*
        }
    };
}

reads_as_generated! {
    a_claim_is_read_as_the_generated_type_reads_it: claim_request(), claim::Asked, v1::ClaimRequest;
    a_redemption_is_read_as_the_generated_type_reads_it: redeem_request(), redemption::Asked, v1::RedeemRequest;
    a_hold_is_read_as_the_generated_type_reads_it: hold_request(), hold::Asked, v1::HoldRequest;
    a_capture_is_read_as_the_generated_type_reads_it: capture_request(), hold::AskedCapture, v1::CaptureRequest;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn replies_are_written_as_the_generated_types_write_them(
        (partition, lsn, coupon, replayed) in (0_u16..4, 0_u64..1 << 48, 0_u64..1 << 33, any::<bool>()),
        (face_value, amount, applied, balance_after) in (option::of(1_i64..), 0_i64.., 0_i64.., 0_i64..),
        (template, key_version, at_ms) in ("[a-z]{1,64}", 1_u8..3, any::<i64>()),
        (from_ms, until_ms, deadline_ms) in (any::<i64>(), any::<i64>(), any::<i64>()),
        reacquired in any::<bool>(),
    ) {
        let (written, window) = (Written { partition, lsn, replayed }, Window { from_ms, until_ms });
        let (currency, is_card) = (Currency::parse("CNY").unwrap(), face_value.is_some());
        let offer = Offer { template: Id::new("template_id", template).unwrap(), version: 3, currency, face_value };
        let claimed = Claimed { written, coupon, key_version, offer, window };
        let held = Held { written, coupon, currency, amount, applied: applied.min(amount), deadline_ms, at_ms };
        let quote = Quote { coupon, currency, is_card, amount, applied: applied.min(amount), balance_after };
        let redeemed = Redeemed { written, quote, at_ms, reacquired };
        let mut out = Vec::new();
        claim::write_claimed(seals(4), &claimed, &mut out);
        prop_assert_eq!(&out, &claim::claimed(seals(4), &claimed).encode_to_vec());
        out.clear();
        redemption::write_redeemed(seals(4), &redeemed, &mut out);
        prop_assert_eq!(&out, &redemption::redeemed(seals(4), &redeemed).encode_to_vec());
        out.clear();
        hold::write_held(seals(4), &held, &mut out);
        prop_assert_eq!(&out, &hold::held(seals(4), &held).encode_to_vec());
        out.clear();
        hold::write_captured(seals(4), &redeemed, &mut out);
        prop_assert_eq!(&out, &hold::captured(seals(4), &redeemed).encode_to_vec());
    }
}

#[test]
fn outcomes_are_written_as_the_generated_types_write_them() {
    let refusal = v1::Refusal { reason: 7, message: "m".repeat(150), field: "f".into(), value: -1, ..Default::default() };
    let mut out = Vec::new();
    super::write_refused("r1", &refusal, &mut out);
    let refused = v1::claim_outcome::Outcome::Refused(refusal);
    assert_eq!(out, v1::ClaimOutcome { request_id: "r1".into(), outcome: Some(refused) }.encode_to_vec());
    out.clear();
    let reply = v1::RedeemResponse { at_ms: 1, ..Default::default() };
    super::write_accepted("r1", &mut out, |out| reply.encode(out).unwrap());
    let accepted = v1::redeem_outcome::Outcome::Accepted(reply);
    assert_eq!(out, v1::RedeemOutcome { request_id: "r1".into(), outcome: Some(accepted) }.encode_to_vec());
}
