//! Inspection: one coupon as it stood, with its holds and redemptions, read from a state that is rebuilt for the question.
//!
//! Beside a running node as well as without one. The state is rebuilt by the one road to it, so what is shown has the digests that
//! the journal recorded. It costs a rebuilding of the coupon's partition, and a look at each of its holds and redemptions.

use crate::rebuild::{self, From, Rebuilder, Until};
use tessera_domain::command::Instrument;
use tessera_domain::reply::{CouponView, HoldView, RedemptionView};
use tessera_domain::{Partition, Rejection};
use tessera_wal::JournalId;
use tessera_wal::storage::Storage;

/// A coupon, and all that its partition still knows of it.
#[derive(Clone, Debug)]
pub struct CouponFacts {
    /// The last event of its partition that was taken into account.
    pub lsn: u64,
    /// The instant at which it stands so, ms.
    pub at_ms: i64,
    /// It.
    pub view: CouponView,
    /// Its holds, newest first.
    pub holds: Vec<HoldView>,
    /// Its redemptions, newest first.
    pub redemptions: Vec<RedemptionView>,
}

/// A coupon at an instant, after an event, or at `now_ms` with everything that is durable. A coupon that is not there is refused.
///
/// # Errors
/// When the partition cannot be rebuilt.
pub fn coupon<D: Storage>(
    rebuilder: &mut Rebuilder<D>,
    partition: u16,
    coupon: u64,
    until: Until,
    now_ms: i64,
) -> Result<Result<CouponFacts, Rejection>, rebuild::Error> {
    let rebuilt = rebuilder.rebuild::<Partition>(JournalId(partition), From::NewestImage, until)?;
    let state = rebuilt.ledger.state();
    let at_ms = match until {
        Until::Durable => now_ms.max(state.time_ms()),
        Until::Lsn(_) => state.time_ms(),
        Until::Instant(at_ms) => at_ms,
    };
    Ok(state.coupon_at(&Instrument::Known { coupon }, at_ms).map(|view| CouponFacts {
        lsn: state.lsn(),
        at_ms,
        view,
        holds: state.holds_of(coupon, at_ms),
        redemptions: state.redemptions_of_coupon(coupon),
    }))
}
