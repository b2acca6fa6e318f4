//! Gift cards, issued one to a user. Their ids and codes are kept: a redemption names its card by them, drawn at random, so a card's
//! texts lie where its place is.

use std::sync::OnceLock;

use arrayvec::ArrayVec;

use super::Plan;
use crate::{
    ids::{Id, Ids, Noun},
    wire::{
        answer::{Accepted, Kind},
        write,
    },
};

/// What the reply to the issue of a card said.
#[derive(Clone, Debug)]
pub struct Card {
    /// The coupon's id.
    pub coupon_id: ArrayVec<u8, 26>,
    /// Its code.
    pub code: ArrayVec<u8, 16>,
}

const _: () = assert!(size_of::<OnceLock<Card>>() <= 64, "a card is a cache line");

impl Card {
    /// Texts as long as the contract says; what is longer is cut, and will not be known by the server that gave it.
    fn of(coupon_id: &[u8], code: &[u8]) -> Self {
        Self { coupon_id: coupon_id.iter().copied().take(26).collect(), code: code.iter().copied().take(16).collect() }
    }
}

/// Phase 1: card n goes to user n.
#[derive(Debug)]
pub struct Issues {
    ids: Ids,
    template: Id,
    cards: Vec<OnceLock<Card>>,
}

impl Issues {
    /// `cards` ≥ 1 cards of one template.
    pub fn new(cards: u64, ids: Ids) -> Self {
        let mut places = Vec::new();
        places.resize_with(cards as usize, OnceLock::new);
        Self { ids, template: ids.id(Noun::Template, 0), cards: places }
    }

    /// The identifiers of the run.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The template's id.
    pub fn template_id(&self) -> String {
        self.ids.text(Noun::Template, 0)
    }

    /// The id of the user with card `card`.
    pub fn user_id(&self, card: u64) -> String {
        self.ids.text(Noun::User, card)
    }

    /// Cards to be issued.
    pub fn cards(&self) -> u64 {
        self.cards.len() as u64
    }

    /// The card's texts, after its issue; made up before, for measurements without an engine.
    pub fn card(&self, card: u64) -> &Card {
        self.cards[card as usize].get_or_init(|| Card::of(format!("0{card:025}").as_bytes(), format!("{card:016}").as_bytes()))
    }
}

impl Plan for Issues {
    fn kind(&self) -> Kind {
        Kind::Claim
    }

    fn operations(&self) -> u64 {
        self.cards()
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let request_id = self.ids.id(Noun::Request, operation);
        write::claim(&request_id, &self.ids.id(Noun::User, operation), &self.template, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.ids.number(Noun::Request, request_id)
    }

    fn accepted(&self, operation: u64, reply: &Accepted<'_>) {
        if let Some(place) = self.cards.get(operation as usize) {
            place.get_or_init(|| Card::of(reply.coupon_id, reply.code));
        }
    }
}
