//! Stock and limits: never one more, sold to the last piece, "sold out" only when it is true.

use tessera_proto::v1::Reason;

use super::{Findings, History, Violation};

/// What a template promises.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Its stock; absent = unlimited. It is not raised while a run goes on.
    pub stock: Option<u64>,
    /// How many one user may have; 0 = no limit.
    pub per_user_limit: u32,
}

/// Who claims what: the plan's side of a claim.
pub trait Claimed {
    /// The number of the user of an operation.
    fn user(&self, operation: u64) -> u64;
    /// The place of its template.
    fn template(&self, operation: u64) -> u32;
    /// The templates' terms, by place.
    fn terms(&self) -> &[Terms];
}

/// All of it.
pub fn check(history: History<'_>, claimed: &impl Claimed, findings: &mut Findings) {
    let issued = check_coupons(history, claimed, findings);
    let sold_out_ns = first_sold_out(history, claimed);
    for (template, ((terms, &accepted), &sold_out)) in (0..).zip(claimed.terms().iter().zip(&issued).zip(&sold_out_ns)) {
        let Some(stock) = terms.stock else { continue };
        findings.check(accepted <= stock, || Violation::Oversold { template, accepted, stock });
        if sold_out.is_some() {
            findings.check(accepted >= stock, || Violation::NotSoldOut { template, accepted, stock });
        }
    }
    for decision in history.decisions() {
        let sold_out = sold_out_ns[claimed.template(decision.operation) as usize];
        let in_time = sold_out.is_none_or(|sold_out_ns| decision.record.sent_ns <= sold_out_ns);
        findings.check(in_time, || Violation::AcceptedAfterSoldOut { operation: decision.operation });
    }
    check_limits(history, claimed, findings);
}

/// Distinct coupons by template. No coupon is issued twice.
fn check_coupons(history: History<'_>, claimed: &impl Claimed, findings: &mut Findings) -> Vec<u64> {
    let mut coupons: Vec<_> = history.decisions().map(|decision| (decision.record.coupon, decision.operation)).collect();
    coupons.sort_unstable();
    for (one, other) in coupons.iter().zip(coupons.iter().skip(1)) {
        findings.check(one.0 != other.0, || Violation::SameCoupon { first: one.1, second: other.1 });
    }
    coupons.dedup_by_key(|(coupon, _)| *coupon);
    let mut issued = vec![0; claimed.terms().len()];
    coupons.iter().for_each(|&(_, operation)| issued[claimed.template(operation) as usize] += 1);
    issued
}

/// When each template was first answered to be sold out.
pub fn first_sold_out(history: History<'_>, claimed: &impl Claimed) -> Vec<Option<u64>> {
    let mut first = vec![None; claimed.terms().len()];
    let own = (0..).zip(history.records);
    let again = history.retries.iter().map(|retry| (retry.operation, &retry.record));
    for (operation, record) in own.chain(again) {
        if record.refusal() == Some(Reason::SoldOut.into()) {
            let place = &mut first[claimed.template(operation) as usize];
            *place = Some(place.map_or(record.answered_ns, |before: u64| before.min(record.answered_ns)));
        }
    }
    first
}

fn check_limits(history: History<'_>, claimed: &impl Claimed, findings: &mut Findings) {
    let key = |operation| (claimed.user(operation), claimed.template(operation));
    let mut issued: Vec<_> = history.decisions().map(|decision| key(decision.operation)).collect();
    issued.sort_unstable();
    for same in issued.chunk_by(|a, b| a == b) {
        let Some(&(user, template)) = same.first() else { continue };
        let (accepted, limit) = (same.len() as u64, claimed.terms()[template as usize].per_user_limit);
        let within = limit == 0 || accepted <= u64::from(limit);
        findings.check(within, || Violation::OverUserLimit { user, template, accepted, limit });
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
