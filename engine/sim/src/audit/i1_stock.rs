//! I1: never oversold, of stocks, days and budgets; sold to the last piece, and "sold out" said only when it is true; I2: the identity of every stock.

use super::shadow::Shadow;
use crate::clients::{Ask, COVER};
use crate::history::{History, What};
use crate::violation::{Checked, holds};
use tessera_domain::Pool;
use tessera_domain::command::Command;
use tessera_domain::reply::Written;

/// Every pool that is open, with its home's number. It is opened at its template's home and nowhere else.
fn opened(shadow: &Shadow) -> impl Iterator<Item = (Pool, usize)> + '_ {
    let opened = |home: usize| shadow.partitions[home].state().stock().opened().map(move |pool| (pool, home));
    (0..shadow.partitions.len()).flat_map(opened)
}

fn check_home(shadow: &Shadow, pool: Pool, home: usize) -> Checked {
    let template = shadow.catalog.state().catalog().get(pool.template());
    let partitions = shadow.partitions.len() as u16;
    let right = template.map(|found| crate::machine::hash_key().home_of(found.terms.template_id.as_str(), partitions));
    holds(right == Some(home as u16), "I1", || format!("{pool} was opened in partition {home}, its home is {right:?}"))
}

/// total = free + Σ[(granted − received) + unsold + (returned − reclaimed) + (issued − restocked)], each term ≥ 0.
pub(crate) fn check_identity(shadow: &Shadow, history: &History) -> Checked {
    opened(shadow).try_for_each(|(pool, home)| check_one(shadow, history, pool, home))
}

fn check_one(shadow: &Shadow, history: &History, pool: Pool, home: usize) -> Checked {
    check_home(shadow, pool, home)?;
    let books = shadow.partitions[home].state().stock();
    let stock = books.home(pool);
    let (mut sum, mut issued, mut back) = (stock.total as i64 - stock.out as i64, 0, 0);
    holds(sum >= 0, "I2", || format!("{pool}: {} free", sum))?;
    for partition in &shadow.partitions {
        let id = partition.state().id();
        let share = books.share(pool, id);
        let lease = partition.state().stock().lessee(pool).since_dropped(share.reclaimed);
        let [granted, reclaimed] = [share.granted, share.reclaimed].map(|count| count as i64);
        let [received, returned, sold, restocked] =
            [lease.received, lease.returned, lease.issued, lease.restocked].map(|count| count as i64);
        let terms = [granted - received, received + restocked - returned - sold, returned - reclaimed, sold - restocked];
        holds(terms.iter().all(|&term| term >= 0), "I2", || {
            format!("{pool}, partition {id}: on the way, unsold, coming back, sold = {terms:?}")
        })?;
        sum += terms.iter().sum::<i64>();
        issued += lease.issued;
        back += lease.restocked;
    }
    holds(sum == stock.total as i64, "I2", || format!("{pool}: {sum} of {}", stock.total))?;
    holds(issued - back <= stock.total, "I1", || format!("{pool}: {issued} issued of {}", stock.total))?;
    let told = history.issued(pool.template());
    holds(!pool.is_stock() || told == issued, "I1", || format!("{pool}: {told} coupons, {issued} counted"))
}

/// "Sold out" of a total: that many coupons are durable by then, and no raise beyond it had been answered when it was asked.
pub(crate) fn check_sold_out(history: &History, template: u32, total: u64, raised: u64) -> Checked {
    let issued = history.issued(template);
    holds(issued >= total, "I1", || format!("template {template} was called sold out at {total}, {issued} are issued"))?;
    holds(total >= raised, "I1", || format!("template {template} was called sold out at {total} after a raise to {raised}"))
}

/// The same of a budget: no coupon more can be paid out of it than were issued by then.
pub(crate) fn check_exhausted(history: &History, template: u32, total: u64, raised: u64) -> Checked {
    let issued = history.issued(template);
    let is_true = (issued + 1) * COVER as u64 > total;
    holds(is_true, "I1", || format!("the budget {total} of template {template} was called exhausted, {issued} are issued"))?;
    holds(total >= raised, "I1", || format!("the budget {total} was called exhausted after a raise to {raised}"))
}

/// A raise is of the total that its caller saw, to the one that they want.
pub(crate) fn check_raise(history: &History, ask: &Ask, written: Written) -> Checked {
    let Ask::Partition(_, Command::RaiseStock(raise) | Command::RaiseBudget(raise)) = ask else { return Ok(()) };
    match history.fact(written.partition, written.lsn).map(|fact| fact.what) {
        Some(What::StockSet { from, to }) => {
            holds((from, to) == (raise.current, raise.target), "I1", || format!("{raise:?} raised from {from} to {to}"))
        }
        _ => Ok(()),
    }
}

/// At rest, when demand was larger than every stock that gets nothing back.
pub(crate) fn check_sold_to_the_last(shadow: &Shadow, history: &History) -> Checked {
    let catalog = shadow.catalog.state().catalog();
    let keeps = |pool: &Pool| catalog.get(pool.template()).is_some_and(|template| !template.terms.rules().restock);
    for (pool, home) in opened(shadow).filter(|(pool, _)| pool.is_stock() && keeps(pool)) {
        let (total, issued) = (shadow.partitions[home].state().stock().home(pool).total, history.issued(pool.template()));
        holds(issued == total, "I1", || format!("{pool}: {issued} sold of {total}, and demand was larger"))?;
    }
    Ok(())
}
