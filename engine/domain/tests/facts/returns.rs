//! Facts about orders of any shape: what comes off and what comes back sums to the fen, whatever is bought, in whatever order it returns.

use crate::given::story::story;
use crate::given::{Answer, World};
use proptest::prelude::*;
use tessera_domain::reply::{CheckedOut, CheckoutRefunded};
use tessera_domain::{Life, Reply, Stage};

/// Coupons 0 to 5 stand beside each other, 6 and 7 are cards. The second never comes back, the fourth with the first part of its
/// discount, the others with the last.
const WALLET: &str = "template third percent 6667 t1 stack=always layer=item goods=tea
     template odd cash 7 t2 stack=always refund=never
     template lot off 50 13 t3 stack=always
     template two pieces 2 5 t4 stack=always goods=rice refund=any
     template gift exchange 1 t5 stack=always goods=oil
     template ship cash 9 t6 stack=always layer=shipping
     template brief card 41 t7 use=0..90000
     template purse card 1000 t8
     claim ann third c1
     claim ann odd c2
     claim ann lot c3
     claim ann two c4
     claim ann gift c5
     claim ann ship c6
     claim ann brief c7
     claim ann purse c8";

/// Goods, units and price of each line; what shipping costs; which coupons; whether it is held first; which units come back first.
type Bought = (Vec<(usize, u32, i64)>, i64, Vec<bool>, bool, Vec<prop::sample::Index>);

fn bought() -> impl Strategy<Value = Bought> {
    let lines = prop::collection::vec((0..3_usize, 1..4_u32, 0..90_i64), 1..5);
    let coupons = prop::collection::vec(any::<bool>(), 8);
    (lines, 0..30_i64, coupons, any::<bool>(), prop::collection::vec(any::<prop::sample::Index>(), 24))
}

fn tell(world: &mut World, line: &str) -> Option<Reply> {
    match world.line(line) {
        Some(Answer::Told(reply)) => Some(reply),
        _ => None,
    }
}

fn checked_out(world: &mut World, line: &str) -> Option<CheckedOut> {
    match tell(world, line)? {
        Reply::CheckedOut(checkout) => Some(checkout),
        other => panic!("`{line}`: {other:?}"),
    }
}

/// The coupons that do something together, as an order finds them: those that are refused are left out, one after the other.
fn check_out(world: &mut World, how: &str, coupons: &[usize], lines: &str) -> Option<CheckedOut> {
    let mut coupons = coupons.to_vec();
    for attempt in 0.. {
        let named: Vec<String> = coupons.iter().map(|coupon| format!("ann:{coupon}")).collect();
        let (asked, request) = (named.join("+"), format!("r{attempt}"));
        match world.line(&format!("checkout {how} {asked} shop/1 {request} {lines}")).expect("it is asked") {
            Answer::Told(Reply::CheckedOut(checkout)) => return Some(checkout),
            Answer::Refused(refusal) => {
                let place = refusal.field.trim_start_matches("instruments[").trim_end_matches(']');
                coupons.remove(place.parse().expect("a refusal names an instrument"));
            }
            other => panic!("{other:?}"),
        }
        if coupons.is_empty() {
            return None;
        }
    }
    None
}

fn check_sums(checkout: &CheckedOut, lines: &[(usize, u32, i64)], shipping: i64) {
    let discounts = || checkout.parts.iter().filter(|part| !part.is_card);
    let applied: i64 = checkout.parts.iter().map(|part| part.applied).sum();
    assert_eq!(applied + checkout.payable, checkout.amount);
    for part in discounts() {
        assert_eq!(part.line_shares.iter().sum::<i64>() + part.shipping_share, part.applied, "{part:?}");
    }
    for (at, &(_, units, price)) in lines.iter().enumerate() {
        let off: i64 = discounts().map(|part| part.line_shares[at]).sum();
        assert!((0..=price * i64::from(units)).contains(&off), "line {at}: {checkout:?}");
    }
    assert!(discounts().map(|part| part.shipping_share).sum::<i64>() <= shipping);
}

fn refund(world: &mut World, checkout: u64, number: usize, units: &str) -> CheckoutRefunded {
    let line = format!("checkout refund #{checkout} b{number} {units}");
    match tell(world, &line) {
        Some(Reply::CheckoutRefunded(refund)) => refund,
        other => panic!("`{line}`: {other:?}"),
    }
}

/// A coupon is back when its template says so, by what was given back of its discount in all.
fn check_lives(checkout: &CheckedOut, back: &CheckoutRefunded, given: &[i64]) {
    for part in &back.parts {
        let applied = checkout.parts.iter().find(|of| of.coupon == part.coupon).map(|of| of.applied);
        let is_back = match part.coupon {
            1 => false,
            3 | 6 | 7 => true,
            coupon => Some(given[coupon as usize]) == applied,
        };
        assert_eq!(part.life, if is_back { Life::Active } else { Life::Used }, "{part:?} of {checkout:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_returns_gives_back_exactly_what_was_taken((lines, shipping, used, is_held, turns) in bought()) {
        let goods = ["tea", "rice", "oil"];
        let text: Vec<String> = lines.iter().map(|&(at, units, price)| format!("{}:{units}x{price}", goods[at])).collect();
        let text = format!("lines={} shipping={shipping}", text.join(","));
        let cost: i64 = lines.iter().map(|&(_, units, price)| price * i64::from(units)).sum::<i64>() + shipping;
        prop_assume!(cost > 0);
        let coupons: Vec<usize> = (0..8).filter(|&coupon| used[coupon]).collect();
        prop_assume!(!coupons.is_empty());
        let mut world = story(WALLET);
        let how = if is_held { "hold" } else { "redeem" };
        let Some(mut checkout) = check_out(&mut world, how, &coupons, &text) else { return Ok(()) };
        prop_assert_eq!(checkout.amount, cost);
        check_sums(&checkout, &lines, shipping);
        if is_held {
            let held = checkout.written.lsn;
            let taken = checked_out(&mut world, &format!("checkout capture #{held} k1")).expect("a live hold is captured");
            prop_assert_eq!((taken.payable, taken.stage), (checkout.payable, Stage::Redeemed));
            checkout = taken;
        }
        let lsn = checkout.written.lsn;
        let mut open: Vec<usize> = lines.iter().enumerate().flat_map(|(at, &(_, units, _))| vec![at; units as usize]).collect();
        let (mut outside, mut given) = (0, vec![0; 8]);
        let mut returns = 0;
        for turn in turns {
            if open.is_empty() {
                break;
            }
            let line = open.swap_remove(turn.index(open.len()));
            let back = refund(&mut world, lsn, returns, &format!("units={line}:1"));
            returns += 1;
            outside += back.outside;
            prop_assert!(back.outside >= 0 && back.parts.iter().all(|part| part.amount > 0));
            back.parts.iter().for_each(|part| given[part.coupon as usize] += part.amount);
            check_lives(&checkout, &back, &given);
        }
        if !open.is_empty() || shipping > 0 {
            let back = refund(&mut world, lsn, returns, "");
            outside += back.outside;
            back.parts.iter().for_each(|part| given[part.coupon as usize] += part.amount);
            check_lives(&checkout, &back, &given);
        }
        for part in &checkout.parts {
            prop_assert_eq!(given[part.coupon as usize], part.applied);
        }
        prop_assert_eq!(outside, checkout.payable);
        for coupon in 0..8 {
            let Some(Reply::Coupon(view)) = tell(&mut world, &format!("view ann {coupon}")) else { panic!("it is here") };
            let is_kept = coupon == 1 && checkout.parts.iter().any(|part| part.coupon == 1);
            prop_assert_eq!((view.captured, view.held), (i64::from(is_kept), 0));
        }
        world.restart();
    }

    #[test]
    fn what_is_delivered_keeps_its_part_and_everything_else_is_free_again(
        (lines, shipping, used, _, turns) in bought(), with_shipping in any::<bool>(),
    ) {
        let goods = ["tea", "rice", "oil"];
        let text: Vec<String> = lines.iter().map(|&(at, units, price)| format!("{}:{units}x{}", goods[at], price + 1)).collect();
        let text = format!("lines={} shipping={shipping}", text.join(","));
        let coupons: Vec<usize> = (0..8).filter(|&coupon| used[coupon]).collect();
        prop_assume!(!coupons.is_empty());
        let mut world = story(WALLET);
        let Some(held) = check_out(&mut world, "hold", &coupons, &text) else { return Ok(()) };
        let kept: Vec<u32> = lines.iter().zip(&turns).map(|(&(_, units, _), turn)| turn.index(units as usize + 1) as u32).collect();
        let units: Vec<String> =
            kept.iter().enumerate().filter(|&(_, &units)| units > 0).map(|(line, units)| format!("{line}:{units}")).collect();
        prop_assume!(!units.is_empty());
        let also = if with_shipping && shipping > 0 { ",shipping" } else { "" };
        let taken = checked_out(&mut world, &format!("checkout capture #{} k1 units={}{also}", held.written.lsn, units.join(",")))
            .expect("a part is captured");
        let cost: i64 = lines.iter().zip(&kept).map(|(&(_, _, price), &units)| (price + 1) * i64::from(units)).sum();
        let kept_shipping = if also.is_empty() { 0 } else { shipping };
        prop_assert_eq!(taken.amount, cost + kept_shipping);
        let delivered: Vec<(usize, u32, i64)> =
            lines.iter().zip(&kept).map(|(&(at, _, price), &units)| (at, units, price + 1)).collect();
        check_sums(&taken, &delivered, kept_shipping);
        for part in &taken.parts {
            let before = held.parts.iter().find(|before| before.coupon == part.coupon).expect("what is taken was held");
            prop_assert!(part.applied <= before.applied, "{part:?} of {before:?}");
        }
        for coupon in 0..8 {
            let Some(Reply::Coupon(view)) = tell(&mut world, &format!("view ann {coupon}")) else { panic!("it is here") };
            let is_taken = taken.parts.iter().any(|part| part.coupon == coupon);
            prop_assert_eq!((view.held, view.captured > 0), (0, is_taken));
        }
        world.restart();
    }
}
