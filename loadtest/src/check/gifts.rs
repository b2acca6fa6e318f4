//! One usable copy: where a coupon that went from friend to friend is in the end, by what every friend's wallet shows.

use tessera_proto::v1::{Coupon, CouponStatus};

use super::{Findings, Violation};

/// What the client knows of one coupon.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// Which of the run's coupons.
    pub coupon: u64,
    /// How often it was given.
    pub gifts: u64,
    /// The id that it has now.
    pub coupon_id: &'a str,
}

/// Compares it with the wallets of all who had it, of whom `holder` has it now.
pub fn check(given: &Given<'_>, wallets: &[Vec<Coupon>], holder: usize, findings: &mut Findings) {
    let &Given { coupon, gifts, coupon_id } = given;
    let count = |is_one: fn(&Coupon) -> bool| wallets.iter().flatten().filter(|coupon| is_one(coupon)).count() as u64;
    let usable = count(|coupon| coupon.status() != CouponStatus::Given);
    let is_it = |shown: &Coupon| shown.coupon_id == coupon_id && shown.status() == CouponStatus::Active;
    let is_right = wallets.get(holder).is_some_and(|wallet| wallet.iter().any(is_it));
    let were_given = count(|coupon| coupon.status() == CouponStatus::Given);
    let is_one = is_right && usable == 1 && were_given == gifts;
    findings.check(is_one, || Violation::Copies { coupon, gifts, were_given, usable, is_right });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(coupon_id: &str, status: CouponStatus) -> Coupon {
        Coupon { coupon_id: coupon_id.into(), status: status.into(), ..Coupon::default() }
    }

    fn found(wallets: &[Vec<Coupon>]) -> u64 {
        let mut findings = Findings::default();
        check(&Given { coupon: 7, gifts: 2, coupon_id: "c" }, wallets, 2, &mut findings);
        findings.violations
    }

    #[test]
    fn a_coupon_is_where_it_was_accepted_last_and_nowhere_else() {
        use CouponStatus::{Active, Frozen, Gifting, Given};
        let (a, b, c) = (|| shown("a", Given), || shown("b", Given), || shown("c", Active));
        assert_eq!(found(&[vec![a()], vec![b()], vec![c()]]), 0);
        for wrong in [
            [vec![shown("a", Active)], vec![b()], vec![c()]],
            [vec![a()], vec![b(), shown("d", Frozen)], vec![c()]],
            [vec![a()], vec![b()], vec![]],
            [vec![a()], vec![b(), c()], vec![]],
            [vec![a()], vec![b()], vec![shown("d", Active)]],
            [vec![a()], vec![b()], vec![shown("c", Gifting)]],
            [vec![a()], vec![], vec![c()]],
            [vec![a(), a()], vec![b()], vec![c()]],
        ] {
            assert_eq!(found(&wrong), 1, "{wrong:?}");
        }
    }
}
