//! Sends a request until its answer is final, and writes its record.

use std::time::Duration;

use super::{
    road::Road,
    told::{Answer, Heard},
};
use crate::{
    clock::Clock,
    drive::{Load, losses::Losses, settle},
    error::Error,
    link::Link,
    plan::mix::{Request, Told},
    record::Record,
    wire::answer::{Accepted, Outcome},
};

/// One till's counter: it knows the road and counts what went wrong on it.
pub(super) struct Post {
    pub(super) road: Road,
    pub(super) clock: Clock,
    pub(super) load: Load,
    pub(super) losses: Losses,
    pub(super) postponed: settle::Postponed,
}

impl Post {
    pub(super) fn new(road: Road, link: Link, clock: Clock, load: Load) -> Self {
        Self { road, clock, load, losses: Losses::new(link), postponed: settle::Postponed::new() }
    }

    /// The record of the final answer, and what an accepted reply said.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(Record, Option<Told>), Error> {
        let mut record = Record::UNSENT;
        loop {
            record.send(self.clock.now_ns());
            let answer = match self.road.travel(request.clone()).await? {
                Ok(answer) => answer,
                Err(status) => {
                    self.losses.bear("a till's request", status).await?;
                    continue;
                }
            };
            let now_ns = self.clock.now_ns();
            self.losses.end();
            match answer {
                Answer::Accepted(heard) => {
                    record.answer(&Outcome::Accepted(accepted(&heard)), now_ns);
                    return Ok((record, Some(heard.told)));
                }
                Answer::Refused(refused) => {
                    let outcome = Outcome::Refused(refused);
                    if settle::is_worth_another(&outcome, record.sends, &self.load, &mut self.postponed) {
                        self.losses.resent += 1;
                        tokio::time::sleep(Duration::from_nanos(settle::PAUSE_NS)).await;
                        continue;
                    }
                    record.answer(&outcome, now_ns);
                    return Ok((record, None));
                }
            }
        }
    }
}

fn accepted(heard: &Heard) -> Accepted<'_> {
    Accepted {
        coupon_id: heard.coupon_id.as_bytes(),
        partition: heard.position.partition,
        lsn: heard.position.lsn,
        replayed: heard.replayed,
        applied_minor: heard.told.applied,
        balance_after_minor: heard.told.balance_after,
        fingerprint: heard.fingerprint,
        ..Accepted::default()
    }
}
