//! A node's whole directory: keys, log and images, as the node left it when it stopped. Verified and replayed offline, where no clock moves
//! its state on.

use crate::given::Shop;
use crate::{folder, is_to_be_made};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tessera_engine::directory::init;
use tessera_engine::maintenance::{State, Task};
use tessera_engine::node::Config;
use tessera_engine::rebuild::{From, Until};
use tessera_engine::snapshots::Policy;
use tessera_engine::{Node, offline};
use tessera_wal::Options;

/// A directory as one format left it: lsn and digest of both partitions and of the catalog.
struct Golden {
    name: &'static str,
    recorded: [(u64, u64); 3],
}

/// The manifest of the first says nothing of what the images prove durable (its format 1), that of the second does (2).
const GOLDEN: [Golden; 2] = [
    Golden { name: "node-v1", recorded: [(7, 0x594585f54412b402), (8, 0xa414e183c27f3f74), (1, 0xa9a26abf57264587)] },
    Golden { name: "node-v2", recorded: [(11, 0xac7cebbd773e0569), (4, 0xf33efb1e1553262d), (1, 0x8a62c4f3011f5b17)] },
];

/// Users claim and one redeems, before a snapshot, between two, and after.
fn make(dir: &Path) {
    init(dir, 2).unwrap();
    let log = Options { segment_bytes: 1 << 16, spare_count: 2, reserve_count: 1, ..Options::default() };
    let snapshots = Policy { log_bytes: 0, interval: Duration::ZERO };
    let config = Config { dir: dir.into(), shards: 1, limits: Default::default(), log, snapshots, accept_clock: false };
    let node = Node::open(&config, &mut |_| {}).unwrap();
    let shop = Shop::open(&node);
    for part in [0..4, 4..8] {
        shop.trade(&node, part);
        snapshot(&node);
    }
    shop.trade(&node, 8..12);
    shop.redeem(&node, 5);
    node.stop();
}

fn snapshot(node: &Node) {
    let (operation, _) = node.maintenance().start(Task::Snapshot).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while node.maintenance().get(operation.id).unwrap().state == State::Running {
        assert!(Instant::now() < deadline, "a snapshot ends");
        std::thread::yield_now();
    }
}

/// A copy, because a replay goes on in a new segment.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => std::fs::copy(&path, &to).map(|_| ()).unwrap(),
        }
    }
}

fn opened(name: &str) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    if is_to_be_made(name) {
        let made = temp.path().join("made");
        make(&made);
        let is_spare = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("spare-");
        let spares = std::fs::read_dir(made.join("wal")).unwrap().map(Result::unwrap).filter(is_spare);
        spares.for_each(|spare| std::fs::remove_file(spare.path()).unwrap());
        copy(&made, &folder(name));
    }
    let dir = temp.path().join("data");
    copy(&folder(name), &dir);
    (temp, dir)
}

#[test]
fn a_golden_directory_of_a_node_is_whole_and_stands_where_it_stood() {
    for Golden { name, recorded } in GOLDEN {
        let (_temp, dir) = opened(name);
        let verified = offline::verify(&dir, &mut |_| {}).unwrap();
        assert!(verified.is_whole(), "{name}: {verified:?}");
        let partitions = verified.partitions.iter().map(|&(_, lsn, digest)| (lsn, digest));
        assert_eq!(partitions.chain([verified.catalog]).collect::<Vec<_>>(), recorded, "{name}");
        assert_eq!((verified.images.len(), verified.images.iter().filter(|image| image.is_compared).count()), (6, 6), "{name}");
    }
}

#[test]
fn a_golden_directory_of_a_node_is_replayed_from_images_and_from_the_beginning() {
    for Golden { name, recorded } in GOLDEN {
        let (_temp, dir) = opened(name);
        for from in [From::Beginning, From::NewestImage] {
            let replayed = offline::replay(&dir, None, from, Until::Durable, &mut |_| {}).unwrap();
            let ends: Vec<_> = replayed.iter().map(|journal| (journal.lsn, journal.digest)).collect();
            assert_eq!(ends, recorded, "{name} {from:?}");
            assert!(replayed.iter().all(|journal| journal.differences.is_empty()), "{name} {from:?}");
        }
    }
}
