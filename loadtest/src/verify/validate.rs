//! A sample of cards, validated: the answer fits the balance, and asking changes nothing (the wallets are listed afterwards).

use tessera_proto::v1::{
    Instrument, Money, OwnedCoupon, ValidateRequest, instrument, redemption_service_client::RedemptionServiceClient,
    validate_response::Outcome,
};

use super::{calls::patient, wallets::Balances};
use crate::{
    check::{Findings, Violation},
    error::Error,
    link::Link,
    plan::cards::Issues,
};

/// How many cards are validated at most.
const SAMPLE_MAX: u64 = 1_000;

/// What is asked for, in minor units.
const ASKED_MINOR: i64 = 1;

/// Validates evenly spread cards.
pub async fn check(link: &Link, issues: &Issues, balances: &Balances, findings: &mut Findings) -> Result<(), Error> {
    let client = RedemptionServiceClient::new(link.channel());
    let step = issues.cards().div_ceil(SAMPLE_MAX).max(1);
    for (card, &left) in (0..issues.cards()).zip(&balances.left_minor).step_by(step as usize) {
        let request = request(issues, card);
        let ask = || {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.validate(request).await }
        };
        let shown = match patient("Validate", link, ask).await?.outcome {
            Some(Outcome::Accepted(amounts)) => amounts.balance_after_minor.map(|after| after + ASKED_MINOR),
            Some(Outcome::Refused(_)) | None => None,
        };
        findings.check(shown == Some(left), || Violation::WrongBalance {
            user: card,
            expected: left,
            actual: shown.unwrap_or_default(),
        });
    }
    Ok(())
}

fn request(issues: &Issues, card: u64) -> ValidateRequest {
    let coupon_id = String::from_utf8_lossy(&issues.card(card).coupon_id).into_owned();
    let owned = OwnedCoupon { user_id: issues.user_id(card), coupon_id };
    ValidateRequest {
        instrument: Some(Instrument { instrument: Some(instrument::Instrument::OwnedCoupon(owned)) }),
        merchant_id: "validate".into(),
        amount: Some(Money { minor: ASKED_MINOR, currency: "CNY".into() }),
        channel: String::new(),
    }
}
