//! I1: never oversold, sold to the last piece, and "sold out" said only when it is true; I2: the identity of every stock.

use super::shadow::Shadow;
use crate::history::History;
use crate::violation::{Checked, holds};

/// Every limited template that is open, with its home's number.
fn opened(shadow: &Shadow) -> impl Iterator<Item = (u32, usize)> + '_ {
    let catalog = shadow.catalog.state().catalog();
    let limited = (0..).map_while(|number| catalog.get(number)).filter(|template| template.terms.limited);
    let partitions = shadow.partitions.len() as u16;
    let homed = limited.map(move |template| {
        let home = crate::machine::hash_key().home_of(template.terms.template_id.as_str(), partitions);
        (template.terms.template, usize::from(home))
    });
    homed.filter(|&(template, home)| shadow.partitions[home].state().stock().home(template).opened)
}

/// total = free + Σ[(granted − received) + unsold + (returned − reclaimed) + (issued − restocked)], each term ≥ 0.
pub(crate) fn check_identity(shadow: &Shadow, history: &History) -> Checked {
    opened(shadow).try_for_each(|(template, home)| check_one(shadow, history, template, home))
}

fn check_one(shadow: &Shadow, history: &History, template: u32, home: usize) -> Checked {
    let books = shadow.partitions[home].state().stock();
    let stock = books.home(template);
    let (mut sum, mut issued) = (stock.total as i64 - stock.out as i64, 0);
    holds(sum >= 0, "I2", || format!("template {template}: {} free", sum))?;
    for partition in &shadow.partitions {
        let id = partition.state().id();
        let (share, lease) = (books.share(template, id), partition.state().stock().lessee(template));
        let [granted, reclaimed] = [share.granted, share.reclaimed].map(|count| count as i64);
        let [received, returned, sold, restocked] =
            [lease.received, lease.returned, lease.issued, lease.restocked].map(|count| count as i64);
        let terms = [granted - received, received + restocked - returned - sold, returned - reclaimed, sold - restocked];
        holds(terms.iter().all(|&term| term >= 0), "I2", || {
            format!("template {template}, partition {id}: on the way, unsold, coming back, sold = {terms:?}")
        })?;
        sum += terms.iter().sum::<i64>();
        issued += lease.issued;
    }
    holds(sum == stock.total as i64, "I2", || format!("template {template}: {sum} pieces of {}", stock.total))?;
    holds(issued <= stock.total, "I1", || format!("template {template}: {issued} issued of {}", stock.total))?;
    let told = history.issued(template);
    holds(told == issued, "I1", || format!("template {template}: {told} coupons, {issued} counted"))
}

/// "Sold out" of a total: that many coupons are durable by then, and no raise beyond it had been answered when it was asked.
pub(crate) fn check_sold_out(history: &History, template: u32, total: u64, raised: u64) -> Checked {
    let issued = history.issued(template);
    holds(issued >= total, "I1", || format!("template {template} was called sold out at {total}, {issued} are issued"))?;
    holds(total >= raised, "I1", || format!("template {template} was called sold out at {total} after a raise to {raised}"))
}

/// At rest, when demand was larger than every stock.
pub(crate) fn check_sold_to_the_last(shadow: &Shadow, history: &History) -> Checked {
    for (template, home) in opened(shadow) {
        let (total, issued) = (shadow.partitions[home].state().stock().home(template).total, history.issued(template));
        holds(issued == total, "I1", || format!("template {template}: {issued} sold of {total}, and demand was larger"))?;
    }
    Ok(())
}
