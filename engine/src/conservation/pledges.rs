//! Conservation of what cards pay for orders of other partitions: what the orders' homes say is captured there, or on its way. I2.
//!
//! Of each order and each partition of its cards, charged at home = captured there + told and not heard yet, and so for what came back. Cards are
//! held only for an order that is still open, or whose last word is on its way.
//!
//! On living partitions no instant is the same for all, but both sides only rise, and what was done follows from what was heard alone. So the
//! cards' partition is asked before its home and after it: done before + on the way since ≤ said at home ≤ done after + on the way still.
//! Where the log is whole the three books are one, and both are the equation above.

use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::line::message::Message;
use tessera_domain::{Partition, TenderBook, Tendered};

/// Orders of a living partition that are told of, newest first; of others all are.
const LIVE_SAGAS_MAX: usize = 1_024;

/// The same of cards that are held, or have paid, for orders of one other partition.
const LIVE_CARDS_MAX: usize = 64;

/// Messages on a line of a living partition above which nothing is said of what is on the way there.
const LIVE_WORDS_MAX: u64 = 4_096;

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

/// How orders and the cards' partitions stand that were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PledgeSums {
    /// Pairs of an order and a partition of its cards.
    pub known: u64,
    /// Those whose cards are held, or may be.
    pub open: u64,
    /// Those to which a word is on its way that says what cards pay or get back.
    pub on_the_way: u64,
}

/// What one partition knows of orders over partitions at one instant.
#[derive(Clone, Debug, Default)]
pub struct PledgeBook {
    told: TenderBook,
    /// By saga and the cards' partition: words in the outbox with their numbers.
    words: BTreeMap<(u64, u16), Vec<(u64, Tendered)>>,
    /// Where words are too many to be told.
    jammed: BTreeSet<u16>,
    /// By destination: the highest number sent.
    sent: Vec<u64>,
    /// By source: the highest number received.
    received: Vec<u64>,
}

impl PledgeBook {
    /// That of a living partition of so many: of the newest orders, where they are many.
    pub fn live(state: &Partition, partitions: u16) -> PledgeBook {
        PledgeBook::of(state, partitions, state.tender_book(LIVE_SAGAS_MAX, LIVE_CARDS_MAX), LIVE_WORDS_MAX)
    }

    /// The same of all orders.
    fn whole(state: &Partition, partitions: u16) -> PledgeBook {
        PledgeBook::of(state, partitions, state.tender_book(usize::MAX, usize::MAX), u64::MAX)
    }

    fn of(state: &Partition, partitions: u16, told: TenderBook, words_max: u64) -> PledgeBook {
        let lines = state.lines();
        let is_jammed = |&to: &u16| lines.out(to).unacknowledged() > words_max;
        let mut book = PledgeBook {
            told,
            words: BTreeMap::new(),
            jammed: (0..partitions).filter(is_jammed).collect(),
            sent: (0..partitions).map(|to| lines.out(to).sent).collect(),
            received: (0..partitions).map(|from| lines.into(from).received).collect(),
        };
        for (to, number, message) in lines.waiting().filter(|(to, ..)| !book.jammed.contains(to)) {
            if let Some((saga, word)) = Message::read(message).as_ref().and_then(word) {
                book.words.entry((saga, to)).or_default().push((number, word));
            }
        }
        book
    }

    /// What it has told of an order and what had not been heard up to this number.
    fn on_the_way(&self, saga: u64, to: u16, heard: u64) -> Tendered {
        let mut sum = Tendered::default();
        let words = self.words.get(&(saga, to)).into_iter().flatten().filter(|&&(number, _)| number > heard);
        for (_, word) in words {
            sum.charged += word.charged;
            sum.given_back += word.given_back;
            sum.is_open |= word.is_open;
        }
        sum
    }
}

/// The books of partitions at one instant, by partition.
pub type PledgeBooks<'a> = BTreeMap<u16, &'a PledgeBook>;

/// The pledges of all partitions where the log is whole, taken in one by one.
#[derive(Default)]
pub struct Pledges(BTreeMap<u16, PledgeBook>);

impl Pledges {
    /// Takes in one partition of so many.
    pub fn admit(&mut self, state: &Partition, partitions: u16) {
        self.0.insert(state.id(), PledgeBook::whole(state, partitions));
    }

    /// How all of them stand.
    ///
    /// # Errors
    /// As [`balance`].
    pub fn balance(&self) -> Result<PledgeSums, LostPledge> {
        let books: PledgeBooks<'_> = self.0.iter().map(|(&partition, book)| (partition, book)).collect();
        balance(&books, &books, &books)
    }
}

/// Compares what homes say with what was done before and after they were asked.
///
/// # Errors
/// The first order of which something was lost, taken twice, or left held.
pub fn balance(first: &PledgeBooks<'_>, homes: &PledgeBooks<'_>, last: &PledgeBooks<'_>) -> Result<PledgeSums, LostPledge> {
    let mut sums = PledgeSums::default();
    for (&to, after) in last {
        let Some(before) = first.get(&to) else { continue };
        for (&home, said) in homes.iter().filter(|(_, said)| !said.jammed.contains(&to)) {
            Between { home, to, before, said, after }.compare(&mut sums)?;
        }
    }
    Ok(sums)
}

/// An orders' partition and a cards' one.
struct Between<'a> {
    home: u16,
    to: u16,
    before: &'a PledgeBook,
    said: &'a PledgeBook,
    after: &'a PledgeBook,
}

impl Between<'_> {
    fn compare(&self, sums: &mut PledgeSums) -> Result<(), LostPledge> {
        let &Between { home, to, before, said, after } = self;
        let since = [before.told.done_since(home), said.told.said_since, after.told.done_since(home)].into_iter().max();
        let since = since.unwrap_or(0);
        let of_home = said.told.said.range((since, 0)..).filter(|&(&(_, of), _)| of == to).map(|(&(saga, _), _)| saga);
        let of_cards = after.told.done.range((home, since)..=(home, u64::MAX)).map(|(&(_, saga), _)| saga);
        let sagas: BTreeSet<u64> = of_home.chain(of_cards).collect();
        for saga in sagas {
            let (told, done) = (said.told.said.get(&(saga, to)).copied(), after.told.done.get(&(home, saga)).copied());
            let on_the_way = said.on_the_way(saga, to, after.heard_of(home));
            if !self.adds_up(saga, told, done, on_the_way) {
                return Err(LostPledge { home, saga, to, said: told, done, on_the_way });
            }
            sums.known += 1;
            sums.open += u64::from(told.is_some_and(|told| told.is_open));
            sums.on_the_way += u64::from(on_the_way != Tendered::default());
        }
        Ok(())
    }

    fn adds_up(&self, saga: u64, said: Option<Tendered>, done: Option<Tendered>, on_the_way: Tendered) -> bool {
        // What was heard after home was asked may have begun an order there, or closed it.
        let has_heard_more = self.after.heard_of(self.home) > self.said.sent_to(self.to);
        // An order that home does not know any more has said its last word.
        let Some(said) = said else { return on_the_way.is_open || has_heard_more };
        let earlier = self.before.told.done.get(&(self.home, saga)).copied().unwrap_or_default();
        let since = self.said.on_the_way(saga, self.to, self.before.heard_of(self.home));
        let is_told = earlier.charged + since.charged <= said.charged && earlier.given_back + since.given_back <= said.given_back;
        if done.is_none() && has_heard_more {
            return is_told;
        }
        let done = done.unwrap_or_default();
        let is_done =
            said.charged <= done.charged + on_the_way.charged && said.given_back <= done.given_back + on_the_way.given_back;
        is_told && is_done && (said.is_open || !done.is_open || on_the_way.is_open)
    }
}

impl PledgeBook {
    fn sent_to(&self, to: u16) -> u64 {
        self.sent.get(usize::from(to)).copied().unwrap_or(0)
    }

    fn heard_of(&self, home: u16) -> u64 {
        self.received.get(usize::from(home)).copied().unwrap_or(0)
    }
}

/// What a message says of an order's cards.
fn word(message: &Message<'_>) -> Option<(u64, Tendered)> {
    let nothing = Tendered::default();
    match message {
        Message::CardsSettled(settled) => {
            Some((settled.saga, Tendered { charged: settled.charges.iter().sum(), is_open: true, ..nothing }))
        }
        Message::CardsRefunded(refunded) | Message::CardsLost(refunded) => {
            Some((refunded.saga, Tendered { given_back: refunded.amounts.iter().sum(), ..nothing }))
        }
        Message::SagaClosed(closed) => Some((closed.saga, Tendered { is_open: true, ..nothing })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAGA: u64 = 40;

    fn tendered(charged: i64, given_back: i64) -> Tendered {
        Tendered { charged, given_back, is_open: false }
    }

    fn blank() -> PledgeBook {
        PledgeBook { sent: vec![0; 2], received: vec![0; 2], ..PledgeBook::default() }
    }

    /// Partition 0 as the home of an order, which has sent so many messages to partition 1, and which words wait still.
    fn home(said: Tendered, sent: u64, words: &[(u64, Tendered)]) -> PledgeBook {
        let mut book = PledgeBook { sent: vec![0, sent], ..blank() };
        book.told.said.insert((SAGA, 1), said);
        book.words.insert((SAGA, 1), words.to_vec());
        book
    }

    /// Partition 1, which has heard so many messages of partition 0.
    fn cards(done: Option<Tendered>, heard: u64) -> PledgeBook {
        let mut book = PledgeBook { received: vec![heard, 0], ..blank() };
        book.told.done.extend(done.map(|done| ((0, SAGA), done)));
        book
    }

    fn compare(before: &PledgeBook, said: &PledgeBook, after: &PledgeBook) -> Result<PledgeSums, LostPledge> {
        let blank = blank();
        let [before, after] = [before, after].map(|book| PledgeBooks::from([(0, &blank), (1, book)]));
        balance(&before, &PledgeBooks::from([(0, said), (1, &blank)]), &after)
    }

    #[test]
    fn a_charge_is_done_or_on_its_way_at_each_of_three_instants() {
        let known = |on_the_way| Ok(PledgeSums { known: 1, open: 0, on_the_way });
        let word = (3, Tendered { is_open: true, ..tendered(500, 0) });
        let held = Some(Tendered { is_open: true, ..tendered(0, 0) });
        let paid = Some(tendered(500, 0));
        // Told and not heard; heard between the instants; done and acknowledged.
        assert_eq!(compare(&cards(held, 2), &home(tendered(500, 0), 3, &[word]), &cards(held, 2)), known(1));
        assert_eq!(compare(&cards(held, 2), &home(tendered(500, 0), 3, &[word]), &cards(paid, 3)), known(0));
        assert_eq!(compare(&cards(paid, 3), &home(tendered(500, 0), 3, &[]), &cards(paid, 3)), known(0));
        // More came back after home was asked, or all of it was closed.
        assert_eq!(compare(&cards(paid, 3), &home(tendered(500, 0), 3, &[]), &cards(Some(tendered(500, 200)), 4)), known(0));
        assert_eq!(compare(&cards(paid, 3), &home(tendered(500, 0), 3, &[]), &cards(None, 4)), known(0));
    }

    #[test]
    fn what_was_lost_or_taken_twice_or_left_held_is_found() {
        let word = (3, Tendered { is_open: true, ..tendered(500, 0) });
        let held = Some(Tendered { is_open: true, ..tendered(0, 0) });
        let paid = Some(tendered(500, 0));
        let found = |before, said, after| compare(&before, &said, &after).is_err();
        // Heard and not done; told less than was done; done and still on its way; held with no word on its way; forgotten too early.
        assert!(found(cards(held, 2), home(tendered(500, 0), 3, &[]), cards(held, 3)));
        assert!(found(cards(paid, 3), home(tendered(400, 0), 3, &[]), cards(paid, 3)));
        assert!(found(cards(paid, 2), home(tendered(500, 0), 3, &[word]), cards(paid, 3)));
        assert!(found(cards(held, 3), home(tendered(0, 0), 3, &[]), cards(held, 3)));
        assert!(found(cards(paid, 3), PledgeBook { sent: vec![0, 3], ..blank() }, cards(paid, 3)));
        assert!(found(cards(paid, 3), home(tendered(500, 0), 3, &[]), cards(None, 3)));
        assert!(found(cards(paid, 3), home(tendered(500, 200), 4, &[]), cards(paid, 4)), "what came back is compared, too");
    }

    #[test]
    fn nothing_is_said_of_orders_that_are_older_than_what_is_told() {
        let paid = Some(tendered(500, 0));
        let mut after = cards(None, 3);
        after.told.done_since.insert(0, SAGA + 1);
        assert_eq!(compare(&cards(paid, 3), &home(tendered(500, 0), 3, &[]), &after), Ok(PledgeSums::default()));
        let mut jammed = home(tendered(900, 0), 3, &[]);
        jammed.jammed.insert(1);
        assert_eq!(compare(&cards(paid, 3), &jammed, &cards(paid, 3)), Ok(PledgeSums::default()));
    }
}
