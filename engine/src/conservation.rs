//! Conservation of stock over all partitions at once (I1): the identity of the lease protocol, term by term.
//!
//! total = free + Σ [(granted − received) + unsold + (returned − reclaimed) + (issued − restocked)] holds by
//! construction; what can be wrong is a term below zero: more received than granted, or more reclaimed
//! than returned. It is checked where the log is whole: offline, at the end of a simulation.

use tessera_domain::stock::Stock;

/// A term of the identity that is below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stock of template {template} between home {home} and partition {lessee}: {more} is {found}, {less} only {most}")]
pub struct Imbalance {
    /// The template's number.
    pub template: u32,
    /// Its home.
    pub home: u16,
    /// The lessee.
    pub lessee: u16,
    /// The count that is too high.
    pub more: &'static str,
    /// Its value.
    pub found: u64,
    /// The count that bounds it.
    pub less: &'static str,
    /// Its value.
    pub most: u64,
}

/// One template's stock over all partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The template's number.
    pub template: u32,
    /// Pieces in all.
    pub total: u64,
    /// Granted to nobody.
    pub free: u64,
    /// Granted and not received yet.
    pub granted_on_the_way: u64,
    /// Leased and unsold.
    pub unsold: u64,
    /// Returned and not reclaimed yet.
    pub returned_on_the_way: u64,
    /// Issued and not restocked.
    pub issued: u64,
}

/// The balance of every opened stock, or the first term below zero.
pub fn balances(partitions: &[(u16, &Stock)]) -> Result<Vec<Balance>, Imbalance> {
    let opened = partitions.iter().flat_map(|home| home.1.opened().map(move |template| (*home, template)));
    opened.map(|(home, template)| balance(home, template, partitions)).collect()
}

fn balance((home, stocks): (u16, &Stock), template: u32, partitions: &[(u16, &Stock)]) -> Result<Balance, Imbalance> {
    let stock = stocks.home(template);
    let mut balance = Balance { template, total: stock.total, free: stock.free(), ..Balance::default() };
    for &(partition, leases) in partitions {
        let (share, lessee) = (stocks.share(template, partition), leases.lessee(template));
        let bounded = |more, found: u64, less, most: u64| match most.checked_sub(found) {
            Some(rest) => Ok(rest),
            None => Err(Imbalance { template, home, lessee: partition, more, found, less, most }),
        };
        balance.granted_on_the_way += bounded("received", lessee.received, "granted", share.granted)?;
        balance.returned_on_the_way += bounded("reclaimed", share.reclaimed, "returned", lessee.returned)?;
        balance.issued += bounded("restocked", lessee.restocked, "issued", lessee.issued)?;
        balance.unsold += lessee.unsold();
    }
    let parts = balance.free + balance.granted_on_the_way + balance.unsold + balance.returned_on_the_way + balance.issued;
    assert_eq!(parts, balance.total, "I1: the identity holds by construction");
    Ok(balance)
}
