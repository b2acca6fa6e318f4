//! The text form in which Prometheus reads metrics, version 0.0.4.
//!
//! Written here because what is counted lives in atomics of our own, and all that is left is a form of three kinds of lines; the
//! project's client library writes OpenMetrics instead and takes a lock for each observation of a histogram.

use std::fmt::{Display, Write};

use crate::meter::Reading;

/// What an answer in this form says of itself.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Begins every name.
const PREFIX: &str = "tessera_";

/// Microseconds of a second.
const SECOND_US: f64 = 1e6;

/// What becomes of a metric over time.
#[derive(Clone, Copy)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It counts how many were at most so large.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Names and values of a sample's labels.
pub type Labels<'a> = [(&'static str, &'a str)];

/// Metrics, as they are written.
#[derive(Default)]
pub struct Text(String);

/// One metric: its samples follow its head.
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

/// Why writing cannot fail.
const GROWS: &str = "a string takes whatever is written";

impl Text {
    /// Begins a metric. Counters are called `…_total`, times `…_seconds`, sizes `…_bytes`.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        assert!(matches!(kind, Kind::Counter) == name.ends_with("_total"), "{name} is named after its kind");
        let text = &mut self.0;
        write!(text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {}\n", kind.name()).expect(GROWS);
        Family { text, name }
    }

    /// Everything written.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// One value.
    pub fn sample(&mut self, labels: &Labels<'_>, value: impl Display) {
        self.line("", labels, None, value);
    }

    /// Buckets, their sum and their number. Times are told in seconds.
    pub fn histogram(&mut self, labels: &Labels<'_>, reading: &Reading) {
        let mut below = 0;
        for (count, &bound_us) in reading.counts.iter().zip(&reading.bounds_us) {
            below += count;
            let bound = (bound_us as f64 / SECOND_US).to_string();
            self.line("_bucket", labels, Some(&bound), below);
        }
        let count = reading.count();
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, reading.sum_us as f64 / SECOND_US);
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, bound: Option<&str>, value: impl Display) {
        write!(self.text, "{PREFIX}{}{suffix}", self.name).expect(GROWS);
        let labels = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        for (at, (name, value)) in labels.enumerate() {
            let separator = if at == 0 { '{' } else { ',' };
            write!(self.text, "{separator}{name}=\"{}\"", escaped(value)).expect(GROWS);
        }
        let end = if self.text.ends_with('"') { "} " } else { " " };
        writeln!(self.text, "{end}{value}").expect(GROWS);
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Text), expected: &str) {
        let mut text = Text::default();
        write(&mut text);
        assert_eq!(text.finish(), expected);
    }

    #[test]
    fn a_metric_has_a_head_and_samples_with_labels() {
        check(
            |text| {
                let mut family = text.family("operations_total", Kind::Counter, "Operations.");
                family.sample(&[("method", "Claim"), ("reason", "")], 7);
                family.sample(&[], 8);
            },
            "# HELP tessera_operations_total Operations.\n# TYPE tessera_operations_total counter\n\
             tessera_operations_total{method=\"Claim\",reason=\"\"} 7\ntessera_operations_total 8\n",
        );
    }

    #[test]
    fn buckets_of_a_histogram_are_cumulative_and_in_seconds() {
        let reading = Reading { bounds_us: vec![50, 1_000_000], counts: vec![1, 2, 4], sum_us: 2_500_000 };
        check(
            |text| text.family("wait_seconds", Kind::Histogram, "Waits.").histogram(&[("shard", "0")], &reading),
            "# HELP tessera_wait_seconds Waits.\n# TYPE tessera_wait_seconds histogram\n\
             tessera_wait_seconds_bucket{shard=\"0\",le=\"0.00005\"} 1\n\
             tessera_wait_seconds_bucket{shard=\"0\",le=\"1\"} 3\n\
             tessera_wait_seconds_bucket{shard=\"0\",le=\"+Inf\"} 7\n\
             tessera_wait_seconds_sum{shard=\"0\"} 2.5\ntessera_wait_seconds_count{shard=\"0\"} 7\n",
        );
    }

    #[test]
    fn what_would_end_a_label_is_escaped() {
        check(
            |text| text.family("x", Kind::Gauge, "X.").sample(&[("a", "\"\\\n")], 1),
            "# HELP tessera_x X.\n# TYPE tessera_x gauge\ntessera_x{a=\"\\\"\\\\\\n\"} 1\n",
        );
    }
}
