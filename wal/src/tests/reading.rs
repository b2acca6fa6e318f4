//! One journal is read back while the log is written: through indexes, by walking, and never past what is durable.

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;
use std::ops::ControlFlow;

fn payloads(reader: &Reader, journal: u16, from: u64) -> Result<Vec<Vec<u8>>, Error> {
    let mut seen = Vec::new();
    reader.read(JournalId(journal), FrameNo(from), &mut |frame| {
        seen.push(frame.payload.to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

/// Journal 3 in every group beside journal 1; several segments, the first of them from an earlier start.
fn written() -> (Writer<SimStorage>, Scribe, Vec<Vec<u8>>) {
    let storage = new_log();
    let mut expected = Vec::new();
    for start in 0..2_u8 {
        let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(32768)).unwrap();
        for number in 0..9_u8 {
            let payload = vec![start * 10 + number; 1 + usize::from(number) * 900];
            let (noise, frame) = (scribe.frame(1, b"noise"), scribe.frame(3, &payload));
            writer.commit(&[&noise, &frame]).unwrap();
            expected.push(payload);
        }
        if start == 1 {
            assert!(writer.stats().segments >= 2);
            return (writer, scribe, expected);
        }
    }
    unreachable!("two starts")
}

#[test]
fn every_frame_of_a_journal_is_read_from_any_number_on() {
    let (writer, _, expected) = written();
    for from in 0..=expected.len() as u64 + 1 {
        let skipped = from.saturating_sub(1) as usize;
        assert_eq!(payloads(&writer.reader(), 3, from).unwrap(), expected[skipped.min(expected.len())..], "{from}");
    }
    assert_eq!(payloads(&writer.reader(), 8, 1).unwrap(), [[0_u8; 0]; 0]);
}

#[test]
fn a_reader_sees_a_group_once_it_is_durable_and_not_before() {
    let (mut writer, mut scribe, expected) = written();
    let (reader, frame) = (writer.reader(), scribe.frame(3, b"new"));
    writer.push(&frame);
    assert_eq!(payloads(&reader, 3, 1).unwrap().len(), expected.len());
    let group = writer.commit_pushed().unwrap();
    assert_eq!(reader.durable(), group);
    assert_eq!(payloads(&reader, 3, expected.len() as u64 + 1).unwrap(), [b"new"]);
}

#[test]
fn reading_stops_when_it_is_told_to() {
    let (writer, ..) = written();
    let mut count = 0;
    writer
        .reader()
        .read(JournalId(3), FrameNo(1), &mut |_| {
            count += 1;
            if count == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(count, 4);
}

#[test]
fn a_damaged_index_costs_time_and_not_truth() {
    let (writer, _, expected) = written();
    let mut damaged = 0;
    for name in writer.storage.list().unwrap().iter().filter(|name| name.starts_with("segment-")) {
        let mut bytes = writer.storage.bytes(name);
        let last = bytes.chunks(4096).rposition(|sector| sector != [0; 4096]).unwrap() * 4096;
        if bytes[last..last + 4] == *b"TGRP" && bytes[last + 6] == GroupKind::Closing as u8 {
            bytes[last + 80] ^= 1;
            writer.storage.set_bytes(name, &bytes);
            damaged += 1;
        }
    }
    assert!(damaged >= 2, "{damaged} indexes damaged");
    assert_eq!(payloads(&writer.reader(), 3, 1).unwrap(), expected);
}

/// Which sealed segments were walked to know where their frames begin.
fn walked(writer: &Writer<SimStorage>) -> Vec<bool> {
    writer.shelf.standing().0.iter().map(|sealed| sealed.index.get().is_some()).collect()
}

#[test]
fn only_a_segment_without_a_closing_group_is_walked_for_its_index() {
    let (storage, options) = (new_log(), options(1 << 16));
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    writer.turn_over().unwrap();
    commit_each(&mut writer, &mut scribe, &[b"two"]);
    drop(writer);
    // The second segment is the last one found, and then one whose file was cut at its end.
    for _ in 0..2 {
        let (writer, ..) = open_and_read(&storage, &options).unwrap();
        assert_eq!(walked(&writer)[..2], [false, true], "at the start");
        writer.reader().read(JournalId(0), FrameNo(1), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(walked(&writer)[..2], [false, true], "after reading");
    }
}

#[test]
fn damage_met_while_reading_is_refused() {
    let (writer, ..) = written();
    let name = segment_name(SegmentId(2));
    let mut bytes = writer.storage.bytes(&name);
    bytes[4096 + 400] ^= 1;
    writer.storage.set_bytes(&name, &bytes);
    assert_eq!(payloads(&writer.reader(), 3, 1).unwrap_err().kind(), ErrorKind::Corruption);
}

#[test]
fn inspection_shows_groups_and_their_frames_in_order() {
    let (writer, _, expected) = written();
    let storage = writer.storage.kill();
    let (mut groups, mut frames) = (0, 0);
    let tail = inspect(&storage, &mut |item| match item {
        Item::Group { header, .. } => {
            groups += 1;
            assert_eq!(header.durable.next(), header.group);
        }
        Item::Frame { header, .. } => frames += usize::from(header.journal == JournalId(3)),
    });
    assert_eq!((groups, frames), (expected.len(), expected.len()));
    assert!(tail.unwrap().is_some_and(|tail| tail.cut.is_none()));
}
