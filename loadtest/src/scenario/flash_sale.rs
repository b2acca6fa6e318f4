//! The flash sale: more users than pieces.

use std::{sync::Arc, time::Instant};

use tessera_proto::v1::{AmountOff, Reason, template_spec::Kind};

use super::{Finished, again, echo, stage::Stage, sum::Sum, templates};
use crate::{
    check::{
        Findings, History, Violation, answers,
        holdings::Holdings,
        order, retries,
        stock::{self, Claimed, Terms},
    },
    drive::{Load, Measured, tally::Tally},
    error::Error,
    options::{Common, Wallets},
    plan::{
        Plan,
        claims::{Claims, Sale},
    },
    progress::Progress,
    record::Record,
    report::{Shape, SoldOut},
    server::figures,
    verify::{self, wallets},
    wire::answer,
};

/// The sale that the command line describes.
pub fn sale(templates: u32, stock: u64, users: u64, per_user: u32, greedy_percent: f64) -> Result<Sale, Error> {
    if u64::from(templates) > users {
        return Err(Error::Usage("--templates: for each template one user at least"));
    }
    if !(0.0..=100.0).contains(&greedy_percent) {
        return Err(Error::Usage("--greedy goes from 0 to 100"));
    }
    Ok(Sale { templates, stock, users, per_user, greedy_per_mille: (greedy_percent * 10.0) as u64 })
}

/// One sale, held.
struct Round {
    claims: Arc<Claims>,
    measured: Measured,
}

/// The plan's side of the check.
struct Facts<'a> {
    claims: &'a Claims,
    terms: Vec<Terms>,
}

impl Claimed for Facts<'_> {
    fn user(&self, operation: u64) -> u64 {
        self.claims.user(operation)
    }

    fn template(&self, operation: u64) -> u32 {
        self.claims.template_of(self.claims.user(operation))
    }

    fn terms(&self) -> &[Terms] {
        &self.terms
    }
}

/// Holds the sale; again with fresh users until every kill has happened.
pub async fn run(sale: Sale, wallets: Wallets, common: &Common) -> Result<Finished, Error> {
    let load = common.load(1.0)?;
    let mut stage = Stage::open(common).await?;
    let plan = || Arc::new(Claims::new(sale, stage.ids(0), common.seed)) as Arc<dyn Plan>;
    let ceiling = echo::beside(plan, &load, common).await?;

    let (mut sum, mut rounds) = (Sum::new()?, Vec::new());
    let before = stage.status().await;
    stage.disturb(common).await?;
    loop {
        let claims = Arc::new(Claims::new(sale, stage.ids(rounds.len() as u64), common.seed));
        rounds.push(hold(&mut stage, claims, load, &mut sum).await?);
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("flash-sale", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.measured)).await?;
    let after = stage.status().await;
    // A server that was killed began its counts again.
    let statuses = before.zip(after).filter(|_| report.recovery_ms.is_empty());
    report.server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted));
    report.sold_out = rounds.first().and_then(|round| SoldOut::of(&round.measured.records));
    echo::enter(ceiling, &mut report);

    let (begin, mut findings) = (Instant::now(), Findings::default());
    for round in &mut rounds {
        check(&mut stage, round, wallets, &load, &mut findings).await?;
    }
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

async fn hold(stage: &mut Stage, claims: Arc<Claims>, load: Load, sum: &mut Sum) -> Result<Round, Error> {
    let sale = *claims.sale();
    let kind = Kind::AmountOff(AmountOff { threshold_minor: 2_000, amount_minor: 500 });
    let link = stage.link.clone();
    for template in 0..sale.templates {
        let spec = templates::spec("flash sale", kind, Some(sale.stock_of(template)), sale.per_user);
        stage.during_kills(templates::create(&link, &claims.template_id(template), spec)).await?;
    }
    let (measured, cpu) = stage.measure("flash-sale", claims.clone(), load).await?;
    sum.add(&measured, cpu)?;
    Ok(Round { claims, measured })
}

/// Has everything said again, looks at wallets and stock, and checks it all.
async fn check(
    stage: &mut Stage,
    round: &mut Round,
    wallets: Wallets,
    load: &Load,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Round { claims, measured } = round;
    again::ask(stage, claims.clone(), measured, load).await?;
    let history = History { records: &measured.records, retries: &measured.retries };
    let sale = *claims.sale();
    let terms = |template| Terms { stock: Some(sale.stock_of(template)), per_user_limit: sale.per_user };
    let facts = Facts { claims, terms: (0..sale.templates).map(terms).collect() };
    answers::check(history, measured.strays, findings);
    order::check(history, findings);
    retries::check(answer::Kind::Claim, history, findings);
    stock::check(history, &facts, findings);

    let holdings = Holdings::of(history, &facts);
    let sold = holdings.by_template(sale.templates);
    check_all_sold(&sale, &measured.records, &sold, findings);
    for (template, &sold) in (0..).zip(&sold) {
        let given = verify::stock::Given { template, template_id: claims.template_id(template), stock: sale.stock_of(template) };
        verify::stock::check(&stage.link, given, sold, findings).await?;
    }
    let expected = expected(claims, holdings, wallets);
    let tally = Arc::new(Tally::default());
    let _progress = Progress::show("wallets", expected.users.len() as u64, tally.clone());
    findings.merge(wallets::check(&stage.link, expected, tally).await?);
    Ok(())
}

/// Everybody who asked was told one of the two true reasons: then everything that could be sold was.
fn check_all_sold(sale: &Sale, records: &[Record], sold: &[u64], findings: &mut Findings) {
    let is_settled = |record: &Record| {
        let reason = record.refusal().map(Reason::try_from);
        matches!(reason, None | Some(Ok(Reason::SoldOut | Reason::UserLimitReached)))
    };
    if records.iter().all(is_settled) {
        for (template, &actual) in (0..).zip(sold) {
            let expected = sale.stock_of(template).min(sale.users_of(template) * u64::from(sale.per_user));
            findings.check(actual == expected, || Violation::WrongStock { template, what: "issued", expected, actual });
        }
    }
}

fn expected(claims: &Arc<Claims>, holdings: Holdings, wallets: Wallets) -> wallets::Expected {
    let users = wallets.of(claims.sale().users, || holdings.users());
    let namer = claims.clone();
    wallets::Expected {
        holdings,
        users,
        user_id: Box::new(move |user| namer.user_id(user)),
        templates: (0..claims.sale().templates).map(|template| (claims.template_id(template), template)).collect(),
        balances: None,
    }
}
