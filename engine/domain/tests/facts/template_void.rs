//! Facts about the void of a template 作废: final for all its coupons at one instant, whatever events say it later.

use crate::given::story::story;
use crate::given::{Answer, World};
use tessera_domain::Reply;
use tessera_domain::command::Command;

/// A journal in which templates become void: with holds kept and revoked, an open gift, a refund after it; and one whose coupons come
/// back with the first part of a refund.
pub fn voided() -> World {
    let mut world = story(
        "template card card 1000 t1 transferable
         template cash off 0 100 t2 use=0..900000
         template other off 0 100 t3
         claim alice card r1
         claim alice card r2
         claim bob cash r3
         claim bob cash r4
         claim bob other r5
         redeem alice 0 shop/1 300 r6
         hold alice 0 shop/2 200 h1
         hold bob 2 shop/3 500 h2
         offer alice 1 g1
         later 10
         void-template card v1 recall
         void-template cash v2 fraud revoke
         later 10
         capture #10 c1 amount=150",
    );
    world.forget();
    world.tell("refund #9 b1 amount=120");
    world.forget();
    world.tell(
        "template back off 0 100 t4 refund=any
         claim bob back r7
         redeem bob 5 shop/7 500 r8",
    );
    let lsn = world.partition.lsn();
    world.tell(&format!(
        "refund #{lsn} b2 amount=10
         refund #{lsn} b3 amount=20"
    ));
    world.restart();
    world
}

#[test]
fn from_the_void_on_nothing_is_issued_and_no_coupon_used() {
    story(
        "template gift card 1000 t1 transferable
         template cash off 0 100 t2
         claim alice gift r1
         claim alice cash r2
         redeem alice 0 shop/1 300 r3
         void-template gift v1 recall
         void-template cash v2 recall
         claim alice gift r4 => TEMPLATE_VOID
         issue bob cash r5 => TEMPLATE_VOID
         validate alice 0 100 => COUPON_VOID
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 300 voided 700
         view alice 1 => coupon 1 of cash v1 VOID 0.. available 0 captured 0 voided 1
         redeem alice 0 shop/2 100 r6 => COUPON_VOID
         hold alice 1 shop/3 100 r7 => COUPON_VOID
         offer alice 0 r8 => COUPON_VOID
         reload alice 0 100 r9 => COUPON_VOID
         adjust known 0 100 why r10 => COUPON_VOID
         void known 0 r11 => COUPON_VOID
         freeze known 1 risk r12 => COUPON_VOID
         wallet alice 10 void => [1 VOID, 0 VOID] no more",
    );
}

#[test]
fn a_void_is_of_one_version_asked_for_once_and_final() {
    story(
        "template gift card 1000 t1
         template gift card 2000 t2 version=1
         void-template gift v1 recall => VERSION_MISMATCH 2
         void-template none v1 recall => TEMPLATE_NOT_FOUND
         void-template gift v2 recall version=2 revoke dry => gift v2 void unwritten
         claim alice gift r1
         void-template gift v3 recall version=2 => gift v2 void #3
         void-template gift v3 recall version=2 => gift v2 void #3 replayed
         void-template gift v3 another version=2 => REQUEST_ID_REUSED 3
         void-template gift v4 recall version=2 => TEMPLATE_VOID
         stop gift s1 => TEMPLATE_VOID
         template gift card 3000 t3 version=2 => TEMPLATE_VOID",
    );
}

#[test]
fn a_kept_hold_is_captured_and_what_it_gives_back_is_void() {
    let mut world = story(
        "template gift card 1000 t1
         claim alice gift r1
         hold alice 0 shop/1 400 h1
         hold alice 0 shop/2 100 h2
         void-template gift v1 recall
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 held 500 in holds 2 voided 500
         capture #3 c1 amount=300 => took 300 of 300 by coupon 0, leaves 0 at 1000 #7
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 300 held 100 in holds 1 voided 600
         release #4 l1",
    );
    world.forget();
    world.tell("view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 300 voided 700");
}

#[test]
fn revoked_holds_are_gone_at_that_instant() {
    story(
        "template gift card 1000 t1
         claim alice gift r1
         hold alice 0 shop/1 400 h1
         hold alice 0 shop/2 100 h2 ttl=5000
         later 10
         void-template gift v1 recall revoke
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 voided 1000
         later 6000
         capture #3 c1 => HOLD_RELEASED
         capture #4 c2 => HOLD_RELEASED
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 voided 1000",
    );
}

#[test]
fn what_had_come_to_its_end_before_stays_as_it_was() {
    let mut world = story(
        "template cash off 0 100 t1 use=0..9000
         claim alice cash r1
         claim alice cash r2
         claim alice cash r3
         redeem alice 0 shop/1 500 r4
         hold alice 2 shop/2 500 h1
         at 9000
         void-template cash v1 recall
         view alice 0 => coupon 0 of cash v1 USED 0..9000 available 0 captured 1
         view alice 1 => coupon 1 of cash v1 EXPIRED 0..9000 available 0 captured 0 expired 1
         redeem alice 1 shop/3 500 r5 => COUPON_EXPIRED 9000
         capture #6 c1",
    );
    world.forget();
    world.tell(
        "view alice 0 => coupon 0 of cash v1 USED 0..9000 available 0 captured 1
         view alice 1 => coupon 1 of cash v1 EXPIRED 0..9000 available 0 captured 0 expired 1
         view alice 2 => coupon 2 of cash v1 USED 0..9000 available 0 captured 1",
    );
}

#[test]
fn what_comes_back_to_a_card_is_void_and_paid_outside_and_a_coupon_stays_used() {
    let mut world = story(
        "template gift card 1000 t1
         template cash off 0 100 t2
         claim alice gift r1
         claim alice cash r2
         redeem alice 0 shop/1 1000 r3
         redeem alice 1 shop/2 500 r4
         void-template gift v1 recall
         void-template cash v2 recall
         refund #5 b1 amount=300 => gave back 300 of #5 to coupon 0, VOID until 0 with 0 at 1000 outside 300 #10
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 700 voided 300
         refund #6 b2 => gave back 100 of #6 to coupon 1, USED until 0 with 0 at 1000 #11",
    );
    assert_eq!(world.forget(), 1, "what came back to the card");
    world.tell(
        "view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 700 voided 300
         refund #5 b1 amount=300 => gave back 300 of #5 to coupon 0, VOID until 0 with 0 at 1000 outside 300 #10 replayed",
    );
}

#[test]
fn an_order_pays_outside_what_its_void_cards_would_take() {
    story(
        "template purse card 2000 t1
         template other card 300 t2
         claim gina purse r1
         claim gina other r2
         checkout redeem known:0+known:1 shop/9 r3 lines=tea:4x500
         void-template purse v1 recall
         checkout refund #7 b1 units=0:2 => order #7 gave back [1000 to coupon 0 VOID with 0 outside 1000], 1000 outside #11
         view gina 0 => coupon 0 of purse v1 VOID 0.. available 0 captured 700 voided 1300",
    );
}

#[test]
fn open_gifts_end_and_what_was_on_its_way_arrives_void() {
    let mut world = story(
        "template gift card 1000 t1 transferable
         claim alice gift r1
         claim alice gift r2
         offer alice 0 g1
         offer alice 1 g2
         later 5
         accept #5 bob a1
         void-template gift v1 recall
         accept #4 carol a2 => GIFT_ENDED 1005
         view alice 0 => coupon 0 of gift v1 VOID 0.. available 0 captured 0 voided 1000",
    );
    world.tell("deliver 2");
    world.forget();
    world.tell(
        "view alice 1 => coupon 1 of gift v1 GIVEN 0.. available 0 captured 0 given 1000
         view bob 2 => coupon 2 of gift v1 VOID 0.. available 0 captured 0 voided 1000 received 1000
         redeem bob 2 shop/1 100 r9 => COUPON_VOID",
    );
}

#[test]
fn cards_of_a_batch_are_neither_activated_nor_made_on() {
    story(
        "template moon card 5000 t1
         batch b1 moon 5
         make b1 moon v1 0+2/5
         void-template moon v1 recall
         activate known 0 r1 => COUPON_VOID
         make b1 moon v1 2+3/5 => TEMPLATE_VOID
         batch b2 moon 5 => TEMPLATE_VOID",
    );
}

#[test]
fn every_coupon_becomes_void_by_an_event_in_the_background_and_is_counted() {
    let mut world = story(
        "template cash off 0 100 t1
         template other off 0 100 t2
         room for 10000",
    );
    for number in 0..2_500 {
        let template = if number % 5 == 0 { "other" } else { "cash" };
        world.line(&format!("claim user{number} {template} r{number}"));
    }
    world.line("void-template cash v1 recall");
    let progress = |world: &mut World| match world.ask(&Command::GetVoids(Some(0))) {
        Answer::Told(Reply::Voids(views)) => (views[0].coupons, views[0].voided, views[0].left),
        answer => panic!("{answer:?}"),
    };
    assert_eq!(progress(&mut world), (0, 0, 2_000));
    for _ in 0..700 {
        let event = world.partition.decide_time(world.now_ms).expect("something is left");
        world.happen(&event);
    }
    assert_eq!(progress(&mut world), (700, 700, 1_300));
    // Nobody asks again after a restart.
    world.restart();
    assert_eq!((world.forget(), progress(&mut world)), (1_300, (2_000, 2_000, 0)));
    assert_eq!(world.forget(), 0);
}
