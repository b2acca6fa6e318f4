//! A node on a directory, and a shop that trades on it and remembers what it was told.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tessera_domain::command::*;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Id, Kind, Reply, TemplateSpec, Validity, Window};
use tessera_engine::Node;
use tessera_engine::letter::{Answer, Outlet, Request, Sink};
use tessera_engine::node::Config;
use tessera_engine::shard::Limits;
use tessera_engine::snapshots::Policy;

/// Answers come out here.
struct Channel(mpsc::Sender<(u64, Answer)>);

impl Outlet for Channel {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        for answer in answers {
            self.0.send(answer).unwrap();
        }
    }
}

pub fn id(text: &str) -> Id {
    Id::new("id", text).unwrap()
}

/// Opens a directory; snapshots are taken on demand alone.
pub fn open(dir: &Path, shards: u16) -> Node {
    try_open(dir, shards).unwrap()
}

/// As [`open`], where a refusal is expected.
pub fn try_open(dir: &Path, shards: u16) -> Result<Node, tessera_engine::node::Error> {
    open_with(dir, shards, Policy { log_bytes: 0, interval: Duration::ZERO })
}

/// As [`try_open`], with snapshots taken by themselves.
pub fn open_with(dir: &Path, shards: u16, snapshots: Policy) -> Result<Node, tessera_engine::node::Error> {
    let config =
        Config { dir: dir.into(), shards, limits: Limits::default(), log: Default::default(), snapshots, accept_clock: false };
    Node::open(&config, &mut |_| {})
}

/// Coupons of one template for users by number.
pub struct Shop {
    /// Lsn and coupon of each user's claim.
    claims: Mutex<BTreeMap<u64, (u64, u64)>>,
}

impl Shop {
    /// Makes the template.
    pub fn open(node: &Node) -> Shop {
        let (sender, receiver) = mpsc::channel();
        let sink: Sink = Arc::new(Channel(sender));
        let spec = TemplateSpec {
            display: "20 off 100".into(),
            kind: Kind::AmountOff { threshold: 100, amount: 20 },
            currency: Currency::parse("CNY").unwrap(),
            rounding: Rounding::HalfUp,
            issue: Window::default(),
            validity: Validity::Dynamic { wait_ms: 0, valid_ms: 3_600_000 },
            per_user_limit: 1,
            stock: None,
            refund: Default::default(),
            rules: Default::default(),
        };
        let (template, request_id) = (id("sale"), id("create"));
        let write = WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false };
        node.router().submit_catalog(0, CatalogCommand::Write(write), &sink);
        receiver.recv_timeout(Duration::from_secs(10)).unwrap().1.unwrap();
        Shop { claims: Mutex::default() }
    }

    /// Each of these users claims; gives the time of the last claim, ms.
    pub fn trade(&self, node: &Node, users: Range<u64>) -> i64 {
        let mut last_ms = 0;
        for (user, answer) in claim(node, users) {
            let Ok(Reply::Claimed(claimed)) = answer else { panic!("user {user}: {answer:?}") };
            last_ms = claimed.window.from_ms.max(last_ms);
            self.claims.lock().unwrap().insert(user, (claimed.written.lsn, claimed.coupon));
        }
        last_ms
    }

    /// Each of these users claims once more, and hears what they heard.
    pub fn check(&self, node: &Node, users: Range<u64>) {
        for (user, answer) in claim(node, users) {
            let Ok(Reply::Claimed(claimed)) = answer else { panic!("user {user}: {answer:?}") };
            assert!(claimed.written.replayed, "user {user}: the claim was forgotten");
            assert_eq!((claimed.written.lsn, claimed.coupon), self.claims.lock().unwrap()[&user]);
        }
    }

    /// A user redeems; gives partition, coupon and lsn.
    pub fn redeem(&self, node: &Node, user: u64) -> (u16, u64, u64) {
        let (_, coupon) = self.claims.lock().unwrap()[&user];
        let key = node.router().keys().hash.user(&name(user));
        let redeem = Redeem {
            instrument: Instrument::Owned { user: key, coupon },
            merchant: id("shop"),
            order: id("order"),
            amount: 100,
            currency: Currency::parse("CNY").unwrap(),
            request_id: id("redeem"),
            channel: None,
        };
        let request = Request { partition: node.router().partition_of(key), tag: 0, command: Command::Redeem(redeem) };
        let answer = ask(node, vec![request]).pop().unwrap().1;
        let written = answer.unwrap().written().unwrap();
        (written.partition, coupon, written.lsn)
    }
}

fn name(user: u64) -> String {
    format!("user-{user}")
}

fn claim(node: &Node, users: Range<u64>) -> Vec<(u64, Answer)> {
    let request = |user: u64| {
        let key = node.router().keys().hash.user(&name(user));
        let claim = Claim {
            operation: Operation::Claim,
            user: User { id: id(&name(user)), key },
            template: id("sale"),
            request_id: id(&name(user)),
            channel: None,
            use_window: None,
        };
        Request { partition: node.router().partition_of(key), tag: user, command: Command::Claim(claim) }
    };
    ask(node, users.map(request).collect())
}

fn ask(node: &Node, requests: Vec<Request>) -> Vec<(u64, Answer)> {
    let (sender, receiver) = mpsc::channel();
    let (sink, count): (Sink, usize) = (Arc::new(Channel(sender)), requests.len());
    let mut bundle = node.router().bundle();
    bundle.extend(requests);
    node.router().submit(bundle, &sink);
    (0..count).map(|_| receiver.recv_timeout(Duration::from_secs(10)).expect("every request is answered")).collect()
}
