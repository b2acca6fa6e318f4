//! Coupons as their users see them.

use tessera_proto::v1;

use super::{custody::blocks, malformed, page_size};
use crate::{
    domain::{
        Id, Life, Reason, Rejection,
        command::{Command, Instrument, ListCoupons, StatusFilter},
        reply::{CouponPage, CouponView},
    },
    seals::{Place, Seals},
};

/// The command of a listing, and the partition that answers it.
pub fn list(seals: Seals<'_>, request: v1::ListCouponsRequest) -> Result<(u16, Command), Rejection> {
    let status = filter(request.status)?;
    let page_size = page_size(request.page_size)?;
    let (partition, user) = seals.user(request.user_id)?;
    let from = seals.open_wallet_token(partition, &request.page_token)?;
    let (user, ends_before_ms) = (user.key, request.ends_before_ms);
    Ok((partition, Command::ListCoupons(ListCoupons { user, status, ends_before_ms, page_size, from })))
}

/// The command that asks for one coupon.
pub fn get(seals: Seals<'_>, request: v1::GetCouponRequest) -> Result<(u16, Command), Rejection> {
    let (partition, instrument) = owned(seals, Id::new("user_id", request.user_id)?, &request.coupon_id)?;
    Ok((partition, Command::GetCoupon(instrument)))
}

/// The command that asks for a coupon's code.
pub fn reveal(seals: Seals<'_>, request: v1::RevealCodeRequest) -> Result<(u16, Command), Rejection> {
    let (partition, instrument) = owned(seals, Id::new("user_id", request.user_id)?, &request.coupon_id)?;
    Ok((partition, Command::RevealCode(instrument)))
}

/// A coupon named by its user and its id. One that lives in another partition than its user is not the user's.
pub(super) fn owned(seals: Seals<'_>, user: Id, coupon_id: &str) -> Result<(u16, Instrument), Rejection> {
    let (home, user) = seals.user_of(user);
    let coupon = seals.open_coupon_id(coupon_id)?;
    if coupon.partition != home {
        return Err(Reason::CodeNotAccepted.into());
    }
    Ok((home, Instrument::Owned { user: user.key, coupon: coupon.number }))
}

fn filter(status: i32) -> Result<StatusFilter, Rejection> {
    match v1::CouponStatus::try_from(status) {
        Ok(v1::CouponStatus::Unspecified) => Ok(StatusFilter::Any),
        Ok(v1::CouponStatus::Active) => Ok(StatusFilter::Only(Life::Active)),
        Ok(v1::CouponStatus::Used) => Ok(StatusFilter::Only(Life::Used)),
        Ok(v1::CouponStatus::Expired) => Ok(StatusFilter::Only(Life::Expired)),
        Ok(v1::CouponStatus::Void) => Ok(StatusFilter::Only(Life::Void)),
        Ok(v1::CouponStatus::Gifting) => Ok(StatusFilter::Only(Life::Gifting)),
        Ok(v1::CouponStatus::Given) => Ok(StatusFilter::Only(Life::Given)),
        Ok(v1::CouponStatus::Frozen) => Ok(StatusFilter::Frozen),
        _ => Err(malformed("status")),
    }
}

/// The label that people know, of a coupon that is not blocked.
pub(super) fn status(life: Life) -> v1::CouponStatus {
    match life {
        Life::Active => v1::CouponStatus::Active,
        Life::Used => v1::CouponStatus::Used,
        Life::Expired => v1::CouponStatus::Expired,
        Life::Void => v1::CouponStatus::Void,
        Life::Gifting => v1::CouponStatus::Gifting,
        Life::Given => v1::CouponStatus::Given,
        Life::Unactivated => v1::CouponStatus::Unactivated,
    }
}

/// The label of a coupon as it stands.
fn status_of(view: &CouponView) -> v1::CouponStatus {
    if view.is_frozen() { v1::CouponStatus::Frozen } else { status(view.life) }
}

/// A page of coupons of one partition.
pub fn page(seals: Seals<'_>, partition: u16, page: &CouponPage) -> v1::ListCouponsResponse {
    v1::ListCouponsResponse {
        coupons: page.coupons.iter().map(|view| coupon(seals, partition, view)).collect(),
        next_page_token: seals.wallet_token(partition, page.next),
    }
}

/// A coupon of one partition.
pub fn coupon(seals: Seals<'_>, partition: u16, view: &CouponView) -> v1::Coupon {
    v1::Coupon {
        coupon_id: seals.coupon_id(Place { partition, number: view.coupon }),
        template_id: view.terms.template_id.as_str().to_owned(),
        template_version: view.terms.version,
        status: status_of(view).into(),
        use_from_ms: view.window.from_ms,
        use_until_ms: view.window.until_ms,
        balance: view.terms.is_stored_value().then(|| balance(view)),
        blocks: blocks(view.blocks),
        account_blocks: blocks(view.account_blocks),
        live_holds: view.live_holds,
    }
}

/// The value of a card.
fn balance(view: &CouponView) -> v1::StoredBalance {
    v1::StoredBalance {
        currency: view.terms.currency.as_str().to_owned(),
        // I2: the accounts make up what was loaded.
        loaded_minor: view.available + view.held + view.captured + view.expired + view.voided + view.given,
        available_minor: view.available,
        held_minor: view.held,
        captured_minor: view.captured,
        expired_minor: view.expired,
        voided_minor: view.voided,
        given_minor: view.given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seals::tests::seals;

    fn request() -> v1::ListCouponsRequest {
        v1::ListCouponsRequest { user_id: "u1".into(), ..Default::default() }
    }

    #[track_caller]
    fn check_refused(request: v1::ListCouponsRequest, field: &str) {
        let refusal = list(seals(4), request).unwrap_err();
        assert_eq!((refusal.reason, refusal.field), (Reason::InvalidArgument, field));
    }

    #[test]
    fn a_status_that_no_coupon_has_yet_is_refused() {
        check_refused(v1::ListCouponsRequest { status: v1::CouponStatus::Unactivated.into(), ..request() }, "status");
    }

    #[test]
    fn a_status_that_does_not_exist_is_refused() {
        check_refused(v1::ListCouponsRequest { status: 99, ..request() }, "status");
    }

    #[test]
    fn a_token_of_our_own_making_only_is_taken() {
        check_refused(v1::ListCouponsRequest { page_token: "1".into(), ..request() }, "page_token");
    }

    #[test]
    fn a_coupon_of_another_partition_is_not_accepted() {
        let (home, _) = seals(4).user("u1").unwrap();
        let elsewhere = seals(4).coupon_id(Place { partition: (home + 1) % 4, number: 0 });
        let refusal = get(seals(4), v1::GetCouponRequest { user_id: "u1".into(), coupon_id: elsewhere });
        assert_eq!(refusal, Err(Reason::CodeNotAccepted.into()));
    }
}
