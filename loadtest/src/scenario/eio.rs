//! Row 4 of the fault matrix: calls of the system fail under a mix, each at a start of its own, and each acknowledgement is held
//! against what is left.
//!
//! The process must end for a failing write, sync or rename of the log, and say which; for one of images it may go on.

use std::time::Duration;

use super::{
    Finished,
    mixed::{self, Counter},
    small::Small,
};
use crate::{
    error::Error,
    options::Common,
    server::site::{Site, is_possible},
};

/// Calls of a start before its log's thread works: the later ones fail under load.
const OF_A_START: u32 = 40;

/// Between two chores of snapshots and replays, unless the command line says otherwise.
const SNAPSHOT_EVERY_DEFAULT: Duration = Duration::from_millis(100);

/// Operations in flight unless the command line says otherwise.
const IN_FLIGHT_DEFAULT: usize = 16;

/// The shortest life that a hold may have.
const HOLD_TTL: Duration = Duration::from_secs(5);

/// Coupons and operations of one round of the mix.
const MIX: (u32, u64) = (200, 4_000);

/// Every call in each of its first `deep` occurrences, and every third one from there on; under load as deep again.
pub fn sites(deep: u32) -> Vec<Site> {
    let mut sites = Vec::new();
    for number in 1..=deep {
        let calls = ["fdatasync", "pwrite64", "fsync", "rename", "ftruncate"];
        sites.extend(calls.map(|call| Site::once(call, number)));
        sites.extend(["fdatasync", "pwrite64"].map(|call| Site::once(call, OF_A_START + 3 * number)));
        sites.push(Site::once("pread64", number));
        sites.extend(["wal", "images"].map(|path| Site::once("fsync", number).on(path)));
        sites.extend(["images/MANIFEST.tmp", "wal/log.bounds.tmp"].map(|path| Site::once("fsync", number).on(path)));
        if number % 3 == 0 {
            sites.extend(["fdatasync", "pwrite64"].map(|call| Site::once(call, OF_A_START + 3 * number).and_on()));
            sites.extend(["fsync", "rename"].map(|call| Site::once(call, number).and_on()));
        }
    }
    sites
}

/// Visits all of `sites`.
pub async fn run(sites: Vec<Site>, common: &Common) -> Result<Finished, Error> {
    if common.server.is_none() {
        return Err(Error::Usage("failing calls need --server"));
    }
    if !is_possible() {
        return Err(Error::Usage("failing calls need strace, and leave to trace"));
    }
    let (small, mut own) = (Small::new()?, common.clone());
    own.sites = sites;
    own.in_flight = common.in_flight.or(Some(IN_FLIGHT_DEFAULT));
    own.snapshot_every = common.snapshot_every.or(Some(SNAPSHOT_EVERY_DEFAULT));
    own.server_arg.extend(small.server_args());
    let mut finished = Box::pin(mixed::run(Counter::new(MIX.0, MIX.1, HOLD_TTL, 2)?, &own)).await?;
    finished.report.scenario = format!("mixed, {} sites of failing calls", own.sites.len());
    Ok(finished)
}
