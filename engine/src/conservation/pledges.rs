//! Conservation of what cards pay for orders of other partitions: what the orders' homes say is captured there, or on its way. I2.
//!
//! Of each order and each partition of its cards, charged at home = captured there + told and not heard yet, and so for what came back. Cards are
//! held only for an order that is still open, or whose last word is on its way.

use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::line::message::Message;
use tessera_domain::{Partition, Tendered};

/// What cards of a partition pay for an order of another one does not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cards of partition {to} for saga {saga} of partition {home}: {said:?} at home, {done:?} there, {on_the_way:?} on the way"
)]
pub struct LostPledge {
    /// The order's partition.
    pub home: u16,
    /// The saga there.
    pub saga: u64,
    /// The cards' partition.
    pub to: u16,
    /// What home says; nothing if it does not know the saga.
    pub said: Option<Tendered>,
    /// What was done there; nothing if nothing is known.
    pub done: Option<Tendered>,
    /// What was told and not heard; open if the last word is among it.
    pub on_the_way: Tendered,
}

/// Home, saga, and the cards' partition.
type Name = (u16, u64, u16);

/// The pledges of all partitions, taken in one by one.
#[derive(Default)]
pub struct Pledges {
    said: BTreeMap<Name, Tendered>,
    done: BTreeMap<Name, Tendered>,
    /// Each word with its number on its line.
    waiting: Vec<(Name, u64, Tendered)>,
    /// By destination and source: the highest number received.
    received: BTreeMap<(u16, u16), u64>,
}

impl Pledges {
    /// Takes in one partition of so many.
    pub fn admit(&mut self, state: &Partition, partitions: u16) {
        let id = state.id();
        self.said.extend(state.tendered_apart().into_iter().map(|((saga, to), told)| ((id, saga, to), told)));
        self.done.extend(state.pledged().into_iter().map(|((home, saga), done)| ((home, saga, id), done)));
        self.received.extend((0..partitions).map(|from| ((id, from), state.lines().into(from).received)));
        for (to, number, message) in state.lines().waiting() {
            if let Some((saga, word)) = Message::read(message).as_ref().and_then(word) {
                self.waiting.push(((id, saga, to), number, word));
            }
        }
    }

    /// What is on the way, by home, saga and the cards' partition.
    ///
    /// # Errors
    /// The first order of which something was lost, taken twice, or left held.
    pub fn balance(&self) -> Result<i128, LostPledge> {
        let mut on_the_way: BTreeMap<Name, Tendered> = BTreeMap::new();
        let is_unheard =
            |&&((home, _, to), number, _): &&(Name, u64, Tendered)| number > self.received.get(&(to, home)).copied().unwrap_or(0);
        for &(name, _, word) in self.waiting.iter().filter(is_unheard) {
            let sum = on_the_way.entry(name).or_default();
            sum.charged += word.charged;
            sum.given_back += word.given_back;
            sum.is_open |= word.is_open;
        }
        let names: BTreeSet<Name> = self.said.keys().chain(self.done.keys()).copied().collect();
        for name in names {
            let (said, done) = (self.said.get(&name).copied(), self.done.get(&name).copied());
            let word = on_the_way.get(&name).copied().unwrap_or_default();
            if !adds_up(said, done.unwrap_or_default(), word) {
                let (home, saga, to) = name;
                return Err(LostPledge { home, saga, to, said, done, on_the_way: word });
            }
        }
        Ok(on_the_way.values().map(|word| i128::from(word.charged)).sum())
    }
}

fn adds_up(said: Option<Tendered>, done: Tendered, word: Tendered) -> bool {
    // An order that home does not know any more has said its last word.
    let Some(said) = said else { return word.is_open };
    let is_whole = said.charged == done.charged + word.charged && said.given_back == done.given_back + word.given_back;
    is_whole && (said.is_open || !done.is_open || word.is_open)
}

/// What a message says of an order's cards.
fn word(message: &Message<'_>) -> Option<(u64, Tendered)> {
    let nothing = Tendered::default();
    match message {
        Message::CardsSettled(settled) => {
            Some((settled.saga, Tendered { charged: settled.charges.iter().sum(), is_open: true, ..nothing }))
        }
        Message::CardsRefunded(refunded) => {
            Some((refunded.saga, Tendered { given_back: refunded.amounts.iter().sum(), ..nothing }))
        }
        Message::SagaClosed(closed) => Some((closed.saga, Tendered { is_open: true, ..nothing })),
        _ => None,
    }
}
