//! The digest covers every number of every event: a journal with any one bit changed is not the same journal.

use crate::anew::reacquired;
use crate::apart::apart;
use crate::events::samples;
use crate::gift::gifted;
use crate::given::story::story;
use crate::given::{Frame, PARTITION, World, encoded, key};
use crate::golden;
use crate::legacy::imported;
use crate::pool::pooled;
use crate::resume::resumed;
use crate::template_void::voided;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use tessera_domain::catalog::CatalogState;
use tessera_domain::event::*;
use tessera_domain::{Divergence, Partition, codec};

/// Both journals together hold every event kind, each with numbers that are not at their default.
pub fn eventful() -> World {
    let mut world = story(
        "template cash off 10000 2000 t1 use=500..900000000 issue=400..800000000 limit=2 stock=5 name=x
         template gift card 1000 t2 use=500..9000 refund=never
         template pct percent 8500 t3 cap=1000 floor USD after=10+1000
         template cash off 10000 2500 t4 version=1 use=500..900000000 issue=400..800000000 limit=2 stock=5
         stop pct t5
         at 2000
         lease cash 3
         claim alice cash r1
         claim alice cash r2
         issue bob gift r3
         redeem alice 0 shop/1 12000 r4
         redeem bob 2 shop/1 300 r5
         redeem code:1 2 shop/2 400 r6
         redeem alice 1 shop/3 500 r7 => BELOW_THRESHOLD 9500
         refund #7 r8
         refund #7 r9 => ALREADY_REFUNDED 2500
         raise cash 5 9 r10
         redeem bob 2 shop/2 400 r15 => took 400 of 400 by coupon 2, leaves 300 at 2000 #9 replayed
         at 9500
         refund #8 r11
         template pct percent 8500 t6 => TEMPLATE_EXISTS
         at 86402000
         forget 3
         issue bob gift r12 => ISSUE_ENDED 9000
         claim alice cash r13 => USER_LIMIT_REACHED 2
         claim carol cash r14
         template wallet card 5000 t7
         issue dave wallet d1
         hold dave 4 shop/1 700 d2 ttl=5000
         hold dave 4 shop/1 800 d3
         capture #24 d4 amount=500
         release #24 d5 => HOLD_CAPTURED 25
         hold dave 4 shop/2 300 d6
         release #27 d7
         release #27 d8
         capture #27 d9 => HOLD_RELEASED
         hold dave 4 shop/3 200 d10 ttl=5000
         later 5000
         capture #31 d11 reacquire
         hold dave 4 shop/4 100 d12
         freeze known 4 risk d13 revoke
         unfreeze known 4 risk d14
         hold dave 4 shop/5 100 d15
         freeze account dave operator d16 revoke
         unfreeze account dave operator d17
         hold dave 4 shop/6 100 d18
         void known 4 d19 revoke
         key 2
         refund #25 d20 amount=200
         later 2764800000
         forget 10
         template noon pieces 2 500 t8 days=0+3 day=1 zone=Europe/Berlin by=shop goods=g1,-g2 categories=c \
         merchants=m,-n issue-channels=app,web use-channels=till issue-hours=1111111:0-1440 use-hours=1010101:600-840;10:0-60 \
         layer=item priority=7 initial stack=lunch group-max=2 order-max=3 name=noon field=picture:p.png field=en:lunch
         claim frank noon f1 channel=web
         claim frank noon f2 channel=web => USER_DAY_LIMIT_REACHED 1
         template tea exchange 1 t9 goods=tea at-issue
         issue frank tea f3 use=2900000000..2900000001
         template voucher cash 300 t10 stack=always
         template voucher cash 400 t11 version=1 layer=shipping",
    );
    let request = |id| Request { id, fingerprint: 7 };
    let card = Claimed {
        coupon: 8,
        terms: 1,
        user: "erin",
        operation: 2,
        request: request("e1"),
        use_from_ms: 500,
        use_until_ms: 9_000,
        key_version: 1,
        loaded: 0,
        day: None,
    };
    let lsn = world.partition.lsn() + 1;
    let first = Redeemed {
        coupon: 8,
        previous: lsn,
        merchant: "shop",
        order: "7",
        request: request("e2"),
        amount: 300,
        applied: 300,
        captured: 300,
    };
    let back = RefundedV1 {
        redemption: lsn + 1,
        coupon: 8,
        previous: lsn + 1,
        request: request("e3"),
        amount: 300,
        restored: 300,
        reopened_until_ms: 9_000_000_000,
    };
    let lease = |partition, count| Lease { template: 0, partition, count };
    let Event::TermsAdoptedV1(terms) = samples()[0].1[1] else { panic!("the second sample of terms is a card") };
    let Claimed { coupon, terms: number, user, operation, request, use_from_ms, use_until_ms, key_version, .. } = card;
    let card =
        ClaimedV1 { coupon, terms: number, user, operation, request, use_from_ms, use_until_ms, key_version, loaded: 1_000 };
    for event in [
        Event::ClaimedV1(card),
        Event::RedeemedV1(first),
        Event::RefundedV1(back),
        Event::StockOpened(StockOpened { template: 1, total: 77 }),
        Event::LeaseGranted(lease(1, 3)),
        Event::LeaseGranted(lease(2, 4)),
        Event::LeaseReclaimed(lease(1, 2)),
        Event::LeaseReceived(lease(0, 7)),
        Event::LeaseReturned(lease(0, 3)),
        Event::LineSent(LineSent { to: 5, number: 1, message: b"first" }),
        Event::LineSent(LineSent { to: 5, number: 2, message: b"second" }),
        Event::LineSent(LineSent { to: 6, number: 1, message: b"" }),
        Event::LineReceived(LineReceived { from: 5, number: 1 }),
        Event::LineAcknowledged(LineAcknowledged { to: 5, through: 1 }),
        Event::TermsAdoptedV1(TermsAdoptedV1 { terms: 5, body: TermsBody { template: 7, ..terms.body } }),
    ] {
        world.happen(&[event]);
    }
    let body = TermsBody { template: 7, template_id: "old", ..terms.body };
    let old = TemplateWrittenV1 { body, display_name: "x", stock: None, request: Request { id: "o1", fingerprint: 7 } };
    let newer = TemplateWrittenV1 { body: TermsBody { version: 2, first: 20_000, ..body }, display_name: "y", ..old };
    for event in [Event::TemplateCreatedV1(old), Event::TemplateUpdatedV1(newer)] {
        world.happen_in_catalog(encoded(&[event]));
    }
    order(&mut world);
    world.restart();
    world
}

/// Orders of three coupons: held, held again, captured in part, returned in part; redeemed and returned; held and let go.
fn order(world: &mut World) {
    let first = world.partition.counts()[0];
    let [lunch, ship, purse] = [first, first + 1, first + 2];
    world.tell(
        "template lunch off 1000 300 o1 stack=always goods=tea,rice
         template ship cash 50 o2 stack=always layer=shipping
         template purse card 2000 o3
         issue gina lunch o4
         issue gina ship o5
         issue gina purse o6",
    );
    let goods = "lines=tea/hot:2x500,rice@other:3x200 shipping=80";
    world.tell(&format!(
        "checkout hold known:{lunch}+known:{ship}+known:{purse} shop/9 o7 {goods} ttl=6000
         checkout hold known:{lunch}+known:{purse} shop/9 o8 {goods}"
    ));
    world.tell(&format!("checkout capture #{} o9 units=0:1,1:3,shipping", world.partition.lsn()));
    world.tell(&format!("checkout refund #{} o10 units=1:2", world.partition.lsn()));
    world.tell(&format!("checkout redeem known:{ship}+known:{purse} shop/10 o11 lines=ink:1x700 shipping=30"));
    world.tell(&format!("checkout refund #{} o12", world.partition.lsn()));
    world.tell(&format!("checkout hold known:{ship}+known:{purse} shop/11 o13 lines=ink:1x700 shipping=30"));
    world.tell(&format!("checkout release #{} o14", world.partition.lsn()));
}

/// A journal with every event that is about batches and gift cards.
pub fn carded() -> World {
    story(
        "template moon card 5000 t1 after=10+100000 issue=400..800000 issue-channels=till
         claim alice moon a1 channel=till
         batch b1 moon 5
         make b1 moon v1 0+2/3
         make b1 moon v1 2+1/3
         complete b1 5
         later 7
         take b1 d1
         activate code:1 1 r1 by=shop/1 channel=till
         activate known 2 r2 channel=till
         freeze known 3 operator r3
         reload code:1 1 300 r4 by=shop/2
         adjust known 1 -200 goodwill r5
         adjust known 2 90 audit r6
         later 20
         redeem code:1 1 shop/3 700 r7
         hold code:1 1 shop/4 600 r8
         refund #14 r9 amount=100
         key 2
         replace known 1 r10 revoke
         void known 3 r11
         refund #14 r12
         replace known 0 r13",
    )
}

trait Journaled {
    fn begin() -> Self;
    fn follow(&mut self, frame: &Frame) -> Result<(), Divergence>;
}

impl Journaled for Partition {
    fn begin() -> Self {
        Partition::new(PARTITION, key())
    }
    fn follow(&mut self, frame: &Frame) -> Result<(), Divergence> {
        self.replay(&frame.payload, frame.time_ms, frame.digest)
    }
}

impl Journaled for CatalogState {
    fn begin() -> Self {
        CatalogState::new(key())
    }
    fn follow(&mut self, frame: &Frame) -> Result<(), Divergence> {
        self.replay(&frame.payload, frame.time_ms, frame.digest)
    }
}

#[test]
fn the_journals_of_these_facts_hold_every_event_kind() {
    let (world, gifted, cards, pooled, void, legacy) = (eventful(), gifted(), carded(), pooled(), voided(), imported());
    let (apart, resumed, anew) = (apart(), resumed(), reacquired());
    let worlds = [&world, &gifted, &cards, &pooled, &void, &legacy, &apart, &resumed, &anew];
    let frames = worlds.map(|world| [&world.frames, &world.catalog_frames]);
    let journals = frames.into_iter().flatten();
    // What is only read of orders over partitions is in the journal that was written then.
    let older = golden::frames("v5-apart/partition.journal");
    let mut kinds: Vec<(u8, u8)> = journals.flatten().chain(&older).flat_map(kinds_of).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, codec::KINDS.iter().map(|&(_, kind, version)| (kind, version)).collect::<Vec<_>>());
}

#[test]
fn no_bit_of_a_partitions_journal_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&eventful().frames);
    // Every number of an expiry (13) and of an acknowledgement (34) is held against the state before the digest is.
    for kind in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 32, 33] {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_a_journal_with_gifts_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&gifted().frames);
    for kind in 48..=52 {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_a_journal_with_orders_that_are_taken_anew_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&reacquired().frames);
    assert!(caught.get(&58).is_some_and(|&caught| caught > 0), "kind 58 was never caught by the digest: {caught:?}");
}

#[test]
fn no_bit_of_a_journal_with_sagas_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&apart().frames);
    // What is answered (31) is held against what it leads to before the digest is.
    for kind in [30, 35, 36, 38, 39, 59] {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_a_journal_of_cards_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&carded().frames);
    for kind in 40..=47 {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_a_journal_of_days_and_budgets_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&pooled().frames);
    // Every number of a return (56) is held against the coupon's terms before the digest is.
    for kind in [53, 54, 55, 57] {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_the_journals_of_a_void_template_is_uncovered() {
    let void = voided();
    // Every number of a coupon that becomes void with its template (62) is held against the state before the digest is.
    let caught = [flip_every_bit::<Partition>(&void.frames), flip_every_bit::<CatalogState>(&void.catalog_frames)];
    for (caught, kind) in caught.iter().zip([61, 67]) {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

#[test]
fn no_bit_of_the_journal_of_a_resumed_template_is_uncovered() {
    let caught = flip_every_bit::<CatalogState>(&resumed().catalog_frames);
    assert!(caught.get(&68).is_some_and(|&caught| caught > 0), "no resume was ever caught by the digest: {caught:?}");
}

#[test]
fn no_bit_of_a_journal_of_imported_cards_is_uncovered() {
    let caught = flip_every_bit::<Partition>(&imported().frames);
    assert!(caught.get(&70).is_some_and(|&caught| caught > 0), "no import was ever caught by the digest: {caught:?}");
}

#[test]
fn no_bit_of_the_catalogs_journal_is_uncovered() {
    let caught = flip_every_bit::<CatalogState>(&eventful().catalog_frames);
    for kind in [6, 64, 65, 66] {
        assert!(caught.get(&kind).is_some_and(|&caught| caught > 0), "kind {kind} was never caught by the digest: {caught:?}");
    }
}

/// Flips each bit in turn; every changed journal is refused, stops or differs at that very frame. Gives how
/// many changes of each kind only the digest found.
fn flip_every_bit<J: Journaled>(frames: &[Frame]) -> BTreeMap<u8, usize> {
    let mut caught = BTreeMap::new();
    for (at, frame) in frames.iter().enumerate() {
        for bit in 0..frame.payload.len() * 8 {
            let mut changed = frame.clone();
            changed.payload[bit / 8] ^= 1 << (bit % 8);
            match followed::<J>(&frames[..at], &changed) {
                Some(Ok(())) => panic!("bit {bit} of frame {at} is uncovered: {frame:?} became {:?}", changed.payload),
                Some(Err(Divergence::Digest { .. })) => *caught.entry(kind_at(frame, bit / 8)).or_default() += 1,
                Some(Err(_)) | None => {}
            }
        }
    }
    caught
}

/// What becomes of `changed` after `before`; `None` if it breaks an invariant.
fn followed<J: Journaled>(before: &[Frame], changed: &Frame) -> Option<Result<(), Divergence>> {
    let mut journaled = J::begin();
    before.iter().for_each(|frame| journaled.follow(frame).expect("the frames before are whole"));
    quietly(|| catch_unwind(AssertUnwindSafe(|| journaled.follow(changed))).ok())
}

/// Kind and version of each event.
fn kinds_of(frame: &Frame) -> Vec<(u8, u8)> {
    let starts = events_of(frame).into_iter().map(|(.., start, _)| start);
    starts.map(|start| (frame.payload[start], frame.payload[start + 1])).collect()
}

/// The kind of the event that this byte belongs to.
fn kind_at(frame: &Frame, byte: usize) -> u8 {
    events_of(frame).into_iter().find(|&(_, _, end)| byte < end).expect("a byte of an event").0
}

/// Kind, begin and end of each event.
fn events_of(frame: &Frame) -> Vec<(u8, usize, usize)> {
    let (mut events, mut start) = (Vec::new(), 0);
    while let Ok((_, used)) = codec::decode(&frame.payload[start..]) {
        events.push((frame.payload[start], start, start + used));
        start += used;
    }
    events
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Panics of this thread inside `work` are expected by the thousand, and print nothing.
fn quietly<R>(work: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info)
            }
        }));
    });
    QUIET.set(true);
    let result = work();
    QUIET.set(false);
    result
}
