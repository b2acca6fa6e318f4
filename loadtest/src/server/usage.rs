//! Processor time of the client and of the server while the load runs, sampled a few times a second beside it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::task::AbortHandle;

use super::cpu;
use crate::clock::Clock;

/// Between two samples: the system counts in steps of 10 ms, so a core is told apart in 25 steps.
const LOOK: Duration = Duration::from_millis(250);

/// Most intervals told: beyond, neighbours become one.
const INTERVALS_MAX: usize = 200;

/// Processor time used so far, at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    at_ns: u64,
    client: Option<Duration>,
    server: Option<Duration>,
}

/// Cores busy in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cores {
    /// Since the first send.
    pub begin_seconds: f64,
    /// Since the first send.
    pub end_seconds: f64,
    /// Of this process.
    pub client: Option<f64>,
    /// Of the server, if it was started here and lived.
    pub server: Option<f64>,
}

/// Samples until it is dropped.
#[derive(Debug)]
pub struct Watch {
    clock: Clock,
    server: Option<u32>,
    samples: Arc<Mutex<Vec<Sample>>>,
    task: AbortHandle,
}

impl Watch {
    /// Begins with this process and, if there is one, the server's.
    pub fn begin(clock: Clock, server: Option<u32>) -> Self {
        let samples = Arc::new(Mutex::new(vec![Sample::take(clock, server)]));
        let own = samples.clone();
        let look = async move {
            let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
            looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                own.lock().unwrap_or_else(PoisonError::into_inner).push(Sample::take(clock, server));
            }
        };
        Self { clock, server, samples, task: tokio::spawn(look).abort_handle() }
    }

    /// Ends with one more sample.
    pub fn end(self) -> Vec<Sample> {
        let last = Sample::take(self.clock, self.server);
        let mut samples = std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner));
        samples.push(last);
        samples
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sample {
    fn take(clock: Clock, server: Option<u32>) -> Self {
        Self { at_ns: clock.now_ns(), client: cpu::used_here(), server: server.and_then(cpu::used_by) }
    }
}

/// Cores busy over all rounds.
#[derive(Debug, Default)]
pub struct Usage {
    intervals: Vec<Cores>,
    length_seconds: f64,
}

impl Usage {
    /// Adds a round behind the rounds before it: its samples, when its load began and how long that lasted.
    pub fn add(&mut self, samples: &[Sample], begin_ns: u64, seconds: f64) {
        let offset = self.length_seconds;
        let since = |at_ns: u64| (at_ns.saturating_sub(begin_ns) as f64 / 1e9).min(seconds) + offset;
        let mut before = samples.first().copied();
        for (number, &sample) in samples.iter().enumerate().skip(1) {
            let Some(from) = before else { break };
            let took = Duration::from_nanos(sample.at_ns.saturating_sub(from.at_ns));
            // Too short to be told from the system's steps, unless there is nothing else.
            if took < LOOK / 2 && number > 1 {
                continue;
            }
            let (begin_seconds, end_seconds) = (since(from.at_ns), since(sample.at_ns));
            // What lies mostly behind the last answer says little of the load.
            let is_of_the_load = end_seconds - begin_seconds >= took.as_secs_f64() / 2.0 || number == 1;
            if end_seconds > begin_seconds && is_of_the_load {
                let (client, server) = (busy(from.client, sample.client, took), busy(from.server, sample.server, took));
                self.intervals.push(Cores { begin_seconds, end_seconds, client, server });
            }
            before = Some(sample);
        }
        self.length_seconds += seconds;
    }

    /// What was sampled, in at most as many intervals as a plot can show.
    pub fn intervals(&self) -> Vec<Cores> {
        let each = self.intervals.len().div_ceil(INTERVALS_MAX).max(1);
        self.intervals.chunks(each).filter_map(joined).collect()
    }
}

fn busy(before: Option<Duration>, after: Option<Duration>, took: Duration) -> Option<f64> {
    let used = after?.checked_sub(before?)?;
    (!took.is_zero()).then(|| used.as_secs_f64() / took.as_secs_f64())
}

/// Neighbours as one: cores weighed by how long they were busy.
fn joined(intervals: &[Cores]) -> Option<Cores> {
    let (first, last) = (intervals.first()?, intervals.last()?);
    let seconds = |core: &Cores| core.end_seconds - core.begin_seconds;
    let all: f64 = intervals.iter().map(seconds).sum();
    let mean = |cores: fn(&Cores) -> Option<f64>| {
        let used: Option<f64> = intervals.iter().map(|interval| cores(interval).map(|busy| busy * seconds(interval))).sum();
        used.map(|used| used / all)
    };
    let (client, server) = (mean(|core| core.client), mean(|core| core.server));
    Some(Cores { begin_seconds: first.begin_seconds, end_seconds: last.end_seconds, client, server })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn sample(at_ms: u64, client_ms: u64, server_ms: Option<u64>) -> Sample {
        let (client, server) = (Some(Duration::from_millis(client_ms)), server_ms.map(Duration::from_millis));
        Sample { at_ns: at_ms * MS, client, server }
    }

    #[test]
    fn cores_are_time_used_over_time_passed() {
        let mut usage = Usage::default();
        let samples = [sample(1_000, 50, Some(10)), sample(1_250, 175, Some(260)), sample(1_500, 425, None)];
        usage.add(&samples, 1_000 * MS, 0.5);
        let first = Cores { begin_seconds: 0.0, end_seconds: 0.25, client: Some(0.5), server: Some(1.0) };
        let second = Cores { begin_seconds: 0.25, end_seconds: 0.5, client: Some(1.0), server: None };
        assert_eq!(usage.intervals(), [first, second]);
    }

    #[test]
    fn a_rest_too_short_to_tell_is_left_out() {
        let mut usage = Usage::default();
        usage.add(&[sample(0, 0, None), sample(250, 100, None), sample(260, 110, None)], 0, 0.26);
        assert_eq!(usage.intervals().len(), 1);
        usage.add(&[sample(900, 0, None), sample(905, 10, None)], 900 * MS, 0.005);
        assert_eq!(usage.intervals().last().map(|last| last.client), Some(Some(2.0)), "unless there is nothing else");
    }

    #[test]
    fn rounds_follow_one_another_and_what_lies_between_is_left_out() {
        let mut usage = Usage::default();
        usage.add(&[sample(0, 0, None), sample(250, 0, None)], 0, 0.25);
        usage.add(&[sample(9_000, 900, None), sample(9_250, 1_000, None)], 9_000 * MS, 0.25);
        let told: Vec<_> = usage.intervals().iter().map(|core| (core.begin_seconds, core.client)).collect();
        assert_eq!(told, [(0.0, Some(0.0)), (0.25, Some(0.4))]);
    }

    #[test]
    fn what_comes_after_the_last_answer_is_left_out() {
        let mut usage = Usage::default();
        usage.add(&[sample(0, 0, None), sample(250, 250, None), sample(500, 251, None)], 0, 0.3);
        assert_eq!(usage.intervals().iter().map(|core| core.client).collect::<Vec<_>>(), [Some(1.0)]);
    }

    #[test]
    fn an_hour_is_told_in_as_many_intervals_as_a_minute() {
        let samples: Vec<_> = (0..=14_400).map(|look| sample(look * 250, look * 125, None)).collect();
        let mut usage = Usage::default();
        usage.add(&samples, 0, 3_600.0);
        let told = usage.intervals();
        assert!(told.len() <= INTERVALS_MAX, "{}", told.len());
        assert!(told.iter().all(|core| core.client.is_some_and(|cores| (cores - 0.5).abs() < 1e-9)));
    }

    #[tokio::test]
    async fn this_process_is_sampled_at_both_ends() {
        let watch = Watch::begin(Clock::start(), Some(std::process::id()));
        let samples = watch.end();
        assert_eq!(samples.len(), 2);
        assert!(samples.iter().all(|sample| sample.client.is_some() && sample.server.is_some()));
    }
}
