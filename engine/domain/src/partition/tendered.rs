//! What an audit compares of orders with cards of other partitions: what their home says that cards pay, and what the cards' partition has taken.

use super::Partition;
use std::collections::BTreeMap;

/// What cards pay for one order of another partition, or get back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tendered {
    /// What was captured.
    pub charged: i64,
    /// What of it was given back.
    pub given_back: i64,
    /// Whether cards may be held for it, or are.
    pub is_open: bool,
}

impl Partition {
    /// By saga and the cards' partition: what this partition says.
    pub fn tendered_apart(&self) -> BTreeMap<(u64, u16), Tendered> {
        let mut told: BTreeMap<(u64, u16), Tendered> = BTreeMap::new();
        for saga in self.sagas.iter() {
            for (one, given_back) in saga.given_back(saga.body.refunded) {
                let tendered = told.entry((saga.lsn, one.partition)).or_default();
                tendered.charged += one.captured;
                tendered.given_back += given_back;
                tendered.is_open = saga.is_asking() || saga.is_held();
            }
        }
        told
    }

    /// By home and saga: what this partition has done for others.
    pub fn pledged(&self) -> BTreeMap<(u16, u64), Tendered> {
        let mut told: BTreeMap<(u16, u64), Tendered> = BTreeMap::new();
        for pledge in self.pledges.iter() {
            let tendered = told.entry((pledge.home, pledge.saga)).or_default();
            let redemption = self.redemptions.at_lsn(pledge.redemption).map(|(_, redemption)| redemption);
            tendered.charged += redemption.map_or(0, |redemption| redemption.applied);
            tendered.given_back += redemption.map_or(0, |redemption| redemption.refunded);
            tendered.is_open = !pledge.is_settled;
        }
        told
    }
}
