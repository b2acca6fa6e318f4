//! Starts the server again and again so that one call of the system fails, under load, and sees what it does about it.

use std::{collections::BTreeMap, time::Duration};

use super::{
    killer::{Kills, SharedProcess},
    process::Process,
    site::{Fate, Site},
};
use crate::{error::Error, link::RECOVERY_MAX};

/// How long a traced server may live: to start, to meet the call under load, and to end.
const LIFE_MAX: Duration = Duration::from_millis(2_500);

/// How long it then serves undisturbed, so that there is something to lose.
const REST: Duration = Duration::from_millis(60);

/// Goes from one site to the next.
pub async fn visit(shared: SharedProcess, sites: Vec<Site>, verifies: bool) -> Result<Kills, Error> {
    let (mut done, total) = (Kills::default(), sites.len());
    for (number, site) in (1..).zip(sites) {
        tokio::time::sleep(REST).await;
        let mut process = shared.lock().await;
        process.kill()?;
        let fate = process.restart_failing(&site, LIFE_MAX).await?;
        eprintln!("site {number} of {total}: {site}: {fate:?}");
        if let Fate::Wrong(what) = &fate {
            done.faults.push((site.to_string(), what.clone()));
        }
        *done.fates.entry(name_of(&fate)).or_default() += 1;
        if verifies {
            verify(&process, &site, &mut done).await?;
        }
        done.kills += 1;
        done.recoveries.push(process.restart(RECOVERY_MAX).await?);
    }
    Ok(done)
}

async fn verify(process: &Process, site: &Site, done: &mut Kills) -> Result<(), Error> {
    if let Some(verified) = process.verify().await? {
        done.verified += 1;
        done.faults.extend(verified.err().map(|said| (format!("after {site}"), said)));
    }
    Ok(())
}

fn name_of(fate: &Fate) -> &'static str {
    match fate {
        Fate::Refused => "refused to start",
        Fate::Aborted => "aborted",
        Fate::WentOn => "went on",
        Fate::NotMet => "not met",
        Fate::Wrong(_) => "wrong",
    }
}

/// How often each fate was met.
pub type Fates = BTreeMap<&'static str, u64>;
