//! The desk: where a service asks the engine, and where it is told to come back.
//!
//! Before the engine has recovered, and once it drains, the desk is closed: DRAINING, and nothing was logged. In between, a
//! question goes to the engine's router and the answer comes when it is durable. Nothing is answered from here.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tessera_engine::{
    Router,
    letter::{Answer, Outlet, Request, Sink},
    maintenance::Maintenance,
};
use tessera_proto::v1::{Refusal, ServingState};
use tokio::sync::{oneshot, watch};
use tonic::Status;

use crate::{
    convert::refusal,
    domain::{
        Reason, Rejection, Reply,
        command::{CatalogCommand, Command},
    },
    gate::Gate,
    journal::Journal,
    meter::Meter,
    mouth,
    pulse::Pulse,
    seals::Seals,
    status,
};

/// Shared by all services of a server.
pub struct Desk {
    open: OnceLock<Open>,
    closing: watch::Sender<Option<Closing>>,
    drain_deadline: Duration,
    gate: Arc<Gate>,
    meter: Arc<Meter>,
    pulse: Pulse,
}

/// That the desk was closed, and until when what is under way may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Then it is cut.
    pub deadline: Instant,
}

impl Closing {
    /// How long there is still.
    pub fn left(self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// What there is when the engine has recovered.
pub struct Open {
    /// The way to the engine.
    pub router: Router,
    /// What the engine's log says of itself.
    pub journal: Journal,
    /// The engine's snapshots and long operations.
    pub maintenance: Arc<Maintenance>,
}

impl Desk {
    /// A desk that is not open yet. Once closed it leaves this long to what is under way, unless whoever closes it says. Of bulk work so
    /// many rows are under way at once.
    pub fn new(drain_deadline: Duration, bulk_rows_in_flight: usize) -> Self {
        let (meter, pulse, gate) = (Arc::new(Meter::new()), Pulse::default(), Arc::new(Gate::new(bulk_rows_in_flight)));
        Self { open: OnceLock::new(), closing: watch::Sender::new(None), drain_deadline, gate, meter, pulse }
    }

    /// Opens it, once.
    pub fn open(&self, open: Open) -> &Open {
        let first = self.open.set(open).is_ok();
        assert!(first, "a desk opens once");
        self.open.get().expect("it was just opened")
    }

    /// Closes it for good; streams are told, and so is whoever has to end the process. Only the first one says how long it takes.
    pub fn close(&self, deadline: Option<Duration>) -> Closing {
        let asked = Closing { deadline: Instant::now() + deadline.unwrap_or(self.drain_deadline) };
        let mut closing = asked;
        self.closing.send_if_modified(|current| {
            let is_first = current.is_none();
            closing = *current.get_or_insert(asked);
            is_first
        });
        closing
    }

    /// Shows something when the desk closes.
    pub fn closing(&self) -> watch::Receiver<Option<Closing>> {
        self.closing.subscribe()
    }

    /// How it was closed, if it was.
    pub fn closed(&self) -> Option<Closing> {
        *self.closing.borrow()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.closed().is_some()
    }

    /// Where it stands.
    pub fn state(&self) -> ServingState {
        match self.opened() {
            _ if self.is_closed() => ServingState::Draining,
            Some(open) if open.journal.is_up() => ServingState::Serving,
            _ => ServingState::Recovering,
        }
    }

    /// Before which bulk work waits.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// What is counted.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// What the shards say of themselves.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What was opened, closed since or not.
    pub fn opened(&self) -> Option<&Open> {
        self.open.get()
    }

    /// The engine's router, if the desk is open.
    pub fn router(&self) -> Result<&Router, Status> {
        let open = self.open.get().filter(|_| !self.is_closed());
        open.map(|open| &open.router).ok_or_else(|| refuse(&Reason::Draining.into()))
    }

    /// The engine's snapshots and long operations, if it is open.
    pub fn maintenance(&self) -> Result<&Arc<Maintenance>, Status> {
        let open = self.open.get().filter(|_| !self.is_closed());
        open.map(|open| &open.maintenance).ok_or_else(|| refuse(&Reason::Draining.into()))
    }

    /// The seals, if it is open.
    pub fn seals(&self) -> Result<Seals<'_>, Status> {
        self.router().map(Seals::of)
    }

    /// Asks a partition.
    pub async fn ask(&self, asked: Result<(u16, impl Into<Command>), Rejection>) -> Result<(u16, Reply), Status> {
        let (partition, command) = asked.map_err(|rejection| refuse(&rejection))?;
        let answer = self.hear(partition, command.into()).await?;
        answer.map(|reply| (partition, reply)).map_err(|rejection| refuse(&rejection))
    }

    /// Asks all partitions the same; a refusal of one is the answer. The replies are in the order of the partitions.
    pub async fn ask_all(&self, asked: Result<Command, Rejection>) -> Result<Vec<(u16, Reply)>, Status> {
        let command = asked.map_err(|rejection| refuse(&rejection))?;
        let router = self.router()?;
        let partitions = router.partitions();
        let (sink, mut answers) = mouth::open(usize::from(partitions));
        let request = |partition| Request { partition, tag: u64::from(partition), command: command.clone() };
        let mut bundle = router.bundle();
        bundle.extend((0..partitions).map(request));
        router.submit(bundle, &sink);
        // From here on only the engine holds it: if it stops under the question, the answers end.
        drop(sink);
        let mut replies = Vec::with_capacity(usize::from(partitions));
        while replies.len() < usize::from(partitions) {
            for (tag, answer) in answers.recv().await.ok_or_else(status::outcome_unknown)? {
                replies.push((tag as u16, answer.map_err(|rejection| refuse(&rejection))?));
            }
        }
        replies.sort_by_key(|&(partition, _)| partition);
        Ok(replies)
    }

    /// Asks a partition what it would do: a business refusal is an answer like another.
    pub async fn would(&self, asked: Result<(u16, Command), Rejection>) -> Result<Result<Reply, Refusal>, Status> {
        let answer = match asked {
            Ok((partition, command)) => self.hear(partition, command).await?,
            Err(rejection) => Err(rejection),
        };
        match answer {
            Err(rejection) if rejection.reason < Reason::RequestIdReused => Err(refuse(&rejection)),
            answer => Ok(answer.map_err(|rejection| refusal::of(&rejection))),
        }
    }

    /// Asks the catalog.
    pub async fn ask_catalog(&self, asked: Result<CatalogCommand, Rejection>) -> Result<Reply, Status> {
        let command = asked.map_err(|rejection| refuse(&rejection))?;
        let router = self.router()?;
        let (sink, answer) = Caller::waiting();
        router.submit_catalog(0, command, &sink);
        settle(answer).await?.map_err(|rejection| refuse(&rejection))
    }

    async fn hear(&self, partition: u16, command: Command) -> Result<Answer, Status> {
        let router = self.router()?;
        let (sink, answer) = Caller::waiting();
        router.submit_one(Request { partition, tag: 0, command }, &sink);
        settle(answer).await
    }
}

/// The status of a refusal.
pub fn refuse(rejection: &Rejection) -> Status {
    status::of(&refusal::of(rejection))
}

/// One unary call that waits for its answer.
struct Caller(Mutex<Option<oneshot::Sender<Answer>>>);

impl Caller {
    fn waiting() -> (Sink, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Self(Mutex::new(Some(sender)))), receiver)
    }
}

impl Outlet for Caller {
    fn deliver(&self, answers: Vec<(u64, Answer)>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(sender), Some((_, answer))) = (sender, answers.into_iter().next()) {
            // Whoever hung up has left the answer to a retry.
            let _ = sender.send(answer);
        }
    }
}

/// Waits for the answer. None comes only if the engine stops under the question: then the outcome is unknown.
async fn settle(answer: oneshot::Receiver<Answer>) -> Result<Answer, Status> {
    answer.await.map_err(|_| status::outcome_unknown())
}
