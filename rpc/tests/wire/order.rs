//! Orders of several coupons and cards over the wire: redeemed, held, captured in part, let go, and refunded by unit.

use tessera_proto::v1::{self, instrument::Instrument as Either, template_spec::Kind};
use tonic::Code;

use crate::{
    house::{House, card, claim, fresh, twenty_off},
    refusal::{check, read},
};

pub fn line(goods: &str, quantity: u32, unit_price_minor: i64) -> v1::OrderLine {
    let (goods_id, merchant_id) = (goods.to_owned(), "merchant".to_owned());
    v1::OrderLine { goods_id, category_ids: Vec::new(), merchant_id, quantity, unit_price_minor }
}

fn owned(user: &str, coupon_id: &str) -> v1::Instrument {
    let owned = v1::OwnedCoupon { user_id: user.to_owned(), coupon_id: coupon_id.to_owned() };
    v1::Instrument { instrument: Some(Either::OwnedCoupon(owned)) }
}

pub fn units(lines: &[(u32, u32)], shipping: bool) -> Option<v1::OrderUnits> {
    let lines = lines.iter().map(|&(line, units)| v1::LineUnits { line, units }).collect();
    Some(v1::OrderUnits { lines, shipping })
}

/// A user with a coupon of 10 off, stacking, and a card of 5.
struct Shopper {
    house: House,
    user: String,
    cash: String,
    gift: String,
}

impl Shopper {
    async fn new() -> Self {
        let (mut house, user) = (House::open().await, fresh("user"));
        let stacking = Some(v1::Stacking { class: v1::StackingClass::Always.into(), ..v1::Stacking::default() });
        let kind = Some(Kind::CashVoucher(v1::CashVoucher { amount_minor: 1_000 }));
        let cash = give(&mut house, &user, v1::TemplateSpec { kind, stacking, ..twenty_off() }).await;
        let gift = give(&mut house, &user, card()).await;
        Self { house, user, cash, gift }
    }

    fn ask(&self) -> v1::HoldOrderRequest {
        let lines = vec![line("tea", 2, 6_000), line("cup", 1, 3_000)];
        v1::HoldOrderRequest {
            request_id: fresh("order"),
            instruments: vec![owned(&self.user, &self.gift), owned(&self.user, &self.cash)],
            merchant_id: "merchant".into(),
            order_id: fresh("order"),
            order: Some(v1::Order { currency: "CNY".into(), lines, shipping_minor: 800 }),
            ttl_ms: 0,
            channel: String::new(),
        }
    }
}

impl Shopper {
    /// An order that was held and let go: its checkout's id.
    async fn let_go(&mut self) -> String {
        let asked = self.ask();
        let held = self.house.checkouts.hold_order(asked).await.expect("both are free").into_inner();
        let checkout_id = held.checkout.expect("what is held is told").checkout_id;
        let release = v1::ReleaseOrderRequest { request_id: "l1".into(), checkout_id: checkout_id.clone() };
        self.house.checkouts.release_order(release).await.expect("it is held");
        checkout_id
    }
}

pub fn at_once(asked: v1::HoldOrderRequest) -> v1::RedeemOrderRequest {
    let v1::HoldOrderRequest { request_id, instruments, merchant_id, order_id, order, channel, .. } = asked;
    v1::RedeemOrderRequest { request_id, instruments, merchant_id, order_id, order, channel }
}

async fn give(house: &mut House, user: &str, spec: v1::TemplateSpec) -> String {
    let template = house.template(spec).await;
    house.claims.claim(claim(user, &template)).await.expect("a user claims a new template").into_inner().coupon_id
}

fn parts(checkout: &v1::Checkout) -> Vec<(&str, i64, &[i64], Option<i64>)> {
    let told = |part: &v1::CheckoutPart| (part.applied_minor, part.balance_after_minor);
    let parts = checkout.parts.iter().map(|part| (part, told(part)));
    parts.map(|(part, (applied, after))| (part.coupon_id.as_str(), applied, &part.line_shares_minor[..], after)).collect()
}

#[tokio::test]
async fn an_order_is_redeemed_as_one_and_returned_unit_by_unit() {
    let mut shopper = Shopper::new().await;
    let asked = at_once(shopper.ask());
    let told = shopper.house.checkouts.redeem_order(asked.clone()).await.unwrap().into_inner();
    let first = told.checkout.clone().unwrap();
    let (cash, gift) = (shopper.cash.as_str(), shopper.gift.as_str());
    assert_eq!(parts(&first), [(cash, 1_000, &[800, 200][..], None), (gift, 500, &[], Some(0))]);
    assert_eq!((first.amount_minor, first.payable_minor, first.deadline_ms, told.replayed), (15_800, 14_300, 0, false));
    let again = shopper.house.checkouts.redeem_order(asked.clone()).await.unwrap().into_inner();
    assert_eq!(again, v1::RedeemOrderResponse { replayed: true, ..told });

    let refund = |request: &str, returned| v1::RefundOrderRequest {
        request_id: request.to_owned(),
        checkout_id: first.checkout_id.clone(),
        returned,
    };
    let checkouts = &mut shopper.house.checkouts;
    let one = checkouts.refund_order(refund("b1", units(&[(0, 1)], false))).await.unwrap().into_inner();
    let given = |answer: &v1::RefundOrderResponse| {
        let minor = |part: &v1::RefundResponse| part.refunded.clone().unwrap().minor;
        answer.parts.iter().map(|part| (part.coupon_id.clone(), minor(part), part.status())).collect::<Vec<_>>()
    };
    let (used, active) = (v1::CouponStatus::Used, v1::CouponStatus::Active);
    assert_eq!(given(&one), [(cash.to_owned(), 400, used), (gift.to_owned(), 500, active)]);
    assert_eq!((one.outside_minor, one.currency.as_str()), (5_100, "CNY"));
    let rest = checkouts.refund_order(refund("b2", None)).await.unwrap().into_inner();
    assert_eq!((given(&rest), rest.outside_minor), (vec![(cash.to_owned(), 600, active)], 9_200));
    check(checkouts.refund_order(refund("b3", None)).await, Code::FailedPrecondition, "ALREADY_REFUNDED", "", 1_500);
    let part =
        v1::RefundRequest { request_id: "b4".into(), redemption_id: first.parts[0].redemption_id.clone(), amount_minor: None };
    let whole = told.position.unwrap().lsn.cast_signed();
    check(shopper.house.redemptions.refund(part).await, Code::FailedPrecondition, "PART_OF_CHECKOUT", "", whole);
}

#[tokio::test]
async fn an_order_is_held_captured_in_part_and_what_is_not_taken_is_free() {
    let mut shopper = Shopper::new().await;
    let held = shopper.house.checkouts.hold_order(shopper.ask()).await.unwrap().into_inner().checkout.unwrap();
    assert!(held.deadline_ms == held.at_ms + 900_000 && held.parts.iter().all(|part| part.redemption_id.is_empty()));
    let capture = v1::CaptureOrderRequest {
        request_id: "k1".into(),
        checkout_id: held.checkout_id.clone(),
        delivered: units(&[(1, 1)], false),
        reacquire: false,
    };
    let checkouts = &mut shopper.house.checkouts;
    let taken = checkouts.capture_order(capture).await.unwrap().into_inner().checkout.unwrap();
    let (cash, gift) = (shopper.cash.as_str(), shopper.gift.as_str());
    assert_eq!(parts(&taken), [(cash, 200, &[0, 200][..], None), (gift, 500, &[], Some(0))]);
    assert_eq!((taken.amount_minor, taken.payable_minor), (3_000, 2_300));
    let release = v1::ReleaseOrderRequest { request_id: "l1".into(), checkout_id: held.checkout_id };
    let refused = checkouts.release_order(release).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let unknown = v1::ReleaseOrderRequest { request_id: "l2".into(), checkout_id: "0".repeat(26) };
    check(checkouts.release_order(unknown).await, Code::NotFound, "HOLD_NOT_FOUND", "", 0);
    let unknown = v1::RefundOrderRequest { request_id: "l3".into(), checkout_id: "0".repeat(26), returned: None };
    check(checkouts.refund_order(unknown).await, Code::NotFound, "REDEMPTION_NOT_FOUND", "", 0);
}

#[tokio::test]
async fn an_order_that_is_let_go_holds_nothing() {
    let mut shopper = Shopper::new().await;
    let held = shopper.house.checkouts.hold_order(shopper.ask()).await.unwrap().into_inner().checkout.unwrap();
    for replayed in [false, true] {
        let release = v1::ReleaseOrderRequest { request_id: "l1".into(), checkout_id: held.checkout_id.clone() };
        let released = shopper.house.checkouts.release_order(release).await.unwrap().into_inner();
        assert_eq!((released.expired, released.replayed), (false, replayed));
    }
    let asked = at_once(shopper.ask());
    shopper.house.checkouts.redeem_order(asked).await.expect("both are free again");
}

#[tokio::test]
async fn an_order_that_holds_nothing_any_more_is_taken_anew_or_names_the_part_that_hinders_it() {
    let mut shopper = Shopper::new().await;
    let (first, second) = (shopper.let_go().await, shopper.let_go().await);
    let capture = |request: &str, checkout_id: &str, reacquire| v1::CaptureOrderRequest {
        request_id: request.to_owned(),
        checkout_id: checkout_id.to_owned(),
        delivered: None,
        reacquire,
    };
    let checkouts = &mut shopper.house.checkouts;
    check(checkouts.capture_order(capture("k1", &first, false)).await, Code::FailedPrecondition, "HOLD_RELEASED", "", 0);
    let taken = checkouts.capture_order(capture("k2", &first, true)).await.unwrap().into_inner();
    let checkout = taken.checkout.clone().unwrap();
    let (cash, gift) = (shopper.cash.as_str(), shopper.gift.as_str());
    assert_eq!(parts(&checkout), [(cash, 1_000, &[800, 200][..], None), (gift, 500, &[], Some(0))]);
    assert_eq!((checkout.payable_minor, taken.reacquired, taken.replayed), (14_300, true, false));
    let again = checkouts.capture_order(capture("k2", &first, true)).await.unwrap().into_inner();
    assert_eq!(again, v1::CaptureOrderResponse { replayed: true, ..taken });
    for _ in 0..2 {
        let refused = checkouts.capture_order(capture("k3", &second, true)).await;
        check(refused, Code::FailedPrecondition, "COUPON_USED", "parts[0]", 0);
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_by_its_field_or_its_instrument() {
    let mut shopper = Shopper::new().await;
    let good = at_once(shopper.ask());
    let named = |instrument| v1::Instrument { instrument: Some(instrument) };
    let nobody = v1::Instrument { instrument: None };
    let unnamed = owned("", &shopper.gift);
    let foreign_code = named(Either::LegacyCode("a\nb".into()));
    let mistyped = named(Either::Code("0000-0000-0000-0001".into()));
    let no_id = owned(&shopper.user, "nonsense");
    let stranger = owned(&fresh("user"), &shopper.gift);
    let gift = owned(&shopper.user, &shopper.gift);
    let (wrong, field) = (Code::InvalidArgument, "INVALID_ARGUMENT");
    for (asked, code, reason, at, value) in [
        (v1::RedeemOrderRequest { request_id: String::new(), ..good.clone() }, wrong, field, "request_id", 64),
        (v1::RedeemOrderRequest { instruments: Vec::new(), ..good.clone() }, wrong, field, "instruments", 1),
        (v1::RedeemOrderRequest { instruments: vec![gift.clone(); 17], ..good.clone() }, wrong, field, "instruments", 16),
        (v1::RedeemOrderRequest { instruments: vec![gift.clone(), nobody], ..good.clone() }, wrong, field, "instruments[1]", 0),
        (v1::RedeemOrderRequest { instruments: vec![unnamed], ..good.clone() }, wrong, field, "instruments[0]", 64),
        (
            v1::RedeemOrderRequest { instruments: vec![gift.clone(), foreign_code], ..good.clone() },
            wrong,
            field,
            "instruments[1]",
            64,
        ),
        (v1::RedeemOrderRequest { instruments: vec![gift.clone(), gift], ..good.clone() }, wrong, field, "instruments[1]", 1),
        (v1::RedeemOrderRequest { merchant_id: String::new(), ..good.clone() }, wrong, field, "merchant_id", 64),
        (v1::RedeemOrderRequest { order_id: "x".repeat(65), ..good.clone() }, wrong, field, "order_id", 64),
        (v1::RedeemOrderRequest { order: None, ..good.clone() }, wrong, field, "order", 0),
    ] {
        check(shopper.house.checkouts.redeem_order(asked).await, code, reason, at, value);
    }
    let ttl = v1::HoldOrderRequest { ttl_ms: 4_999, ..shopper.ask() };
    check(shopper.house.checkouts.hold_order(ttl).await, wrong, field, "ttl_ms", 5_000);
    for foreign in [stranger, mistyped, no_id] {
        let asked = v1::RedeemOrderRequest { instruments: vec![owned(&shopper.user, &shopper.gift), foreign], ..good.clone() };
        let answer = shopper.house.checkouts.redeem_order(asked).await;
        check(answer, Code::NotFound, "CODE_NOT_ACCEPTED", "instruments[1]", 0);
    }
    let (request_id, checkout_id) = ("k".to_owned(), String::new());
    let (delivered, reacquire) = (None, false);
    let none = v1::CaptureOrderRequest { request_id: request_id.clone(), checkout_id: checkout_id.clone(), delivered, reacquire };
    check(shopper.house.checkouts.capture_order(none).await, wrong, field, "checkout_id", 0);
    let none = v1::ReleaseOrderRequest { request_id: request_id.clone(), checkout_id: checkout_id.clone() };
    check(shopper.house.checkouts.release_order(none).await, wrong, field, "checkout_id", 0);
    let none = v1::RefundOrderRequest { request_id, checkout_id, returned: None };
    check(shopper.house.checkouts.refund_order(none).await, wrong, field, "checkout_id", 0);
}

#[tokio::test]
async fn discounts_of_several_partitions_are_told_apart() {
    let mut shopper = Shopper::new().await;
    // Among so many users one lives in another partition, but for one case in 4^20.
    let mut apart = None;
    for _ in 0..20 {
        let other = Shopper::new().await;
        let instruments = vec![owned(&shopper.user, &shopper.cash), owned(&other.user, &other.cash)];
        let asked = v1::RedeemOrderRequest { instruments, ..at_once(shopper.ask()) };
        match shopper.house.checkouts.redeem_order(asked).await {
            Err(refused) => apart = Some(read(&refused)),
            Ok(_) => shopper = Shopper::new().await,
        }
        if apart.is_some() {
            break;
        }
    }
    let refused = apart.expect("one of them is of another partition");
    assert_eq!(
        (refused.code, refused.reason.as_str(), refused.field.as_str()),
        (Code::FailedPrecondition, "INSTRUMENTS_APART", "instruments")
    );
}

#[tokio::test]
async fn a_card_that_has_nothing_left_to_pay_is_not_charged() {
    let mut shopper = Shopper::new().await;
    let order = v1::Order { currency: "CNY".into(), lines: vec![line("tea", 1, 1_000)], shipping_minor: 0 };
    let asked = at_once(v1::HoldOrderRequest { order: Some(order), ..shopper.ask() });
    for _ in 0..2 {
        let answer = shopper.house.checkouts.redeem_order(asked.clone()).await;
        check(answer, Code::FailedPrecondition, "NO_EFFECT", "instruments[0]", 0);
    }
}
