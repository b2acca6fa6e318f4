//! I2: available + held + captured + expired + voided + given = loaded, of each card and of all: in the plain model as in the state.

use super::shadow::Shadow;
use crate::history::{Accounts, History, Shelf};
use crate::machine::KEY_VERSION;
use crate::violation::{Checked, holds};
use tessera_domain::command::{Command, Instrument};
use tessera_domain::lease::LesseeDesk;
use tessera_domain::reply::CouponView;
use tessera_domain::{Context, Decision, Partition, Reply, ValueTotals};

/// Every card of every partition.
pub(crate) fn check(shadow: &Shadow, history: &History) -> Checked {
    for (ledger, shelf) in shadow.partitions.iter().zip(&history.partitions) {
        let lessee = LesseeDesk::start(ledger.state().stock(), 0);
        let context = Context {
            catalog: shadow.catalog.state().catalog(),
            lessee: &lessee,
            now_ms: ledger.state().time_ms(),
            key_version: KEY_VERSION,
            requests_max: u64::MAX,
        };
        for (number, card) in (0..).zip(&shelf.cards) {
            let found = seen(ledger.state(), &context, number);
            let is_told = found.as_ref().is_some_and(|view| card.now().may_show(view, card.is_doomed));
            let is_frozen = found.as_ref().is_some_and(|view| view.blocks.is_frozen());
            holds(is_frozen == card.is_frozen, "I9", || format!("card {number} is frozen: {is_frozen}, and should not be so"))?;
            holds(is_told, "I2", || format!("card {number}: the state shows {found:?}, its history {:?}", card.now()))?;
        }
        check_totals(ledger.state(), shelf)?;
        let beyond = seen(ledger.state(), &context, shelf.cards.len() as u64);
        holds(beyond.is_none(), "I2", || "a coupon without a history".into())?;
    }
    Ok(())
}

/// The sums over all cards: as they were kept, as they are counted anew, and as the history has them.
fn check_totals(state: &Partition, shelf: &Shelf) -> Checked {
    let kept: Vec<ValueTotals> = state.value_totals().map(|(_, _, totals)| totals).collect();
    let (counted, told) = (state.recount_value(), shelf.totals());
    holds(kept == counted, "I2", || format!("partition {} keeps {kept:?} and holds {counted:?}", state.id()))?;
    let as_told = |totals: &ValueTotals| {
        let ValueTotals { available, held, captured, expired, voided, given, .. } = *totals;
        [available, held, captured, expired, voided, given].map(|account| account as i64)
    };
    let accounts = |sum: &Accounts| [sum.available, sum.held, sum.captured, sum.expired, sum.voided, sum.given];
    let told: Vec<[i64; 6]> = told.iter().map(accounts).collect();
    let is_whole = kept.iter().all(ValueTotals::are_whole) && kept.iter().map(as_told).eq(told.iter().copied());
    holds(is_whole, "I2", || format!("partition {} holds {kept:?}, its history {told:?}", state.id()))?;
    let received = kept.iter().map(|totals| totals.received as i64).sum::<i64>();
    let came: i64 = shelf.cards.iter().map(|card| card.received).sum();
    holds(received == came, "I2", || format!("partition {} says it received {received}, its history {came}", state.id()))
}

/// What the state shows of a coupon.
fn seen(state: &Partition, context: &Context<'_>, coupon: u64) -> Option<CouponView> {
    let command = Command::GetCoupon(Instrument::Bearer { coupon, key_version: KEY_VERSION });
    match state.decide(context, &command) {
        Decision::Answer(Reply::Coupon(view)) => Some(view),
        _ => None,
    }
}
