//! The tail rule, row by row: real bytes for every row of the table in `tail.rs`, and what opening makes of them.
//!
//! In the segment, sector 1 holds the first group; sectors 2 to 4 the second; sector 5 what comes after it.

use super::scribe::*;
use crate::group::{Composer, Place};
use crate::sector::Seed;
use crate::storage::sim::SimStorage;
use crate::*;

const SEGMENT_BYTES: u64 = 1 << 18;

struct Bench {
    storage: SimStorage,
    writer: Writer<SimStorage>,
    scribe: Scribe,
}

impl Bench {
    fn new() -> Bench {
        let storage = new_log();
        let (writer, _, scribe, _) = open_and_read(&storage, &options(SEGMENT_BYTES)).unwrap();
        let mut bench = Bench { storage, writer, scribe };
        bench.commit(b"first");
        bench
    }

    fn commit(&mut self, payload: &[u8]) {
        commit_each(&mut self.writer, &mut self.scribe, &[payload]);
    }

    fn second(&mut self) {
        self.commit(&[2; 9000]);
    }

    fn seal(&mut self) {
        self.writer.seal().unwrap();
    }

    /// Enough frames for an index of two sectors, and the turn to the next segment.
    fn close(&mut self) {
        let mut frames = Vec::new();
        (0..1200).for_each(|_| frames.extend(self.scribe.frame(9, b"")));
        self.writer.turn_over().unwrap();
        self.writer.commit(&[&frames]).unwrap();
        self.writer.turn_over().unwrap();
    }

    fn edit(&self, segment: u64, edit: impl Fn(&mut [u8])) {
        let name = segment_name(SegmentId(segment));
        let mut bytes = self.storage.bytes(&name);
        edit(&mut bytes);
        self.storage.set_bytes(&name, &bytes);
    }

    fn zero(&self, sectors: std::ops::Range<usize>) {
        self.edit(1, |bytes| bytes[sectors.start * 4096..sectors.end * 4096].fill(0));
    }

    fn rot(&self, sector: usize) {
        self.edit(1, |bytes| bytes[sector * 4096 + 100] ^= 1);
    }

    fn move_a_sector(&mut self) {
        self.second();
        self.edit(1, |bytes| bytes.copy_within(4 * 4096..5 * 4096, 3 * 4096));
        self.zero(4..5);
    }

    fn lose(&self, segment: u64) {
        self.storage.lose(&segment_name(SegmentId(segment)));
    }

    /// Group 3, composed as if two groups were in flight, which no log does.
    fn forge_undurable_third(&self) {
        let seed = Seed::new(UUID, SegmentId(1));
        let place = Place { seed: &seed, offset: 5 * 4096, group: GroupSeq(3), durable: GroupSeq(1), previous_crc: 7 };
        let mut composer = Composer::default();
        let (sectors, _) = composer.finish(GroupKind::Seal, 0, &place);
        self.edit(1, |bytes| bytes[5 * 4096..6 * 4096].copy_from_slice(sectors));
    }

    /// Zeroes the second sector of the closing group of segment 2.
    fn tear_closing(&self) {
        self.edit(2, |bytes| {
            let last = bytes.chunks(4096).rposition(|sector| sector != [0; 4096]).unwrap();
            bytes[last * 4096..(last + 1) * 4096].fill(0);
        });
    }

    fn outcome(self) -> (Verdict, usize) {
        match open_and_read(&self.storage.kill(), &options(SEGMENT_BYTES)) {
            Ok((_, frames, _, recovery)) => (if recovery.cut.is_some() { Verdict::Cut } else { Verdict::Keep }, frames.len()),
            Err(Error::Corrupt { damage: Damage::Tail(refusal), .. }) => (Verdict::Refuse(refusal), 0),
            Err(other) => panic!("{other}"),
        }
    }
}

fn check(row: &str, expected: Verdict, frames: usize, arrange: impl Fn(&mut Bench)) {
    let mut bench = Bench::new();
    arrange(&mut bench);
    let outcome = bench.outcome();
    let kept = if matches!(expected, Verdict::Refuse(_)) { 0 } else { frames };
    assert_eq!(outcome, (expected, kept), "{row}");
}

#[test]
fn the_tail_rule_holds_row_by_row() {
    let refuse = Verdict::Refuse;
    check("A closed, successor lost", refuse(Refusal::SuccessorMissing), 0, |bench| {
        bench.close();
        bench.lose(3);
    });
    check("A' closed, successor there", Verdict::Keep, 1201, Bench::close);
    check("B closing group torn, successor lost", refuse(Refusal::SuccessorMissing), 0, |bench| {
        bench.close();
        bench.tear_closing();
        bench.lose(3);
    });
    check("B' closing group torn, successor there", Verdict::Keep, 1201, |bench| {
        bench.close();
        bench.tear_closing();
    });
    check("C torn, a seal after it", refuse(Refusal::WasDurable), 0, |bench| {
        bench.second();
        bench.seal();
        bench.zero(3..4);
    });
    check("C missing, a seal after it", refuse(Refusal::WasDurable), 0, |bench| {
        bench.second();
        bench.seal();
        bench.zero(2..5);
    });
    check("C rotten, a group after it", refuse(Refusal::WasDurable), 0, |bench| {
        bench.second();
        bench.commit(b"third");
        bench.rot(3);
    });
    check("C header rotten, a group after it", refuse(Refusal::WasDurable), 0, |bench| {
        bench.second();
        bench.commit(b"third");
        bench.rot(2);
    });
    check("D missing, and a group that says it was not durable", refuse(Refusal::PipelineExceeded), 0, |bench| {
        bench.forge_undurable_third();
    });
    for sector in 2..5 {
        check("E rot in the last group", refuse(Refusal::Rot), 0, |bench| {
            bench.second();
            bench.rot(sector);
        });
    }
    check("E rot in one sector, another zero", refuse(Refusal::Rot), 0, |bench| {
        bench.second();
        bench.zero(3..4);
        bench.rot(4);
    });
    check("E a sector moved here from another place, another zero", refuse(Refusal::Rot), 0, Bench::move_a_sector);
    check("E rot behind the log's end", refuse(Refusal::Rot), 0, |bench| bench.rot(9));
    check("E rot of a seal", refuse(Refusal::Rot), 0, |bench| {
        bench.second();
        bench.seal();
        bench.rot(5);
    });
    for zero in [2..3, 3..4, 4..5, 2..4, 3..5] {
        check("F torn", Verdict::Cut, 1, |bench| {
            bench.second();
            bench.zero(zero.clone());
        });
    }
    check("F torn after a seal", Verdict::Cut, 1, |bench| {
        bench.seal();
        bench.second();
        bench.zero(4..5);
    });
    check("G whole, unsealed", Verdict::Keep, 2, Bench::second);
    check("G whole, sealed", Verdict::Keep, 2, |bench| {
        bench.second();
        bench.seal();
    });
    check("G nothing of the last group arrived", Verdict::Keep, 1, |bench| {
        bench.second();
        bench.zero(2..5);
    });
}

/// The verdict for every evidence there is: what the table in `tail.rs` says, without its "first match wins".
#[test]
fn every_evidence_has_one_verdict() {
    use {Later as L, Refusal as Why, Remains as R, Verdict::*};
    let open_segment = [
        (R::Nothing, L::None, Keep),
        (R::Nothing, L::Durable, Refuse(Why::WasDurable)),
        (R::Nothing, L::Undurable, Refuse(Why::PipelineExceeded)),
        (R::Torn, L::None, Cut),
        (R::Torn, L::Durable, Refuse(Why::WasDurable)),
        (R::Torn, L::Undurable, Refuse(Why::PipelineExceeded)),
        (R::Rotten, L::None, Refuse(Why::Rot)),
        (R::Rotten, L::Durable, Refuse(Why::WasDurable)),
        (R::Rotten, L::Undurable, Refuse(Why::PipelineExceeded)),
    ];
    for (remains, later, verdict) in open_segment {
        for (closed, closing_torn) in [(false, false), (false, true), (true, false), (true, true)] {
            let expected = if closed || closing_torn { Refuse(Why::SuccessorMissing) } else { verdict };
            let evidence = Evidence { closed, closing_torn, remains, later };
            assert_eq!(judge(evidence), expected, "{evidence:?}");
        }
    }
}

#[test]
fn an_operator_may_cut_what_recovery_refuses() {
    let mut bench = Bench::new();
    bench.second();
    bench.rot(3);
    let storage = bench.storage.kill();
    assert!(open_and_read(&storage, &options(SEGMENT_BYTES)).is_err());
    let recovery = cut_tail(&storage, &options(SEGMENT_BYTES)).unwrap();
    assert_eq!(recovery.cut.unwrap().group, GroupSeq(2));
    assert_eq!(frames_of(&storage, &options(SEGMENT_BYTES)).unwrap().len(), 1);
}

#[test]
fn a_tail_cut_too_far_is_found() {
    crate::planted::plant(Some(crate::planted::Planted::TailCutTooFar));
    let row = std::panic::catch_unwind(|| {
        check("C torn, a seal after it", Verdict::Refuse(Refusal::WasDurable), 0, |bench| {
            bench.second();
            bench.seal();
            bench.zero(3..4);
        });
    });
    crate::planted::plant(None);
    assert!(row.is_err());
}

#[test]
fn a_checksum_that_does_not_know_its_place_is_found() {
    crate::planted::plant(Some(crate::planted::Planted::UnseededCrc));
    let row = std::panic::catch_unwind(|| check("E moved", Verdict::Refuse(Refusal::Rot), 0, Bench::move_a_sector));
    crate::planted::plant(None);
    assert!(row.is_err());
}

#[test]
fn a_refusal_names_file_offset_and_lsns() {
    let mut bench = Bench::new();
    bench.second();
    bench.rot(3);
    let error = open_and_read(&bench.storage.kill(), &options(SEGMENT_BYTES)).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "segment-000000000001.wal at byte 8192: the tail may not be cut: a sector is neither whole nor zero: this is rot, \
         not a torn write; damaged are the lsns after 1 of journal 0"
    );
}
