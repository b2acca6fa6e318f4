//! A real trace of claims, replayed: every row under its own request id, one coupon for each user and coupon.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::Arc,
    time::Instant,
};

use tessera_proto::v1::Reason;
use tokio::task::JoinSet;

use super::{Finished, again, echo, stage::Stage, sum::Sum, templates, trace::Trace};
use crate::{
    check::{
        Findings, History, Violation, answers,
        holdings::Holdings,
        order, retries,
        stock::{self, Claimed, Terms},
    },
    drive::{Load, Measured, tally::Tally},
    error::Error,
    ids::Noun,
    options::Common,
    plan::{Plan, rows::Rows},
    progress::Progress,
    report::Shape,
    server::figures,
    verify::wallets::{self, Expected},
    wire::answer::Kind,
};

/// Templates created at once.
const CREATED_AT_ONCE: usize = 32;

struct Facts<'a> {
    rows: &'a Rows,
    terms: Vec<Terms>,
}

impl Claimed for Facts<'_> {
    fn user(&self, operation: u64) -> u64 {
        self.rows.row(operation).user
    }

    fn template(&self, operation: u64) -> u32 {
        self.rows.row(operation).template
    }

    fn terms(&self) -> &[Terms] {
        &self.terms
    }
}

/// Replays the trace of `directory`.
pub async fn run(directory: &Path, common: &Common) -> Result<Finished, Error> {
    if common.rate.is_some() || common.kill_every.is_some() {
        return Err(Error::Usage("o2o replays its trace once, in a closed loop"));
    }
    let trace = Trace::read(directory)?;
    let load = common.load(0.0)?;
    let mut stage = Stage::open(common).await?;
    let plan = Arc::new(rows(&trace, &stage));
    let ceiling = echo::beside(|| plan.clone() as Arc<dyn Plan>, &load, common).await?;
    create_templates(&stage, &trace, &plan).await?;

    let before = stage.status().await;
    stage.disturb(common).await?;
    let (mut measured, cpu) = stage.measure("o2o", plan.clone(), load).await?;
    let after = stage.status().await;
    let mut sum = Sum::new()?;
    sum.add(&measured, cpu)?;
    let mut report = sum.report("o2o", Shape::of(&load, common.threads));
    stage.calm(&mut report, std::iter::once(&measured)).await?;
    report.server = before.zip(after).and_then(|(before, after)| figures::between(&before, &after, sum.accepted));
    echo::enter(ceiling, &mut report);

    let (begin, mut findings) = (Instant::now(), Findings::default());
    check(&mut stage, &trace, &plan, &mut measured, &load, &mut findings).await?;
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// Templates and users carry the run, so that a trace can be replayed twice on one server.
fn rows(trace: &Trace, stage: &Stage) -> Rows {
    let tag = stage.ids(0).text(Noun::Template, 0);
    let tag = tag.get(..5).unwrap_or_default();
    let templates = trace.coupons.iter().map(|coupon| format!("{tag}-{}", coupon.number)).collect();
    Rows::new(trace.rows.clone(), templates, format!("{tag}-"))
}

async fn create_templates(stage: &Stage, trace: &Trace, plan: &Rows) -> Result<(), Error> {
    let mut open = JoinSet::new();
    for (coupon, template_id) in trace.coupons.iter().zip(plan.templates()) {
        if open.len() == CREATED_AT_ONCE
            && let Some(created) = open.join_next().await
        {
            created??;
        }
        let (link, template_id) = (stage.link.clone(), template_id.clone());
        let spec = templates::spec(&coupon.number, coupon.kind, None, 1);
        open.spawn(async move { templates::create(&link, &template_id, spec).await });
    }
    while let Some(created) = open.join_next().await {
        created??;
    }
    Ok(())
}

async fn check(
    stage: &mut Stage,
    trace: &Trace,
    plan: &Arc<Rows>,
    measured: &mut Measured,
    load: &Load,
    findings: &mut Findings,
) -> Result<(), Error> {
    again::ask(stage, plan.clone(), measured, load).await?;
    let history = History { records: &measured.records, retries: &measured.retries };
    let terms = vec![Terms { stock: None, per_user_limit: 1 }; trace.coupons.len()];
    let facts = Facts { rows: plan, terms };
    answers::check(history, measured.strays, findings);
    order::check(history, findings);
    retries::check(Kind::Claim, history, findings);
    stock::check(history, &facts, findings);
    check_counts(trace, measured, findings);

    let users: BTreeSet<_> = plan.rows().iter().map(|row| row.user).collect();
    let namer = plan.clone();
    let expected = Expected {
        holdings: Holdings::of(history, &facts),
        users: users.into_iter().collect(),
        user_id: Box::new(move |user| namer.user_id(user)),
        templates: plan.templates().iter().cloned().zip(0..).collect::<HashMap<_, _>>(),
        balances: None,
    };
    let tally = Arc::new(Tally::default());
    let _progress = Progress::show("wallets", expected.users.len() as u64, tally.clone());
    findings.merge(wallets::check(&stage.link, expected, tally).await?);
    Ok(())
}

/// Per coupon as many accepted as the trace's source says; in all as many as there are distinct pairs of user and coupon; every
/// other row refused by the limit.
fn check_counts(trace: &Trace, measured: &Measured, findings: &mut Findings) {
    let mut accepted = vec![0; trace.coupons.len()];
    let mut limited = 0;
    for (row, record) in trace.rows.iter().zip(&measured.records) {
        accepted[row.template as usize] += u64::from(record.is_accepted());
        limited += u64::from(record.refusal() == Some(Reason::UserLimitReached.into()));
    }
    for (coupon, &actual) in trace.coupons.iter().zip(&accepted) {
        let expected = coupon.expected;
        findings.check(actual == expected, || Violation::WrongCount { coupon: coupon.number.clone(), expected, actual });
    }
    let pairs: BTreeSet<_> = trace.rows.iter().map(|row| (row.user, row.template)).collect();
    let (pairs, rows) = (pairs.len() as u64, trace.rows.len() as u64);
    let all = accepted.iter().sum();
    findings.check(all == pairs, || Violation::WrongCount { coupon: "all".to_owned(), expected: pairs, actual: all });
    let (expected, actual) = (rows - pairs, limited);
    findings.check(expected == actual, || Violation::WrongCount { coupon: "refused".to_owned(), expected, actual });
}
