//! A till: takes one step of some visit, hears the answer, takes the next.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use hdrhistogram::Histogram;

use super::{Share, Shared, post::Post, road::Road};
use crate::{
    check::retries::is_remembered_by_tills,
    dice::{Dice, mix},
    drive::{histogram, losses::Losses},
    error::Error,
    plan::mix::{
        Act, Ask, Told, Verb,
        ask::{COUPONS_PER_USER, user_of},
        visit::{Next, Visit},
    },
    record::{Record, Retry},
};

/// Of so many visits one goes to a coupon that is everybody's.
const HOT_EVERY: u64 = 8;

/// Of so many visits all but one go to a card: a one-use coupon is soon used.
const ONE_USE_EVERY: u64 = 4;

/// How often a till looks for an earlier operation to send again before it puts the retry off.
const LOOKS_MAX: u32 = 4;

/// A visit that waits for its time. They are ordered by it, the number makes the order one.
type Waiting = Reverse<(u64, u64)>;

/// See the module.
pub(super) struct Worker {
    shared: Arc<Shared>,
    number: u64,
    post: Post,
    dice: Dice,
    current: Option<Visit>,
    due: BinaryHeap<Waiting>,
    waiting: HashMap<u64, Visit>,
    begun: u64,
    acts: Vec<(u64, Record, Act)>,
    retries: Vec<Retry>,
    latency_ns: Histogram<u64>,
}

impl Worker {
    /// Till number `number`.
    pub(super) fn new(shared: Arc<Shared>, number: u64, road: Road) -> Result<Self, Error> {
        let dice = Dice::new(mix(shared.load.seed ^ mix(number)));
        let post = Post::new(road, shared.link.clone(), shared.clock, shared.load);
        Ok(Self {
            shared,
            number,
            post,
            dice,
            current: None,
            due: BinaryHeap::new(),
            waiting: HashMap::new(),
            begun: 0,
            acts: Vec::new(),
            retries: Vec::new(),
            latency_ns: histogram()?,
        })
    }

    /// Takes operations one by one until there are none left; visits that wait by then are left where they are.
    pub(super) async fn run(mut self) -> Result<Share, Error> {
        loop {
            if let Some(pacer) = &self.shared.pacer {
                pacer.next_due().await;
            }
            let Some(operation) = self.shared.source.take(1).map(|taken| taken.start) else { break };
            self.step(operation).await?;
            self.retry_if_owed().await?;
        }
        let Post { losses: Losses { resent, lost, .. }, postponed, .. } = self.post;
        Ok(Share { acts: self.acts, retries: self.retries, latency_ns: self.latency_ns, resent, postponed, lost })
    }

    async fn step(&mut self, operation: u64) -> Result<(), Error> {
        let (mut visit, ask, id) = self.next_ask();
        let request = self.shared.deck.request(operation, &ask, &id);
        let (record, told) = self.post.send(&request).await?;
        let since_ns = self.shared.pacer.as_ref().map_or(record.sent_ns, |pacer| pacer.intended_ns(operation));
        self.latency_ns.saturating_record(record.answered_ns.saturating_sub(since_ns));
        self.shared.tally.add(1, u64::from(told.is_some()));
        visit.hear(operation, &ask, told.as_ref(), record.answered_ns);
        self.current = Some(visit);
        self.acts.push((operation, record, Act { ask, told }));
        Ok(())
    }

    /// The next step of a visit that is due, of the current one, or of a new one.
    fn next_ask(&mut self) -> (Visit, Ask, Box<str>) {
        loop {
            let mut visit = match self.current.take() {
                Some(visit) => visit,
                None => self.due_visit().unwrap_or_else(|| self.begin()),
            };
            match visit.next(&mut self.dice) {
                Next::Ask(ask, id) => return (visit, ask, id),
                Next::At(due_ns) => {
                    self.due.push(Reverse((due_ns, self.begun)));
                    self.waiting.insert(self.begun, visit);
                    self.begun += 1;
                }
                Next::Over => {}
            }
        }
    }

    fn due_visit(&mut self) -> Option<Visit> {
        let &Reverse((due_ns, number)) = self.due.peek()?;
        if due_ns > self.shared.clock.now_ns() {
            return None;
        }
        self.due.pop();
        self.waiting.remove(&number)
    }

    fn begin(&mut self) -> Visit {
        let coupon = self.choose();
        // Orders are numbered so that no two tills share one.
        let order = self.begun * self.shared.load.in_flight as u64 + self.number;
        self.begun += 1;
        let is_card = self.shared.deck.terms_of(coupon).is_card();
        Visit::new(coupon, is_card, order, self.shared.mix.hold_ttl_ms, &mut self.dice)
    }

    /// Everybody's coupons, or one of this till's own: users are dealt out to the tills in turn.
    fn choose(&mut self) -> u32 {
        let (coupons, tills) = (self.shared.deck.coupons(), self.shared.load.in_flight as u64);
        let users = user_of(coupons - 1) + 1;
        let hot = self.shared.mix.hot_users.min(users);
        let own = (users - hot).saturating_sub(self.number).div_ceil(tills);
        let is_hot = hot > 0 && (own == 0 || self.dice.roll().is_multiple_of(HOT_EVERY));
        let user = match is_hot {
            true => self.dice.roll() % hot,
            false => hot + self.number + tills * (self.dice.roll() % own.max(1)),
        };
        let one_use = u32::from(self.dice.roll().is_multiple_of(ONE_USE_EVERY));
        (user.min(users - 1) as u32 * COUPONS_PER_USER + one_use).min(coupons - 1)
    }

    async fn retry_if_owed(&mut self) -> Result<(), Error> {
        let every = self.shared.load.retry_every;
        if every == 0 || !self.dice.roll().is_multiple_of(every) {
            return Ok(());
        }
        let looks = (0..LOOKS_MAX).map(|_| (self.dice.roll() % self.acts.len() as u64) as usize);
        let found = looks.collect::<Vec<_>>().into_iter().find(|&place| is_remembered(&self.acts[place]));
        let Some(place) = found else { return Ok(()) };
        let (operation, _, Act { ask, .. }) = &self.acts[place];
        let (operation, request) = (*operation, self.shared.deck.request(*operation, ask, self.id_of(ask)));
        let (record, _) = self.post.send(&request).await?;
        self.latency_ns.saturating_record(record.answered_ns.saturating_sub(record.sent_ns));
        self.shared.tally.add(1, u64::from(record.is_accepted()));
        self.retries.push(Retry { operation, record });
        Ok(())
    }

    /// The id that an earlier request of this till named.
    fn id_of(&self, ask: &Ask) -> &str {
        let first = self.acts.binary_search_by_key(&ask.first, |(operation, ..)| *operation);
        let told = first.ok().and_then(|place| self.acts[place].2.told.as_ref());
        told.filter(|_| ask.has_first()).map_or("", |told: &Told| &told.id)
    }
}

fn is_remembered((_, record, act): &(u64, Record, Act)) -> bool {
    act.ask.verb != Verb::Validate && is_remembered_by_tills(record)
}
