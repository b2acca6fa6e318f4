//! The engine's log as it is, with an eye on what is under way, and the place where faults of release are planted.

use super::harbour::{Arrival, Harbour};
use crate::planted::Planted;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};
use tessera_engine::letter::Passenger;
use tessera_wal::{Error, Frame, FrameNo, Full, GroupSeq, Handover, History, Journal, JournalId, KeepFrom, Log, Trimmed};

/// [`tessera_wal::Log`], watched.
pub(crate) struct SimJournal {
    log: Log<Passenger>,
    harbour: Arc<Harbour>,
    /// Frames handed over and not known to be durable, oldest first.
    under_way: Mutex<VecDeque<Vec<u8>>>,
    planted: Option<Planted>,
}

impl SimJournal {
    pub(crate) fn new(log: Log<Passenger>, harbour: Arc<Harbour>, planted: Option<Planted>) -> SimJournal {
        SimJournal { log, harbour, under_way: Mutex::default(), planted }
    }

    /// A reading session.
    pub(crate) fn history(&self) -> History {
        self.log.history()
    }

    /// The oldest handover became durable.
    pub(crate) fn landed(&self) {
        self.lock().pop_front();
    }

    /// What a crash now may keep a part of: any number of handovers from the front.
    pub(crate) fn under_way(&self) -> Vec<Vec<u8>> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.under_way.lock().expect("one thread, and it does not panic here")
    }

    /// The first passenger of every handover with frames says that they are durable.
    fn board_watch(&self, handover: &mut Handover<Passenger>) {
        if !handover.frames.is_empty() {
            let (frames, harbour) = (handover.frames.clone(), self.harbour.clone());
            self.lock().push_back(frames.clone());
            let watch = Passenger::Call(Box::new(move || harbour.arrive(Arrival::Durable(frames))));
            handover.passengers.insert(0, watch);
        }
    }

    /// Planted: who may not wait leaves now.
    fn leak(&self, handover: &mut Handover<Passenger>) {
        let leaves = |passenger: &Passenger| match self.planted {
            Some(Planted::EarlyRelease) => true,
            Some(Planted::ReadLeak) => handover.frames.is_empty(),
            Some(Planted::RefusalRelease) => match passenger {
                Passenger::Answers { answers, .. } => answers.iter().all(|(_, answer)| answer.is_err()),
                _ => false,
            },
            Some(Planted::LetterLeak) => matches!(passenger, Passenger::Letter { .. }),
            _ => false,
        };
        let (early, waiting) = std::mem::take(&mut handover.passengers).into_iter().partition(leaves);
        handover.passengers = waiting;
        let early: Vec<Passenger> = early;
        early.into_iter().for_each(tessera_wal::Passenger::release);
    }
}

impl Journal<Passenger> for SimJournal {
    fn has_room(&self) -> bool {
        self.log.has_room()
    }

    fn append(&self, mut handover: Handover<Passenger>) -> Result<(), Full<Handover<Passenger>>> {
        self.leak(&mut handover);
        self.board_watch(&mut handover);
        self.log.append(handover)
    }

    fn read(&self, journal: JournalId, from: FrameNo, visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<(), Error> {
        self.log.read(journal, from, visit)
    }

    fn trim(&self, keep_from: &KeepFrom) -> Result<Trimmed, Error> {
        self.log.trim(keep_from)
    }

    fn durable(&self) -> GroupSeq {
        self.log.durable()
    }
}
