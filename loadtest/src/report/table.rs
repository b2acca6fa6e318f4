//! The table for people.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::{Latency, Rates, Report};
use crate::scenario::overload::{Overload, Phase};

/// All figures of a run, one a line.
pub fn of(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let shape = &report.shape;
    let loop_kind = shape.rate.map_or("closed loop".to_owned(), |rate| format!("open loop at {rate:.0}/s"));
    let mode = format!("{:?}", shape.mode).to_lowercase();
    line(&mut table, "scenario", format!("{}, {mode}, {} round(s)", report.scenario, report.rounds));
    line(&mut table, "load", format!("{} connections, {} in flight, {loop_kind}", shape.connections, shape.in_flight));
    if let Some(preparation) = &report.preparation {
        line(&mut table, "prepared", format!("{} at {:.0}/s", preparation.operations, preparation.operations_per_second));
    }
    // A campaign that measures phases of its own has no figures of one whole.
    if report.figures.operations > 0 {
        rates(&mut table, &report.figures, noun(report));
        for step in &report.steps {
            line(&mut table, &format!("{}, µs", step.name), percentiles(&step.latency_us));
        }
        line(&mut table, "accepted", report.accepted.to_string());
    }
    for (reason, count) in &report.refused {
        line(&mut table, &format!("refused {reason}"), count.to_string());
    }
    line(&mut table, "retries", format!("{} (resent {}, lost connections {})", report.retries, report.resent, report.lost));
    for (reason, count) in &report.postponed {
        line(&mut table, &format!("postponed {reason}"), count.to_string());
    }
    beside(&mut table, report);
    line(&mut table, "checked", format!("{} facts in {:.1} s", report.checked, report.check_seconds));
    line(&mut table, "client's record", format!("{:.1} MiB", report.record_bytes as f64 / f64::from(1 << 20)));
    line(&mut table, "violations", report.violations.to_string());
    table
}

/// What an operation is called, one and many.
fn noun(report: &Report) -> (&'static str, &'static str) {
    match report.scenario.as_str() {
        "holds" => ("a pair", "pairs"),
        "gift" => ("a gift", "gifts"),
        "bulk" => ("a row", "rows"),
        _ => ("an operation", "operations"),
    }
}

fn percentiles(us: &Latency) -> String {
    format!("p50 {:.0}  p90 {:.0}  p99 {:.0}  p99.9 {:.0}  max {:.0}", us.p50, us.p90, us.p99, us.p999, us.max)
}

fn rates(table: &mut Table, figures: &Rates, (one, many): (&str, &str)) {
    line(table, many, format!("{} in {:.3} s", figures.operations, figures.seconds));
    line(table, &format!("{many}/s"), format!("{:.0}", figures.operations_per_second));
    line(table, "latency, µs", percentiles(&figures.latency_us));
    if let Some(client) = figures.client_cores {
        let side = |cores: f64, each: Option<f64>| format!("{cores:.2} ({:.2} µs {one})", each.unwrap_or_default());
        let server = figures.server_cores.map(|cores| format!(", server {}", side(cores, figures.server_cpu_us_per_operation)));
        let client = side(client, figures.client_cpu_us_per_operation);
        line(table, "cores used", format!("client {client}{}", server.unwrap_or_default()));
    }
    if let Some(times) = figures.client_over_server() {
        line(table, "the client", format!("used {times:.1} times the server's processor time: it may be what was measured"));
    }
}

/// What stands beside the measurement: the ceiling, the server's figures, kills, the end of the sale.
fn beside(table: &mut Table, report: &Report) {
    if let Some(echo) = &report.echo {
        line(table, "echo/s", format!("{:.0} (ratio {:.3})", echo.figures.operations_per_second, echo.ratio));
        line(
            table,
            "echo latency, µs",
            format!("p50 {:.0}  p99 {:.0}", echo.figures.latency_us.p50, echo.figures.latency_us.p99),
        );
    }
    if let Some(server) = &report.server {
        line(table, "syncs", format!("{} ({:.1} accepted a group)", server.syncs, server.accepted_per_group));
        line(table, "groups", format!("{} ({:.1} frames in each)", server.groups, server.frames_per_group));
        if let Some(took) = &server.sync_times {
            line(table, "sync, µs", format!("p50 {:.0}  p90 {:.0}  p99 {:.0}", took.p50_us, took.p90_us, took.p99_us));
        }
        let (frames, disk) = (server.log_bytes_per_accepted, server.disk_bytes_per_accepted);
        line(table, "log bytes/accepted", format!("{frames:.1} in frames, {disk:.1} on disk"));
        let resident = server.resident_bytes as f64 / f64::from(1 << 20);
        let each = server.resident_bytes_per_coupon;
        let new = if each > 0.0 { format!(", {each:.1} bytes/new coupon") } else { String::new() };
        line(table, "resident", format!("{resident:.1} MiB{new}"));
        line(table, "in memory", format!("{} coupons, {} request ids", server.coupons, server.remembered_requests));
    }
    if !report.recovery_ms.is_empty() {
        let longest = report.recovery_ms.iter().copied().fold(0.0, f64::max);
        let mean = report.recovery_ms.iter().sum::<f64>() / report.recovery_ms.len() as f64;
        let kills = format!("{} ({} of a start)", report.kills, report.kills_of_starts);
        line(table, "kills", format!("{kills}, recovered in {mean:.0} ms on average, {longest:.0} at most"));
    }
    if let Some(flood) = &report.overload {
        overload(table, flood);
    }
    if report.fills > 0 {
        line(table, "disk filled", format!("{} times", report.fills));
    }
    for (fate, count) in &report.fates {
        line(table, &format!("sites: {fate}"), count.to_string());
    }
    upkeep(table, report);
    if let Some(sold_out) = &report.sold_out {
        line(
            table,
            "dry to sold out",
            format!("{:.0} µs (longest wait {:.0} µs)", sold_out.dry_to_sold_out_us, sold_out.longest_wait_us),
        );
        line(table, "last accepted", format!("{:.0} µs after the first SOLD_OUT", sold_out.last_accepted_after_us));
    }
}

/// A flood against the peak before it.
fn overload(table: &mut Table, flood: &Overload) {
    for (name, phase) in [("peak", &flood.peak), ("flood", &flood.overload), ("afterwards", &flood.after)] {
        let goodput = format!("{:.0} of {:.0} offered/s", phase.goodput_per_second, phase.offered_per_second);
        let refused: Vec<_> = phase.refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        line(table, name, format!("{goodput}, {}", refused.join(", ")));
    }
    let ratio = |phase: &Phase| 100.0 * phase.goodput_per_second / flood.peak.goodput_per_second;
    line(
        table,
        "goodput of the peak",
        format!("{:.0} % meanwhile, {:.0} % afterwards", ratio(&flood.overload), ratio(&flood.after)),
    );
    let mib = |bytes: u64| bytes >> 20;
    let (before, most) = flood.resident_bytes;
    line(table, "resident", format!("{} MiB before, {} MiB at most", mib(before), mib(most)));
    line(table, "nonsense refused", flood.nonsense.to_string());
}

/// Snapshots, replays, and what they did to latency.
fn upkeep(table: &mut Table, report: &Report) {
    if let Some(snapshots) = &report.snapshots {
        let (seconds, mib) = (snapshots.seconds, snapshots.image_bytes as f64 / f64::from(1 << 20));
        let took = format!("{:.2} s on average, {:.2} at most", seconds.mean, seconds.max);
        line(
            table,
            "snapshots",
            format!("{} ({took}, {mib:.1} MiB, {} failed, {} lost to kills)", snapshots.count, snapshots.failed, snapshots.lost),
        );
    }
    if let Some(replays) = &report.replays {
        let took = format!("{:.2} s on average, {:.2} at most", replays.seconds.mean, replays.seconds.max);
        line(table, "replays", format!("{} ({took}), {} differences", replays.count, replays.differences));
    }
    if let Some(by_round) = &report.latency_by_round {
        for (name, during) in
            [("in snapshots", &by_round.snapshot), ("in replays", &by_round.replay), ("otherwise", &by_round.quiet)]
        {
            let us = &during.latency_us;
            let latency = format!("p50 {:.0}  p99 {:.0}  p99.9 {:.0}  of {}", us.p50, us.p99, us.p999, during.operations);
            line(table, &format!("{name}, µs"), latency);
        }
    }
    if report.verified > 0 {
        line(table, "verified", format!("{} times", report.verified));
    }
}

fn line(table: &mut Table, name: &str, value: String) {
    table.add_row([Cell::new(name), Cell::new(value).set_alignment(CellAlignment::Right)]);
}
