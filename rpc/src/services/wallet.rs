//! WalletService: what a user has.

use std::sync::Arc;

use tessera_proto::v1::{self, wallet_service_server::WalletService};
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{convert::wallet, desk::Desk, domain::Reply, seals::Place};

/// The service.
#[derive(Clone)]
pub struct Wallets(pub Arc<Desk>);

#[async_trait]
impl WalletService for Wallets {
    async fn list_coupons(&self, request: Request<v1::ListCouponsRequest>) -> Result<Response<v1::ListCouponsResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(wallet::list(seals, request.into_inner())).await? {
            (partition, Reply::Coupons(page)) => Ok(Response::new(wallet::page(seals, partition, &page))),
            (_, reply) => mismatched("a listing", &reply),
        }
    }

    async fn get_coupon(&self, request: Request<v1::GetCouponRequest>) -> Result<Response<v1::GetCouponResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(wallet::get(seals, request.into_inner())).await? {
            (partition, Reply::Coupon(view)) => {
                let coupon = Some(wallet::coupon(seals, partition, &view));
                Ok(Response::new(v1::GetCouponResponse { coupon }))
            }
            (_, reply) => mismatched("a question for a coupon", &reply),
        }
    }

    async fn reveal_code(&self, request: Request<v1::RevealCodeRequest>) -> Result<Response<v1::RevealCodeResponse>, Status> {
        let seals = self.0.seals()?;
        match self.0.ask(wallet::reveal(seals, request.into_inner())).await? {
            (partition, Reply::Revealed { coupon, key_version }) => {
                let code = seals.code(Place { partition, number: coupon }, key_version);
                Ok(Response::new(v1::RevealCodeResponse { code }))
            }
            (_, reply) => mismatched("a question for a code", &reply),
        }
    }
}
