//! Sends a request until its answer is final, and writes its record.

use std::time::Duration;

use prost::Message;
use tessera_proto::v1::{Checkout, Position, checkout_service_client::CheckoutServiceClient};
use tonic::{Status, transport::Channel};

use crate::{
    clock::Clock,
    drive::{Load, losses::Losses, settle},
    error::Error,
    link::Link,
    plan::checkout::{Ask, No, Out, Told},
    record::Record,
    wire::{
        answer::{Accepted, Outcome, Refused, fingerprint},
        refusal,
    },
};

/// One worker's way to the server; it counts what went wrong on it.
pub(super) struct Post {
    client: CheckoutServiceClient<Channel>,
    clock: Clock,
    load: Load,
    pub(super) losses: Losses,
    pub(super) postponed: settle::Postponed,
}

impl Post {
    pub(super) fn new(channel: Channel, link: Link, clock: Clock, load: Load) -> Self {
        let client = CheckoutServiceClient::new(channel);
        Self { client, clock, load, losses: Losses::new(link), postponed: settle::Postponed::new() }
    }

    /// The record of the final answer, and the answer.
    pub(super) async fn send(&mut self, ask: &Ask) -> Result<(Record, Told), Error> {
        let mut record = Record::UNSENT;
        loop {
            record.send(self.clock.now_ns());
            let told = match self.call(ask).await {
                Ok(told) => told,
                Err(status) => {
                    self.losses.bear("a request of an order", status).await?;
                    continue;
                }
            };
            let now_ns = self.clock.now_ns();
            self.losses.end();
            let outcome = outcome(&told)?;
            if settle::is_worth_another(&outcome, record.sends, &self.load, &mut self.postponed) {
                self.losses.resent += 1;
                tokio::time::sleep(Duration::from_nanos(settle::PAUSE_NS)).await;
                continue;
            }
            record.answer(&outcome, now_ns);
            return Ok((record, told));
        }
    }

    /// Sends once. An error says nothing of what became of it.
    async fn call(&mut self, ask: &Ask) -> Result<Told, Status> {
        let client = &mut self.client;
        let told = match ask.clone() {
            Ask::Redeem(asked) => client.redeem_order(asked).await.map(|reply| {
                let reply = reply.into_inner();
                out(reply.checkout, reply.position, reply.replayed)
            }),
            Ask::Hold(asked) => client.hold_order(asked).await.map(|reply| {
                let reply = reply.into_inner();
                out(reply.checkout, reply.position, reply.replayed)
            }),
            Ask::Capture(asked) => client.capture_order(asked).await.map(|reply| {
                let reply = reply.into_inner();
                out(reply.checkout, reply.position, reply.replayed)
            }),
            Ask::Release(asked) => client.release_order(asked).await.map(|reply| Some(Told::Released(reply.into_inner()))),
            Ask::Refund(asked) => client.refund_order(asked).await.map(|reply| Some(Told::Refunded(reply.into_inner()))),
        };
        match told {
            Ok(told) => told.ok_or_else(|| Status::invalid_argument("a reply without a checkout")),
            Err(status) => refused(&status).ok_or(status),
        }
    }
}

fn out(checkout: Option<Checkout>, position: Option<Position>, replayed: bool) -> Option<Told> {
    checkout.map(|checkout| Told::Out(Out { checkout, position, replayed }))
}

/// A status that carries a refusal is an answer.
fn refused(status: &Status) -> Option<Told> {
    let Refused { reason, value } = refusal::of(status)?;
    Some(Told::No(No { reason, value, field: refusal::field_of(status) }))
}

/// What a record keeps of an answer.
fn outcome(told: &Told) -> Result<Outcome<'static>, Error> {
    if let Told::No(No { reason, value, .. }) = *told {
        return Ok(Outcome::Refused(Refused { reason, value }));
    }
    let mut first = told.clone();
    let replayed = first.take_replayed();
    let position = told.position().ok_or(tessera_proto::wire::Malformed("an accepted order without a position"))?;
    let bytes = match first {
        Told::Out(out) => out.checkout.encode_to_vec(),
        Told::Released(released) => released.encode_to_vec(),
        Told::Refunded(refunded) => refunded.encode_to_vec(),
        Told::No(_) => Vec::new(),
    };
    let (partition, lsn, fingerprint) = (position.partition, position.lsn, fingerprint(&bytes));
    Ok(Outcome::Accepted(Accepted { partition, lsn, replayed, fingerprint, ..Accepted::default() }))
}
