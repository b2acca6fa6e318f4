//! A real node on a real directory: what is answered is there after it is opened again.
#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::sync::{Arc, mpsc};
use std::time::Duration;
use tessera_domain::command::*;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Id, Kind, Reason, Reply, TemplateSpec, Validity, Window};
use tessera_engine::directory::init;
use tessera_engine::keys::NodeKeys;
use tessera_engine::letter::{Answer, Outlet, Request, Sink};
use tessera_engine::node::Config;
use tessera_engine::shard::Limits;
use tessera_engine::snapshots::Policy;
use tessera_engine::{Node, Router};

struct Channel(mpsc::Sender<(u64, Answer)>);

impl Outlet for Channel {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        for answer in answers {
            self.0.send(answer).unwrap();
        }
    }
}

fn id(text: &str) -> Id {
    Id::new("id", text).unwrap()
}

fn open(dir: &std::path::Path, shards: u16) -> Node {
    let config = Config {
        dir: dir.into(),
        shards,
        limits: Limits::default(),
        log: Default::default(),
        accept_clock: false,
        snapshots: Policy::default(),
    };
    Node::open(&config, &mut |_| {}).unwrap()
}

fn template(name: &str, stock: Option<u64>) -> CatalogCommand {
    let spec = TemplateSpec {
        display: name.into(),
        kind: Kind::AmountOff { threshold: 100, amount: 20 },
        currency: Currency::parse("CNY").unwrap(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity: Validity::Dynamic { wait_ms: 0, valid_ms: 3_600_000 },
        per_user_limit: 1,
        stock,
        refund: Default::default(),
        rules: Default::default(),
    };
    CatalogCommand::Write(WriteTemplate {
        template: id(name),
        expected_version: None,
        spec,
        request_id: id("create"),
        validate_only: false,
    })
}

fn claim(router: &Router, user: &str, request: &str, tag: u64) -> Request {
    let key = router.keys().hash.user(user);
    let claim = Claim {
        operation: Operation::Claim,
        user: User { id: id(user), key },
        template: id("sale"),
        request_id: id(request),
        channel: None,
        use_window: None,
    };
    Request { partition: router.partition_of(key), tag, command: Command::Claim(claim) }
}

fn claim_all(router: &Router, users: u64) -> Vec<Answer> {
    let (sender, receiver) = mpsc::channel();
    let sink: Sink = Arc::new(Channel(sender));
    let mut bundle = router.bundle();
    bundle.extend((0..users).map(|user| claim(router, &format!("user-{user}"), &format!("r-{user}"), user)));
    router.submit(bundle, &sink);
    let mut answers: Vec<Option<Answer>> = (0..users).map(|_| None).collect();
    for _ in 0..users {
        let (tag, answer) = receiver.recv_timeout(Duration::from_secs(10)).expect("every claim is answered");
        answers[tag as usize] = Some(answer);
    }
    answers.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_sale_is_sold_to_the_last_piece_and_every_answer_is_repeated_after_a_restart_at_1_and_2_shards() {
    for shards in [1, 2] {
        let dir = tempfile::tempdir().unwrap();
        init(dir.path(), 16).unwrap();
        let node = open(dir.path(), shards);
        let (sender, receiver) = mpsc::channel();
        let sink: Sink = Arc::new(Channel(sender));
        node.router().submit_catalog(0, template("sale", Some(500)), &sink);
        receiver.recv_timeout(Duration::from_secs(10)).unwrap().1.unwrap();
        let first = claim_all(&node.router(), 2_000);
        let accepted = first.iter().filter(|answer| answer.is_ok()).count();
        let sold_out =
            first.iter().filter(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason == Reason::SoldOut)).count();
        assert_eq!((accepted, sold_out), (500, 1_500), "with {shards} shards");
        node.stop();
        let node = open(dir.path(), shards);
        let again = claim_all(&node.router(), 2_000);
        for (first, again) in first.iter().zip(&again) {
            match (first, again) {
                (Ok(Reply::Claimed(first)), Ok(Reply::Claimed(again))) => {
                    assert!(!first.written.replayed && again.written.replayed);
                    assert_eq!((first.written.lsn, first.coupon, first.window), (again.written.lsn, again.coupon, again.window));
                }
                (Err(first), Err(again)) => assert_eq!((first.reason, again.reason), (Reason::SoldOut, Reason::SoldOut)),
                other => panic!("a retry flipped: {other:?}"),
            }
        }
        node.stop();
    }
}

#[test]
fn an_init_that_died_between_keys_and_log_is_repeated_with_the_keys_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    NodeKeys::create(dir.path()).unwrap();
    let before = NodeKeys::read(dir.path()).unwrap().check_number();
    init(dir.path(), 1).unwrap();
    let node = open(dir.path(), 1);
    assert_eq!(node.router().keys().check_number(), before);
    node.stop();
}
