//! Gift cards over the wire: made in a batch, activated, reloaded, adjusted, replaced, looked at, and taken once.

use std::{collections::BTreeSet, time::Duration};

use tessera_proto::v1::{self, LedgerKind, card_service_client::CardServiceClient, operation};
use tonic::{Code, Response, Status, transport::Channel};

use crate::{
    house::{House, card, channel, claim, fresh, redeem, twenty_off, yuan},
    maintenance::ended,
    order::line,
    refusal::check,
};

/// A house with its cards.
struct Shop {
    house: House,
    cards: CardServiceClient<Channel>,
}

impl Shop {
    async fn open() -> Self {
        Self { house: House::open().await, cards: CardServiceClient::new(channel().await) }
    }

    async fn start(&mut self, batch: &str, template: &str, count: u64) -> Result<Response<v1::StartCardBatchResponse>, Status> {
        let (batch_id, template_id) = (batch.to_owned(), template.to_owned());
        let request = v1::StartCardBatchRequest { batch_id, template_id, count };
        self.house.maintainers.start_card_batch(request).await
    }

    async fn made(&mut self, batch: &str, template: &str, count: u64) -> v1::Operation {
        let started = self.start(batch, template, count).await.expect("a batch is begun").into_inner();
        ended(&mut self.house, started.operation).await
    }

    async fn download(&mut self, batch: &str, request_id: &str) -> Result<Response<Vec<v1::DownloadBatchResponse>>, Status> {
        let request = v1::DownloadBatchRequest { request_id: request_id.to_owned(), batch_id: batch.to_owned() };
        let mut told = self.cards.download_batch(request).await?.into_inner();
        let mut messages = Vec::new();
        while let Some(message) = told.message().await? {
            messages.push(message);
        }
        Ok(Response::new(messages))
    }

    /// Cards of a new batch with 500 fen each, and its template.
    async fn cards_of_batch(&mut self, count: u64) -> (Vec<v1::BatchCard>, String) {
        let (batch, template) = (fresh("batch"), self.house.template(card()).await);
        self.made(&batch, &template, count).await;
        let messages = self.download(&batch, &fresh("download")).await.expect("the codes are taken").into_inner();
        (messages.into_iter().flat_map(|message| message.cards).collect(), template)
    }

    /// One card, activated.
    async fn active(&mut self) -> v1::BatchCard {
        let (mut cards, _) = self.cards_of_batch(1).await;
        let card = cards.remove(0);
        self.cards.activate_card(activate(&card)).await.expect("a card is activated");
        card
    }

    async fn reloaded(&mut self, card: &v1::BatchCard, minor: i64) -> v1::ReloadCardResponse {
        self.cards.reload_card(reload(card, yuan(minor))).await.expect("a card is reloaded").into_inner()
    }

    async fn balance(&mut self, code: &str) -> Result<Response<v1::GetCardBalanceResponse>, Status> {
        self.cards.get_card_balance(v1::GetCardBalanceRequest { code: code.to_owned(), ..Default::default() }).await
    }

    async fn ledger(&mut self, coupon_id: &str, page_size: u32, page_token: String) -> v1::GetCardLedgerResponse {
        let request = v1::GetCardLedgerRequest { coupon_id: coupon_id.to_owned(), page_size, page_token };
        self.cards.get_card_ledger(request).await.expect("a ledger is read").into_inner()
    }
}

fn by_code(card: &v1::BatchCard) -> Option<v1::Instrument> {
    Some(v1::Instrument { instrument: Some(v1::instrument::Instrument::Code(card.code.clone())) })
}

fn activate(card: &v1::BatchCard) -> v1::ActivateCardRequest {
    v1::ActivateCardRequest {
        request_id: fresh("activate"),
        instrument: by_code(card),
        merchant_id: "kiosk".into(),
        order_id: "sale-1".into(),
        channel: String::new(),
    }
}

fn reload(card: &v1::BatchCard, amount: Option<v1::Money>) -> v1::ReloadCardRequest {
    v1::ReloadCardRequest { request_id: fresh("reload"), instrument: by_code(card), amount, ..Default::default() }
}

fn adjust(card: &v1::BatchCard, amount_minor: i64) -> v1::AdjustCardRequest {
    let (coupon_id, currency) = (card.coupon_id.clone(), "CNY".to_owned());
    v1::AdjustCardRequest { request_id: fresh("adjust"), coupon_id, amount_minor, currency, reason: "audit".into() }
}

fn replace(card: &v1::BatchCard) -> v1::ReplaceCardRequest {
    v1::ReplaceCardRequest { request_id: fresh("replace"), coupon_id: card.coupon_id.clone(), revoke_holds: false }
}

#[tokio::test]
async fn a_batch_is_made_to_its_end_and_again_makes_nothing() {
    let mut shop = Shop::open().await;
    let (batch, template) = (fresh("batch"), shop.house.template(card()).await);
    for _ in 0..2 {
        let ended = shop.made(&batch, &template, 5_003).await;
        assert_eq!((ended.state(), ended.kind()), (v1::OperationState::Done, v1::OperationKind::CardBatch), "{ended:?}");
        assert_eq!((ended.journals_done, ended.journals), (4, 4));
        let made = v1::CardBatchResult { batch_id: batch.clone(), count: 5_003, made: 5_003 };
        assert_eq!(ended.result, Some(operation::Result::CardBatch(made)));
    }
    let found = shop.cards.get_batch(v1::GetBatchRequest { batch_id: batch.clone() }).await.unwrap().into_inner();
    let found = found.batch.expect("the reply shows it");
    assert_eq!((found.count, found.made, found.taken_ms, found.template_id), (5_003, 5_003, 0, template.clone()));
    assert!(found.opened_ms > 0 && found.completed_ms >= found.opened_ms && found.face_value == yuan(500));
    check(shop.start(&batch, &template, 5_004).await, Code::AlreadyExists, "BATCH_EXISTS", "", 0);
}

#[tokio::test]
async fn a_batch_that_cannot_be_made_is_refused_before_it_begins() {
    let mut shop = Shop::open().await;
    let (one_use, template) = (shop.house.template(twenty_off()).await, shop.house.template(card()).await);
    check(shop.start("", &template, 1).await, Code::InvalidArgument, "INVALID_ARGUMENT", "batch_id", 64);
    check(shop.start(&fresh("batch"), "nothing", 1).await, Code::NotFound, "TEMPLATE_NOT_FOUND", "", 0);
    check(shop.start(&fresh("batch"), &one_use, 1).await, Code::FailedPrecondition, "NOT_A_CARD", "", 0);
    let refused = shop.start(&fresh("batch"), &template, 1_000_001).await;
    check(refused, Code::InvalidArgument, "INVALID_ARGUMENT", "count", 1_000_000);
    let nothing = shop.cards.get_batch(v1::GetBatchRequest { batch_id: fresh("batch") }).await;
    check(nothing, Code::NotFound, "BATCH_NOT_FOUND", "", 0);
}

#[tokio::test]
async fn codes_are_taken_once_and_under_one_request_id_again() {
    let mut shop = Shop::open().await;
    let (batch, template) = (fresh("batch"), shop.house.template(card()).await);
    check(shop.download(&batch, "d0").await, Code::NotFound, "BATCH_NOT_FOUND", "", 0);
    shop.made(&batch, &template, 4_500).await;
    let first = shop.download(&batch, "d1").await.unwrap().into_inner();
    let codes = |messages: &[v1::DownloadBatchResponse]| {
        messages.iter().flat_map(|message| &message.cards).map(|card| card.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&first).iter().collect::<BTreeSet<_>>().len(), 4_500, "every card has a code of its own");
    assert!(first.iter().all(|message| !message.replayed && message.face_value == yuan(500) && message.cards.len() <= 1_024));
    let again = shop.download(&batch, "d1").await.unwrap().into_inner();
    assert!(again.iter().all(|message| message.replayed) && codes(&again) == codes(&first));
    let found = shop.cards.get_batch(v1::GetBatchRequest { batch_id: batch.clone() }).await.unwrap().into_inner();
    let taken_ms = found.batch.unwrap().taken_ms;
    check(shop.download(&batch, "d2").await, Code::AlreadyExists, "BATCH_TAKEN", "", taken_ms);
}

#[tokio::test]
async fn a_card_is_worth_nothing_until_it_is_activated_once() {
    let mut shop = Shop::open().await;
    let (cards, template) = shop.cards_of_batch(2).await;
    let early = shop.house.redemptions.redeem(redeem(by_code(&cards[0]), yuan(100))).await;
    check(early, Code::FailedPrecondition, "COUPON_NOT_ACTIVATED", "", 0);
    check(shop.balance(&cards[0].code).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    let request = activate(&cards[0]);
    let active = shop.cards.activate_card(request.clone()).await.unwrap().into_inner();
    assert_eq!((active.face_value.clone(), &active.coupon_id, &active.template_id), (yuan(500), &cards[0].coupon_id, &template));
    let again = shop.cards.activate_card(request).await.unwrap().into_inner();
    assert_eq!(again, v1::ActivateCardResponse { replayed: true, ..active });
    let twice = shop.cards.activate_card(activate(&cards[0])).await;
    check(twice, Code::FailedPrecondition, "COUPON_ACTIVATED", "", 0);
    shop.house.redemptions.redeem(redeem(by_code(&cards[0]), yuan(100))).await.expect("an active card is charged");
    assert_eq!(shop.balance(&cards[0].code).await.unwrap().into_inner().available, yuan(400));
    check(shop.balance(&cards[1].code).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
}

#[tokio::test]
async fn a_balance_tells_a_guesser_nothing() {
    let mut shop = Shop::open().await;
    let card = shop.active().await;
    let mut wrong = card.code.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    let one_use = shop.house.coupon(twenty_off()).await.claimed.code;
    let frozen = shop.active().await;
    let freeze = v1::FreezeCouponRequest {
        request_id: fresh("freeze"),
        coupon_id: frozen.coupon_id.clone(),
        block: v1::Block::Risk.into(),
        revoke_holds: false,
    };
    shop.house.custodians.freeze_coupon(freeze).await.expect("a card without owner is frozen");
    let void = shop.active().await;
    let request = v1::VoidCouponRequest { request_id: fresh("void"), coupon_id: void.coupon_id.clone(), revoke_holds: false };
    assert_eq!(shop.house.custodians.void_coupon(request).await.unwrap().into_inner().voided_minor, 500);
    for code in [wrong.as_str(), "", "0000000000000000", &one_use, &frozen.code, &void.code] {
        check(shop.balance(code).await, Code::NotFound, "CODE_NOT_ACCEPTED", "", 0);
    }
    assert_eq!(shop.balance(&card.code).await.unwrap().into_inner().available, yuan(500));
}

#[tokio::test]
async fn a_reload_and_an_adjustment_change_the_balance_once() {
    let mut shop = Shop::open().await;
    let card = shop.active().await;
    let request = reload(&card, yuan(250));
    let loaded = shop.cards.reload_card(request.clone()).await.unwrap().into_inner();
    assert_eq!((loaded.balance_after_minor, &loaded.coupon_id, loaded.amount.clone()), (750, &card.coupon_id, yuan(250)));
    let again = shop.cards.reload_card(request).await.unwrap().into_inner();
    assert_eq!(again, v1::ReloadCardResponse { replayed: true, ..loaded });
    let down = shop.cards.adjust_card(adjust(&card, -700)).await.unwrap().into_inner();
    assert_eq!((down.balance_after_minor, &down.coupon_id), (50, &card.coupon_id));
    let refused = shop.cards.adjust_card(adjust(&card, -51)).await;
    check(refused, Code::FailedPrecondition, "INSUFFICIENT_BALANCE", "", 50);
    let refused = shop.cards.reload_card(reload(&card, yuan(1_000_000_000_000_000))).await;
    check(refused, Code::ResourceExhausted, "BALANCE_LIMIT_REACHED", "", 999_999_999_999_950);
    let owned = shop.house.coupon(twenty_off()).await;
    let one_use = v1::BatchCard { code: owned.claimed.code, coupon_id: owned.claimed.coupon_id };
    check(shop.cards.adjust_card(adjust(&one_use, 1)).await, Code::FailedPrecondition, "NOT_A_CARD", "", 0);
}

#[tokio::test]
async fn a_lost_card_is_replaced_by_one_with_another_code() {
    let mut shop = Shop::open().await;
    let lost = shop.active().await;
    shop.house.redemptions.redeem(redeem(by_code(&lost), yuan(120))).await.expect("it is charged");
    let request = replace(&lost);
    let replaced = shop.cards.replace_card(request.clone()).await.unwrap().into_inner();
    let again = shop.cards.replace_card(request).await.unwrap().into_inner();
    let card = replaced.replacement.clone().expect("the reply gives it");
    assert_eq!(again, v1::ReplaceCardResponse { replayed: true, ..replaced });
    assert!(card.code != lost.code && card.coupon_id != lost.coupon_id);
    assert_eq!(shop.balance(&card.code).await.unwrap().into_inner().available, yuan(380));
    let late = shop.house.redemptions.redeem(redeem(by_code(&lost), yuan(1))).await;
    check(late, Code::FailedPrecondition, "COUPON_VOID", "", 0);
    let page = shop.ledger(&card.coupon_id, 0, String::new()).await;
    let told: Vec<_> = page.entries.iter().map(|entry| (entry.kind(), entry.amount_minor, entry.balance_after_minor)).collect();
    assert_eq!((told, page.next_page_token), (vec![(LedgerKind::MovedIn, 380, 380)], String::new()));
    let request = v1::GetCouponHistoryRequest { coupon_id: card.coupon_id, page_size: 0, page_token: String::new() };
    let history = shop.house.journals.get_coupon_history(request).await.expect("its history is read").into_inner();
    assert_eq!(history.changes.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>(), ["Replaced"]);
}

#[tokio::test]
async fn what_is_refunded_to_a_void_card_elsewhere_is_found_in_its_history_and_given_a_code() {
    let mut shop = Shop::open().await;
    let coupon = shop.house.coupon(twenty_off()).await.claimed;
    let home = coupon.position.expect("a claim tells where it stands").partition;
    let (cards, _) = shop.cards_of_batch(24).await;
    let mut elsewhere = None;
    for card in &cards {
        let active = shop.cards.activate_card(activate(card)).await.expect("a card is activated").into_inner();
        elsewhere = elsewhere.or((active.position.expect("it tells where").partition != home).then_some(card));
    }
    let card = elsewhere.expect("some cards lie elsewhere");
    let code = |code: &str| by_code(&v1::BatchCard { code: code.to_owned(), ..card.clone() }).expect("a code");
    let order = v1::RedeemOrderRequest {
        request_id: fresh("order"),
        instruments: vec![code(&coupon.code), code(&card.code)],
        merchant_id: "merchant".into(),
        order_id: fresh("order"),
        order: Some(v1::Order { currency: "CNY".into(), lines: vec![line("tea", 2, 6_000)], shipping_minor: 0 }),
        channel: String::new(),
    };
    let bought = shop.house.checkouts.redeem_order(order).await.expect("both are used").into_inner();
    let checkout_id = bought.checkout.expect("it is told").checkout_id;
    let void = v1::VoidCouponRequest { request_id: fresh("void"), coupon_id: card.coupon_id.clone(), revoke_holds: false };
    // The word of what it pays is there a moment later.
    until(async || {
        let request = v1::VoidCouponRequest { request_id: fresh("void"), ..void.clone() };
        shop.house.custodians.void_coupon(request).await.ok()
    })
    .await;
    let refund = v1::RefundOrderRequest { request_id: fresh("refund"), checkout_id, returned: None };
    let back = shop.house.checkouts.refund_order(refund).await.expect("all comes back").into_inner();
    assert_eq!((back.apart[0].coupon_id.as_str(), back.apart[0].amount_minor), (&*card.coupon_id, 500));
    let history = v1::GetCouponHistoryRequest { coupon_id: card.coupon_id.clone(), page_size: 0, page_token: String::new() };
    let new = until(async || {
        let told = shop.house.journals.get_coupon_history(history.clone()).await.expect("its history is read").into_inner();
        told.changes.into_iter().map(|change| change.replacement_id).find(|id| !id.is_empty())
    })
    .await;
    let handed = shop.cards.replace_card(replace(&v1::BatchCard { code: String::new(), coupon_id: new })).await;
    let given = handed.expect("an operator replaces it").into_inner().replacement.expect("the reply gives its code");
    assert_eq!(shop.balance(&given.code).await.unwrap().into_inner().available, yuan(500));
}

/// What is there at last.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is not there after 5 s");
}

#[tokio::test]
async fn a_ledger_tells_every_movement_with_its_balance_page_by_page() {
    let mut shop = Shop::open().await;
    let card = shop.active().await;
    shop.reloaded(&card, 250).await;
    let charged = redeem(by_code(&card), yuan(300));
    let spent = shop.house.redemptions.redeem(charged.clone()).await.unwrap().into_inner();
    let redemption_id = spent.redemption_id;
    let back = v1::RefundRequest { request_id: fresh("refund"), redemption_id, amount_minor: Some(100) };
    shop.house.redemptions.refund(back).await.expect("a part is refunded");
    shop.cards.adjust_card(adjust(&card, -50)).await.expect("it is adjusted");
    shop.cards.replace_card(replace(&card)).await.expect("it is replaced");
    let expected = [
        (LedgerKind::MovedOut, -500, 0),
        (LedgerKind::Adjusted, -50, 500),
        (LedgerKind::Refunded, 100, 550),
        (LedgerKind::Spent, -300, 450),
        (LedgerKind::Reloaded, 250, 750),
        (LedgerKind::Issued, 500, 500),
    ];
    let (mut entries, mut token) = (Vec::new(), String::new());
    loop {
        let page = shop.ledger(&card.coupon_id, 2, token).await;
        assert!(page.entries.len() <= 2 && page.currency == "CNY");
        entries.extend(page.entries);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let told: Vec<_> = entries.iter().map(|entry| (entry.kind(), entry.amount_minor, entry.balance_after_minor)).collect();
    assert_eq!(told, expected);
    assert_eq!((entries[1].reason.as_str(), entries[3].order_id.as_str()), ("audit", charged.order_id.as_str()));
    assert_eq!((entries[5].merchant_id.as_str(), entries[5].order_id.as_str()), ("kiosk", "sale-1"));
    let foreign = v1::GetCardLedgerRequest { coupon_id: card.coupon_id, page_size: 0, page_token: "x".into() };
    let refused = shop.cards.get_card_ledger(foreign).await;
    check(refused, Code::InvalidArgument, "INVALID_ARGUMENT", "page_token", 0);
}

#[tokio::test]
async fn an_owners_card_has_a_ledger_from_its_claim() {
    let mut shop = Shop::open().await;
    let (user, template) = (fresh("user"), shop.house.template(card()).await);
    let claimed = shop.house.claims.claim(claim(&user, &template)).await.unwrap().into_inner();
    let page = shop.ledger(&claimed.coupon_id, 0, String::new()).await;
    let told: Vec<_> = page.entries.iter().map(|entry| (entry.kind(), entry.amount_minor, entry.balance_after_minor)).collect();
    assert_eq!(told, [(LedgerKind::Issued, 500, 500)]);
}

#[tokio::test]
async fn codes_are_not_taken_of_a_batch_that_is_still_being_made() {
    let mut shop = Shop::open().await;
    let (batch, template) = (fresh("batch"), shop.house.template(card()).await);
    let started = shop.start(&batch, &template, 1_000_000).await.unwrap().into_inner().operation.unwrap();
    let answer = shop.download(&batch, &fresh("download")).await;
    let cancel = v1::CancelOperationRequest { operation_id: started.operation_id };
    shop.house.maintainers.cancel_operation(cancel).await.unwrap();
    let told = crate::refusal::refused(answer);
    assert_eq!((told.code, told.reason.as_str(), told.field.as_str()), (Code::FailedPrecondition, "BATCH_NOT_COMPLETE", ""));
    assert_eq!(ended(&mut shop.house, Some(started)).await.state(), v1::OperationState::Cancelled);
}
