//! The golden journals of the domain in a log with images: every kind and version of event, from the first frame and from every image.

use crate::{SEGMENT_BYTES, is_to_be_made, keep, storage_of};
use std::collections::BTreeSet;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_domain::codec::{self, KINDS};
use tessera_domain::keyed::IdHashKey;
use tessera_engine::ledger::State;
use tessera_engine::rebuild::{From, Keys, Rebuilder, Until};
use tessera_engine::recovery::{self, Opened};
use tessera_engine::snapshotter::Snapshotter;
use tessera_snapshot::Images;
use tessera_wal::storage::sim::SimStorage;
use tessera_wal::{
    Cursor, Frame, FrameHeader, FrameKind, FrameNo, GroupSeq, JournalId, LogUuid, Lsn, Options, Writer, create, seal,
    verify_frames,
};

/// The journals were written by partition 3 of 16.
const PARTITION: JournalId = JournalId(3);
const PARTITIONS: u16 = 16;

/// By directory: lsn and digest at the end of the partition's journal and of the catalog's.
const RECORDED: [(&str, [(u64, u64); 2]); 13] = [
    ("v1", [(29, 0xcda1fa3fee81c609), (6, 0x6caf19b8c5f9606d)]),
    ("v2", [(65, 0xaa5f28f6026504ef), (8, 0x491f260b26472e61)]),
    ("v3", [(70, 0xef482e550292d5c0), (14, 0x86f5ef1424e13e52)]),
    ("v4", [(102, 0xe9d4f8a944117325), (17, 0x3625a9b4e86fd3c3)]),
    ("v4-cards", [(20, 0xc53b9392bc9fd171), (1, 0xd16829901d0d079c)]),
    ("v4-gifts", [(25, 0x2334ce2df08c26da), (1, 0xef6db0f3d17903e5)]),
    ("v5-pools", [(24, 0x5e252956c95242a6), (1, 0xca6162694d50dbb8)]),
    ("v5-voids", [(27, 0xe0b9478b89ed6575), (6, 0x054d16cbef889f42)]),
    ("v5-imports", [(13, 0x46553ba19b7897b6), (3, 0xa4cced01b8c6513a)]),
    ("v5-apart", [(103, 0xecb9b45c33fc95d7), (4, 0x197b878d52c345ab)]),
    ("v6-apart", [(111, 0x212abba156260a75), (5, 0xd6814f309e66877f)]),
    ("v6-anew", [(39, 0x00e0766c6e331054), (3, 0x8b87c4b794445ec7)]),
    ("v6-resumes", [(14, 0x6eea68e317bd2c14), (9, 0xb3e5245e0c376f51)]),
];

fn keys() -> Keys {
    Keys { hash: IdHashKey::new(*b"tessera's facts!"), check: 5 }
}

fn options() -> Options {
    Options { segment_bytes: SEGMENT_BYTES, spare_count: 1, reserve_count: 0, ..Options::default() }
}

/// A frame of the domain's golden journals.
struct Golden {
    time_ms: i64,
    digest: u64,
    payload: Vec<u8>,
}

fn golden(version: &str, journal: &str) -> Vec<Golden> {
    let path = format!("{}/domain/fixtures/{version}/{journal}.journal", env!("CARGO_MANIFEST_DIR"));
    let line = |line: &str| {
        let [time_ms, digest, hex] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("`{line}` is no frame") };
        let payload = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        Golden { time_ms: time_ms.parse().unwrap(), digest: u64::from_str_radix(digest, 16).unwrap(), payload }
    };
    std::fs::read_to_string(path).unwrap().lines().map(line).collect()
}

/// Writes the golden journals of a version: a tenure each, four frames a group, an image at a third and at two.
fn make(version: &str) {
    let (log, images) = (SimStorage::new(), SimStorage::new());
    let uuid = LogUuid([version.as_bytes()[1]; 16]);
    create(&log, uuid, b"golden").unwrap();
    let opened = recovery::open(log.clone(), &images, &options(), PARTITIONS, &mut |_| {}).unwrap();
    let mut writer = opened.writer;
    let snapshotter = Snapshotter::new(Images::open(images.clone(), uuid).unwrap(), keys());
    write::<CatalogState>(&mut writer, &snapshotter, JournalId::CATALOG, &golden(version, "catalog"));
    write::<Partition>(&mut writer, &snapshotter, PARTITION, &golden(version, "partition"));
    writer.seal().unwrap();
    keep(&log, &format!("journals-{version}/wal"));
    keep(&images, &format!("journals-{version}/images"));
}

fn write<S: State>(writer: &mut Writer<SimStorage>, snapshotter: &Snapshotter<SimStorage>, journal: JournalId, all: &[Golden]) {
    let mut cursor = Cursor::START;
    let digest = S::blank(journal, keys().hash).digest();
    let tenure = header(&cursor, journal, FrameKind::Tenure, 0, all[0].time_ms, digest);
    writer.commit(&[&sealed(&tenure, &[], &mut cursor)]).unwrap();
    let (first, second) = (all.len() / 3, all.len() * 2 / 3);
    for part in [&all[..first], &all[first..second], &all[second..]] {
        for group in part.chunks(4) {
            let frames = group.iter().flat_map(|golden| {
                let count = codec::events(&golden.payload).count() as u32;
                let header = header(&cursor, journal, FrameKind::Events, count, golden.time_ms, golden.digest);
                sealed(&header, &golden.payload, &mut cursor)
            });
            writer.commit(&[&frames.collect::<Vec<u8>>()]).unwrap();
        }
        if cursor.number.0 <= 1 + second as u64 {
            snapshotter.fold::<S>(journal, writer.reader().history(), 7, &mut |_| ()).unwrap();
        }
    }
}

fn header(cursor: &Cursor, journal: JournalId, kind: FrameKind, count: u32, now_ms: i64, digest: u64) -> FrameHeader {
    let number = FrameNo(cursor.number.0 + 1);
    let tenure = if kind == FrameKind::Tenure { number } else { cursor.tenure };
    FrameHeader { journal, number, tenure, first_lsn: Lsn(cursor.lsn.0 + 1), count, now_ms, catalog_lsn: 0, digest, kind }
}

fn sealed(header: &FrameHeader, payload: &[u8], cursor: &mut Cursor) -> Vec<u8> {
    let mut bytes = Vec::new();
    let chain = seal(header, payload, &cursor.chain, &mut bytes);
    cursor.advance_sealed(header, chain);
    bytes
}

/// A golden directory, opened.
struct Opening {
    images: Images<SimStorage>,
    log: Opened<SimStorage>,
}

fn open(version: &str) -> Opening {
    let name = format!("journals-{version}");
    if is_to_be_made(&name) {
        make(version);
    }
    let (log, images) = (storage_of(&format!("{name}/wal")), storage_of(&format!("{name}/images")));
    let log = recovery::open(log, &images, &options(), PARTITIONS, &mut |_| {}).unwrap();
    let images = Images::open(images, log.log.identity.uuid).unwrap();
    Opening { images, log }
}

/// Rebuilds a journal from its first frame, from its newest image, and up to the place of each image; gives where it ends.
fn rebuilt<S: State>(opening: &Opening, journal: JournalId) -> (u64, u64) {
    let mut rebuilder = Rebuilder::new(opening.images.clone(), opening.log.writer.reader().history(), keys());
    let mut rebuild = |from, until| {
        let rebuilt = rebuilder.rebuild::<S>(journal, from, until).unwrap();
        assert_eq!(rebuilt.refused.len(), 0, "every golden image is a state");
        rebuilt
    };
    let (whole, tail) = (rebuild(From::Beginning, Until::Durable), rebuild(From::NewestImage, Until::Durable));
    assert_eq!(whole.frames, whole.ledger.cursor().number.0);
    // A catalog of one template is too short to be cut in three.
    let is_short = whole.frames < 6;
    assert!(tail.image.is_some() && (is_short || tail.frames > 1 && tail.frames < whole.frames / 2));
    assert_eq!(whole.ledger.cursor(), tail.ledger.cursor());
    assert_eq!(whole.ledger.state().digest(), tail.ledger.state().digest(), "I6: image and tail are the whole journal");
    let images = opening.images.newest_first(journal);
    assert!(images.len() == 2 || is_short);
    for image in images {
        let there = rebuild(From::NewestImage, Until::Lsn(image.subject.cursor.lsn.0));
        assert_eq!((there.frames, there.ledger.state().digest()), (0, image.subject.digest), "an image alone is its state");
        assert_eq!(there.ledger.cursor(), &image.subject.cursor);
    }
    (whole.ledger.state().lsn(), whole.ledger.state().digest())
}

#[test]
fn golden_journals_in_a_log_with_images_come_back_to_their_recorded_digests() {
    for (version, recorded) in RECORDED {
        let opening = open(version);
        assert!(opening.log.log.replayed.segments >= 2, "{version}: several segments");
        let ends = [rebuilt::<Partition>(&opening, PARTITION), rebuilt::<CatalogState>(&opening, JournalId::CATALOG)];
        assert_eq!(ends, recorded, "{version}: lsns and digests");
        let of_domain = ["partition", "catalog"].map(|journal| golden(version, journal).last().unwrap().digest);
        assert_eq!(ends.map(|(_, digest)| digest), of_domain, "{version}: the digests that the domain recorded");
    }
}

/// Kind and version of every event in a payload, as its bytes say.
fn kinds_in(mut payload: &[u8], into: &mut BTreeSet<(u8, u8)>) {
    while let [kind, version, a, b, c, d, rest @ ..] = payload {
        into.insert((*kind, *version));
        payload = &rest[u32::from_le_bytes([*a, *b, *c, *d]) as usize..];
    }
}

#[test]
fn every_kind_and_version_of_event_is_in_a_golden_directory() {
    let mut found = BTreeSet::new();
    for (version, _) in RECORDED {
        let log = storage_of(&format!("journals-{version}/wal"));
        let mut look = |frame: &Frame<'_>| {
            kinds_in(frame.payload, &mut found);
            Ok(())
        };
        assert!(verify_frames(&log, GroupSeq(0), &mut look, &mut |_| {}).unwrap().problem.is_none());
    }
    let known: BTreeSet<(u8, u8)> = KINDS.iter().map(|&(_, kind, version)| (kind, version)).collect();
    assert_eq!(found, known, "a kind or version that is added gets a golden directory of its own");
}
