//! Row 3 of the fault matrix: SIGKILL, thousands of times, and each acknowledgement is held against what is left.
//!
//! One directory after the other, so that a run of any length fits in memory and recovery stays short: a mix, a sale, tills, and
//! again. Segments are small and snapshots frequent, so that kills also fall into rotations, rounds of snapshots and trims; some
//! starts are killed too. Each directory is checked by its scenario: every answer is asked for again and must be the first one,
//! wallets and balances must follow, `verify` must pass after each kill.

use std::time::Duration;

use super::{
    Finished, flash_sale,
    mixed::{self, Counter},
    pos,
    small::Small,
};
use crate::{
    error::Error,
    options::{Common, Till, Wallets},
    plan::{redeems::By, skew::Skew},
    report::{Report, merge},
};

/// Between two chores of snapshots and replays, unless the command line says otherwise.
const SNAPSHOT_EVERY_DEFAULT: Duration = Duration::from_millis(200);

/// Operations in flight unless the command line says otherwise: enough to have some of each kind under way at a kill.
const IN_FLIGHT_DEFAULT: usize = 16;

/// Of 100 starts after a kill, how many are killed too, unless the command line says otherwise.
const KILLED_STARTS_DEFAULT: f64 = 40.0;

/// The shortest life that a hold may have.
const HOLD_TTL: Duration = Duration::from_secs(5);

/// Coupons and operations of one round of the mix.
const MIX: (u32, u64) = (200, 4_000);

/// Pieces and users of one sale.
const SALE: (u64, u64) = (1_000, 1_500);

/// Cards and redemptions of one round of the tills.
const TILLS: (u64, u64) = (300, 3_000);

/// Kills `total` times.
pub async fn run(total: u32, common: &Common) -> Result<Finished, Error> {
    if common.server.is_none() || common.kill_every.is_none() {
        return Err(Error::Usage("kills need --server and --kill-every"));
    }
    let small = Small::new()?;
    let (mut all, mut left, mut number): (Option<Finished>, _, _) = (None, total, 0);
    while left > 0 {
        let kills = left.min(common.kills);
        let finished = directory(number, &of_directory(common, number, kills, &small)).await?;
        left -= kills;
        eprintln!("directory {}: {}", number + 1, in_short(&finished.report));
        match &mut all {
            None => all = Some(finished),
            Some(all) => {
                merge::merge(&mut all.latency_ns, &finished.latency_ns)?;
                all.report.add(finished.report);
            }
        }
        number += 1;
    }
    let mut finished = all.expect("one kill at least was asked for");
    finished.report.scenario = format!("kills on {number} directories");
    finished.report.close_sum(&finished.latency_ns);
    Ok(finished)
}

/// One directory's share of the kills, under one kind of load.
async fn directory(number: u64, common: &Common) -> Result<Finished, Error> {
    match number % 3 {
        0 => Box::pin(mixed::run(Counter::new(MIX.0, MIX.1, HOLD_TTL, 2)?, common)).await,
        1 => {
            let sale = flash_sale::sale(1, SALE.0, SALE.1, 1, 1.0)?;
            Box::pin(flash_sale::run(sale, Wallets::All, common)).await
        }
        _ => {
            let till = Till { cards: TILLS.0, operations: TILLS.1, skew: Skew::Uniform, by: By::Owner, wallets: Wallets::All };
            Box::pin(pos::run(till, common)).await
        }
    }
}

fn of_directory(common: &Common, number: u64, kills: u32, small: &Small) -> Common {
    let mut own = common.clone();
    own.kills = kills;
    own.kill_at_random = true;
    own.kill_starts = if common.kill_starts > 0.0 { common.kill_starts } else { KILLED_STARTS_DEFAULT };
    own.seed = common.seed.wrapping_add(number);
    own.run = None;
    own.in_flight = common.in_flight.or(Some(IN_FLIGHT_DEFAULT));
    own.snapshot_every = common.snapshot_every.or(Some(SNAPSHOT_EVERY_DEFAULT));
    own.server_arg.extend(small.server_args());
    own
}

fn in_short(report: &Report) -> String {
    let Report { scenario, kills, kills_of_starts, accepted, checked, verified, violations, .. } = report;
    format!(
        "{scenario}, {kills} kills ({kills_of_starts} of a start), {accepted} accepted, {checked} facts checked, verified {verified} \
         times, {violations} violations"
    )
}
