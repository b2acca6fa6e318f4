//! Orders with gift cards of other partitions over the wire: a coupon of one user, and cards that lie wherever their codes say.

use std::{collections::BTreeSet, time::Duration};

use tessera_proto::v1::{self, instrument::Instrument as Either, template_spec::Kind};
use tonic::Code;

use crate::{
    house::{House, Owned, card, fresh, twenty_off},
    maintenance::TRIES,
    order::{at_once, line, units},
    refusal::{check, read},
    void_template,
};

/// A coupon of 10 off, and two cards of 5 whose owners live in other partitions, though for one case in millions.
struct Shop {
    house: House,
    cash: Owned,
    cards: Vec<Owned>,
}

impl Shop {
    async fn new() -> Self {
        let mut house = House::open().await;
        let stacking = Some(v1::Stacking { class: v1::StackingClass::Always.into(), ..v1::Stacking::default() });
        let kind = Some(Kind::CashVoucher(v1::CashVoucher { amount_minor: 1_000 }));
        let cash = house.coupon(v1::TemplateSpec { kind, stacking, ..twenty_off() }).await;
        let mut cards = Vec::new();
        for _ in 0..20 {
            let other = house.coupon(card()).await;
            if partition(&other) != partition(&cash) {
                cards.push(other);
            }
        }
        cards.truncate(2);
        assert_eq!(cards.len(), 2, "some users live elsewhere");
        Self { house, cash, cards }
    }

    /// 2 teas of 60, a cup of 30 and 8 for shipping: 148 after the coupon.
    fn ask(&self) -> v1::HoldOrderRequest {
        let lines = vec![line("tea", 2, 6_000), line("cup", 1, 3_000)];
        let code = |owned: &Owned| v1::Instrument { instrument: Some(Either::Code(owned.claimed.code.clone())) };
        v1::HoldOrderRequest {
            request_id: fresh("order"),
            instruments: self.cards.iter().chain([&self.cash]).map(code).collect(),
            merchant_id: "merchant".into(),
            order_id: fresh("order"),
            order: Some(v1::Order { currency: "CNY".into(), lines, shipping_minor: 800 }),
            ttl_ms: 0,
            channel: String::new(),
        }
    }

    /// What each card has, is held of it and was captured of it, when its home's word has arrived: what home says is there a moment later.
    async fn settles(&mut self, expected: [[i64; 3]; 2]) {
        let mut found = [[0; 3]; 2];
        for _ in 0..500 {
            for (at, accounts) in found.iter_mut().enumerate() {
                *accounts = self.house.accounts(&self.cards[at]).await;
            }
            if found == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the cards stand at {found:?}, not at {expected:?}");
    }
}

fn partition(owned: &Owned) -> u32 {
    owned.claimed.position.expect("a claim tells where it stands").partition
}

fn paid(checkout: &v1::Checkout) -> Vec<(&str, i64, Option<i64>)> {
    checkout.parts.iter().map(|part| (part.coupon_id.as_str(), part.applied_minor, part.balance_after_minor)).collect()
}

#[tokio::test]
async fn cards_of_other_partitions_pay_for_an_order_and_get_back_what_comes_back() {
    let mut shop = Shop::new().await;
    let asked = at_once(shop.ask());
    let told = shop.house.checkouts.redeem_order(asked.clone()).await.unwrap().into_inner();
    let first = told.checkout.clone().unwrap();
    let id = |owned: &Owned| owned.claimed.coupon_id.clone();
    let (cash, cards) = (id(&shop.cash), [id(&shop.cards[0]), id(&shop.cards[1])]);
    let mut parts = paid(&first);
    parts[1..].sort_unstable_by_key(|&(coupon, ..)| coupon != cards[0]);
    assert_eq!(parts, [(&*cash, 1_000, None), (&*cards[0], 500, Some(0)), (&*cards[1], 500, Some(0))]);
    assert_eq!((first.amount_minor, first.payable_minor, told.replayed), (15_800, 13_800, false));
    assert!(!first.parts[0].redemption_id.is_empty() && first.parts[1].redemption_id.is_empty());
    let again = shop.house.checkouts.redeem_order(asked).await.unwrap().into_inner();
    assert_eq!(again, v1::RedeemOrderResponse { replayed: true, ..told });
    shop.settles([[0, 0, 500]; 2]).await;

    let refund = |request: &str, returned| v1::RefundOrderRequest {
        request_id: request.to_owned(),
        checkout_id: first.checkout_id.clone(),
        returned,
    };
    let cup = shop.house.checkouts.refund_order(refund("b1", units(&[(1, 1)], false))).await.unwrap().into_inner();
    let back: i64 = cup.apart.iter().map(|card| card.amount_minor).sum();
    assert_eq!((back, cup.outside_minor), (1_000, 1_800), "cards are full again before anything is paid out");
    assert_eq!(cup.apart[0].coupon_id, first.parts[2].coupon_id, "the last drained first");
    let rest = shop.house.checkouts.refund_order(refund("b2", None)).await.unwrap().into_inner();
    assert!(rest.apart.is_empty() && rest.outside_minor == 12_000, "{rest:?}");
    shop.settles([[500, 0, 0]; 2]).await;
}

#[tokio::test]
async fn what_a_void_template_takes_of_a_card_elsewhere_is_told_to_be_paid_outside() {
    let mut shop = Shop::new().await;
    let order = shop.house.checkouts.redeem_order(at_once(shop.ask())).await.unwrap().into_inner().checkout.unwrap();
    let void = shop.cards[0].claimed.clone();
    shop.house.templates.void_template(void_template::void(&void.template_id)).await.unwrap();
    let refund = v1::RefundOrderRequest { request_id: "v1".into(), checkout_id: order.checkout_id.clone(), returned: None };
    let told = shop.house.checkouts.refund_order(refund.clone()).await.unwrap().into_inner();
    let mut back: Vec<_> =
        told.apart.iter().map(|card| (card.coupon_id.as_str(), card.amount_minor, card.outside_minor)).collect();
    back.sort_unstable_by_key(|&(coupon, ..)| coupon != void.coupon_id);
    assert_eq!(back, [(&*void.coupon_id, 500, 500), (&*shop.cards[1].claimed.coupon_id, 500, 0)]);
    assert_eq!(told.outside_minor, order.payable_minor + 500, "what the void card loses is paid outside with the rest");
    let again = shop.house.checkouts.refund_order(refund).await.unwrap().into_inner();
    assert_eq!((again.replayed, again.apart, again.outside_minor), (true, told.apart, told.outside_minor));
    shop.settles([[0, 0, 0], [500, 0, 0]]).await;
    assert_eq!(shop.house.view(&shop.cards[0]).await.status(), v1::CouponStatus::Void);
}

#[tokio::test]
async fn a_held_order_takes_from_cards_elsewhere_what_is_delivered_and_lets_the_rest_go() {
    let mut shop = Shop::new().await;
    let held = shop.house.checkouts.hold_order(shop.ask()).await.unwrap().into_inner().checkout.unwrap();
    assert_eq!((held.parts.len(), held.payable_minor), (3, 13_800));
    shop.settles([[0, 500, 0]; 2]).await;
    let capture = v1::CaptureOrderRequest {
        request_id: "k1".into(),
        checkout_id: held.checkout_id.clone(),
        delivered: units(&[], true),
        reacquire: false,
    };
    let taken = shop.house.checkouts.capture_order(capture).await.unwrap().into_inner().checkout.unwrap();
    assert_eq!((taken.amount_minor, taken.payable_minor), (800, 0));
    let first = taken.parts[0].coupon_id == shop.cards[0].claimed.coupon_id;
    let (drained, rest) = ([0, 0, 500], [200, 0, 300]);
    shop.settles(if first { [drained, rest] } else { [rest, drained] }).await;

    let mut shop = Shop::new().await;
    let held = shop.house.checkouts.hold_order(shop.ask()).await.unwrap().into_inner().checkout.unwrap();
    for replayed in [false, true] {
        let release = v1::ReleaseOrderRequest { request_id: "l1".into(), checkout_id: held.checkout_id.clone() };
        assert_eq!(shop.house.checkouts.release_order(release).await.unwrap().into_inner().replayed, replayed);
    }
    let checkout_id = held.checkout_id;
    let late = v1::CaptureOrderRequest { request_id: "k2".into(), checkout_id, delivered: None, reacquire: true };
    let refused = shop.house.checkouts.capture_order(late).await;
    check(refused, Code::FailedPrecondition, "INSTRUMENTS_APART", "reacquire", 0);
    shop.settles([[500, 0, 0]; 2]).await;
}

#[tokio::test]
async fn conservation_compares_what_homes_say_with_what_cards_elsewhere_have_paid() {
    let mut shop = Shop::new().await;
    let elsewhere: BTreeSet<u32> = shop.cards.iter().map(partition).collect();
    let held = shop.house.checkouts.hold_order(shop.ask()).await.unwrap().into_inner().checkout.unwrap();
    let conserved = async |shop: &mut Shop| {
        let told = shop.house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
        assert!(told.holds, "{:?}", told.violations);
        told.pledges.expect("orders over partitions are told of")
    };
    assert!(conserved(&mut shop).await.open >= elsewhere.len() as u64, "cards are held for this order");
    let capture =
        v1::CaptureOrderRequest { request_id: "k1".into(), checkout_id: held.checkout_id, delivered: None, reacquire: false };
    shop.house.checkouts.capture_order(capture).await.unwrap();
    assert!(conserved(&mut shop).await.known >= elsewhere.len() as u64, "they have paid, or the word is on its way");
}

#[tokio::test]
async fn an_order_whose_card_elsewhere_is_declined_holds_nothing_and_names_it() {
    let mut shop = Shop::new().await;
    let spent = &shop.cards[1];
    shop.house.redeemed(&Owned { user: spent.user.clone(), claimed: spent.claimed.clone() }, 500).await;
    let asked = at_once(shop.ask());
    for _ in 0..2 {
        let refused = shop.house.checkouts.redeem_order(asked.clone()).await;
        check(refused, Code::FailedPrecondition, "INSUFFICIENT_BALANCE", "instruments[1]", 0);
    }
    shop.settles([[500, 0, 0], [0, 0, 500]]).await;
    let cash = at_once(v1::HoldOrderRequest { instruments: vec![shop.ask().instruments.remove(2)], ..shop.ask() });
    shop.house.checkouts.redeem_order(cash).await.expect("the coupon is free again");
}

#[tokio::test]
async fn many_at_once_charge_a_card_elsewhere_for_one_order() {
    let shop = Shop::new().await;
    let asks = (0..8).map(|_| {
        let mut house = shop.house.checkouts.clone();
        let mut asked = at_once(shop.ask());
        // Cards alone: what they have is enough for one of them.
        asked.instruments.truncate(2);
        async move { house.redeem_order(asked).await.is_ok() }
    });
    let taken = futures_util::future::join_all(asks).await.into_iter().filter(|&taken| taken).count();
    assert_eq!(taken, 1, "a card pays one order");
    let mut shop = shop;
    shop.settles([[0, 0, 500]; 2]).await;
}

#[tokio::test]
async fn an_order_is_the_same_whichever_of_its_instruments_is_named_first() {
    let mut shop = Shop::new().await;
    let elsewhere = loop {
        let card = shop.house.coupon(card()).await;
        if partition(&card) != partition(&shop.cards[0]) {
            break card;
        }
    };
    let code = |owned: &Owned| v1::Instrument { instrument: Some(Either::Code(owned.claimed.code.clone())) };
    let cards = vec![code(&shop.cards[0]), code(&elsewhere)];
    let of_cards = v1::HoldOrderRequest { instruments: cards, ..shop.ask() };
    for mut asked in [of_cards, shop.ask()] {
        let first = shop.house.checkouts.hold_order(asked.clone()).await.unwrap().into_inner();
        asked.instruments.reverse();
        let again = shop.house.checkouts.hold_order(asked).await.unwrap().into_inner();
        assert_eq!(again, v1::HoldOrderResponse { replayed: true, ..first.clone() });
        let checkout_id = first.checkout.unwrap().checkout_id;
        let release = v1::ReleaseOrderRequest { request_id: fresh("release"), checkout_id };
        shop.house.checkouts.release_order(release).await.unwrap();
        shop.settles([[500, 0, 0]; 2]).await;
    }
}

#[tokio::test]
async fn while_an_order_waits_for_cards_elsewhere_another_request_for_it_is_told_so() {
    let shop = Shop::new().await;
    let order = shop.ask();
    for _ in 0..TRIES {
        let asks = (0..8).map(|_| {
            let mut house = shop.house.checkouts.clone();
            let asked = v1::HoldOrderRequest { request_id: fresh("order"), ..order.clone() };
            async move { house.hold_order(asked).await }
        });
        let answers = futures_util::future::join_all(asks).await;
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(read).collect();
        for told in &refused {
            assert_eq!((told.code, told.reason.as_str(), told.field.as_str()), (Code::Aborted, "ORDER_IN_PROGRESS", ""));
            assert!(told.value > 0, "the lsn of who waits");
        }
        if !refused.is_empty() {
            return;
        }
    }
    panic!("an order had always its cards before another request came");
}
