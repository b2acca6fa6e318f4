//! A shard that owns one partition with many coupons and cards, and somebody who asks it in batches and hears its answers.
//!
//! The log is left out: a handover counts as durable at once, so that its passengers are released like the log's thread would.

use std::sync::{Arc, Mutex};
use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::command::{CatalogCommand, Claim, Command, Operation, User, WriteTemplate};
use tessera_domain::event::{Event, Lease};
use tessera_domain::keyed::IdHashKey;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Decision, Id, Kind, Partition, Reply, TemplateSpec, Validity, Window};
use tessera_engine::JournalId;
use tessera_engine::ledger::{Ledger, Sealed};
use tessera_engine::letter::{Answer, Batch, Letter, Outlet, PostOffice, Request, Sink};
use tessera_engine::shard::{Settings, Shard};
use tessera_wal::Passenger as _;

/// Requests of one batch: what a busy stream sends.
pub const BATCH: u64 = 256;

/// Pieces of the limited template that the partition has on lease: more than are claimed here.
const LEASED: u64 = 1 << 20;

/// When it begins, ms since 1970; every turn is 1 ms later.
const OPENS_MS: i64 = 1_700_000_000_000;

/// What is sold here.
#[derive(Clone, Copy)]
pub enum Ware {
    /// A coupon of a limited stock, one for each user.
    Coupon,
    /// A gift card.
    Card,
}

pub struct Shop {
    shard: Shard,
    key: IdHashKey,
    heard: Arc<Heard>,
    now_ms: i64,
}

/// Where answers arrive.
#[derive(Default)]
struct Heard(Mutex<Vec<(u64, Answer)>>);

impl Outlet for Heard {
    fn deliver(&self, mut answers: Vec<(u64, Answer)>) {
        self.0.lock().expect("no listener panics").append(&mut answers);
    }
}

/// Letters between desks lead nowhere: the lease is larger than what is claimed, so that nobody waits for one.
struct Nowhere;

impl PostOffice for Nowhere {
    fn post(&self, _: Letter) {}
}

impl Shop {
    /// One partition on one shard, both templates, and the lease.
    pub fn open() -> Shop {
        let key = IdHashKey::new(*b"tessera's counts");
        let mut catalog = CatalogState::new(key);
        for (name, kind, stock) in [
            ("coupon", Kind::AmountOff { threshold: 100, amount: 20 }, Some(LEASED)),
            ("card", Kind::StoredValue { face_value: 1_000_000 }, None),
        ] {
            write(&mut catalog, name, kind, stock);
        }
        let settings = Settings { partitions: 1, key, key_version: 1, limits: Default::default() };
        let mut shard = Shard::new(0, Arc::new(settings), Arc::new(Nowhere), Arc::new(catalog.catalog().clone()));
        let mut ledger = Ledger::new(JournalId(0), Partition::new(0, key));
        let template = catalog.catalog().find(&id("coupon")).expect("the template was made").terms.template;
        let (lease, mut sealed) = (Lease { template, partition: 0, count: LEASED }, Sealed::default());
        ledger.begin(OPENS_MS, catalog.catalog().lsn());
        ledger.record(&Event::LeaseReceived(lease), &mut sealed);
        ledger.seal(&mut sealed);
        shard.adopt(ledger, OPENS_MS);
        Shop { shard, key, heard: Arc::default(), now_ms: OPENS_MS }
    }

    /// The claim of a user by number.
    pub fn claim(&self, ware: Ware, user: u64) -> Command {
        let name = format!("user-{user:08}");
        let template = match ware {
            Ware::Coupon => id("coupon"),
            Ware::Card => id("card"),
        };
        let (key, request_id) = (self.key.user(&name), id(&format!("claim-{user:08}")));
        Command::Claim(Claim {
            operation: Operation::Claim,
            user: User { id: id(&name), key },
            template,
            request_id,
            channel: None,
            use_window: None,
        })
    }

    /// Requests of these commands, each tagged by its place, in batches; room for their answers is made.
    pub fn batches(&self, commands: impl IntoIterator<Item = Command>) -> Vec<Batch> {
        let sink: Sink = self.heard.clone();
        let requests = (0..).zip(commands).map(|(tag, command)| Request { partition: 0, tag, command });
        let mut requests: Vec<Request> = requests.collect();
        self.heard.0.lock().expect("no listener panics").reserve(requests.len());
        let mut batches = Vec::new();
        while !requests.is_empty() {
            let rest = requests.split_off(requests.len().min(BATCH as usize));
            batches.push(Batch { requests: std::mem::replace(&mut requests, rest), sink: sink.clone() });
        }
        batches
    }

    /// A turn for each batch; every answer is delivered when it returns.
    pub fn serve(&mut self, batches: Vec<Batch>) {
        for batch in batches {
            let Ok(()) = self.shard.accept(batch) else { panic!("an inbox takes a batch after each turn") };
            self.now_ms += 1;
            for handover in self.shard.turn([], self.now_ms, true) {
                handover.passengers.into_iter().for_each(|passenger| passenger.release());
            }
        }
    }

    /// The replies heard since the last call, in the order of their requests. Nobody is refused here, and nothing is told twice.
    pub fn replies(&self) -> Vec<Reply> {
        let mut heard = std::mem::take(&mut *self.heard.0.lock().expect("no listener panics"));
        heard.sort_unstable_by_key(|(tag, _)| *tag);
        let reply = |(_, answer): (u64, Answer)| answer.expect("what is counted is not refused");
        let replies: Vec<Reply> = heard.into_iter().map(reply).collect();
        let is_new = |reply: &Reply| reply.written().is_none_or(|written| !written.replayed);
        assert!(replies.iter().all(is_new), "I5: what is counted was not asked before");
        replies
    }
}

fn write(catalog: &mut CatalogState, template: &str, kind: Kind, stock: Option<u64>) {
    let spec = TemplateSpec {
        display: template.into(),
        kind,
        currency: currency(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity: Validity::Dynamic { wait_ms: 0, valid_ms: 86_400_000 },
        per_user_limit: 1,
        stock,
        refund: Default::default(),
        rules: Default::default(),
    };
    let (template, request_id) = (id(template), id(template));
    let command =
        CatalogCommand::Write(WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false });
    let Decision::Happen(events) = catalog.decide(&Limits::default(), &command) else { panic!("a new template is taken") };
    let bytes = events.iter().fold(Vec::new(), |mut bytes, event| {
        tessera_domain::codec::encode(event, &mut bytes);
        bytes
    });
    for event in tessera_domain::codec::events(&bytes) {
        let event = event.expect("what was encoded decodes");
        catalog.apply(OPENS_MS, &event).expect("what was decided applies");
    }
}

pub fn id(text: &str) -> Id {
    Id::new("id", text).expect("a short name")
}

pub fn currency() -> Currency {
    Currency::parse("CNY").expect("three capitals")
}
