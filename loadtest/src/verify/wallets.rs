//! Every user's wallet, listed over the API: each acknowledged coupon is there once, with the balance that follows from the
//! acknowledged redemptions, and nothing else is.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tessera_proto::v1::{Coupon, ListCouponsRequest, wallet_service_client::WalletServiceClient};
use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::calls::patient;
use crate::{
    check::{Findings, Violation, holdings::Holdings},
    drive::tally::Tally,
    error::Error,
    link::Link,
};

/// Lists asked for at once.
const CALLERS: usize = 64;

/// Connections they share.
const CONNECTIONS: usize = 4;

/// Most coupons a page can have.
const PAGE_SIZE_MAX: u32 = 200;

/// What must be shown.
pub struct Expected {
    /// The coupons of all users.
    pub holdings: Holdings,
    /// Numbers of the users to ask for.
    pub users: Vec<u64>,
    /// The id of a user.
    pub user_id: Box<dyn Fn(u64) -> String + Send + Sync>,
    /// The place of each template.
    pub templates: HashMap<String, u32>,
    /// For cards: what they were loaded with, and what is left on the card of each user.
    pub balances: Option<Balances>,
}

/// Balances of cards; user n has card n.
pub struct Balances {
    /// Loaded, in minor units.
    pub face_value_minor: i64,
    /// Left, in minor units, by card.
    pub left_minor: Vec<i64>,
}

/// Asks for every user's coupons and compares.
pub async fn check(link: &Link, expected: Expected, tally: Arc<Tally>) -> Result<Findings, Error> {
    let (expected, next) = (Arc::new(expected), Arc::new(AtomicUsize::new(0)));
    let channels: Vec<_> = (0..CONNECTIONS).map(|_| link.channel()).collect();
    let mut callers = JoinSet::new();
    for channel in channels.iter().cycle().take(CALLERS.min(expected.users.len())) {
        let caller = Caller { link: link.clone(), channel: channel.clone(), expected: expected.clone(), tally: tally.clone() };
        callers.spawn(caller.run(next.clone()));
    }
    let mut findings = Findings::default();
    while let Some(found) = callers.join_next().await {
        findings.merge(found??);
    }
    Ok(findings)
}

struct Caller {
    link: Link,
    channel: Channel,
    expected: Arc<Expected>,
    tally: Arc<Tally>,
}

impl Caller {
    async fn run(self, next: Arc<AtomicUsize>) -> Result<Findings, Error> {
        let mut findings = Findings::default();
        while let Some(&user) = self.expected.users.get(next.fetch_add(1, Relaxed)) {
            let wallet = list(&self.link, &self.channel, (self.expected.user_id)(user)).await?;
            self.expected.check(user, &wallet, &mut findings);
            self.tally.add(1, 1);
        }
        Ok(findings)
    }
}

/// All pages of a user's wallet.
pub async fn list(link: &Link, channel: &Channel, user_id: String) -> Result<Vec<Coupon>, Error> {
    let (mut coupons, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCouponsRequest { user_id: user_id.clone(), page_size: PAGE_SIZE_MAX, page_token, ..Default::default() };
        let ask = || {
            let (mut client, request) = (WalletServiceClient::new(channel.clone()), request.clone());
            async move { client.list_coupons(request).await }
        };
        let page = patient("ListCoupons", link, ask).await?;
        coupons.extend(page.coupons);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(coupons);
        }
    }
}

impl Expected {
    fn check(&self, user: u64, wallet: &[Coupon], findings: &mut Findings) {
        let shown = wallet.iter().map(|coupon| (coupon.coupon_id.as_str(), self.templates.get(&coupon.template_id).copied()));
        self.holdings.check(user, shown, findings);
        if let Some(balances) = &self.balances {
            wallet.iter().for_each(|coupon| balances.check(user, coupon, findings));
        }
    }
}

impl Balances {
    /// Loaded, available and captured are what follows; the other parts are empty.
    fn check(&self, user: u64, card: &Coupon, findings: &mut Findings) {
        let left = self.left_minor.get(user as usize).copied().unwrap_or(self.face_value_minor);
        let Some(shown) = &card.balance else {
            return findings.check(false, || Violation::WrongBalance { user, expected: left, actual: 0 });
        };
        let parts = [
            (left, shown.available_minor),
            (self.face_value_minor, shown.loaded_minor),
            (self.face_value_minor - left, shown.captured_minor),
            (0, shown.held_minor + shown.expired_minor + shown.voided_minor),
        ];
        for (expected, actual) in parts {
            findings.check(expected == actual, || Violation::WrongBalance { user, expected, actual });
        }
    }
}
