//! Conservation of what is given: what has left one partition is in another one, or in a message that is on its way. I2.
//!
//! Of each template given = received + on the way. What was given and received is told by the coupons, what is on the way by the
//! outboxes: messages that the destination has not received yet.

use std::collections::BTreeMap;
use tessera_domain::Partition;
use tessera_domain::line::message::Message;

/// Gifts of a template that do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("gifts of template {template}: {given} given, {received} received, {on_the_way} on the way")]
pub struct LostGifts {
    /// The template's number.
    pub template: u32,
    /// Given in all, in minor units or in units of one-use coupons.
    pub given: i128,
    /// Received in all.
    pub received: i128,
    /// In messages that were not received.
    pub on_the_way: i128,
}

/// A gift that waits in an outbox.
struct Waiting {
    from: u16,
    to: u16,
    number: u64,
    template: u32,
    amount: i64,
}

/// The gifts of all partitions, taken in one by one.
#[derive(Default)]
pub struct Gifts {
    /// By template: given and received.
    totals: BTreeMap<u32, (i128, i128)>,
    waiting: Vec<Waiting>,
    /// By destination and source: the highest number received.
    received: BTreeMap<(u16, u16), u64>,
}

impl Gifts {
    /// Takes in one partition of so many.
    pub fn admit(&mut self, state: &Partition, partitions: u16) {
        for (template, _, totals) in state.value_totals().filter(|(.., totals)| totals.given + totals.received > 0) {
            let sum = self.totals.entry(template).or_default();
            *sum = (sum.0 + totals.given, sum.1 + totals.received);
        }
        let to = state.id();
        self.received.extend((0..partitions).map(|from| ((to, from), state.lines().into(from).received)));
        self.waiting.extend(state.lines().waiting().filter_map(|(to, number, message)| {
            let (template, amount) = Message::read(message)?.value()?;
            Some(Waiting { from: state.id(), to, number, template, amount })
        }));
    }

    /// What is on the way, by template, when all partitions were taken in.
    ///
    /// # Errors
    /// The first template of which something was lost, or made of nothing.
    pub fn balance(&self) -> Result<BTreeMap<u32, i128>, LostGifts> {
        let mut on_the_way: BTreeMap<u32, i128> = BTreeMap::new();
        let received = |gift: &Waiting| self.received.get(&(gift.to, gift.from)).copied().unwrap_or(0);
        for gift in self.waiting.iter().filter(|gift| gift.number > received(gift)) {
            *on_the_way.entry(gift.template).or_default() += i128::from(gift.amount);
        }
        let templates = self.totals.keys().chain(on_the_way.keys());
        for &template in templates {
            let (given, received) = self.totals.get(&template).copied().unwrap_or_default();
            let on_the_way = on_the_way.get(&template).copied().unwrap_or_default();
            if given != received + on_the_way {
                return Err(LostGifts { template, given, received, on_the_way });
            }
        }
        Ok(on_the_way)
    }
}
