//! After the mix: every wallet, a sample of orders, and what the partitions' clocks showed before and after.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tessera_proto::v1::{
    Block, Coupon, ListRedemptionsRequest, Redemption, UnfreezeUserRequest, custody_service_client::CustodyServiceClient,
    redemption_service_client::RedemptionServiceClient,
};
use tokio::task::JoinSet;

use super::{calls::patient, wallets};
use crate::{
    check::{
        Findings, Violation,
        till::{
            account::Account,
            home_of,
            times::Tick,
            view::{self, Reading},
        },
    },
    clock::Clock,
    drive::{tally::Tally, till::Played},
    error::Error,
    ids::{Ids, Noun},
    link::Link,
    plan::mix::{Deck, Verb, ask::user_of},
    record::Record,
};

/// How many orders are listed at most.
const ORDERS_MAX: usize = 1_000;

/// Wallets asked for at once.
const CALLERS: usize = 64;

/// What the server showed after a round.
#[derive(Debug, Default)]
pub struct Shown {
    /// Told before anything was read, then after everything was.
    pub ticks: Vec<Tick>,
    wallets: Vec<(u64, Vec<Coupon>)>,
    orders: Vec<(u64, u32, Vec<Redemption>)>,
}

/// Whom to ask, and how.
pub struct Looker<'a> {
    /// To the server.
    pub link: &'a Link,
    /// The run's clock.
    pub clock: Clock,
    /// The identifiers of the round.
    pub ids: Ids,
    /// The first number that no request of the round has.
    pub unused: u64,
}

impl Looker<'_> {
    /// Reads every wallet and a sample of orders, between two looks at the clocks of all partitions.
    pub async fn look(&self, deck: &Arc<Deck>, dealt: &[Record], played: &Played, tally: Arc<Tally>) -> Result<Shown, Error> {
        let mut ticks = self.ticks(deck, dealt, 0).await?;
        let wallets = self.wallets(deck, tally).await?;
        let orders = self.orders(deck, played).await?;
        ticks.extend(self.ticks(deck, dealt, 1).await?);
        Ok(Shown { ticks, wallets, orders })
    }

    /// Has every partition tell its time, by lifting a freeze for a reason that nobody gave.
    async fn ticks(&self, deck: &Deck, dealt: &[Record], look: u64) -> Result<Vec<Tick>, Error> {
        let accepted = (0_u32..).zip(dealt).filter(|(_, record)| record.is_accepted());
        let one_of_each: BTreeMap<_, _> = accepted.map(|(coupon, record)| (record.partition, user_of(coupon))).collect();
        let client = CustodyServiceClient::new(self.link.channel());
        let mut ticks = Vec::new();
        for (partition, user) in one_of_each {
            let request = UnfreezeUserRequest {
                request_id: self.ids.text(Noun::Request, self.unused + look),
                user_id: deck.user_id(user),
                block: Block::Risk.into(),
            };
            let ask = || {
                let (mut client, request) = (client.clone(), request.clone());
                async move { client.unfreeze_user(request).await }
            };
            let sent_ns = self.clock.now_ns();
            let at_ms = patient("UnfreezeUser", self.link, ask).await?.at_ms;
            ticks.push(Tick { partition, sent_ns, answered_ns: self.clock.now_ns(), at_ms, is_past: false });
        }
        Ok(ticks)
    }

    async fn wallets(&self, deck: &Arc<Deck>, tally: Arc<Tally>) -> Result<Vec<(u64, Vec<Coupon>)>, Error> {
        let users = user_of(deck.coupons() - 1) as usize + 1;
        let next = Arc::new(AtomicUsize::new(0));
        let channel = self.link.channel();
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS.min(users) {
            let (link, channel, deck) = (self.link.clone(), channel.clone(), deck.clone());
            let (next, tally) = (next.clone(), tally.clone());
            callers.spawn(async move {
                let mut read = Vec::new();
                loop {
                    let user = next.fetch_add(1, Relaxed);
                    if user >= users {
                        return Ok::<_, Error>(read);
                    }
                    let wallet = wallets::list(&link, &channel, deck.user_id(user as u64)).await?;
                    tally.add(1, 1);
                    read.push((user as u64, wallet));
                }
            });
        }
        let mut all = Vec::new();
        while let Some(read) = callers.join_next().await {
            all.extend(read??);
        }
        Ok(all)
    }

    /// Evenly spread orders, those that redeemed something and those that did not.
    async fn orders(&self, deck: &Deck, played: &Played) -> Result<Vec<(u64, u32, Vec<Redemption>)>, Error> {
        let named = played.acts.iter().filter(|act| matches!(act.ask.verb, Verb::Hold | Verb::Redeem));
        let orders: BTreeMap<_, _> = named.map(|act| (act.ask.order, act.ask.coupon)).collect();
        let step = orders.len().div_ceil(ORDERS_MAX).max(1);
        let client = RedemptionServiceClient::new(self.link.channel());
        let mut listed = Vec::new();
        for (order, coupon) in orders.into_iter().step_by(step) {
            let (merchant_id, order_id) = deck.order(order);
            let request = ListRedemptionsRequest { merchant_id, order_id };
            let ask = || {
                let (mut client, request) = (client.clone(), request.clone());
                async move { client.list_redemptions(request).await }
            };
            let redemptions = patient("ListRedemptions", self.link, ask).await?.redemptions;
            listed.push((order, coupon, redemptions));
        }
        Ok(listed)
    }
}

impl Shown {
    /// Compares everything with the accounts as they must stand.
    pub fn check(
        &self,
        deck: &Deck,
        dealt: &[Record],
        accounts: &HashMap<u64, Account>,
        played: &Played,
        findings: &mut Findings,
    ) {
        for (user, wallet) in &self.wallets {
            if let Some(account) = accounts.get(user)
                && let Some(reading) = self.reading(dealt, *user)
            {
                view::check(deck, *user, account, wallet, reading, findings);
            }
        }
        for (order, coupon, listed) in &self.orders {
            if let Some(account) = accounts.get(&user_of(*coupon)) {
                check_order(deck, *order, account, listed, played, findings);
            }
        }
    }

    fn reading(&self, dealt: &[Record], user: u64) -> Option<Reading> {
        let partition = home_of(dealt, user)?;
        let mut told = self.ticks.iter().filter(|tick| tick.partition == partition).map(|tick| tick.at_ms);
        let from_ms = told.next()?;
        Some(Reading { from_ms, to_ms: told.next_back().unwrap_or(from_ms) })
    }
}

/// Each redemption of the order once, as it stands.
fn check_order(deck: &Deck, order: u64, account: &Account, listed: &[Redemption], played: &Played, findings: &mut Findings) {
    let mut expected: Vec<_> = account
        .numbered()
        .filter_map(|(number, coupon)| {
            let (operation, redemption) = coupon.redemption_of(order)?;
            let told = played.acts.get(operation as usize)?.told.as_ref()?;
            let coupon_id = deck.dealt(number)?.coupon_id.clone();
            Some((told.id.to_string(), coupon_id, redemption.amount, redemption.applied, redemption.refunded, redemption.at_ms))
        })
        .collect();
    let listed = listed.iter().map(|shown| {
        let amounts = shown.amounts.clone().unwrap_or_default();
        let (id, coupon) = (shown.redemption_id.clone(), shown.coupon_id.clone());
        (id, coupon, amounts.amount_minor, amounts.applied_minor, shown.refunded_minor, shown.at_ms)
    });
    let mut listed: Vec<_> = listed.collect();
    listed.sort_unstable();
    expected.sort_unstable();
    findings.check(listed == expected, || {
        let what = format!("{listed:?} are listed, {expected:?} follow (id, coupon, amount, applied, refunded, at)");
        Violation::WrongListing { order, what }
    });
}
