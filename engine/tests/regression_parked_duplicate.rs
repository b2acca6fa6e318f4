//! Regression: a claim that waits twice in one queue, and whose other copy was served, was refused with SOLD_OUT.
//!
//! A client that lost its first reply asks again while the claim is parked. One piece arrives: the first copy gets it. The
//! second must hear the same, not what is true for those who wait behind it. I5. (Found by the simulator.)
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::sync::{Arc, Mutex};
use tessera_domain::catalog::{Catalog, CatalogState};
use tessera_domain::command::*;
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::Message;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Id, Kind, Partition, Pool, Reason, Reply, TemplateSpec, Validity, Window};
use tessera_engine::catalog::{CatalogOwner, CatalogRequest};
use tessera_engine::ledger::Ledger;
use tessera_engine::letter::{self, Answer, Batch, Letter, Outlet, PostOffice, Request, Sink};
use tessera_engine::shard::{Limits, Settings, Shard};
use tessera_wal::{Handover, JournalId, Passenger};

const NOW_MS: i64 = 1_000;
const PARTITIONS: u16 = 2;

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
    IdHashKey::new(*b"a regression key")
}

/// The first of `text0`, `text1`, … that lives in `partition`.
fn name(text: &str, partition: u16, of: impl Fn(&str) -> u16) -> String {
    (0..).map(|number| format!("{text}{number}")).find(|name| of(name) == partition).unwrap()
}

fn one_piece(template: &str) -> CatalogCommand {
    let spec = TemplateSpec {
        display: "".into(),
        kind: Kind::AmountOff { threshold: 0, amount: 1 },
        currency: Currency::parse("CNY").unwrap(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity: Validity::Fixed(Window::default()),
        per_user_limit: 0,
        stock: Some(1),
        refund: Default::default(),
        rules: Default::default(),
    };
    let (template, request_id) = (id(template), id("create"));
    CatalogCommand::Write(WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false })
}

/// The letter that brings the shard its catalog.
fn catalog(template: &str, sink: Sink) -> Letter {
    let office = Arc::new(Office::default());
    let ledger = Ledger::new(JournalId::CATALOG, CatalogState::new(key()));
    let request = CatalogRequest { tag: 0, command: one_piece(template), sink };
    release(CatalogOwner::new(ledger, office.clone(), 1).turn([request], [], NOW_MS, true));
    office.0.lock().unwrap().pop().unwrap()
}

fn release(handovers: Vec<Handover<letter::Passenger>>) {
    handovers.into_iter().flat_map(|handover| handover.passengers).for_each(Passenger::release);
}

#[test]
fn a_copy_of_a_claim_that_was_served_hears_the_same_when_the_rest_is_sold_out() {
    let template = name("sale", 1, |name| key().home_of(name, PARTITIONS));
    let user = |text: &str| name(text, 0, |name| key().user(name).partition(PARTITIONS));
    let (ann, bob) = (user("ann"), user("bob"));
    let settings = Settings { partitions: PARTITIONS, key: key(), key_version: 1, limits: Limits::default() };
    let ledger = Ledger::new(JournalId(0), Partition::new(0, key()));
    let empty = Arc::new(Catalog::new(key()));
    let mut shard = Shard::new(0, Arc::new(settings), Arc::new(Office::default()), empty);
    shard.adopt(ledger, NOW_MS);
    let claim = |tag, user: &str, request: &str| {
        let user = User { id: id(user), key: key().user(user) };
        let claim = Claim {
            operation: Operation::Claim,
            user,
            template: id(&template),
            request_id: id(request),
            channel: None,
            use_window: None,
        };
        Request { partition: 0, tag, command: Command::Claim(claim) }
    };
    let heard = Arc::new(Heard::default());
    release(shard.turn([catalog(&template, heard.clone())], NOW_MS, true));
    let requests = vec![claim(1, &ann, "a"), claim(2, &bob, "b"), claim(3, &ann, "a")];
    assert!(shard.accept(Batch { requests, sink: heard.clone() }).is_ok());
    let pool = Pool::stock(0);
    for message in [Message::Grant { pool, granted: 1, total: 1 }, Message::SoldOut { pool, total: 1, need: 1, asked_ms: NOW_MS }]
    {
        release(shard.turn([], NOW_MS, true));
        release(shard.turn([Letter::Lease { from: 1, to: 0, message }], NOW_MS, true));
    }

    let heard = heard.0.lock().unwrap();
    let [(1, Ok(Reply::Claimed(first))), (2, Err(refusal)), (3, Ok(Reply::Claimed(again)))] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((first.coupon, first.written.lsn), (again.coupon, again.written.lsn));
    assert!(again.written.replayed && refusal.reason == Reason::SoldOut);
}
