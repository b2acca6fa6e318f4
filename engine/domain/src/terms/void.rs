//! Void 作废 of a template: final, for every coupon of it, wherever it is.
//!
//! The catalog says that a template is void; each partition that hears of it records so of every version it has adopted, with the
//! instant. From then on a coupon of these terms is void, whether or not an event of its own has said so yet: the mark lies in the
//! terms, which every decision about a coupon reads anyway.

use crate::container::KeyedEntity;
use crate::digest::{Entity, EntityKind};
use crate::image::{Fields, Restore};

/// What becomes of the live holds of a void template's coupons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LiveHolds {
    /// They may be captured until they end.
    Kept = 1,
    /// They end with it.
    Revoked = 2,
}

impl LiveHolds {
    /// As an event says it.
    pub(crate) fn of(revoke_holds: bool) -> LiveHolds {
        if revoke_holds { LiveHolds::Revoked } else { LiveHolds::Kept }
    }

    /// The one of this number.
    pub(crate) fn from_number(number: u8) -> Option<LiveHolds> {
        [LiveHolds::Kept, LiveHolds::Revoked].into_iter().find(|&holds| holds as u8 == number)
    }
}

/// When a partition recorded that a template is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Void {
    /// What becomes of live holds.
    pub holds: LiveHolds,
    /// From which instant on, ms.
    pub at_ms: i64,
    /// The lsn that says so.
    pub lsn: u64,
}

impl Void {
    /// Whether live holds end with it.
    pub(crate) fn revokes(&self) -> bool {
        self.holds == LiveHolds::Revoked
    }
}

/// Terms of a void template in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VoidTerms {
    /// The terms' number.
    pub(crate) terms: u32,
    /// Since when; nothing is at its default.
    pub(crate) void: Option<Void>,
    /// Coupons that an event made void with it.
    pub(crate) coupons: u64,
}

impl Entity for VoidTerms {
    const KIND: EntityKind = EntityKind::VoidTerms;
    fn fields(&self, visit: &mut impl FnMut(u16, u64)) {
        visit(1, self.void.map_or(0, |void| void.holds as u64));
        visit(2, self.void.map_or(0, |void| void.at_ms as u64));
        visit(3, self.void.map_or(0, |void| void.lsn));
        visit(4, self.coupons);
    }
}

impl Restore for VoidTerms {
    fn restore(terms: u64, fields: &Fields) -> Option<VoidTerms> {
        let holds = LiveHolds::from_number(fields.narrow(1)?)?;
        let void = Void { holds, at_ms: fields.get(2) as i64, lsn: fields.get(3) };
        Some(VoidTerms { terms: u32::try_from(terms).ok()?, void: Some(void), coupons: fields.get(4) })
    }
}

impl KeyedEntity for VoidTerms {
    fn key(&self) -> u64 {
        self.terms.into()
    }
    fn at_default(key: u64) -> VoidTerms {
        VoidTerms { terms: key as u32, void: None, coupons: 0 }
    }
}
