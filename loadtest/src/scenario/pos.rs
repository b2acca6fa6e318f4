//! Tills: cards are issued, then redeemed.

use std::{sync::Arc, time::Instant};

use super::{
    Finished, again,
    cards::{self, Till},
    echo,
    stage::Stage,
    sum::Sum,
};
use crate::{
    check::{Findings, History, answers, balances, order, retries},
    drive::{Load, Measured},
    error::Error,
    options::Common,
    plan::{
        Plan,
        cards::Issues,
        redeems::{Redeems, face_value_minor},
    },
    report::Shape,
    server::figures,
    verify::wallets::Balances,
    wire::answer::Kind,
};

struct Round {
    issues: Arc<Issues>,
    issued: Measured,
    redeems: Arc<Redeems>,
    redeemed: Measured,
}

/// Issues and redeems; again with fresh users until every kill has happened.
pub async fn run(till: Till, common: &Common) -> Result<Finished, Error> {
    let load = common.load(1.0)?;
    let mut stage = Stage::open(common).await?;
    let plan = || Arc::new(redeems(till, Arc::new(Issues::new(till.cards, stage.ids(0))), common.seed)) as Arc<dyn Plan>;
    let ceiling = echo::beside(plan, &load, common).await?;

    let (mut prepared, mut sum, mut rounds) = (Sum::new()?, Sum::new()?, Vec::new());
    let mut server = None;
    loop {
        let issues = Arc::new(Issues::new(till.cards, stage.ids(rounds.len() as u64)));
        let face_value_minor = face_value_minor(till.operations);
        let issued = cards::issue(&mut stage, &issues, face_value_minor, load, &mut prepared).await?;
        let before = stage.status().await;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let redeems = Arc::new(redeems(till, issues.clone(), common.seed));
        let accepted_before = sum.accepted;
        let (redeemed, cpu) = stage.measure("pos", redeems.clone(), load).await?;
        sum.add(&redeemed, cpu)?;
        let statuses = before.zip(stage.status().await);
        if common.kill_every.is_none() {
            // A server that is killed begins its counts again.
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted - accepted_before));
        }
        rounds.push(Round { issues, issued, redeems, redeemed });
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("pos", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.redeemed)).await?;
    report.preparation = Some(prepared.rates());
    report.server = server;
    echo::enter(ceiling, &mut report);

    let (begin, mut findings) = (Instant::now(), Findings::default());
    for round in &mut rounds {
        check(&mut stage, round, till, &load, &mut findings).await?;
    }
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

fn redeems(till: Till, issues: Arc<Issues>, seed: u64) -> Redeems {
    Redeems::new(issues, till.operations, till.by, till.skew, seed)
}

async fn check(stage: &mut Stage, round: &mut Round, till: Till, load: &Load, findings: &mut Findings) -> Result<(), Error> {
    let Round { issues, issued, redeems, redeemed } = round;
    let holdings = cards::check_issued(stage, issues, issued, load, findings).await?;

    again::ask(stage, redeems.clone(), redeemed, load).await?;
    let history = History { records: &redeemed.records, retries: &redeemed.retries };
    answers::check(history, redeemed.strays, findings);
    answers::check_fates(history, |operation| Some(cards::reason_of(redeems.fate(operation))), findings);
    order::check(history, findings);
    retries::check(Kind::Redeem, history, findings);
    let face_value_minor = redeems.face_value_minor();
    let left_minor = balances::check(history, issues.cards(), face_value_minor, |operation| redeems.card(operation), findings);
    let balances = Balances { face_value_minor, left_minor };
    cards::check_shown(stage, issues, till.wallets, holdings, balances, findings).await
}
