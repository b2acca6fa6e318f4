//! Commands of whoever sells gift cards and looks after them: activate, reload, adjust, replace.

use super::Instrument;
use crate::id::Id;
use crate::money::Currency;

/// Which sale a card was activated or reloaded with, as far as it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sale {
    /// At which merchant.
    pub merchant: Option<Id>,
    /// By which order.
    pub order: Option<Id>,
}

/// Make a card of a batch usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivateCard {
    /// Which card.
    pub instrument: Instrument,
    /// Which sale. Apart, because commands are moved.
    pub sale: Box<Sale>,
    /// Through which channel, if it is said.
    pub channel: Option<Box<Id>>,
    /// Idempotency key.
    pub request_id: Id,
}

/// Put money onto a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadCard {
    /// Which card.
    pub instrument: Instrument,
    /// Which sale. Apart, because commands are moved.
    pub sale: Box<Sale>,
    /// How much, in minor units.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// Idempotency key.
    pub request_id: Id,
}

/// Correct a card's balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustCard {
    /// Which card.
    pub instrument: Instrument,
    /// What is added, in minor units; below zero: taken away.
    pub amount: i64,
    /// Its currency.
    pub currency: Currency,
    /// Why. Apart, because commands are moved.
    pub reason: Box<Id>,
    /// Idempotency key.
    pub request_id: Id,
}

/// Make a lost card void, and a new one that holds what was on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceCard {
    /// Which card.
    pub instrument: Instrument,
    /// Whether live holds are taken away; else a held card is refused.
    pub revoke_holds: bool,
    /// Idempotency key.
    pub request_id: Id,
}

impl Sale {
    /// Merchant and order as an event has them: empty where they are not said.
    pub(crate) fn texts(&self) -> [&str; 2] {
        [text(self.merchant.as_ref()), text(self.order.as_ref())]
    }
}

/// An id that may be left out, as an event has it.
pub(crate) fn text(id: Option<&Id>) -> &str {
    id.map_or("", Id::as_str)
}
