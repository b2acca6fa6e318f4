//! The unary call that a request of a plan is: what travels on a stream as an item can be asked by itself.

use prost::bytes::Bytes;
use tessera_proto::wire::{Malformed, only_field};

use super::{
    answer::{Kind, Shape},
    till::{CAPTURE, HOLD},
};

/// A unary call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Of what.
    pub path: &'static str,
    /// What it asks.
    pub request: Bytes,
    /// The shape of its reply.
    pub shape: Shape,
}

impl Call {
    /// What `request` of a plan of this kind is as a call of its own.
    pub fn of(kind: Kind, request: &Bytes) -> Result<Self, Malformed> {
        let whole = |path, shape| Self { path, request: request.clone(), shape };
        Ok(match kind {
            Kind::Claim => whole("/tessera.v1.ClaimService/Claim", Shape::Claim),
            Kind::Issue => whole("/tessera.v1.ClaimService/Issue", Shape::Claim),
            Kind::Redeem => whole("/tessera.v1.RedemptionService/Redeem", Shape::Redemption),
            Kind::Till => {
                let item = only_field(request)?.ok_or(Malformed("an item is one of its fields"))?;
                let (path, shape) = match item.number {
                    HOLD => ("/tessera.v1.RedemptionService/Hold", Shape::Hold),
                    CAPTURE => ("/tessera.v1.RedemptionService/Capture", Shape::Redemption),
                    _ => return Err(Malformed("an item that no plan writes")),
                };
                Self { path, request: request.slice_ref(item.value.bytes()?), shape }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::{self, till_item::Item};

    use super::*;
    use crate::wire::till::{self, Capture};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes.into()
    }

    #[test]
    fn an_item_is_the_call_of_what_it_holds() {
        let asked = v1::HoldRequest { order_id: "o1".into(), ..Default::default() };
        let call =
            Call::of(Kind::Till, &written(|out| Capture { request_id: b"r1", hold_id: b"h1", amount_minor: None }.write(out)))
                .unwrap();
        assert_eq!((call.path, call.shape), ("/tessera.v1.RedemptionService/Capture", Shape::Redemption));
        assert_eq!(v1::CaptureRequest::decode(call.request).unwrap().hold_id, "h1");
        let call = Call::of(Kind::Till, &written(|out| till::hold(out, |out| out.extend(asked.encode_to_vec())))).unwrap();
        assert_eq!((call.path, call.shape), ("/tessera.v1.RedemptionService/Hold", Shape::Hold));
        assert_eq!(v1::HoldRequest::decode(call.request).unwrap().order_id, "o1");
        let validate = v1::TillItem { item: Some(Item::Validate(v1::TillValidate::default())) }.encode_to_vec();
        assert_eq!(Call::of(Kind::Till, &validate.into()).unwrap_err(), Malformed("an item that no plan writes"));
    }

    #[test]
    fn what_is_no_item_is_asked_as_it_is() {
        let request = Bytes::from_static(b"as it is");
        for (kind, shape) in [(Kind::Claim, Shape::Claim), (Kind::Issue, Shape::Claim), (Kind::Redeem, Shape::Redemption)] {
            let call = Call::of(kind, &request).unwrap();
            assert_eq!((call.request, call.shape), (request.clone(), shape));
        }
    }
}
