//! What a step of the log makes into one group, and the spare it prepares: the worker without its thread, step by step.

use super::scribe::*;
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::*;
use crossbeam::channel::{Receiver, Sender, unbounded};

/// Says its number when it leaves.
struct Rider(u64, Sender<u64>);

impl Passenger for Rider {
    fn release(self) {
        self.1.send(self.0).unwrap();
    }
}

/// A log without threads.
struct Stepped {
    storage: SimStorage,
    log: Log<Rider>,
    worker: Worker<SimStorage, Rider>,
    scribe: Scribe,
    told: Sender<u64>,
    heard: Receiver<u64>,
}

impl Stepped {
    fn new(adjust: impl Fn(&mut Options)) -> Stepped {
        let (storage, mut options) = (new_log(), options(1 << 16));
        adjust(&mut options);
        let (writer, _, scribe, _) = open_and_read(&storage, &options).unwrap();
        let ((log, worker), (told, heard)) = (Log::stepped(writer), unbounded());
        Stepped { storage, log, worker, scribe, told, heard }
    }

    /// Hands over frames, or none.
    fn append(&mut self, number: u64, frame_count: u32) {
        self.try_append(number, frame_count).unwrap();
    }

    /// A refused frame is as if it had not been made.
    fn try_append(&mut self, number: u64, frame_count: u32) -> Result<(), FullReason> {
        let before = self.scribe.clone();
        let frames = (0..frame_count).flat_map(|_| self.scribe.frame(0, b"payload")).collect();
        let passengers = vec![Rider(number, self.told.clone())];
        self.log.append(Handover { frames, frame_count, passengers }).map_err(|full| {
            self.scribe = before;
            full.reason
        })
    }

    /// Whom one step releases.
    fn step(&mut self) -> Vec<u64> {
        self.worker.step().unwrap();
        self.heard.try_iter().collect()
    }
}

fn frame_bytes() -> usize {
    Scribe::default().frame(0, b"payload").len()
}

#[test]
fn a_group_takes_all_that_waits_up_to_its_bytes() {
    let mut stepped = Stepped::new(|options| options.group_bytes_max = 3 * frame_bytes());
    (0..7).for_each(|number| stepped.append(number, 1));
    assert_eq!([(); 4].map(|()| stepped.step()), [vec![0, 1, 2], vec![3, 4, 5], vec![6], vec![]]);
    assert_eq!(stepped.log.stats().groups, 3);
}

#[test]
fn a_handover_larger_than_a_group_is_one_of_its_own() {
    let mut stepped = Stepped::new(|options| options.group_bytes_max = frame_bytes());
    stepped.append(0, 1);
    stepped.append(1, 5);
    stepped.append(2, 1);
    assert_eq!([(); 3].map(|()| stepped.step()), [vec![0], vec![1], vec![2]]);
}

/// The one that did not fit the group before comes on top of a full queue.
#[test]
fn a_group_takes_no_more_handovers_than_the_queue_holds() {
    let mut stepped = Stepped::new(|options| (options.queue_handovers_max, options.group_bytes_max) = (2, frame_bytes()));
    stepped.append(0, 1);
    stepped.append(1, 1);
    assert_eq!(stepped.step(), [0]);
    stepped.append(2, 0);
    stepped.append(3, 0);
    assert_eq!([stepped.step(), stepped.step()], [[1, 2].as_slice(), &[3]]);
}

#[test]
fn a_queue_takes_no_more_bytes_than_its_bound_unless_it_is_empty() {
    let mut stepped = Stepped::new(|options| options.queue_bytes_max = 2 * frame_bytes());
    stepped.append(0, 3);
    assert_eq!(stepped.try_append(1, 1), Err(FullReason::Queue));
    assert_eq!(stepped.step(), [0]);
    stepped.append(1, 1);
    stepped.append(2, 1);
    assert_eq!(stepped.try_append(3, 1), Err(FullReason::Queue));
    assert_eq!(stepped.step(), [1, 2]);
    stepped.append(3, 1);
    assert_eq!(stepped.step(), [3]);
    assert_eq!(stepped.log.durable(), GroupSeq(3));
}

#[test]
fn a_log_says_what_its_writer_did_before_and_what_a_handover_may_have() {
    let (storage, options) = (new_log(), options(1 << 16));
    let (mut writer, _, mut scribe, _) = open_and_read(&storage, &options).unwrap();
    commit_each(&mut writer, &mut scribe, &[b"one"]);
    let stats = writer.stats();
    let (log, _worker) = Log::<Rider>::stepped(writer);
    assert_eq!((log.stats(), log.handover_bytes_max()), (stats, options.group_room_bytes()));
    let (writer, ..) = open_and_read(&new_log(), &Options { segment_bytes: SEGMENT_BYTES_DEFAULT, ..options }).unwrap();
    assert_eq!(Log::<Rider>::stepped(writer).0.handover_bytes_max(), HANDOVER_BYTES_MAX);
}

#[test]
fn spares_are_prepared_up_to_their_count() {
    let mut stepped = Stepped::new(|options| options.spare_count = 2);
    let spares = |storage: &SimStorage| storage.list().unwrap().iter().filter(|name| name.starts_with("spare-")).count();
    for expected in [1, 2, 2] {
        stepped.worker.prepare_spare().unwrap();
        assert_eq!(spares(&stepped.storage), expected);
    }
}
