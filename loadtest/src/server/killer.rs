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
    task: JoinHandle<Result<Vec<Duration>, Error>>,
    recoveries: Option<Vec<Duration>>,
}

impl Killer {
    /// Begins to count the time to the first kill now.
    pub fn start(process: SharedProcess, every: Duration, kills: u32) -> Self {
        let task = tokio::spawn(async move {
            let mut recoveries = Vec::new();
            for kill in 1..=kills {
                tokio::time::sleep(every).await;
                let recovery = process.lock().await.kill_and_restart(RECOVERY_MAX).await?;
                eprintln!("kill {kill} of {kills}: serving again after {:.3} s", recovery.as_secs_f64());
                recoveries.push(recovery);
            }
            Ok(recoveries)
        });
        Self { task, recoveries: None }
    }

    /// Runs `work` to its end; a server that does not come back ends it early.
    pub async fn during<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::pin!(work);
        if self.recoveries.is_none() {
            tokio::select! {
                done = &mut work => return done,
                ended = &mut self.task => self.recoveries = Some(ended??),
            }
        }
        work.await
    }

    /// Whether every kill has happened.
    pub fn is_done(&self) -> bool {
        self.recoveries.is_some() || self.task.is_finished()
    }

    /// Waits for the last kill; returns all recovery times.
    pub async fn recoveries(self) -> Result<Vec<Duration>, Error> {
        match self.recoveries {
            Some(recoveries) => Ok(recoveries),
            None => self.task.await?,
        }
    }
}
