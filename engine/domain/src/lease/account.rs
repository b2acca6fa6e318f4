//! The latest that home has heard from one lessee.
//!
//! Counters only rise, so the component-wise maximum of all statements is the latest one; whatever
//! arrives below it is old news.

use super::message::Statement;
use crate::stock::Share;

/// One lessee, as home knows it; nothing heard yet is all zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Account {
    received: u64,
    pub(super) returned: u64,
    issued: u64,
    restocked: u64,
    /// The largest total that this lessee has heard of.
    pub(super) heard: u64,
}

impl Account {
    /// Takes a statement in. Whether nothing later was heard before.
    pub(super) fn hear(&mut self, said: &Statement) -> bool {
        self.received = self.received.max(said.received);
        self.returned = self.returned.max(said.returned);
        self.issued = self.issued.max(said.issued);
        self.restocked = self.restocked.max(said.restocked);
        self.heard = self.heard.max(said.heard);
        (self.received, self.returned, self.issued, self.restocked) == (said.received, said.returned, said.issued, said.restocked)
    }

    /// Whether a grant to this lessee is still on its way, or lost.
    pub(super) fn misses_grant(&self, share: &Share) -> bool {
        assert!(self.received <= share.granted, "I1: no lessee received more than it was granted");
        self.received < share.granted
    }

    /// Whether this lessee has nothing: all received, all that was returned taken back, none unsold.
    pub(super) fn is_empty(&self, share: &Share) -> bool {
        !self.misses_grant(share) && self.returned == share.reclaimed && self.unsold() == 0
    }

    /// Pieces that the lessee could sell at its latest statement.
    pub(super) fn unsold(&self) -> u64 {
        self.received + self.restocked - self.returned - self.issued
    }
}
