//! Tills in two steps: cards are issued, then orders are held on them and captured as soon as the hold is answered.
//!
//! What is measured is the pair: its rate, its time from the hold's send to the capture's answer, its bytes. The two steps have
//! latencies of their own. Afterwards each card must have lost what was captured and nothing else, and nothing may be held.

use super::{
    Finished, cards,
    stage::Stage,
    tills::{self, Round},
};
use crate::{
    check::{Findings, History, answers, holdings::Holdings, order, pairs, retries},
    drive::{self, Load},
    error::Error,
    options::{Common, Till, Wallets},
    plan::{
        pairs::{Pairs, Step},
        skew::Skew,
    },
    record::{Record, Retry},
    report::{StepTimes, merge::merge},
    verify::wallets::Balances,
    wire::answer::Kind,
};

/// Live holds that a server keeps of one card: more pairs than these are never under way on it.
const HOLDS_PER_CARD_MAX: usize = 4_096;

/// With fewer cards, or with one hot card, all that is in flight may fall on one.
const CARDS_MANY: u64 = 16;

/// The steps of a pair, in their order.
const STEPS: [&str; 2] = ["hold", "capture"];

/// Issues, holds and captures; again with fresh users until every kill has happened.
pub async fn run(till: Till, common: &Common) -> Result<Finished, Error> {
    let load = load(till, common)?;
    let plan = |issues| Pairs::new(issues, till.operations, till.by, till.skew, common.seed);
    let mut played = tills::play("holds", till, load, common, plan).await?;
    played.report.steps = steps(&played.rounds)?;
    // A pair is made of two records, and it is single steps that are sent again.
    let (records, retries) = played
        .rounds
        .iter()
        .fold((0, 0), |(records, retries), Round { asked, .. }| (records + asked.records.len(), retries + asked.retries.len()));
    played.report.record_bytes += (records * size_of::<Record>() + retries * size_of::<Retry>()) as u64;
    played.report.retries = retries as u64;
    played.check(async |stage, round, holdings, findings| check(stage, round, holdings, till.wallets, findings).await).await
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
fn steps(rounds: &[Round<Pairs>]) -> Result<Vec<StepTimes>, Error> {
    let of_step = |(step, name): (u64, &&str)| {
        let mut latency_ns = drive::histogram()?;
        for round in rounds {
            merge(&mut latency_ns, &round.asked.latency_of_step(step)?)?;
        }
        Ok(StepTimes::of(name, &latency_ns))
    };
    (0..).zip(&STEPS).map(of_step).collect()
}

async fn check(
    stage: &Stage,
    round: Round<Pairs>,
    holdings: Holdings,
    wallets: Wallets,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Round { issues, plan, asked, .. } = round;
    let history = History { records: &asked.records, retries: &asked.retries };
    answers::check_asked(history, |operation| is_asked(&asked.records, operation), asked.strays, findings);
    answers::check_fates(history, |operation| Some(cards::reason_of(plan.fate(operation))), findings);
    order::check(history, findings);
    retries::check(Kind::Till, history, findings);
    let left_minor = pairs::check(history, &plan, findings);
    let balances = Balances { face_value_minor: plan.face_value_minor(), left_minor };
    cards::check_shown(stage, &issues, wallets, holdings, balances, findings).await
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
            Scenario::Holds { till, common } => load(till, &common).map(|load| load.in_flight),
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
