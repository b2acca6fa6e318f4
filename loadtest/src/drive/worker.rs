//! A worker: one unary call at a time.

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tessera_proto::Raw;
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};

use super::{Records, Share, Shared, histogram, settle};
use crate::{
    dice::Dice,
    error::Error,
    link::RECOVERY_MAX,
    record::{Record, Retry},
    wire::{
        answer::{Accepted, Outcome},
        call::Call,
        refusal,
    },
};

/// Calls lost in a row before the run is given up.
const LOSSES_MAX: u32 = 20;

/// See the module.
pub(super) struct Worker {
    shared: Arc<Shared>,
    grpc: Grpc<Channel>,
    records: Vec<(u64, Record)>,
    retries: Vec<Retry>,
    dice: Dice,
    latency_ns: Histogram<u64>,
    resent: u64,
    postponed: settle::Postponed,
    lost: u64,
}

impl Worker {
    /// Worker number `number`, on a connection that it shares.
    pub fn new(shared: Arc<Shared>, number: usize, channel: Channel) -> Result<Self, Error> {
        let dice = Dice::new(shared.load.seed.wrapping_add(number as u64));
        Ok(Self {
            grpc: Grpc::new(channel),
            records: Vec::new(),
            retries: Vec::new(),
            dice,
            latency_ns: histogram()?,
            resent: 0,
            postponed: settle::Postponed::new(),
            lost: 0,
            shared,
        })
    }

    /// Takes errands one by one, each step by step, until there are none left.
    pub async fn run(mut self) -> Result<Share, Error> {
        loop {
            if let Some(pacer) = &self.shared.pacer {
                pacer.next_due().await;
            }
            let Some(errand) = self.shared.source.take(self.shared.steps) else { break };
            for operation in errand {
                let since_ns = self.shared.intended_ns(operation);
                let record = self.perform(operation, since_ns, true).await?;
                self.records.push((operation, record));
                self.retry_if_owed().await?;
                if !record.is_accepted() {
                    break;
                }
            }
        }
        Ok(Share {
            records: Records::List(self.records),
            retries: self.retries,
            latency_ns: self.latency_ns,
            resent: self.resent,
            postponed: self.postponed,
            lost: self.lost,
            strays: 0,
        })
    }

    async fn retry_if_owed(&mut self) -> Result<(), Error> {
        let every = self.shared.load.retry_every;
        if every == 0 || !self.dice.roll().is_multiple_of(every) {
            return Ok(());
        }
        let choice = self.dice.roll() % self.records.len() as u64;
        let (operation, _) = self.records[choice as usize];
        let record = self.perform(operation, 0, false).await?;
        self.retries.push(Retry { operation, record });
        Ok(())
    }

    /// Sends `operation` until its answer is final. `since_ns` is when it should have left; 0 = when it does.
    async fn perform(&mut self, operation: u64, since_ns: u64, is_first: bool) -> Result<Record, Error> {
        let mut request = Vec::with_capacity(192);
        self.shared.plan.write_request(operation, &mut request);
        let call = Call::of(self.shared.plan.kind(), &Bytes::from(request))?;
        let mut record = Record::UNSENT;
        let mut losses = 0;
        loop {
            record.send(self.shared.clock.now_ns());
            let reply = self.call(&call).await;
            let now_ns = self.shared.clock.now_ns();
            let outcome = match &reply {
                Ok(message) => Outcome::Accepted(Accepted::read(call.shape, message)?),
                Err(status) => match refusal::of(status) {
                    Some(refused) => Outcome::Refused(refused),
                    None => {
                        losses += 1;
                        self.bear_loss(status, losses).await?;
                        continue;
                    }
                },
            };
            losses = 0;
            if settle::is_worth_another(&outcome, record.sends, &self.shared.load, &mut self.postponed) {
                self.resent += 1;
                tokio::time::sleep(Duration::from_nanos(settle::PAUSE_NS)).await;
                continue;
            }
            record.answer(&outcome, now_ns);
            let since_ns = if since_ns == 0 { record.sent_ns } else { since_ns };
            self.latency_ns.saturating_record(now_ns.saturating_sub(since_ns));
            if let (Outcome::Accepted(accepted), true) = (&outcome, is_first) {
                self.shared.plan.accepted(operation, accepted);
            }
            self.shared.tally.add(1, u64::from(matches!(outcome, Outcome::Accepted(_))));
            return Ok(record);
        }
    }

    async fn call(&mut self, call: &Call) -> Result<Bytes, Status> {
        let path = PathAndQuery::from_static(call.path);
        self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        self.grpc.unary(Request::new(call.request.clone()), path, Raw::unary()).await.map(tonic::Response::into_inner)
    }

    /// The outcome is unknown: waits until the server serves, then the same request goes again.
    async fn bear_loss(&mut self, status: &Status, losses: u32) -> Result<(), Error> {
        if matches!(status.code(), Code::Unimplemented | Code::PermissionDenied | Code::Unauthenticated) {
            return Err(Error::call("unary")(status.clone()));
        }
        if losses >= LOSSES_MAX {
            return Err(Error::LosesConnections { losses, last: status.to_string() });
        }
        self.lost += 1;
        self.resent += 1;
        self.shared.link.serving(RECOVERY_MAX).await.map(drop)
    }
}
