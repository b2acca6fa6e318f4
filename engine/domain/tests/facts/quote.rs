//! Facts about quotes: what a wallet would do to an order, by coupons as the partition shows them.

use crate::given::story::{currency, id, story};
use crate::given::{Answer, World, key};
use tessera_domain::checkout::{Combination, Line, Order, Purchase, Quoted, quote};
use tessera_domain::command::{Command, ListCoupons, StatusFilter};
use tessera_domain::reply::CouponPage;
use tessera_domain::{Rejection, Reply};

/// `GOODS/CATEGORY/MERCHANT QUANTITYxPRICE`, one a line.
fn order(lines: &[&str], shipping: i64) -> Order {
    let line = |text: &&str| {
        let (what, cost) = text.split_once(' ').expect("WHAT COST");
        let [goods, category, merchant] = what.split('/').collect::<Vec<_>>()[..] else { panic!("`{what}` is no goods") };
        let (quantity, unit_price) = cost.split_once('x').expect("QUANTITYxPRICE");
        let (quantity, unit_price) = (quantity.parse().expect("a number"), unit_price.parse().expect("a number"));
        Line { goods: Some(id(goods)), categories: vec![id(category)], merchant: id(merchant), quantity, unit_price }
    };
    Order::new(lines.iter().map(line).collect(), shipping).expect("an order")
}

/// Alice's active coupons.
fn shown(world: &mut World) -> CouponPage {
    let list =
        ListCoupons { user: key().user("alice"), status: StatusFilter::Open, ends_before_ms: 0, page_size: 200, from: None };
    match world.ask(&Command::ListCoupons(list)) {
        Answer::Told(Reply::Coupons(page)) => page,
        other => panic!("a listing was answered with {other:?}"),
    }
}

/// What alice's coupons would do.
fn quoted(world: &mut World, order: &Order, channel: Option<&str>, chosen: &[u64]) -> Quoted {
    let list =
        ListCoupons { user: key().user("alice"), status: StatusFilter::Open, ends_before_ms: 0, page_size: 200, from: None };
    let Answer::Told(Reply::Coupons(page)) = world.ask(&Command::ListCoupons(list)) else { panic!("a listing") };
    let channel = channel.map(id);
    let purchase = Purchase { order, currency: currency("CNY"), channel: channel.as_ref(), at_ms: page.at_ms };
    quote(&purchase, &page.coupons, chosen)
}

/// What each does by itself, newest first.
fn alone(world: &mut World, quoted: &Quoted) -> Vec<(u64, Result<i64, Rejection>)> {
    shown(world).coupons.iter().map(|view| view.coupon).zip(quoted.alone.iter().copied()).collect()
}

fn usable(alone: &[(u64, Result<i64, Rejection>)]) -> Vec<(u64, i64)> {
    alone.iter().filter_map(|(coupon, alone)| Some((*coupon, alone.ok()?))).collect()
}

fn unusable(alone: &[(u64, Result<i64, Rejection>)]) -> Vec<(u64, Rejection)> {
    alone.iter().filter_map(|(coupon, alone)| Some((*coupon, alone.err()?))).collect()
}

fn reasons(unusable: &[(u64, Rejection)]) -> Vec<(u64, &'static str, i64)> {
    unusable.iter().map(|(coupon, why)| (*coupon, why.reason.wire_name(), why.value)).collect()
}

fn discounts(combination: &Combination) -> Vec<(u64, i64)> {
    combination.applied.steps.iter().map(|step| (step.coupon, step.discount)).collect()
}

#[test]
fn each_coupon_says_what_it_would_do_or_why_not() {
    let mut world = story(
        "template any off 10000 2000 t1
         template more off 12345 2000 t2
         template tea percent 5000 t3 goods=tea
         template books cash 100 t4 categories=books
         template pub cash 100 t5 merchants=pub
         template three pieces 3 500 t6
         template six pieces 6 500 t7
         template late cash 100 t8 use=5000..
         template night cash 100 t9 use-hours=1111111:0-60
         template app cash 100 t10 use-channels=app
         template dollars card 900 t11 USD
         template wallet card 700 t12
         template ship cash 300 t13 layer=shipping
         claim alice any r1
         claim alice more r2
         claim alice tea r3
         claim alice books r4
         claim alice pub r5
         claim alice three r6
         claim alice six r7
         claim alice late r8
         claim alice night r9
         claim alice app r10
         issue alice dollars r11
         issue alice wallet r12
         claim alice ship r13
         claim alice any r14
         redeem alice 13 shop/1 10000 u1
         claim alice any r15
         hold alice 14 shop/2 10000 u2
         claim alice any r16
         freeze known 15 risk f1",
    );
    let order = order(&["tea/drinks/shop 2x3000", "cup/ware/shop 1x4000"], 500);
    let quoted = quoted(&mut world, &order, None, &[]);
    let alone = alone(&mut world, &quoted);
    assert_eq!(usable(&alone), [(12, 300), (11, 700), (5, 500), (2, 3_000), (0, 2_000)]);
    assert_eq!(
        reasons(&unusable(&alone)),
        [
            (15, "COUPON_FROZEN", 0),
            (14, "COUPON_HELD", 0),
            (10, "CURRENCY_MISMATCH", 0),
            (9, "CHANNEL_NOT_ALLOWED", 0),
            (8, "OUTSIDE_HOURS", 0),
            (7, "USE_NOT_STARTED", 5_000),
            (6, "BELOW_QUANTITY", 3),
            (4, "OUT_OF_SCOPE", 0),
            (3, "OUT_OF_SCOPE", 0),
            (1, "BELOW_THRESHOLD", 2_345),
        ]
    );
    // None of them stands beside another, so the best is the one that takes most off; 13 is used and not shown.
    assert_eq!((discounts(&quoted.best), quoted.is_exact, quoted.best.payable()), (vec![(2, 3_000)], true, 7_500));
}

#[test]
fn chosen_coupons_are_applied_in_their_order_and_cards_pay_the_rest_soonest_to_expire_first() {
    let mut world = story(
        "template tea percent 5000 t1 goods=tea layer=item stack=always
         template all off 5000 1000 t2 stack=always
         template ship cash 9999 t3 layer=shipping stack=always
         template alone cash 100 t4
         template long card 3000 t5
         template soon card 2000 t6 use=0..90000
         template narrow card 9000 t7 goods=tea
         claim alice tea r1
         claim alice all r2
         claim alice ship r3
         claim alice alone r4
         issue alice long r5
         issue alice soon r6
         issue alice narrow r7",
    );
    let order = order(&["tea/drinks/shop 3x1001", "cup/ware/shop 1x4000"], 500);
    let quoted = quoted(&mut world, &order, None, &[6, 5, 4, 3, 2, 1, 0, 0]);
    let chosen = &quoted.chosen;
    // Half of 3,003 is 1,502; of the 5,501 that are left, the threshold's discount falls on both lines.
    assert_eq!(discounts(chosen), [(0, 1_502), (1, 1_000), (2, 500)]);
    assert_eq!(chosen.applied.steps[1].shares, [273, 727]);
    assert_eq!(chosen.payments, [(5, 2_000), (4, 2_501)]);
    assert_eq!(chosen.payable(), 0);
    assert_eq!(reasons(&chosen.unusable), [(6, "OUT_OF_SCOPE", 0), (3, "NOT_COMBINABLE", 0)]);
    assert_eq!((discounts(&quoted.best), quoted.best.payable()), (vec![(0, 1_502), (1, 1_000), (2, 500)], 4_501));
}

#[test]
fn a_quote_takes_the_thirteenth_candidate_into_account_and_says_that_it_only_searched() {
    let mut world = story("template cash cash 10 t1 stack=always");
    for number in 0..13 {
        world.tell(&format!("claim alice cash r{number}"));
    }
    let order = order(&["tea/drinks/shop 1x1000"], 0);
    let quoted = quoted(&mut world, &order, None, &[]);
    assert_eq!((quoted.best.applied.discount(), quoted.is_exact), (130, false));
}

#[test]
fn a_card_that_has_nothing_to_pay_is_told_so() {
    let mut world = story(
        "template free percent 0 t1
         template wallet card 700 t2
         claim alice free r1
         issue alice wallet r2",
    );
    let order = order(&["tea/drinks/shop 1x1000"], 0);
    let quoted = quoted(&mut world, &order, Some("till"), &[0, 1]);
    assert_eq!((quoted.chosen.payments.len(), quoted.chosen.payable()), (0, 0));
    assert_eq!(reasons(&quoted.chosen.unusable), [(1, "NO_EFFECT", 0)]);
}

#[test]
fn an_order_of_one_line_is_quoted_as_its_amount_is_validated() {
    let mut world = story(
        "template a percent 8500 t1 cap=1000
         template b percent 7777 t2 floor
         template c percent 0 t3
         template d off 5000 700 t4
         template e off 0 9000 t5
         template f cash 300 t6
         claim alice a r1
         claim alice b r2
         claim alice c r3
         claim alice d r4
         claim alice e r5
         claim alice f r6",
    );
    for amount in (1..20_000).step_by(37) {
        let order = order(&[&format!("tea/drinks/shop 1x{amount}")], 0);
        let quoted = quoted(&mut world, &order, None, &[]);
        for (coupon, alone) in alone(&mut world, &quoted) {
            let answer = world.line(&format!("validate alice {coupon} {amount} at=shop")).expect("a validation is answered");
            let validated = match answer {
                Answer::Told(Reply::Quote(validated)) => Ok(validated.applied),
                Answer::Refused(refusal) => Err(refusal),
                other => panic!("{other:?}"),
            };
            assert_eq!(alone, validated, "coupon {coupon} on {amount}");
        }
    }
}
