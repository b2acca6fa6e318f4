//! The text form of HdrHistogram's percentile distribution, which its plotters read.

use std::{fmt::Write as _, path::Path};

use hdrhistogram::Histogram;

use crate::error::Error;

/// Lines for each halving of the distance to 100 %.
const TICKS_PER_HALF: u32 = 5;

/// What the histogram counts, and what the text shows.
const NS_PER_US: f64 = 1e3;

/// Writes `latency_ns` in microseconds.
pub fn write(path: &Path, latency_ns: &Histogram<u64>) -> Result<(), Error> {
    std::fs::write(path, text(latency_ns)).map_err(Error::file(path))
}

fn text(latency_ns: &Histogram<u64>) -> String {
    let mut text = format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut total = 0;
    for point in latency_ns.iter_quantiles(TICKS_PER_HALF) {
        total += point.count_since_last_iteration();
        let (value, quantile) = (point.value_iterated_to() as f64 / NS_PER_US, point.quantile_iterated_to());
        // Writing to a string cannot fail.
        let _ = write!(text, "{value:>12.3} {quantile:>14.12} {total:>10}");
        let _ = if quantile < 1.0 { writeln!(text, " {:>14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(text) };
    }
    let (mean, deviation) = (latency_ns.mean() / NS_PER_US, latency_ns.stdev() / NS_PER_US);
    let _ = writeln!(text, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]");
    let _ =
        writeln!(text, "#[Max     = {:>12.3}, Total count    = {:>12}]", latency_ns.max() as f64 / NS_PER_US, latency_ns.len());
    let _ = writeln!(text, "#[Buckets = {:>12}, SubBuckets     = {:>12}]", latency_ns.buckets(), 2_048);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_ends_at_everything() {
        let mut latency_ns = Histogram::new(3).unwrap();
        (1..=1_000_u64).for_each(|us| latency_ns.record(us * 1_000).unwrap());
        let text = text(&latency_ns);
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        let columns: Vec<_> = last.split_whitespace().collect();
        assert_eq!(columns[1..], ["1.000000000000", "1000"]);
        assert!(text.contains("Total count    =         1000"), "{text}");
    }

    #[test]
    fn half_of_the_values_lie_below_the_median() {
        let mut latency_ns = Histogram::new(3).unwrap();
        (1..=1_000_u64).for_each(|us| latency_ns.record(us * 1_000).unwrap());
        let text = text(&latency_ns);
        let median = text.lines().find(|line| line.contains(" 0.500000000000 ")).unwrap();
        let value: f64 = median.split_whitespace().next().unwrap().parse().unwrap();
        assert!((499.0..=501.0).contains(&value), "{median}");
    }
}
