//! Facts about frames: what is sealed reads back, what is damaged does not.

use super::*;
use proptest::prelude::*;

fn header() -> FrameHeader {
    FrameHeader {
        journal: JournalId(3),
        number: FrameNo(7),
        tenure: FrameNo(2),
        first_lsn: Lsn(40),
        count: 5,
        now_ms: -12,
        catalog_lsn: 9,
        digest: 0xDEAD_BEEF,
        kind: FrameKind::Events,
    }
}

fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    seal(&header(), payload, &Chain::START, &mut out);
    out
}

#[test]
fn a_sealed_frame_parses_back_to_itself() {
    let bytes = sealed(b"hello");
    let (frame, consumed) = Frame::parse(&bytes).unwrap();
    assert_eq!((frame.header, frame.payload, consumed), (header(), &b"hello"[..], bytes.len()));
    assert!(frame.verify_chain(&Chain::START));
    assert_eq!(frame.last_lsn(), Lsn(44));
}

#[test]
fn the_golden_frame_never_changes() {
    let bytes = sealed(b"golden");
    assert_eq!(bytes.len(), 110);
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), GOLDEN);
}
const GOLDEN: &str = "9e56bf2a612fb1949e6d0abc3a9310ad61a646ec007a74942dc682a4001a5cf2";

#[test]
fn the_chain_follows_only_from_its_predecessor() {
    let bytes = sealed(b"x");
    let (frame, _) = Frame::parse(&bytes).unwrap();
    assert!(!frame.verify_chain(&frame.chain));
}

#[test]
fn every_flipped_bit_of_a_frame_is_refused() {
    let bytes = sealed(b"payload of some length");
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Frame::parse(&bytes).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_of_a_frame_is_refused() {
    let bytes = sealed(b"payload");
    for length in 0..bytes.len() {
        assert!(matches!(Frame::parse(&bytes[..length]), Err(FrameError::Short { .. })), "{length}");
    }
}

#[test]
fn a_length_out_of_bounds_is_refused_before_it_is_used() {
    for length in [0_u32, 103, FRAME_BYTES_MAX as u32 + 1, u32::MAX] {
        let mut bytes = sealed(b"");
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        assert_eq!(Frame::parse(&bytes), Err(FrameError::Length { found: length as usize }));
    }
}

#[test]
fn an_unknown_format_is_named() {
    let mut bytes = sealed(b"");
    bytes[2] = 9;
    assert_eq!(Frame::parse(&bytes), Err(FrameError::Format { found: 9 }));
}

/// A frame of events with other bytes here and there, and a checksum that is right again.
fn forged(edits: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = sealed(b"");
    edits.iter().for_each(|(at, field)| bytes[*at..at + field.len()].copy_from_slice(field));
    let crc = checksum(&bytes, &[]);
    bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn fields_that_contradict_each_other_are_refused_whatever_the_checksum_says() {
    const KIND: usize = 3;
    const COUNT: usize = 12;
    const NUMBER: usize = 16;
    const TENURE: usize = 24;
    const FIRST_LSN: usize = 32;
    assert!(Frame::parse(&forged(&[])).is_ok());
    let of = |number: u64| number.to_le_bytes();
    for edits in [
        &[(KIND, &[2][..])][..],
        &[(COUNT, &[0; 4])],
        &[(TENURE, &of(7))],
        &[(TENURE, &of(8))],
        &[(FIRST_LSN, &of(0))],
        &[(FIRST_LSN, &of(u64::MAX / 2))],
        &[(66, &[1])],
        &[(71, &[1])],
        // A tenure with events, one that is another frame's, and one of no number.
        &[(KIND, &[1]), (TENURE, &of(7))],
        &[(KIND, &[1]), (COUNT, &[0; 4])],
        &[(KIND, &[1]), (COUNT, &[0; 4]), (NUMBER, &of(0)), (TENURE, &of(0))],
    ] {
        assert_eq!(Frame::parse(&forged(edits)), Err(FrameError::Contradiction), "{edits:?}");
    }
    assert!(Frame::parse(&forged(&[(KIND, &[1]), (COUNT, &[0; 4]), (TENURE, &of(7))])).is_ok(), "a tenure");
}

#[test]
fn a_header_that_is_looked_at_alone_has_its_magic_and_a_known_format() {
    let whole = sealed(b"");
    assert_eq!(peek(&whole), Ok(header()));
    for at in [0, 1, 2] {
        let mut head = whole.clone();
        head[at] ^= 1;
        assert_eq!(peek(&head), Err(FrameError::Magic), "byte {at}");
    }
}

#[test]
#[should_panic(expected = "obeys its kind")]
fn a_frame_of_events_without_events_cannot_be_sealed() {
    seal(&FrameHeader { count: 0, ..header() }, b"", &Chain::START, &mut Vec::new());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let refused = Frame::parse(&bytes).is_err();
        prop_assert!(refused);
    }
}
