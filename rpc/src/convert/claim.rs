//! Claims and issues.

use tessera_proto::v1;

use super::{position, request_id};
use crate::{
    domain::{
        Id, Rejection,
        command::{Claim, Command, Operation},
        reply::Claimed,
    },
    seals::{Place, Seals},
};

/// The command of a claim, and the partition that decides it.
pub fn claim(seals: Seals<'_>, request: v1::ClaimRequest) -> Result<(u16, Command), Rejection> {
    command(seals, Operation::Claim, request.request_id, request.user_id, request.template_id)
}

/// The command of an issue, and the partition that decides it.
pub fn issue(seals: Seals<'_>, request: v1::IssueRequest) -> Result<(u16, Command), Rejection> {
    command(seals, Operation::Issue, request.request_id, request.user_id, request.template_id)
}

fn command(
    seals: Seals<'_>,
    operation: Operation,
    request: String,
    user: String,
    template: String,
) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request)?;
    let (partition, user) = seals.user(user)?;
    let template = Id::new("template_id", template)?;
    Ok((partition, Command::Claim(Claim { operation, user, template, request_id })))
}

/// The reply to a claim.
pub fn claimed(seals: Seals<'_>, claimed: &Claimed) -> v1::ClaimResponse {
    let coupon = Place { partition: claimed.written.partition, number: claimed.coupon };
    v1::ClaimResponse {
        coupon_id: seals.coupon_id(coupon),
        code: seals.code(coupon, claimed.key_version),
        template_id: claimed.terms.template_id.as_str().to_owned(),
        template_version: claimed.terms.version,
        use_from_ms: claimed.window.from_ms,
        use_until_ms: claimed.window.until_ms,
        face_value: face_value(claimed),
        position: Some(position(claimed.written)),
        replayed: claimed.written.replayed,
    }
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
    let terms = &claimed.terms;
    let currency = || terms.currency.as_str().to_owned();
    terms.is_stored_value().then(|| v1::Money { minor: terms.face_value(), currency: currency() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, seals::tests::seals};

    fn request() -> v1::ClaimRequest {
        v1::ClaimRequest { request_id: "r1".into(), user_id: "u1".into(), template_id: "t1".into() }
    }

    #[track_caller]
    fn check_refused(request: v1::ClaimRequest, field: &str) {
        let refusal = claim(seals(4), request).unwrap_err();
        assert_eq!((refusal.reason, refusal.field, refusal.value), (Reason::InvalidArgument, field, 64));
    }

    #[test]
    fn a_claim_goes_to_its_users_partition() {
        let (partition, command) = claim(seals(4), request()).unwrap();
        let (expected, user) = seals(4).user("u1".into()).unwrap();
        let Command::Claim(claim) = command else { panic!("a claim becomes a claim") };
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
    fn an_oversized_template_id_is_refused() {
        check_refused(v1::ClaimRequest { template_id: "t".repeat(65), ..request() }, "template_id");
    }
}
