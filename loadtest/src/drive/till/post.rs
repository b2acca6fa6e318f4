//! Sends a request until its answer is final, and writes its record.

use std::time::Duration;

use tonic::{Code, Status};

use super::{
    road::Road,
    told::{Answer, Heard},
};
use crate::{
    clock::Clock,
    drive::{Load, settle},
    error::Error,
    link::{Link, RECOVERY_MAX},
    plan::mix::{Request, Told},
    record::Record,
    wire::answer::{Accepted, Outcome},
};

/// Sends lost in a row before the run is given up.
const LOSSES_MAX: u32 = 20;

/// One till's counter: it knows the road and counts what went wrong on it.
pub(super) struct Post {
    pub(super) road: Road,
    pub(super) link: Link,
    pub(super) clock: Clock,
    pub(super) load: Load,
    pub(super) resent: u64,
    pub(super) postponed: settle::Postponed,
    pub(super) lost: u64,
}

impl Post {
    pub(super) fn new(road: Road, link: Link, clock: Clock, load: Load) -> Self {
        Self { road, link, clock, load, resent: 0, postponed: settle::Postponed::new(), lost: 0 }
    }

    /// The record of the final answer, and what an accepted reply said.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(Record, Option<Told>), Error> {
        let (mut record, mut losses) = (Record::UNSENT, 0);
        loop {
            record.send(self.clock.now_ns());
            let answer = match self.road.travel(request.clone()).await? {
                Ok(answer) => answer,
                Err(status) => {
                    losses += 1;
                    self.bear_loss(&status, losses).await?;
                    continue;
                }
            };
            let now_ns = self.clock.now_ns();
            losses = 0;
            match answer {
                Answer::Accepted(heard) => {
                    record.answer(&Outcome::Accepted(accepted(&heard)), now_ns);
                    return Ok((record, Some(heard.told)));
                }
                Answer::Refused(refused) => {
                    let outcome = Outcome::Refused(refused);
                    if settle::is_worth_another(&outcome, record.sends, &self.load, &mut self.postponed) {
                        self.resent += 1;
                        tokio::time::sleep(Duration::from_nanos(settle::PAUSE_NS)).await;
                        continue;
                    }
                    record.answer(&outcome, now_ns);
                    return Ok((record, None));
                }
            }
        }
    }

    /// The outcome is unknown: waits until the server serves, then the same request goes again.
    async fn bear_loss(&mut self, status: &Status, losses: u32) -> Result<(), Error> {
        if matches!(status.code(), Code::Unimplemented | Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated) {
            return Err(Error::call("a till's request")(status.clone()));
        }
        if losses >= LOSSES_MAX {
            return Err(Error::LosesConnections { losses, last: status.to_string() });
        }
        self.lost += 1;
        self.resent += 1;
        self.link.serving(RECOVERY_MAX).await.map(drop)
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
