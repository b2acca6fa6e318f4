//! CustodyService: what an operator, a merchant or risk control does to somebody's coupons.

use std::sync::Arc;

use tessera_proto::v1::{self, custody_service_server::CustodyService};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{
    convert::{
        custody::{self, blocks},
        position,
    },
    desk::Desk,
    domain::{
        Rejection, Reply,
        command::Command,
        reply::{Blocked, Voided},
    },
};

/// The service.
#[derive(Clone)]
pub struct Custodians(pub Arc<Desk>);

impl Custodians {
    /// Asks for a freeze or an unfreeze.
    async fn block(&self, asked: Result<(u16, Command), Rejection>) -> Result<Blocked, Status> {
        match self.0.ask(asked).await? {
            (_, Reply::Blocked(blocked)) => Ok(blocked),
            (_, reply) => mismatched("a freeze or an unfreeze", &reply),
        }
    }
}

/// An id of ours is read in either case and written in capitals.
fn canonical(id: &str) -> String {
    id.to_ascii_uppercase()
}

#[async_trait]
impl CustodyService for Custodians {
    async fn freeze_coupon(
        &self,
        request: Request<v1::FreezeCouponRequest>,
    ) -> Result<Response<v1::FreezeCouponResponse>, Status> {
        let request = request.into_inner();
        let coupon_id = canonical(&request.coupon_id);
        let blocked = self.block(custody::freeze_coupon(self.0.seals()?, request)).await?;
        Ok(Response::new(v1::FreezeCouponResponse {
            coupon_id,
            blocks: blocks(blocked.blocks),
            revoked_holds: blocked.revoked_holds,
            at_ms: blocked.at_ms,
            position: Some(position(blocked.written)),
            replayed: blocked.written.replayed,
        }))
    }

    async fn unfreeze_coupon(
        &self,
        request: Request<v1::UnfreezeCouponRequest>,
    ) -> Result<Response<v1::UnfreezeCouponResponse>, Status> {
        let request = request.into_inner();
        let coupon_id = canonical(&request.coupon_id);
        let blocked = self.block(custody::unfreeze_coupon(self.0.seals()?, request)).await?;
        Ok(Response::new(v1::UnfreezeCouponResponse {
            coupon_id,
            blocks: blocks(blocked.blocks),
            at_ms: blocked.at_ms,
            position: Some(position(blocked.written)),
            replayed: blocked.written.replayed,
        }))
    }

    async fn freeze_user(&self, request: Request<v1::FreezeUserRequest>) -> Result<Response<v1::FreezeUserResponse>, Status> {
        let blocked = self.block(custody::freeze_user(self.0.seals()?, request.into_inner())).await?;
        Ok(Response::new(v1::FreezeUserResponse {
            blocks: blocks(blocked.blocks),
            revoked_holds: blocked.revoked_holds,
            at_ms: blocked.at_ms,
            position: Some(position(blocked.written)),
            replayed: blocked.written.replayed,
        }))
    }

    async fn unfreeze_user(
        &self,
        request: Request<v1::UnfreezeUserRequest>,
    ) -> Result<Response<v1::UnfreezeUserResponse>, Status> {
        let blocked = self.block(custody::unfreeze_user(self.0.seals()?, request.into_inner())).await?;
        Ok(Response::new(v1::UnfreezeUserResponse {
            blocks: blocks(blocked.blocks),
            at_ms: blocked.at_ms,
            position: Some(position(blocked.written)),
            replayed: blocked.written.replayed,
        }))
    }

    async fn void_coupon(&self, request: Request<v1::VoidCouponRequest>) -> Result<Response<v1::VoidCouponResponse>, Status> {
        let request = request.into_inner();
        let coupon_id = canonical(&request.coupon_id);
        match self.0.ask(custody::void_coupon(self.0.seals()?, request)).await? {
            (_, Reply::Voided(Voided { written, amount, revoked_holds, at_ms })) => Ok(Response::new(v1::VoidCouponResponse {
                coupon_id,
                voided_minor: amount,
                revoked_holds,
                at_ms,
                position: Some(position(written)),
                replayed: written.replayed,
            })),
            (_, reply) => mismatched("a void", &reply),
        }
    }
}
