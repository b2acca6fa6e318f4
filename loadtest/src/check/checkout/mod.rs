//! Checkouts, recomputed: what each order's coupons take off each line, what cards pay, what captures take and refunds give back.
//!
//! A plain model of one user's wallet ([`wallet`]) is asked everything that the server was asked, in the order in which it was
//! answered, and must give the same answers, line by line ([`replay`]). It knows the templates that the run created and nothing of the
//! server's own reckoning.

pub mod discount;
mod end;
mod out;
mod refund;
mod replay;
pub mod split;
pub mod wallet;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use tessera_proto::v1::{HoldOrderRequest, Position, Reason, RedeemOrderRequest};

use super::{Findings, History, Violation, answers, order, retries};
use crate::{
    drive::checkout::Shopped,
    plan::checkout::{Act, Ask, No, Told},
    record::Record,
    wire::refusal,
};
use wallet::Wallet;

/// What only the server can know of an accepted answer.
#[derive(Clone, Debug, Default)]
pub struct Stamp {
    /// When, in ms.
    pub at_ms: i64,
    /// Where.
    pub position: Option<Position>,
    /// What names a new checkout.
    pub checkout_id: String,
    /// What names its redemptions.
    pub redemption_ids: Vec<String>,
}

/// What the model answers.
pub type Verdict = Result<Told, No>;

/// A refusal; `place` is that of the instrument it is about.
fn no(reason: Reason, value: i64, place: Option<usize>) -> No {
    let field = place.map(|place| format!("instruments[{place}]")).unwrap_or_default();
    No { reason: reason.into(), value, field }
}

impl Stamp {
    /// Out of an answer.
    pub fn of(told: &Told) -> Self {
        let (checkout_id, redemption_ids) = match told {
            Told::Out(out) => (out.checkout_id.clone(), out.parts.iter().map(|part| part.redemption_id.clone()).collect()),
            Told::Released(_) | Told::Refunded(_) | Told::No(_) => (String::new(), Vec::new()),
        };
        Self { at_ms: told.at_ms().unwrap_or_default(), position: told.position(), checkout_id, redemption_ids }
    }
}

impl Wallet {
    /// Does what is asked, at the instant of the stamp. After a refusal the wallet is not to be used any more, unless another partition was
    /// asked: then it is what is left.
    pub fn answer(&mut self, ask: &Ask, stamp: &Stamp) -> Verdict {
        self.answer_as_of(stamp.at_ms, ask, stamp)
    }

    /// The same of an order that was looked at before its instant, and waited for another partition in between.
    pub fn answer_as_of(&mut self, at_ms: i64, ask: &Ask, stamp: &Stamp) -> Verdict {
        self.settle(at_ms);
        self.has_asked = false;
        match ask {
            Ask::Redeem(asked) => self.check_out(&as_hold(asked), false, stamp),
            Ask::Hold(asked) => self.check_out(asked, true, stamp),
            Ask::Capture(asked) => self.capture(asked, stamp),
            Ask::Release(asked) => self.release(asked, stamp),
            Ask::Refund(asked) => self.refund(asked, stamp),
        }
    }
}

fn as_hold(asked: &RedeemOrderRequest) -> HoldOrderRequest {
    let RedeemOrderRequest { request_id, instruments, merchant_id, order_id, order, channel } = asked.clone();
    HoldOrderRequest { request_id, instruments, merchant_id, order_id, order, channel, ttl_ms: 0 }
}

/// Checks all of it; the wallets as they must stand, of users with whom nothing was wrong. `wallets` are as they were dealt, by the
/// number of the user, with their partitions.
pub fn check(wallets: Vec<(u32, Wallet)>, shopped: &Shopped, findings: &mut Findings) -> Vec<Option<Wallet>> {
    let (records, all) = (&shopped.measured.records, &shopped.measured.retries);
    let joins = joins(&shopped.acts);
    answers::check(History { records: &[], retries: all }, 0, findings);
    order::check(History { records: &altered(records, &joins, |_| Record::UNSENT), retries: &[] }, findings);
    let records_as_first = altered(records, &joins, |record| Record { replayed: false, ..record });
    retries::check_by(retries::is_remembered_by_tills, History { records: &records_as_first, retries: all }, findings);

    let mut ended: Vec<Option<Wallet>> = Vec::new();
    let mut of_users = shopped.acts.chunk_by(|one, other| one.user == other.user).peekable();
    let mut begin = 0;
    for (user, (partition, wallet)) in (0_u64..).zip(wallets) {
        let acts = of_users.next_if(|acts| acts.first().is_some_and(|act| act.user == user)).unwrap_or_default();
        let seen = replay::Seen { begin, acts, records: &records[begin..begin + acts.len()], joins: &joins, partition };
        ended.push(replay::user(wallet, &seen, findings));
        begin += acts.len();
    }
    ended
}

/// Operations that were given an earlier one's reply: a checkout stands where it was made.
fn joins(acts: &[Act]) -> HashSet<u64> {
    let mut seen = HashSet::new();
    let positions = (0_u64..).zip(acts).filter_map(|(operation, act)| Some((operation, act.told.position()?)));
    positions.filter(|(_, at)| !seen.insert((at.partition, at.lsn))).map(|(operation, _)| operation).collect()
}

/// The records, those of `which` altered.
fn altered(records: &[Record], which: &HashSet<u64>, alter: impl Fn(Record) -> Record) -> Vec<Record> {
    let numbered = (0_u64..).zip(records);
    numbered.map(|(operation, &record)| if which.contains(&operation) { alter(record) } else { record }).collect()
}

/// How many operations were answered in each way: "capture HOLD_EXPIRED".
pub fn census(acts: &[Act], census: &mut BTreeMap<String, u64>) {
    for Act { ask, told, .. } in acts {
        let outcome = match told {
            Told::No(no) => refusal::name(no.reason),
            Told::Out(_) | Told::Released(_) | Told::Refunded(_) => "accepted".to_owned(),
        };
        *census.entry(format!("{} {outcome}", ask.verb().name())).or_default() += 1;
    }
}

/// An answer that does not follow.
fn wrong(operation: u64, what: String) -> Violation {
    Violation::WrongAnswer { operation, what }
}
