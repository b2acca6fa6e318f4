//! Limits that must fit each other, found by arithmetic in the code and checked by trying here.

use super::scribe::*;
use crate::*;

#[test]
fn what_a_group_has_room_for_fits_an_empty_segment() {
    for sectors in [4, 5, 8, 64, 300] {
        let options = options(sectors * 4096);
        let room = options.group_room_bytes();
        for payload_bytes in [0, 1000] {
            let storage = new_log();
            let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options).unwrap();
            let count = (room / (FRAME_HEADER_BYTES + payload_bytes)) as u16;
            for journal in 0..count {
                writer.push(&scribe.frame(journal, &vec![7; payload_bytes]));
            }
            let group = writer.commit_pushed().unwrap();
            assert_eq!((group, writer.stats().segments, count > 0), (GroupSeq(1), 0, true), "{sectors} sectors");
        }
    }
}

#[test]
fn options_out_of_bounds_are_named() {
    let refused = |adjust: fn(&mut Options)| {
        let mut options = Options::default();
        adjust(&mut options);
        match options.validate() {
            Err(Error::Bounds { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert!(Options::default().validate().is_ok());
    assert_eq!(refused(|options| options.segment_bytes = 4096), "segment_bytes");
    assert_eq!(refused(|options| options.segment_bytes = 16385), "segment_bytes % 4096");
    assert_eq!(refused(|options| options.group_bytes_max = 0), "group_bytes_max");
    assert_eq!(refused(|options| options.spare_count = 0), "spare_count");
    assert_eq!(refused(|options| options.reserve_count = 2), "reserve_count");
    assert_eq!(refused(|options| options.queue_handovers_max = 0), "queue_handovers_max");
    assert_eq!(refused(|options| options.queue_bytes_max = 0), "queue_bytes_max");
}

#[test]
fn the_largest_frame_survives_a_power_cut() {
    let storage = new_log();
    let options = options(1 << 20);
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options).unwrap();
    let frame = scribe.frame(0, &vec![3; FRAME_PAYLOAD_BYTES_MAX]);
    assert_eq!(frame.len(), FRAME_BYTES_MAX);
    writer.commit(&[&frame]).unwrap();
    assert_eq!(frames_of(&storage.crash(&mut |_| 0), &options).unwrap(), [frame]);
}
