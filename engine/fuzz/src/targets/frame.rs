//! Frames: what parses is, sealed again, the same bytes.

use super::golden_journal;
use crate::bend::{Random, bent, one_in};
use crate::{Check, Outcome};
use tessera_wal::layout::{Fields, put};
use tessera_wal::{Chain, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, Frame, FrameHeader, FrameKind, FrameNo, JournalId, Lsn, seal};

const LENGTH_AT: usize = 4;
const CRC_AT: usize = 8;
const CHAIN_AT: usize = 72;

pub(crate) fn prepare() -> Check {
    let samples = samples();
    Box::new(move |case| {
        let mut random = Random(case);
        let mut bytes = bent(&mut random, &samples);
        if !one_in(&mut random, 4) {
            mend(&mut random, &mut bytes);
        }
        check(&bytes)
    })
}

/// Frames of a golden journal, a tenure, and the shortest one.
fn samples() -> Vec<Vec<u8>> {
    let frame = |(at, (now_ms, digest, payload)): (usize, (i64, u64, Vec<u8>))| {
        let kind = if payload.is_empty() { FrameKind::Tenure } else { FrameKind::Events };
        let (number, count) = (FrameNo(at as u64 + 1), u32::from(!payload.is_empty()));
        let tenure = if payload.is_empty() { number } else { FrameNo(0) };
        let first_lsn = Lsn(number.0);
        let header =
            FrameHeader { journal: JournalId(3), number, tenure, first_lsn, count, now_ms, catalog_lsn: 1, digest, kind };
        let mut bytes = Vec::new();
        seal(&header, &payload, &Chain([7; 32]), &mut bytes);
        bytes
    };
    let tenure = (1_000, 5, Vec::new());
    golden_journal("v2/partition.journal").into_iter().chain([tenure]).enumerate().map(frame).collect()
}

/// Makes the length fit, most times, and the checksum.
fn mend(random: &mut Random, bytes: &mut [u8]) {
    if bytes.len() < FRAME_HEADER_BYTES {
        return;
    }
    if !one_in(random, 4) {
        put(bytes, LENGTH_AT, (bytes.len() as u32).to_le_bytes());
    }
    let length = Fields(bytes).u32(LENGTH_AT) as usize;
    if let Some(frame) = bytes.get_mut(..length).filter(|frame| frame.len() >= FRAME_HEADER_BYTES) {
        put(frame, CRC_AT, checksum(frame).to_le_bytes());
    }
}

fn checksum(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..CRC_AT]);
    hasher.update(&frame[CRC_AT + 4..]);
    hasher.finalize()
}

fn check(bytes: &[u8]) -> Outcome {
    let Ok((frame, used)) = Frame::parse(bytes) else { return Outcome::Refused };
    assert!((FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&used) && used <= bytes.len());
    assert_eq!(frame.bytes(), &bytes[..used]);
    let mut again = Vec::new();
    seal(&frame.header, frame.payload, &Chain([0; 32]), &mut again);
    // The chain depends on the frame before, which is not here.
    put(&mut again, CHAIN_AT, frame.chain.0);
    let sum = checksum(&again);
    put(&mut again, CRC_AT, sum.to_le_bytes());
    assert_eq!(again, &bytes[..used], "what was accepted is written again to the same bytes");
    Outcome::Accepted
}
