//! What is compared: one figure of a run, where it stands, and which way it is better.

use serde::Serialize;

use crate::{
    report::{Latency, saved::Run},
    server::sync_times::SyncTimes,
};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
    /// Neither: it explains another figure.
    Neither,
}

/// One figure.
pub struct Figure {
    /// Its name, which programs rely on.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Where it stands; `None` if the run does not have it.
    pub of: fn(&Run) -> Option<f64>,
}

/// All of them, as they are listed.
pub const FIGURES: &[Figure] = &[
    figure("throughput", "/s", Better::Higher, |run| Some(run.figures.operations_per_second)),
    figure("ratio_to_echo", "", Better::Higher, |run| Some(run.echo.as_ref()?.ratio)),
    figure("latency_p50", "µs", Better::Lower, |run| Some(run.figures.latency_us.p50)),
    figure("latency_p90", "µs", Better::Lower, |run| Some(run.figures.latency_us.p90)),
    figure("latency_p99", "µs", Better::Lower, |run| Some(run.figures.latency_us.p99)),
    figure("latency_p999", "µs", Better::Lower, |run| Some(run.figures.latency_us.p999)),
    figure("latency_max", "µs", Better::Lower, |run| Some(run.figures.latency_us.max)),
    figure("hold_p50", "µs", Better::Lower, |run| step(run, "hold").map(|us| us.p50)),
    figure("hold_p99", "µs", Better::Lower, |run| step(run, "hold").map(|us| us.p99)),
    figure("capture_p50", "µs", Better::Lower, |run| step(run, "capture").map(|us| us.p50)),
    figure("capture_p99", "µs", Better::Lower, |run| step(run, "capture").map(|us| us.p99)),
    figure("server_cpu", "µs/op", Better::Lower, server_cpu_us_per_operation),
    figure("client_cpu", "µs/op", Better::Lower, |run| run.figures.client_cpu_us_per_operation),
    figure("log_bytes", "B/accepted", Better::Lower, |run| Some(run.server.as_ref()?.log_bytes_per_accepted)),
    figure("disk_bytes", "B/accepted", Better::Lower, |run| Some(run.server.as_ref()?.disk_bytes_per_accepted)),
    figure("syncs", "/1,000 ops", Better::Lower, syncs_per_thousand),
    figure("accepted_per_group", "", Better::Neither, |run| Some(run.server.as_ref()?.accepted_per_group)),
    figure("sync_p50", "µs", Better::Lower, |run| Some(sync_times(run)?.p50_us)),
    figure("sync_p99", "µs", Better::Lower, |run| Some(sync_times(run)?.p99_us)),
    figure("memory", "B/coupon", Better::Lower, memory_per_coupon),
    figure("echo_throughput", "/s", Better::Neither, |run| Some(run.echo.as_ref()?.figures.operations_per_second)),
];

const fn figure(name: &'static str, unit: &'static str, better: Better, of: fn(&Run) -> Option<f64>) -> Figure {
    Figure { name, unit, better, of }
}

/// Processor time of the server for one operation; an older file has it as cores over the measurement.
pub fn server_cpu_us_per_operation(run: &Run) -> Option<f64> {
    let figures = &run.figures;
    let told_by_cores = || Some(figures.server_cores? * figures.client_cpu_us_per_operation? / figures.client_cores?);
    figures.server_cpu_us_per_operation.or_else(told_by_cores)
}

/// Syncs for a thousand operations answered.
pub fn syncs_per_thousand(run: &Run) -> Option<f64> {
    Some(run.server.as_ref()?.syncs as f64 * 1e3 / run.figures.operations as f64)
}

/// Latencies of the step of this name, in runs whose operations have some.
fn step<'a>(run: &'a Run, name: &str) -> Option<&'a Latency> {
    run.steps.iter().find(|step| step.name == name).map(|step| &step.latency_us)
}

fn sync_times(run: &Run) -> Option<&SyncTimes> {
    run.server.as_ref()?.sync_times.as_ref()
}

/// A run without new coupons says nothing of what one costs.
fn memory_per_coupon(run: &Run) -> Option<f64> {
    run.server.as_ref().map(|server| server.resident_bytes_per_coupon).filter(|&bytes| bytes > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::tests::OLD;

    #[test]
    fn an_older_run_s_server_time_is_told_by_its_cores() {
        let run: Run = serde_json::from_str(OLD).unwrap();
        assert_eq!(server_cpu_us_per_operation(&run), Some(1_500.0));
        assert_eq!(syncs_per_thousand(&run), Some(5.0));
    }

    #[test]
    fn names_are_each_there_once() {
        let mut names: Vec<_> = FIGURES.iter().map(|figure| figure.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIGURES.len());
    }
}
