//! The log on its thread: what leaves, in which order, and when; and that it ends the process rather than go on after a fault.

use super::scribe::*;
use crate::storage::sim::{Fault, SimStorage};
use crate::*;
use crossbeam::channel::{Receiver, Sender, unbounded};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Longer than anything here takes, unless it never happens.
const DEADLINE: Duration = Duration::from_secs(20);

/// Notes its release, and what a power cut at that moment would leave.
struct Witness {
    number: u64,
    storage: SimStorage,
    options: Options,
    told: Sender<(u64, usize)>,
}

impl Passenger for Witness {
    fn release(self) {
        let left = frames_of(&self.storage.crash(&mut |_| 0), &self.options).unwrap().len();
        self.told.send((self.number, left)).unwrap();
    }
}

struct Bench {
    storage: SimStorage,
    options: Options,
    scribe: Scribe,
    told: Sender<(u64, usize)>,
    heard: Receiver<(u64, usize)>,
    ended: Receiver<String>,
}

impl Bench {
    fn new(adjust: impl Fn(&mut Options)) -> Bench {
        let ((told, heard), (end, ended)) = (unbounded(), unbounded());
        let abort: Abort = Arc::new(move |fatal: &Fatal| end.send(fatal.to_string()).unwrap());
        let mut options = Options { abort, spare_retry: Duration::from_millis(1), ..options(1 << 16) };
        adjust(&mut options);
        Bench { storage: new_log(), options, scribe: Scribe::default(), told, heard, ended }
    }

    fn start(&self) -> Log<Witness> {
        let (writer, ..) = open_and_read(&self.storage, &self.options).unwrap();
        Log::start(writer).unwrap()
    }

    fn handover(&mut self, number: u64, frame_count: u32) -> Handover<Witness> {
        let mut frames = Vec::new();
        (0..frame_count).for_each(|_| frames.extend(self.scribe.frame(0, b"payload")));
        let (storage, options, told) = (self.storage.clone(), self.options.clone(), self.told.clone());
        Handover { frames, frame_count, passengers: vec![Witness { number, storage, options, told }] }
    }

    fn hear(&self) -> (u64, usize) {
        self.heard.recv_timeout(DEADLINE).unwrap()
    }
}

#[test]
fn passengers_leave_in_order_and_only_when_what_they_saw_is_durable() {
    let mut bench = Bench::new(|_| {});
    let log = bench.start();
    let counts = [1, 0, 2, 0, 0, 3, 1, 0];
    let mut written = 0;
    for (number, &count) in counts.iter().enumerate() {
        log.append(bench.handover(number as u64, count)).unwrap();
    }
    for (number, &count) in counts.iter().enumerate() {
        written += count as usize;
        let (heard, durable) = bench.hear();
        assert_eq!(heard, number as u64);
        assert!(durable >= written, "I11: passenger {number} left with {durable} of {written} frames durable");
    }
    log.stop();
    assert_eq!(log.stats().frames, 7);
}

#[test]
fn a_handover_without_frames_writes_nothing() {
    let mut bench = Bench::new(|_| {});
    let log = bench.start();
    log.append(bench.handover(0, 0)).unwrap();
    bench.hear();
    log.stop();
    assert_eq!((log.stats().groups, log.stats().seals), (0, 0));
}

#[test]
fn an_idle_log_seals_its_tail() {
    let mut bench = Bench::new(|options| options.idle_before_seal = Duration::from_millis(1));
    let log = bench.start();
    log.append(bench.handover(0, 1)).unwrap();
    bench.hear();
    let deadline = std::time::Instant::now() + DEADLINE;
    while !open_and_read(&bench.storage.crash(&mut |_| 0), &bench.options).unwrap().3.sealed {
        assert!(std::time::Instant::now() < deadline, "the tail is sealed");
        std::thread::yield_now();
    }
}

#[test]
fn a_stop_makes_everything_durable_and_sealed_and_refuses_what_comes_after() {
    let mut bench = Bench::new(|options| options.group_bytes_max = 200);
    let log = bench.start();
    (0..20).for_each(|number| log.append(bench.handover(number, 1)).map_err(|_| "full").unwrap());
    log.stop();
    let released: Vec<u64> = bench.heard.try_iter().map(|(number, _)| number).collect();
    assert_eq!(released, (0..20).collect::<Vec<_>>());
    let refused = log.append(bench.handover(20, 0)).unwrap_err();
    assert_eq!((refused.reason, refused.handover.passengers.len()), (FullReason::Stopped, 1));
    assert!(open_and_read(&bench.storage.kill(), &bench.options).unwrap().3.sealed);
}

#[test]
fn a_failed_sync_ends_the_process_and_releases_nobody() {
    let mut bench = Bench::new(|options| options.spare_count = 1);
    let log = bench.start();
    log.append(bench.handover(0, 1)).unwrap();
    bench.hear();
    log.stop();
    let (writer, ..) = open_and_read(&bench.storage.kill(), &bench.options).unwrap();
    bench.storage = writer.storage.clone();
    // The only steps to come besides the spare's are one write and one sync; a writer on its own has no spare thread.
    let mut writer = writer;
    writer.prepare_spare().unwrap();
    bench.storage.fail_at(bench.storage.steps() + 1, Fault::Eio);
    let log = Log::start(writer).unwrap();
    log.append(bench.handover(1, 1)).unwrap();
    let said = bench.ended.recv_timeout(DEADLINE).unwrap();
    assert!(said.starts_with("fdatasync of segment-000000000002.wal at byte 4096 failed"), "{said}");
    log.stop();
    assert_eq!(bench.heard.try_iter().count(), 0);
}

/// Whoever found the log stopped meanwhile panicked before the reason was out.
#[test]
fn regression_a_failing_log_takes_handovers_until_the_process_has_ended() {
    let (ending, ended) = unbounded();
    let (release, held) = unbounded::<()>();
    let abort: Abort = Arc::new(move |fatal| {
        ending.send(fatal.to_string()).unwrap();
        held.recv_timeout(DEADLINE).unwrap();
    });
    let mut bench = Bench::new(|options| (options.spare_count, options.abort) = (1, Arc::clone(&abort)));
    let (mut writer, ..) = open_and_read(&bench.storage, &bench.options).unwrap();
    // So that the only steps to come are a write and a sync.
    writer.prepare_spare().unwrap();
    bench.storage.fail_at(bench.storage.steps() + 1, Fault::Eio);
    let log = Log::start(writer).unwrap();
    log.append(bench.handover(0, 1)).map_err(|full| full.reason).unwrap();
    assert!(ended.recv_timeout(DEADLINE).unwrap().starts_with("fdatasync"));
    log.append(bench.handover(1, 1)).map_err(|full| full.reason).unwrap();
    release.send(()).unwrap();
    log.stop();
    assert_eq!(bench.heard.try_iter().count(), 0);
}

/// Nobody waits for them, because a passenger may hold the last handle.
#[test]
fn the_threads_of_a_log_that_is_dropped_end() {
    let bench = Bench::new(|_| {});
    let (writer, ..) = open_and_read(&bench.storage, &bench.options).unwrap();
    let spares = Arc::downgrade(&writer.spares);
    drop(Log::<Witness>::start(writer).unwrap());
    let deadline = std::time::Instant::now() + DEADLINE;
    while spares.upgrade().is_some() {
        assert!(std::time::Instant::now() < deadline, "both threads let go of the spares");
        std::thread::yield_now();
    }
}

#[test]
fn a_panic_on_the_logs_thread_ends_the_process() {
    struct Bomb;
    impl Passenger for Bomb {
        fn release(self) {
            panic!("the bomb went off");
        }
    }
    let bench = Bench::new(|_| {});
    let (writer, ..) = open_and_read(&bench.storage, &bench.options).unwrap();
    let log = Log::start(writer).unwrap();
    log.append(Handover { frames: Vec::new(), frame_count: 0, passengers: vec![Bomb] }).map_err(|_| "full").unwrap();
    assert_eq!(bench.ended.recv_timeout(DEADLINE).unwrap(), "the log's thread panicked: the bomb went off");
}

/// Rules 2 and 14, as a release has them: in a process of its own, which this test is again.
#[test]
fn the_process_ends_without_a_hook_too_and_says_why() {
    const ENDS: &str = "TESSERA_WAL_TEST_ENDS";
    if std::env::var_os(ENDS).is_some() {
        (Options::default().abort)(&Fatal::Panicked("the bomb went off".to_owned()));
        return;
    }
    let this = std::env::current_exe().unwrap();
    let name = "tests::log_thread::the_process_ends_without_a_hook_too_and_says_why";
    let ended = std::process::Command::new(this).args(["--exact", name, "--nocapture"]).env(ENDS, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("the log's thread panicked: the bomb went off; the process ends here"), "{said}");
    assert_eq!(ended.status.code(), None, "it was aborted");
}

#[test]
fn a_full_queue_gives_the_handover_back_whole() {
    struct Gate(Receiver<()>);
    impl Passenger for Gate {
        fn release(self) {
            let _ = self.0.recv();
        }
    }
    let bench = Bench::new(|options| options.queue_handovers_max = 2);
    let (writer, ..) = open_and_read(&bench.storage, &bench.options).unwrap();
    let log = Log::start(writer).unwrap();
    let (open, gate) = unbounded();
    let handover = || Handover { frames: Vec::new(), frame_count: 0, passengers: vec![Gate(gate.clone())] };
    let refused = (0..100).find_map(|_| log.append(handover()).err()).expect("a bounded queue fills");
    assert_eq!((refused.reason, refused.handover.passengers.len()), (FullReason::Queue, 1));
    drop((open, refused));
    log.stop();
}

#[test]
fn a_full_disk_is_said_before_a_turn_takes_what_was_begun_and_recovers_by_itself() {
    let mut bench = Bench::new(|options| {
        options.spare_count = 2;
        options.reserve_count = 1;
        options.segment_bytes = 16384;
    });
    let log = bench.start();
    bench.storage.set_capacity_bytes(Some(0));
    let deadline = std::time::Instant::now() + DEADLINE;
    let mut accepted = 0;
    while log.has_room() {
        assert!(std::time::Instant::now() < deadline, "a full disk is noticed");
        log.append(bench.handover(accepted, 1)).map_err(|full| full.reason).unwrap();
        accepted += 1;
        bench.hear();
    }
    // A turn that began while there was room.
    log.append(bench.handover(accepted, 1)).map_err(|full| full.reason).unwrap();
    assert_eq!(bench.hear(), (accepted, accepted as usize + 1));
    accepted += 1;
    log.append(bench.handover(1_000, 0)).map_err(|full| full.reason).unwrap();
    assert_eq!(bench.hear(), (1_000, accepted as usize));
    bench.storage.set_capacity_bytes(None);
    while !log.has_room() {
        assert!(std::time::Instant::now() < deadline, "room is noticed");
        std::thread::yield_now();
    }
    log.append(bench.handover(1_001, 1)).map_err(|full| full.reason).unwrap();
    assert_eq!(bench.hear(), (1_001, accepted as usize + 1));
    log.stop();
}

#[test]
fn a_tenure_begins_with_its_own_number_and_is_read_back() {
    let bench = Bench::new(|_| {});
    let log = bench.start();
    let (told, storage, options) = (bench.told.clone(), bench.storage.clone(), bench.options.clone());
    let (mut cursor, witness) = (Cursor::START, Witness { number: 9, storage, options, told });
    let beginning = Beginning { journal: JournalId(2), now_ms: 5, catalog_lsn: 0, digest: 7 };
    let journal: &dyn Journal<Witness> = &log;
    journal.begin_tenure(beginning, &mut cursor, witness).map_err(|full| full.reason).unwrap();
    assert_eq!(bench.hear(), (9, 1));
    assert_eq!((cursor.number, cursor.tenure, cursor.lsn), (FrameNo(1), FrameNo(1), Lsn(0)));
    let mut seen = Vec::new();
    let read = journal.read(JournalId(2), FrameNo(1), &mut |frame| {
        seen.push(frame.header);
        ControlFlow::Continue(())
    });
    read.unwrap();
    assert_eq!((seen.len(), seen[0].kind, seen[0].digest), (1, FrameKind::Tenure, 7));
    assert_eq!(log.position(JournalId(2)), Some(Position { number: FrameNo(1), lsn: Lsn(0) }));
    assert_eq!(log.history().frame(JournalId(2), FrameNo(1)).unwrap().map(|frame| frame.header), Some(seen[0]));
    log.stop();
}

#[test]
fn a_stepped_log_keeps_a_group_that_met_a_full_disk_and_releases_it_later() {
    let mut bench = Bench::new(|options| options.segment_bytes = 16384);
    let (writer, ..) = open_and_read(&bench.storage, &bench.options).unwrap();
    let (log, mut worker) = Log::stepped(writer);
    assert!(!worker.step().unwrap());
    bench.storage.set_capacity_bytes(Some(0));
    let mut refused = None;
    let accepted = (0..10).take_while(|&number| {
        log.append(bench.handover(number, 1)).unwrap();
        refused = worker.step().err();
        refused.is_none()
    });
    let accepted = accepted.count();
    assert_eq!((refused.unwrap().kind(), bench.heard.try_iter().count()), (ErrorKind::DiskFull, accepted));
    assert!(!log.has_room() && worker.step().is_err());
    bench.storage.set_capacity_bytes(None);
    assert!(worker.step().unwrap());
    assert_eq!(bench.heard.try_recv().unwrap(), (accepted as u64, accepted + 1));
    worker.idle().unwrap();
    assert_eq!(log.stats().seals, 1);
}

#[test]
fn many_threads_hand_over_and_every_frame_is_durable_once() {
    let bench = Bench::new(|options| options.segment_bytes = 1 << 15);
    let log = bench.start();
    std::thread::scope(|scope| {
        for journal in 0..3 {
            let (log, bench) = (&log, &bench);
            scope.spawn(move || {
                let mut scribe = Scribe::default();
                for _ in 0..200 {
                    let frames = scribe.frame(journal, b"payload");
                    let mut handover = Some(Handover { frames, frame_count: 1, passengers: Vec::new() });
                    while let Some(given) = handover.take() {
                        handover = log.append(given).err().map(|full| full.handover);
                    }
                    assert!(bench.ended.is_empty());
                }
            });
        }
    });
    log.stop();
    assert_eq!(frames_of(&bench.storage.crash(&mut |_| 0), &bench.options).unwrap().len(), 600);
}
