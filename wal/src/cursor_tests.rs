//! Facts about cursors: what follows is accepted, everything else is named.

use super::*;
use crate::frame::seal;
use crate::number::JournalId;

fn events(cursor: &Cursor) -> FrameHeader {
    FrameHeader {
        journal: JournalId(0),
        number: FrameNo(cursor.number.0 + 1),
        tenure: cursor.tenure,
        first_lsn: Lsn(cursor.lsn.0 + 1),
        count: 2,
        now_ms: 100,
        catalog_lsn: 0,
        digest: 0,
        kind: FrameKind::Events,
    }
}

fn tenure(cursor: &Cursor) -> FrameHeader {
    let number = FrameNo(cursor.number.0 + 1);
    FrameHeader { kind: FrameKind::Tenure, count: 0, tenure: number, ..events(cursor) }
}

fn accept(cursor: &mut Cursor, header: &FrameHeader, previous: &Chain) -> Result<(), ContinuityError> {
    let mut bytes = Vec::new();
    seal(header, b"p", previous, &mut bytes);
    let before = *cursor;
    let result = cursor.accept(&Frame::parse(&bytes).unwrap().0);
    assert!(result.is_ok() || *cursor == before, "a refused frame moves nothing");
    result
}

fn after_two_frames() -> Cursor {
    let mut cursor = Cursor::START;
    accept(&mut cursor, &tenure(&Cursor::START), &Chain::START).unwrap();
    let (header, chain) = (events(&cursor), cursor.chain);
    accept(&mut cursor, &header, &chain).unwrap();
    cursor
}

#[test]
fn frames_that_follow_are_accepted() {
    let cursor = after_two_frames();
    assert_eq!((cursor.number, cursor.lsn, cursor.tenure, cursor.now_ms), (FrameNo(2), Lsn(2), FrameNo(1), 100));
}

#[test]
fn every_way_not_to_follow_is_named() {
    let at = after_two_frames();
    let ok = events(&at);
    let refused = |header: FrameHeader, chain: Chain| accept(&mut at.clone(), &header, &chain).unwrap_err();
    assert!(matches!(refused(FrameHeader { number: FrameNo(4), ..ok }, at.chain), ContinuityError::Number { .. }));
    assert!(matches!(refused(FrameHeader { first_lsn: Lsn(4), ..ok }, at.chain), ContinuityError::Lsn { .. }));
    assert!(matches!(refused(FrameHeader { tenure: FrameNo(2), ..ok }, at.chain), ContinuityError::Tenure { .. }));
    assert!(matches!(refused(FrameHeader { now_ms: 99, ..ok }, at.chain), ContinuityError::Time { .. }));
    assert!(matches!(refused(ok, Chain::START), ContinuityError::Chain { .. }));
}

#[test]
fn a_sealed_frame_moves_the_cursor_as_a_read_one_does() {
    let start = after_two_frames();
    let header = events(&start);
    let (mut live, mut read, mut bytes) = (start, start, Vec::new());
    let chain = seal(&header, b"p", &start.chain, &mut bytes);
    live.advance_sealed(&header, chain);
    read.accept(&Frame::parse(&bytes).unwrap().0).unwrap();
    assert_eq!(live, read);
}
