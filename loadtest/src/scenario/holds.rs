//! Tills in two steps: cards are issued, then orders are held on them and captured as soon as the hold is answered.
//!
//! What is measured is the pair: its rate, its time from the hold's send to the capture's answer, its bytes. The two steps have
//! latencies of their own. Afterwards each card must have lost what was captured and nothing else, and nothing may be held.

use std::{sync::Arc, time::Instant};

use super::{
    Finished, again,
    cards::{self, Till},
    echo,
    stage::Stage,
    sum::Sum,
};
use crate::{
    check::{Findings, History, answers, order, pairs, retries},
    drive::{self, Load, Measured},
    error::Error,
    options::Common,
    plan::{
        Plan,
        cards::Issues,
        pairs::{Pairs, Step},
        redeems::face_value_minor,
        skew::Skew,
    },
    record::{Record, Retry},
    report::{Shape, StepTimes, merge::merge},
    server::figures,
    verify::wallets::Balances,
    wire::answer::Kind,
};

/// Live holds that a server keeps of one card: more pairs than these are never under way on it.
const HOLDS_PER_CARD_MAX: usize = 4_096;

/// With fewer cards, or with one hot card, all that is in flight may fall on one.
const CARDS_MANY: u64 = 16;

/// The steps of a pair, in their order.
const STEPS: [&str; 2] = ["hold", "capture"];

struct Round {
    issues: Arc<Issues>,
    issued: Measured,
    plan: Arc<Pairs>,
    /// By operation.
    asked: Measured,
    /// By pair.
    pairs: Measured,
}

/// Issues, holds and captures; again with fresh users until every kill has happened.
pub async fn run(till: Till, common: &Common) -> Result<Finished, Error> {
    let load = load(till, common)?;
    let mut stage = Stage::open(common).await?;
    let plan = |issues| Arc::new(Pairs::new(issues, till.operations, till.by, till.skew, common.seed));
    let of_echo = || plan(Arc::new(Issues::new(till.cards, stage.ids(0)))) as Arc<dyn Plan>;
    let ceiling = echo::beside(of_echo, &load, common).await?;

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
        let plan = plan(issues.clone());
        let accepted_before = sum.accepted;
        let (asked, cpu) = stage.measure("holds", plan.clone(), load).await?;
        let pairs = asked.by_errand()?;
        sum.add(&pairs, cpu)?;
        let statuses = before.zip(stage.status().await);
        if common.kill_every.is_none() {
            // A server that is killed begins its counts again.
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted - accepted_before));
        }
        rounds.push(Round { issues, issued, plan, asked, pairs });
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("holds", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.pairs)).await?;
    report.preparation = Some(prepared.rates());
    report.server = server;
    report.steps = steps(&rounds)?;
    // A pair is made of two records, and it is single steps that are sent again.
    let (records, retries) = rounds
        .iter()
        .fold((0, 0), |(records, retries), Round { asked, .. }| (records + asked.records.len(), retries + asked.retries.len()));
    report.record_bytes += (records * size_of::<Record>() + retries * size_of::<Retry>()) as u64;
    report.retries = retries as u64;
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

/// So that no hold is refused because too many others of its card live.
fn load(till: Till, common: &Common) -> Result<Load, Error> {
    let load = common.load(1.0)?;
    let may_meet = till.skew == Skew::Hot || till.cards < CARDS_MANY;
    match common.in_flight {
        Some(in_flight) if may_meet && in_flight > HOLDS_PER_CARD_MAX => {
            Err(Error::Usage("a card has at most 4,096 live holds: with one hot card, or few, --in-flight is no more"))
        }
        None if may_meet => Ok(Load { in_flight: load.in_flight.min(HOLDS_PER_CARD_MAX), ..load }),
        _ => Ok(load),
    }
}

/// Each step's latencies over all rounds.
fn steps(rounds: &[Round]) -> Result<Vec<StepTimes>, Error> {
    let of_step = |(step, name): (u64, &&str)| {
        let mut latency_ns = drive::histogram()?;
        for round in rounds {
            merge(&mut latency_ns, &round.asked.latency_of_step(step)?)?;
        }
        Ok(StepTimes::of(name, &latency_ns))
    };
    (0..).zip(&STEPS).map(of_step).collect()
}

async fn check(stage: &mut Stage, round: &mut Round, till: Till, load: &Load, findings: &mut Findings) -> Result<(), Error> {
    let Round { issues, issued, plan, asked, .. } = round;
    let holdings = cards::check_issued(stage, issues, issued, load, findings).await?;

    again::ask(stage, plan.clone(), asked, load).await?;
    let history = History { records: &asked.records, retries: &asked.retries };
    answers::check_asked(history, |operation| is_asked(&asked.records, operation), asked.strays, findings);
    answers::check_fates(history, |operation| Some(cards::reason_of(plan.fate(operation))), findings);
    order::check(history, findings);
    retries::check(Kind::Till, history, findings);
    let left_minor = pairs::check(history, plan, findings);
    let balances = Balances { face_value_minor: plan.face_value_minor(), left_minor };
    cards::check_shown(stage, issues, till.wallets, holdings, balances, findings).await
}

/// A capture is asked if its hold was accepted.
fn is_asked(records: &[Record], operation: u64) -> bool {
    match Step::of(operation) {
        Step::Hold(_) => true,
        Step::Capture(_) => records.get(operation as usize - 1).is_some_and(Record::is_accepted),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::options::{Options, Scenario};

    fn in_flight(options: &str) -> Result<usize, Error> {
        let line = format!("tessera-loadtest holds {options}");
        match Options::try_parse_from(line.split_whitespace()).unwrap().scenario {
            Scenario::Holds { cards, operations, skew, by, wallets, common } => {
                load(Till { cards, operations, skew, by, wallets }, &common).map(|load| load.in_flight)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_card_never_has_more_holds_than_a_server_keeps() {
        assert_eq!(in_flight("").unwrap(), 8_192);
        assert_eq!(in_flight("--in-flight 5000").unwrap(), 5_000);
        assert_eq!(in_flight("--skew hot").unwrap(), HOLDS_PER_CARD_MAX);
        assert_eq!(in_flight("--cards 15").unwrap(), HOLDS_PER_CARD_MAX);
        assert_eq!(in_flight("--skew hot --in-flight 64").unwrap(), 64);
        assert!(matches!(in_flight("--skew hot --in-flight 4097"), Err(Error::Usage(_))));
    }
}
