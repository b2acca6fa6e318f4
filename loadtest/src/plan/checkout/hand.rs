//! What users are dealt, by claims: as many coupons each, one to three of them cards, the discounts in another order for each user,
//! because the older of two of one layer comes first. The last one is a card of somebody else, who never shops: whoever has its code may use
//! it, from whatever partition it lies in.

use std::sync::OnceLock;

use super::templates::DISCOUNTS;
use crate::{
    ids::{Ids, Noun},
    plan::{Plan, dealt::Dealt},
    wire::{
        answer::{Accepted, Kind},
        write,
    },
};

/// Coupons of each user, the last one by its code alone.
pub const COUPONS_PER_USER: u64 = 37;

/// Most cards of a user.
const CARDS_MAX: u64 = 3;

/// How many templates are cards.
const CARD_TEMPLATES: u64 = 4;

/// Phase 1: coupon n goes to user n / [`COUPONS_PER_USER`].
#[derive(Debug)]
pub struct Hands {
    ids: Ids,
    users: u64,
    coupons: Vec<OnceLock<Dealt>>,
}

impl Hands {
    /// Of `users` ≥ 1 users.
    pub fn new(users: u64, ids: Ids) -> Self {
        let mut coupons = Vec::new();
        coupons.resize_with((users * COUPONS_PER_USER) as usize, OnceLock::new);
        Self { ids, users, coupons }
    }

    /// How many users.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// The identifiers of the round.
    pub fn ids(&self) -> Ids {
        self.ids
    }

    /// A user's id.
    pub fn user_id(&self, user: u64) -> String {
        self.ids.text(Noun::User, user)
    }

    /// A template's id, by its place.
    pub fn template_id(&self, place: u64) -> String {
        self.ids.text(Noun::Template, place)
    }

    /// The place of the template of a coupon.
    pub fn template_of(coupon: u64) -> u64 {
        let (user, place) = (coupon / COUPONS_PER_USER, coupon % COUPONS_PER_USER);
        if Self::is_borrowed(coupon) {
            // Another template than those of the user's own cards, so that no two are alike.
            DISCOUNTS as u64 + (user + CARDS_MAX) % CARD_TEMPLATES
        } else if place < 1 + user % CARDS_MAX {
            DISCOUNTS as u64 + (user + place) % CARD_TEMPLATES
        } else {
            (user + place) % DISCOUNTS as u64
        }
    }

    /// Whether it belongs to somebody else, who never shops.
    pub fn is_borrowed(coupon: u64) -> bool {
        coupon % COUPONS_PER_USER == COUPONS_PER_USER - 1
    }

    /// Who owns the card that a user has by its code.
    pub fn holder_id(&self, user: u64) -> String {
        self.ids.text(Noun::User, self.users + user)
    }

    /// Numbers of a user's coupons.
    pub fn of_user(user: u64) -> std::ops::Range<u64> {
        user * COUPONS_PER_USER..(user + 1) * COUPONS_PER_USER
    }

    /// What its claim said; `None` if it was not dealt.
    pub fn dealt(&self, coupon: u64) -> Option<&Dealt> {
        self.coupons.get(coupon as usize)?.get()
    }
}

impl Plan for Hands {
    fn kind(&self) -> Kind {
        Kind::Claim
    }

    fn operations(&self) -> u64 {
        self.coupons.len() as u64
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let request_id = self.ids.id(Noun::Request, operation);
        let user = operation / COUPONS_PER_USER;
        let user_id = self.ids.id(Noun::User, if Self::is_borrowed(operation) { self.users + user } else { user });
        let template_id = self.ids.id(Noun::Template, Self::template_of(operation));
        write::claim(&request_id, &user_id, &template_id, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.ids.number(Noun::Request, request_id)
    }

    fn accepted(&self, operation: u64, reply: &Accepted<'_>) {
        if let Some(place) = self.coupons.get(operation as usize) {
            place.get_or_init(|| Dealt::of(reply));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_to_three_cards_and_every_discount() {
        for user in 0..12 {
            let own = Hands::of_user(user).filter(|&coupon| !Hands::is_borrowed(coupon));
            let places: Vec<_> = own.map(Hands::template_of).collect();
            let other = Hands::template_of(Hands::of_user(user).end - 1);
            assert!(other >= DISCOUNTS as u64 && !places.contains(&other), "user {user}: {other}");
            let cards = places.iter().filter(|&&place| place >= DISCOUNTS as u64).count() as u64;
            assert_eq!(cards, 1 + user % 3, "user {user}");
            assert!((0..DISCOUNTS as u64).all(|discount| places.contains(&discount)), "user {user}: {places:?}");
        }
    }
}
