//! A stop once waited for ever: the disk was full, the log's thread waited for a segment, and the full queue took no stop. Found by
//! `interleavings.rs`.

use super::scribe::*;
use crate::*;
use crossbeam::channel::bounded;
use std::time::Duration;

struct Nobody;

impl Passenger for Nobody {
    fn release(self) {}
}

/// How often in a row the queue must be full to be full for good.
const TRIES: usize = 20_000;

#[test]
fn a_stop_ends_while_a_full_queue_waits_for_a_full_disk() {
    let storage = new_log();
    let options = Options { queue_handovers_max: 1, ..options(16384) };
    let (writer, ..) = open_and_read(&storage, &options).unwrap();
    let log = Log::start(writer).unwrap();
    storage.set_capacity_bytes(Some(0));
    let mut scribe = Scribe::default();
    let mut taken = |log: &Log<Nobody>| {
        let mut handover = Handover { frames: scribe.frame(0, b"frame"), frame_count: 1, passengers: vec![Nobody] };
        (0..TRIES).any(|_| match log.append(std::mem::replace(&mut handover, nothing())) {
            Ok(()) => true,
            Err(full) => {
                handover = full.handover;
                std::thread::yield_now();
                false
            }
        })
    };
    while taken(&log) {}
    let (told, heard) = bounded(1);
    std::thread::spawn(move || {
        log.stop();
        told.send(()).unwrap();
    });
    heard.recv_timeout(Duration::from_secs(20)).expect("the log stops");
}

fn nothing() -> Handover<Nobody> {
    Handover { frames: Vec::new(), frame_count: 0, passengers: Vec::new() }
}
