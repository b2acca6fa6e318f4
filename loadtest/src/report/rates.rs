//! Rates and latencies of one measurement: the figures that runs are compared by.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Rates and latencies of one measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rates {
    /// Operations answered, retries included.
    pub operations: u64,
    /// From the first send to the last answer.
    pub seconds: f64,
    /// Their quotient.
    pub operations_per_second: f64,
    /// From the (intended) send to the answer.
    pub latency_us: Latency,
    /// Processor time of this process, in cores.
    pub client_cores: Option<f64>,
    /// Processor time of this process for one operation.
    pub client_cpu_us_per_operation: Option<f64>,
    /// Processor time of the server, in cores, if it was started here and lived through.
    pub server_cores: Option<f64>,
    /// Processor time of that server for one operation.
    pub server_cpu_us_per_operation: Option<f64>,
}

/// Percentiles, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: f64,
    /// 10 % were slower.
    pub p90: f64,
    /// 1 % were slower.
    pub p99: f64,
    /// 0.1 % were slower.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
}

impl Rates {
    /// How many times the server's processor time this process used, if it used more: then it may be what was measured.
    pub fn client_over_server(&self) -> Option<f64> {
        let times = self.client_cores? / self.server_cores?;
        (times > 1.0 && times.is_finite()).then_some(times)
    }
}

impl Latency {
    /// From nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max() as f64 / 1e3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_that_used_more_than_the_server_is_told() {
        let latency_us = Latency { p50: 0.0, p90: 0.0, p99: 0.0, p999: 0.0, max: 0.0 };
        let of = |client_cores, server_cores| Rates {
            operations: 1,
            seconds: 1.0,
            operations_per_second: 1.0,
            latency_us,
            client_cores,
            client_cpu_us_per_operation: None,
            server_cores,
            server_cpu_us_per_operation: None,
        };
        assert_eq!(of(Some(1.5), Some(0.5)).client_over_server(), Some(3.0));
        assert_eq!(of(Some(0.5), Some(0.5)).client_over_server(), None);
        assert_eq!(of(Some(0.5), Some(0.0)).client_over_server(), None, "no time is no measure");
        assert_eq!(of(Some(0.5), None).client_over_server(), None);
    }
}
