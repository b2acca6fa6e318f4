//! Row 8 of the fault matrix: the disk fills under a mix, while snapshots are taken, and is emptied again.
//!
//! Writes are refused with LOG_FULL meanwhile, which the tills bear as clients should; rounds of snapshots may fail; the process
//! goes on, and everything acknowledged is there in the end.

use std::time::Duration;

use super::{
    Finished,
    mixed::{self, Counter},
    small::Small,
};
use crate::{error::Error, options::Common};

/// Between two chores of snapshots and replays, unless the command line says otherwise.
const SNAPSHOT_EVERY_DEFAULT: Duration = Duration::from_millis(20);

/// Operations in flight unless the command line says otherwise: few, since a group takes a sector however little it holds, and
/// it is the log that is to grow.
const IN_FLIGHT_DEFAULT: usize = 4;

/// The shortest life that a hold may have.
const HOLD_TTL: Duration = Duration::from_secs(5);

/// Coupons and operations of one round of the mix.
const MIX: (u32, u64) = (200, 4_000);

/// Fills the disk as often as `common` says.
pub async fn run(common: &Common) -> Result<Finished, Error> {
    if common.fill_every.is_none() {
        return Err(Error::Usage("a full disk needs --server, --scratch and --fill-every"));
    }
    let (small, mut own) = (Small::new()?, common.clone());
    own.in_flight = common.in_flight.or(Some(IN_FLIGHT_DEFAULT));
    own.snapshot_every = common.snapshot_every.or(Some(SNAPSHOT_EVERY_DEFAULT));
    own.server_arg.extend(small.server_args());
    let mut finished = Box::pin(mixed::run(Counter::new(MIX.0, MIX.1, HOLD_TTL, 2)?, &own)).await?;
    finished.report.scenario = "mixed on a full disk".to_owned();
    Ok(finished)
}
