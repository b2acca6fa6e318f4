//! After the checkouts: every wallet, and the value of all of them together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tessera_proto::v1::{self, ConservationRequest, operator_service_client::OperatorServiceClient};
use tokio::task::JoinSet;

use super::{calls::patient, wallets};
use crate::{
    check::{
        Findings, Violation,
        checkout::wallet::{Coupon, Wallet},
    },
    drive::tally::Tally,
    error::Error,
    link::Link,
    plan::checkout::Hands,
};

/// Wallets asked for at once.
const CALLERS: usize = 16;

/// Compares every wallet with what follows; user n has wallet n, `None` = it is not known what follows.
pub async fn check(
    link: &Link,
    hands: &Arc<Hands>,
    expected: Vec<Option<Wallet>>,
    tally: Arc<Tally>,
    findings: &mut Findings,
) -> Result<(), Error> {
    let (expected, next) = (Arc::new(expected), Arc::new(AtomicUsize::new(0)));
    let channel = link.channel();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (link, channel, hands) = (link.clone(), channel.clone(), hands.clone());
        let (expected, next, tally) = (expected.clone(), next.clone(), tally.clone());
        callers.spawn(async move {
            let mut findings = Findings::default();
            loop {
                let user = next.fetch_add(1, Relaxed);
                let Some(wallet) = expected.get(user) else { return Ok::<_, Error>(findings) };
                if let Some(wallet) = wallet {
                    let shown = wallets::list(&link, &channel, wallet.user_id.clone()).await?;
                    check_wallet(&hands, user as u64, wallet, &shown, &mut findings);
                }
                tally.add(1, 1);
            }
        });
    }
    while let Some(found) = callers.join_next().await {
        findings.merge(found??);
    }
    Ok(())
}

/// Each coupon once, as it must stand, and nothing else.
fn check_wallet(hands: &Hands, user: u64, wallet: &Wallet, shown: &[v1::Coupon], findings: &mut Findings) {
    let mut found = 0;
    for coupon in &wallet.coupons {
        let Some(shown) = shown.iter().find(|shown| *shown.coupon_id == *coupon.id) else { continue };
        found += 1;
        let wrong = differences(hands, coupon, shown);
        findings.check(wrong.is_empty(), || Violation::WrongView { user, coupon: coupon.id.to_string(), what: wrong.join(", ") });
    }
    let (missing, surplus) = (wallet.coupons.len() as u64 - found, (shown.len() as u64).saturating_sub(found));
    findings.check(missing == 0, || Violation::MissingCoupons { user, missing });
    findings.check(surplus == 0, || Violation::SurplusCoupons { user, surplus });
}

fn differences(hands: &Hands, coupon: &Coupon, shown: &v1::Coupon) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: i64, actual: i64| {
        if expected != actual {
            found.push(format!("{what} is {actual}, {expected} follows"));
        }
    };
    compare("live_holds", i64::from(coupon.held > 0), i64::from(shown.live_holds > 0));
    compare("use_until_ms", coupon.until_ms, shown.use_until_ms);
    if coupon.is_card() {
        let balance = shown.balance.clone().unwrap_or_default();
        compare("loaded", coupon.loaded, balance.loaded_minor);
        compare("available", coupon.available, balance.available_minor);
        compare("held", coupon.held, balance.held_minor);
        compare("captured", coupon.captured(), balance.captured_minor);
        compare("expired or voided", 0, balance.expired_minor + balance.voided_minor);
    }
    if shown.template_id != hands.template_id(coupon.template) {
        found.push(format!("its template is {}", shown.template_id));
    }
    if shown.status() != coupon.status() {
        found.push(format!("status is {:?}, {:?} follows", shown.status(), coupon.status()));
    }
    found
}

/// No value was created or lost: what the server says of its own books, and of a server that this run started and nobody else uses,
/// the sums of all wallets.
pub async fn check_value(link: &Link, all: Option<&Sums>, findings: &mut Findings) -> Result<(), Error> {
    let client = OperatorServiceClient::new(link.channel());
    let ask = || {
        let mut client = client.clone();
        async move { client.conservation(ConservationRequest {}).await }
    };
    let books = patient("Conservation", link, ask).await?;
    findings.check(books.holds, || Violation::Unconserved { what: books.violations.join("; ") });
    if let Some(expected) = all {
        let mut actual = Sums::default();
        for value in &books.values {
            actual.loaded += value.loaded;
            actual.available += value.available;
            actual.held += value.held;
            actual.captured += value.captured;
            actual.gone += value.expired + value.voided;
        }
        findings.check(actual == *expected, || Violation::Unconserved { what: format!("{actual:?}, {expected:?} follows") });
    }
    Ok(())
}

/// The value of many coupons, in minor units, or in units of one-use coupons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    loaded: i64,
    available: i64,
    held: i64,
    captured: i64,
    /// Expired or voided.
    gone: i64,
}

impl Sums {
    /// Adds a wallet.
    pub fn add(&mut self, wallet: &Wallet) {
        for coupon in &wallet.coupons {
            self.loaded += coupon.loaded;
            self.available += coupon.available;
            self.held += coupon.held;
            self.captured += coupon.captured();
        }
    }
}
