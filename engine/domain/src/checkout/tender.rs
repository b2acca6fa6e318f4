//! Tender: gift cards pay what the discounts have left.

use std::cmp::Reverse;

/// A card that may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its number.
    pub coupon: u64,
    /// Its balance in minor units.
    pub available: i64,
    /// When it expires, in ms since the epoch; 0 = never.
    pub until_ms: i64,
}

/// What each card pays, in the order in which they are drained, until `payable` is covered: soonest to expire first, then smallest
/// balance, then coupon number. The amounts sum to `payable` or to all that the cards have. A card that pays nothing is not named.
pub fn tender(payable: i64, cards: &[Card]) -> Vec<(u64, i64)> {
    let mut cards = cards.to_vec();
    // Never is after every time.
    cards.sort_by_key(|card| (Reverse(card.until_ms != 0), card.until_ms, card.available, card.coupon));
    let mut open = payable;
    let mut paid = Vec::new();
    for card in cards {
        let amount = card.available.min(open);
        if amount > 0 {
            open -= amount;
            paid.push((card.coupon, amount));
        }
    }
    paid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn card(coupon: u64, available: i64, until_ms: i64) -> Card {
        Card { coupon, available, until_ms }
    }

    #[test]
    fn cards_drain_soonest_then_smallest_then_by_number() {
        let cards = [card(1, 50, 0), card(2, 40, 9), card(3, 30, 9), card(5, 30, 8), card(4, 30, 9), card(6, 20, 0)];
        assert_eq!(tender(1_000, &cards), [(5, 30), (3, 30), (4, 30), (2, 40), (6, 20), (1, 50)]);
    }

    #[test]
    fn the_last_card_pays_what_is_open_and_the_others_nothing() {
        let cards = [card(1, 50, 1), card(2, 50, 2), card(3, 50, 3)];
        assert_eq!(tender(70, &cards), [(1, 50), (2, 20)]);
        assert_eq!(tender(100, &cards), [(1, 50), (2, 50)]);
        assert_eq!(tender(0, &cards), []);
    }

    #[test]
    fn an_empty_card_is_not_named() {
        assert_eq!(tender(10, &[card(1, 0, 1), card(2, 5, 2)]), [(2, 5)]);
        assert_eq!(tender(10, &[]), []);
    }

    fn cards() -> impl Strategy<Value = Vec<Card>> {
        let card = (0_i64..100, prop_oneof![Just(0), 1_i64..4]).prop_map(|(available, until_ms)| card(0, available, until_ms));
        prop::collection::vec(card, 0..8).prop_map(|mut cards| {
            (0..).zip(&mut cards).for_each(|(number, card)| card.coupon = number);
            cards
        })
    }

    proptest! {
        #[test]
        fn cards_pay_what_is_open_or_all_they_have(payable in 0_i64..400, cards in cards()) {
            let paid = tender(payable, &cards);
            let all: i64 = cards.iter().map(|card| card.available).sum();
            prop_assert_eq!(paid.iter().map(|(_, amount)| amount).sum::<i64>(), payable.min(all));
            for (coupon, amount) in &paid {
                prop_assert!(0 < *amount && *amount <= cards[*coupon as usize].available);
            }
            let mut reversed = cards;
            reversed.reverse();
            prop_assert_eq!(tender(payable, &reversed), paid);
        }

        #[test]
        fn only_the_last_card_keeps_something(payable in 0_i64..400, cards in cards()) {
            let paid = tender(payable, &cards);
            let drained = paid.iter().rev().skip(1).all(|&(coupon, amount)| amount == cards[coupon as usize].available);
            prop_assert!(drained);
        }
    }
}
