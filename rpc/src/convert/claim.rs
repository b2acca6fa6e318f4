//! Claims and issues.

use tessera_proto::{
    v1,
    wire::{self, Fields, Malformed},
};

use super::{channel, position, request_id, write_position};
use crate::{
    domain::{
        Id, Rejection, Window,
        command::{Claim, Operation},
        reply::{Claimed, Offer},
    },
    seals::{Place, Seals},
};

/// A `ClaimRequest` or an `IssueRequest`, whichever way it was read: the first has the first fields of the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Names the request.
    pub request_id: &'a str,
    user_id: &'a str,
    template_id: &'a str,
    channel: &'a str,
    /// Only an issue says it.
    use_window: Option<Window>,
}

impl<'a> From<&'a v1::ClaimRequest> for Asked<'a> {
    fn from(request: &'a v1::ClaimRequest) -> Self {
        let v1::ClaimRequest { request_id, user_id, template_id, channel } = request;
        Self { request_id, user_id, template_id, channel, use_window: None }
    }
}

impl<'a> From<&'a v1::IssueRequest> for Asked<'a> {
    fn from(request: &'a v1::IssueRequest) -> Self {
        let v1::IssueRequest { request_id, user_id, template_id, channel, use_window } = request;
        let use_window = use_window.map(|v1::UseWindow { from_ms, until_ms }| Window { from_ms, until_ms });
        Self { request_id, user_id, template_id, channel, use_window }
    }
}

impl<'a> Asked<'a> {
    /// From an encoded request.
    pub fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let (mut asked, mut fields) = (Self::default(), Fields::of(message));
        while let Some(field) = fields.read()? {
            match field.number {
                1 => asked.request_id = field.value.text()?,
                2 => asked.user_id = field.value.text()?,
                3 => asked.template_id = field.value.text()?,
                4 => asked.channel = field.value.text()?,
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// A claim or an issue, and the partition that decides it.
pub fn claim(seals: Seals<'_>, operation: Operation, asked: Asked<'_>) -> Result<(u16, Claim), Rejection> {
    let request_id = request_id(asked.request_id)?;
    let (partition, user) = seals.user(asked.user_id)?;
    let template = Id::new("template_id", asked.template_id)?;
    let (channel, use_window) = (channel(asked.channel)?, asked.use_window.map(Box::new));
    Ok((partition, Claim { operation, user, template, request_id, channel, use_window }))
}

/// The reply to a claim.
pub fn claimed(seals: Seals<'_>, claimed: &Claimed) -> v1::ClaimResponse {
    let coupon = Place { partition: claimed.written.partition, number: claimed.coupon };
    v1::ClaimResponse {
        coupon_id: seals.coupon_id(coupon),
        code: seals.code(coupon, claimed.key_version),
        template_id: claimed.offer.template.as_str().to_owned(),
        template_version: claimed.offer.version,
        use_from_ms: claimed.window.from_ms,
        use_until_ms: claimed.window.until_ms,
        face_value: face_value(claimed),
        position: Some(position(claimed.written)),
        replayed: claimed.written.replayed,
    }
}

/// Writes the reply to a claim: what [`claimed`] says.
pub fn write_claimed(seals: Seals<'_>, claimed: &Claimed, out: &mut Vec<u8>) {
    let Claimed { written, coupon, key_version, offer, window } = claimed;
    let coupon = Place { partition: written.partition, number: *coupon };
    wire::string(1, seals.sealed_coupon(coupon).as_bytes(), out);
    if let Some(code) = seals.sealed_code(coupon, *key_version) {
        wire::string(2, code.as_bytes(), out);
    }
    wire::string(3, offer.template.as_str().as_bytes(), out);
    wire::number(4, u64::from(offer.version), out);
    wire::number(5, window.from_ms.cast_unsigned(), out);
    wire::number(6, window.until_ms.cast_unsigned(), out);
    if let Some(face_value) = offer.face_value {
        wire::message(7, out, |out| {
            wire::number(1, face_value.cast_unsigned(), out);
            wire::string(2, &offer.currency.bytes(), out);
        });
    }
    write_position(8, *written, out);
    wire::number(9, u64::from(written.replayed), out);
}

/// The reply to an issue: that to a claim, field for field.
pub fn issued(seals: Seals<'_>, issued: &Claimed) -> v1::IssueResponse {
    let reply = claimed(seals, issued);
    v1::IssueResponse {
        coupon_id: reply.coupon_id,
        code: reply.code,
        template_id: reply.template_id,
        template_version: reply.template_version,
        use_from_ms: reply.use_from_ms,
        use_until_ms: reply.use_until_ms,
        face_value: reply.face_value,
        position: reply.position,
        replayed: reply.replayed,
    }
}

fn face_value(claimed: &Claimed) -> Option<v1::Money> {
    let Offer { currency, face_value, .. } = &claimed.offer;
    face_value.map(|minor| v1::Money { minor, currency: currency.as_str().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    fn request() -> v1::ClaimRequest {
        v1::ClaimRequest { request_id: "r1".into(), user_id: "u1".into(), template_id: "t1".into(), channel: "app".into() }
    }

    #[track_caller]
    fn check_refused(request: v1::ClaimRequest, field: &str) {
        let refusal = claim(seals(4), Operation::Claim, (&request).into()).unwrap_err();
        assert_eq!((refusal.reason, refusal.field, refusal.value), (Reason::InvalidArgument, field, 64));
    }

    #[test]
    fn a_claim_goes_to_its_users_partition() {
        let (partition, claim) = claim(seals(4), Operation::Claim, (&request()).into()).unwrap();
        let (expected, user) = seals(4).user("u1").unwrap();
        assert_eq!((partition, claim.operation, claim.user), (expected, Operation::Claim, user));
    }

    #[test]
    fn a_claim_without_request_id_is_refused() {
        check_refused(v1::ClaimRequest { request_id: String::new(), ..request() }, "request_id");
    }

    #[test]
    fn a_claim_without_user_is_refused() {
        check_refused(v1::ClaimRequest { user_id: String::new(), ..request() }, "user_id");
    }

    #[test]
    fn an_oversized_channel_is_refused() {
        check_refused(v1::ClaimRequest { channel: "c".repeat(65), ..request() }, "channel");
    }

    #[test]
    fn an_oversized_template_id_is_refused() {
        check_refused(v1::ClaimRequest { template_id: "t".repeat(65), ..request() }, "template_id");
    }
}
