//! Cards and coupons of other houses: imported once, used by their codes wherever a card is, and other codes told alike.

use std::collections::BTreeMap;

use futures_util::stream;
use tessera_proto::v1::{
    self, card_service_client::CardServiceClient, import_card_outcome::Outcome, instrument::Instrument as Either,
};
use tonic::{Code, transport::Channel};

use crate::{
    house::{House, capture, card, channel, fresh, hold, redeem, refund, twenty_off, yuan},
    refusal::check,
};

struct Shop {
    house: House,
    cards: CardServiceClient<Channel>,
    template: String,
    batch: String,
}

impl Shop {
    async fn open() -> Self {
        let mut house = House::open().await;
        let template = house.template(card()).await;
        Self { house, cards: CardServiceClient::new(channel().await), template, batch: fresh("batch") }
    }

    fn row(&self, code: &str) -> v1::ImportCard {
        v1::ImportCard {
            row_id: fresh("row"),
            batch_id: self.batch.clone(),
            template_id: self.template.clone(),
            legacy_code: code.to_owned(),
            ..v1::ImportCard::default()
        }
    }

    async fn import(&mut self, rows: &[v1::ImportCard]) -> Vec<Outcome> {
        let messages: Vec<_> = rows.chunks(2).map(|rows| v1::ImportStreamRequest { cards: rows.to_vec() }).collect();
        let mut answers = self.cards.import_stream(stream::iter(messages)).await.expect("a stream opens").into_inner();
        let mut gathered = BTreeMap::new();
        while let Some(answer) = answers.message().await.expect("the stream ends well") {
            gathered.extend(answer.outcomes.into_iter().map(|one| (one.row_id, one.outcome.expect("an outcome"))));
        }
        rows.iter().map(|row| gathered.remove(&row.row_id).expect("each row is answered")).collect()
    }

    /// A card with this code, and its id.
    async fn imported(&mut self, code: &str) -> String {
        let rows = [self.row(code)];
        let [Outcome::Accepted(card)] = &self.import(&rows).await[..] else { panic!("the row is accepted") };
        card.coupon_id.clone()
    }

    async fn balance(&mut self, code: &str) -> Result<i64, tonic::Status> {
        let request = v1::GetCardBalanceRequest { code: String::new(), legacy_code: code.to_owned() };
        let reply = self.cards.get_card_balance(request).await?.into_inner();
        Ok(reply.available.expect("it is shown").minor)
    }
}

fn by_legacy(code: &str) -> Option<v1::Instrument> {
    Some(v1::Instrument { instrument: Some(Either::LegacyCode(code.to_owned())) })
}

fn told(outcome: &Outcome) -> (Option<v1::Reason>, String, bool) {
    match outcome {
        Outcome::Accepted(card) => (None, String::new(), card.replayed),
        Outcome::Refused(refusal) => (Some(refusal.reason()), refusal.field.clone(), false),
    }
}

#[tokio::test]
async fn a_row_is_imported_once_and_what_is_none_is_refused_by_itself() {
    let mut shop = Shop::open().await;
    let off = shop.house.template(twenty_off()).await;
    let [code, other] = ["A-007/", "券 "].map(fresh);
    let good = shop.row(&code);
    let rows = [
        good.clone(),
        v1::ImportCard { balance_minor: Some(321), currency: "CNY".into(), external_reference: "R-1".into(), ..shop.row(&other) },
        v1::ImportCard { legacy_code: String::new(), ..shop.row("") },
        v1::ImportCard { row_id: "r".repeat(65), ..shop.row(&fresh("code")) },
        v1::ImportCard { legacy_code: "x".repeat(65), ..shop.row("") },
        v1::ImportCard { currency: "USD".into(), ..shop.row(&fresh("code")) },
        v1::ImportCard { currency: "yuan".into(), ..shop.row(&fresh("code")) },
        v1::ImportCard { balance_minor: Some(-1), ..shop.row(&fresh("code")) },
        v1::ImportCard { use_until_ms: 5, ..shop.row(&fresh("code")) },
        v1::ImportCard { template_id: off, balance_minor: Some(1), ..shop.row(&fresh("code")) },
        v1::ImportCard { balance_minor: Some(0), ..shop.row(&fresh("code")) },
        v1::ImportCard { batch_id: String::new(), ..shop.row(&fresh("code")) },
        v1::ImportCard { external_reference: "r".repeat(65), ..shop.row(&fresh("code")) },
    ];
    let outcomes = shop.import(&rows).await;
    let invalid = |field: &str| (Some(v1::Reason::InvalidArgument), field.to_owned(), false);
    let refused = |reason| (Some(reason), String::new(), false);
    let expected = [
        (None, String::new(), false),
        (None, String::new(), false),
        invalid("legacy_code"),
        invalid("row_id"),
        invalid("legacy_code"),
        refused(v1::Reason::CurrencyMismatch),
        invalid("currency"),
        invalid("balance_minor"),
        invalid("use_until_ms"),
        invalid("balance_minor"),
        invalid("balance_minor"),
        invalid("batch_id"),
        invalid("external_reference"),
    ];
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!((shop.balance(&code).await.unwrap(), shop.balance(&other).await.unwrap()), (500, 321));

    let again = v1::ImportCard { row_id: fresh("row"), ..good.clone() };
    let another = v1::ImportCard { balance_minor: Some(499), ..again.clone() };
    let elsewhere = v1::ImportCard { batch_id: fresh("batch"), ..again.clone() };
    let outcomes = [shop.import(&[again]).await, shop.import(&[another]).await, shop.import(&[elsewhere]).await].concat();
    let exists = refused(v1::Reason::LegacyCodeExists);
    assert_eq!(outcomes.iter().map(told).collect::<Vec<_>>(), [(None, String::new(), true), exists.clone(), exists]);
}

#[tokio::test]
async fn a_till_uses_an_imported_card_by_its_code_and_its_id_is_an_operators() {
    let (mut shop, code) = (Shop::open().await, fresh("till"));
    let coupon_id = shop.imported(&code).await;
    let asked = redeem(by_legacy(&code), yuan(120));
    let redeemed = shop.house.redemptions.redeem(asked.clone()).await.unwrap().into_inner();
    assert_eq!((&redeemed.coupon_id, redeemed.replayed), (&coupon_id, false));
    assert!(shop.house.redemptions.redeem(asked).await.unwrap().into_inner().replayed, "a retry is one");
    let held = shop.house.redemptions.hold(hold(by_legacy(&code), yuan(80))).await.unwrap().into_inner();
    assert_eq!(held.coupon_id, coupon_id);
    let instrument = by_legacy(&code);
    let reload = v1::ReloadCardRequest { request_id: fresh("reload"), instrument, amount: yuan(50), ..Default::default() };
    let reloaded = shop.cards.reload_card(reload).await.unwrap().into_inner();
    assert_eq!((reloaded.coupon_id, reloaded.balance_after_minor), (coupon_id.clone(), 350));
    let activate = v1::ActivateCardRequest { request_id: fresh("a"), instrument: by_legacy(&code), ..Default::default() };
    check(shop.cards.activate_card(activate).await, Code::FailedPrecondition, "COUPON_ACTIVATED", "", 0);

    let lines = vec![v1::OrderLine {
        goods_id: "tea".into(),
        quantity: 1,
        unit_price_minor: 70,
        merchant_id: "m".into(),
        ..Default::default()
    }];
    let order = v1::RedeemOrderRequest {
        request_id: fresh("order"),
        instruments: by_legacy(&code).into_iter().collect(),
        merchant_id: "m".into(),
        order_id: fresh("order"),
        order: Some(v1::Order { currency: "CNY".into(), lines, shipping_minor: 0 }),
        channel: String::new(),
    };
    let whole = shop.house.checkouts.redeem_order(order).await.unwrap().into_inner().checkout.unwrap();
    assert_eq!((&whole.parts[0].coupon_id, whole.parts[0].balance_after_minor), (&coupon_id, Some(280)));
    let validate =
        v1::ValidateRequest { instrument: by_legacy(&code), merchant_id: "m".into(), amount: yuan(281), channel: String::new() };
    let outcome = shop.house.redemptions.validate(validate).await.unwrap().into_inner().outcome.unwrap();
    let v1::validate_response::Outcome::Refused(refusal) = outcome else { panic!("it holds less") };
    assert_eq!((refusal.reason(), refusal.value), (v1::Reason::InsufficientBalance, 280));

    let ledger = v1::GetCardLedgerRequest { coupon_id: coupon_id.clone(), ..Default::default() };
    let ledger = shop.cards.get_card_ledger(ledger).await.unwrap().into_inner().entries;
    assert_eq!(ledger.iter().map(|entry| entry.amount_minor).collect::<Vec<_>>(), [-70, 50, -120, 500]);
    let replace = v1::ReplaceCardRequest { request_id: fresh("replace"), coupon_id, revoke_holds: true };
    let new = shop.cards.replace_card(replace).await.unwrap().into_inner().replacement.unwrap();
    assert_eq!(new.code.len(), 16, "the new card has a code of this house");
    let answer = shop.house.redemptions.redeem(redeem(by_legacy(&code), yuan(1))).await;
    check(answer, Code::FailedPrecondition, "COUPON_VOID", "", 0);
}

#[tokio::test]
async fn a_channels_coupon_is_redeemed_by_its_code_given_back_and_redeemed_again() {
    let (mut shop, code) = (Shop::open().await, fresh("channel"));
    shop.template = shop.house.template(twenty_off()).await;
    let coupon_id = shop.imported(&code).await;
    let till = &mut shop.house.redemptions;
    let redeemed = till.redeem(redeem(by_legacy(&code), yuan(10_000))).await.unwrap().into_inner();
    assert_eq!((&redeemed.coupon_id, redeemed.amounts.unwrap().applied_minor), (&coupon_id, 2_000));
    check(till.redeem(redeem(by_legacy(&code), yuan(10_000))).await, Code::FailedPrecondition, "COUPON_USED", "", 0);
    till.refund(refund(&redeemed.redemption_id)).await.unwrap();
    let held = till.hold(hold(by_legacy(&code), yuan(10_000))).await.unwrap().into_inner();
    let captured = till.capture(capture(&held.hold_id)).await.unwrap().into_inner();
    till.refund(refund(&captured.redemption_id)).await.unwrap();
    till.redeem(redeem(by_legacy(&code), yuan(10_000))).await.unwrap();

    check(shop.balance(&code).await.map(tonic::Response::new), Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let ledger = v1::GetCardLedgerRequest { coupon_id: coupon_id.clone(), ..Default::default() };
    check(shop.cards.get_card_ledger(ledger).await, Code::FailedPrecondition, "NOT_A_CARD", "", 0);
    let void = v1::VoidCouponRequest { request_id: fresh("void"), coupon_id, revoke_holds: false };
    check(shop.house.custodians.void_coupon(void).await, Code::FailedPrecondition, "COUPON_USED", "", 0);
}

#[tokio::test]
async fn a_code_that_leads_nowhere_is_not_accepted_and_a_malformed_field_comes_first() {
    let (mut shop, none) = (Shop::open().await, fresh("nowhere"));
    let answer = shop.house.redemptions.redeem(redeem(by_legacy(&none), yuan(1))).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let answer = shop.house.redemptions.hold(hold(by_legacy(&none), yuan(1))).await;
    check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    check(shop.balance(&none).await.map(tonic::Response::new), Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let reload =
        v1::ReloadCardRequest { request_id: fresh("r"), instrument: by_legacy(&none), amount: yuan(5), ..Default::default() };
    check(shop.cards.reload_card(reload).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let nowhere = v1::RedeemRequest { order_id: String::new(), ..redeem(by_legacy(&none), yuan(1)) };
    check(shop.house.redemptions.redeem(nowhere).await, Code::InvalidArgument, "INVALID_ARGUMENT", "order_id", 64);
    for bad in [String::new(), "x".repeat(65), "a\nb".into()] {
        let answer = shop.house.redemptions.redeem(redeem(by_legacy(&bad), yuan(1))).await;
        check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "instrument.legacy_code", 64);
    }
    let both = v1::GetCardBalanceRequest { code: "0000".into(), legacy_code: none };
    check(shop.cards.get_card_balance(both).await, Code::InvalidArgument, "INVALID_ARGUMENT", "legacy_code", 0);
}

#[tokio::test]
async fn a_tills_stream_takes_codes_of_other_houses_beside_all_others() {
    let (mut shop, code) = (Shop::open().await, fresh("stream"));
    let coupon_id = shop.imported(&code).await;
    let redemptions = vec![redeem(by_legacy(&code), yuan(10)), redeem(by_legacy(&fresh("none")), yuan(10))];
    let ids: Vec<String> = redemptions.iter().map(|one| one.request_id.clone()).collect();
    let messages = stream::iter([v1::RedeemStreamRequest { redemptions }]);
    let mut answers = shop.house.redemptions.redeem_stream(messages).await.unwrap().into_inner();
    let mut outcomes = BTreeMap::new();
    while let Some(answer) = answers.message().await.unwrap() {
        outcomes.extend(answer.outcomes.into_iter().map(|one| (one.request_id, one.outcome.unwrap())));
    }
    let v1::redeem_outcome::Outcome::Accepted(accepted) = &outcomes[&ids[0]] else { panic!("it is redeemed") };
    assert_eq!(accepted.coupon_id, coupon_id);
    let v1::redeem_outcome::Outcome::Refused(refusal) = &outcomes[&ids[1]] else { panic!("it is not") };
    assert_eq!(refusal.reason(), v1::Reason::CodeNotAccepted);
}
