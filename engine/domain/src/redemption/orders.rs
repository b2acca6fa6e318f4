//! By which redemptions are found: one entry for an order, from which a chain leads to its older redemptions.
//!
//! Most orders redeem one coupon of a partition, so one table serves both questions, which are an order's redemptions and the
//! redemption of an order and a coupon. Nobody may make the second one slow by putting everything on one order: from
//! [`WALKED_MAX`] redemptions on, all of an order's are also found by their natural keys. All of it is derived.

use super::Redemption;
use crate::container::{Entities, Index};
use crate::keyed::OrderKey;

/// How long a chain may be that is walked for one redemption.
const WALKED_MAX: u32 = 8;

/// Derived: where a redemption stands among those of its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// The number of the next older + 1; 0 = none. One that was forgotten ends the chain too.
    older: u64,
    /// How many came before it.
    before: u32,
}

/// The index of one partition's redemptions.
#[derive(Default)]
pub(crate) struct Orders {
    /// The newest redemption of each order.
    newest: Index,
    /// Redemptions of orders that have or had more than [`WALKED_MAX`], and of orders that are not kept.
    crowded: Index,
}

impl Orders {
    /// Bytes of memory that it holds.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.newest.memory_bytes() + self.crowded.memory_bytes()
    }

    /// The redemption of this natural key.
    pub(crate) fn find(&self, all: &Entities<Redemption>, key: OrderKey) -> Option<u64> {
        let mut chain = self.of(all, key.order_only).take(WALKED_MAX as usize);
        let walked = chain.find(|(_, redemption)| redemption.order == key.natural).map(|(number, _)| number);
        walked.or_else(|| self.crowd_has(all, key))
    }

    fn crowd_has(&self, all: &Entities<Redemption>, key: OrderKey) -> Option<u64> {
        let is_it = |number| all.get(number).is_some_and(|redemption| redemption.order == key.natural);
        self.crowded.find(key.natural as u64, all.first(), is_it)
    }

    /// Reads ahead what [`Orders::find`] will read; the number means nothing.
    pub(crate) fn touch(&self, key: OrderKey) -> u64 {
        if key.order_only == 0 { 0 } else { self.newest.touch(key.order_only) }
    }

    /// The redemptions of an order, newest first.
    pub(crate) fn of<'a>(
        &self,
        all: &'a Entities<Redemption>,
        order_only: u64,
    ) -> impl Iterator<Item = (u64, &'a Redemption)> + use<'a> {
        let newest = if order_only == 0 { None } else { self.newest.find(order_only, all.first(), is_of(all, order_only)) };
        let mut next = newest.map_or(0, |number| number + 1);
        std::iter::from_fn(move || {
            let number = next.checked_sub(1)?;
            let redemption = all.get(number)?;
            next = redemption.link.older;
            Some((number, redemption))
        })
    }

    /// Where the next redemption of this key will stand; `None` if it is here already.
    pub(crate) fn place(&self, all: &Entities<Redemption>, key: OrderKey) -> Option<Link> {
        let mut chain = self.of(all, key.order_only).take(WALKED_MAX as usize).peekable();
        let link = chain
            .peek()
            .map_or(Link::default(), |(number, newest)| Link { older: number + 1, before: newest.link.before.saturating_add(1) });
        let is_here = chain.any(|(_, redemption)| redemption.order == key.natural) || self.crowd_has(all, key).is_some();
        (!is_here).then_some(link)
    }

    /// Before one of an image is added.
    pub(crate) fn grow_ahead(&mut self, all: &Entities<Redemption>) {
        self.newest.grow_ahead(all.first(), |number| redemption(all, number).order_only);
    }

    /// The redemption of this number is here now, with the link it was promised.
    pub(crate) fn add(&mut self, all: &Entities<Redemption>, number: u64) {
        let Redemption { order, order_only, link, .. } = *redemption(all, number);
        if order_only == 0 {
            return self.crowd(all, number, order);
        }
        let hash_of = |number| redemption(all, number).order_only;
        match link.older {
            0 => self.newest.insert(order_only, number, all.first(), hash_of),
            _ => drop(self.newest.put(order_only, number, all.first(), is_of(all, order_only), hash_of)),
        }
        if link.before == WALKED_MAX {
            let older = self.of(all, order_only).skip(1);
            older.for_each(|(number, older)| self.crowd(all, number, older.order));
        }
        if link.before >= WALKED_MAX {
            self.crowd(all, number, order);
        }
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
    }
}
