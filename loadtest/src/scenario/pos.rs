//! Tills: cards are issued, then redeemed.

use std::{collections::HashMap, sync::Arc, time::Instant};

use super::{Finished, again, echo, stage::Stage, sum::Sum, templates};
use crate::{
    check::{
        Findings, History, answers, balances,
        holdings::Holdings,
        order, retries,
        stock::{self, Claimed, Terms},
    },
    drive::{Load, Measured, tally::Tally},
    error::Error,
    options::Common,
    plan::{
        Plan,
        cards::Issues,
        redeems::{By, Fate, Redeems, face_value_minor},
        skew::Skew,
    },
    progress::Progress,
    report::Shape,
    server::figures,
    verify::{
        validate,
        wallets::{self, Balances, Expected},
    },
    wire::answer::Kind,
};

/// What is redeemed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Till {
    /// Cards, one for each user.
    pub cards: u64,
    /// Redemptions.
    pub operations: u64,
    /// How they fall on the cards.
    pub skew: Skew,
    /// How they name the card.
    pub by: By,
    /// Wallets to be listed afterwards; absent = all.
    pub wallets: Option<u64>,
}

/// Card n belongs to user n.
struct Facts([Terms; 1]);

impl Claimed for Facts {
    fn user(&self, operation: u64) -> u64 {
        operation
    }

    fn template(&self, _operation: u64) -> u32 {
        0
    }

    fn terms(&self) -> &[Terms] {
        &self.0
    }
}

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
    let plan = || Arc::new(till.redeems(Arc::new(Issues::new(till.cards, stage.ids(0))), common.seed)) as Arc<dyn Plan>;
    let ceiling = echo::beside(plan, &load, common).await?;

    let (mut prepared, mut sum, mut rounds) = (Sum::new()?, Sum::new()?, Vec::new());
    let mut server = None;
    loop {
        let issues = Arc::new(Issues::new(till.cards, stage.ids(rounds.len() as u64)));
        let issued = issue(&mut stage, &issues, till, load, &mut prepared).await?;
        let before = stage.status().await;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let redeems = Arc::new(till.redeems(issues.clone(), common.seed));
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

impl Till {
    fn redeems(&self, issues: Arc<Issues>, seed: u64) -> Redeems {
        Redeems::new(issues, self.operations, self.by, self.skew, seed)
    }
}

/// Issues every card, in a closed loop.
async fn issue(stage: &mut Stage, issues: &Arc<Issues>, till: Till, load: Load, sum: &mut Sum) -> Result<Measured, Error> {
    let spec = templates::spec("gift card", templates::card(face_value_minor(till.operations)), None, 0);
    let link = stage.link.clone();
    stage.during_kills(templates::create(&link, &issues.template_id(), spec)).await?;
    let (issued, cpu) = stage.measure("issuing cards", issues.clone(), Load { rate: None, ..load }).await?;
    sum.add(&issued, cpu)?;
    Ok(issued)
}

async fn check(stage: &mut Stage, round: &mut Round, till: Till, load: &Load, findings: &mut Findings) -> Result<(), Error> {
    let Round { issues, issued, redeems, redeemed } = round;
    again::ask(stage, issues.clone(), issued, load).await?;
    let history = History { records: &issued.records, retries: &issued.retries };
    let facts = Facts([Terms { stock: None, per_user_limit: 0 }]);
    answers::check(history, issued.strays, findings);
    answers::check_fates(history, |_| Some(0), findings);
    order::check(history, findings);
    retries::check(Kind::Claim, history, findings);
    stock::check(history, &facts, findings);
    let holdings = Holdings::of(history, &facts);

    again::ask(stage, redeems.clone(), redeemed, load).await?;
    let history = History { records: &redeemed.records, retries: &redeemed.retries };
    answers::check(history, redeemed.strays, findings);
    answers::check_fates(history, |operation| Some(reason_of(redeems.fate(operation))), findings);
    order::check(history, findings);
    retries::check(Kind::Redeem, history, findings);
    let face_value_minor = redeems.face_value_minor();
    let left_minor = balances::check(history, issues.cards(), face_value_minor, |operation| redeems.card(operation), findings);
    let balances = Balances { face_value_minor, left_minor };

    validate::check(&stage.link, issues, &balances, findings).await?;
    let tally = Arc::new(Tally::default());
    let expected = expected(issues, till, holdings, balances);
    let _progress = Progress::show("wallets", expected.users.len() as u64, tally.clone());
    findings.merge(wallets::check(&stage.link, expected, tally).await?);
    Ok(())
}

fn expected(issues: &Arc<Issues>, till: Till, holdings: Holdings, balances: Balances) -> Expected {
    let namer = issues.clone();
    Expected {
        holdings,
        users: (0..issues.cards()).step_by(issues.cards().div_ceil(till.wallets.unwrap_or(u64::MAX)) as usize).collect(),
        user_id: Box::new(move |user| namer.user_id(user)),
        templates: HashMap::from([(issues.template_id(), 0)]),
        balances: Some(balances),
    }
}

fn reason_of(fate: Fate) -> i32 {
    match fate {
        Fate::Accepted => 0,
        Fate::Refused(reason) => reason.into(),
    }
}
