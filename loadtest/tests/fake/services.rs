//! The fake server's edge: only what a load test calls.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
};

use futures_util::{Stream, StreamExt as _};
use tessera_proto::v1::{
    self, claim_outcome, claim_service_server::ClaimService, redeem_outcome, redemption_service_server::RedemptionService,
    template_service_server::TemplateService, validate_response, wallet_service_server::WalletService, *,
};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::books::{Books, Template};

#[derive(Clone)]
pub struct Fake(pub Arc<Mutex<Books>>);

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Reply<T> = Result<Response<T>, Status>;

fn status(refusal: Refusal) -> Status {
    let name = refusal.reason().as_str_name().trim_start_matches("REASON_");
    let metadata = HashMap::from([("value".to_owned(), refusal.value.to_string())]);
    let details = ErrorDetails::with_error_info(name, "tessera.dev", metadata);
    Status::with_error_details(Code::FailedPrecondition, refusal.message, details)
}

fn not_here<T>() -> Reply<T> {
    Err(Status::unimplemented("not in the fake"))
}

#[tonic::async_trait]
impl ClaimService for Fake {
    type ClaimStreamStream = Replies<ClaimStreamResponse>;

    async fn claim(&self, request: Request<ClaimRequest>) -> Reply<ClaimResponse> {
        self.0.lock().unwrap().claim(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn issue(&self, _: Request<IssueRequest>) -> Reply<IssueResponse> {
        not_here()
    }

    async fn claim_stream(&self, request: Request<Streaming<ClaimStreamRequest>>) -> Reply<Self::ClaimStreamStream> {
        let books = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut books = books.lock().unwrap();
            let outcome = |claim: ClaimRequest| ClaimOutcome {
                outcome: Some(match books.claim(&claim) {
                    Ok(reply) => claim_outcome::Outcome::Accepted(reply),
                    Err(refusal) => claim_outcome::Outcome::Refused(refusal),
                }),
                request_id: claim.request_id,
            };
            // In another order than asked: completion has its own.
            let outcomes = message?.claims.into_iter().map(outcome).collect::<Vec<_>>().into_iter().rev().collect();
            Ok(ClaimStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl RedemptionService for Fake {
    type RedeemStreamStream = Replies<RedeemStreamResponse>;
    type TillStreamStream = Replies<TillStreamResponse>;

    async fn validate(&self, request: Request<ValidateRequest>) -> Reply<ValidateResponse> {
        let (books, request) = (self.0.lock().unwrap(), request.into_inner());
        let place = books.find(request.instrument.as_ref()).ok_or(Status::not_found("no such coupon"))?;
        let amount = request.amount.unwrap_or_default();
        let amounts = Amounts {
            amount_minor: amount.minor,
            applied_minor: amount.minor,
            balance_after_minor: Some(books.coupons[place].left_minor - amount.minor),
            ..Default::default()
        };
        Ok(Response::new(ValidateResponse { outcome: Some(validate_response::Outcome::Accepted(amounts)) }))
    }

    async fn redeem(&self, request: Request<RedeemRequest>) -> Reply<RedeemResponse> {
        self.0.lock().unwrap().redeem(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn refund(&self, _: Request<RefundRequest>) -> Reply<RefundResponse> {
        not_here()
    }

    async fn hold(&self, _: Request<HoldRequest>) -> Reply<HoldResponse> {
        not_here()
    }

    async fn capture(&self, _: Request<CaptureRequest>) -> Reply<CaptureResponse> {
        not_here()
    }

    async fn release(&self, _: Request<ReleaseRequest>) -> Reply<ReleaseResponse> {
        not_here()
    }

    async fn list_redemptions(&self, _: Request<ListRedemptionsRequest>) -> Reply<ListRedemptionsResponse> {
        not_here()
    }

    async fn till_stream(&self, _: Request<Streaming<TillStreamRequest>>) -> Reply<Self::TillStreamStream> {
        not_here()
    }

    async fn redeem_stream(&self, request: Request<Streaming<RedeemStreamRequest>>) -> Reply<Self::RedeemStreamStream> {
        let books = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut books = books.lock().unwrap();
            let outcome = |redeem: RedeemRequest| RedeemOutcome {
                outcome: Some(match books.redeem(&redeem) {
                    Ok(reply) => redeem_outcome::Outcome::Accepted(reply),
                    Err(refusal) => redeem_outcome::Outcome::Refused(refusal),
                }),
                request_id: redeem.request_id,
            };
            Ok(RedeemStreamResponse { outcomes: message?.redemptions.into_iter().map(outcome).collect() })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl WalletService for Fake {
    async fn list_coupons(&self, request: Request<ListCouponsRequest>) -> Reply<ListCouponsResponse> {
        let books = self.0.lock().unwrap();
        let own = books.coupons.iter().filter(|coupon| coupon.user == request.get_ref().user_id);
        let coupons = own.map(|coupon| v1::Coupon {
            coupon_id: coupon.id.clone(),
            template_id: coupon.template.clone(),
            balance: (coupon.loaded_minor > 0).then(|| StoredBalance {
                loaded_minor: coupon.loaded_minor,
                available_minor: coupon.left_minor - coupon.shown_off_by,
                captured_minor: coupon.loaded_minor - coupon.left_minor,
                ..Default::default()
            }),
            ..Default::default()
        });
        Ok(Response::new(ListCouponsResponse { coupons: coupons.collect(), next_page_token: String::new() }))
    }

    async fn get_coupon(&self, _: Request<GetCouponRequest>) -> Reply<GetCouponResponse> {
        not_here()
    }

    async fn reveal_code(&self, _: Request<RevealCodeRequest>) -> Reply<RevealCodeResponse> {
        not_here()
    }
}

#[tonic::async_trait]
impl TemplateService for Fake {
    async fn create_template(&self, request: Request<CreateTemplateRequest>) -> Reply<CreateTemplateResponse> {
        let request = request.into_inner();
        let template = Template { spec: request.spec.unwrap_or_default(), issued: 0 };
        self.0.lock().unwrap().templates.insert(request.template_id, template);
        Ok(Response::new(CreateTemplateResponse::default()))
    }

    async fn get_stock(&self, request: Request<GetStockRequest>) -> Reply<GetStockResponse> {
        let books = self.0.lock().unwrap();
        let template = books.templates.get(&request.get_ref().template_id).ok_or(Status::not_found("no such template"))?;
        let total = template.spec.stock.unwrap_or_default();
        let leased = template.issued.min(total);
        Ok(Response::new(GetStockResponse { opened: true, total, free: total - leased, leased, ..Default::default() }))
    }

    async fn get_template(&self, _: Request<GetTemplateRequest>) -> Reply<GetTemplateResponse> {
        not_here()
    }

    async fn list_templates(&self, _: Request<ListTemplatesRequest>) -> Reply<ListTemplatesResponse> {
        not_here()
    }

    async fn update_template(&self, _: Request<UpdateTemplateRequest>) -> Reply<UpdateTemplateResponse> {
        not_here()
    }

    async fn stop_template(&self, _: Request<StopTemplateRequest>) -> Reply<StopTemplateResponse> {
        not_here()
    }

    async fn raise_stock(&self, _: Request<RaiseStockRequest>) -> Reply<RaiseStockResponse> {
        not_here()
    }
}
