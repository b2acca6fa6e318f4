//! Kills the server under load, again and again, and starts it on the same directory.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::JoinHandle};

use super::{
    filler,
    process::Process,
    saboteur::{self, Fates},
    site::Site,
};
use crate::{
    dice::Dice,
    error::Error,
    link::{Link, RECOVERY_MAX},
};

/// A start is killed within this time if none has told yet how long one takes.
const START_GUESS: Duration = Duration::from_millis(500);

/// A server that may be killed while others ask for its address.
pub type SharedProcess = Arc<Mutex<Process>>;

/// When the server is killed.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How long it serves before.
    pub every: Duration,
    /// Whether it serves for a random time up to twice as long instead.
    pub at_random: bool,
    /// Kills in all, those of starts among them.
    pub kills: u32,
    /// Of 100 starts after a kill, how many are killed too, at a random instant before they serve.
    pub starts_percent: f64,
    /// Whether the data directory is verified after each kill.
    pub verifies: bool,
    /// Chooses everything random.
    pub seed: u64,
}

/// A task that kills as scheduled.
#[derive(Debug)]
pub struct Killer {
    task: JoinHandle<Result<Kills, Error>>,
    ended: Option<Kills>,
}

/// What came of the kills.
#[derive(Clone, Debug, Default)]
pub struct Kills {
    /// How often the process was killed.
    pub kills: u64,
    /// How often of those while it was starting.
    pub of_starts: u64,
    /// From the last SIGKILL until it served again, without the time that verifying took.
    pub recoveries: Vec<Duration>,
    /// How often the data directory was verified before the restart.
    pub verified: u64,
    /// What was said of a directory that did not verify: after which kill, and the end of the output.
    pub faults: Vec<(String, String)>,
    /// Of failing calls: what became of the process.
    pub fates: Fates,
    /// How often the disk was filled.
    pub fills: u64,
}

impl Killer {
    /// Begins to count the time to the first kill now.
    pub fn start(process: SharedProcess, schedule: Schedule) -> Self {
        let task = tokio::spawn(async move {
            let (mut done, mut dice) = (Kills::default(), Dice::new(schedule.seed));
            while done.kills < u64::from(schedule.kills) {
                let pause = if schedule.at_random { dice.up_to(2 * schedule.every) } else { schedule.every };
                tokio::time::sleep(pause).await;
                let mut process = process.lock().await;
                done.strike(&mut process, &schedule, &mut dice).await?;
            }
            Ok(done)
        });
        Self { task, ended: None }
    }

    /// Has calls of the system fail instead, at one site after the other.
    pub fn sabotage(process: SharedProcess, sites: Vec<Site>, verifies: bool) -> Self {
        Self { task: tokio::spawn(saboteur::visit(process, sites, verifies)), ended: None }
    }

    /// Has the disk of `place` fill up instead, again and again.
    pub fn fill(link: Link, place: PathBuf, every: Duration, fills: u32) -> Self {
        Self { task: tokio::spawn(filler::fill(link, place, every, fills)), ended: None }
    }

    /// Runs `work` to its end; a server that does not come back ends it early.
    pub async fn during<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::pin!(work);
        if self.ended.is_none() {
            tokio::select! {
                done = &mut work => return done,
                ended = &mut self.task => self.ended = Some(ended??),
            }
        }
        work.await
    }

    /// Whether every kill has happened.
    pub fn is_done(&self) -> bool {
        self.ended.is_some() || self.task.is_finished()
    }

    /// Waits for the last kill; returns what came of all.
    pub async fn kills(self) -> Result<Kills, Error> {
        match self.ended {
            Some(kills) => Ok(kills),
            None => self.task.await?,
        }
    }
}

impl Kills {
    /// One kill, of its restarts as many as chance wants, and the restart that serves.
    async fn strike(&mut self, process: &mut Process, schedule: &Schedule, dice: &mut Dice) -> Result<(), Error> {
        let mut gone = process.kill()?;
        self.count(process, schedule).await?;
        while self.kills < u64::from(schedule.kills) && dice.hits(schedule.starts_percent) {
            let usual = self.recoveries.last().copied().unwrap_or(START_GUESS);
            gone = process.restart_and_kill(dice.up_to(usual)).await?;
            self.of_starts += 1;
            self.count(process, schedule).await?;
        }
        let recovery = gone + process.restart(RECOVERY_MAX).await?;
        eprintln!("kill {} of {}: serving again after {:.3} s", self.kills, schedule.kills, recovery.as_secs_f64());
        self.recoveries.push(recovery);
        Ok(())
    }

    async fn count(&mut self, process: &Process, schedule: &Schedule) -> Result<(), Error> {
        self.kills += 1;
        if schedule.verifies
            && let Some(verified) = process.verify().await?
        {
            self.verified += 1;
            self.faults.extend(verified.err().map(|said| (format!("after kill {}", self.kills), said)));
        }
        Ok(())
    }
}
