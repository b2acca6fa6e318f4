//! Facts about orders with cards of other partitions: a saga at home, pledges where the cards are. Here the other partition is the same one,
//! reached over the line to itself, so that one story shows both sides.

use crate::given::story::story;
use crate::given::{Answer, PARTITION, World};
use tessera_domain::Id;
use tessera_domain::command::{CatalogCommand, VoidTemplate};
use tessera_domain::event::{Event, LineSent};
use tessera_domain::line::OUTBOX_BEGINNINGS_MAX;
use tessera_domain::line::message::Message;

/// Coupon 0 takes 300 off 1,000 of tea, 1 is a card with 2,000 at home, 2 and 3 are bearer's cards with 1,000 elsewhere; 3 expires first.
const WALLET: &str = "template lunch off 1000 300 t1 stack=always goods=tea,rice
     template purse card 2000 t2
     template gift card 1000 t3
     template soon card 1000 t4 use=0..90000000
     claim ann lunch c1
     claim ann purse c2
     claim bob gift c3
     claim eve soon c4\n";

fn with_wallet(lines: &str) -> World {
    story(&format!("{WALLET}{lines}"))
}

/// A journal that holds every event of sagas and pledges, some of each still known.
pub fn apart() -> World {
    with_wallet(
        "checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:2x500
         deliver 3
         checkout refund #last f1
         deliver 1
         checkout hold ann:1+code:1:3@3 shop/2 h1 lines=tea:5x500
         deliver 3
         checkout capture #last k1 units=0:3
         deliver 1
         void-template soon v1 recall
         checkout refund #last f2
         deliver 1
         checkout hold ann:1+code:1:2@3 shop/3 h2 lines=tea:1x700
         deliver 3
         heard
         heard
         heard => NO_EFFECT instruments[0]
         checkout hold ann:1+code:1:2@3 shop/4 h3 lines=tea:5x500 ttl=5000
         deliver 3
         later 5000
         pass 1
         deliver 1
         checkout redeem ann:1+code:1:2@3 shop/5 r2 lines=tea:3x700",
    )
}

#[test]
fn the_order_is_redeemed_when_the_cards_elsewhere_have_answered() {
    with_wallet(
        "checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:2x500,rice:1x600 => waits for #10
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 0 captured 0 held 1 in holds 1
         checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:2x500,rice:1x600 => waits for #10
         checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:2x500 => REQUEST_ID_REUSED 10
         checkout redeem ann:0+code:1:2@3 shop/1 r2 lines=tea:2x500 => ORDER_IN_PROGRESS 10
         checkout hold ann:1 shop/1 r3 lines=tea:2x500 => ORDER_IN_PROGRESS 10
         deliver 3
         heard => took [300 by 0 as 188+112+0 #19, 1000 by card 2@3 leaves 0] of 1600, 300 to pay #20
         checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:2x500,rice:1x600 \
         => took [300 by 0 as 188+112+0 #19, 1000 by card 2@3 leaves 0] of 1600, 300 to pay #20 replayed
         checkout redeem code:1:2@3+ann:0 shop/1 r4 lines=tea:2x500,rice:1x600 \
         => took [300 by 0 as 188+112+0 #19, 1000 by card 2@3 leaves 0] of 1600, 300 to pay #20 replayed
         view ann 0 => coupon 0 of lunch v1 USED 0.. available 0 captured 1
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 0 captured 1000",
    );
}

#[test]
fn cards_drain_soonest_then_smallest_wherever_they_lie_and_the_rest_is_free() {
    with_wallet(
        "checkout redeem ann:1+code:1:2@3+code:1:3@3 shop/1 r1 lines=tea:1x2100
         deliver 3
         heard => took [1000 by card 3@3 leaves 0, 1000 by card 2@3 leaves 0, 100 by card 1 leaves 1900 #20] of 2100, 0 to pay #21
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 1900 captured 100
         view eve 3 => coupon 3 of soon v1 ACTIVE 0..90000000 available 0 captured 1000",
    );
}

#[test]
fn what_home_can_refuse_is_refused_without_a_word() {
    let world = with_wallet(
        "checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:1x999 => BELOW_THRESHOLD instruments[0] 1
         checkout redeem code:1:2@3+ann:0 shop/1 r2 lines=tea:1x999 => BELOW_THRESHOLD instruments[1] 1
         checkout redeem code:1:2@3+bob:0 shop/1 r3 lines=tea:1x999 => CODE_NOT_ACCEPTED instruments[1]
         checkout redeem ann:0+code:1:2@3+code:1:2@3 shop/1 r4 lines=tea:1x2000 => INVALID_ARGUMENT instruments[2] 1
         checkout redeem code:1:2@3 shop/1 r5 lines=tea:1x2000 => INVALID_ARGUMENT instruments 1
         template all cash 9000 t9 stack=always
         claim ann all c9
         checkout redeem ann:4+code:1:2@3 shop/1 r6 lines=tea:1x2000 => NO_EFFECT instruments[1]
         checkout redeem ann:0+code:1:2@3 shop/1 r1 lines=tea:1x999 => BELOW_THRESHOLD instruments[0] 1",
    );
    assert_eq!(world.partition.lines().waiting().count(), 0);
}

#[test]
fn an_instrument_that_is_declined_lets_everything_go_and_is_named_by_its_place() {
    with_wallet(
        "freeze known 3 risk z1
         checkout redeem ann:1+code:1:2@3+code:1:3@3 shop/1 r1 lines=tea:9x500
         deliver 2
         heard => COUPON_FROZEN instruments[2]
         checkout redeem ann:1+code:1:2@3+code:1:3@3 shop/1 r1 lines=tea:9x500 => COUPON_FROZEN instruments[2]
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 2000 captured 0
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0
         checkout redeem ann:1+code:9:2@3 shop/1 r2 lines=tea:9x500
         deliver 2
         heard => CODE_NOT_ACCEPTED instruments[1]
         checkout redeem ann:1+known:0@3 shop/1 r3 lines=tea:9x500
         deliver 2
         heard => INSTRUMENTS_APART instruments[1]
         checkout redeem ann:1+known:99@3 shop/1 r4 lines=tea:9x500
         deliver 2
         heard => CODE_NOT_ACCEPTED instruments[1]
         checkout redeem ann:1+known:2@3 shop/1 r5 lines=tea:9x500 USD => CURRENCY_MISMATCH instruments[0]
         hold bob 2 shop/2 100 q1
         checkout redeem ann:1+known:2@3 shop/2 r6 lines=tea:9x500
         deliver 2
         heard => COUPON_HELD instruments[1] 55",
    );
}

#[test]
fn a_card_that_would_pay_nothing_is_the_refusal_and_whoever_holds_lets_go() {
    with_wallet(
        "checkout redeem ann:1+code:1:3@3+code:1:2@3 shop/1 r1 lines=tea:1x700
         deliver 3
         heard => NO_EFFECT instruments[0]
         view eve 3 => coupon 3 of soon v1 ACTIVE 0..90000000 available 1000 captured 0
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 2000 captured 0",
    );
}

#[test]
fn a_held_order_keeps_what_it_needs_is_captured_in_part_and_returned() {
    with_wallet(
        "checkout hold ann:0+ann:1+code:1:2@3 shop/1 h1 lines=tea:4x500 => waits for #11
         deliver 3
         heard => held [300 by 0 as 300+0 #20, 1000 by card 2@3 leaves 0, 700 by card 1 leaves 0 #21] of 2000, 0 to pay, until 901000 #22
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 1300 captured 0 held 700 in holds 1
         freeze known 2 risk z1 revoke => PART_OF_CHECKOUT 26
         void known 2 z2 => COUPON_HELD
         replace known 2 z3 revoke => PART_OF_CHECKOUT 26
         freeze known 2 risk z4
         checkout capture #last k1 units=0:2
         deliver 1
         checkout hold ann:0+ann:1+code:1:2@3 shop/1 h1 lines=tea:4x500 \
         => held [300 by 0 as 300+0 #20, 1000 by card 2@3 leaves 0, 700 by card 1 leaves 0 #21] of 2000, 0 to pay, until 901000 #22 replayed
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 2000 captured 0
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 150 captured 850 blocks 1
         checkout capture #22 k2 => HOLD_CAPTURED 35",
    );
}

#[test]
fn a_held_order_that_is_released_or_late_lets_its_cards_elsewhere_go_by_word() {
    let mut world = with_wallet(
        "checkout hold ann:1+code:1:2@3 shop/1 h1 lines=tea:6x500
         deliver 3
         heard => held [1000 by card 2@3 leaves 0, 2000 by card 1 leaves 0 #19] of 3000, 0 to pay, until 901000 #20
         at 901000
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1
         checkout capture #last k1 => HOLD_EXPIRED 901000
         pass 1
         deliver 1
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0
         checkout hold ann:1+code:1:2@3 shop/1 h2 lines=tea:6x500
         deliver 3
         heard",
    );
    world.tell("pass 0 \n view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1");
}

#[test]
fn cards_elsewhere_that_were_let_go_are_not_taken_anew() {
    with_wallet(
        "checkout hold ann:1+code:1:2@3 shop/1 h1 lines=tea:6x500 ttl=5000
         deliver 3
         heard
         at 6000
         checkout capture #last k1 reacquire => INSTRUMENTS_APART reacquire
         pass 1
         deliver 1
         checkout capture #last k1 reacquire => INSTRUMENTS_APART reacquire
         checkout hold ann:1+code:1:2@3 shop/2 h2 lines=tea:6x500
         deliver 3
         heard
         checkout capture #last k2 reacquire \
         => took [1000 by card 2@3 leaves 0, 2000 by card 1 leaves 0 #52] of 3000, 0 to pay #53
         checkout hold ann:0 shop/3 h3 lines=tea:2x500 ttl=5000 \
         => held [300 by 0 as 300+0 #55] of 1000, 700 to pay, until 11000 #56
         at 11000
         checkout redeem ann:0+code:1:3@3 shop/3 r3 lines=tea:2x600 => waits for #59
         checkout capture #last k3 reacquire => ORDER_IN_PROGRESS 59",
    );
}

#[test]
fn nobody_answers_and_the_deadline_ends_it() {
    with_wallet(
        "checkout redeem ann:0+code:1:2@5 shop/1 r1 lines=tea:2x600 => waits for #10
         at 30999
         pass 0
         at 31000
         pass 1
         heard => CHECKOUT_TIMED_OUT 31000
         checkout redeem ann:0+code:1:2@5 shop/1 r1 lines=tea:2x600 => CHECKOUT_TIMED_OUT 31000
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 1 captured 0
         checkout redeem ann:0 shop/1 r2 lines=tea:2x600 => took [300 by 0 as 300+0 #15] of 1200, 900 to pay #16",
    );
}

#[test]
fn a_refund_fills_the_last_drained_card_first_and_finds_a_void_one_another() {
    with_wallet(
        "checkout redeem ann:1+code:1:2@3+code:1:3@3 shop/1 r1 lines=tea:3x1000
         deliver 3
         heard
         void known 2 v1
         checkout refund #last f1 units=0:1
         checkout refund #last f2 units=0:1
         checkout refund #last f1 units=0:1
         deliver 1
         view bob 2 => coupon 2 of gift v1 VOID 0.. available 0 captured 0
         view bob 4 => coupon 4 of gift v1 ACTIVE 1000..2592001000 available 1000 captured 0
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 2000 captured 0
         view eve 3 => coupon 3 of soon v1 ACTIVE 0..90000000 available 0 captured 1000
         refund #26 f3 => PART_OF_CHECKOUT 26",
    );
}

/// An order that was paid by card 3, then card 2, both elsewhere, and then card 1 at home; 1,000 each.
const THREE_CARDS: &str = "checkout redeem ann:1+code:1:2@3+code:1:3@3 shop/1 r1 lines=tea:3x1000
     deliver 3
     heard => took [1000 by card 3@3 leaves 0, 1000 by card 2@3 leaves 0, 1000 by card 1 leaves 1000 #20] of 3000, 0 to pay #21";

#[test]
fn what_a_void_template_takes_of_a_card_elsewhere_is_paid_outside_and_told_alike_for_ever() {
    with_wallet(&format!(
        "{THREE_CARDS}
         void-template gift v1 recall
         checkout refund #last f1 units=0:2 \
         => order #21 gave back [1000 to coupon 1 ACTIVE with 2000, 1000 to card 2@3 outside 1000], 1000 outside #31
         deliver 1
         view bob 2 => coupon 2 of gift v1 VOID 0.. available 0 captured 0 voided 1000
         checkout refund #last f2 => order #21 gave back [1000 to card 3@3], 0 outside #37
         deliver 1
         void-template soon v2 recall
         checkout refund #last f1 units=0:2 \
         => order #21 gave back [1000 to coupon 1 ACTIVE with 2000, 1000 to card 2@3 outside 1000], 1000 outside #31 replayed
         checkout refund #last f2 => order #21 gave back [1000 to card 3@3], 0 outside #37 replayed
         view eve 3 => coupon 3 of soon v1 VOID 0..90000000 available 0 captured 0 voided 1000"
    ));
}

#[test]
fn cards_of_one_partition_hear_apart_what_they_keep_and_what_they_lose() {
    with_wallet(&format!(
        "{THREE_CARDS}
         void-template soon v1 recall
         checkout refund #last f1 \
         => order #21 gave back [1000 to coupon 1 ACTIVE with 2000, 1000 to card 2@3, 1000 to card 3@3 outside 1000], 1000 outside #31
         deliver 2
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0
         view eve 3 => coupon 3 of soon v1 VOID 0..90000000 available 0 captured 0 voided 1000"
    ));
}

#[test]
fn what_is_paid_outside_waits_for_a_partition_that_has_not_heard_of_the_void() {
    let mut world = with_wallet(THREE_CARDS);
    let void = CatalogCommand::Void(VoidTemplate {
        template: Id::new("template", "gift").unwrap(),
        expected_version: 1,
        reason: Id::new("reason", "recall").unwrap(),
        revoke_holds: false,
        request_id: Id::new("request", "v1").unwrap(),
        validate_only: false,
    });
    assert!(matches!(world.ask_catalog(&void), Answer::Told(_)));
    world.tell(
        "checkout refund #last f1 units=0:2 \
         => order #21 gave back [1000 to coupon 1 ACTIVE with 2000, 1000 to card 2@3 outside 1000], 1000 outside #30",
    );
    let (_, _, message) = world.partition.lines().waiting().next().unwrap();
    let message = message.to_vec();
    assert!(!world.hear(PARTITION, &message), "what is paid outside cannot be spent here");
    world.hear_voids();
    world.tell(
        "deliver 1
         view bob 2 => coupon 2 of gift v1 VOID 0.. available 0 captured 0 voided 1000",
    );
}

#[test]
fn an_order_that_holds_again_lets_go_first_here_and_elsewhere() {
    with_wallet(
        "checkout hold ann:1+code:1:2@3 shop/1 h1 lines=tea:6x500
         deliver 3
         heard
         checkout redeem ann:1+code:1:2@3 shop/1 r1 lines=tea:6x500 => COUPON_HELD 20
         checkout hold ann:1+code:1:2@3 shop/1 h2 lines=tea:5x500
         deliver 4
         heard
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 500 captured 0 held 1500 in holds 1
         checkout hold ann:1 shop/1 h3 lines=tea:1x500
         deliver 1
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 1000 captured 0
         checkout release #last l1
         view ann 1 => coupon 1 of purse v1 ACTIVE 0.. available 2000 captured 0",
    );
}

#[test]
fn sagas_and_pledges_are_forgotten_when_nobody_asks_for_them_any_more() {
    let mut world = apart();
    world.deliver();
    world.now_ms += 40 * 86_400_000;
    for _ in 0..3 {
        world.forget_in_partition();
        world.pass();
        world.deliver();
    }
    let book = world.partition.tender_book(usize::MAX, usize::MAX);
    assert_eq!((world.partition.open_sagas(), book.said.len(), book.done.len()), (0, 0, 0));
    assert_eq!(world.partition.counts()[2], 0, "redemptions leave when no pledge keeps them");
    world.restart();
}

/// So much waits on a line that nothing may begin over it.
fn keep_busy(world: &mut World, to: u16) {
    let (sent, message) = (world.partition.lines().out(to).sent, Message::Probe.bytes());
    let waiting: Vec<Event<'_>> = (1..=OUTBOX_BEGINNINGS_MAX)
        .map(|number| Event::LineSent(LineSent { to, number: sent + number, message: &message }))
        .collect();
    world.happen(&waiting);
    assert!(world.partition.lines().is_busy(to));
}

#[test]
fn a_saga_that_nobody_answers_ends_whatever_waits_on_its_line() {
    let mut world = with_wallet("checkout redeem ann:0+code:1:2@5 shop/1 r1 lines=tea:2x600");
    keep_busy(&mut world, 5);
    world.tell(
        "at 31000
         pass 1
         heard => CHECKOUT_TIMED_OUT 31000
         view ann 0 => coupon 0 of lunch v1 ACTIVE 0.. available 1 captured 0",
    );
}

#[test]
fn an_order_whose_line_is_busy_keeps_no_other_from_its_end() {
    let mut world = with_wallet(
        "checkout hold ann:1+code:1:2@3 shop/1 h1 lines=tea:6x500 ttl=5000
         deliver 3
         heard
         checkout redeem ann:0+code:1:2@5 shop/2 r1 lines=tea:2x600",
    );
    keep_busy(&mut world, 3);
    world.tell(
        "at 31000
         pass 1
         heard => CHECKOUT_TIMED_OUT 31000
         view bob 2 => coupon 2 of gift v1 ACTIVE 0.. available 0 captured 0 held 1000 in holds 1",
    );
}

#[test]
fn an_order_that_is_too_long_to_be_told_to_all_is_refused_by_its_lines() {
    let lines = |count: usize| (0..count).map(|line| format!("{line:064}/c{line:063}:1x10")).collect::<Vec<_>>().join(",");
    let cards = "ann:1+code:1:2@3+code:1:3@5+code:1:4@6+code:1:5@7";
    with_wallet(&format!(
        "checkout redeem {cards} shop/1 r1 lines={} => INVALID_ARGUMENT order.lines 98304
         checkout redeem {cards} shop/1 r1 lines={} => waits for #10",
        lines(200),
        lines(100),
    ));
}

#[test]
fn a_partition_asks_for_cards_of_so_many_orders_at_once() {
    let asked = |order: usize| format!("checkout redeem ann:1+code:1:2@3 shop/{order} r{order} lines=tea:1x1");
    let mut lines: String = (0..1_024).map(|order| asked(order) + "\n").collect();
    lines += &format!("{} => OVERLOADED 1024", asked(1_024));
    with_wallet(&lines);
}
