//! The shop's edge: only what a run of checkouts calls.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::StreamExt as _;
use tessera_loadtest::{
    plan::checkout::{Ask, No, Out, Told},
    wire::refusal,
};
use tessera_proto::v1::{
    checkout_service_server::{CheckoutService, CheckoutServiceServer},
    claim_outcome,
    claim_service_server::{ClaimService, ClaimServiceServer},
    operator_service_server::{OperatorService, OperatorServiceServer},
    template_service_server::{TemplateService, TemplateServiceServer},
    wallet_service_server::{WalletService, WalletServiceServer},
    *,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, Streaming, codegen::BoxStream, transport::Server};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{Plant, Shop};

#[derive(Clone)]
struct Edge(Arc<Mutex<Shop>>);

type Reply<T> = Result<Response<T>, Status>;

pub async fn serve(shop: Arc<Mutex<Shop>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let edge = Edge(shop);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let server = Server::builder()
        .add_service(health_service)
        .add_service(ClaimServiceServer::new(edge.clone()))
        .add_service(CheckoutServiceServer::new(edge.clone()))
        .add_service(OperatorServiceServer::new(edge.clone()))
        .add_service(TemplateServiceServer::new(edge.clone()))
        .add_service(WalletServiceServer::new(edge));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

impl Edge {
    /// An answer, or the status of a refusal.
    fn answer(&self, ask: &Ask) -> Result<Told, Status> {
        let No { reason, value, field } = match self.0.lock().unwrap().answer(ask) {
            Told::No(no) => no,
            told => return Ok(told),
        };
        let metadata = HashMap::from([("value".to_owned(), value.to_string()), ("field".to_owned(), field)]);
        let details = ErrorDetails::with_error_info(refusal::name(reason), "tessera.dev", metadata);
        Err(Status::with_error_details(Code::FailedPrecondition, "no", details))
    }

    fn check_out(&self, ask: &Ask) -> Result<Out, Status> {
        match self.answer(ask)? {
            Told::Out(out) => Ok(out),
            other => panic!("{other:?}"),
        }
    }
}

#[tonic::async_trait]
impl CheckoutService for Edge {
    async fn redeem_order(&self, request: Request<RedeemOrderRequest>) -> Reply<RedeemOrderResponse> {
        let Out { checkout, position, replayed } = self.check_out(&Ask::Redeem(request.into_inner()))?;
        Ok(Response::new(RedeemOrderResponse { checkout: Some(checkout), position, replayed }))
    }

    async fn hold_order(&self, request: Request<HoldOrderRequest>) -> Reply<HoldOrderResponse> {
        let Out { checkout, position, replayed } = self.check_out(&Ask::Hold(request.into_inner()))?;
        Ok(Response::new(HoldOrderResponse { checkout: Some(checkout), position, replayed }))
    }

    async fn capture_order(&self, request: Request<CaptureOrderRequest>) -> Reply<CaptureOrderResponse> {
        let Out { checkout, position, replayed } = self.check_out(&Ask::Capture(request.into_inner()))?;
        Ok(Response::new(CaptureOrderResponse { checkout: Some(checkout), position, replayed, reacquired: false }))
    }

    async fn release_order(&self, request: Request<ReleaseOrderRequest>) -> Reply<ReleaseOrderResponse> {
        match self.answer(&Ask::Release(request.into_inner()))? {
            Told::Released(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn refund_order(&self, request: Request<RefundOrderRequest>) -> Reply<RefundOrderResponse> {
        match self.answer(&Ask::Refund(request.into_inner()))? {
            Told::Refunded(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }
}

#[tonic::async_trait]
impl ClaimService for Edge {
    async fn claim_stream(&self, request: Request<Streaming<ClaimStreamRequest>>) -> Reply<BoxStream<ClaimStreamResponse>> {
        let shop = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut shop = shop.lock().unwrap();
            let outcome = |claim: ClaimRequest| ClaimOutcome {
                outcome: Some(claim_outcome::Outcome::Accepted(shop.claim(&claim))),
                request_id: claim.request_id,
            };
            Ok(ClaimStreamResponse { outcomes: message?.claims.into_iter().map(outcome).collect() })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl TemplateService for Edge {
    async fn create_template(&self, request: Request<CreateTemplateRequest>) -> Reply<CreateTemplateResponse> {
        let CreateTemplateRequest { template_id, spec, .. } = request.into_inner();
        self.0.lock().unwrap().templates.push((template_id, Arc::new(spec.unwrap_or_default())));
        Ok(Response::new(CreateTemplateResponse::default()))
    }
}

#[tonic::async_trait]
impl OperatorService for Edge {
    async fn conservation(&self, _: Request<ConservationRequest>) -> Reply<ConservationResponse> {
        let holds = self.0.lock().unwrap().plant != Plant::Unbalanced;
        let violations = if holds { Vec::new() } else { vec!["a fen is missing".to_owned()] };
        Ok(Response::new(ConservationResponse { holds, violations, ..Default::default() }))
    }
}

#[tonic::async_trait]
impl WalletService for Edge {
    async fn list_coupons(&self, request: Request<ListCouponsRequest>) -> Reply<ListCouponsResponse> {
        let mut shop = self.0.lock().unwrap();
        let now_ms = shop.now_ms();
        let ids: Vec<String> = shop.templates.iter().map(|(id, _)| id.clone()).collect();
        let wallet = shop.wallets.get_mut(&request.get_ref().user_id).unwrap();
        wallet.settle(now_ms);
        let coupon = |coupon: &tessera_loadtest::check::checkout::wallet::Coupon| Coupon {
            coupon_id: coupon.id.to_string(),
            template_id: ids[coupon.template as usize].clone(),
            status: coupon.status().into(),
            use_until_ms: coupon.until_ms,
            live_holds: u32::from(coupon.held > 0),
            balance: coupon.is_card().then(|| StoredBalance {
                loaded_minor: coupon.loaded,
                available_minor: coupon.available,
                held_minor: coupon.held,
                captured_minor: coupon.captured(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let coupons = wallet.coupons.iter().map(coupon).collect();
        Ok(Response::new(ListCouponsResponse { coupons, next_page_token: String::new() }))
    }
}
