//! `Debug` of the messages that carry a code. A code is money: it must not reach a log by a `{:?}`, so these forms show that
//! a code is there and not what it is. `build.rs` lists the messages and withholds their derived form.

use std::fmt;

use crate::v1;

/// Stands where a code would.
const REDACTED: &str = "(redacted)";

impl fmt::Debug for v1::ClaimResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimResponse")
            .field("coupon_id", &self.coupon_id)
            .field("code", &REDACTED)
            .field("template_id", &self.template_id)
            .field("template_version", &self.template_version)
            .field("use_from_ms", &self.use_from_ms)
            .field("use_until_ms", &self.use_until_ms)
            .field("face_value", &self.face_value)
            .field("position", &self.position)
            .field("replayed", &self.replayed)
            .finish()
    }
}

impl fmt::Debug for v1::IssueResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssueResponse")
            .field("coupon_id", &self.coupon_id)
            .field("code", &REDACTED)
            .field("template_id", &self.template_id)
            .field("template_version", &self.template_version)
            .field("use_from_ms", &self.use_from_ms)
            .field("use_until_ms", &self.use_until_ms)
            .field("face_value", &self.face_value)
            .field("position", &self.position)
            .field("replayed", &self.replayed)
            .finish()
    }
}

impl fmt::Debug for v1::RevealCodeResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevealCodeResponse").field("code", &REDACTED).finish()
    }
}

impl fmt::Debug for v1::ReplacementCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplacementCard")
            .field("coupon_id", &self.coupon_id)
            .field("code", &REDACTED)
            .field("use_until_ms", &self.use_until_ms)
            .finish()
    }
}

impl fmt::Debug for v1::OfferGiftResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfferGiftResponse")
            .field("gift_token", &REDACTED)
            .field("coupon_id", &self.coupon_id)
            .field("deadline_ms", &self.deadline_ms)
            .field("at_ms", &self.at_ms)
            .field("position", &self.position)
            .field("replayed", &self.replayed)
            .finish()
    }
}

impl fmt::Debug for v1::CancelGiftRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown_but_for_the_token("CancelGiftRequest", &self.request_id, &self.user_id, f)
    }
}

impl fmt::Debug for v1::AcceptGiftRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown_but_for_the_token("AcceptGiftRequest", &self.request_id, &self.user_id, f)
    }
}

fn shown_but_for_the_token(name: &str, request_id: &str, user_id: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    shown.field("request_id", &request_id).field("user_id", &user_id).field("gift_token", &REDACTED).finish()
}

impl fmt::Debug for v1::GetGiftRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetGiftRequest").field("gift_token", &REDACTED).field("user_id", &self.user_id).finish()
    }
}

impl fmt::Debug for v1::BatchCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchCard").field("code", &REDACTED).field("coupon_id", &self.coupon_id).finish()
    }
}

impl fmt::Debug for v1::GetCardBalanceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetCardBalanceRequest").field("code", &REDACTED).field("legacy_code", &REDACTED).finish()
    }
}

impl fmt::Debug for v1::ImportCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportCard")
            .field("row_id", &self.row_id)
            .field("batch_id", &self.batch_id)
            .field("template_id", &self.template_id)
            .field("legacy_code", &REDACTED)
            .field("balance_minor", &self.balance_minor)
            .field("currency", &self.currency)
            .field("use_until_ms", &self.use_until_ms)
            .field("external_reference", &self.external_reference)
            .finish()
    }
}

impl fmt::Debug for v1::Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instrument").field("instrument", &self.instrument).finish()
    }
}

impl fmt::Debug for v1::instrument::Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(_) => f.debug_tuple("Code").field(&REDACTED).finish(),
            Self::LegacyCode(_) => f.debug_tuple("LegacyCode").field(&REDACTED).finish(),
            Self::OwnedCoupon(owned) => f.debug_tuple("OwnedCoupon").field(owned).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::v1;

    const CODE: &str = "7KQ2-M4XN-90TR-ABCD";

    #[track_caller]
    fn check_hides_code(message: &dyn std::fmt::Debug) {
        let shown = format!("{message:?}");
        assert!(shown.contains("redacted") && !shown.contains(CODE), "{shown}");
    }

    #[test]
    fn debug_of_a_claim_hides_the_code() {
        check_hides_code(&v1::ClaimResponse { code: CODE.into(), ..Default::default() });
    }

    #[test]
    fn debug_of_an_issue_hides_the_code() {
        check_hides_code(&v1::IssueResponse { code: CODE.into(), ..Default::default() });
    }

    #[test]
    fn debug_of_a_revealed_code_hides_it() {
        check_hides_code(&v1::RevealCodeResponse { code: CODE.into() });
    }

    #[test]
    fn debug_of_a_card_hides_the_code() {
        check_hides_code(&v1::GetCardBalanceRequest { code: CODE.into(), legacy_code: CODE.into() });
        check_hides_code(&v1::ImportCard { legacy_code: CODE.into(), ..Default::default() });
        let instrument = Some(v1::instrument::Instrument::LegacyCode(CODE.into()));
        check_hides_code(&v1::Instrument { instrument });
        let cards = vec![v1::BatchCard { code: CODE.into(), ..Default::default() }];
        check_hides_code(&v1::DownloadBatchResponse { cards, ..Default::default() });
    }

    #[test]
    fn debug_of_a_refund_hides_the_code_of_the_replacement() {
        let replacement = Some(v1::ReplacementCard { code: CODE.into(), ..Default::default() });
        check_hides_code(&v1::RefundResponse { replacement, ..Default::default() });
    }

    #[test]
    fn debug_of_what_is_said_of_a_gift_hides_the_token() {
        check_hides_code(&v1::OfferGiftResponse { gift_token: CODE.into(), ..Default::default() });
        check_hides_code(&v1::CancelGiftRequest { gift_token: CODE.into(), ..Default::default() });
        check_hides_code(&v1::AcceptGiftRequest { gift_token: CODE.into(), ..Default::default() });
        check_hides_code(&v1::GetGiftRequest { gift_token: CODE.into(), ..Default::default() });
    }

    #[test]
    fn debug_of_a_redemption_request_hides_the_code() {
        let instrument = v1::Instrument { instrument: Some(v1::instrument::Instrument::Code(CODE.into())) };
        check_hides_code(&v1::RedeemRequest { instrument: Some(instrument), ..Default::default() });
    }
}
