//! Waits for all lanes or workers, and gives up on a server that has stopped answering.

use std::time::Duration;

use tokio::task::JoinSet;

use super::tally::Tally;
use crate::{error::Error, link::RECOVERY_MAX};

/// Between two looks at the tally.
const LOOK: Duration = Duration::from_secs(1);

/// Without an answer for this long, the run has stalled: longer than a recovery is waited for.
const QUIET_MAX: Duration = RECOVERY_MAX.saturating_add(Duration::from_secs(30));

/// All shares; the first error ends the run.
pub async fn until_done<T: 'static>(
    tally: &Tally,
    operations: u64,
    mut tasks: JoinSet<Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut shares = Vec::with_capacity(tasks.len());
    let mut looks = tokio::time::interval(LOOK);
    let (mut seen, mut quiet) = (0, Duration::ZERO);
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(share) => shares.push(share??),
                None => return Ok(shares),
            },
            _ = looks.tick() => {
                let answered = tally.answered();
                quiet = if answered == seen { quiet + LOOK } else { Duration::ZERO };
                seen = answered;
                if quiet >= QUIET_MAX {
                    return Err(Error::Stalled { quiet, unanswered: operations.saturating_sub(answered) });
                }
            }
        }
    }
}
