//! Facts about what a journal may hold: the rest is refused with its lsn, or stops the process.

use crate::events::samples;
use crate::given::story::story;
use crate::given::{Frame, World, encoded, key, rebuilt};
use tessera_domain::catalog::{CatalogState, TEMPLATES_MAX};
use tessera_domain::codec::NotAnEvent;
use tessera_domain::command::Instrument;
use tessera_domain::event::*;
use tessera_domain::line::MESSAGE_BYTES_MAX;
use tessera_domain::money::AMOUNT_MAX;
use tessera_domain::{Divergence, Partition};

/// A partition with one limited template of two pieces, one of them claimed: lsns 1 to 3.
fn begun() -> World {
    story(
        "template cash off 10000 2000 t stock=5
         lease cash 2
         claim alice cash r1",
    )
}

fn request() -> Request<'static> {
    Request { id: "other", fingerprint: 1 }
}

fn claimed(operation: u8) -> Event<'static> {
    Event::Claimed(Claimed {
        coupon: 1,
        terms: 0,
        user: "bob",
        operation,
        request: request(),
        use_from_ms: 0,
        use_until_ms: 0,
        key_version: 1,
        loaded: 1,
        day: None,
    })
}

/// The next event is refused for this reason, with its lsn.
fn check(event: Event<'_>, what: &'static str) {
    let found = begun().partition.apply(1_000, &event);
    assert_eq!(found, Err(Divergence::Unexpected { lsn: 4, what }), "{event:?}");
}

#[test]
fn the_scene_takes_the_event_that_the_other_facts_bend() {
    assert_eq!(begun().partition.apply(1_000, &claimed(1)), Ok(()));
}

#[test]
fn a_coupon_is_made_by_a_claim_or_an_issue_only() {
    for operation in [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255] {
        check(claimed(operation), "an operation that makes no coupon");
    }
}

#[test]
fn a_refusal_has_a_known_operation_and_a_known_reason() {
    let refused = |operation, reason| Event::Refused(Refused { operation, subject: 0, request: request(), reason, value: 0 });
    assert_eq!(begun().partition.apply(1_000, &refused(3, 32)), Ok(()));
    check(refused(0, 32), "an operation that is not known");
    check(refused(99, 32), "an operation that is not known");
    check(refused(3, 0), "a refusal for a reason that is not known");
    check(refused(3, 9_999), "a refusal for a reason that is not known");
}

#[test]
fn a_redemption_joins_one_that_happened() {
    let joined = |operation, redemption| Event::Joined(Joined { operation, subject: 0, request: request(), redemption });
    for operation in [0, 1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 18, 20, 21, 99, 255] {
        check(joined(operation, 3), "an operation that joins nothing");
    }
    for lsn in [0, 3, 4, u64::MAX] {
        check(joined(3, lsn), "a redemption that did not happen");
        check(joined(10, lsn), "a redemption that did not happen");
        check(joined(11, lsn), "a hold that did not happen");
    }
    let mut world = begun();
    world.tell("redeem alice 0 shop/1 10000 r2 => took 2000 of 10000 by coupon 0, leaves 0 at 1000 #4");
    assert_eq!(world.partition.apply(1_000, &joined(3, 4)), Ok(()));
}

#[test]
fn what_tills_and_operators_write_has_known_numbers() {
    let held = || {
        let mut world = begun();
        world.tell("hold alice 0 shop/1 10000 r2");
        world
    };
    let check = |event: Event<'_>, what: Option<&'static str>| {
        let expected = what.map_or(Ok(()), |what| Err(Divergence::Unexpected { lsn: 5, what }));
        assert_eq!(held().partition.apply(1_000, &event), expected, "{event:?}");
    };
    let ended = |how, request| Event::HoldEnded(HoldEnded { hold: 4, coupon: 0, previous: 4, how, request });
    check(ended(1, Some(request())), None);
    for (how, request) in [(0, None), (1, None), (2, Some(request())), (3, None)] {
        check(ended(how, request), Some("a hold that ends in a way that is not known"));
    }
    let coupon = |operation, blocks, revoked_holds| {
        let revoked_value = i64::from(revoked_holds);
        let request = request();
        Event::CouponBlocked(CouponBlocked { coupon: 0, previous: 4, operation, blocks, revoked_holds, revoked_value, request })
    };
    let user = |operation, blocks| {
        let request = request();
        Event::UserBlocked(UserBlocked { user: "alice", operation, blocks, revoked_holds: 0, revoked_value: 0, request })
    };
    check(coupon(12, 4, 1), None);
    check(user(14, 4), None);
    for operation in [0, 3, 11, 16, 17] {
        check(coupon(operation, 1, 0), Some("an operation that freezes no coupon"));
        check(user(operation, 1), Some("an operation that freezes no account"));
    }
    check(coupon(14, 1, 0), Some("an operation that freezes no coupon"));
    check(user(12, 1), Some("an operation that freezes no account"));
    for blocks in [8, 255] {
        check(coupon(12, blocks, 0), Some("a block that is not known"));
        check(user(14, blocks), Some("a block that is not known"));
    }
    for store in [0, 99, 255] {
        check(Event::Forgotten(Forgotten { store, before: 0 }), Some("a store that is not known"));
    }
}

#[test]
fn a_refund_without_a_replacement_names_no_window() {
    let mut world = begun();
    world.tell("redeem alice 0 shop/1 10000 r2");
    let plain = Refunded {
        redemption: 4,
        coupon: 0,
        previous: 4,
        request: request(),
        amount: 2_000,
        restored: 1,
        reopened_until_ms: 0,
        replacement: 0,
        use_from_ms: 0,
        use_until_ms: 0,
        key_version: 0,
    };
    for bent in
        [Refunded { use_from_ms: 1, ..plain }, Refunded { use_until_ms: 1, ..plain }, Refunded { key_version: 1, ..plain }]
    {
        let what = "a window of no coupon";
        let lsn = world.partition.lsn() + 1;
        assert_eq!(world.partition.apply(1_000, &Event::Refunded(bent)), Err(Divergence::Unexpected { lsn, what }));
    }
    assert_eq!(world.partition.apply(1_000, &Event::Refunded(plain)), Ok(()));
}

#[test]
fn a_lessee_keeps_its_own_lease_only() {
    let lease = Lease { template: 0, partition: 1, count: 3 };
    check(Event::LeaseReceived(lease), "a lease of another partition");
    check(Event::LeaseReturned(Lease { count: 1, ..lease }), "a lease of another partition");
}

#[test]
fn terms_hold_only_numbers_that_mean_something() {
    let Event::TermsAdopted(card) = samples()[1].1[1] else { panic!("the second sample of terms is a card") };
    let body = card.body;
    let adopt = |body| Event::TermsAdopted(TermsAdopted { terms: 1, body, rules: &[] });
    assert_eq!(begun().partition.apply(1_000, &adopt(body)), Ok(()));
    for bent in [
        TermsBody { kind: 0, ..body },
        TermsBody { kind: 7, ..body },
        TermsBody { second: 1, ..body },
        TermsBody { kind: 1, first: 10_001, ..body },
        TermsBody { kind: 1, first: -1, ..body },
        TermsBody { rounding: 4, ..body },
        TermsBody { validity: 0, ..body },
        TermsBody { validity: 5, ..body },
        TermsBody { refund: 3, ..body },
        TermsBody { currency: *b"Cny", ..body },
        TermsBody { template_id: "", ..body },
    ] {
        check(adopt(bent), "terms with a number that is not known");
    }
    for rules in [&[0][..], &[128, 1, 0, 0, 0, 0], &[129, 1, 1, 0, 0, 0, 0]] {
        check(Event::TermsAdopted(TermsAdopted { rules, ..card }), "terms with a number that is not known");
    }
}

#[test]
fn a_coupon_has_adopted_terms() {
    let Event::Claimed(event) = claimed(1) else { panic!("a claim") };
    check(Event::Claimed(Claimed { terms: 1, ..event }), "terms that were not adopted");
}

#[test]
fn a_coupon_is_loaded_with_what_its_terms_say() {
    let loaded = |terms, loaded| {
        let Event::Claimed(event) = claimed(1) else { panic!("a claim") };
        Event::Claimed(Claimed { terms, loaded, ..event })
    };
    for wrong in [i64::MIN, -1, 0, 2, 10_000, i64::MAX] {
        check(loaded(0, wrong), "a coupon loaded with something else than its terms say");
    }
    let mut world = begun();
    world.tell(
        "template gift card 600 t2
         claim carol gift r1",
    );
    let card = |value| {
        let Event::Claimed(event) = loaded(1, value) else { panic!("a claim") };
        Event::Claimed(Claimed { coupon: 2, ..event })
    };
    assert_eq!(world.partition.apply(1_000, &card(600)), Ok(()));
    world.restart();
    let what = "a coupon loaded with something else than its terms say";
    assert_eq!(world.partition.apply(1_000, &card(1)), Err(Divergence::Unexpected { lsn: 6, what }));
}

#[test]
fn adopted_terms_are_of_a_template_that_a_catalog_can_hold() {
    let Event::TermsAdopted(card) = samples()[1].1[1] else { panic!("the second sample of terms is a card") };
    let adopt = |template| Event::TermsAdopted(TermsAdopted { terms: 1, body: TermsBody { template, ..card.body }, ..card });
    let first_beyond = TEMPLATES_MAX as u32;
    assert_eq!(begun().partition.apply(1_000, &adopt(first_beyond - 1)), Ok(()));
    for template in [first_beyond, u32::MAX] {
        check(adopt(template), "a template number beyond what a catalog holds");
    }
}

/// Entities keep times in six bytes and amounts in seven: what needs more is refused before anything is made of it.
#[test]
fn a_number_beyond_what_is_kept_is_refused_and_the_largest_is_kept_as_it_is() {
    let what = "a number beyond what is kept";
    let (late, much) = (1 << 48, 1 << 56);
    let claimed = |use_from_ms, use_until_ms| {
        let Event::Claimed(plain) = claimed(1) else { panic!("a claim") };
        Event::Claimed(Claimed { use_from_ms, use_until_ms, ..plain })
    };
    for (from_ms, until_ms) in [(late, 0), (0, late), (-1, 0), (0, -1), (i64::MIN, i64::MAX)] {
        check(claimed(from_ms, until_ms), what);
    }
    let mut world = begun();
    assert_eq!(world.partition.apply(late - 1, &claimed(late - 2, late - 1)), Ok(()));
    let coupon = world.partition.coupon_at(&Instrument::Known { coupon: 1 }, late - 1).unwrap();
    assert_eq!((coupon.window.from_ms, coupon.window.until_ms), (late - 2, late - 1));
    assert_eq!(begun().partition.apply(late, &claimed(0, 0)), Err(Divergence::Unexpected { lsn: 4, what }));
    let redeemed = |amount, applied| {
        let (merchant, order, request) = ("shop", "1", request());
        Event::Redeemed(Redeemed { coupon: 0, previous: 3, merchant, order, request, amount, applied, captured: 1 })
    };
    for (amount, applied) in [(much, 1), (1, much), (-1, 1), (1, -1)] {
        check(redeemed(amount, applied), what);
    }
    assert_eq!(begun().partition.apply(1_000, &redeemed(much - 1, much - 1)), Ok(()));
    let held = |amount, held, deadline_ms| {
        let (merchant, order, request) = ("shop", "1", request());
        Event::Held(Held { coupon: 0, previous: 3, merchant, order, request, amount, applied: 1, held, deadline_ms, replaces: 0 })
    };
    for event in [held(much, 1, 2_000), held(1, much, 2_000), held(1, 1, late)] {
        check(event, what);
    }
}

#[test]
fn a_card_has_a_face_value_that_is_an_amount() {
    let Event::TermsAdopted(card) = samples()[1].1[1] else { panic!("the second sample of terms is a card") };
    let adopt = |first| Event::TermsAdopted(TermsAdopted { terms: 1, body: TermsBody { first, ..card.body }, ..card });
    assert_eq!(begun().partition.apply(1_000, &adopt(AMOUNT_MAX)), Ok(()));
    for face_value in [-1, AMOUNT_MAX + 1, i64::MAX] {
        check(adopt(face_value), "a face value that is no amount");
    }
}

#[test]
fn a_message_of_a_line_is_taken_up_to_its_limit() {
    let message = [7; MESSAGE_BYTES_MAX];
    let sent = Event::LineSent(LineSent { to: 5, number: 1, message: &message });
    assert_eq!(begun().partition.apply(1_000, &sent), Ok(()));
}

#[test]
#[should_panic(expected = "a message is bounded: 65537 bytes")]
fn a_message_beyond_its_limit_stops_the_process() {
    let message = [7; MESSAGE_BYTES_MAX + 1];
    let _ = begun().partition.apply(1_000, &Event::LineSent(LineSent { to: 5, number: 1, message: &message }));
}

#[test]
fn events_of_the_catalog_and_of_a_partition_do_not_mix() {
    for (kind, events) in samples() {
        let of_catalog = kind.starts_with("Template");
        if of_catalog {
            check(events[0], "an event of the catalog in a partition's journal");
        } else if kind != "RequestsForgotten" {
            let found = CatalogState::new(key()).apply(1_000, &events[0]);
            let what = "an event of a partition in the catalog's journal";
            assert_eq!(found, Err(Divergence::Unexpected { lsn: 1, what }), "{kind}");
        }
    }
}

#[test]
fn a_frame_whose_digest_differs_is_told_with_both_digests_and_its_last_lsn() {
    let world = begun();
    let mut partition = rebuilt(&world.frames[..1]);
    let Frame { time_ms, payload, digest } = &world.frames[1];
    let found = partition.replay(payload, *time_ms, digest ^ 1);
    assert_eq!(found, Err(Divergence::Digest { lsn: 3, recorded: digest ^ 1, found: *digest }));
}

#[test]
fn the_digest_covers_the_time_of_the_frame() {
    let Frame { time_ms, payload, digest } = &begun().frames[0];
    let found = Partition::new(crate::given::PARTITION, key()).replay(payload, time_ms + 1, *digest);
    assert!(matches!(found, Err(Divergence::Digest { lsn: 1, .. })), "{found:?}");
}

#[test]
fn the_digest_covers_the_partitions_number_and_the_keyed_hashes() {
    let frames = begun().frames;
    let other_key = tessera_domain::keyed::IdHashKey::new([9; 16]);
    for mut other in [Partition::new(4, key()), Partition::new(crate::given::PARTITION, other_key)] {
        let found = frames.iter().try_for_each(|frame| other.replay(&frame.payload, frame.time_ms, frame.digest));
        assert!(matches!(found, Err(Divergence::Digest { .. })), "{found:?}");
    }
}

#[test]
fn bytes_that_are_no_event_are_told_with_the_lsn_they_would_have() {
    let mut payload = encoded(&[claimed(1)]);
    payload.extend_from_slice(&[2, 1, 9]);
    let found = begun().partition.replay(&payload, 1_000, 0);
    assert_eq!(found, Err(Divergence::NotAnEvent { lsn: 5, why: NotAnEvent::Short }));
}

/// More events than a replay looks ahead, of users who come back, of cards that are charged again: what comes first is looked for
/// before it is there.
#[test]
fn a_long_frame_replays_to_what_its_events_make_one_by_one() {
    let visit = |number: u32| {
        let (user, coupon) = (number % 7, number / 3);
        format!("claim u{user} gift c{number}\nredeem u{} {coupon} m/o{number} 100 r{number}\n", coupon % 7)
    };
    let world = story(&format!("template gift card 10000 t\n{}", (0..100).map(visit).collect::<String>()));
    let payload: Vec<u8> = world.frames.iter().flat_map(|frame| frame.payload.clone()).collect();
    let blank = || Partition::new(crate::given::PARTITION, key());
    let mut replayed = blank();
    assert_eq!(replayed.replay(&payload, world.now_ms, world.partition.digest()), Ok(()));
    assert_eq!((replayed.lsn(), replayed.counts()), (world.partition.lsn(), world.partition.counts()));
    assert_eq!(replayed.counts()[..3], [100, 7, 100], "every claim and every redemption is there");
    for ending in [&[2, 1, 9][..], &[99, 1, 0, 0, 0, 0]] {
        let (mut cut, broken) = (blank(), [&payload, ending].concat());
        let Err(Divergence::NotAnEvent { lsn, .. }) = cut.replay(&broken, world.now_ms, 0) else { panic!("the end is no event") };
        assert_eq!((lsn, cut.lsn()), (world.partition.lsn() + 1, world.partition.lsn()), "all before it was applied");
    }
}

#[test]
#[should_panic(expected = "I10: time does not go back")]
fn time_that_goes_back_stops_the_process() {
    let _ = begun().partition.apply(999, &claimed(1));
}

#[test]
#[should_panic(expected = "I5: one effect per idempotency key")]
fn a_second_effect_of_a_request_stops_the_process() {
    let mut world = begun();
    world.tell("lease cash 3");
    world.happen(&[claimed(1)]);
    let Event::Claimed(event) = claimed(1) else { panic!("a claim") };
    let _ = world.partition.apply(1_000, &Event::Claimed(Claimed { coupon: 2, ..event }));
}

#[test]
#[should_panic(expected = "I1: never oversold")]
fn a_piece_too_many_stops_the_process() {
    let mut world = begun();
    world.tell("claim carol cash r1");
    let Event::Claimed(event) = claimed(1) else { panic!("a claim") };
    let _ = world.partition.apply(1_000, &Event::Claimed(Claimed { coupon: 2, ..event }));
}

#[test]
#[should_panic(expected = "I9: a template's versions have no gaps")]
fn a_template_version_too_far_stops_the_process() {
    let (_, events) = samples().into_iter().find(|&(kind, _)| kind == "TemplateUpdated").expect("an update");
    let _ = CatalogState::new(key()).apply(1_000, &events[0]);
}
