//! What every user must have in the end, by the client's record.

use super::{Findings, History, Violation, stock::Claimed};
use crate::wire::answer::fingerprint;

/// The coupons of all users, sorted by user: 24 bytes a coupon.
#[derive(Clone, Debug)]
pub struct Holdings {
    coupons: Vec<Held>,
}

/// One coupon: of whom, which, of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    user: u64,
    coupon: u64,
    template: u32,
}

impl Holdings {
    /// From every accepted claim.
    pub fn of(history: History<'_>, claimed: &impl Claimed) -> Self {
        let mut coupons: Vec<_> = history
            .decisions()
            .map(|decision| Held {
                user: claimed.user(decision.operation),
                coupon: decision.record.coupon,
                template: claimed.template(decision.operation),
            })
            .collect();
        coupons.sort_unstable();
        Self { coupons }
    }

    /// Holds a user's wallet, as (coupon id, template) pairs, against the record: each acknowledged coupon once, nothing else.
    pub fn check<'a>(&self, user: u64, wallet: impl Iterator<Item = (&'a str, Option<u32>)>, findings: &mut Findings) {
        let first = self.coupons.partition_point(|held| held.user < user);
        let expected = self.coupons[first..].iter().take_while(|held| held.user == user);
        let mut shown: Vec<_> = wallet.map(|(id, template)| (fingerprint(id.as_bytes()), template)).collect();
        let mut missing = 0;
        for held in expected {
            match shown.iter().position(|&(coupon, template)| coupon == held.coupon && template == Some(held.template)) {
                Some(place) => drop(shown.swap_remove(place)),
                None => missing += 1,
            }
        }
        let surplus = shown.len() as u64;
        findings.check(missing == 0, || Violation::MissingCoupons { user, missing });
        findings.check(surplus == 0, || Violation::SurplusCoupons { user, surplus });
    }

    /// The users who have any, in order.
    pub fn users(&self) -> Vec<u64> {
        self.coupons.chunk_by(|a, b| a.user == b.user).filter_map(|held| held.first()).map(|held| held.user).collect()
    }

    /// Coupons of each of so many templates.
    pub fn by_template(&self, templates: u32) -> Vec<u64> {
        let mut counts = vec![0; templates as usize];
        self.coupons.iter().for_each(|held| counts[held.template as usize] += 1);
        counts
    }
}
