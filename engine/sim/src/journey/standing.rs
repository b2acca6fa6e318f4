//! How the partitions stand after a recovery: what all coupons of each kind hold, and whether it adds up (I1, I2).

use super::Error;
use super::promotion::Class;
use crate::violation::{broken, holds};
use std::collections::BTreeMap;
use tessera_domain::ValueTotals;
use tessera_engine::conservation::{self, Gifts};
use tessera_engine::recovery::Recovered;
use tessera_wal::storage::Storage;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Standing {
    values: BTreeMap<Class, ValueTotals>,
    /// Pieces that stocks have in all, and those that were issued.
    pub(super) pieces: u64,
    pub(super) issued: u64,
}

impl Standing {
    /// Of all partitions and the catalog.
    pub(super) fn of<S: Storage>(recovered: &Recovered<S>) -> Result<Standing, Error> {
        let catalog = recovered.catalog.state().catalog();
        let states: Vec<_> = recovered.partitions.iter().map(|ledger| ledger.state()).collect();
        let (mut standing, mut gifts) = (Standing::default(), Gifts::default());
        for state in &states {
            gifts.admit(state, states.len() as u16);
            for (template, _, totals) in state.value_totals() {
                holds(totals.are_whole(), "I2", || format!("template {template} in partition {}: {totals:?}", state.id()))?;
                let name = catalog.get(template).map(|template| template.terms.template_id.as_str());
                let class = name.and_then(Class::of).ok_or_else(|| broken("I2", format!("value of no template {template}")))?;
                *standing.values.entry(class).or_default() += totals;
            }
        }
        gifts.balance().map_err(|lost| broken("I2", lost.to_string()))?;
        let stocks: Vec<_> = states.iter().map(|state| (state.id(), state.stock())).collect();
        for balance in conservation::balances(&stocks).map_err(|imbalance| broken("I1", imbalance.to_string()))? {
            standing.pieces += balance.total;
            standing.issued += balance.issued;
        }
        Ok(standing)
    }

    /// What all coupons of a kind hold, in cents for purses and in pieces for others.
    pub(super) fn value(&self, class: Class) -> ValueTotals {
        self.values.get(&class).copied().unwrap_or_default()
    }
}
