//! What scenarios at tills have in common: cards are issued before, and looked at afterwards.

use std::{collections::HashMap, sync::Arc};

use super::{again, stage::Stage, sum::Sum, templates};
use crate::{
    check::{
        Findings, History, answers,
        holdings::Holdings,
        order, retries,
        stock::{self, Claimed, Terms},
    },
    drive::{Load, Measured, tally::Tally},
    error::Error,
    options::Wallets,
    plan::{cards::Issues, redeems::Fate},
    progress::Progress,
    verify::{
        validate,
        wallets::{self, Balances, Expected},
    },
    wire::answer::Kind,
};

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

/// Issues every card, in a closed loop.
pub async fn issue(
    stage: &mut Stage,
    issues: &Arc<Issues>,
    face_value_minor: i64,
    load: Load,
    sum: &mut Sum,
) -> Result<Measured, Error> {
    let spec = templates::spec("gift card", templates::card(face_value_minor), None, 0);
    let link = stage.link.clone();
    stage.during_kills(templates::create(&link, &issues.template_id(), spec)).await?;
    let (issued, cpu) = stage.measure("issuing cards", issues.clone(), Load { rate: None, ..load }).await?;
    sum.add(&issued, cpu)?;
    Ok(issued)
}

/// Every card was issued, once; who has which.
pub async fn check_issued(
    stage: &mut Stage,
    issues: &Arc<Issues>,
    issued: &mut Measured,
    load: &Load,
    findings: &mut Findings,
) -> Result<Holdings, Error> {
    again::ask(stage, issues.clone(), issued, load).await?;
    let history = History { records: &issued.records, retries: &issued.retries };
    let facts = Facts([Terms { stock: None, per_user_limit: 0 }]);
    answers::check(history, issued.strays, findings);
    answers::check_fates(history, |_| Some(0), findings);
    order::check(history, findings);
    retries::check(Kind::Claim, history, findings);
    stock::check(history, &facts, findings);
    Ok(Holdings::of(history, &facts))
}

/// What the server shows of the cards is what follows: of a sample by validation, of the users that were asked for by their wallets.
pub async fn check_shown(
    stage: &Stage,
    issues: &Arc<Issues>,
    wallets: Wallets,
    holdings: Holdings,
    balances: Balances,
    findings: &mut Findings,
) -> Result<(), Error> {
    validate::check(&stage.link, issues, &balances, findings).await?;
    let tally = Arc::new(Tally::default());
    let expected = expected(issues, wallets, holdings, balances);
    let _progress = Progress::show("wallets", expected.users.len() as u64, tally.clone());
    findings.merge(wallets::check(&stage.link, expected, tally).await?);
    Ok(())
}

fn expected(issues: &Arc<Issues>, wallets: Wallets, holdings: Holdings, balances: Balances) -> Expected {
    let namer = issues.clone();
    Expected {
        users: wallets.of(issues.cards(), || holdings.users()),
        holdings,
        user_id: Box::new(move |user| namer.user_id(user)),
        templates: HashMap::from([(issues.template_id(), 0)]),
        balances: Some(balances),
    }
}

/// The reason of an answer; 0 = accepted.
pub fn reason_of(fate: Fate) -> i32 {
    match fate {
        Fate::Accepted => 0,
        Fate::Refused(reason) => reason.into(),
    }
}
