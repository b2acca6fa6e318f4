//! The figures of all rounds of a scenario together.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use super::stage::Cpu;
use crate::{
    drive::{self, Measured},
    error::Error,
    record::{Record, Retry},
    report::{Latency, Rates, Report, Series, Shape, count_outcomes, timeline::Timeline},
    server::usage::Usage,
    wire::refusal,
};

/// Sums that grow by round.
#[derive(Debug)]
pub struct Sum {
    /// Latencies of all rounds.
    pub latency_ns: Histogram<u64>,
    /// Operations accepted, retries apart.
    pub accepted: u64,
    refused: BTreeMap<String, u64>,
    rounds: u64,
    operations: u64,
    seconds: f64,
    retries: u64,
    resent: u64,
    postponed: BTreeMap<String, u64>,
    lost: u64,
    record_bytes: u64,
    cpu: Cpu,
    timeline: Timeline,
    usage: Usage,
}

impl Sum {
    /// Of nothing.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            latency_ns: drive::histogram()?,
            accepted: 0,
            refused: BTreeMap::new(),
            rounds: 0,
            operations: 0,
            seconds: 0.0,
            retries: 0,
            resent: 0,
            postponed: BTreeMap::new(),
            lost: 0,
            record_bytes: 0,
            cpu: Cpu { client: Some(Duration::ZERO), server: Some(Duration::ZERO), ..Cpu::default() },
            timeline: Timeline::default(),
            usage: Usage::default(),
        })
    }

    /// Adds one round as it was measured, before anything is asked again.
    pub fn add(&mut self, measured: &Measured, cpu: Cpu) -> Result<(), Error> {
        self.latency_ns.add(&measured.latency_ns).map_err(|_| Error::Histogram("cannot be merged"))?;
        count_outcomes(measured, &mut self.accepted, &mut self.refused);
        self.rounds += 1;
        self.operations += measured.operations();
        self.seconds += measured.seconds;
        self.retries += measured.retries.len() as u64;
        self.resent += measured.resent;
        for (&reason, count) in &measured.postponed {
            *self.postponed.entry(refusal::name(reason)).or_default() += count;
        }
        self.lost += measured.lost;
        self.record_bytes += (size_of_val(measured.records.as_slice()) + measured.retries.len() * size_of::<Retry>()) as u64;
        self.cpu.client = self.cpu.client.zip(cpu.client).map(|(all, one)| all + one);
        self.cpu.server = self.cpu.server.zip(cpu.server).map(|(all, one)| all + one);
        self.cpu.wall += cpu.wall;
        self.timeline.add(measured);
        self.usage.add(&cpu.samples, measured.begin_ns(), measured.seconds);
        Ok(())
    }

    /// Rates and latencies.
    pub fn rates(&self) -> Rates {
        let cores = |used: Option<Duration>| used.map(|used| per(used.as_secs_f64(), self.cpu.wall.as_secs_f64()));
        let each = |used: Option<Duration>| used.map(|used| per(used.as_secs_f64() * 1e6, self.operations as f64));
        Rates {
            operations: self.operations,
            seconds: self.seconds,
            operations_per_second: per(self.operations as f64, self.seconds),
            latency_us: Latency::of(&self.latency_ns),
            client_cores: cores(self.cpu.client),
            client_cpu_us_per_operation: each(self.cpu.client),
            server_cores: cores(self.cpu.server),
            server_cpu_us_per_operation: each(self.cpu.server),
        }
    }

    /// All rounds over time and by percentile.
    pub fn series(&self) -> Series {
        Series::of(&self.timeline, &self.usage, &self.latency_ns)
    }

    /// A report without findings.
    pub fn report(&self, scenario: &str, shape: Shape) -> Report {
        Report {
            scenario: scenario.to_owned(),
            shape,
            asked: BTreeMap::new(),
            rounds: self.rounds,
            figures: self.rates(),
            steps: Vec::new(),
            accepted: self.accepted,
            refused: self.refused.clone(),
            retries: self.retries,
            resent: self.resent,
            postponed: self.postponed.clone(),
            lost: self.lost,
            checked: 0,
            violations: 0,
            violations_listed: Vec::new(),
            check_seconds: 0.0,
            record_bytes: self.record_bytes,
            echo: None,
            server: None,
            fills: 0,
            kills: 0,
            kills_of_starts: 0,
            fates: BTreeMap::new(),
            recovery_ms: Vec::new(),
            outcomes: BTreeMap::new(),
            snapshots: None,
            replays: None,
            latency_by_round: None,
            verified: 0,
            sold_out: None,
            overload: None,
            preparation: None,
            series: (self.operations > 0).then(|| self.series()),
        }
    }
}

const _: () = assert!(size_of::<Retry>() == size_of::<Record>() + 8);

fn per(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
