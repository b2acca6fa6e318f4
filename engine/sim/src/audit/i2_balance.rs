//! I2: what a card holds is what was loaded, less what was captured, plus what was refunded: in the plain model as in the state.

use super::shadow::Shadow;
use crate::history::History;
use crate::machine::KEY_VERSION;
use crate::violation::{Checked, holds};
use tessera_domain::command::{Command, Instrument};
use tessera_domain::lease::LesseeDesk;
use tessera_domain::{Context, Decision, Partition, Reply};

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
            let (found, told) = (held(ledger.state(), &context, number), card.versions.last().map(|version| version.shown));
            holds(found == told, "I2", || format!("card {number}: the state holds {found:?}, its history {told:?}"))?;
        }
        let beyond = held(ledger.state(), &context, shelf.cards.len() as u64);
        holds(beyond.is_none(), "I2", || "a coupon without a history".into())?;
    }
    Ok(())
}

/// What the state shows of a coupon: available and captured.
fn held(state: &Partition, context: &Context<'_>, coupon: u64) -> Option<(i64, i64)> {
    let command = Command::GetCoupon(Instrument::Bearer { coupon, key_version: KEY_VERSION });
    match state.decide(context, &command) {
        Decision::Answer(Reply::Coupon(view)) => Some((view.available, view.captured)),
        _ => None,
    }
}
