//! The mix: coupons are dealt, then held, captured, released, redeemed, refunded, frozen and voided.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Finished, again, stage::Stage, sum::Sum, templates};
use crate::{
    check::{
        Findings, History, answers, order, retries,
        till::{self, Story},
    },
    drive::{
        Load, Measured,
        tally::Tally,
        till::{Mix, Played, ask_again},
    },
    error::Error,
    options::Common,
    plan::mix::{Deck, Verb},
    progress::Progress,
    report::Shape,
    server::figures,
    verify::tills::Looker,
    wire::answer::Kind,
};

/// Operations in flight unless the command line says otherwise: each is a till of its own.
const IN_FLIGHT_DEFAULT: usize = 256;

/// Of a hold's short life: how long those coupons can be used that expire within the run.
const SHORT_LIVES: i64 = 2;

/// Beyond the last deadline, before the wallets are read.
const MARGIN: Duration = Duration::from_millis(100);

/// What the command line describes.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    coupons: u32,
    mix: Mix,
}

struct Round {
    deck: Arc<Deck>,
    dealt: Measured,
    played: Played,
}

impl Counter {
    /// `cards` coupons, dealt in pairs of a gift card and a one-use coupon.
    pub fn new(cards: u32, operations: u64, hold_ttl: Duration, hot_users: u64) -> Result<Self, Error> {
        let hold_ttl_ms = i64::try_from(hold_ttl.as_millis()).map_err(|_| Error::Usage("--hold-ttl is too long"))?;
        if hold_ttl_ms == 0 {
            return Err(Error::Usage("--hold-ttl is at least a millisecond"));
        }
        Ok(Self { coupons: cards, mix: Mix { operations, hold_ttl_ms, hot_users } })
    }
}

/// Deals and plays; again with fresh users until every kill has happened.
pub async fn run(counter: Counter, common: &Common) -> Result<Finished, Error> {
    if common.with_echo {
        return Err(Error::Usage("steps that wait for one another have no ceiling to compare with"));
    }
    let load = common.load(1.0)?;
    let load = Load { in_flight: common.in_flight.unwrap_or(IN_FLIGHT_DEFAULT.min(load.in_flight)), ..load };
    let mut stage = Stage::open(common).await?;
    let (mut prepared, mut sum, mut rounds) = (Sum::new()?, Sum::new()?, Vec::new());
    let mut server = None;
    loop {
        let short_ms = SHORT_LIVES * counter.mix.hold_ttl_ms;
        let deck = Arc::new(Deck::new(counter.coupons, short_ms, stage.ids(rounds.len() as u64)));
        let dealt = deal(&mut stage, &deck, load, &mut prepared).await?;
        let before = stage.status().await;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let accepted_before = sum.accepted;
        let (played, cpu) = stage.play(deck.clone(), counter.mix, load).await?;
        sum.add(&played.measured, cpu)?;
        let statuses = before.zip(stage.status().await);
        if !common.is_killed() {
            // A server that is killed begins its counts again.
            server = statuses.and_then(|(before, after)| figures::between(&before, &after, sum.accepted - accepted_before));
        }
        rounds.push(Round { deck, dealt, played });
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("mixed", Shape::of(&load, common.threads));
    stage.calm(&mut report, rounds.iter().map(|round| &round.played.measured)).await?;
    report.preparation = Some(prepared.rates());
    report.server = server;
    for round in &rounds {
        till::census(&round.played, &mut report.outcomes);
        report.record_bytes += size_of_val(round.played.acts.as_slice()) as u64;
    }

    let (begin, mut findings) = (Instant::now(), Findings::default());
    for (number, round) in (0..).zip(&mut rounds) {
        check(&mut stage, number, round, counter.mix, &load, &mut findings).await?;
    }
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// Deals every coupon, in a closed loop.
async fn deal(stage: &mut Stage, deck: &Arc<Deck>, load: Load, sum: &mut Sum) -> Result<Measured, Error> {
    let link = stage.link.clone();
    for (template_id, terms) in deck.templates() {
        stage.during_kills(templates::create(&link, &template_id, terms.spec())).await?;
    }
    let (dealt, cpu) = stage.measure("dealing coupons", deck.clone(), Load { rate: None, ..load }).await?;
    sum.add(&dealt, cpu)?;
    Ok(dealt)
}

async fn check(
    stage: &mut Stage,
    number: u64,
    round: &mut Round,
    mix: Mix,
    load: &Load,
    findings: &mut Findings,
) -> Result<(), Error> {
    let Round { deck, dealt, played } = round;
    again::ask(stage, deck.clone(), dealt, load).await?;
    let history = History { records: &dealt.records, retries: &dealt.retries };
    answers::check(history, dealt.strays, findings);
    answers::check_fates(history, |_| Some(0), findings);
    order::check(history, findings);
    retries::check(Kind::Claim, history, findings);

    let tally = Arc::new(Tally::default());
    let progress = Progress::show("asking again", mix.operations, tally.clone());
    ask_again(deck.clone(), played, &stage.link, load, stage.clock, tally).await?;
    drop(progress);
    wait_for_deadlines(stage, played, mix).await;
    let looker = Looker { link: &stage.link, clock: stage.clock, ids: stage.ids(number), unused: mix.operations };
    let tally = Arc::new(Tally::default());
    let _progress = Progress::show("wallets", u64::from(deck.coupons()), tally.clone());
    let shown = looker.look(deck, &dealt.records, played, tally).await?;

    let story = Story { deck, dealt: &dealt.records, played, ticks: &shown.ticks };
    let accounts = till::check(story, findings);
    shown.check(deck, &dealt.records, &accounts, played, findings);
    Ok(())
}

/// Until every hold is over that was to expire, so that its value must be seen to be back.
async fn wait_for_deadlines(stage: &Stage, played: &Played, mix: Mix) {
    let holds = played.measured.records.iter().zip(&played.acts).filter(|(_, act)| act.ask.verb == Verb::Hold);
    let short = holds.filter(|(record, act)| act.ask.ttl_ms == mix.hold_ttl_ms && record.is_accepted());
    let last_ns = short.map(|(record, _)| record.answered_ns).max().unwrap_or_default();
    let over_ns = last_ns + mix.hold_ttl_ms.unsigned_abs() * 1_000_000;
    let now_ns = stage.clock.now_ns();
    if last_ns > 0 && over_ns > now_ns {
        tokio::time::sleep(Duration::from_nanos(over_ns - now_ns) + MARGIN).await;
    }
}
