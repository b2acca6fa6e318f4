//! Friends: coupons go from user to user, over and over, while the server may be killed.
//!
//! Each coupon has a circle of friends of its own. Its holder offers it, the next friend accepts it by the token, and as soon as it
//! has arrived it is theirs to give on. Every call is made again under its request id until it is answered. Afterwards every wallet of
//! every circle is read: a coupon must be usable in exactly one, that of who accepted it last, and given in all that it went through.

use std::{sync::Arc, time::Instant};

use tessera_proto::v1::{
    self, claim_service_client::ClaimServiceClient, gift_service_client::GiftServiceClient,
    wallet_service_client::WalletServiceClient,
};
use tokio::{sync::Semaphore, task::JoinSet, time};
use tonic::transport::Channel;

use super::{Finished, stage::Stage, sum::Sum, templates};
use crate::{
    check::{
        Findings,
        gifts::{self, Given},
    },
    clock::Clock,
    drive::{Load, Measured, Mode},
    error::Error,
    ids::{Ids, Noun},
    link::Link,
    options::Common,
    record::Record,
    report::Shape,
    verify::calls::patient,
};

/// Users among whom one coupon goes round: they live in different partitions, and in one, by chance.
const FRIENDS: u64 = 5;

/// Between two looks whether a coupon has arrived.
const LOOK_INTERVAL: time::Duration = time::Duration::from_millis(5);

/// Calls under way at once while circles are made and looked at.
const CALLS_MAX: usize = 64;

/// What goes round.
#[derive(Clone, Copy, Debug)]
pub struct Circle {
    /// Coupons, each with friends of its own.
    pub coupons: u64,
    /// Gifts in all.
    pub gifts: u64,
}

/// A coupon on its way.
struct Chain {
    calls: Calls,
    number: u64,
    gifts: u64,
    /// Where it is now.
    coupon_id: String,
}

/// One coupon's way, given.
struct Gone {
    number: u64,
    gifts: u64,
    coupon_id: String,
    records: Vec<Record>,
}

/// The services of one connection.
#[derive(Clone)]
struct Calls {
    link: Link,
    clock: Clock,
    ids: Ids,
    claims: ClaimServiceClient<Channel>,
    gifts: GiftServiceClient<Channel>,
    wallets: WalletServiceClient<Channel>,
}

/// Gives every coupon on as often as asked; again with fresh circles until every kill has happened.
pub async fn run(circle: Circle, common: &Common) -> Result<Finished, Error> {
    if common.rate.is_some() {
        return Err(Error::Usage("gifts follow each other: there is no open loop"));
    }
    let load = Load { mode: Mode::Unary, ..common.load(0.0)? };
    let mut stage = Stage::open(common).await?;
    let (mut sum, mut rounds, mut measured) = (Sum::new()?, Vec::new(), Vec::new());
    loop {
        let calls = Calls::to(&stage, stage.ids(rounds.len() as u64));
        let chains = stage.during_kills(claim(&calls, circle)).await?;
        if rounds.is_empty() {
            stage.disturb(common).await?;
        }
        let start_ns = stage.clock.now_ns();
        let gone = stage.during_kills(give(chains, load.in_flight)).await?;
        let records = gone.iter().flat_map(|gone| gone.records.iter().copied()).collect();
        let round = Measured::of(start_ns, records)?;
        sum.add(&round, super::stage::Cpu::default())?;
        measured.push(round);
        rounds.push((calls, gone));
        if !stage.awaits_kills() {
            break;
        }
    }
    let mut report = sum.report("gift", Shape::of(&load, common.threads));
    stage.calm(&mut report, measured.iter()).await?;
    let (begin, mut findings) = (Instant::now(), Findings::default());
    for (calls, gone) in rounds {
        check(&calls, gone, &mut findings).await?;
    }
    let elapsed = begin.elapsed();
    stage.close(&mut report, &mut findings).await?;
    report.enter(&findings, elapsed);
    Ok(Finished { report, latency_ns: sum.latency_ns })
}

/// A template, and one coupon of it for the first friend of each circle.
async fn claim(calls: &Calls, circle: Circle) -> Result<Vec<Chain>, Error> {
    let template_id = calls.ids.text(Noun::Template, 0);
    let spec = templates::transferable(templates::spec("for friends", templates::card(100), None, 0));
    templates::create(&calls.link, &template_id, spec).await?;
    let numbers = (0..circle.coupons).collect();
    each(numbers, CALLS_MAX, |number| {
        let (calls, template_id) = (calls.clone(), template_id.clone());
        async move {
            let request = v1::ClaimRequest {
                request_id: calls.ids.text(Noun::Request, number),
                user_id: calls.friend(number, 0),
                template_id,
                channel: String::new(),
            };
            let claimed = patient("Claim", &calls.link, || {
                let (mut claims, request) = (calls.claims.clone(), request.clone());
                async move { claims.claim(request).await }
            });
            let claimed = claimed.await?;
            let gifts = (circle.gifts / circle.coupons + u64::from(number < circle.gifts % circle.coupons)).max(1);
            Ok(Chain { calls, number, gifts, coupon_id: claimed.coupon_id })
        }
    })
    .await
}

/// All coupons go round, so many at once.
async fn give(chains: Vec<Chain>, at_once: usize) -> Result<Vec<Gone>, Error> {
    each(chains, at_once, Chain::go).await
}

/// Each of these done, so many at once, in no order.
async fn each<T, R: Send + 'static, F: Future<Output = Result<R, Error>> + Send + 'static>(
    all: Vec<T>,
    at_once: usize,
    work: impl Fn(T) -> F,
) -> Result<Vec<R>, Error> {
    let (room, mut tasks, mut done) = (Arc::new(Semaphore::new(at_once.max(1))), JoinSet::new(), Vec::new());
    for one in all {
        let (room, work) = (room.clone(), work(one));
        tasks.spawn(async move {
            let _room = room.acquire_owned().await;
            work.await
        });
    }
    while let Some(one) = tasks.join_next().await {
        done.push(one??);
    }
    Ok(done)
}

impl Calls {
    fn to(stage: &Stage, ids: Ids) -> Self {
        let channel = stage.link.channel();
        Self {
            link: stage.link.clone(),
            clock: stage.clock,
            ids,
            claims: ClaimServiceClient::new(channel.clone()),
            gifts: GiftServiceClient::new(channel.clone()),
            wallets: WalletServiceClient::new(channel),
        }
    }

    /// The user who has coupon `number` after so many gifts.
    fn friend(&self, number: u64, gifts: u64) -> String {
        self.ids.text(Noun::User, number * FRIENDS + gifts % FRIENDS)
    }

    /// The coupons of a user.
    async fn wallet(&self, user_id: String) -> Result<Vec<v1::Coupon>, Error> {
        let (mut coupons, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = v1::ListCouponsRequest { user_id: user_id.clone(), page_size: 200, page_token, ..Default::default() };
            let page = patient("ListCoupons", &self.link, || {
                let (mut wallets, request) = (self.wallets.clone(), request.clone());
                async move { wallets.list_coupons(request).await }
            });
            let page = page.await?;
            coupons.extend(page.coupons);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(coupons);
            }
        }
    }
}

impl Chain {
    async fn go(mut self) -> Result<Gone, Error> {
        let mut records = Vec::with_capacity(self.gifts as usize);
        for gift in 0..self.gifts {
            let mut record = Record::UNSENT;
            record.send(self.calls.clock.now_ns());
            self.coupon_id = self.step(gift).await?;
            record.answered_ns = self.calls.clock.now_ns();
            records.push(record);
        }
        let Self { number, gifts, coupon_id, .. } = self;
        Ok(Gone { number, gifts, coupon_id, records })
    }

    /// Offered, accepted, arrived: the receiver's coupon.
    async fn step(&self, gift: u64) -> Result<String, Error> {
        let Calls { link, ids, gifts, .. } = &self.calls;
        let name = |step: &str| format!("{}-{step}{gift}", ids.text(Noun::Request, self.number));
        let offer = v1::OfferGiftRequest {
            request_id: name("o"),
            user_id: self.calls.friend(self.number, gift),
            coupon_id: self.coupon_id.clone(),
            ttl_ms: 0,
        };
        let offered = patient("OfferGift", link, || {
            let (mut gifts, offer) = (gifts.clone(), offer.clone());
            async move { gifts.offer_gift(offer).await }
        });
        let gift_token = offered.await?.gift_token;
        let (request_id, user_id) = (name("a"), self.calls.friend(self.number, gift + 1));
        let shown = v1::GetGiftRequest { gift_token: gift_token.clone(), user_id: user_id.clone() };
        let accept = v1::AcceptGiftRequest { request_id, user_id, gift_token };
        let accepted = patient("AcceptGift", link, || {
            let (mut gifts, accept) = (gifts.clone(), accept.clone());
            async move { gifts.accept_gift(accept).await }
        });
        accepted.await?;
        loop {
            let shown = patient("GetGift", link, || {
                let (mut gifts, shown) = (gifts.clone(), shown.clone());
                async move { gifts.get_gift(shown).await }
            });
            let coupon_id = shown.await?.received_coupon_id;
            if !coupon_id.is_empty() {
                return Ok(coupon_id);
            }
            time::sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Every coupon is in the wallet of who accepted it last, and was given in all others that it went through.
async fn check(calls: &Calls, gone: Vec<Gone>, findings: &mut Findings) -> Result<(), Error> {
    let looked = each(gone, CALLS_MAX, |gone| {
        let calls = calls.clone();
        async move {
            let mut wallets = Vec::new();
            for friend in 0..FRIENDS {
                wallets.push(calls.wallet(calls.friend(gone.number, friend)).await?);
            }
            Ok((gone, wallets))
        }
    });
    for (Gone { number, gifts, coupon_id, .. }, wallets) in looked.await? {
        let given = Given { coupon: number, gifts, coupon_id: &coupon_id };
        gifts::check(&given, &wallets, (gifts % FRIENDS) as usize, findings);
    }
    Ok(())
}
