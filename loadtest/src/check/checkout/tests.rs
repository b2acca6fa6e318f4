//! The model against orders that were reckoned by hand.

use std::sync::Arc;

use tessera_proto::v1::{
    HoldOrderRequest, LineUnits, Order, OrderLine, OrderUnits, Position, Reason, RefundOrderRequest, TemplateSpec,
    instrument::Instrument,
};

use super::{
    Stamp, Verdict, no,
    wallet::{Coupon, Wallet},
};
use crate::plan::checkout::{
    Ask, Told,
    ask::named,
    templates::{DISCOUNTS, all},
};

/// Amounts off: 2,000 from 10,000 on, which stands beside all.
const AMOUNT: usize = 4;

/// 12.35 % off, which stands alone and stays used.
const ALONE: usize = 8;

/// A card of 20,000.
const CARD: usize = DISCOUNTS;

/// Of one coupon of each of these templates, which are their ids, too.
fn wallet(places: &[usize]) -> Wallet {
    let specs: Vec<Arc<TemplateSpec>> = all().into_iter().map(Arc::new).collect();
    let coupon = |&place: &usize| {
        let (spec, name) = (specs[place].clone(), place.to_string());
        let loaded = Coupon::loaded_by(&spec);
        let (id, code) = (name.as_str().into(), name.as_str().into());
        let (template, age) = (place as u64, place as u64);
        Coupon {
            id,
            code,
            spec,
            template,
            age,
            is_borrowed: false,
            is_apart: false,
            until_ms: 0,
            loaded,
            available: loaded,
            held: 0,
        }
    };
    Wallet::new("u".to_owned(), places.iter().map(coupon).collect())
}

fn line(quantity: u32, unit_price_minor: i64) -> OrderLine {
    OrderLine { merchant_id: "m".to_owned(), quantity, unit_price_minor, ..Default::default() }
}

fn asked(order_id: &str, places: &[usize], lines: Vec<OrderLine>) -> HoldOrderRequest {
    HoldOrderRequest {
        instruments: places.iter().map(|place| named(Instrument::Code(place.to_string()))).collect(),
        order_id: order_id.to_owned(),
        order: Some(Order { lines, ..Default::default() }),
        ttl_ms: 5_000,
        ..Default::default()
    }
}

fn stamp(at_ms: i64) -> Stamp {
    let position = Some(Position { partition: 0, lsn: at_ms.unsigned_abs() });
    Stamp { at_ms, position, checkout_id: at_ms.to_string(), redemption_ids: Vec::new() }
}

fn redeem(wallet: &mut Wallet, asked: &HoldOrderRequest, at_ms: i64) -> Verdict {
    wallet.check_out(asked, false, &stamp(at_ms))
}

/// What parts apply, and the shares of the first; what is left to pay.
#[track_caller]
fn check_out(verdict: Verdict, applied: &[i64], shares: &[i64], payable: i64) {
    match verdict {
        Ok(Told::Out(reply)) => {
            let parts: Vec<_> = reply.parts.iter().map(|part| part.applied_minor).collect();
            assert_eq!((parts.as_slice(), reply.payable_minor), (applied, payable));
            assert_eq!(reply.parts[0].line_shares_minor, shares);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_discount_is_shared_out_and_the_card_pays_the_rest() {
    let mut wallet = wallet(&[AMOUNT, CARD]);
    let order = asked("o", &[CARD, AMOUNT], vec![line(3, 1_111), line(1, 10_000)]);
    // 2,000 * 3,333 / 13,333 = 499.96
    check_out(redeem(&mut wallet, &order, 1), &[2_000, 11_333], &[500, 1_500], 0);
    assert_eq!((wallet.coupons[0].captured(), wallet.coupons[1].available), (1, 8_667));
}

#[test]
fn the_same_order_joins_and_another_is_refused() {
    let mut wallet = wallet(&[AMOUNT, CARD]);
    let order = asked("o", &[AMOUNT], vec![line(1, 10_000)]);
    check_out(redeem(&mut wallet, &order, 1), &[2_000], &[2_000], 8_000);
    assert!(matches!(redeem(&mut wallet, &order, 2), Ok(Told::Out(reply)) if reply.replayed && reply.at_ms == 1));
    let other = asked("o", &[CARD], vec![line(1, 10_000)]);
    assert_eq!(redeem(&mut wallet, &other, 3), Err(no(Reason::OrderAlreadyRedeemed, 1, None)));
    let used = asked("p", &[CARD, AMOUNT], vec![line(1, 10_000)]);
    assert_eq!(redeem(&mut wallet, &used, 4), Err(no(Reason::CouponUsed, 0, Some(1))));
}

#[test]
fn what_cannot_stand_or_is_too_cheap_is_refused_by_its_place() {
    let lines = || vec![line(1, 10_000)];
    let beside = asked("o", &[ALONE, AMOUNT], lines());
    assert_eq!(redeem(&mut wallet(&[AMOUNT, ALONE]), &beside, 1), Err(no(Reason::NotCombinable, 1, Some(0))));
    let cheap = asked("o", &[AMOUNT], vec![line(1, 9_990)]);
    assert_eq!(redeem(&mut wallet(&[AMOUNT]), &cheap, 1), Err(no(Reason::BelowThreshold, 10, Some(0))));
}

#[test]
fn units_come_back_by_the_floor_and_cards_before_who_paid_beside_them() {
    let mut wallet = wallet(&[AMOUNT, CARD]);
    let order = asked("o", &[AMOUNT, CARD], vec![line(3, 10_000)]);
    check_out(redeem(&mut wallet, &order, 1), &[2_000, 20_000], &[2_000], 8_000);
    let mut refund = |at_ms, units: u32| {
        let returned = Some(OrderUnits { lines: vec![LineUnits { line: 0, units }], shipping: false });
        let ask = Ask::Refund(RefundOrderRequest { checkout_id: "1".to_owned(), returned, ..Default::default() });
        match wallet.answer(&ask, &stamp(at_ms)) {
            Ok(Told::Refunded(reply)) => {
                let parts = reply.parts.iter().map(|part| part.refunded.as_ref().map_or(0, |money| money.minor)).collect();
                Ok((parts, reply.outside_minor))
            }
            Ok(other) => panic!("{other:?}"),
            Err(no) => Err(no),
        }
    };
    assert_eq!(refund(2, 1), Ok((vec![666, 9_333], 0)));
    assert_eq!(refund(3, 3), Err(no(Reason::RefundExceedsCapture, 2, None)));
    assert_eq!(refund(4, 1), Ok((vec![667, 9_333], 0)));
    assert_eq!(refund(5, 1), Ok((vec![667, 1_334], 8_000)));
    assert_eq!(refund(6, 1), Err(no(Reason::AlreadyRefunded, 22_000, None)));
    assert_eq!((wallet.coupons[0].captured(), wallet.coupons[1].captured()), (0, 0));
}

#[test]
fn a_hold_ends_at_its_deadline() {
    let mut wallet = wallet(&[CARD]);
    let hold = asked("o", &[CARD], vec![line(1, 700)]);
    assert!(wallet.answer(&Ask::Hold(hold), &stamp(1)).is_ok());
    assert_eq!((wallet.coupons[0].held, wallet.deadlines().collect::<Vec<_>>()), (700, vec![5_001]));
    wallet.settle(5_000);
    assert_eq!(wallet.coupons[0].held, 700);
    wallet.settle(5_001);
    assert_eq!((wallet.coupons[0].held, wallet.coupons[0].available), (0, 20_000));
}
