//! Bulk issue beside tills: coupons are issued to the users of a file over a stream while gift cards are redeemed.
//!
//! First the tills are measured alone, then as many redemptions beside the rows. A server that is killed is sent what was under way
//! again. Afterwards the whole file is sent once more, and must change nothing; wallets must hold what the outcomes say.

use std::{collections::HashMap, sync::Arc, time::Instant};

use hdrhistogram::Histogram;

use super::{Finished, again, cards, pos, stage::Stage, sum::Sum, templates};
use crate::{
    check::{Findings, History, Violation, answers, holdings::Holdings, order, retries, sort_retries, stock},
    drive::{self, Load, Measured, Mode, tally::Tally},
    error::Error,
    options::{Common, Till},
    plan::{
        Plan,
        again::Again,
        bulk::File,
        cards::Issues,
        redeems::{Redeems, face_value_minor},
    },
    progress::Progress,
    record::Retry,
    report::{Shape, StepTimes},
    server::figures,
    verify::{
        checkout::check_value,
        wallets::{self, Expected},
    },
    wire::answer::Kind,
};

/// Redemptions in flight unless the command line says otherwise: tills that wait for their answers.
const IN_FLIGHT_DEFAULT: usize = 64;

/// Rows under way at once, as the command beside the file has them.
const ROWS_IN_FLIGHT: usize = 4_096;

/// One run of the file.
struct Round {
    issues: Arc<Issues>,
    issued: Measured,
    redeems: Arc<Redeems>,
    redeemed: Measured,
    file: Arc<File>,
    rows: Measured,
}

/// Latencies of redemptions.
struct Latencies {
    alone_ns: Histogram<u64>,
    beside_ns: Histogram<u64>,
}

/// Issues and redeems; again with fresh users until every kill has happened.
pub async fn run(rows: u64, till: Till, common: &Common) -> Result<Finished, Error> {
    if common.with_echo {
        return Err(Error::Usage("bulk issue makes room for others: there is no ceiling to compare with"));
    }
    let load = Load { in_flight: common.in_flight.unwrap_or(IN_FLIGHT_DEFAULT), ..common.load(1.0)? };
    let mut stage = Stage::open(common).await?;
    let (mut prepared, mut sum, mut rounds, mut server) = (Sum::new()?, Sum::new()?, Vec::new(), None);
    let mut latencies = Latencies { alone_ns: drive::histogram()?, beside_ns: drive::histogram()? };
    loop {
        let ids = stage.ids(rounds.len() as u64);
        let (issues, file) = (Arc::new(Issues::new(till.cards, ids)), Arc::new(File::new(rows, ids)));
        let fast = Load { mode: Mode::Stream, in_flight: load.in_flight.max(1_024), ..load };
        let issued = cards::issue(&mut stage, &issues, face_value_minor(2 * till.operations), fast, &mut prepared).await?;
        create_templates(&mut stage, &file).await?;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let redeems = Arc::new(Redeems::new(issues.clone(), 2 * till.operations, till.by, till.skew, common.seed));
        let half = |from: u64| Arc::new(Again::new(redeems.clone(), (from..from + till.operations).collect()));
        let (alone, _) = stage.measure("tills alone", half(0), load).await?;
        let before = stage.status().await;
        let both: [(Arc<dyn Plan>, Load); 2] = [(file.clone(), of_rows(load)), (half(till.operations), load)];
        let ([rows, beside], cpu) = stage.measure_both("rows beside tills", both).await?;
        sum.add(&rows, cpu)?;
        if !common.is_killed() {
            // A server that is killed begins its counts again.
            let accepted = [&rows, &beside].map(accepted).iter().sum();
            let statuses = before.zip(stage.status().await);
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, accepted));
        }
        latencies.add(&alone, &beside, &rows)?;
        let redeemed = joined(alone, beside, till.operations);
        rounds.push(Round { issues, issued, redeems, redeemed, file, rows });
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("bulk", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.rows)).await?;
    (report.preparation, report.server, report.steps) = (Some(prepared.rates()), server, latencies.steps());

    let (begin, mut findings) = (Instant::now(), Findings::default());
    for round in rounds {
        check(&mut stage, round, till, &load, &mut findings).await?;
    }
    check_value(&stage.link, None, &mut findings).await?;
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// The load of the file: one stream, as fast as the server takes it.
fn of_rows(load: Load) -> Load {
    Load { mode: Mode::Stream, connections: 1, in_flight: ROWS_IN_FLIGHT, rate: None, ..load }
}

async fn create_templates(stage: &mut Stage, file: &File) -> Result<(), Error> {
    let link = stage.link.clone();
    for (template_id, per_user_limit) in file.templates() {
        let spec = templates::spec("from a file", templates::card(100), None, per_user_limit);
        stage.during_kills(templates::create(&link, &template_id, spec)).await?;
    }
    Ok(())
}

fn accepted(measured: &Measured) -> u64 {
    measured.records.iter().filter(|record| record.is_accepted()).count() as u64
}

/// Both halves of the redemptions.
fn joined(alone: Measured, beside: Measured, half: u64) -> Measured {
    let mut whole = alone;
    whole.records.extend(beside.records);
    whole.retries.extend(beside.retries.into_iter().map(|retry| Retry { operation: retry.operation + half, ..retry }));
    sort_retries(&mut whole.retries);
    whole.strays += beside.strays;
    whole
}

impl Latencies {
    /// Beside rows are redemptions that left while any was under way.
    fn add(&mut self, alone: &Measured, beside: &Measured, rows: &Measured) -> Result<(), Error> {
        let alone_ns = alone.latency_between(0, u64::MAX)?;
        let inside_ns = beside.latency_between(rows.begin_ns(), rows.end_ns())?;
        let merged = [(&mut self.alone_ns, alone_ns), (&mut self.beside_ns, inside_ns)];
        merged.into_iter().try_for_each(|(sum, more)| sum.add(more)).map_err(|_| Error::Histogram("cannot be merged"))
    }

    fn steps(&self) -> Vec<StepTimes> {
        vec![StepTimes::of("redemption alone", &self.alone_ns), StepTimes::of("redemption beside rows", &self.beside_ns)]
    }
}

async fn check(stage: &mut Stage, round: Round, till: Till, load: &Load, findings: &mut Findings) -> Result<(), Error> {
    let Round { issues, mut issued, redeems, mut redeemed, file, mut rows } = round;
    let holdings = cards::check_issued(stage, &issues, &mut issued, load, findings).await?;
    again::ask(stage, redeems.clone(), &mut redeemed, load).await?;
    pos::check_redeems(stage, &issues, &redeems, &redeemed, till.wallets, holdings, findings).await?;

    send_again(stage, &file, &mut rows, load).await?;
    let history = History { records: &rows.records, retries: &rows.retries };
    answers::check(history, rows.strays, findings);
    answers::check_fates(history, |row| file.reason_of(row), findings);
    order::check(history, findings);
    retries::check(Kind::Issue, history, findings);
    stock::check(history, &*file, findings);
    check_counts(&file, &rows, findings);

    let namer = file.clone();
    let expected = Expected {
        holdings: Holdings::of(history, &*file),
        users: file.users(),
        user_id: Box::new(move |user| namer.user_id(user)),
        templates: file.templates().into_iter().map(|(id, _)| id).zip(0..).collect::<HashMap<_, _>>(),
        balances: None,
    };
    let tally = Arc::new(Tally::default());
    let _progress = Progress::show("wallets", expected.users.len() as u64, tally.clone());
    findings.merge(wallets::check(&stage.link, expected, tally).await?);
    Ok(())
}

/// The whole file, refused rows too, as whoever starts again without its outcomes would.
async fn send_again(stage: &mut Stage, file: &Arc<File>, rows: &mut Measured, load: &Load) -> Result<(), Error> {
    let load = Load { retry_every: 0, ..of_rows(*load) };
    let (repeated, _) = stage.measure("the file again", file.clone(), load).await?;
    rows.retries.extend((0..).zip(repeated.records).map(|(operation, record)| Retry { operation, record }));
    rows.strays += repeated.strays;
    sort_retries(&mut rows.retries);
    Ok(())
}

/// Of two rows for one coupon one is accepted, and the other refused by the limit.
fn check_counts(file: &File, rows: &Measured, findings: &mut Findings) {
    let count = |is_one: &dyn Fn(i32) -> bool| {
        let answered = rows.records.iter().filter(|record| record.is_answered());
        answered.filter(|record| is_one(i32::from(record.reason))).count() as u64
    };
    let accepted = count(&|reason| reason == 0);
    let limited = count(&|reason| reason == File::reason_of_second());
    for (what, expected, actual) in [("accepted", file.accepted(), accepted), ("refused by the limit", file.pairs(), limited)] {
        findings.check(expected == actual, || Violation::WrongRows { what, expected, actual });
    }
}
