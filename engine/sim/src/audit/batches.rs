//! Batches of cards at their home: shown as they were, complete for good, and taken once by one caller.
//!
//! That a batch is opened at its home, complete when every partition has made its cards and taken once is held event by event
//! ([`crate::history`]); here the states are compared with that, and so is what callers were told.

use super::shadow::Shadow;
use crate::clients::{Ask, id};
use crate::history::{At, Batch, History, Shelf};
use crate::machine::KEY_VERSION;
use crate::violation::{Checked, holds};
use tessera_domain::catalog::Catalog;
use tessera_domain::command::Command;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::reply::BatchView;
use tessera_domain::{Context, Decision, Partition, Reason, Rejection, Reply};

/// Every batch at its home, and what was made of it in every partition.
pub(crate) fn check(shadow: &Shadow, history: &History) -> Checked {
    let catalog = shadow.catalog.state().catalog();
    for (ledger, shelf) in shadow.partitions.iter().zip(&history.partitions) {
        for (name, batch) in &shelf.batches {
            let found = match asked(ledger.state(), catalog, &Command::GetBatch(id(name.clone()))) {
                Some(Reply::Batch(view)) => Some(shown(&view)),
                _ => None,
            };
            holds(found == Some(told(batch)), "I6", || format!("batch {name} is {batch:?}, the state shows {found:?}"))?;
            for (other, shelf) in shadow.partitions.iter().zip(&history.partitions) {
                let share = asked(other.state(), catalog, &Command::GetShare(id(name.clone())));
                let is_told = matches!(share, Some(Reply::Share(share)) if share.made == shelf.made(name));
                holds(is_told, "I6", || {
                    format!("{} cards were made of batch {name}, the state shows {share:?}", shelf.made(name))
                })?;
            }
        }
    }
    Ok(())
}

/// What was shown of a batch was so at some lsn from `floor` on, and is durable.
pub(crate) fn check_shown(shelf: &Shelf, name: &str, floor: u64, view: &BatchView) -> Checked {
    let batch = shelf.batches.get(name);
    let is_one = |was: Option<At>, shown_ms: i64| match was {
        Some(at) => at.ms == shown_ms || shown_ms == 0 && at.lsn > floor,
        None => shown_ms == 0,
    };
    let is_so = batch.is_some_and(|batch| {
        let opened = (batch.count, batch.opened.ms) == (view.count, view.opened_ms);
        opened && is_one(batch.completed, view.completed_ms) && is_one(batch.taken, view.taken_ms)
    });
    holds(is_so, "I11", || format!("batch {name} was shown as {view:?} since lsn {floor}; it is {batch:?}"))
}

/// A refusal says what is so: that the codes were taken at some time, or that a batch is not complete, which nobody was told before.
pub(crate) fn check_refused(history: &History, ask: &Ask, floor: u64, refusal: &Rejection) -> Checked {
    let Ask::Partition(home, Command::TakeBatch(take)) = ask else { return Ok(()) };
    let Some(batch) = history.partitions[usize::from(*home)].batches.get(take.batch.as_str()) else { return Ok(()) };
    let is_true = match refusal.reason {
        Reason::BatchTaken => batch.taken.is_some_and(|at| at.ms == refusal.value),
        Reason::BatchNotComplete => batch.completed.is_none_or(|at| at.lsn > floor),
        _ => true,
    };
    holds(is_true, "I11", || format!("{take:?} was refused with {refusal} since lsn {floor}; it is {batch:?}"))
}

fn told(batch: &Batch) -> [i64; 4] {
    let ms = |at: Option<At>| at.map_or(0, |at| at.ms);
    [batch.count as i64, batch.opened.ms, ms(batch.completed), ms(batch.taken)]
}

fn shown(view: &BatchView) -> [i64; 4] {
    [view.count as i64, view.opened_ms, view.completed_ms, view.taken_ms]
}

/// What a state answers.
fn asked(state: &Partition, catalog: &Catalog, command: &Command) -> Option<Reply> {
    let lessee = LesseeDesk::start(state.stock(), 0);
    let now_ms = state.time_ms();
    let context = Context { catalog, lessee: &lessee, now_ms, key_version: KEY_VERSION, requests_max: u64::MAX };
    match state.decide(&context, command) {
        Decision::Answer(reply) => Some(reply),
        _ => None,
    }
}
