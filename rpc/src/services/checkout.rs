//! CheckoutService: what coupons and cards do to an order together, and what they would do. Of a quote the shard shows the wallet; what follows is reckoned here, beside the
//! threads that read and write the wire, as many quotes at a time as there are cores: the rest wait for their turn.

use std::{num::NonZero, sync::Arc};

use futures_util::future::try_join_all;
use tessera_proto::v1::{self, checkout_service_server::CheckoutService};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, async_trait};

use super::mismatched;
use crate::{
    convert::{
        checkout::{Asked, Wallet},
        order, position,
    },
    desk::{Desk, refuse},
    domain::{
        Rejection, Reply,
        checkout::{Purchase, Quoted, quote},
        command::{Command, Instrument},
        reply::CouponView,
    },
};

/// Pages of a wallet that are looked at: up to 1,000 coupons.
const PAGES_MAX: usize = 5;

/// The service.
#[derive(Clone)]
pub struct Checkouts {
    desk: Arc<Desk>,
    /// Who may reckon.
    reckoners: Arc<Semaphore>,
}

#[async_trait]
impl CheckoutService for Checkouts {
    async fn quote(&self, request: Request<v1::QuoteRequest>) -> Result<Response<v1::QuoteResponse>, Status> {
        let seals = self.desk.seals()?;
        let asked = Asked::of(seals, request.into_inner()).map_err(|rejection| refuse(&rejection))?;
        let Seen { mut coupons, at_ms, is_cut } = self.look(&asked).await?;
        let listed = coupons.len();
        for chosen in &asked.chosen {
            if !coupons.iter().any(|view| view.coupon == chosen.coupon()) {
                coupons.push(self.coupon(asked.partition, Command::GetCoupon(*chosen)).await?);
            }
        }
        let partition = asked.partition;
        let (coupons, quoted) = self.reckon(asked, coupons, at_ms).await;
        let wallet = Wallet { seals, partition, coupons: &coupons, listed };
        Ok(Response::new(wallet.quoted(&quoted, is_cut)))
    }

    async fn redeem_order(&self, request: Request<v1::RedeemOrderRequest>) -> Result<Response<v1::RedeemOrderResponse>, Status> {
        let asked = self.asked(order::redeem(self.desk.seals()?, request.into_inner())).await?;
        let (checkout, position, replayed) = self.check_out(asked).await?;
        Ok(Response::new(v1::RedeemOrderResponse { checkout, position, replayed }))
    }

    async fn hold_order(&self, request: Request<v1::HoldOrderRequest>) -> Result<Response<v1::HoldOrderResponse>, Status> {
        let asked = self.asked(order::hold(self.desk.seals()?, request.into_inner())).await?;
        let (checkout, position, replayed) = self.check_out(asked).await?;
        Ok(Response::new(v1::HoldOrderResponse { checkout, position, replayed }))
    }

    async fn capture_order(
        &self,
        request: Request<v1::CaptureOrderRequest>,
    ) -> Result<Response<v1::CaptureOrderResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(order::capture(seals, request.into_inner())).await? {
            (_, Reply::CheckedOut(checkout)) => Ok(Response::new(order::captured(seals, &checkout))),
            (_, reply) => mismatched("a capture of an order", &reply),
        }
    }

    async fn release_order(
        &self,
        request: Request<v1::ReleaseOrderRequest>,
    ) -> Result<Response<v1::ReleaseOrderResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(order::release(seals, request.into_inner())).await? {
            (_, Reply::CheckoutReleased(released)) => Ok(Response::new(order::released(seals, &released))),
            (_, reply) => mismatched("a release of an order", &reply),
        }
    }

    async fn refund_order(&self, request: Request<v1::RefundOrderRequest>) -> Result<Response<v1::RefundOrderResponse>, Status> {
        let seals = self.desk.seals()?;
        match self.desk.ask(order::refund(seals, request.into_inner())).await? {
            (_, Reply::CheckoutRefunded(refunded)) => Ok(Response::new(order::refunded(seals, &refunded))),
            (_, reply) => mismatched("a refund of an order", &reply),
        }
    }
}

/// The active coupons of a wallet.
struct Seen {
    coupons: Vec<CouponView>,
    at_ms: i64,
    is_cut: bool,
}

impl Checkouts {
    /// Asks this desk.
    pub fn new(desk: Arc<Desk>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { desk, reckoners: Arc::new(Semaphore::new(cores)) }
    }

    /// The command of an order, and the partition that decides it. Where instruments lie apart, each is looked at to find out, all at once: what it is
    /// never changes, so a retry goes to the same partition. One that is not there is taken for a card, and refused by its place.
    async fn asked(&self, asked: Result<order::Asked, Rejection>) -> Result<Result<(u16, Command), Rejection>, Status> {
        let mut asked = match asked {
            Ok(asked) => asked,
            Err(rejection) => return Ok(Err(rejection)),
        };
        if let Some(partition) = asked.only() {
            return Ok(Ok(asked.at(partition)));
        }
        let look =
            |&(partition, instrument): &(u16, Instrument)| self.desk.would(Ok((partition, Command::GetCoupon(instrument))));
        let looks = try_join_all(asked.opened.iter().map(look)).await?;
        let mut discounts = Vec::with_capacity(looks.len());
        for ((_, instrument), seen) in asked.opened.iter_mut().zip(looks) {
            let seen = if let Ok(Reply::Coupon(view)) = seen { Some(view) } else { None };
            discounts.push(seen.as_ref().is_some_and(|view| !view.terms.is_stored_value()));
            if let (Instrument::Legacy { .. }, Some(view)) = (&*instrument, seen) {
                // Who has the code of another house may use its card; elsewhere nobody knows that code.
                *instrument = Instrument::Known { coupon: view.coupon };
            }
        }
        Ok(asked.home(&discounts).map(|home| asked.at(home)))
    }

    /// The checkout, where it stands, and whether it was answered before.
    async fn check_out(
        &self,
        asked: Result<(u16, Command), Rejection>,
    ) -> Result<(Option<v1::Checkout>, Option<v1::Position>, bool), Status> {
        match self.desk.ask(asked).await? {
            (_, Reply::CheckedOut(checkout)) => {
                let written = checkout.written;
                let told = order::checked_out(self.desk.seals()?, &checkout);
                Ok((Some(told), Some(position(written)), written.replayed))
            }
            (_, reply) => mismatched("an order", &reply),
        }
    }

    /// The best of many coupons takes some ms to be found.
    async fn reckon(&self, asked: Asked, coupons: Vec<CouponView>, at_ms: i64) -> (Vec<CouponView>, Quoted) {
        let _turn = self.reckoners.acquire().await.expect("nobody closes it");
        let reckon = move || {
            let (order, channel) = (&asked.order, asked.channel.as_deref());
            let purchase = Purchase { order, currency: asked.currency, channel, at_ms };
            let chosen: Vec<u64> = asked.chosen.iter().map(|chosen| chosen.coupon()).collect();
            let quoted = quote(&purchase, &coupons, &chosen);
            (coupons, quoted)
        };
        tokio::task::spawn_blocking(reckon).await.expect("a quote does not panic")
    }

    async fn look(&self, asked: &Asked) -> Result<Seen, Status> {
        let mut seen = Seen { coupons: Vec::new(), at_ms: 0, is_cut: true };
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let command = Command::ListCoupons(asked.page(next));
            let page = match self.desk.ask(Ok((asked.partition, command))).await? {
                (_, Reply::Coupons(page)) => page,
                (_, reply) => mismatched("a listing", &reply),
            };
            (seen.at_ms, seen.is_cut, next) = (page.at_ms, page.next.is_some(), page.next);
            seen.coupons.extend(page.coupons);
            if !seen.is_cut {
                break;
            }
        }
        Ok(seen)
    }

    async fn coupon(&self, partition: u16, command: Command) -> Result<CouponView, Status> {
        match self.desk.ask(Ok((partition, command))).await? {
            (_, Reply::Coupon(view)) => Ok(view),
            (_, reply) => mismatched("a question for a coupon", &reply),
        }
    }
}
