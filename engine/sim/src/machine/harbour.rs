//! What has left the node, in the order in which it left.

use std::sync::{Arc, Mutex, MutexGuard};
use tessera_engine::letter::{Answer, Letter, Outlet, PostOffice};

/// Something that left.
pub(crate) enum Arrival {
    /// These sealed frames are durable, says the log.
    Durable(Vec<u8>),
    /// Answers, each with the tag of its attempt.
    Answers(Vec<(u64, Answer)>),
    /// A letter from one actor to another.
    Letter(Letter),
}

/// Where everything arrives that leaves one life of the node.
#[derive(Default)]
pub(crate) struct Harbour(Mutex<Vec<Arrival>>);

impl Harbour {
    pub(crate) fn arrive(&self, arrival: Arrival) {
        self.lock().push(arrival);
    }

    pub(crate) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.0.lock().expect("one thread, and it does not panic here")
    }
}

impl PostOffice for Harbour {
    fn post(&self, letter: Letter) {
        self.arrive(Arrival::Letter(letter));
    }
}

/// One client's connection.
pub(crate) struct Pier(pub(crate) Arc<Harbour>);

impl Outlet for Pier {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        self.0.arrive(Arrival::Answers(answers));
    }
}
