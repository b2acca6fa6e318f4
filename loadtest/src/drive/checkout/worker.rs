//! Serves shoppers: one at a time, and while it waits for a deadline the next.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

use hdrhistogram::Histogram;
use tonic::transport::Channel;

use super::{
    Entry, Repeat, Share, Shared,
    post::Post,
    shopper::{Next, Shopper},
};
use crate::{
    check::retries::is_remembered_by_tills,
    dice::{Dice, mix},
    drive::{histogram, losses::Losses},
    error::Error,
    plan::checkout::{Act, Ask},
};

/// See the module.
pub(super) struct Worker {
    shared: Arc<Shared>,
    post: Post,
    dice: Dice,
    /// Shoppers who wait, by when.
    due: BinaryHeap<Reverse<(u64, u64)>>,
    waiting: HashMap<u64, Shopper>,
    entries: Vec<Entry>,
    repeats: Vec<Repeat>,
    latency_ns: Histogram<u64>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, number: u64, channel: Channel) -> Result<Self, Error> {
        let post = Post::new(channel, shared.link.clone(), shared.clock, shared.load);
        let dice = Dice::new(mix(shared.load.seed ^ mix(number)));
        let (due, waiting, latency_ns) = (BinaryHeap::new(), HashMap::new(), histogram()?);
        Ok(Self { shared, post, dice, due, waiting, entries: Vec::new(), repeats: Vec::new(), latency_ns })
    }

    /// Serves shoppers until all are done.
    pub(super) async fn run(mut self) -> Result<Share, Error> {
        while let Some(shopper) = self.next_shopper().await {
            self.serve(shopper).await?;
        }
        let Post { losses: Losses { resent, lost, .. }, postponed, .. } = self.post;
        let Self { entries, repeats, latency_ns, .. } = self;
        Ok(Share { entries, repeats, latency_ns, resent, postponed, lost })
    }

    /// One whose time has come, else a new one, else the one whose time comes first.
    async fn next_shopper(&mut self) -> Option<Shopper> {
        let due = self.due.peek().map(|&Reverse((due_ns, _))| due_ns);
        let is_due = due.is_some_and(|due_ns| due_ns <= self.shared.clock.now_ns());
        if !is_due && let Some(taken) = self.shared.users.take(1) {
            let user = taken.start;
            // The same user shops alike, whoever serves.
            let dice = Dice::new(mix(self.shared.load.seed ^ mix(!user)));
            return Some(Shopper::new(user, &self.shared.hands, self.shared.shopping, dice));
        }
        let Reverse((due_ns, user)) = self.due.pop()?;
        tokio::time::sleep(Duration::from_nanos(due_ns.saturating_sub(self.shared.clock.now_ns()))).await;
        self.waiting.remove(&user)
    }

    /// Until it waits, or is done.
    async fn serve(&mut self, mut shopper: Shopper) -> Result<(), Error> {
        loop {
            match shopper.next(&self.shared.hands, self.shared.clock.now_ns()) {
                Next::Ask(number, ask) => self.ask(&mut shopper, number, *ask).await?,
                Next::At(due_ns) => {
                    self.due.push(Reverse((due_ns, shopper.user)));
                    self.waiting.insert(shopper.user, shopper);
                    return Ok(());
                }
                Next::Over => return Ok(()),
            }
        }
    }

    async fn ask(&mut self, shopper: &mut Shopper, number: u64, ask: Ask) -> Result<(), Error> {
        let (record, told) = self.post.send(&ask).await?;
        self.latency_ns.saturating_record(record.answered_ns.saturating_sub(record.sent_ns));
        self.shared.tally.add(1, u64::from(record.is_accepted()));
        shopper.hear(&self.shared.hands, &ask, &told);
        self.entries.push(Entry { number, record, act: Act { user: shopper.user, ask, told } });
        self.repeat_if_owed().await
    }

    /// Sends an earlier request again.
    async fn repeat_if_owed(&mut self) -> Result<(), Error> {
        let every = self.shared.load.retry_every;
        if every == 0 || !self.dice.roll().is_multiple_of(every) {
            return Ok(());
        }
        let earlier = &self.entries[(self.dice.roll() % self.entries.len() as u64) as usize];
        if !is_remembered_by_tills(&earlier.record) {
            return Ok(());
        }
        let number = earlier.number;
        let (record, _) = self.post.send(&earlier.act.ask).await?;
        self.latency_ns.saturating_record(record.answered_ns.saturating_sub(record.sent_ns));
        self.repeats.push(Repeat { number, record });
        Ok(())
    }
}
