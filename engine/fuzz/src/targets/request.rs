//! Requests as strangers send them: whatever decodes is, encoded and decoded again, the same message.

use crate::bend::{Random, bent, noise, one_in};
use crate::{Check, Outcome};
use prost::Message;
use tessera_proto::v1;

type Reader = fn(&[u8]) -> Outcome;

/// Every request of every service.
const REQUESTS: &[Reader] = &[
    is_read_alike::<v1::CancelOperationRequest>,
    is_read_alike::<v1::CaptureRequest>,
    is_read_alike::<v1::ClaimRequest>,
    is_read_alike::<v1::ClaimStreamRequest>,
    is_read_alike::<v1::ConservationRequest>,
    is_read_alike::<v1::CreateTemplateRequest>,
    is_read_alike::<v1::DrainRequest>,
    is_read_alike::<v1::FreezeCouponRequest>,
    is_read_alike::<v1::FreezeUserRequest>,
    is_read_alike::<v1::GetCouponAtRequest>,
    is_read_alike::<v1::GetCouponHistoryRequest>,
    is_read_alike::<v1::GetCouponRequest>,
    is_read_alike::<v1::GetOperationRequest>,
    is_read_alike::<v1::GetRoutesRequest>,
    is_read_alike::<v1::GetStatusRequest>,
    is_read_alike::<v1::GetStockRequest>,
    is_read_alike::<v1::GetTemplateRequest>,
    is_read_alike::<v1::HoldRequest>,
    is_read_alike::<v1::IssueRequest>,
    is_read_alike::<v1::ListCouponsRequest>,
    is_read_alike::<v1::ListOperationsRequest>,
    is_read_alike::<v1::ListRedemptionsRequest>,
    is_read_alike::<v1::ListSnapshotsRequest>,
    is_read_alike::<v1::ListTemplatesRequest>,
    is_read_alike::<v1::ProbeLinesRequest>,
    is_read_alike::<v1::RaiseStockRequest>,
    is_read_alike::<v1::RaiseBudgetRequest>,
    is_read_alike::<v1::RedeemRequest>,
    is_read_alike::<v1::RedeemStreamRequest>,
    is_read_alike::<v1::RefundRequest>,
    is_read_alike::<v1::ReleaseRequest>,
    is_read_alike::<v1::ResumeTemplateRequest>,
    is_read_alike::<v1::RevealCodeRequest>,
    is_read_alike::<v1::SaveSnapshotRequest>,
    is_read_alike::<v1::StartReplayRequest>,
    is_read_alike::<v1::StartRestoreRequest>,
    is_read_alike::<v1::StopTemplateRequest>,
    is_read_alike::<v1::TillStreamRequest>,
    is_read_alike::<v1::UnfreezeCouponRequest>,
    is_read_alike::<v1::UnfreezeUserRequest>,
    is_read_alike::<v1::UpdateTemplateRequest>,
    is_read_alike::<v1::ValidateRequest>,
    is_read_alike::<v1::VoidCouponRequest>,
    is_read_alike::<v1::WatchChangesRequest>,
    is_read_alike::<v1::WatchOperationRequest>,
];

/// Deepest nesting of the messages that are made.
const DEPTH_MAX: usize = 4;

pub(crate) fn prepare() -> Check {
    Box::new(move |case| {
        let mut random = Random(case);
        let mut bytes = message(&mut random, 0);
        if one_in(&mut random, 2) {
            bytes = bent(&mut random, &[bytes]);
        }
        REQUESTS[random.below(REQUESTS.len())](&bytes)
    })
}

/// Fields of low numbers and any type, as protobuf writes them.
fn message(random: &mut Random, depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(6) {
        let (field, wire_type) = (random.below(14) as u64 + 1, [0, 0, 2, 2, 2, 1, 5][random.below(7)]);
        varint(field << 3 | wire_type, &mut bytes);
        match wire_type {
            0 => varint(random.next_u64() >> random.below(64), &mut bytes),
            1 => bytes.extend(random.next_u64().to_le_bytes()),
            5 => bytes.extend((random.next_u64() as u32).to_le_bytes()),
            _ => {
                let value = value(random, depth);
                varint(value.len() as u64, &mut bytes);
                bytes.extend(value);
            }
        }
    }
    bytes
}

fn value(random: &mut Random, depth: usize) -> Vec<u8> {
    let length = random.below(30);
    match random.below(3) {
        0 if depth < DEPTH_MAX => message(random, depth + 1),
        1 => noise(random, length).into_iter().map(|byte| b'a' + byte % 26).collect(),
        _ => noise(random, length),
    }
}

fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn is_read_alike<M: Message + Default + PartialEq>(bytes: &[u8]) -> Outcome {
    let Ok(message) = M::decode(bytes) else { return Outcome::Refused };
    let again = message.encode_to_vec();
    assert!(again.len() <= 10 * bytes.len(), "no more is kept than was sent");
    let read = M::decode(&again[..]).expect("what was encoded decodes");
    assert!(read == message && read.encode_to_vec() == again, "what was read means the same when it is written again");
    Outcome::Accepted
}
