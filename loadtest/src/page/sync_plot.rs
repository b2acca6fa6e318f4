//! How long syncs of the log took: the share of them in each of the server's buckets.

use super::{
    Shown, number,
    plot::{Axis, Line, Plot},
    scale::Scale,
};
use crate::server::sync_times::SyncTimes;

/// Where the last bucket ends in the drawing: it has no bound, so it is as wide as one that doubles.
const BEYOND: f64 = 2.0;

/// Syncs by their time.
pub fn sync_times(shown: &[Shown<'_>]) -> Plot {
    let mut lines = Vec::new();
    let mut gaps = Vec::new();
    for one in shown {
        match one.run.server.as_ref().and_then(|server| server.sync_times.as_ref()) {
            Some(times) => lines.push(Line {
                label: one.label.clone(),
                colour: one.colour.clone(),
                is_echo: false,
                points: steps(times),
                rows: Some(buckets(times)),
                is_filled: shown.len() == 1,
            }),
            None => gaps.push(format!(
                "{} has no sync times: the server was killed, does not tell them, or the file is of an older version.",
                one.label
            )),
        }
    }
    let of = |which: fn(&(f64, f64)) -> f64| lines.iter().flat_map(|line| &line.points).map(which);
    let x = Axis {
        label: "duration of a sync, at most",
        scale: Scale::log(of(|point| point.0), number::short_time),
        write: number::time,
    };
    let percent: fn(f64) -> String = |share| format!("{} %", number::trimmed(share));
    let y = Axis {
        label: "share of syncs",
        scale: Scale::up_to(of(|point| point.1), percent),
        write: |share| format!("{share:.2} %"),
    };
    let said = "How long the fdatasync of each group took: the share in each bucket, as the server counts them. \
                What is longer than its last bound is drawn up to twice that."
        .to_owned();
    Plot { id: "syncs", title: "Syncs of the log", said, x, y, lines, gaps, keys: Vec::new() }
}

/// The upper bound of each bucket that has a sync, and the share in it, of a hundred.
fn buckets(times: &SyncTimes) -> Vec<(f64, f64)> {
    let all = times.counts.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
    let bounds = (0..=times.bounds_us.len()).map(|bucket| bound(times, bucket));
    let shares = times.counts.iter().map(|&count| count as f64 * 100.0 / all);
    bounds.zip(shares).filter(|(_, share)| *share > 0.0).collect()
}

fn bound(times: &SyncTimes, bucket: usize) -> f64 {
    let last = times.bounds_us.last().copied().unwrap_or(1) as f64;
    times.bounds_us.get(bucket).map_or(last * BEYOND, |&bound| bound as f64)
}

/// The upper edge of a histogram, from the first bucket that has a sync to the last.
fn steps(times: &SyncTimes) -> Vec<(f64, f64)> {
    let all = times.counts.iter().map(|&count| count as f64).sum::<f64>().max(1.0);
    let busy = |bucket: &usize| times.counts.get(*bucket).is_some_and(|&count| count > 0);
    let buckets = 0..times.counts.len().min(times.bounds_us.len() + 1);
    let (Some(first), Some(end)) = (buckets.clone().find(busy), buckets.rev().find(busy)) else { return Vec::new() };
    let from = |bucket: usize| bucket.checked_sub(1).map_or(bound(times, 0) / BEYOND, |before| bound(times, before));
    let mut points = vec![(from(first), 0.0)];
    for bucket in first..=end {
        let share = times.counts[bucket] as f64 * 100.0 / all;
        points.extend([(from(bucket), share), (bound(times, bucket), share)]);
    }
    points.push((bound(times, end), 0.0));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_is_a_step() {
        let times = SyncTimes { bounds_us: vec![100, 200, 400], counts: vec![0, 3, 0, 1], ..SyncTimes::default() };
        let expected =
            [(100.0, 0.0), (100.0, 75.0), (200.0, 75.0), (200.0, 0.0), (400.0, 0.0), (400.0, 25.0), (800.0, 25.0), (800.0, 0.0)];
        assert_eq!(steps(&times), expected);
        assert_eq!(buckets(&times), [(200.0, 75.0), (800.0, 25.0)]);
    }

    #[test]
    fn broken_counts_are_no_steps() {
        assert_eq!(steps(&SyncTimes::default()), []);
        let cut = SyncTimes { bounds_us: vec![100], counts: vec![0, 0, 7], ..SyncTimes::default() };
        assert_eq!((steps(&cut), buckets(&cut)), (Vec::new(), Vec::new()));
    }
}
