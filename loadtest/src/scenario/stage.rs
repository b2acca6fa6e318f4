//! Where a scenario plays: the server, the clock, the killer, and the act of measuring.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tessera_proto::v1::GetStatusResponse;
use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    drive::{self, Load, Measured, tally::Tally},
    error::Error,
    ids::Ids,
    link::Link,
    options::Common,
    plan::Plan,
    progress::Progress,
    server::{
        cpu, figures,
        killer::{Killer, SharedProcess},
        process::{Process, Program},
    },
};

/// How long a server that was not started here is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
pub struct Stage {
    /// To the server.
    pub link: Link,
    clock: Clock,
    run: u64,
    process: Option<SharedProcess>,
    killer: Option<Killer>,
}

/// Processor time over one measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// Of this process.
    pub client: Option<Duration>,
    /// Of the server, if it was started here and lived through.
    pub server: Option<Duration>,
    /// What passed meanwhile.
    pub wall: Duration,
}

impl Stage {
    /// On the server that the options name.
    pub async fn open(common: &Common) -> Result<Self, Error> {
        match &common.server {
            Some(binary) => {
                let (init, serve) = (common.init_arg.clone(), common.server_arg.clone());
                let program = Program::tessera(binary.clone(), init, serve, common.scratch.clone());
                Self::on(program.start().await?, common)
            }
            None => {
                let stage = Self { process: None, ..Self::at(&common.endpoint, common)? };
                stage.link.serving(PATIENCE).await?;
                Ok(stage)
            }
        }
    }

    /// On a server that was started here.
    pub fn on(process: Process, common: &Common) -> Result<Self, Error> {
        let stage = Self::at(&process.endpoint(), common)?;
        Ok(Self { process: Some(Arc::new(Mutex::new(process))), ..stage })
    }

    fn at(endpoint: &str, common: &Common) -> Result<Self, Error> {
        let run = common.run.unwrap_or_else(Ids::fresh_run);
        Ok(Self { link: Link::to(endpoint)?, clock: Clock::start(), run, process: None, killer: None })
    }

    /// The identifiers of one round.
    pub fn ids(&self, round: u64) -> Ids {
        Ids::of_run(self.run.wrapping_add(round))
    }

    /// Begins to kill the server, if the options say so.
    pub fn start_kills(&mut self, common: &Common) {
        if let (Some(process), Some(every)) = (&self.process, common.kill_every) {
            self.killer = Some(Killer::start(process.clone(), every, common.kills));
        }
    }

    /// Whether kills are still to come.
    pub fn awaits_kills(&self) -> bool {
        self.killer.as_ref().is_some_and(|killer| !killer.is_done())
    }

    /// What the server says of itself; `None` if it does not, or is killed meanwhile.
    pub async fn status(&self) -> Option<GetStatusResponse> {
        if self.awaits_kills() { None } else { figures::status(&self.link).await }
    }

    /// Does `work` that a killed server may delay; fails early if it does not come back.
    pub async fn during_kills<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &mut self.killer {
            Some(killer) => killer.during(work).await,
            None => work.await,
        }
    }

    /// Runs `plan` to its last answer.
    pub async fn measure(&mut self, label: &str, plan: Arc<dyn Plan>, load: Load) -> Result<(Measured, Cpu), Error> {
        let tally = Arc::new(Tally::default());
        let progress = Progress::show(label, plan.operations(), tally.clone());
        let (begin, before, server_before) = (Instant::now(), cpu::used_here(), self.server_cpu().await);
        let (link, clock) = (self.link.clone(), self.clock);
        let measured = self.during_kills(drive::run(plan, &link, load, clock, tally)).await?;
        drop(progress);
        let wall = begin.elapsed();
        let since = |before: Option<Duration>, after: Option<Duration>| after?.checked_sub(before?);
        let client = since(before, cpu::used_here());
        let server = if measured.lost == 0 { since(server_before, self.server_cpu().await) } else { None };
        Ok((measured, Cpu { client, server, wall }))
    }

    async fn server_cpu(&self) -> Option<Duration> {
        let process = self.process.as_ref().filter(|_| !self.awaits_kills())?;
        cpu::used_by(process.lock().await.id())
    }

    /// Waits for the last kill; returns all recovery times. From here on the server lives.
    pub async fn end_kills(&mut self) -> Result<Vec<Duration>, Error> {
        match self.killer.take() {
            Some(killer) => killer.recoveries().await,
            None => Ok(Vec::new()),
        }
    }

    /// Stops a server that was started here.
    pub async fn close(self) -> Result<(), Error> {
        drop(self.killer);
        match self.process.and_then(Arc::into_inner) {
            Some(process) => process.into_inner().stop().await.map(drop),
            None => Ok(()),
        }
    }
}
