//! What is sealed and opened: frames, codes, ids.

use crate::Measure;
use std::hint::black_box;
use tessera_domain::code::{Code, CodeKeys};
use tessera_domain::sealed_id::{IdKeys, IdType, SealedId};
use tessera_wal::{Chain, Cursor, Frame, FrameHeader, FrameKind, FrameNo, JournalId, Lsn, seal};

/// Payload bytes of a frame: the events of some 256 redemptions.
const PAYLOAD_BYTES: usize = 24 * 1024;

/// Frames that are counted.
const FRAMES: u64 = 64;

/// Codes and ids that are counted.
const NAMES: u64 = 4_096;

pub fn run(measure: &mut Measure<'_>) {
    frames(measure);
    let secret = std::array::from_fn(|at| at as u8);
    codes(&CodeKeys::new(1, [(1, &secret)]).expect("a secret of two halves"), measure);
    ids(&IdKeys::new(&secret).expect("a secret of two halves"), measure);
}

fn frames(measure: &mut Measure<'_>) {
    let payload: Vec<u8> = (0..PAYLOAD_BYTES).map(|at| (at * 7 % 251) as u8).collect();
    let (mut sealed, mut cursor) = (Vec::with_capacity(FRAMES as usize * (PAYLOAD_BYTES + 128)), Cursor::START);
    measure("frame-sealed", FRAMES, &mut || {
        for _ in 0..FRAMES {
            let header = next_header(&cursor);
            let chain = seal(&header, &payload, &cursor.chain, &mut sealed);
            cursor.advance_sealed(&header, chain);
        }
    });
    let (mut reader, mut rest) = (Cursor::START, &sealed[..]);
    measure("frame-checked", FRAMES, &mut || {
        for _ in 0..FRAMES {
            let (frame, bytes) = Frame::parse(rest).expect("what was sealed is a frame");
            reader.accept(&frame).expect("frames that were sealed follow each other");
            rest = &rest[bytes..];
        }
    });
    assert!(rest.is_empty() && reader == cursor && reader.chain != Chain::START, "I16: every frame was read back");
}

fn next_header(cursor: &Cursor) -> FrameHeader {
    FrameHeader {
        journal: JournalId(0),
        number: FrameNo(cursor.number.0 + 1),
        tenure: cursor.tenure,
        first_lsn: Lsn(cursor.lsn.0 + 1),
        count: 256,
        now_ms: 1_700_000_000_000,
        catalog_lsn: 1,
        digest: 1,
        kind: FrameKind::Events,
    }
}

fn codes(keys: &CodeKeys, measure: &mut Measure<'_>) {
    let mut codes: Vec<Code> = Vec::with_capacity(NAMES as usize);
    measure("code-sealed", NAMES, &mut || codes.extend((0..NAMES).map(|serial| keys.seal(1, 3, black_box(serial)))));
    measure("code-opened", NAMES, &mut || {
        for (serial, code) in (0..).zip(&codes) {
            assert_eq!(keys.open(code.as_str()).map(|opened| opened.serial), Ok(serial), "a code leads back");
        }
    });
}

fn ids(keys: &IdKeys, measure: &mut Measure<'_>) {
    let mut ids: Vec<SealedId> = Vec::with_capacity(NAMES as usize);
    measure("id-sealed", NAMES, &mut || ids.extend((0..NAMES).map(|number| keys.seal(IdType::Coupon, 3, black_box(number)))));
    measure("id-opened", NAMES, &mut || {
        for (number, id) in (0..).zip(&ids) {
            assert_eq!(keys.open(IdType::Coupon, id.as_str()), Ok((3, number)), "an id leads back");
        }
    });
}
