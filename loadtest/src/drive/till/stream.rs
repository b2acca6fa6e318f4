//! One `TillStream` for many tills: what they ask meanwhile goes in one message, each is given its own outcome.
//!
//! When the stream is lost, everybody in flight hears so, and sends again under the same request id; the next stream is opened
//! by the first who asks.

use std::collections::HashMap;

use tessera_proto::v1::{
    TillItem, TillOutcome, TillStreamRequest, redemption_service_client::RedemptionServiceClient, till_item::Item,
    till_outcome::Outcome,
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Channel};

/// Messages that wait to be written; a till has one request in flight, so that this bounds nothing that matters.
const MESSAGES_MAX: usize = 16;

/// Questions that wait for a message.
const QUESTIONS_MAX: usize = 4_096;

type Reply = oneshot::Sender<Result<Option<Outcome>, Status>>;

/// Asks over the stream of one connection; clones share it.
#[derive(Clone)]
pub struct Stream {
    questions: mpsc::Sender<(Item, Reply)>,
}

struct Carrier {
    client: RedemptionServiceClient<Channel>,
    questions: mpsc::Receiver<(Item, Reply)>,
    batch: usize,
    open: HashMap<String, Reply>,
}

impl Stream {
    /// Over `channel`, at most `batch` items in a message. It ends with its last clone.
    pub fn new(channel: Channel, batch: usize) -> Self {
        let (questions, waiting) = mpsc::channel(QUESTIONS_MAX);
        let client = RedemptionServiceClient::new(channel);
        tokio::spawn(Carrier { client, questions: waiting, batch, open: HashMap::new() }.run());
        Self { questions }
    }

    /// Asks and waits for the outcome.
    pub async fn ask(&self, item: Item) -> Result<Option<Outcome>, Status> {
        let (reply, outcome) = oneshot::channel();
        let gone = || Status::unavailable("the stream was lost");
        self.questions.send((item, reply)).await.map_err(|_| gone())?;
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Carrier {
    async fn run(mut self) {
        while let Some(first) = self.questions.recv().await {
            if let Err(status) = self.session(first).await {
                self.open.drain().for_each(|(_, reply)| drop(reply.send(Err(status.clone()))));
            }
        }
    }

    /// One stream, from the first question to its loss or the last clone's end.
    async fn session(&mut self, first: (Item, Reply)) -> Result<(), Status> {
        let (messages, body) = mpsc::channel(MESSAGES_MAX);
        let message = self.message(first);
        // The channel is new and empty, and its other end is held here.
        let _ = messages.try_send(message);
        let mut replies = self.client.till_stream(ReceiverStream::new(body)).await?.into_inner();
        loop {
            tokio::select! {
                biased;
                reply = replies.message() => self.receive(reply?)?,
                question = self.questions.recv() => match question {
                    Some(question) => {
                        let message = self.message(question);
                        self.send(&messages, message, &mut replies).await?;
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    /// Goes on reading while a message waits for its place, so that neither side waits for the other for ever.
    async fn send(
        &mut self,
        messages: &mpsc::Sender<TillStreamRequest>,
        message: TillStreamRequest,
        replies: &mut Streaming<tessera_proto::v1::TillStreamResponse>,
    ) -> Result<(), Status> {
        let sending = messages.send(message);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                sent = &mut sending => return sent.map_err(|_| Status::unavailable("the stream takes nothing more")),
                reply = replies.message() => self.receive(reply?)?,
            }
        }
    }

    /// `first` and everything else that waits already, up to the batch.
    fn message(&mut self, first: (Item, Reply)) -> TillStreamRequest {
        let mut items = vec![self.note(first)];
        while items.len() < self.batch
            && let Ok(question) = self.questions.try_recv()
        {
            items.push(self.note(question));
        }
        TillStreamRequest { items }
    }

    fn note(&mut self, (item, reply): (Item, Reply)) -> TillItem {
        self.open.insert(request_id(&item).to_owned(), reply);
        TillItem { item: Some(item) }
    }

    fn receive(&mut self, reply: Option<tessera_proto::v1::TillStreamResponse>) -> Result<(), Status> {
        let reply = reply.ok_or_else(|| Status::unavailable("the server ended the stream"))?;
        for TillOutcome { request_id, outcome } in reply.outcomes {
            let asked = self.open.remove(&request_id);
            let asked = asked.ok_or_else(|| Status::unavailable(format!("an outcome of {request_id}, which is not open")))?;
            // Nobody waits any more when the run has been given up.
            let _ = asked.send(Ok(outcome));
        }
        Ok(())
    }
}

fn request_id(item: &Item) -> &str {
    match item {
        Item::Validate(asked) => &asked.request_id,
        Item::Hold(asked) => &asked.request_id,
        Item::Capture(asked) => &asked.request_id,
        Item::Release(asked) => &asked.request_id,
        Item::Redeem(asked) => &asked.request_id,
        Item::Refund(asked) => &asked.request_id,
    }
}
