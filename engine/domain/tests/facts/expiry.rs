//! Facts about expiry 过期: true at the instant it is due, written when somebody writes there, or in the background.

use crate::given::Answer;
use crate::given::story::story;
use tessera_domain::Reply;
use tessera_domain::event::{Event, Expired, HoldEnded};
use tessera_domain::reply::CouponView;

#[test]
fn the_free_part_expires_at_the_end_and_the_held_part_when_its_hold_ends() {
    story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 100 r2
         hold alice 0 shop/2 300 h1 ttl=20000
         at 8999
         view alice 0 => coupon 0 of gift v1 ACTIVE 0..9000 available 600 captured 100 held 300 in holds 1
         at 9000
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 100 held 300 in holds 1 expired 600
         forget 1
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 100 held 300 in holds 1 expired 600
         at 20999
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 100 held 300 in holds 1 expired 600
         at 21000
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 100 expired 900
         forget 2
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 100 expired 900",
    );
}

#[test]
fn what_is_seen_does_not_hang_on_whether_it_was_written() {
    let scene = "template gift card 1000 t1 use=0..9000
         template cash off 0 100 t2 use=0..9000
         claim alice gift r1
         claim alice cash r2
         hold alice 0 shop/1 300 h1 ttl=5000
         hold alice 0 shop/2 200 h2 ttl=20000
         hold alice 1 shop/1 100 h3 ttl=5000";
    for at_ms in [5_999, 6_000, 8_999, 9_000, 20_999, 21_000, 50_000] {
        let mut lazy = story(scene);
        let mut eager = story(scene);
        lazy.now_ms = at_ms;
        eager.now_ms = at_ms;
        eager.forget_in_partition();
        for line in ["view alice 0", "view alice 1", "validate alice 0 1", "validate alice 1 100", "wallet alice 9"] {
            assert_eq!(seen(lazy.line(line)), seen(eager.line(line)), "`{line}` at {at_ms}");
        }
        assert_eq!(lazy.partition.lsn(), 7, "reads write nothing");
    }
}

/// An answer without the lsn at which the coupon's history begins: that is about what was written.
fn seen(answer: Option<Answer>) -> Option<Answer> {
    let unwritten = |view: &mut CouponView| view.last = 0;
    answer.map(|mut answer| {
        match &mut answer {
            Answer::Told(Reply::Coupon(view)) => unwritten(view),
            Answer::Told(Reply::Coupons(page)) => page.coupons.iter_mut().for_each(unwritten),
            _ => {}
        }
        answer
    })
}

#[test]
fn a_write_records_what_is_due_for_its_coupon_before_it_is_decided() {
    let world = story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         claim alice gift r2
         hold alice 0 shop/1 300 h1 ttl=5000
         hold alice 1 shop/1 300 h2 ttl=5000
         at 9000
         redeem alice 0 shop/2 100 r3 => COUPON_EXPIRED 9000
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 0 expired 1000",
    );
    assert_eq!(world.partition.lsn(), 8, "a hold's end, an expiry, a refusal; nothing of the other card");
}

#[test]
fn a_one_use_coupon_expires_with_its_unit() {
    story(
        "template cash off 0 100 t use=0..9000
         claim alice cash r1
         at 9000
         forget 1
         view alice 0 => coupon 0 of cash v1 EXPIRED 0..9000 available 0 captured 0 expired 1
         redeem alice 0 shop/1 100 r2 => COUPON_EXPIRED 9000
         forget 0",
    );
}

#[test]
fn what_is_used_void_or_endless_does_not_expire() {
    story(
        "template cash off 0 100 t1 use=0..9000
         template gift card 1000 t2
         claim alice cash r1
         claim alice cash r2
         claim alice gift r3
         redeem alice 0 shop/1 100 r4
         void known 1 v
         at 9000
         forget 0
         view alice 0 => coupon 0 of cash v1 USED 0..9000 available 0 captured 1
         view alice 1 => coupon 1 of cash v1 VOID 0..9000 available 0 captured 0 voided 1
         view alice 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0",
    );
}

#[test]
fn a_refund_past_the_end_opens_a_card_for_what_came_back_and_leaves_the_rest_expired() {
    let end = 9_500 + 2_592_000_000i64;
    story(&format!(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         redeem alice 0 shop/1 300 r2
         redeem alice 0 shop/2 200 r3
         at 9500
         refund #3 r4 amount=100 => gave back 100 of #3 to coupon 0, ACTIVE until 2592009500 with 100 at 9500 #6
         view alice 0 => coupon 0 of gift v1 ACTIVE 0..2592009500 available 100 captured 400 expired 500
         refund #4 r5 => gave back 200 of #4 to coupon 0, ACTIVE until 2592009500 with 300 at 9500 #7
         redeem alice 0 shop/3 301 r6 => INSUFFICIENT_BALANCE 300
         at {end}
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..2592009500 available 0 captured 200 expired 800"
    ));
}

#[test]
fn many_coupons_of_one_end_expire_one_event_at_a_time_and_all_of_them() {
    let mut world = story(
        "template gift card 1000 t use=0..9000
         room for 10000",
    );
    for request in 0..3_000 {
        world.line(&format!("claim u{} gift r{request}", request % 50));
    }
    for coupon in (0..3_000).step_by(3) {
        world.line(&format!("redeem known {coupon} shop/1 1000 u{coupon}"));
    }
    world.now_ms = 8_999;
    assert_eq!(world.forget_in_partition(), 0);
    world.now_ms = 9_000;
    assert_eq!(world.forget_in_partition(), 2_000);
    let (_, _, totals) = world.partition.value_totals().next().unwrap();
    assert_eq!((totals.available, totals.captured, totals.expired), (0, 1_000_000, 2_000_000));
    world.restart();
    assert_eq!(world.forget_in_partition(), 0);
}

#[test]
#[should_panic(expected = "I9: a coupon expires at its end, not before")]
fn an_expiry_before_its_time_stops_the_process() {
    let mut world = story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1",
    );
    let _ = world.partition.apply(8_999, &Event::Expired(Expired { coupon: 0, previous: 2, amount: 1_000 }));
}

#[test]
#[should_panic(expected = "I2: all that was available expires, and nothing that is held")]
fn an_expiry_of_what_is_held_stops_the_process() {
    let mut world = story(
        "template gift card 1000 t use=0..9000
         claim alice gift r1
         hold alice 0 shop/1 300 h",
    );
    let _ = world.partition.apply(9_000, &Event::Expired(Expired { coupon: 0, previous: 3, amount: 1_000 }));
}

#[test]
#[should_panic(expected = "I8: a hold expires at its deadline, not before")]
fn a_hold_that_expires_before_its_deadline_stops_the_process() {
    let mut world = story(
        "template gift card 1000 t
         claim alice gift r1
         hold alice 0 shop/1 300 h ttl=5000",
    );
    let early = Event::HoldEnded(HoldEnded { hold: 3, coupon: 0, previous: 3, how: 2, request: None });
    let _ = world.partition.apply(5_999, &early);
}
