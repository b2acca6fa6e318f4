//! What is played at tills: cards are issued, then asked, again with fresh users until every kill has happened.

use std::{sync::Arc, time::Instant};

use hdrhistogram::Histogram;

use super::{Finished, again, cards, echo, stage::Stage, sum::Sum};
use crate::{
    check::{Findings, holdings::Holdings},
    drive::{Load, Measured},
    error::Error,
    options::{Common, Till},
    plan::{Plan, cards::Issues, redeems::face_value_minor},
    report::{Report, Shape},
    server::figures,
};

/// Cards that were issued, and what was asked of them.
pub struct Round<P> {
    /// The issues.
    pub issues: Arc<Issues>,
    /// As they were answered.
    issued: Measured,
    /// What was asked of the cards.
    pub plan: Arc<P>,
    /// By operation.
    pub asked: Measured,
    /// By errand, if an errand has several steps.
    errands: Option<Measured>,
}

impl<P> Round<P> {
    /// What counts as one: an errand.
    fn counted(&self) -> &Measured {
        self.errands.as_ref().unwrap_or(&self.asked)
    }
}

/// What was measured, before it is checked.
pub struct Played<P> {
    /// Where.
    stage: Stage,
    load: Load,
    /// How often.
    pub rounds: Vec<Round<P>>,
    /// The figures, without the findings.
    pub report: Report,
    latency_ns: Histogram<u64>,
}

/// Issues cards and has `plan` asked of them.
pub async fn play<P: Plan + 'static>(
    name: &'static str,
    till: Till,
    load: Load,
    common: &Common,
    plan: impl Fn(Arc<Issues>) -> P,
) -> Result<Played<P>, Error> {
    let mut stage = Stage::open(common).await?;
    let of_echo = || Arc::new(plan(Arc::new(Issues::new(till.cards, stage.ids(0))))) as Arc<dyn Plan>;
    let ceiling = echo::beside(of_echo, &load, common).await?;

    let (mut prepared, mut sum, mut rounds) = (Sum::new()?, Sum::new()?, Vec::new());
    let mut server = None;
    loop {
        let issues = Arc::new(Issues::new(till.cards, stage.ids(rounds.len() as u64)));
        let issued = cards::issue(&mut stage, &issues, face_value_minor(till.operations), load, &mut prepared).await?;
        let before = stage.status().await;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let plan = Arc::new(plan(issues.clone()));
        let accepted_before = sum.accepted;
        let (asked, cpu) = stage.measure(name, plan.clone(), load).await?;
        let errands = (plan.steps() > 1).then(|| asked.by_errand()).transpose()?;
        let round = Round { issues, issued, plan, asked, errands };
        sum.add(round.counted(), cpu)?;
        let statuses = before.zip(stage.status().await);
        if common.kill_every.is_none() {
            // A server that is killed begins its counts again.
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted - accepted_before));
        }
        rounds.push(round);
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report(name, Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(Round::counted)).await?;
    report.preparation = Some(prepared.rates());
    report.server = server;
    echo::enter(ceiling, &mut report);
    Ok(Played { stage, load, rounds, report, latency_ns: sum.latency_ns })
}

impl<P: Plan + 'static> Played<P> {
    /// Has each round checked, and closes the stage: the issues here, and what was asked, once more, by `check`, which is told who has
    /// which card.
    pub async fn check(
        self,
        mut check: impl AsyncFnMut(&Stage, Round<P>, Holdings, &mut Findings) -> Result<(), Error>,
    ) -> Result<Finished, Error> {
        let Self { mut stage, load, rounds, mut report, latency_ns } = self;
        let (begin, mut findings) = (Instant::now(), Findings::default());
        for mut round in rounds {
            let holdings = cards::check_issued(&mut stage, &round.issues, &mut round.issued, &load, &mut findings).await?;
            again::ask(&mut stage, round.plan.clone(), &mut round.asked, &load).await?;
            check(&stage, round, holdings, &mut findings).await?;
        }
        let elapsed = begin.elapsed();
        stage.close(&mut report, &mut findings).await?;
        report.enter(&findings, elapsed);
        Ok(Finished { report, latency_ns })
    }
}
