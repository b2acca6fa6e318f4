//! By which redemptions are found: one entry for an order, from which a chain leads to its older redemptions.
//!
//! Most orders redeem one coupon of a partition, so one table serves both questions, which are an order's redemptions and the
//! redemption of an order and a coupon. Nobody may make the second one slow by putting everything on one order: from
//! [`WALKED_MAX`] redemptions on, all of an order's are also found by their natural keys. All of it is derived.

use super::Redemption;
use crate::container::{Entities, Filling, Index, Meeting};
use crate::keyed::OrderKey;

/// How long a chain may be that is walked for one redemption.
const WALKED_MAX: u32 = 8;

/// Derived: where a redemption stands among those of its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// The number of the next older + 1; 0 = none. One that was forgotten ends the chain too.
    older: u64,
    /// How many came before it, without those that left before they were found.
    before: u32,
}

/// The index of one partition's redemptions.
#[derive(Default)]
pub(crate) struct Orders {
    /// The newest redemption of each order.
    newest: Index,
    /// Redemptions of orders that have or had more than [`WALKED_MAX`], and of orders that are not kept.
    crowded: Index,
    /// While a journal is rebuilt: the number from which on redemptions are neither linked nor in an index yet.
    waiting: Option<u64>,
}

impl Orders {
    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.newest.memory_bytes() + self.crowded.memory_bytes()
    }

    /// The redemption of this natural key.
    pub(crate) fn find(&self, all: &Entities<Redemption>, key: OrderKey) -> Option<u64> {
        assert!(self.waiting.is_none(), "nobody asks while a journal is rebuilt");
        let mut walk = self.of(all, key.order_only).take(WALKED_MAX as usize);
        let walked = walk.find(|(_, redemption)| redemption.order == key.natural).map(|(number, _)| number);
        walked.or_else(|| self.crowd_has(all, key.natural))
    }

    fn crowd_has(&self, all: &Entities<Redemption>, natural: u128) -> Option<u64> {
        let is_it = |number| all.get(number).is_some_and(|redemption| redemption.order == natural);
        self.crowded.find(natural as u64, all.first(), is_it)
    }

    /// Reads ahead what [`Orders::find`] will read; the number means nothing.
    pub(crate) fn touch(&self, key: OrderKey) -> u64 {
        if key.order_only == 0 || self.waiting.is_some() { 0 } else { self.newest.touch(key.order_only) }
    }

    /// The redemptions of an order, newest first.
    pub(crate) fn of<'a>(
        &self,
        all: &'a Entities<Redemption>,
        order_only: u64,
    ) -> impl Iterator<Item = (u64, &'a Redemption)> + use<'a> {
        chain(all, self.newest_of(all, order_only))
    }

    fn newest_of(&self, all: &Entities<Redemption>, order_only: u64) -> Option<u64> {
        if order_only == 0 { None } else { self.newest.find(order_only, all.first(), is_of(all, order_only)) }
    }

    /// From now on redemptions come from a journal that is rebuilt, and wait to be found.
    pub(crate) fn put_off(&mut self, all: &Entities<Redemption>) {
        self.waiting.get_or_insert(all.next());
    }

    /// Whether redemptions wait instead of being found at once.
    pub(crate) fn is_put_off(&self) -> bool {
        self.waiting.is_some()
    }

    /// All that wait are found from now on. The number of one whose natural key another has, if there is one.
    pub(crate) fn catch_up(&mut self, all: &mut Entities<Redemption>) -> Result<(), u64> {
        let Some(waiting) = self.waiting.take() else { return Ok(()) };
        let mut waiting = waiting.max(all.first())..all.next();
        match Filling::is_worth(waiting.end - waiting.start, all.len()) {
            true => self.fill(all),
            false => waiting.try_for_each(|number| self.add(all, number).ok_or(number)),
        }
    }

    /// Links all redemptions and finds them by nothing but what they say.
    fn fill(&mut self, all: &mut Entities<Redemption>) -> Result<(), u64> {
        let hashed = (all.first()..).zip(all.iter().map(|redemption| redemption.order_only)).filter(|&(_, hash)| hash != 0);
        let filling = Filling::of(all.first(), all.len(), hashed);
        self.newest = filling.finish(|earlier, later| follow(all, earlier, later))?;
        self.crowded = Index::default();
        (all.first()..all.next()).for_each(|number| self.crowd_if_many(all, number));
        let has_twin = |number: &u64| self.crowd_has(all, redemption(all, *number).order).is_some_and(|found| found != *number);
        (all.first()..all.next()).find(has_twin).map_or(Ok(()), Err)
    }

    /// A redemption is here now: it is linked, and found. `None` if another has its natural key.
    pub(crate) fn add(&mut self, all: &mut Entities<Redemption>, number: u64) -> Option<()> {
        let key = redemption(all, number).order_key();
        let newest = self.newest_of(all, key.order_only);
        let is_here =
            self.crowd_has(all, key.natural).is_some() || newest.is_some_and(|newest| walk_finds(all, newest, key.natural));
        if is_here {
            return None;
        }
        if let Some(newest) = newest {
            link(all, newest, number);
        }
        let hash_of = |number| redemption(all, number).order_only;
        match newest {
            _ if key.order_only == 0 => {}
            None => self.newest.insert(key.order_only, number, all.first(), hash_of),
            Some(_) => drop(self.newest.put(key.order_only, number, all.first(), is_of(all, key.order_only), hash_of)),
        }
        self.crowd_if_many(all, number);
        Some(())
    }

    /// What is one of too many to be walked is also found by its natural key, and so are those before it.
    fn crowd_if_many(&mut self, all: &Entities<Redemption>, number: u64) {
        let Redemption { order, order_only, link, .. } = *redemption(all, number);
        if order_only != 0 && link.before < WALKED_MAX {
            return;
        }
        if link.before == WALKED_MAX {
            chain(all, Some(number)).skip(1).for_each(|(number, older)| self.crowd(all, number, older.order));
        }
        self.crowd(all, number, order);
    }

    /// This redemption leaves.
    pub(crate) fn forget(&mut self, number: u64, redemption: &Redemption) {
        self.newest.remove(redemption.order_only, number);
        self.crowded.remove(redemption.order as u64, number);
    }

    fn crowd(&mut self, all: &Entities<Redemption>, number: u64, order: u128) {
        self.crowded.insert(order as u64, number, all.first(), |number| redemption(all, number).order as u64);
    }
}

/// A redemption and the older ones of its order, as far as they are here.
fn chain(all: &Entities<Redemption>, newest: Option<u64>) -> impl Iterator<Item = (u64, &Redemption)> {
    let mut next = newest.map_or(0, |number| number + 1);
    std::iter::from_fn(move || {
        let number = next.checked_sub(1)?;
        let redemption = all.get(number)?;
        next = redemption.link.older;
        Some((number, redemption))
    })
}

/// Whether a walk from this redemption comes by one of this natural key.
fn walk_finds(all: &Entities<Redemption>, newest: u64, natural: u128) -> bool {
    chain(all, Some(newest)).take(WALKED_MAX as usize).any(|(_, redemption)| redemption.order == natural)
}

/// Puts a redemption behind the one that was the newest of its order until now.
fn link(all: &mut Entities<Redemption>, newest: u64, number: u64) {
    let before = redemption(all, newest).link.before.saturating_add(1);
    all.derive(number, |redemption| redemption.link = Link { older: newest + 1, before });
}

/// What a redemption is to an earlier one, behind which it is put if both are of one order.
fn follow(all: &mut Entities<Redemption>, earlier: u64, later: u64) -> Meeting {
    let OrderKey { natural, order_only } = redemption(all, later).order_key();
    if redemption(all, earlier).order_only != order_only {
        return Meeting::Strangers;
    }
    if walk_finds(all, earlier, natural) {
        return Meeting::Conflict;
    }
    link(all, earlier, later);
    Meeting::Succession
}

fn redemption(all: &Entities<Redemption>, number: u64) -> &Redemption {
    all.get(number).expect("an indexed redemption is here")
}

fn is_of(all: &Entities<Redemption>, order_only: u64) -> impl Fn(u64) -> bool {
    move |number| all.get(number).is_some_and(|redemption| redemption.order_only == order_only)
}

#[cfg(test)]
mod tests {
    use super::super::{Redemption, Redemptions};
    use super::WALKED_MAX;
    use crate::keyed::OrderKey;
    use proptest::prelude::*;

    fn key(order: u64, coupon: u64) -> OrderKey {
        OrderKey { natural: u128::from(order << 32 | coupon) << 1, order_only: order }
    }

    fn add(redemptions: &mut Redemptions, order: u64, coupon: u64) -> u64 {
        let OrderKey { natural, order_only } = key(order, coupon);
        redemptions.add(Redemption { coupon, order: natural, order_only, ..Redemption::default() })
    }

    #[test]
    fn an_order_with_everything_on_it_is_found_by_natural_keys_and_others_cost_one_entry() {
        let mut redemptions = Redemptions::default();
        let crowd = u64::from(WALKED_MAX) * 3;
        let mut fill = |order, coupons| (0..coupons).map(|coupon| add(&mut redemptions, order, coupon)).last();
        fill(7, crowd);
        fill(8, WALKED_MAX.into());
        assert_eq!((redemptions.orders.newest.len(), redemptions.orders.crowded.len() as u64), (2, crowd));
        for coupon in 0..crowd {
            assert_eq!(redemptions.of_order(key(7, coupon)).map(|(number, _)| number), Some(coupon));
        }
        assert!(redemptions.of_order(key(7, crowd)).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// Order 0 stands for orders that are not kept.
        #[test]
        fn exactly_what_a_plain_list_has_is_found_while_the_oldest_leave(acts in proptest::collection::vec((0..4u64, 0..20u64, 0..4u64), 120)) {
            let (mut redemptions, mut plain) = (Redemptions::default(), Vec::new());
            for (order, coupon, act) in acts {
                if act == 0 && !plain.is_empty() {
                    let (number, _) = plain.remove(0);
                    redemptions.forget_before(number + 1);
                } else if plain.iter().all(|&(_, known)| known != (order, coupon)) {
                    plain.push((add(&mut redemptions, order, coupon), (order, coupon)));
                }
                let found = |number: &u64| redemptions.get(*number).map(|found| found.coupon);
                for (order, coupon) in (0..4).flat_map(|order| (0..20).map(move |coupon| (order, coupon))) {
                    let expected = plain.iter().find(|(_, known)| *known == (order, coupon)).map(|(number, _)| *number);
                    prop_assert_eq!(redemptions.of_order(key(order, coupon)).map(|(number, _)| number), expected);
                    prop_assert_eq!(expected.as_ref().and_then(found), expected.map(|_| coupon));
                }
                for order in 1..4 {
                    let expected: Vec<u64> = plain.iter().rev().filter(|(_, known)| known.0 == order).map(|(_, known)| known.1).collect();
                    let found: Vec<u64> = redemptions.of_order_only(order).map(|found| found.coupon).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }

        /// Some are found as they come, some wait, few or many, and some of those leave before they are ever found.
        #[test]
        fn what_waits_is_linked_and_found_as_what_comes_by_itself_and_twins_are_found(
            acts in proptest::collection::vec((0..4u64, 0..20u64, 0..40u8), 160),
        ) {
            let (mut live, mut rebuilt, mut plain) = (Redemptions::default(), Redemptions::default(), Vec::new());
            for (order, coupon, act) in acts {
                match act {
                    0..8 if !plain.is_empty() => {
                        let (number, _) = plain.remove(0);
                        [&mut live, &mut rebuilt].into_iter().for_each(|redemptions| redemptions.forget_before(number + 1));
                    }
                    8..10 => rebuilt.put_off(),
                    10..13 => rebuilt.catch_up().expect("no two have one key"),
                    _ if plain.iter().all(|&(_, known)| known != (order, coupon)) => {
                        let number = add(&mut live, order, coupon);
                        prop_assert_eq!(add(&mut rebuilt, order, coupon), number);
                        plain.push((number, (order, coupon)));
                    }
                    _ => {}
                }
            }
            rebuilt.catch_up().expect("no two have one key");
            let number_of = |redemptions: &Redemptions, key| redemptions.of_order(key).map(|(number, _)| number);
            for key in (0..4).flat_map(|order| (0..20).map(move |coupon| key(order, coupon))) {
                prop_assert_eq!(number_of(&rebuilt, key), number_of(&live, key));
            }
            for order in 1..4 {
                let coupons = |redemptions: &Redemptions| redemptions.of_order_only(order).map(|found| found.coupon).collect::<Vec<_>>();
                prop_assert_eq!(coupons(&rebuilt), coupons(&live));
            }
            prop_assert_eq!(rebuilt.digest(), live.digest());
            if let Some(&(_, (order, coupon))) = plain.first() {
                rebuilt.put_off();
                let twin = add(&mut rebuilt, order, coupon);
                prop_assert_eq!(rebuilt.catch_up(), Err(twin));
            }
        }
    }
}
