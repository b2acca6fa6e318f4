//! Conservation of stock, of days and budgets, and of value over all partitions (I1, I2): the identity of the lease protocol, term by term, and those of gifts and of pledges.
//!
//! total = free + Σ [(granted − received) + unsold + (returned − reclaimed) + (issued − restocked)] holds by
//! construction; what can be wrong is a term below zero: more received than granted, or more reclaimed
//! than returned. It is checked where the log is whole (offline, at the end of a simulation, by a restore), and
//! on living partitions by an order of asking that makes their answers comparable ([`live`]). Of a day that is over every
//! partition drops its counts by itself: a lessee without any has dropped them, or never had some.

mod gifts;
mod pledges;

use crate::shard::{Books, HomeBook};
pub use gifts::{Gifts, LostGifts};
pub use pledges::{LostPledge, PledgeBook, PledgeSums, Pledges};
use std::collections::BTreeMap;
use tessera_domain::stock::Stock;
use tessera_domain::{Pool, ValueTotals};

/// A term of the identity that is below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pool} between home {home} and partition {lessee}: {more} is {found}, {less} only {most}")]
pub struct Imbalance {
    /// Of which pool.
    pub pool: Pool,
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

/// One pool over all partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Which.
    pub pool: Pool,
    /// Pieces, or minor units, in all.
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

/// The balance of every opened pool, or the first term below zero.
pub fn balances(partitions: &[(u16, &Stock)]) -> Result<Vec<Balance>, Imbalance> {
    let opened = partitions.iter().flat_map(|home| home.1.opened().map(move |pool| (*home, pool)));
    opened.map(|(home, pool)| balance(home, pool, partitions)).collect()
}

fn balance((home, stocks): (u16, &Stock), pool: Pool, partitions: &[(u16, &Stock)]) -> Result<Balance, Imbalance> {
    let stock = stocks.home(pool);
    let mut balance = Balance::of(pool, stock.total, stock.free());
    for &(partition, leases) in partitions {
        let share = stocks.share(pool, partition);
        let lessee = leases.lessee(pool).since_dropped(share.reclaimed);
        let bounded = |more, found: u64, less, most: u64| match most.checked_sub(found) {
            Some(rest) => Ok(rest),
            None => Err(Imbalance { pool, home, lessee: partition, more, found, less, most }),
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

impl Balance {
    fn of(pool: Pool, total: u64, free: u64) -> Balance {
        let (granted_on_the_way, unsold, returned_on_the_way, issued) = (0, 0, 0, 0);
        Balance { pool, total, free, granted_on_the_way, unsold, returned_on_the_way, issued }
    }
}

/// Stock and value over all partitions while they live.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// What does not add up.
    pub violations: Vec<String>,
    /// Where each pool is.
    pub stocks: Vec<Balance>,
    /// The sums of all coupons' accounts, by template and currency.
    pub values: BTreeMap<(u32, [u8; 3]), ValueTotals>,
    /// How orders over partitions stand.
    pub pledges: PledgeSums,
}

/// Adds up the books of all partitions, taken three times, one after the other.
///
/// No instant is the same for all partitions, but every count only rises, so order does: what a lessee has
/// received before its home is asked was granted by then, and what the home had reclaimed by then the
/// lessee has returned before it is asked again. A partition that was not heard each time is a violation.
pub fn live(partitions: u16, first: &[Books], homes: &[Books], last: &[Books]) -> Live {
    let mut live = Live::default();
    let [first, homes, last] = [first, homes, last].map(|books| books.iter().map(|book| (book.partition, book)).collect());
    let heard: [&BTreeMap<u16, &Books>; 3] = [&first, &homes, &last];
    for partition in (0..partitions).filter(|partition| heard.iter().any(|books| !books.contains_key(partition))) {
        live.violations.push(format!("partition {partition} did not answer"));
    }
    for home in homes.values() {
        for (&pool, book) in &home.homes {
            live.add_stock(pool, home.partition, book, &first, &last);
        }
    }
    live.compare_gifts(&first, &last);
    live.compare_pledges(&first, &homes, &last);
    for book in last.values() {
        for &(template, currency, totals) in &book.values {
            if !totals.are_whole() {
                live.violations.push(format!("value of template {template} in partition {}: {totals:?}", book.partition));
            }
            *live.values.entry((template, currency.bytes())).or_default() += totals;
        }
    }
    live
}

impl Live {
    /// What orders' homes say is done by the cards' partitions, or on its way.
    fn compare_pledges(&mut self, first: &BTreeMap<u16, &Books>, homes: &BTreeMap<u16, &Books>, last: &BTreeMap<u16, &Books>) {
        let [first, homes, last] =
            [first, homes, last].map(|books| books.iter().map(|(&of, book)| (of, &book.pledges)).collect());
        match pledges::balance(&first, &homes, &last) {
            Ok(sums) => self.pledges = sums,
            Err(lost) => self.violations.push(lost.to_string()),
        }
    }

    /// What has arrived as a gift before its sender is asked was given by then.
    fn compare_gifts(&mut self, first: &BTreeMap<u16, &Books>, last: &BTreeMap<u16, &Books>) {
        let sums = |books: &BTreeMap<u16, &Books>, of: fn(&ValueTotals) -> i128| {
            let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
            let rows = books.values().flat_map(|book| &book.values);
            rows.for_each(|(template, _, totals)| *sums.entry(*template).or_default() += of(totals));
            sums
        };
        let given = sums(last, |totals| totals.given);
        for (template, received) in sums(first, |totals| totals.received) {
            let given = given.get(&template).copied().unwrap_or_default();
            if received > given {
                self.violations.push(format!("gifts of template {template}: {received} received, only {given} given"));
            }
        }
    }

    fn add_stock(&mut self, pool: Pool, home: u16, book: &HomeBook, first: &BTreeMap<u16, &Books>, last: &BTreeMap<u16, &Books>) {
        let none = Stock::default().lessee(pool);
        let lease = |books: &BTreeMap<u16, &Books>, partition| {
            books.get(&partition).and_then(|books| books.leases.get(&pool)).copied().unwrap_or(none)
        };
        let mut balance = Balance::of(pool, book.total, book.free);
        let mut out = 0;
        for (lessee, &(granted, reclaimed)) in (0..).zip(&book.shares) {
            let (before, after) = (lease(first, lessee), lease(last, lessee).since_dropped(reclaimed));
            for (more, found, less, most) in [
                ("received", before.received, "granted", granted),
                ("reclaimed", reclaimed, "returned", after.returned),
                ("restocked", after.restocked, "issued", after.issued),
            ] {
                if found > most {
                    self.violations.push(Imbalance { pool, home, lessee, more, found, less, most }.to_string());
                }
            }
            out += granted - reclaimed;
            balance.granted_on_the_way += granted.saturating_sub(after.received);
            balance.returned_on_the_way += after.returned.saturating_sub(reclaimed);
            balance.issued += after.issued.saturating_sub(after.restocked);
            balance.unsold += after.unsold();
        }
        if book.free + out != book.total {
            self.violations.push(format!("{pool}: {} free and {out} out of {}", book.free, book.total));
        }
        self.stocks.push(balance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(partition: u16) -> Books {
        Books { partition, homes: BTreeMap::new(), leases: BTreeMap::new(), values: Vec::new(), pledges: PledgeBook::default() }
    }

    fn check(homes: &[Books], last: &[Books], violation: &str) {
        let live = live(2, &[books(0), books(1)], homes, last);
        assert!(live.violations.len() == 1 && live.violations[0].contains(violation), "{:?}", live.violations);
    }

    #[test]
    fn what_does_not_add_up_is_told() {
        let whole = [books(0), books(1)];
        assert!(live(2, &whole, &whole, &whole).violations.is_empty());
        check(&whole, &whole[..1], "partition 1 did not answer");

        let mut lost = whole.clone();
        lost[0].homes.insert(Pool::stock(3), HomeBook { total: 10, free: 4, shares: vec![(5, 0), (0, 0)] });
        check(&lost, &whole, "stock of template 3: 4 free and 5 out of 10");

        let mut reclaimed = whole.clone();
        reclaimed[0].homes.insert(Pool::stock(3), HomeBook { total: 10, free: 6, shares: vec![(5, 1), (0, 0)] });
        check(&reclaimed, &whole, "reclaimed is 1, returned only 0");

        let currency = tessera_domain::money::Currency::parse("CNY").expect("three capitals");
        let mut received = whole.clone();
        received[0].values.push((3, currency, ValueTotals { received: 10, given: 4, loaded: 10, ..ValueTotals::default() }));
        let first = live(2, &received, &whole, &whole);
        assert_eq!(first.violations, ["gifts of template 3: 10 received, only 0 given"]);

        let mut spent = whole.clone();
        spent[1].values.push((3, currency, ValueTotals { loaded: 10, available: 11, ..ValueTotals::default() }));
        check(&whole, &spent, "value of template 3 in partition 1");
    }
}
