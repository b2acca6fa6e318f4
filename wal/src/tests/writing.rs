//! What is committed is replayed, across segments and restarts, and nobody else may write.

use super::scribe::*;
use crate::storage::sim::SimStorage;
use crate::*;

#[test]
fn what_was_committed_is_replayed_after_a_power_cut() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let frames = commit_each(&mut writer, &mut scribe, &[b"one", b"two", &[7; 20_000]]);
    let after = storage.crash(&mut |_| 0);
    assert_eq!(frames_of(&after, &options(1 << 16)).unwrap(), frames);
}

#[test]
fn a_group_holds_frames_of_many_journals_in_order() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let frames: Vec<_> = [0, 1, 0xFFFF, 0].map(|journal| scribe.frame(journal, b"x")).to_vec();
    let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    assert_eq!(writer.commit(&slices).unwrap(), GroupSeq(1));
    assert_eq!(writer.stats().groups, 1);
    drop(writer);
    assert_eq!(frames_of(&storage, &options(1 << 16)).unwrap(), frames);
}

#[test]
fn the_log_goes_on_through_many_segments_and_restarts() {
    let storage = new_log();
    let (mut expected, small) = (Vec::new(), options(16384));
    for start in 1..=4 {
        let (mut writer, frames, mut scribe, recovery) = open_and_read(&storage, &small).unwrap();
        assert_eq!((frames, recovery.start), (expected.clone(), start));
        expected.extend(commit_each(&mut writer, &mut scribe, &[b"a", b"b", b"c", &[9; 5000]]));
        assert!(writer.stats().segments >= 2);
    }
    assert_eq!(frames_of(&storage, &small).unwrap(), expected);
}

#[test]
fn a_sealed_log_says_so_when_it_is_opened() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    assert!(!open_and_read(&storage.kill(), &options(1 << 16)).unwrap().3.sealed);
    writer.seal().unwrap();
    writer.seal().unwrap();
    assert_eq!(writer.stats().seals, 1);
    assert!(open_and_read(&storage.kill(), &options(1 << 16)).unwrap().3.sealed);
}

#[test]
fn opening_says_whether_the_tail_was_judged_past_the_cache() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    for refuses in [false, true] {
        storage.refuse_direct(refuses);
        assert_eq!(open_and_read(&storage.kill(), &options(1 << 16)).unwrap().3.past_cache, !refuses);
    }
}

#[test]
fn what_a_writer_does_is_counted() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let mut frames = commit_each(&mut writer, &mut scribe, &[b"one", &[2; 5000]]);
    writer.turn_over().unwrap();
    frames.extend(commit_each(&mut writer, &mut scribe, &[b"three"]));
    writer.seal().unwrap();
    let frame_bytes = frames.iter().map(|frame| frame.len() as u64).sum();
    let sync_times = writer.stats().sync_times;
    // Groups of one, two and one sectors, a closing group, a seal; the header of the new segment and its name are synced too.
    let (disk_bytes, syncs) = (6 * 4096, 3 + 1 + 1 + 2);
    let expected = Stats { groups: 3, frames: 3, frame_bytes, seals: 1, segments: 1, disk_bytes, syncs, sync_times };
    assert_eq!((writer.stats(), writer.durable()), (expected, GroupSeq(4)));
}

#[test]
fn the_sync_of_every_group_is_timed() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"a", b"b", &[9; 5000], &[9; 5000]]);
    writer.seal().unwrap();
    let stats = writer.stats();
    assert!(stats.segments > 0, "closing groups are synced too");
    assert_eq!(stats.sync_times.counts.iter().sum::<u64>(), stats.groups + stats.seals + stats.segments);
}

#[test]
fn a_commit_without_frames_writes_nothing() {
    let storage = new_log();
    let (mut writer, ..) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let steps = storage.steps();
    assert_eq!(writer.commit(&[]).unwrap(), GroupSeq(0));
    assert_eq!(storage.steps(), steps);
}

#[test]
fn a_second_opener_is_refused_and_a_reader_keeps_the_lock() {
    let storage = new_log();
    let (writer, ..) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let kind = |storage| open_and_read(storage, &options(1 << 16)).map(|_| ()).unwrap_err().kind();
    assert_eq!(kind(&storage), ErrorKind::Locked);
    let reader = writer.reader();
    drop(writer);
    assert_eq!(kind(&storage), ErrorKind::Locked);
    drop(reader);
    assert!(open_and_read(&storage, &options(1 << 16)).is_ok());
}

#[test]
fn a_directory_without_a_log_and_one_with_a_log_are_told_apart() {
    let empty = crate::storage::sim::SimStorage::new();
    assert_eq!(open_and_read(&empty, &options(1 << 16)).map(|_| ()).unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(create(&new_log(), UUID, b"").unwrap_err().kind(), ErrorKind::Exists);
}

#[test]
fn the_callers_bytes_are_kept() {
    let (.., recovery) = open_and_read(&new_log(), &options(1 << 16)).unwrap();
    assert_eq!(recovery.identity, Identity { uuid: UUID, caller_bytes: b"caller".to_vec() });
}

#[test]
fn a_group_that_fits_no_segment_is_refused_and_the_writer_goes_on() {
    let storage = new_log();
    let (mut writer, _, scribe, _) = open_and_read(&storage, &options(16384)).unwrap();
    let large = scribe.clone().frame(0, &[1; 16000]);
    assert_eq!(writer.commit(&[&large]).unwrap_err().kind(), ErrorKind::Usage);
    let small = scribe.clone().frame(0, b"small");
    writer.commit(&[&small]).unwrap();
    assert_eq!(frames_of(&storage, &options(16384)).unwrap(), [small]);
}

#[test]
fn a_failed_sync_poisons_the_writer_and_loses_nothing_acknowledged() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let kept = commit_each(&mut writer, &mut scribe, &[b"kept"]);
    storage.fail_at(storage.steps() + 1, crate::storage::sim::Fault::Eio);
    let lost = scribe.frame(0, b"lost");
    assert_eq!(writer.commit(&[&lost]).unwrap_err().kind(), ErrorKind::Io);
    assert!(matches!(writer.commit(&[&lost]), Err(Error::Poisoned)));
    assert!(matches!(writer.seal(), Err(Error::Poisoned)));
    assert_eq!(frames_of(&storage.crash(&mut |_| 0), &options(1 << 16)).unwrap(), kept);
}

#[test]
#[should_panic(expected = "follows its predecessor")]
fn a_frame_that_leaves_a_gap_is_never_written() {
    let storage = new_log();
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let (first, _skipped, third) = (scribe.frame(0, b"1"), scribe.frame(0, b"2"), scribe.frame(0, b"3"));
    writer.commit(&[&first]).unwrap();
    let _ = writer.commit(&[&third]);
}

#[test]
fn short_reads_and_writes_change_nothing() {
    let storage = new_log();
    storage.set_io_bytes_max(Some(1000));
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options(1 << 16)).unwrap();
    let frames = commit_each(&mut writer, &mut scribe, &[b"one", &[2; 9000]]);
    drop(writer);
    assert_eq!(open_and_read(&storage, &options(1 << 16)).unwrap().1, frames);
}

#[test]
fn the_real_disk_keeps_what_the_simulated_one_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let disk = crate::storage::disk::DiskStorage::new(folder.path()).unwrap();
    create(&disk, UUID, b"").unwrap();
    let mut scribe = Scribe::default();
    let mut expected = Vec::new();
    for round in 0..3_u8 {
        let mut seen = Vec::new();
        let replay = &mut |frame: Frame<'_>, _| {
            seen.push(frame.bytes().to_vec());
            Ok(())
        };
        let (mut writer, _) = open(disk.clone(), &options(1 << 16), replay, &mut |_| {}).unwrap();
        assert_eq!(seen, expected);
        for payload in [[round; 100].as_slice(), &[round; 30_000]] {
            let frame = scribe.frame(1, payload);
            writer.commit(&[&frame]).unwrap();
            expected.push(frame);
        }
    }
    let report = verify(&disk, &mut |_| {}).unwrap();
    assert!(report.problem.is_none() && report.whole.frames == 6, "{report:?}");
}

#[test]
fn a_log_is_not_created_beside_a_file_of_one() {
    for name in ["log.id", "segment-000000000003.wal", "spare-000000000003.wal"] {
        let storage = SimStorage::new();
        storage.set_bytes(name, b"");
        let refused = create(&storage, UUID, b"").unwrap_err();
        assert!(matches!(&refused, Error::Exists { file } if file == name), "{refused}");
    }
}

#[test]
fn a_caller_keeps_as_many_bytes_as_there_is_room_for_and_not_one_more() {
    let (storage, bytes) = (SimStorage::new(), vec![7; CALLER_BYTES_MAX + 1]);
    assert_eq!(create(&storage, UUID, &bytes).unwrap_err().kind(), ErrorKind::Usage);
    create(&storage, UUID, &bytes[1..]).unwrap();
    assert_eq!(Identity::load(&storage).unwrap().caller_bytes, bytes[1..]);
}
