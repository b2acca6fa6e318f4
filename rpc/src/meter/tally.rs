//! One stream's counts: gathered item by item without sharing, counted on the meter once a batch.
//!
//! Items that were read together share the instant at which they came, so they are timed as one.

use std::{sync::Arc, time::Instant};

use tonic::Code;

use super::{Meter, Method, Outcome, outcome::OUTCOMES};

/// The counts of one open stream. What it leaves unanswered has failed: the client is gone, or the server cut it.
pub struct Tally {
    meter: Arc<Meter>,
    method: Method,
    in_flight: u64,
    ended: Box<[u32; OUTCOMES]>,
    /// Items that came at one instant and are not counted yet.
    run: Option<(Instant, u64)>,
}

impl Tally {
    /// A stream of this method opens.
    pub fn open(meter: Arc<Meter>, method: Method) -> Self {
        meter.streams_open[method.0].fetch_add(1, super::Relaxed);
        Self { meter, method, in_flight: 0, ended: Box::new([0; OUTCOMES]), run: None }
    }

    /// So many items came.
    pub fn begin(&mut self, items: usize) {
        self.in_flight += items as u64;
        self.meter.begin(self.method, items as u64);
    }

    /// An item that came at `began` is answered, now.
    pub fn end(&mut self, outcome: Outcome, began: Instant, now: Instant) {
        self.ended[outcome.index()] += 1;
        match &mut self.run {
            Some((instant, items)) if *instant == began => *items += 1,
            _ => {
                self.time(now);
                self.run = Some((began, 1));
            }
        }
    }

    /// Counts what was gathered.
    pub fn settle(&mut self, now: Instant) {
        self.time(now);
        for (outcome, items) in self.ended.iter_mut().enumerate().filter(|(_, items)| **items > 0) {
            let items = u64::from(std::mem::take(items));
            self.in_flight -= items;
            self.meter.end(self.method, outcome, items);
        }
    }

    fn time(&mut self, now: Instant) {
        if let Some((began, items)) = self.run.take() {
            self.meter.time(self.method, now.saturating_duration_since(began), items);
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.settle(Instant::now());
        if self.in_flight > 0 {
            self.meter.end(self.method, Outcome::Failed(Code::Cancelled).index(), self.in_flight);
        }
        self.meter.streams_open[self.method.0].fetch_sub(1, super::Relaxed);
    }
}
