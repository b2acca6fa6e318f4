//! Golden bytes: every released (kind, version) reads and writes as the day it was released.
//!
//! `fixtures/vN/KIND.hex` holds samples of version N of a kind, one a line, in the order of [`samples`]; the journals hold
//! frames as `time digest payload`: those of `v1` and `v2` were written when there were earlier versions only, those of `v3` before orders
//! had several coupons; those of `v4`, of orders, gift cards and gifts, those of `v5`, of pools, void templates and imports, and those of
//! `v6`, of orders over several partitions or taken anew and templates that are resumed, are written today; `v5-apart` was written before partitions told
//! which templates their cards are of. A file of a released version is never edited: a new version gets a new folder.

use crate::anew::reacquired;
use crate::apart::apart;
use crate::digest::{carded, eventful};
use crate::events::samples;
use crate::gift::gifted;
use crate::given::{Frame, World, encoded, rebuilt, rebuilt_catalog};
use crate::legacy::imported;
use crate::pool::pooled;
use crate::resume::resumed;
use crate::template_void::voided;
use tessera_domain::codec::{self, HEADER_BYTES, KINDS};

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "whole bytes: {hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits")).collect()
}

/// Where the samples of a kind are: one that is only read says its version in its name.
fn sampled_in(name: &str, version: u8) -> String {
    format!("v{version}/{}.hex", name.trim_end_matches("V1"))
}

fn files_of(folder: &str) -> impl Iterator<Item = String> {
    let path = format!("{}/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(path).expect("the fixtures");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a plain name"));
    names.filter(|name| name.ends_with(".hex")).map(move |name| format!("{folder}/{name}"))
}

#[test]
fn every_kind_has_its_fixture_and_every_fixture_its_kind() {
    let mut files: Vec<String> = ["v1", "v2"].into_iter().flat_map(files_of).collect();
    let mut kinds: Vec<String> = KINDS.iter().map(|&(name, _, version)| sampled_in(name, version)).collect();
    files.sort();
    kinds.sort();
    assert_eq!(files, kinds);
    let sampled: Vec<&str> = samples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(sampled, KINDS.iter().map(|&(name, ..)| name).collect::<Vec<_>>());
}

#[test]
fn golden_events_decode_to_their_values_and_encode_to_the_same_bytes() {
    for ((name, events), &(_, _, version)) in samples().into_iter().zip(KINDS) {
        let golden: Vec<Vec<u8>> = fixture(&sampled_in(name, version)).lines().map(bytes).collect();
        let written: Vec<String> = events.iter().map(|event| hex(&encoded(&[*event]))).collect();
        assert_eq!(golden.len(), events.len(), "{name} is written as\n{}", written.join("\n"));
        for (golden, event) in golden.iter().zip(&events) {
            assert_eq!(codec::decode(golden), Ok((*event, golden.len())), "{name}");
            assert_eq!(hex(&encoded(&[*event])), hex(golden), "{name}");
        }
    }
}

#[test]
fn golden_events_carry_the_kind_and_version_of_their_name() {
    for &(name, kind, version) in KINDS {
        for line in fixture(&sampled_in(name, version)).lines() {
            let golden = bytes(line);
            let [a, b, c, d] = ((golden.len() - HEADER_BYTES) as u32).to_le_bytes();
            assert_eq!(golden[..HEADER_BYTES], [kind, version, a, b, c, d], "{name}");
        }
    }
}

#[test]
fn the_golden_journal_of_a_partition_replays_to_its_digests() {
    let partition = rebuilt(&frames("v1/partition.journal"));
    assert_eq!((partition.lsn(), partition.time_ms(), partition.counts()), (29, 86_402_000, [4, 3, 3, 2]));
    assert_eq!(partition.lines().waiting().map(|(to, number, _)| (to, number)).collect::<Vec<_>>(), [(5, 2), (6, 1)]);
    assert_eq!(partition.stock().lessee(tessera_domain::Pool::stock(0)).unsold(), 1);
}

#[test]
fn the_golden_journal_with_holds_replays_to_its_digests() {
    let partition = rebuilt(&frames("v2/partition.journal"));
    assert_eq!((partition.counts(), partition.holds()), ([7, 5, 1, 3], [0, 0]));
    let catalog = rebuilt_catalog(&frames("v2/catalog.journal"));
    assert_eq!((catalog.lsn(), catalog.time_ms()), (8, 2_851_207_000));
}

#[test]
fn the_golden_journals_with_rules_replay_to_their_digests() {
    let partition = rebuilt(&frames("v3/partition.journal"));
    let catalog = rebuilt_catalog(&frames("v3/catalog.journal"));
    assert_eq!((partition.counts(), partition.holds()), ([9, 6, 1, 5], [0, 0]));
    assert_eq!((catalog.lsn(), catalog.time_ms()), (14, 2_851_207_000));
}

/// The journals that are written today, by folder.
fn of_today() -> [(&'static str, World); 9] {
    [
        ("v4", eventful()),
        ("v4-cards", carded()),
        ("v4-gifts", gifted()),
        ("v5-pools", pooled()),
        ("v5-voids", voided()),
        ("v5-imports", imported()),
        ("v6-apart", apart()),
        ("v6-anew", reacquired()),
        ("v6-resumes", resumed()),
    ]
}

#[test]
fn the_golden_journals_of_today_replay_to_their_digests() {
    for (folder, world) in of_today() {
        let partition = rebuilt(&frames(&format!("{folder}/partition.journal")));
        let catalog = rebuilt_catalog(&frames(&format!("{folder}/catalog.journal")));
        assert_eq!([partition.digest(), catalog.digest()], [world.partition.digest(), world.catalog.digest()], "{folder}");
    }
}

#[test]
fn the_golden_journal_of_orders_whose_cards_told_no_template_replays_and_is_answered_as_before() {
    let mut world = World::new();
    (world.frames, world.catalog_frames) = (frames("v5-apart/partition.journal"), frames("v5-apart/catalog.journal"));
    world.restart();
    world.now_ms = world.partition.time_ms();
    world.tell(
        "void-template soon v1 recall
         checkout refund #52 f9 => order #52 gave back [500 to coupon 1 ACTIVE with 500, 1000 to card 3@3], 0 outside #106
         deliver 4
         view eve 3 => coupon 3 of soon v1 VOID 0..90000000 available 0 captured 0 voided 1000",
    );
}

#[test]
fn the_golden_journal_of_the_catalog_replays_to_its_digests() {
    let catalog = rebuilt_catalog(&frames("v1/catalog.journal"));
    assert_eq!((catalog.lsn(), catalog.time_ms()), (6, 86_402_000));
}

#[test]
fn a_golden_world_answers_as_it_did() {
    let mut world = World::new();
    (world.frames, world.catalog_frames) = (frames("v1/partition.journal"), frames("v1/catalog.journal"));
    world.restart();
    world.tell(
        "at 86402000
         view alice 0 => coupon 0 of cash v2 ACTIVE 500..900000000 available 1 captured 0
         view bob 2 => coupon 2 of gift v1 ACTIVE 500..2592009500 available 600 captured 400
         claim carol cash r14 => coupon 3 of cash v2 500..900000000 key 1 #18 replayed
         refund #9 x => gave back 400 of #9 to coupon 2, ACTIVE until 2592009500 with 1000 at 86402000 #30",
    );
}

/// Holds for as long as these versions are what is written; later ones leave the files and replace this fact.
#[test]
fn what_is_written_today_is_what_the_golden_journals_hold() {
    for (folder, world) in of_today() {
        for (name, frames) in [("partition.journal", &world.frames), ("catalog.journal", &world.catalog_frames)] {
            assert!(
                journal(frames) == fixture(&format!("{folder}/{name}")),
                "{folder}/{name} is written as\n{}",
                journal(frames)
            );
        }
    }
}

fn journal(frames: &[Frame]) -> String {
    frames.iter().map(|frame| format!("{} {:016x} {}\n", frame.time_ms, frame.digest, hex(&frame.payload))).collect()
}

pub fn frames(name: &str) -> Vec<Frame> {
    let frame = |line: &str| {
        let [time_ms, digest, payload] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("`{line}` is no frame") };
        let digest = u64::from_str_radix(digest, 16).expect("16 hex digits");
        Frame { time_ms: time_ms.parse().expect("a time"), payload: bytes(payload), digest }
    };
    fixture(name).lines().map(frame).collect()
}
