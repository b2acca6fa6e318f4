//! Facts about gifts 转赠: one usable copy at any instant, whoever accepts, cancels or waits too long.

use crate::given::story::story;
use crate::given::{PARTITION, World};
use tessera_domain::Divergence;
use tessera_domain::event::{Event, GiftArrived, GiftEnded, GiftReceived, Joined, LineAcknowledged, LineSent, Request};
use tessera_domain::line::message::{self, Message};
use tessera_domain::line::{OUTBOX_BEGINNINGS_MAX, OUTBOX_MESSAGES_MAX};

/// A journal that holds every kind of event that gifts brought, and terms that say more than the first version has words for.
pub fn gifted() -> World {
    story(
        "template gift card 1000 t transferable limit=3
         claim alice gift c1
         claim alice gift c2
         redeem alice 0 shop/1 300 c3
         offer alice 0 o1
         accept #5 bob a1
         offer alice 1 o2 ttl=60000
         cancel #8 alice n1
         cancel #8 alice n2
         offer alice 1 o3 ttl=60000
         accept #11 alice a3 => GIFT_TO_ONESELF
         accept #5 bob a4
         deliver 2
         later 60000
         redeem alice 1 shop/2 100 r1
         offer bob 2 o4
         accept #23 carol a5 to=9",
    )
}

/// A card of 1,000 of alice's, of which 300 are spent: lsns 1 to 3.
const CARD: &str = "template gift card 1000 t transferable use=0..90000000
     claim alice gift c1
     redeem alice 0 shop/1 300 c2";

#[test]
fn what_is_accepted_ends_here_and_arrives_there_with_its_rest_and_its_window() {
    let world = story(&format!(
        "{CARD}
         offer alice 0 o1 => gift #4 of coupon 0 until 86401000 #4
         offer alice 0 o1 => gift #4 of coupon 0 until 86401000 #4 replayed
         gift #4 => gift #4 of 700 of gift 0..90000000 until 86401000 Open 0
         view alice 0 => coupon 0 of gift v1 GIFTING 0..90000000 available 700 captured 300
         later 5
         key 2
         accept #4 bob a1 => gift #4 gave 700 of gift v1 0..90000000 to 3 at 1005 #5
         view alice 0 => coupon 0 of gift v1 GIVEN 0..90000000 available 0 captured 300 given 700
         wallet bob 10 => [] no more
         gift #4 => gift #4 of 700 of gift 0..90000000 until 86401000 Accepted 1005
         deliver 2
         gift #4 => gift #4 of 700 of gift 0..90000000 until 86401000 Accepted 1005
         gift #4 by=alice => gift #4 of 700 of gift 0..90000000 until 86401000 Accepted 1005
         gift #4 by=bob => gift #4 of 700 of gift 0..90000000 until 86401000 Accepted 1005 as coupon 1 of 3
         view bob 1 => coupon 1 of gift v1 ACTIVE 0..90000000 available 700 captured 0 received 700
         reveal bob 1 => coupon 1 key 2
         accept #4 bob a1 => gift #4 gave 700 of gift v1 0..90000000 to 3 at 1005 #5 replayed
         redeem alice 0 shop/2 100 r1 => COUPON_GIVEN
         redeem code:2 1 shop/2 100 r2 => took 100 of 100 by coupon 1, leaves 600 at 1005 #15"
    ));
    let (_, _, totals) = world.partition.value_totals().next().unwrap();
    assert_eq!((totals.loaded, totals.given, totals.received), (1_700, 700, 700));
}

#[test]
fn while_it_is_offered_a_coupon_is_cancelled_and_frozen_and_nothing_else() {
    story(&format!(
        "{CARD}
         offer alice 0 o1
         redeem alice 0 shop/2 100 x1 => COUPON_GIFTING 86401000
         hold alice 0 shop/2 100 x2 => COUPON_GIFTING 86401000
         validate alice 0 100 => COUPON_GIFTING 86401000
         refund #3 x3 => COUPON_GIFTING 86401000
         void known 0 x4 => COUPON_GIFTING 86401000
         offer alice 0 x5 => COUPON_GIFTING 86401000
         freeze known 0 risk f1 => blocks 1 revoked 0 #10
         accept #4 bob a1 => COUPON_FROZEN
         unfreeze known 0 risk f2
         cancel #4 alice n1 => gift #4 of coupon 0 ended Cancelled at 1000 #13
         cancel #4 alice n1 => gift #4 of coupon 0 ended Cancelled at 1000 #13 replayed
         cancel #4 alice n2 => gift #4 of coupon 0 ended Cancelled at 1000 #14
         accept #4 bob a2 => GIFT_ENDED 1000
         redeem alice 0 shop/2 100 r1 => took 100 of 100 by coupon 0, leaves 600 at 1000 #16
         offer alice 0 o2 => gift #17 of coupon 0 until 86401000 #17"
    ));
}

#[test]
fn a_gift_is_over_at_its_deadline_and_not_before() {
    story(&format!(
        "{CARD}
         offer alice 0 o1 ttl=60000 => gift #4 of coupon 0 until 61000 #4
         at 60999
         validate alice 0 100 => COUPON_GIFTING 61000
         at 61000
         validate alice 0 100 => takes 100 of 100 by coupon 0, leaves 600
         gift #4 => gift #4 of 700 of gift 0..90000000 until 61000 Expired 61000
         accept #4 bob a1 => GIFT_ENDED 61000
         cancel #4 alice n1 => gift #4 of coupon 0 ended Expired at 61000 #7
         offer alice 0 o2 ttl=60000
         at 120999
         accept #8 bob a2 => gift #8 gave 700 of gift v1 0..90000000 to 3 at 120999 #9
         deliver 2"
    ));
}

#[test]
fn a_gift_ends_with_the_window_of_its_coupon_and_time_writes_both_in_their_order() {
    let mut world = story(
        "template gift card 1000 t transferable use=0..9000
         claim alice gift c1
         offer alice 0 o1 => gift #3 of coupon 0 until 9000 #3
         at 9000
         view alice 0 => coupon 0 of gift v1 EXPIRED 0..9000 available 0 captured 0 expired 1000",
    );
    assert_eq!(world.forget_in_partition(), 2);
    assert_eq!(world.partition.gifts(), [0, 1]);
    world.tell("accept #3 bob a1 => GIFT_ENDED 9000");
}

#[test]
fn who_may_offer_accept_and_cancel_is_refused_in_the_order_of_reasons() {
    story(
        "template gift card 1000 t1 transferable
         template own card 1000 t2
         template off off 0 100 t3 transferable use=0..5000
         claim alice gift c0
         claim alice own c1
         claim alice off c2
         claim alice off c3
         offer alice 0 x ttl=59999 => INVALID_ARGUMENT ttl_ms 60000
         offer alice 0 x ttl=604800001 => INVALID_ARGUMENT ttl_ms 604800000
         offer bob 0 x => CODE_NOT_ACCEPTED
         offer alice 9 x => CODE_NOT_ACCEPTED
         offer alice 1 x => NOT_TRANSFERABLE
         hold alice 0 shop/1 100 h
         offer alice 0 x0 => COUPON_HELD
         release #9 h
         redeem alice 2 shop/1 500 r
         offer alice 2 x1 => COUPON_USED
         freeze account alice risk f
         offer alice 3 x2 => COUPON_FROZEN
         unfreeze account alice risk f
         offer alice 3 o3
         cancel #17 bob n => CODE_NOT_ACCEPTED
         cancel #16 alice n => CODE_NOT_ACCEPTED
         accept #16 bob a => CODE_NOT_ACCEPTED
         accept #17 alice a1 => GIFT_TO_ONESELF
         accept #17 bob a2
         deliver 2
         accept #17 carol a3 => COUPON_GIVEN
         accept #17 bob a4 => gift #17 gave 1 of off v1 0..5000 to 3 at 1000 #29
         cancel #17 alice n1 => COUPON_GIVEN
         freeze known 3 risk f3 => COUPON_GIVEN
         void known 3 v3 => COUPON_GIVEN
         at 5000
         offer bob 4 o4 => COUPON_EXPIRED 5000
         redeem alice 0 shop/2 1000 r2
         offer alice 0 o5 => INSUFFICIENT_BALANCE",
    );
}

#[test]
fn what_was_received_can_be_given_on_and_neither_stock_nor_limits_notice() {
    let world = story(
        "template sale off 0 100 t1 transferable limit=1 stock=1
         lease sale 1
         claim alice sale c1
         offer alice 0 o1
         accept #4 bob a1
         deliver 2
         offer bob 1 o2
         accept #14 alice a2
         deliver 2
         claim alice sale c2 => USER_LIMIT_REACHED 1
         wallet alice 10 => [2 ACTIVE, 0 GIVEN] no more
         wallet bob 10 given => [1 GIVEN] no more
         redeem alice 2 shop/1 500 r => took 100 of 500 by coupon 2, leaves 0 at 1000 #24",
    );
    assert_eq!(world.partition.stock().lessee(tessera_domain::Pool::stock(0)).issued, 1);
}

#[test]
fn a_refund_to_a_card_that_was_given_makes_a_new_one_for_who_paid() {
    story(&format!(
        "{CARD}
         offer alice 0 o1
         accept #4 bob a1
         deliver 2
         refund #3 f1 amount=100 => gave back 100 of #3 to coupon 0, GIVEN until 90000000 with 0 at 1000 on coupon 2 1000..2592001000 key 1 #14
         view alice 0 => coupon 0 of gift v1 GIVEN 0..90000000 available 0 captured 200 given 700
         view alice 2 => coupon 2 of gift v1 ACTIVE 1000..2592001000 available 100 captured 0
         refund #3 f1 amount=100 => gave back 100 of #3 to coupon 0, GIVEN until 90000000 with 0 at 1000 on coupon 2 1000..2592001000 key 1 #14 replayed"
    ));
}

#[test]
fn a_coupon_of_another_partition_arrives_under_its_own_terms_however_old() {
    // What one partition sends is what another one hears: the sender here, then the receiver.
    let sender = story(
        "template gift card 1000 t1 transferable
         claim alice gift c1
         offer alice 0 o1
         accept #3 bob a1 to=9 => gift #3 gave 1000 of gift v1 0.. to 9 at 1000 #4",
    );
    let (to, number, message) = sender.partition.lines().waiting().next().expect("a message waits");
    assert_eq!((to, number), (9, 1));
    assert!(matches!(Message::read(message), Some(Message::GiftGiven(given)) if (given.gift, given.amount) == (3, 1_000)));
    let mut receiver = story(
        "template gift card 1000 t1 transferable
         template gift card 2000 t2 version=1 transferable
         claim carol gift c1 => coupon 0 of gift v2 0.. key 1 #2",
    );
    let terms = |world: &World| world.partition.value_totals().count();
    for coupon in 1..=2 {
        assert!(receiver.hear(7, message));
        receiver
            .tell(&format!("view bob {coupon} => coupon {coupon} of gift v1 ACTIVE 0.. available 1000 captured 0 received 1000"));
        assert_eq!(terms(&receiver), 2, "terms are adopted once");
    }
    receiver.tell("claim carol gift c2 => coupon 3 of gift v2 0.. key 1 #10");
    assert_eq!(terms(&receiver), 2);
    let answers: Vec<_> = receiver.partition.lines().waiting().map(|(to, number, _)| (to, number)).collect();
    assert_eq!(answers, [(7, 1), (7, 2)]);
}

#[test]
fn a_gift_is_known_until_a_day_after_its_end_and_stays_until_it_has_arrived() {
    const DAY_MS: i64 = 86_400_000;
    let mut world = story(&format!(
        "{CARD}
         offer alice 0 o1 ttl=60000
         cancel #4 alice n1
         offer alice 0 o2
         accept #6 bob a1"
    ));
    world
        .tell(&format!("at {} \n accept #4 bob a9 => CODE_NOT_ACCEPTED\n accept #6 bob a8 => CODE_NOT_ACCEPTED", 1_000 + DAY_MS));
    world.forget_in_partition();
    assert_eq!(world.partition.gifts(), [0, 1], "what has not arrived is awaited");
    world.tell("deliver 2 \n accept #6 carol a9 => CODE_NOT_ACCEPTED");
    world.forget_in_partition();
    assert_eq!(world.partition.gifts(), [0, 0]);
    world.restart();
}

#[test]
fn a_line_with_much_on_it_refuses_who_would_send_and_lets_a_message_wait_only_when_it_is_full() {
    let mut world = story(&format!("{CARD}\n offer alice 0 o1"));
    let (message, probe) = (given(&world), Message::Probe.bytes());
    let fill = |world: &mut World, numbers: std::ops::RangeInclusive<u64>| {
        for number in numbers {
            world.happen(&[Event::LineSent(LineSent { to: 9, number, message: &probe })]);
        }
    };
    fill(&mut world, 1..=OUTBOX_BEGINNINGS_MAX);
    let before = world.partition.digest();
    let told = world.line("accept #4 bob a1 to=9").as_ref().map(crate::given::told::told);
    assert_eq!(told, Some(format!("OVERLOADED {OUTBOX_BEGINNINGS_MAX}")));
    assert_eq!(world.partition.digest(), before);
    assert!(world.hear(9, &message), "there is room for its answer");
    fill(&mut world, OUTBOX_BEGINNINGS_MAX + 2..=OUTBOX_MESSAGES_MAX);
    let before = world.partition.digest();
    assert!(!world.hear(9, &message), "its answer has no room");
    assert_eq!(world.partition.digest(), before);
    world.happen(&[Event::LineAcknowledged(LineAcknowledged { to: 9, through: 1 })]);
    assert!(world.hear(9, &message));
    assert_eq!(world.partition.lines().into(9).received, 2);
    world.happen(&[Event::LineAcknowledged(LineAcknowledged { to: 9, through: OUTBOX_BEGINNINGS_MAX + 2 })]);
    world.line("accept #4 bob a1 to=9");
    assert_eq!(world.partition.gifts(), [0, 1], "what was refused for want of room is not remembered");
}

/// What another partition would send when this world's gift were accepted there.
fn given(world: &World) -> Vec<u8> {
    let mut other = World::new();
    (other.frames, other.catalog_frames) = (world.frames.clone(), world.catalog_frames.clone());
    other.restart();
    other.tell(&format!("accept #4 bob a1 to={PARTITION}"));
    other.partition.lines().waiting().next().expect("a message waits").2.to_vec()
}

#[test]
#[should_panic(expected = "law 4: a message from partition 9 is none of this build")]
fn a_message_of_another_build_stops_the_process() {
    World::new().hear(9, &[2, 2, 0]);
}

#[test]
fn what_gifts_write_has_known_numbers() {
    let begun = || story(&format!("{CARD}\n offer alice 0 o1"));
    let check = |event: Event<'_>, what: &'static str| {
        let found = begun().partition.apply(1_000, &event);
        assert_eq!(found, Err(Divergence::Unexpected { lsn: 5, what }), "{event:?}");
    };
    let request = Request { id: "other", fingerprint: 1 };
    for (how, request) in [(0, None), (1, None), (2, Some(request)), (3, None)] {
        let ended = Event::GiftEnded(GiftEnded { gift: 4, coupon: 0, previous: 4, how, request });
        check(ended, "a gift that ends in a way that is not known");
    }
    let (user, use_from_ms, use_until_ms) = ("bob", 0, 0);
    let received = |terms, amount| {
        let (coupon, from, gift, key_version) = (1, 7, 3, 1);
        Event::GiftReceived(GiftReceived { coupon, terms, user, from, gift, amount, use_from_ms, use_until_ms, key_version })
    };
    assert_eq!(begun().partition.apply(1_000, &received(0, 5)), Ok(()));
    check(received(1, 5), "terms that were not adopted");
    check(received(0, 0), "a gift of an amount that its terms do not have");
    check(received(0, -1), "a number beyond what is kept");
    check(Event::GiftArrived(GiftArrived { gift: 3, coupon: 1 }), "a gift that did not happen");
    for operation in [31, 32] {
        let joined = |redemption| Event::Joined(Joined { operation, subject: 0, request, redemption });
        assert_eq!(begun().partition.apply(1_000, &joined(4)), Ok(()));
        check(joined(3), "a gift that did not happen");
    }
}

#[test]
fn messages_are_the_recorded_bytes() {
    let given = given(&story(&format!("{CARD}\n offer alice 0 o1")));
    let written: String = given.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(written, GIVEN, "messages in outboxes would no longer be read");
    assert_eq!(*Message::Probe.bytes(), [1, 1]);
    for length in 0..given.len() {
        assert_eq!(Message::read(&given[..length]), None, "{length} bytes");
    }
    let arrived = Message::GiftArrived(message::GiftArrived { gift: 4, coupon: 300 });
    assert_eq!((&*arrived.bytes(), Message::read(&arrived.bytes())), (&[3, 1, 4, 251, 44, 1][..], Some(arrived.clone())));
}

const GIVEN: &str = "02010403626f620001046769667403fbd00700434e590000000100fc0095ba0a000000288002220000000000000000000000\
     000d417369612f5368616e676861690000000000000000000001fb780500fc0095ba0a";
