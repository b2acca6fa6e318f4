//! Which answers are final.
//!
//! Some refusals say that nothing was logged and that a retry may differ. A closed loop behaves as a client should and asks
//! again after a pause; an open loop takes them as they are, because it measures what the server does with what it is offered.

use std::collections::BTreeMap;

use tessera_proto::v1::Reason;

use super::Load;
use crate::wire::answer::{Outcome, Refused};

/// Pause before such an operation is sent again.
pub const PAUSE_NS: u64 = 5_000_000;

/// How often an operation is sent before such a refusal is taken as final.
pub const SENDS_MAX: u8 = 200;

/// Whether nothing was logged and the same request may fare better.
pub fn is_transient(refused: Refused) -> bool {
    use Reason::*;
    let reason = Reason::try_from(refused.reason);
    matches!(reason, Ok(NotOwner | Draining | Overloaded | LogFull | Recovering | RequestStoreFull | StockBusy))
}

/// How often operations were postponed, by the number of the reason.
pub type Postponed = BTreeMap<i32, u64>;

/// Whether an operation with this outcome is to be sent again; if so, it is counted.
#[inline]
pub fn is_worth_another(outcome: &Outcome<'_>, sends: u8, load: &Load, postponed: &mut Postponed) -> bool {
    let Outcome::Refused(refused) = outcome else { return false };
    let again = load.rate.is_none() && sends < SENDS_MAX && is_transient(*refused);
    if again {
        *postponed.entry(refused.reason).or_default() += 1;
    }
    again
}
