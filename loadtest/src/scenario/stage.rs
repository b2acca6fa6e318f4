//! Where a scenario plays: the server, the clock, the killer, and the act of measuring.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tessera_proto::v1::GetStatusResponse;
use tokio::sync::Mutex;

use crate::{
    check::{Findings, Violation},
    clock::Clock,
    drive::{
        self, Load, Measured,
        checkout::{self, Shopped, Shopping},
        tally::Tally,
        till::{self, Mix, Played},
    },
    error::Error,
    ids::Ids,
    link::Link,
    options::Common,
    plan::{Plan, checkout::Hands, mix::Deck},
    progress::Progress,
    report::{ByRound, Report},
    server::{
        cpu, figures,
        killer::{Killer, Kills, SharedProcess},
        process::{Process, Program},
        rounds::{self, Rounds, Upkeep},
        usage::{Sample, Watch},
    },
};

/// How long a server that was not started here is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
pub struct Stage {
    /// To the server.
    pub link: Link,
    /// The run's clock.
    pub clock: Clock,
    run: u64,
    process: Option<SharedProcess>,
    killer: Option<Killer>,
    rounds: Option<Rounds>,
    kills: Kills,
    upkeep: Upkeep,
    is_upkept: bool,
    verifies: bool,
}

/// Processor time over one measurement.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    /// Of this process.
    pub client: Option<Duration>,
    /// Of the server, if it was started here and lived through.
    pub server: Option<Duration>,
    /// What passed meanwhile.
    pub wall: Duration,
    /// Both, in between.
    pub samples: Vec<Sample>,
}

/// Processor time before a measurement, and who samples it from there on.
struct Before {
    begin: Instant,
    client: Option<Duration>,
    server: Option<Duration>,
    watch: Watch,
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
        Ok(Self {
            link: Link::to(endpoint)?,
            clock: Clock::start(),
            run,
            process: None,
            killer: None,
            rounds: None,
            kills: Kills::default(),
            upkeep: Upkeep::default(),
            is_upkept: common.snapshot_every.is_some(),
            verifies: common.verifies(),
        })
    }

    /// The identifiers of one round.
    pub fn ids(&self, round: u64) -> Ids {
        Ids::of_run(self.run.wrapping_add(round))
    }

    /// Begins to kill the server, and to have it take snapshots and replay, if the options say so.
    pub async fn disturb(&mut self, common: &Common) -> Result<(), Error> {
        if let Some(every) = common.snapshot_every {
            self.rounds = Some(Rounds::start(&self.link, self.clock, every, common.weather()).await?);
        }
        let Some(process) = &self.process else { return Ok(()) };
        if !common.sites.is_empty() {
            self.killer = Some(Killer::sabotage(process.clone(), common.sites.clone(), self.verifies));
        } else if let (Some(every), Some(place)) = (common.fill_every, &common.scratch) {
            self.killer = Some(Killer::fill(self.link.clone(), place.clone(), every, common.fills));
        } else if let Some(schedule) = common.schedule() {
            self.killer = Some(Killer::start(process.clone(), schedule));
        }
        Ok(())
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
        let operations = plan.operations();
        let run = async |link: Link, clock, tally| drive::run(plan, &link, load, clock, tally).await;
        self.watch(label, operations, run, |measured| measured.lost).await
    }

    /// Runs two plans at once, each to its last answer.
    pub async fn measure_both(
        &mut self,
        label: &str,
        [one, other]: [(Arc<dyn Plan>, Load); 2],
    ) -> Result<([Measured; 2], Cpu), Error> {
        let operations = one.0.operations() + other.0.operations();
        let run = async |link: Link, clock, tally: Arc<Tally>| {
            let one = drive::run(one.0, &link, one.1, clock, tally.clone());
            let other = drive::run(other.0, &link, other.1, clock, tally);
            let (one, other) = tokio::try_join!(one, other)?;
            Ok([one, other])
        };
        self.watch(label, operations, run, |both: &[Measured; 2]| both.iter().map(|measured| measured.lost).sum()).await
    }

    /// Plays `mix` to its last answer.
    pub async fn play(&mut self, deck: Arc<Deck>, mix: Mix, load: Load) -> Result<(Played, Cpu), Error> {
        let run = async |link: Link, clock, tally| till::play(deck, mix, &link, load, clock, tally).await;
        self.watch("mixed", mix.operations, run, |played| played.measured.lost).await
    }

    /// Has the users of `hands` shop to the last answer.
    pub async fn shop(&mut self, hands: Arc<Hands>, shopping: Shopping, load: Load) -> Result<(Shopped, Cpu), Error> {
        let run = async |link: Link, clock, tally| checkout::shop(hands, shopping, &link, load, clock, tally).await;
        self.watch("checkout", shopping.orders, run, |shopped| shopped.measured.lost).await
    }

    /// Runs something, shows its progress and takes its processor time.
    async fn watch<T>(
        &mut self,
        label: &str,
        total: u64,
        run: impl AsyncFnOnce(Link, Clock, Arc<Tally>) -> Result<T, Error>,
        lost: impl Fn(&T) -> u64,
    ) -> Result<(T, Cpu), Error> {
        let tally = Arc::new(Tally::default());
        let progress = Progress::show(label, total, tally.clone());
        let before = self.cpu_now().await;
        let (link, clock) = (self.link.clone(), self.clock);
        let done = self.during_kills(run(link, clock, tally)).await?;
        drop(progress);
        let cpu = self.cpu_since(before, lost(&done) == 0).await;
        Ok((done, cpu))
    }

    async fn cpu_now(&self) -> Before {
        let server = self.server_id().await;
        let watch = Watch::begin(self.clock, server);
        Before { begin: Instant::now(), client: cpu::used_here(), server: server.and_then(cpu::used_by), watch }
    }

    async fn cpu_since(&self, before: Before, server_lived: bool) -> Cpu {
        let (wall, samples) = (before.begin.elapsed(), before.watch.end());
        let since = |before: Option<Duration>, after: Option<Duration>| after?.checked_sub(before?);
        let client = since(before.client, cpu::used_here());
        let server = if server_lived { since(before.server, self.server_id().await.and_then(cpu::used_by)) } else { None };
        Cpu { client, server, wall, samples }
    }

    /// Of a server that was started here and is not killed.
    async fn server_id(&self) -> Option<u32> {
        let process = self.process.as_ref().filter(|_| !self.awaits_kills())?;
        Some(process.lock().await.id())
    }

    /// Waits for the last kill and the last round, and enters both; `measured` were disturbed by them. From here on the server is
    /// left alone.
    pub async fn calm<'a>(&mut self, report: &mut Report, measured: impl Iterator<Item = &'a Measured>) -> Result<(), Error> {
        if let Some(killer) = self.killer.take() {
            self.kills = killer.kills().await?;
        }
        report.fills = self.kills.fills;
        report.fates = self.kills.fates.iter().map(|(&fate, &count)| (fate.to_owned(), count)).collect();
        (report.kills, report.kills_of_starts) = (self.kills.kills, self.kills.of_starts);
        report.recovery_ms = self.kills.recoveries.iter().map(|recovery| recovery.as_secs_f64() * 1e3).collect();
        if let Some(rounds) = self.rounds.take() {
            self.upkeep = rounds.end().await?;
            report.latency_by_round = Some(ByRound::of(&self.upkeep.rounds, measured)?);
        }
        Ok(())
    }

    /// Ends the run: one more replay of a server that was started here, after one more snapshot if it took some, its stop, a last
    /// look at its directory. Enters what all rounds and looks came to.
    pub async fn close(mut self, report: &mut Report, findings: &mut Findings) -> Result<(), Error> {
        if self.process.is_some() {
            rounds::at_last(&self.link, self.clock, self.is_upkept, &mut self.upkeep).await?;
        }
        if let Some(process) = self.process.take().and_then(Arc::into_inner) {
            let mut process = process.into_inner();
            process.stop().await?;
            if self.verifies
                && let Some(verified) = process.verify().await?
            {
                self.kills.verified += 1;
                self.kills.faults.extend(verified.err().map(|said| ("after the stop".to_owned(), said)));
            }
        }
        report.enter_upkeep(&self.upkeep, self.is_upkept, self.kills.verified);
        let judged = self.upkeep.rounds.len() as u64 + self.kills.verified;
        findings.merge(Findings { checked: judged, ..Findings::default() });
        for what in self.upkeep.faults {
            findings.check(false, || Violation::Maintenance { what });
        }
        for (when, what) in self.kills.faults {
            findings.check(false, || Violation::Unverified { when, what });
        }
        Ok(())
    }

    /// Stops a server that was started here, and that keeps nothing.
    pub async fn stop(mut self) -> Result<(), Error> {
        match self.process.take().and_then(Arc::into_inner) {
            Some(process) => process.into_inner().stop().await.map(drop),
            None => Ok(()),
        }
    }
}
