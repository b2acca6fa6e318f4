//! A card's ledger: the events of its history that move money, each with what was on the card after it.
//!
//! What is held stays on the card until it is captured, so holds, their ends and blocks move nothing, and every movement is told by its
//! event alone. The walk goes back from what is on the card now, so a page begins with an lsn and a balance.

use tessera_engine::history::Fact;
use tessera_proto::v1::{self, LedgerKind};

use super::{card::known, page_size};
use crate::{
    domain::{
        Rejection,
        command::Instrument,
        event::{Event, Request},
    },
    seals::{Place, Seals},
};

/// A page of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whose.
    pub card: Place,
    /// How many events are looked at.
    pub page_size: usize,
    /// The first of them, and what is on the card after it; `None` = the newest there is.
    pub from: Option<(u64, i64)>,
}

/// The page that is asked for.
pub fn asked(seals: Seals<'_>, request: &v1::GetCardLedgerRequest) -> Result<Page, Rejection> {
    let page_size = page_size(request.page_size)? as usize;
    let (partition, instrument) = known(seals, &request.coupon_id)?;
    let card = Place { partition, number: instrument.coupon() };
    let from = seals.open_ledger_token(card, &request.page_token)?;
    Ok(Page { card, page_size, from })
}

impl Page {
    /// The card, as a partition is asked for it.
    pub fn instrument(&self) -> Instrument {
        Instrument::Known { coupon: self.card.number }
    }
}

/// The entries of these events, newest first, of which the first left `balance` on the card; and what was on it before them.
pub fn entries(card: Place, facts: &[Fact], mut balance: i64) -> (Vec<v1::LedgerEntry>, i64) {
    let mut entries = Vec::new();
    for fact in facts {
        let event = fact.event();
        let (kind, amount_minor) = movement(card.number, &event);
        if amount_minor != 0 {
            let [merchant_id, order_id] = sale(&event).map(str::to_owned);
            entries.push(v1::LedgerEntry {
                position: Some(v1::Position { partition: card.partition.into(), lsn: fact.lsn }),
                at_ms: fact.at_ms,
                kind: kind.into(),
                amount_minor,
                balance_after_minor: balance,
                merchant_id,
                order_id,
                reason: if let Event::Adjusted(event) = event { event.reason.to_owned() } else { String::new() },
                request_id: request(&event).map_or_else(String::new, |request| request.id.to_owned()),
            });
        }
        balance -= amount_minor;
    }
    (entries, balance)
}

/// What an event moved onto this card; below zero: off it.
fn movement(card: u64, event: &Event<'_>) -> (LedgerKind, i64) {
    match event {
        Event::ClaimedV1(event) => (LedgerKind::Issued, event.loaded),
        Event::Claimed(event) => (LedgerKind::Issued, event.loaded),
        Event::Activated(event) => (LedgerKind::Issued, event.loaded),
        Event::CardImported(event) => (LedgerKind::Issued, event.loaded),
        Event::Reloaded(event) => (LedgerKind::Reloaded, event.amount),
        Event::Adjusted(event) => (LedgerKind::Adjusted, event.amount),
        Event::RedeemedV1(event) | Event::Redeemed(event) => (LedgerKind::Spent, -event.captured),
        Event::PartRedeemed(event) => (LedgerKind::Spent, -event.captured),
        Event::Captured(event) => (LedgerKind::Spent, -event.captured),
        Event::PartCaptured(event) | Event::PartReacquired(event) => (LedgerKind::Spent, -event.captured),
        Event::RefundedV1(event) => (LedgerKind::Refunded, event.restored),
        Event::Refunded(refunded) if event.makes(card) => (LedgerKind::MovedIn, refunded.amount),
        Event::Refunded(event) => (LedgerKind::Refunded, event.restored),
        Event::PartRefunded(refunded) if event.makes(card) => (LedgerKind::MovedIn, refunded.amount),
        Event::PartRefunded(event) => (LedgerKind::Refunded, event.restored),
        Event::GiftReceived(event) => (LedgerKind::MovedIn, event.amount),
        Event::GiftAccepted(event) => (LedgerKind::MovedOut, -event.amount),
        Event::Expired(event) => (LedgerKind::Expired, -event.amount),
        Event::Voided(event) => (LedgerKind::Voided, -event.amount),
        Event::VoidedWithTemplate(event) => (LedgerKind::Voided, -event.amount),
        Event::Replaced(replaced) if event.makes(card) => (LedgerKind::MovedIn, replaced.amount),
        Event::Replaced(event) => (LedgerKind::MovedOut, -event.amount),
        _ => (LedgerKind::Unspecified, 0),
    }
}

/// Merchant and order, where an event names them.
pub fn sale<'a>(event: &Event<'a>) -> [&'a str; 2] {
    match event {
        Event::Activated(event) => [event.merchant, event.order],
        Event::Reloaded(event) => [event.merchant, event.order],
        Event::RedeemedV1(event) | Event::Redeemed(event) => [event.merchant, event.order],
        Event::PartRedeemed(event) => [event.merchant, event.order],
        Event::Held(event) => [event.merchant, event.order],
        Event::PartHeld(event) => [event.merchant, event.order],
        _ => ["", ""],
    }
}

fn request<'a>(event: &Event<'a>) -> Option<Request<'a>> {
    match event {
        Event::ClaimedV1(event) => Some(event.request),
        Event::Claimed(event) => Some(event.request),
        Event::Activated(event) => Some(event.request),
        Event::CardImported(event) => Some(event.request),
        Event::Reloaded(event) => Some(event.request),
        Event::Adjusted(event) => Some(event.request),
        Event::RedeemedV1(event) | Event::Redeemed(event) => Some(event.request),
        Event::Captured(event) => Some(event.request),
        Event::RefundedV1(event) => Some(event.request),
        Event::Refunded(event) => Some(event.request),
        Event::Voided(event) => Some(event.request),
        Event::Replaced(event) => Some(event.request),
        _ => None,
    }
}
