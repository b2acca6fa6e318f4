//! The meter: how many operations of each method came, what became of them, and how long they took, counted at the edge.
//!
//! Counting must cost little beside an operation of a microsecond: each thread counts on one of a few sheets, by relaxed atomics
//! without a lock, and a stream counts a batch at once ([`Tally`]). Reading adds the sheets up. The methods are those of the
//! contract's descriptors, so that a new one is counted without a word here; whatever else is called counts as one.

mod layer;
mod outcome;
mod tally;
mod times;

use std::{
    cell::Cell,
    collections::HashMap,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

pub use self::{layer::MeterLayer, outcome::Outcome, tally::Tally, times::Reading};
use self::{outcome::OUTCOMES, times::Times};
use crate::client::method_paths;

/// Sheets that threads share; more than the edge has threads on a small machine, few enough to add up.
const SHEETS: usize = 8;

/// The name under which calls outside of the contract are counted: health, reflection, methods that do not exist.
pub const OTHER: &str = "other";

/// One method of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method(usize);

/// Counts of all methods.
pub struct Meter {
    names: Vec<String>,
    by_path: HashMap<String, Known>,
    sheets: Vec<Sheet>,
    streams_open: Vec<AtomicU64>,
}

/// What is known of a path.
#[derive(Clone, Copy)]
struct Known {
    method: Method,
    is_stream: bool,
}

/// What some threads counted, by method.
struct Sheet(Box<[Counts]>);

/// One method's counts on one sheet.
struct Counts {
    begun: AtomicU64,
    outcomes: [AtomicU64; OUTCOMES],
    times: Times,
}

impl Default for Counts {
    fn default() -> Self {
        let outcomes = std::array::from_fn(|_| AtomicU64::new(0));
        Self { begun: AtomicU64::new(0), outcomes, times: Times::default() }
    }
}

/// One method at one instant, since the start.
#[derive(Clone, Debug)]
pub struct MethodReading {
    /// Its name in the contract; [`OTHER`] for all that has none.
    pub name: String,
    /// What became of how many, without those that never occurred.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Begun and not ended.
    pub in_flight: u64,
    /// Streams of it that are open.
    pub streams_open: u64,
    /// How long those took that ended with a reply.
    pub times: Reading,
}

impl MethodReading {
    /// How many ended in a way that has this name: "accepted", "refused", "failed".
    pub fn ended(&self, name: &str) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| outcome.name() == name).map(|(_, count)| count).sum()
    }
}

impl Meter {
    /// Nothing counted yet, for the methods of the contract.
    pub fn new() -> Self {
        let (mut names, mut by_path) = (vec![OTHER.to_owned()], HashMap::new());
        for found in method_paths() {
            by_path.insert(found.path, Known { method: Method(names.len()), is_stream: found.is_stream });
            names.push(found.name);
        }
        let sheet = |_| Sheet(names.iter().map(|_| Counts::default()).collect());
        let streams_open = names.iter().map(|_| AtomicU64::new(0)).collect();
        Self { sheets: (0..SHEETS).map(sheet).collect(), names, by_path, streams_open }
    }

    /// The method of this name.
    pub fn named(&self, name: &str) -> Method {
        Method(self.names.iter().position(|known| known == name).expect("a service names its own methods"))
    }

    /// Operations of a method begin.
    fn begin(&self, method: Method, operations: u64) {
        self.sheet(method).begun.fetch_add(operations, Relaxed);
    }

    /// Operations end in one way.
    fn end(&self, method: Method, outcome: usize, operations: u64) {
        self.sheet(method).outcomes[outcome].fetch_add(operations, Relaxed);
    }

    /// Operations that ended with a reply took this long.
    fn time(&self, method: Method, took: Duration, operations: u64) {
        self.sheet(method).times.note(took, operations);
    }

    fn sheet(&self, method: Method) -> &Counts {
        &self.sheets[sheet_of_thread()].0[method.0]
    }

    /// Everything, by method.
    pub fn read(&self) -> Vec<MethodReading> {
        (0..self.names.len()).map(|method| self.read_method(method)).collect()
    }

    fn read_method(&self, method: usize) -> MethodReading {
        let sheets = || self.sheets.iter().map(|sheet| &sheet.0[method]);
        let mut times = Reading::empty();
        sheets().for_each(|counts| counts.times.add_to(&mut times));
        let total = |index: usize| sheets().map(|counts| counts.outcomes[index].load(Relaxed)).sum();
        let counted = (0..OUTCOMES).map(|index| (index, total(index))).filter(|(_, count)| *count > 0);
        let outcomes: Vec<(Outcome, u64)> =
            counted.map(|(index, count)| (Outcome::at(index).expect("only outcomes are counted"), count)).collect();
        let ended: u64 = outcomes.iter().map(|(_, count)| count).sum();
        // Read after what has ended, so that it is never less.
        let begun: u64 = sheets().map(|counts| counts.begun.load(Relaxed)).sum();
        MethodReading {
            name: self.names[method].clone(),
            outcomes,
            in_flight: begun.saturating_sub(ended),
            streams_open: self.streams_open[method].load(Relaxed),
            times,
        }
    }

    /// Operations that have begun and not ended, and streams that are open.
    pub fn under_way(&self) -> UnderWay {
        let methods = self.read();
        UnderWay {
            operations: methods.iter().map(|method| method.in_flight).sum(),
            streams: methods.iter().map(|method| method.streams_open).sum(),
        }
    }
}

/// What has begun and not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Operations, those of streams included.
    pub operations: u64,
    /// Streams of claims and redemptions.
    pub streams: u64,
}

impl UnderWay {
    /// Whether there is nothing.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// The sheet that this thread counts on, given out in turn.
fn sheet_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    MINE.with(|mine| {
        let sheet = mine.get().unwrap_or_else(|| NEXT.fetch_add(1, Relaxed) % SHEETS);
        mine.set(Some(sheet));
        sheet
    })
}

#[cfg(test)]
mod tests;
