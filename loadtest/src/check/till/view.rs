//! What a wallet must show of a coupon, by the plain model, at some instant between two that its partition told.

use tessera_proto::v1::{self, CouponStatus, StoredBalance};

use super::{account::Account, coupon::Coupon};
use crate::{
    check::{Findings, Violation},
    plan::mix::{Deck, ask::bits},
    scenario::templates::CURRENCY,
};

/// The instants between which a wallet was read, in ms.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Told before.
    pub from_ms: i64,
    /// Told after.
    pub to_ms: i64,
}

/// A user's whole wallet: each coupon once, as it must stand, and nothing else.
pub fn check(deck: &Deck, user: u64, account: &Account, wallet: &[v1::Coupon], reading: Reading, findings: &mut Findings) {
    let dealt = account.numbered().filter_map(|(number, coupon)| Some((deck.dealt(number)?.coupon_id.as_str(), coupon)));
    let standing_in = account.replacements.iter().map(|(id, coupon)| (&**id, coupon));
    let (mut missing, mut shown) = (0, 0);
    for (id, coupon) in dealt.chain(standing_in) {
        match wallet.iter().find(|shown| shown.coupon_id == id) {
            Some(found) => {
                shown += 1;
                check_coupon(user, coupon, account.blocks, found, reading, findings);
            }
            None => missing += 1,
        }
    }
    let surplus = (wallet.len() as u64).saturating_sub(shown);
    findings.check(missing == 0, || Violation::MissingCoupons { user, missing });
    findings.check(surplus == 0, || Violation::SurplusCoupons { user, surplus });
}

fn check_coupon(user: u64, coupon: &Coupon, account_blocks: u32, shown: &v1::Coupon, reading: Reading, findings: &mut Findings) {
    let turns = coupon.turns(reading.from_ms, reading.to_ms);
    let instants = std::iter::once(reading.from_ms).chain(turns);
    let wrong: Vec<_> = instants.map(|at_ms| differences(coupon, account_blocks, shown, at_ms)).collect();
    let is_right = wrong.iter().any(Vec::is_empty);
    findings.check(is_right, || {
        let what = wrong.first().map(|differences| differences.join(", ")).unwrap_or_default();
        Violation::WrongView { user, coupon: shown.coupon_id.clone(), what }
    });
}

/// Everything that is not as it must be at an instant.
fn differences(coupon: &Coupon, account_blocks: u32, shown: &v1::Coupon, at_ms: i64) -> Vec<String> {
    let standing = coupon.standing(at_ms, None);
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: i64, actual: i64| {
        if expected != actual {
            found.push(format!("{what} is {actual}, {expected} follows"));
        }
    };
    compare("live_holds", standing.live_holds.into(), shown.live_holds.into());
    compare("blocks", coupon.blocks.into(), bits(&shown.blocks).into());
    compare("account_blocks", account_blocks.into(), bits(&shown.account_blocks).into());
    compare("use_until_ms", coupon.until_ms, shown.use_until_ms);
    if coupon.terms.is_card() {
        let balance = shown.balance.clone().unwrap_or_default();
        compare("loaded", coupon.loaded, balance.loaded_minor);
        compare("available", standing.available, balance.available_minor);
        compare("held", standing.held, balance.held_minor);
        compare("captured", coupon.captured, balance.captured_minor);
        compare("expired", standing.expired, balance.expired_minor);
        compare("voided", coupon.voided, balance.voided_minor);
        compare("the sum of the parts", balance.loaded_minor, sum(&balance));
        compare("the currency", 1, i64::from(balance.currency == CURRENCY));
    }
    let status = status(coupon, account_blocks, at_ms);
    // People may call an empty card used.
    let is_empty = coupon.terms.is_card() && standing.available + standing.held == 0 && status == CouponStatus::Active;
    if shown.status() != status && !(is_empty && shown.status() == CouponStatus::Used) {
        found.push(format!("status is {:?}, {status:?} follows", shown.status()));
    }
    found
}

fn status(coupon: &Coupon, account_blocks: u32, at_ms: i64) -> CouponStatus {
    match () {
        () if coupon.is_void => CouponStatus::Void,
        () if coupon.is_used() => CouponStatus::Used,
        () if coupon.is_over(at_ms) => CouponStatus::Expired,
        () if coupon.blocks != 0 || account_blocks != 0 => CouponStatus::Frozen,
        () => CouponStatus::Active,
    }
}

fn sum(balance: &StoredBalance) -> i64 {
    let StoredBalance { available_minor, held_minor, captured_minor, expired_minor, voided_minor, .. } = *balance;
    available_minor + held_minor + captured_minor + expired_minor + voided_minor
}
