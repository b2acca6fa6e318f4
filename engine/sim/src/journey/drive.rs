//! Drives a plan through simulated time: one step after the other, each answered before the next.

use super::Error;
use super::books::Books;
use super::column::Sums;
use super::data::{Data, Expected};
use super::machine::{Machine, PARTITIONS, granted};
use super::month::{Month, Report};
use super::plan::{Manner, Plan, Step};
use super::promotion::{Class, PURSE, PURSE_CENTS, Promotion, Worth, id, purse, usd};
use super::slip::Slip;
use super::standing::Standing;
use crate::clients::Ask;
use crate::machine::hash_key;
use crate::planted::Planted;
use crate::violation::{broken, holds};
use std::collections::BTreeMap;
use tessera_domain::command::*;
use tessera_domain::{Id, Reply, TemplateSpec, Window};

/// What a purse gets when it has too little, in cents, at least.
const RELOAD_CENTS: i64 = 50_000;

/// Looks at the end of a journey that are enough for every expiry.
const LAST_ROUNDS: i64 = 500;

/// A household's card.
struct Purse {
    coupon: u64,
    /// What is on it and not held.
    cents: i64,
}

/// See the module.
pub(super) struct Drive<'a> {
    plan: Plan<'a>,
    machine: Machine,
    books: Books,
    purses: BTreeMap<u32, Purse>,
    /// Coupons of campaigns, by household.
    coupons: BTreeMap<(u32, Worth), u64>,
    /// The checkouts that hold the orders of a basket.
    held: BTreeMap<usize, Vec<u64>>,
    /// What redemptions of the present month applied, as the living partitions list them.
    listed: BTreeMap<Class, i64>,
    asked: u64,
    months: Vec<Month>,
}

impl<'a> Drive<'a> {
    pub(super) fn new(data: &'a Data, seed: u64, planted: Option<Planted>) -> Result<Drive<'a>, Error> {
        let plan = Plan::new(data, seed);
        let begin_ms = plan.steps().first().map_or(1, |&(at_ms, _)| at_ms);
        Ok(Drive {
            machine: Machine::new(seed, begin_ms, planted)?,
            plan,
            books: Books::default(),
            purses: BTreeMap::new(),
            coupons: BTreeMap::new(),
            held: BTreeMap::new(),
            listed: BTreeMap::new(),
            asked: 0,
            months: Vec::new(),
        })
    }

    /// From the first step to the last, and until every campaign has expired.
    pub(super) fn through(mut self) -> Result<Report, Error> {
        self.write_templates()?;
        for (at_ms, step) in self.plan.steps() {
            self.machine.reach(at_ms)?;
            match step {
                Step::Month(number) => self.end_month(number)?,
                Step::Half(number) => self.end_half(number)?,
                Step::Campaign(campaign) => self.issue_campaign(campaign)?,
                Step::Hold(number) => self.hold(number)?,
                Step::Pay(number) => self.pay(number)?,
            }
        }
        self.end()
    }

    fn write_templates(&mut self) -> Result<(), Error> {
        let mut specs: Vec<(String, TemplateSpec)> = vec![(PURSE.to_owned(), purse())];
        specs.extend(self.plan.templates.iter().map(|(worth, pieces)| {
            let (stock, window) = pieces.map_or((None, Window::default()), |(pieces, window)| (Some(pieces), window));
            (worth.template(), worth.spec(window, stock))
        }));
        let write = |(name, spec)| {
            let (template, request_id) = (id(name), self.request_id());
            Ask::Catalog(CatalogCommand::Write(WriteTemplate {
                template,
                expected_version: None,
                spec,
                request_id,
                validate_only: false,
            }))
        };
        let asks: Vec<Ask> = specs.into_iter().map(write).collect();
        self.ask(&asks).map(drop)
    }

    fn issue_campaign(&mut self, campaign: u32) -> Result<(), Error> {
        let issues = self.plan.issues(campaign);
        let asks: Vec<Ask> = issues.iter().map(|(household, worth)| self.issue(*household, worth.template())).collect();
        let coupons = self.claimed(&asks)?;
        self.coupons.extend(issues.into_iter().zip(coupons));
        Ok(())
    }

    fn hold(&mut self, number: usize) -> Result<(), Error> {
        let mut held = Vec::new();
        for place in 0..self.plan.baskets[number].slips.len() {
            let instruments = self.instruments(number, place)?;
            let ask = self.checkout(number, place, Operation::HoldOrder, instruments, "");
            held.push(written(&self.machine.ask_one(ask)?)?);
        }
        self.held.insert(number, held);
        Ok(())
    }

    fn pay(&mut self, number: usize) -> Result<(), Error> {
        if let Some(held) = self.held.remove(&number) {
            let partition = self.partition(number);
            for checkout in held {
                let capture = CaptureOrder { checkout, kept: None, reacquire: false, request_id: self.request_id() };
                self.machine.ask_one(Ask::Partition(partition, Command::CaptureOrder(Box::new(capture))))?;
            }
            return Ok(());
        }
        (0..self.plan.baskets[number].slips.len()).try_for_each(|place| self.redeem(number, place))
    }

    fn redeem(&mut self, number: usize, place: usize) -> Result<(), Error> {
        let instruments = self.instruments(number, place)?;
        let ask = self.checkout(number, place, Operation::RedeemOrder, instruments.clone(), "");
        let manner = self.plan.baskets[number].manner;
        if manner == Manner::Torn {
            let answers = self.machine.ask_in_a_crash(ask.clone())?;
            return answers.into_iter().try_for_each(|answer| granted(&ask, answer).map(drop));
        }
        let checkout = written(&self.machine.ask_one(ask)?)?;
        if manner == Manner::Returned {
            let refund = RefundOrder { checkout, returned: None, request_id: self.request_id() };
            let ask = Ask::Partition(self.partition(number), Command::RefundOrder(Box::new(refund)));
            self.machine.ask_one(ask)?;
            let again = self.checkout(number, place, Operation::RedeemOrder, instruments, "-again");
            self.machine.ask_one(again)?;
        }
        Ok(())
    }

    /// The coupons of an order, those of the day issued for it, and the purse, filled if it has too little.
    fn instruments(&mut self, number: usize, place: usize) -> Result<Vec<Instrument>, Error> {
        let planned = &self.plan.baskets[number];
        let household = planned.basket.household;
        let Slip { discounts, payable, .. } = planned.slips[place].clone();
        let is_of_campaign = |worth: &&Worth| matches!(worth.promotion, Promotion::Campaign { .. });
        let (of_campaigns, of_the_day): (Vec<&Worth>, Vec<&Worth>) = discounts.iter().partition(is_of_campaign);
        let mut coupons = Vec::new();
        for worth in of_campaigns {
            let coupon = self.coupons.remove(&(household, *worth));
            coupons.push(coupon.ok_or_else(|| broken("I3", format!("household {household} has no {}", worth.template())))?);
        }
        let asks: Vec<Ask> = of_the_day.iter().map(|worth| self.issue(household, worth.template())).collect();
        coupons.extend(self.claimed(&asks)?);
        if payable > 0 {
            coupons.push(self.fill_purse(household, payable)?);
        }
        let user = user_of(household).key;
        Ok(coupons.into_iter().map(|coupon| Instrument::Owned { user, coupon }).collect())
    }

    /// The household's purse, with so much on it that this can be taken; it is taken from what is known of it.
    fn fill_purse(&mut self, household: u32, payable: i64) -> Result<u64, Error> {
        if !self.purses.contains_key(&household) {
            let ask = self.issue(household, PURSE.to_owned());
            let coupon = self.claimed(&[ask])?.pop().unwrap_or_default();
            self.purses.insert(household, Purse { coupon, cents: PURSE_CENTS });
        }
        let Purse { coupon, cents } = self.purses[&household];
        let missing = payable - cents;
        if missing > 0 {
            let (amount, request_id) = (missing.max(RELOAD_CENTS), self.request_id());
            let instrument = Instrument::Known { coupon };
            let reload = ReloadCard { instrument, sale: Box::default(), amount, currency: usd(), request_id };
            self.machine.ask_one(Ask::Partition(partition_of(household), Command::ReloadCard(reload)))?;
            self.purses.insert(household, Purse { coupon, cents: cents + amount });
        }
        if let Some(purse) = self.purses.get_mut(&household) {
            purse.cents -= payable;
        }
        Ok(coupon)
    }

    fn checkout(&mut self, number: usize, place: usize, operation: Operation, instruments: Vec<Instrument>, suffix: &str) -> Ask {
        let request_id = self.request_id();
        let planned = &self.plan.baskets[number];
        let checkout = Checkout {
            operation,
            instruments,
            apart: Vec::new(),
            merchant: id(format!("store-{}", planned.basket.store)),
            order_id: id(format!("{}-{place}{suffix}", planned.basket.id)),
            order: planned.slips[place].order.clone(),
            currency: usd(),
            channel: None,
            ttl_ms: 0,
            request_id,
        };
        Ask::Partition(self.partition(number), Command::Checkout(Box::new(checkout)))
    }

    fn issue(&mut self, household: u32, template: String) -> Ask {
        let claim = Claim {
            operation: Operation::Issue,
            user: user_of(household),
            template: id(template),
            request_id: self.request_id(),
            channel: None,
            use_window: None,
        };
        Ask::Partition(partition_of(household), Command::Claim(claim))
    }

    /// The coupons that were issued.
    fn claimed(&mut self, asks: &[Ask]) -> Result<Vec<u64>, Error> {
        let coupon = |reply| match reply {
            Reply::Claimed(claimed) => Ok(claimed.coupon),
            other => Err(broken("I5", format!("an issue is answered by {other:?}")).into()),
        };
        self.ask(asks)?.into_iter().map(coupon).collect()
    }

    fn ask(&mut self, asks: &[Ask]) -> Result<Vec<Reply>, Error> {
        let answers = self.machine.ask(asks)?;
        asks.iter().zip(answers).map(|(ask, answer)| granted(ask, answer)).collect()
    }

    /// Redemptions are listed before they leave memory.
    fn end_half(&mut self, number: usize) -> Result<(), Error> {
        let Window { from_ms, .. } = self.plan.data.months[number].window;
        let until_ms = Plan::half_of(&self.plan.data.months[number].window);
        self.books.read(self.machine.history())?;
        self.list(from_ms, until_ms)
    }

    /// The power fails; then what the journals say is held against what was expected, what partitions list, and their accounts.
    fn end_month(&mut self, number: usize) -> Result<(), Error> {
        let month = self.plan.data.months[number].clone();
        let standing = self.machine.lose_power()?;
        self.books.read(self.machine.history())?;
        self.books.compare(&standing)?;
        self.list(Plan::half_of(&month.window), month.window.until_ms)?;
        let (listed, applied) = (std::mem::take(&mut self.listed), self.books.applied(&month.window));
        holds(listed == applied, "I11", || format!("{}: journals say {applied:?}, partitions list {listed:?}", month.name))?;
        self.reconcile(&month)?;
        self.machine.snapshot()
    }

    fn reconcile(&mut self, expected: &Expected) -> Result<(), Error> {
        let Expected { name, window, sums } = expected;
        let (engine, aside): (Sums, _) = (self.books.sums(window), self.plan.aside(window));
        let month = Month { name: name.clone(), expected: *sums, engine, aside };
        if !month.differences().is_empty() {
            return Err(Error::Differs(Box::new(month)));
        }
        self.months.push(month);
        Ok(())
    }

    /// What redemptions of this time applied and did not give back.
    fn list(&mut self, from_ms: i64, until_ms: i64) -> Result<(), Error> {
        for partition in 0..PARTITIONS {
            let mut below = None;
            loop {
                let list = ListRedemptionsByTime { user: None, from_ms, until_ms, page_size: PAGE_SIZE_MAX, below };
                let reply = self.machine.ask_one(Ask::Partition(partition, Command::ListRedemptionsByTime(list)))?;
                let Reply::RedemptionPage(page) = reply else {
                    return Err(broken("I5", format!("a list is answered by {reply:?}")).into());
                };
                for seen in page.redemptions.iter().filter(|seen| seen.applied != seen.refunded) {
                    let class = self.books.class((partition, seen.coupon))?;
                    *self.listed.entry(class).or_default() += seen.applied - seen.refunded;
                }
                below = page.seen_to;
                if below.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Every campaign has expired; the power fails once more, and everything must add up.
    fn end(mut self) -> Result<Report, Error> {
        let end_ms = self.plan.end_ms();
        (0..LAST_ROUNDS).try_for_each(|second| self.machine.reach(end_ms + second * 1_000))?;
        let standing: Standing = self.machine.lose_power()?;
        self.books.read(self.machine.history())?;
        self.books.compare(&standing)?;
        let campaigns = standing.value(Class::Campaign);
        holds(campaigns.available == 0, "I8", || format!("coupons of campaigns that are over: {campaigns:?}"))?;
        if let Some(all) = self.plan.data.all.clone() {
            self.reconcile(&all)?;
        }
        Ok(Report {
            months: self.months,
            redeemed: self.plan.matched.tally,
            campaigns: [campaigns.loaded, campaigns.captured, campaigns.expired],
            captured_orders: self.books.captured_orders,
            returned_orders: self.books.returned_orders,
            crashes: self.machine.crashes,
        })
    }

    fn partition(&self, number: usize) -> u16 {
        partition_of(self.plan.baskets[number].basket.household)
    }

    fn request_id(&mut self) -> Id {
        self.asked += 1;
        id(format!("r{}", self.asked))
    }
}

fn user_of(household: u32) -> User {
    let name = format!("household-{household}");
    let key = hash_key().user(&name);
    User { id: id(name), key }
}

fn partition_of(household: u32) -> u16 {
    user_of(household).key.partition(PARTITIONS)
}

/// The lsn of a write.
fn written(reply: &Reply) -> Result<u64, Error> {
    let written = reply.written().ok_or_else(|| broken("I5", format!("a write is answered by {reply:?}")))?;
    Ok(written.lsn)
}
