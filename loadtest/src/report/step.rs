//! The steps of a run whose operations are errands: what each of them took by itself.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::Latency;

/// One step of every operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepTimes {
    /// Which.
    pub name: String,
    /// How often it was answered, retries apart.
    pub answered: u64,
    /// From its own (intended) send to its answer.
    pub latency_us: Latency,
}

impl StepTimes {
    /// From nanoseconds.
    pub fn of(name: &str, latency_ns: &Histogram<u64>) -> Self {
        Self { name: name.to_owned(), answered: latency_ns.len(), latency_us: Latency::of(latency_ns) }
    }
}
