//! The ceiling, measured by the same client path on a bare server in a process of its own.

use std::sync::Arc;

use super::{Finished, stage::Stage, sum::Sum};
use crate::{
    drive::{Load, Mode},
    error::Error,
    ids::Ids,
    options::{Common, Messages},
    plan::{
        Plan,
        cards::Issues,
        claims::{Claims, Sale},
        pairs::Pairs,
        prefix::Prefix,
        redeems::{By, Redeems},
        skew::Skew,
    },
    report::{Echo, Report, Shape},
    server::process::Program,
};

/// Operations that make a ceiling steady over streams.
const STREAM_OPERATIONS: u64 = 2_000_000;

/// Operations that make a ceiling steady with unary calls.
const UNARY_OPERATIONS: u64 = 200_000;

/// The scenario `echo`.
pub async fn run(operations: u64, messages: Messages, common: &Common) -> Result<Finished, Error> {
    if common.snapshot_every.is_some() {
        return Err(Error::Usage("the echo has nothing to take a snapshot of"));
    }
    let load = common.load(0.0)?;
    let sum = measure(plan(operations, messages, common.seed), load, common).await?;
    let report = sum.report("echo", Shape::of(&load, common.threads));
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// Measures the ceiling of `plan` before the scenario itself, if the options ask for it. A plan that keeps what it is told must
/// not be the scenario's own.
pub async fn beside(plan: impl FnOnce() -> Arc<dyn Plan>, load: &Load, common: &Common) -> Result<Option<Sum>, Error> {
    if !common.with_echo {
        return Ok(None);
    }
    let operations = match load.mode {
        Mode::Stream => STREAM_OPERATIONS,
        Mode::Unary => UNARY_OPERATIONS,
    };
    let load = Load { rate: None, retry_every: 0, ..*load };
    measure(Arc::new(Prefix::new(plan(), operations)), load, common).await.map(Some)
}

/// Enters the ceiling and the ratio to it.
pub fn enter(ceiling: Option<Sum>, report: &mut Report) {
    report.echo = ceiling.map(|sum| {
        let (figures, series) = (sum.rates(), Some(sum.series()));
        let ratio = report.figures.operations_per_second / figures.operations_per_second;
        Echo { figures, ratio, series }
    });
}

async fn measure(plan: Arc<dyn Plan>, load: Load, common: &Common) -> Result<Sum, Error> {
    let binary = std::env::current_exe().map_err(Error::file("the load generator's own program"))?;
    let serve = ["echo-server", "--listen", "{listen}", "--threads"].map(str::to_owned);
    let serve = serve.into_iter().chain([common.echo_threads.to_string()]).collect();
    let process =
        Program { binary, init: Vec::new(), serve, verify: Vec::new(), scratch: common.scratch.clone() }.start().await?;
    let mut stage = Stage::on(process, common)?;
    let has_steps = plan.steps() > 1;
    let (measured, cpu) = stage.measure("echo", plan, load).await?;
    let mut sum = Sum::new()?;
    let measured = if has_steps { measured.by_errand()? } else { measured };
    sum.add(&measured, cpu)?;
    stage.stop().await?;
    Ok(sum)
}

fn plan(operations: u64, messages: Messages, seed: u64) -> Arc<dyn Plan> {
    let ids = Ids::of_run(0);
    match messages {
        Messages::Claims => {
            let sale = Sale { templates: 1, stock: operations, users: operations, per_user: 1, greedy_per_mille: 0 };
            Arc::new(Claims::new(sale, ids, seed))
        }
        Messages::Redemptions => {
            let issues = Arc::new(Issues::new(10_000, ids));
            Arc::new(Redeems::new(issues, operations, By::Owner, Skew::Uniform, seed))
        }
        Messages::Holds => {
            let issues = Arc::new(Issues::new(10_000, ids));
            Arc::new(Pairs::new(issues, operations, By::Owner, Skew::Uniform, seed))
        }
    }
}
