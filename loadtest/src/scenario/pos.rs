//! Tills: cards are issued, then redeemed.

use std::sync::Arc;

use super::{
    Finished, cards,
    stage::Stage,
    tills::{self, Round},
};
use crate::{
    check::{Findings, History, answers, balances, holdings::Holdings, order, retries},
    drive::Measured,
    error::Error,
    options::{Common, Till, Wallets},
    plan::{cards::Issues, redeems::Redeems},
    verify::wallets::Balances,
    wire::answer::Kind,
};

/// Issues and redeems; again with fresh users until every kill has happened.
pub async fn run(till: Till, common: &Common) -> Result<Finished, Error> {
    let load = common.load(1.0)?;
    let plan = |issues| Redeems::new(issues, till.operations, till.by, till.skew, common.seed);
    let played = tills::play("pos", till, load, common, plan).await?;
    played.check(async |stage, round, holdings, findings| check(stage, round, holdings, till.wallets, findings).await).await
}

async fn check(
    stage: &Stage,
    round: Round<Redeems>,
    holdings: Holdings,
    wallets: Wallets,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Round { issues, plan, asked, .. } = round;
    check_redeems(stage, &issues, &plan, &asked, wallets, holdings, findings).await
}

/// Every redemption of the cards of `issues`, and what the server shows of them.
pub async fn check_redeems(
    stage: &Stage,
    issues: &Arc<Issues>,
    plan: &Redeems,
    asked: &Measured,
    wallets: Wallets,
    holdings: Holdings,
    findings: &mut Findings,
) -> Result<(), Error> {
    let history = History { records: &asked.records, retries: &asked.retries };
    answers::check(history, asked.strays, findings);
    answers::check_fates(history, |operation| Some(cards::reason_of(plan.fate(operation))), findings);
    order::check(history, findings);
    retries::check(Kind::Redeem, history, findings);
    let face_value_minor = plan.face_value_minor();
    let left_minor = balances::check(history, issues.cards(), face_value_minor, |operation| plan.card(operation), findings);
    let balances = Balances { face_value_minor, left_minor };
    cards::check_shown(stage, issues, wallets, holdings, balances, findings).await
}
