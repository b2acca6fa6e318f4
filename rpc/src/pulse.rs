//! The pulse of the shards: their newest reports, and how long one has owed an answer.
//!
//! A report goes through the shard's mailbox and comes back when what it says is durable, so an answer proves that shard, log and
//! disk are alive. Whoever scrapes shares one answer a second: however many watch, the shards are asked once. A shard that is
//! merely overloaded misses some answers; one that has owed an answer for [`STUCK_AFTER`] is stuck.

use std::time::{Duration, Instant};

use tessera_engine::{Router, shard::ShardReport};
use tokio::{sync::Mutex, time::timeout_at};

/// How old an answer may be before the shards are asked again.
const REPORT_AGE_MAX: Duration = Duration::from_secs(1);

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// How long a shard may owe an answer before it is taken for stuck. A slow disk is given that long.
pub const STUCK_AFTER: Duration = Duration::from_secs(10);

/// What is known of the shards. Asking is serialized: who comes meanwhile gets the same answer.
#[derive(Default)]
pub struct Pulse(Mutex<Known>);

#[derive(Default)]
struct Known {
    asked: Option<Instant>,
    shards: Vec<ShardPulse>,
}

impl Known {
    fn is_old(&self, now: Instant) -> bool {
        self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= REPORT_AGE_MAX)
    }
}

/// One shard.
#[derive(Clone, Debug, Default)]
pub struct ShardPulse {
    /// Its newest report; `None` before the first.
    pub report: Option<ShardReport>,
    /// Since when it has owed an answer; `None` while it answers.
    pub silent_since: Option<Instant>,
}

impl ShardPulse {
    /// Whether it has owed an answer for too long, by `now`.
    pub fn is_stuck(&self, now: Instant) -> bool {
        self.silent_since.is_some_and(|since| now.saturating_duration_since(since) >= STUCK_AFTER)
    }

    /// Takes what it answered to a question of `asked`.
    fn hear(&mut self, answer: Option<ShardReport>, asked: Instant) {
        match answer {
            Some(report) => *self = Self { report: Some(report), silent_since: None },
            None => self.silent_since = self.silent_since.or(Some(asked)),
        }
    }
}

impl Pulse {
    /// The shards by number, as they were at most a second ago.
    pub async fn recent(&self, router: &Router) -> Vec<ShardPulse> {
        let mut known = self.0.lock().await;
        let now = Instant::now();
        if known.is_old(now) {
            known.shards.resize_with(usize::from(router.shards()), ShardPulse::default);
            let answers = ask(router).await;
            known.shards.iter_mut().zip(answers).for_each(|(shard, answer)| shard.hear(answer, now));
            known.asked = Some(now);
        }
        known.shards.clone()
    }
}

/// Every shard's report as it is now, by number; `None` of one that does not answer in time.
pub async fn ask(router: &Router) -> Vec<Option<ShardReport>> {
    let until = tokio::time::Instant::now() + ANSWER_MAX;
    let mut answers = Vec::new();
    for answer in router.ask_reports() {
        answers.push(timeout_at(until, answer).await.ok().and_then(Result::ok));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn shards_are_asked_once_a_second() {
        let asked = Instant::now();
        let known = Known { asked: Some(asked), shards: Vec::new() };
        assert!(Known::default().is_old(asked));
        assert!(!known.is_old(asked + SECOND / 2));
        assert!(known.is_old(asked + SECOND));
    }

    #[test]
    fn a_shard_is_stuck_when_it_has_owed_an_answer_for_too_long() {
        let (mut shard, asked) = (ShardPulse::default(), Instant::now());
        shard.hear(None, asked);
        shard.hear(None, asked + STUCK_AFTER - SECOND);
        assert!(!shard.is_stuck(asked + STUCK_AFTER - SECOND));
        assert!(shard.is_stuck(asked + STUCK_AFTER));
    }

    #[test]
    fn an_answer_pays_the_debt_and_silence_keeps_the_last_report() {
        let (mut shard, asked) = (ShardPulse::default(), Instant::now());
        shard.hear(None, asked);
        shard.hear(Some(ShardReport { turns: 7, ..Default::default() }), asked + SECOND);
        shard.hear(None, asked + 2 * SECOND);
        assert_eq!(shard.silent_since, Some(asked + 2 * SECOND));
        assert_eq!(shard.report.unwrap().turns, 7);
    }
}
