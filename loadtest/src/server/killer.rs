//! Kills the server under load, again and again, and starts it on the same directory.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::JoinHandle};

use super::process::Process;
use crate::{error::Error, link::RECOVERY_MAX};

/// A server that may be killed while others ask for its address.
pub type SharedProcess = Arc<Mutex<Process>>;

/// A task that kills a number of times, `every` after the server serves.
#[derive(Debug)]
pub struct Killer {
    task: JoinHandle<Result<Kills, Error>>,
    ended: Option<Kills>,
}

/// What came of the kills.
#[derive(Clone, Debug, Default)]
pub struct Kills {
    /// From each SIGKILL until it served again, without the time that verifying took.
    pub recoveries: Vec<Duration>,
    /// How often the data directory was verified before the restart.
    pub verified: u64,
    /// What was said of a directory that did not verify: after which kill, and the end of the output.
    pub faults: Vec<(String, String)>,
}

impl Killer {
    /// Begins to count the time to the first kill now.
    pub fn start(process: SharedProcess, every: Duration, kills: u32, verifies: bool) -> Self {
        let task = tokio::spawn(async move {
            let mut done = Kills::default();
            for kill in 1..=kills {
                tokio::time::sleep(every).await;
                let mut process = process.lock().await;
                let mut recovery = process.kill()?;
                if verifies && let Some(verified) = process.verify().await? {
                    done.verified += 1;
                    done.faults.extend(verified.err().map(|said| (format!("after kill {kill}"), said)));
                }
                recovery += process.restart(RECOVERY_MAX).await?;
                eprintln!("kill {kill} of {kills}: serving again after {:.3} s", recovery.as_secs_f64());
                done.recoveries.push(recovery);
            }
            Ok(done)
        });
        Self { task, ended: None }
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
