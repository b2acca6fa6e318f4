//! The log's threads under a scheduler that tries their interleavings: appenders, the log's thread, the one that makes spares, readers, a
//! trimmer and a stop. The very code that runs on threads, over the primitives of the checker (`sync/checked.rs`).
//!
//! Each fact is tried with schedules drawn at random and with schedules of few preemptions at random places (PCT), from fixed seeds. A
//! deadlock, a lost signal and a broken assertion end the run with the schedule that leads there. Weak memory is not explored: what is
//! shared without a lock are counters and flags of which nothing else depends.

use super::scribe::*;
use crate::planted::{Planted, plant};
use crate::storage::Storage;
use crate::storage::sim::SimStorage;
use crate::sync::{checked, thread};
use crate::*;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

const SEED: u64 = 2026;
const SCHEDULES: usize = 400;
/// How many preemptions a schedule of the second kind has besides those that waiting makes.
const PREEMPTIONS: usize = 3;
const SEGMENT_BYTES: u64 = 16384;

/// What happened in one execution. Its locks are never waited for: the checker runs on one thread of the machine.
#[derive(Default)]
struct Record {
    released: Mutex<Vec<(u16, u64)>>,
    dropped: Mutex<Vec<(u16, u64)>>,
    ended: Mutex<Vec<String>>,
}

/// Notes its release or its end without one; when it is released, everything that it saw must be durable (I11).
struct Witness {
    name: (u16, u64),
    saw: Vec<Vec<u8>>,
    storage: SimStorage,
    record: Arc<Record>,
    released: bool,
}

impl Passenger for Witness {
    fn release(mut self) {
        self.released = true;
        let durable = durable_bytes(&self.storage);
        self.saw.iter().for_each(|payload| assert!(holds(&durable, payload), "I11: {:?} left before its frames", self.name));
        self.record.released.lock().unwrap().push(self.name);
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if !self.released {
            self.record.dropped.lock().unwrap().push(self.name);
        }
    }
}

/// What a power cut now would leave of the segments.
fn durable_bytes(storage: &SimStorage) -> Vec<u8> {
    let left = storage.crash(&mut |_| 0);
    let names = left.list().unwrap().into_iter().filter(|name| name.starts_with("segment-") || name.starts_with("archive/"));
    names.flat_map(|name| left.bytes(&name)).collect()
}

fn holds(bytes: &[u8], payload: &[u8]) -> bool {
    bytes.windows(payload.len()).any(|window| window == payload)
}

struct Bench {
    storage: SimStorage,
    log: Arc<Log<Witness>>,
    record: Arc<Record>,
    options: Options,
}

/// One thread of the engine: writes a journal of its own.
struct Appender {
    journal: u16,
    scribe: Scribe,
    saw: Vec<Vec<u8>>,
    accepted: u64,
    log: Arc<Log<Witness>>,
    storage: SimStorage,
    record: Arc<Record>,
}

impl Bench {
    fn new(adjust: impl Fn(&mut Options)) -> Bench {
        let record = Arc::new(Record::default());
        let ended = Arc::clone(&record);
        let abort: Abort = Arc::new(move |fatal: &Fatal| ended.ended.lock().unwrap().push(fatal.to_string()));
        let mut options = Options { abort, ..options(SEGMENT_BYTES) };
        adjust(&mut options);
        let storage = new_log();
        let (writer, ..) = open_and_read(&storage, &options).unwrap();
        let log = Arc::new(Log::start(writer).unwrap());
        Bench { storage, log, record, options }
    }

    fn appender(&self, journal: u16) -> Appender {
        let (log, storage, record) = (Arc::clone(&self.log), self.storage.clone(), Arc::clone(&self.record));
        Appender { journal, scribe: Scribe::default(), saw: Vec::new(), accepted: 0, log, storage, record }
    }

    /// After a stop that nobody raced with: everything accepted is there, nobody was dropped.
    fn check(&self, appenders: &[Appender]) {
        assert_eq!(*self.record.dropped.lock().unwrap(), []);
        self.check_prefixes(appenders);
    }

    /// After a stop: nothing ended by a fault, who left left once and in order, and the log replays exactly their frames. What was handed
    /// over while the log stopped may have died unpromised, the last first.
    fn check_prefixes(&self, appenders: &[Appender]) {
        assert_eq!(*self.record.ended.lock().unwrap(), Vec::<String>::new());
        let released = self.record.released.lock().unwrap().clone();
        let frames = frames_of(&self.storage.crash(&mut |_| 0), &self.options).unwrap();
        for appender in appenders {
            let own: Vec<u64> = released.iter().filter(|name| name.0 == appender.journal).map(|name| name.1).collect();
            let died = self.record.dropped.lock().unwrap().iter().filter(|name| name.0 == appender.journal).count();
            assert_eq!(own, (0..appender.accepted - died as u64).collect::<Vec<_>>(), "passengers leave once and in order");
            let replayed = frames.iter().map(|bytes| Frame::parse(bytes).unwrap().0);
            let payloads =
                replayed.filter(|frame| frame.header.journal.0 == appender.journal).map(|frame| frame.payload.to_vec());
            let payloads: Vec<Vec<u8>> = payloads.collect();
            assert!(appender.saw.starts_with(&payloads), "every frame is durable once and in order");
            assert!(died > 0 || payloads.len() == appender.saw.len(), "whoever was accepted has its frame in the log");
        }
    }
}

impl Appender {
    /// Hands over a frame, or none, and waits for room in the queue. False once the log has stopped.
    fn append(&mut self, with_frame: bool) -> bool {
        self.try_append(with_frame, usize::MAX)
    }

    /// As [`Appender::append`], but tries only so many times.
    fn try_append(&mut self, with_frame: bool, tries: usize) -> bool {
        let number = self.accepted;
        let (mut frames, mut saw) = (Vec::new(), self.saw.clone());
        if with_frame {
            let payload = format!("journal {} handover {number}.", self.journal).into_bytes();
            frames = self.scribe.frame(self.journal, &payload);
            saw.push(payload);
        }
        let frame_count = u32::from(with_frame);
        let (storage, record) = (self.storage.clone(), Arc::clone(&self.record));
        let witness = Witness { name: (self.journal, number), saw: saw.clone(), storage, record, released: false };
        let mut handover = Handover { frames, frame_count, passengers: vec![witness] };
        for _ in 0..tries {
            match self.log.append(handover) {
                Ok(()) => {
                    (self.saw, self.accepted) = (saw, number + 1);
                    return true;
                }
                Err(full) => {
                    handover = full.handover;
                    assert_eq!(handover.passengers.len(), 1, "what is refused is given back whole");
                    if full.reason == FullReason::Stopped {
                        break;
                    }
                }
            }
            thread::yield_now();
        }
        // Given back, it did not vanish.
        handover.passengers.into_iter().for_each(|mut witness| witness.released = true);
        false
    }

    /// On a thread of its own; gives itself back.
    fn run(mut self, handovers: &'static [bool]) -> thread::JoinHandle<Appender> {
        thread::spawn(move || {
            let _all = handovers.iter().all(|&with_frame| self.append(with_frame));
            self
        })
    }
}

fn runs<T: Scheduler + 'static>(scheduler: T, fact: fn()) {
    let mut config = Config::new();
    config.stack_size = 256 * 1024;
    config.max_steps = MaxSteps::FailAfter(200_000);
    config.failure_persistence = FailurePersistence::Print;
    let schedules = Runner::new(scheduler, config).run(fact);
    assert_eq!(schedules, SCHEDULES);
}

fn explore(fact: fn()) {
    runs(RandomScheduler::new_from_seed(SEED, SCHEDULES), fact);
    runs(PctScheduler::new_from_seed(SEED, PREEMPTIONS, SCHEDULES), fact);
}

fn is_found(fact: fn()) -> bool {
    catch_unwind(AssertUnwindSafe(|| explore(fact))).is_err()
}

/// Two appenders, a queue of two, frames and none.
fn hand_over() {
    let bench = Bench::new(|options| options.queue_handovers_max = 2);
    let threads = [bench.appender(1).run(&[true, false, true]), bench.appender(2).run(&[false, true])];
    let appenders = threads.map(|thread| thread.join().unwrap());
    assert_eq!(appenders.each_ref().map(|appender| appender.accepted), [3, 2]);
    bench.log.stop();
    bench.check(&appenders);
}

#[test]
fn interleavings_of_appenders_release_once_in_order_and_only_what_is_durable() {
    explore(hand_over);
}

#[test]
fn interleavings_find_an_early_acknowledgement() {
    plant(Some(Planted::EarlyAcknowledgement));
    let found = is_found(hand_over);
    plant(None);
    assert!(found);
}

/// Every second group needs a segment, and there is never more than one spare.
fn wait_for_spares() {
    let bench = Bench::new(|options| options.queue_handovers_max = 1);
    let appender = bench.appender(1).run(&[true; 5]).join().unwrap();
    bench.log.stop();
    bench.check(&[appender]);
}

#[test]
fn interleavings_of_the_log_and_the_maker_of_spares_never_wait_for_each_other() {
    explore(wait_for_spares);
}

#[test]
fn interleavings_find_a_lost_signal() {
    checked::lose_signals(true);
    let found = is_found(wait_for_spares);
    checked::lose_signals(false);
    assert!(found);
}

#[test]
fn interleavings_of_a_stop_release_what_was_accepted_before_and_refuse_what_comes_after() {
    explore(|| {
        let bench = Bench::new(|options| options.queue_handovers_max = 2);
        let mut before = bench.appender(1);
        assert!(before.append(true) && before.append(false));
        let racing = bench.appender(2).run(&[true, true, true]);
        bench.log.stop();
        assert!(!before.append(true), "later handovers are refused");
        let racing = racing.join().unwrap();
        assert!(bench.record.dropped.lock().unwrap().iter().all(|name| name.0 == 2), "what was accepted before is released");
        bench.check_prefixes(&[before, racing]);
    });
}

#[test]
fn interleavings_of_readers_and_trims_show_nothing_before_it_is_durable_and_no_gap() {
    explore(|| {
        let bench = Bench::new(|options| options.queue_handovers_max = 1);
        let (log, storage) = (Arc::clone(&bench.log), bench.storage.clone());
        let reader = thread::spawn(move || {
            let mut next = 1;
            for _ in 0..3 {
                let mut seen = Vec::new();
                let read = log.read(JournalId(1), FrameNo(next), &mut |frame| {
                    assert_eq!(frame.header.number.0, next + seen.len() as u64, "no gap");
                    seen.push(frame.payload.to_vec());
                    ControlFlow::Continue(())
                });
                read.unwrap();
                let durable = durable_bytes(&storage);
                seen.iter().for_each(|payload| assert!(holds(&durable, payload), "I11: a frame is shown before it is durable"));
                next += seen.len() as u64;
                thread::yield_now();
            }
        });
        let log = Arc::clone(&bench.log);
        let trimmer = thread::spawn(move || {
            for number in [2, 4] {
                log.trim(&KeepFrom::from([(JournalId(1), FrameNo(number))])).unwrap();
            }
        });
        let appender = bench.appender(1).run(&[true; 4]);
        let appender = appender.join().unwrap();
        reader.join().unwrap();
        trimmer.join().unwrap();
        bench.log.stop();
        assert_eq!((appender.accepted, &*bench.record.ended.lock().unwrap()), (4, &vec![]));
        assert_eq!(bench.record.released.lock().unwrap().len(), 4);
    });
}

#[test]
fn interleavings_of_a_full_disk_take_what_was_begun_and_recover() {
    explore(|| {
        let bench = Bench::new(|options| (options.spare_count, options.reserve_count) = (2, 1));
        let storage = bench.storage.clone();
        let filler = thread::spawn(move || {
            storage.set_capacity_bytes(Some(0));
            thread::yield_now();
            storage.set_capacity_bytes(None);
        });
        let mut appender = bench.appender(1);
        for _ in 0..4 {
            while !bench.log.has_room() {
                thread::yield_now();
            }
            assert!(appender.append(true));
        }
        filler.join().unwrap();
        bench.log.stop();
        bench.check(&[appender]);
    });
}

#[test]
fn interleavings_of_a_stop_on_a_full_disk_end() {
    explore(|| {
        let bench = Bench::new(|options| options.queue_handovers_max = 1);
        bench.storage.set_capacity_bytes(Some(0));
        let mut appender = bench.appender(1);
        // Until the queue is full because the log's thread waits for a segment that the disk does not give.
        while appender.try_append(true, 30) {}
        bench.log.stop();
        assert_eq!(*bench.record.ended.lock().unwrap(), Vec::<String>::new());
        let left = bench.record.released.lock().unwrap().len() + bench.record.dropped.lock().unwrap().len();
        assert_eq!(left as u64, appender.accepted, "who was taken was released, or died unpromised");
    });
}
