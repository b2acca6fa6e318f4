//! What time brings to a shard: written before the write that meets it, in the background by bounded steps, and without room in
//! the log not at all, though everybody is told the truth.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::sync::{Arc, Mutex};
use tessera_domain::catalog::{Catalog, CatalogState};
use tessera_domain::codec;
use tessera_domain::command::*;
use tessera_domain::event::Event;
use tessera_domain::keyed::IdHashKey;
use tessera_domain::line::message::Message;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Id, Kind, Partition, Reason, Reply, TemplateSpec, Validity, Window};
use tessera_engine::catalog::{CatalogOwner, CatalogRequest};
use tessera_engine::ledger::Ledger;
use tessera_engine::letter::{self, Answer, Batch, Letter, Outlet, PostOffice, Request};
use tessera_engine::shard::{Limits, Settings, Shard};
use tessera_wal::{Frame, Handover, JournalId, Passenger};

/// When every test begins, in ms.
const BEGIN_MS: i64 = 1_000;

/// When what the cards hold expires, in ms.
const END_MS: i64 = 60_000;

#[derive(Default)]
struct Heard(Mutex<Vec<(u64, Answer)>>);

impl Outlet for Heard {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        self.0.lock().unwrap().extend(answers);
    }
}

#[derive(Default)]
struct Office(Mutex<Vec<Letter>>);

impl PostOffice for Office {
    fn post(&self, letter: Letter) {
        self.0.lock().unwrap().push(letter);
    }
}

fn id(text: &str) -> Id {
    Id::new("id", text).unwrap()
}

fn key() -> IdHashKey {
    IdHashKey::new(*b"what time brings")
}

fn cny() -> Currency {
    Currency::parse("CNY").unwrap()
}

/// One shard with one partition, and its client.
struct Desk {
    shard: Shard,
    owner: CatalogOwner,
    office: Arc<Office>,
    heard: Arc<Heard>,
    asked: u64,
}

impl Desk {
    /// Knows the template of a card of 1,000.
    fn new() -> Desk {
        let settings = Settings { partitions: 1, key: key(), key_version: 1, limits: Limits::default() };
        let (office, heard) = (Arc::new(Office::default()), Arc::new(Heard::default()));
        let spec = TemplateSpec {
            display: "".into(),
            kind: Kind::StoredValue { face_value: 1_000 },
            currency: cny(),
            rounding: Rounding::HalfUp,
            issue: Window::default(),
            validity: Validity::Fixed(Window { from_ms: 0, until_ms: END_MS }),
            per_user_limit: 0,
            stock: None,
            refund: Default::default(),
            rules: Default::default(),
        };
        let (template, request_id) = (id("card"), id("create"));
        let write = WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false };
        let request = CatalogRequest { tag: 0, command: CatalogCommand::Write(write), sink: heard.clone() };
        let ledger = Ledger::new(JournalId::CATALOG, CatalogState::new(key()));
        let mut owner = CatalogOwner::new(ledger, office.clone(), 1);
        events(owner.turn([request], [], BEGIN_MS, true));
        let catalog = office.0.lock().unwrap().pop().unwrap();
        let mut shard = Shard::new(0, Arc::new(settings), office.clone(), Arc::new(Catalog::new(key())));
        shard.adopt(Ledger::new(JournalId(0), Partition::new(0, key())), BEGIN_MS);
        events(shard.turn([catalog], BEGIN_MS, true));
        office.0.lock().unwrap().clear();
        Desk { shard, owner, office, heard, asked: 0 }
    }

    /// The catalog that says that the card is void.
    fn voided(&mut self) -> Letter {
        let (template, reason, request_id) = (id("card"), id("recall"), id("void"));
        let (expected_version, revoke_holds, validate_only) = (1, false, false);
        let void = VoidTemplate { template, expected_version, reason, revoke_holds, request_id, validate_only };
        let request = CatalogRequest { tag: 1, command: CatalogCommand::Void(void), sink: self.heard.clone() };
        events(self.owner.turn([request], [], BEGIN_MS, true));
        self.office.0.lock().unwrap().pop().unwrap()
    }

    /// Whether the shard has told the catalog's owner since it was asked last.
    fn has_told(&mut self) -> bool {
        self.office.0.lock().unwrap().drain(..).any(|letter| matches!(letter, Letter::Installed { .. }))
    }

    /// Asks in one turn; gives the answer and the kinds of the events of each frame.
    fn ask(&mut self, command: Command, now_ms: i64, has_log_room: bool) -> (Answer, Vec<Vec<String>>) {
        self.asked += 1;
        let request = Request { partition: 0, tag: self.asked, command };
        assert!(self.shard.accept(Batch { requests: vec![request], sink: self.heard.clone() }).is_ok());
        let frames = events(self.shard.turn([], now_ms, has_log_room));
        let (tag, answer) = self.heard.0.lock().unwrap().pop().unwrap();
        assert_eq!(tag, self.asked);
        (answer, frames)
    }

    fn claim(&mut self, request: &str) {
        let user = User { id: id("ann"), key: key().user("ann") };
        let claim = Claim {
            operation: Operation::Claim,
            user,
            template: id("card"),
            request_id: id(request),
            channel: None,
            use_window: None,
        };
        self.ask(Command::Claim(claim), BEGIN_MS, true).0.unwrap();
    }

    /// Holds 300 of the first card for five seconds.
    fn hold(&mut self) {
        let (merchant, order, request_id) = (id("shop"), id("1"), id("hold"));
        let instrument = Instrument::Known { coupon: 0 };
        let hold = Hold { instrument, merchant, order, amount: 300, currency: cny(), ttl_ms: 5_000, request_id, channel: None };
        self.ask(Command::Hold(hold), BEGIN_MS, true).0.unwrap();
    }
}

/// Lets the passengers go; gives the events of each frame by name.
fn events(handovers: Vec<Handover<letter::Passenger>>) -> Vec<Vec<String>> {
    let mut frames = Vec::new();
    for handover in handovers {
        let mut bytes = &handover.frames[..];
        while !bytes.is_empty() {
            let (frame, used) = Frame::parse(bytes).unwrap();
            frames.push(codec::events(frame.payload).map(|event| name(&event.unwrap())).collect());
            bytes = &bytes[used..];
        }
        handover.passengers.into_iter().for_each(Passenger::release);
    }
    frames
}

fn name(event: &Event<'_>) -> String {
    format!("{event:?}").split('(').next().unwrap_or_default().to_owned()
}

fn redeem(amount: i64) -> Command {
    let (merchant, order, request_id) = (id("shop"), id("2"), id("redeem"));
    let instrument = Instrument::Known { coupon: 0 };
    Command::Redeem(Redeem { instrument, merchant, order, amount, currency: cny(), request_id, channel: None })
}

#[test]
fn what_is_due_for_a_coupon_is_written_before_the_write_that_meets_it_and_in_its_frame() {
    let mut desk = Desk::new();
    desk.claim("c1");
    desk.hold();
    let (answer, frames) = desk.ask(redeem(1_000), BEGIN_MS + 5_000, true);
    assert!(matches!(answer, Ok(Reply::Redeemed(_))), "{answer:?}");
    assert_eq!(frames, [["HoldEnded", "Redeemed"]]);
}

#[test]
fn without_room_in_the_log_nothing_is_written_and_the_truth_is_told() {
    let mut desk = Desk::new();
    desk.claim("c1");
    desk.hold();
    for (now_ms, expected) in [(BEGIN_MS + 4_999, (700, 300, 0)), (BEGIN_MS + 5_000, (1_000, 0, 0)), (END_MS, (0, 0, 1_000))] {
        let (answer, frames) = desk.ask(Command::GetCoupon(Instrument::Known { coupon: 0 }), now_ms, false);
        let Ok(Reply::Coupon(view)) = answer else { panic!("{answer:?}") };
        assert_eq!((view.available, view.held, view.expired), expected, "at {now_ms}");
        assert_eq!(frames.len(), 0);
        let (answer, frames) = desk.ask(redeem(1), now_ms, false);
        assert_eq!(answer.unwrap_err().reason, Reason::LogFull);
        assert_eq!(frames.len(), 0);
    }
    let (answer, frames) = desk.ask(redeem(1), END_MS, true);
    assert_eq!(answer.unwrap_err().reason, Reason::CouponExpired);
    assert_eq!(frames, [["HoldEnded", "Expired", "Refused"]]);
}

#[test]
fn many_expiries_are_written_in_bounded_steps() {
    let mut desk = Desk::new();
    for card in 0..200 {
        desk.claim(&format!("c{card}"));
    }
    let mut written = Vec::new();
    for tick in 0..6 {
        written.push(events(desk.shard.turn([], END_MS + tick * 10, true)).iter().map(Vec::len).sum::<usize>());
    }
    assert_eq!(written, [64, 64, 64, 8, 0, 0]);
}

/// Found by the simulation: a card was held for an order of another partition by a frame whose catalog says that its template is void.
#[test]
fn a_message_behind_a_void_in_its_turn_is_received_when_the_void_is_heard() {
    let mut desk = Desk::new();
    desk.claim("c1");
    let (catalog, message) = (desk.voided(), Message::Probe.bytes());
    let frames = events(desk.shard.turn([catalog, Letter::Line { from: 0, to: 0, number: 1, message }], BEGIN_MS, true));
    assert_eq!(frames[0][..2], ["TermsVoided", "LineReceived"]);
}

#[test]
fn a_void_is_told_when_the_partitions_have_it_and_its_coupons_follow_in_bounded_steps() {
    let mut desk = Desk::new();
    for card in 0..100 {
        desk.claim(&format!("c{card}"));
    }
    let catalog = desk.voided();
    // Without room in the log nobody may believe that all have heard.
    assert!(events(desk.shard.turn([catalog], BEGIN_MS, false)).is_empty());
    assert!(!desk.has_told());
    let first = events(desk.shard.turn([], BEGIN_MS + 10, true));
    assert!(desk.has_told());
    assert_eq!((first[0][0].as_str(), first[0].len()), ("TermsVoided", 65));
    let (answer, frames) = desk.ask(redeem(1), BEGIN_MS + 11, true);
    assert_eq!((answer.unwrap_err().reason, &frames[0]), (Reason::CouponVoid, &vec!["Refused".to_owned()]));
    let rest = events(desk.shard.turn([], BEGIN_MS + 20, true));
    assert_eq!((rest[0].len(), rest[0].iter().all(|event| event == "VoidedWithTemplate")), (36, true));
    assert!(events(desk.shard.turn([], BEGIN_MS + 30, true)).is_empty());
}
