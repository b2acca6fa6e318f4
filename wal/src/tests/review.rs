//! A log is reviewed while it is written, and looked at without being changed.

use super::scribe::*;
use crate::segment::SegmentHeader;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;
use std::ops::ControlFlow;

/// Two journals in several segments of two starts; the writer goes on.
fn written() -> (SimStorage, Writer<SimStorage>, Scribe) {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(32768)).unwrap();
    for number in 0..12_u8 {
        let (one, other) = (scribe.frame(1, &[number; 1500]), scribe.frame(3, &[number]));
        writer.commit(&[&one, &other]).unwrap();
    }
    drop(writer);
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(32768)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"first", b"second"]);
    (storage, writer, scribe)
}

fn ends(review: &Review) -> Vec<(u16, u64, u64)> {
    review.journals.iter().map(|(journal, found)| (journal.0, found.first.0, found.cursor.number.0)).collect()
}

#[test]
fn a_review_reads_all_that_is_durable_and_nothing_behind_it() {
    let (storage, mut writer, mut scribe) = written();
    let mut told = Vec::new();
    let review = writer.reader().review(&mut |done| {
        told.push(done);
        true
    });
    assert!(review.is_complete && review.problem.is_none(), "{review:?}");
    assert_eq!(ends(&review), [(0, 1, 2), (1, 1, 12), (3, 1, 12)]);
    assert!(scribe.cursors.iter().all(|(journal, cursor)| review.journals[journal].cursor == *cursor));
    assert!(told.len() > 2 && told.last() == Some(&review.whole) && review.whole.frames == 26, "{told:?}");
    let verified = verify(&storage.kill(), &mut |_| {}).unwrap();
    // Offline the last segment is read whole; here it is as far as it is durable, a header and two groups.
    let whole = Progress { bytes: verified.whole.bytes - (32768 - 3 * 4096), ..verified.whole };
    assert_eq!((review.groups, review.whole), (verified.groups, whole));
    writer.push(&scribe.frame(0, b"not durable"));
    assert_eq!(ends(&writer.reader().review(&mut |_| true)), ends(&review));
    writer.commit_pushed().unwrap();
    assert_eq!(ends(&writer.reader().review(&mut |_| true))[0], (0, 1, 3));
}

#[test]
fn a_review_names_what_is_damaged_in_every_segment() {
    let (storage, writer, _scribe) = written();
    let segments: Vec<String> = storage.list().unwrap().into_iter().filter(|name| name.starts_with("segment-")).collect();
    assert!(segments.len() > 2, "{segments:?}");
    for name in &segments {
        for at in [100, 4096 + 100] {
            let whole = storage.bytes(name);
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            storage.set_bytes(name, &bytes);
            let review = writer.reader().review(&mut |_| true);
            let said = review.problem.map(|problem| problem.to_string()).unwrap_or_default();
            assert!(said.contains(name.as_str()), "{name} at {at}: {said:?}");
            storage.set_bytes(name, &whole);
        }
    }
    assert!(writer.reader().review(&mut |_| true).problem.is_none(), "put right again");
}

#[test]
fn a_segment_that_is_missing_is_a_problem_until_it_was_trimmed() {
    let (storage, mut writer, _scribe) = written();
    let first = segment_name(SegmentId(1));
    let bytes = storage.bytes(&first);
    storage.remove(&first).unwrap();
    let said = writer.reader().review(&mut |_| true).problem.expect("it is missing").to_string();
    assert!(said.contains(&first), "{said}");
    storage.set_bytes(&first, &bytes);
    let keep_from = [(JournalId(1), FrameNo(12)), (JournalId(3), FrameNo(12))].into();
    assert!(writer.trim(&keep_from).unwrap().segments > 0);
    let review = writer.reader().review(&mut |_| true);
    assert!(review.problem.is_none() && review.journals[&JournalId(1)].first > FrameNo(1), "{review:?}");
    let archived = writer.reader().archived().unwrap();
    assert!(archived.segments > 0 && archived.bytes >= archived.segments * 4096, "{archived:?}");
}

/// Its checksum holds, and so does every group behind it.
#[test]
fn a_review_names_a_header_that_is_not_the_one_the_log_goes_by() {
    let (storage, writer, _scribe) = written();
    let name = segment_name(SegmentId(2));
    let mut bytes = storage.bytes(&name);
    let (mut header, _) = SegmentHeader::decode(&name, &bytes[..4096], UUID, SegmentId(2)).unwrap();
    header.start += 1;
    bytes[..4096].copy_from_slice(&header.encode());
    storage.set_bytes(&name, &bytes);
    let problem = writer.reader().review(&mut |_| true).problem.expect("another header");
    assert_eq!(problem.kind(), ErrorKind::Corruption, "{problem}");
    assert!(problem.to_string().contains(&name), "{problem}");
}

#[test]
fn segments_that_leave_the_log_under_a_review_are_passed_over() {
    let options = Options { archive: false, ..options(16384) };
    let (mut writer, _, mut scribe, _) = open_and_read(&new_log(), &options).unwrap();
    while writer.stats().segments < 4 {
        commit_each(&mut writer, &mut scribe, &[b"frame"]);
    }
    let (reader, mut trimmed) = (writer.reader(), 0);
    let review = reader.review(&mut |_| {
        trimmed += writer.trim(&[(JournalId(0), FrameNo(u64::MAX))].into()).unwrap().segments;
        true
    });
    assert!(review.problem.is_none() && review.is_complete && trimmed == 4, "{trimmed} trimmed, {review:?}");
    let last = scribe.cursors[&JournalId(0)];
    assert_eq!(review.journals[&JournalId(0)], Reviewed { first: last.number, cursor: last });
}

#[test]
fn a_review_ends_where_it_is_told_to() {
    let (_storage, writer, _scribe) = written();
    let review = writer.reader().review(&mut |done| done.segments_done < 2);
    assert!(!review.is_complete && review.problem.is_none(), "{review:?}");
    assert_eq!(review.whole.segments_done, 2);
}

#[test]
fn looking_at_a_log_shows_all_of_it_and_changes_nothing() {
    let (storage, writer, scribe) = written();
    assert!(matches!(look(storage.clone(), GroupSeq(0), &mut |_, _| Ok(()), &mut |_| {}), Err(Error::Locked)));
    drop(writer);
    let (before, mut frames) = (files_of(&storage), 0);
    let count = &mut |_: Frame<'_>, _| {
        frames += 1;
        Ok(())
    };
    let (reader, found) = look(storage.clone(), GroupSeq(0), count, &mut |_| {}).unwrap();
    assert_eq!((frames, found.cut), (26, None));
    let mut history = reader.history();
    for (&journal, cursor) in &scribe.cursors {
        assert_eq!(history.end(journal).unwrap(), Some(Position { number: cursor.number, lsn: cursor.lsn }));
        let mut last = FrameNo(0);
        let shown = history.read(journal, FrameNo(1), &mut |frame| {
            last = frame.header.number;
            ControlFlow::Continue(())
        });
        shown.unwrap();
        assert_eq!(last, cursor.number);
    }
    assert_eq!(history.end(JournalId(9)).unwrap(), None);
    assert!(files_of(&storage) == before, "nothing was changed");
    drop((reader, history));
    assert!(open_and_read(&storage, &options(32768)).is_ok(), "the lock is given up");
}

#[test]
fn an_empty_log_is_looked_at() {
    let (reader, found) = look(new_log(), GroupSeq(0), &mut |_, _| Ok(()), &mut |_| {}).unwrap();
    assert_eq!((found.replayed.segments, reader.history().end(JournalId(0)).unwrap()), (0, None));
}

/// I12: the tail may look like a torn write; somebody who saw the group durable knows better.
#[test]
fn a_log_that_ends_before_what_was_seen_durable_is_refused_and_left_as_it_is() {
    let (storage, writer, _) = written();
    let durable = writer.reader().durable();
    drop(writer);
    let (before, next) = (files_of(&storage), durable.next());
    let behind = Damage::Behind { proven: next, found: durable };
    let is_behind = |error: &Error| matches!(error, Error::Corrupt { damage, .. } if *damage == behind);
    let frame = &mut |_: Frame<'_>, _: FrameAddress| Ok(());
    let opened = open_proven(storage.clone(), &options(32768), next, frame, &mut |_| {});
    assert!(opened.is_err_and(|error| is_behind(&error) && error.to_string().contains("segment-")));
    assert!(look(storage.clone(), next, frame, &mut |_| {}).is_err_and(|error| is_behind(&error)));
    let report = verify_frames(&storage, next, &mut |_| Ok(()), &mut |_| {}).unwrap();
    assert!(report.problem.is_some_and(|error| is_behind(&error)));
    assert!(files_of(&storage) == before, "nothing was changed");
    let (_, found) = open_proven(storage, &options(32768), durable, frame, &mut |_| {}).unwrap();
    assert_eq!(found.durable, durable, "no more was proven than there is");
}

#[test]
fn a_log_without_a_segment_is_refused_where_a_group_was_seen_durable() {
    let frame = &mut |_: Frame<'_>, _: FrameAddress| Ok(());
    let refused = look(new_log(), GroupSeq(1), frame, &mut |_| {}).err().expect("a group is missing");
    let missing = Damage::Behind { proven: GroupSeq(1), found: GroupSeq(0) };
    assert!(matches!(&refused, Error::Corrupt { file, damage, .. } if file == "log.bounds" && *damage == missing), "{refused}");
}

fn files_of(storage: &SimStorage) -> Vec<(String, Vec<u8>)> {
    storage.list().unwrap().into_iter().map(|name| (name.clone(), storage.bytes(&name))).collect()
}
