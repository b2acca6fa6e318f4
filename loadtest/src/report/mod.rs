//! What a run says in the end: a table for people, JSON for programs, a distribution for plots.

pub mod by_round;
pub mod hgrm;
pub mod merge;
pub mod rates;
pub mod saved;
pub mod series;
pub mod sold_out;
pub mod step;
pub mod table;
pub mod timeline;

pub use by_round::ByRound;
pub use rates::{Latency, Rates};
pub use saved::Saved;
pub use series::Series;
pub use sold_out::SoldOut;
pub use step::StepTimes;

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    check::Findings,
    drive::{Load, Measured, Mode},
    error::Error,
    scenario::overload::Overload,
    server::{
        figures::Figures,
        rounds::{Chore, Round, Upkeep},
    },
    wire::refusal,
};

/// The figures of a run. Fields are added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// What shaped it.
    #[serde(flatten)]
    pub shape: Shape,
    /// What it was told to do: its own options and their values.
    pub asked: BTreeMap<String, String>,
    /// Times that the scenario was run, each time with fresh users.
    pub rounds: u64,
    /// The measured figures.
    #[serde(flatten)]
    pub figures: Rates,
    /// Where an operation is an errand of several: its steps, in their order. Empty otherwise.
    pub steps: Vec<StepTimes>,
    /// Operations accepted, retries apart.
    pub accepted: u64,
    /// Operations refused, retries apart, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Earlier operations sent again while the run went on.
    pub retries: u64,
    /// Sends repeated because a connection was lost or nothing had been logged.
    pub resent: u64,
    /// Of those, the ones after an answer that nothing had been logged, by reason.
    pub postponed: BTreeMap<String, u64>,
    /// Streams or calls that ended without an answer.
    pub lost: u64,
    /// Facts compared by the checker.
    pub checked: u64,
    /// Facts that were wrong.
    pub violations: u64,
    /// The first of them.
    pub violations_listed: Vec<String>,
    /// Of the check: what it cost.
    pub check_seconds: f64,
    /// Memory of the client's record.
    pub record_bytes: u64,
    /// The same load on a bare server.
    pub echo: Option<Echo>,
    /// What the server says of itself.
    pub server: Option<Figures>,
    /// How often the disk was filled.
    pub fills: u64,
    /// How often the server was killed.
    pub kills: u64,
    /// How often of those while it was starting.
    pub kills_of_starts: u64,
    /// Of failing calls: how often the process ended, refused to start, went on.
    pub fates: BTreeMap<String, u64>,
    /// From the last SIGKILL until it served again.
    pub recovery_ms: Vec<f64>,
    /// Of the mix: how many operations were answered in each way.
    pub outcomes: BTreeMap<String, u64>,
    /// Rounds of snapshots; null = none were asked for.
    pub snapshots: Option<Snapshots>,
    /// Replays that were compared with the live state; null = none was made.
    pub replays: Option<Replays>,
    /// Latencies while snapshots were taken, while replays ran, and otherwise.
    pub latency_by_round: Option<ByRound>,
    /// How often the data directory was verified, after kills and in the end.
    pub verified: u64,
    /// How a sale ended.
    pub sold_out: Option<SoldOut>,
    /// What came of a flood.
    pub overload: Option<Overload>,
    /// What prepared the measurement.
    pub preparation: Option<Rates>,
    /// The measurement over time and by percentile.
    pub series: Option<Series>,
}

/// What shaped a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// How requests travelled.
    pub mode: Mode,
    /// Connections.
    pub connections: usize,
    /// Operations in flight over all of them.
    pub in_flight: usize,
    /// Most items in a message of a stream.
    pub batch: usize,
    /// Operations per second of an open loop; null = closed loop.
    pub rate: Option<f64>,
    /// Threads of the load generator.
    pub threads: usize,
    /// What chose everything random.
    pub seed: u64,
}

impl Shape {
    /// From the load.
    pub fn of(load: &Load, threads: usize) -> Self {
        let Load { mode, connections, in_flight, batch, rate, seed, .. } = *load;
        Self { mode, connections, in_flight, batch, rate, threads, seed }
    }
}

/// Rounds of snapshots.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Snapshots {
    /// That ended.
    pub count: u64,
    /// That were lost with a killed server, replays included.
    pub lost: u64,
    /// Of those that ended, the ones that failed with a disk.
    pub failed: u64,
    /// From the request to the known end.
    pub seconds: Seconds,
    /// Bytes of the newest round's images.
    pub image_bytes: u64,
}

/// Replays.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Replays {
    /// That ended.
    pub count: u64,
    /// What they found.
    pub differences: u64,
    /// From the request to the known end.
    pub seconds: Seconds,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// On average.
    pub mean: f64,
    /// At most.
    pub max: f64,
}

impl Seconds {
    fn of(rounds: &[Round], chore: Chore) -> (u64, Self) {
        let own = rounds.iter().filter(|round| round.chore == chore);
        let seconds: Vec<_> = own.map(|round| round.end_ns.saturating_sub(round.begin_ns) as f64 / 1e9).collect();
        let mean = seconds.iter().fold(0.0, |sum, second| sum + second) / seconds.len().max(1) as f64;
        (seconds.len() as u64, Self { mean, max: seconds.iter().copied().fold(0.0, f64::max) })
    }
}

/// The ceiling beside the measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Echo {
    /// Measured against the bare server.
    #[serde(flatten)]
    pub figures: Rates,
    /// This run's operations per second over the echo's.
    pub ratio: f64,
    /// The echo over time and by percentile.
    pub series: Option<Series>,
}

/// Adds the outcomes of one round.
pub fn count_outcomes(measured: &Measured, accepted: &mut u64, refused: &mut BTreeMap<String, u64>) {
    let mut by_reason = BTreeMap::<i32, u64>::new();
    for record in measured.records.iter().filter(|record| record.is_answered()) {
        *by_reason.entry(i32::from(record.reason)).or_default() += 1;
    }
    for (reason, count) in by_reason {
        match reason {
            0 => *accepted += count,
            _ => *refused.entry(refusal::name(reason)).or_default() += count,
        }
    }
}

impl Report {
    /// Enters what the checker found.
    pub fn enter(&mut self, findings: &Findings, elapsed: Duration) {
        self.checked = findings.checked;
        self.violations = findings.violations;
        self.violations_listed = findings.listed.iter().map(ToString::to_string).collect();
        self.check_seconds = elapsed.as_secs_f64();
    }

    /// Enters what snapshots, replays and looks at the data directory came to.
    pub fn enter_upkeep(&mut self, upkeep: &Upkeep, is_asked_for: bool, verified: u64) {
        let (count, seconds) = Seconds::of(&upkeep.rounds, Chore::Snapshot);
        let snapshots = Snapshots { count, lost: upkeep.lost, failed: upkeep.failed, seconds, image_bytes: upkeep.image_bytes };
        self.snapshots = is_asked_for.then_some(snapshots);
        let (count, seconds) = Seconds::of(&upkeep.rounds, Chore::Replay);
        self.replays = (is_asked_for || count > 0).then_some(Replays { count, differences: upkeep.differences, seconds });
        self.verified = verified;
    }

    /// Writes the JSON.
    pub fn write_json(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Error::file(path)(error.into()))?;
        text.push('\n');
        std::fs::write(path, text).map_err(Error::file(path))
    }
}
