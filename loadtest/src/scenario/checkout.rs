//! Checkouts: users are dealt coupons and cards and put them on orders of several lines, together; orders are redeemed at once or held,
//! captured in part, released, left, refunded by the unit.
//!
//! Afterwards every answer is recomputed from the templates and the orders, to the minor unit of each line, every wallet must stand as
//! follows, and no value may have been created or lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tessera_proto::v1::TemplateSpec;

use super::{Finished, again, stage::Stage, sum::Sum, templates::create};
use crate::{
    check::{
        Findings, History, answers,
        checkout::{
            self,
            wallet::{Coupon, Wallet},
        },
        order, retries,
    },
    drive::{
        self, Load, Measured, Mode,
        checkout::{Shopped, Shopping, ask_again},
        tally::Tally,
    },
    error::Error,
    options::Common,
    plan::{
        checkout::{Hands, Verb, templates},
        dealt::Dealt,
    },
    progress::Progress,
    report::{Shape, StepTimes},
    server::figures,
    verify::checkout::{self as verify, Sums},
    wire::answer::Kind,
};

/// Shoppers served at once unless the command line says otherwise.
const IN_FLIGHT_DEFAULT: usize = 64;

/// Beyond the last deadline, before the wallets are read.
const MARGIN: Duration = Duration::from_millis(200);

/// What the command line describes.
#[derive(Clone, Copy, Debug)]
pub struct Shop {
    users: u64,
    shopping: Shopping,
}

struct Round {
    hands: Arc<Hands>,
    specs: Vec<Arc<TemplateSpec>>,
    dealt: Measured,
    shopped: Shopped,
}

impl Shop {
    /// `users` share `orders`.
    pub fn new(users: u64, orders: u64, hold_ttl: Duration, apart_percent: f64) -> Result<Self, Error> {
        let hold_ttl_ms = i64::try_from(hold_ttl.as_millis()).map_err(|_| Error::Usage("--hold-ttl is too long"))?;
        if hold_ttl_ms == 0 {
            return Err(Error::Usage("--hold-ttl is at least a millisecond"));
        }
        Ok(Self { users, shopping: Shopping { orders, hold_ttl_ms, apart_percent } })
    }
}

/// Deals and shops; again with fresh users until every kill has happened.
pub async fn run(shop: Shop, common: &Common) -> Result<Finished, Error> {
    if common.with_echo || common.rate.is_some() {
        return Err(Error::Usage("orders wait for one another: they have no rate of their own and no ceiling to compare with"));
    }
    let load = Load { mode: Mode::Unary, in_flight: common.in_flight.unwrap_or(IN_FLIGHT_DEFAULT), ..common.load(1.0)? };
    let mut stage = Stage::open(common).await?;
    let (mut prepared, mut sum, mut rounds) = (Sum::new()?, Sum::new()?, Vec::new());
    let mut server = None;
    loop {
        let hands = Arc::new(Hands::new(shop.users, stage.ids(rounds.len() as u64)));
        let specs: Vec<Arc<TemplateSpec>> = templates::all().into_iter().map(Arc::new).collect();
        let dealt = deal(&mut stage, &hands, &specs, load, &mut prepared).await?;
        let before = stage.status().await;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let accepted_before = sum.accepted;
        let (shopped, cpu) = stage.shop(hands.clone(), shop.shopping, load).await?;
        sum.add(&shopped.measured, cpu)?;
        let statuses = before.zip(stage.status().await);
        if !common.is_killed() {
            // A server that is killed begins its counts again.
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted - accepted_before));
        }
        rounds.push(Round { hands, specs, dealt, shopped });
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("checkout", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.shopped.measured)).await?;
    (report.preparation, report.server) = (Some(prepared.rates()), server);
    report.steps = steps(&rounds)?;
    for round in &rounds {
        checkout::census(&round.shopped.acts, &mut report.outcomes);
        report.record_bytes += size_of_val(round.shopped.acts.as_slice()) as u64;
    }

    let (begin, mut findings) = (Instant::now(), Findings::default());
    // The sums of a server that others use, too, say nothing of this run.
    let mut sums = common.server.is_some().then(Sums::default);
    for round in &mut rounds {
        check(&mut stage, round, shop.shopping, &load, &mut sums, &mut findings).await?;
    }
    verify::check_value(&stage.link, sums.as_ref(), &mut findings).await?;
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// Deals every coupon, in a closed loop.
async fn deal(
    stage: &mut Stage,
    hands: &Arc<Hands>,
    specs: &[Arc<TemplateSpec>],
    load: Load,
    sum: &mut Sum,
) -> Result<Measured, Error> {
    let link = stage.link.clone();
    for (place, spec) in (0..).zip(specs) {
        stage.during_kills(create(&link, &hands.template_id(place), spec.as_ref().clone())).await?;
    }
    let load = Load { mode: Mode::Stream, in_flight: load.in_flight.max(1_024), ..load };
    let (dealt, cpu) = stage.measure("dealing coupons", hands.clone(), load).await?;
    sum.add(&dealt, cpu)?;
    Ok(dealt)
}

/// Each verb's latencies over all rounds.
fn steps(rounds: &[Round]) -> Result<Vec<StepTimes>, Error> {
    let of_verb = |verb: Verb| {
        let mut latency_ns = drive::histogram()?;
        let answered = rounds.iter().flat_map(|round| round.shopped.measured.records.iter().zip(&round.shopped.acts));
        for (record, _) in answered.filter(|(_, act)| act.ask.verb() == verb) {
            latency_ns.saturating_record(record.answered_ns.saturating_sub(record.sent_ns));
        }
        Ok(StepTimes::of(verb.name(), &latency_ns))
    };
    Verb::ALL.into_iter().map(of_verb).collect()
}

async fn check(
    stage: &mut Stage,
    round: &mut Round,
    shopping: Shopping,
    load: &Load,
    sums: &mut Option<Sums>,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Round { hands, specs, dealt, shopped } = round;
    again::ask(stage, hands.clone(), dealt, load).await?;
    let history = History { records: &dealt.records, retries: &dealt.retries };
    answers::check(history, dealt.strays, findings);
    answers::check_fates(history, |_| Some(0), findings);
    order::check(history, findings);
    retries::check(Kind::Claim, history, findings);

    let tally = Arc::new(Tally::default());
    let progress = Progress::show("asking again", shopped.acts.len() as u64, tally.clone());
    ask_again(shopped, &stage.link, load, stage.clock, tally).await?;
    drop(progress);
    tokio::time::sleep(Duration::from_millis(shopping.hold_ttl_ms.unsigned_abs()) + MARGIN).await;

    let mut wallets = checkout::check(wallets(hands, specs, dealt), shopped, findings);
    for wallet in wallets.iter_mut().flatten() {
        wallet.settle(i64::MAX);
    }
    match wallets.iter().all(Option::is_some) {
        true => wallets.iter().flatten().for_each(|wallet| sums.iter_mut().for_each(|sums| sums.add(wallet))),
        // It is not known what follows, and was found wrong already.
        false => *sums = None,
    }
    let held: Vec<Option<Wallet>> = (0_u64..)
        .zip(&mut wallets)
        .map(|(user, wallet)| wallet.as_mut().map(|wallet| wallet.apart(hands.holder_id(user))))
        .collect();
    wallets.extend(held);
    let tally = Arc::new(Tally::default());
    let _progress = Progress::show("wallets", hands.users(), tally.clone());
    verify::check(&stage.link, hands, wallets, tally, findings).await
}

/// Every user's coupons as they were dealt, and their partition.
fn wallets(hands: &Hands, specs: &[Arc<TemplateSpec>], dealt: &Measured) -> Vec<(u32, Wallet)> {
    let wallet = |user| {
        let numbers = || Hands::of_user(user).filter(|&number| dealt.records[number as usize].is_accepted());
        let home = numbers().find(|&number| !Hands::is_borrowed(number));
        let partition = home.map_or(0, |number| dealt.records[number as usize].partition);
        let mut coupons: Vec<Coupon> = numbers().filter_map(|number| coupon(hands, specs, dealt, number, partition)).collect();
        coupons.sort_unstable_by_key(|coupon| coupon.age);
        (partition, Wallet::new(hands.user_id(user), coupons))
    };
    (0..hands.users()).map(wallet).collect()
}

/// A coupon as it was dealt, to a user whose coupons are in this partition. A stranger's card may lie there, too.
fn coupon(hands: &Hands, specs: &[Arc<TemplateSpec>], dealt: &Measured, number: u64, partition: u32) -> Option<Coupon> {
    let Dealt { coupon_id, code, until_ms, .. } = hands.dealt(number)?;
    let template = Hands::template_of(number);
    let spec = specs.get(template as usize)?.clone();
    let record = &dealt.records[number as usize];
    let (is_borrowed, is_apart) = (Hands::is_borrowed(number), record.partition != partition);
    // Of two cards alike the one at home pays first.
    let age = if is_apart { u64::MAX } else { record.lsn };
    let loaded = Coupon::loaded_by(&spec);
    let (id, code) = (coupon_id.as_str().into(), code.as_str().into());
    let (until_ms, available) = (*until_ms, loaded);
    Some(Coupon { id, code, spec, template, age, is_borrowed, is_apart, until_ms, loaded, available, held: 0 })
}
