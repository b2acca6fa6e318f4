//! The fake server's edge: only what a load test calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures_util::StreamExt as _;
use tessera_proto::v1::{
    claim_outcome, claim_service_server::ClaimService, custody_service_server::CustodyService,
    operator_service_server::OperatorService, redeem_outcome, redemption_service_server::RedemptionService,
    template_service_server::TemplateService, till_outcome::Outcome, validate_response, wallet_service_server::WalletService, *,
};
use tonic::{Code, Request, Response, Status, Streaming, codegen::BoxStream};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    Plant,
    books::{Books, Template},
};

#[derive(Clone)]
pub struct Fake(pub Arc<Mutex<Books>>);

pub type Reply<T> = Result<Response<T>, Status>;

pub fn status(refusal: Refusal) -> Status {
    let name = refusal.reason().as_str_name().trim_start_matches("REASON_");
    let metadata = HashMap::from([("value".to_owned(), refusal.value.to_string())]);
    let details = ErrorDetails::with_error_info(name, "tessera.dev", metadata);
    Status::with_error_details(Code::FailedPrecondition, refusal.message, details)
}

#[tonic::async_trait]
impl ClaimService for Fake {
    async fn claim(&self, request: Request<ClaimRequest>) -> Reply<ClaimResponse> {
        self.0.lock().unwrap().claim(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn claim_stream(&self, request: Request<Streaming<ClaimStreamRequest>>) -> Reply<BoxStream<ClaimStreamResponse>> {
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

    async fn issue_stream(&self, request: Request<Streaming<IssueStreamRequest>>) -> Reply<BoxStream<IssueStreamResponse>> {
        let books = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut books = books.lock().unwrap();
            let mut outcomes: Vec<_> = message?.issues.into_iter().map(|issue| books.issue(issue)).collect();
            if books.goes_wrong(Plant::OutcomeTwice) {
                outcomes.extend(outcomes.first().cloned());
            }
            Ok(IssueStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

#[tonic::async_trait]
impl OperatorService for Fake {
    async fn conservation(&self, _: Request<ConservationRequest>) -> Reply<ConservationResponse> {
        let holds = self.0.lock().unwrap().plant != Plant::Unbalanced;
        let violations = if holds { Vec::new() } else { vec!["a fen is missing".to_owned()] };
        Ok(Response::new(ConservationResponse { holds, violations, ..Default::default() }))
    }
}

#[tonic::async_trait]
impl RedemptionService for Fake {
    async fn validate(&self, request: Request<ValidateRequest>) -> Reply<ValidateResponse> {
        let mut books = self.0.lock().unwrap();
        let now_ms = books.now_ms();
        let outcome = match books.validate(request.get_ref(), now_ms) {
            Ok(amounts) => validate_response::Outcome::Accepted(amounts),
            Err(refusal) => validate_response::Outcome::Refused(refusal),
        };
        Ok(Response::new(ValidateResponse { outcome: Some(outcome) }))
    }

    async fn redeem(&self, request: Request<RedeemRequest>) -> Reply<RedeemResponse> {
        match self.till(till_item::Item::Redeem(request.into_inner()))? {
            Outcome::Redeemed(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn refund(&self, request: Request<RefundRequest>) -> Reply<RefundResponse> {
        match self.till(till_item::Item::Refund(request.into_inner()))? {
            Outcome::Refunded(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn hold(&self, request: Request<HoldRequest>) -> Reply<HoldResponse> {
        match self.till(till_item::Item::Hold(request.into_inner()))? {
            Outcome::Held(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn capture(&self, request: Request<CaptureRequest>) -> Reply<CaptureResponse> {
        match self.till(till_item::Item::Capture(request.into_inner()))? {
            Outcome::Captured(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn release(&self, request: Request<ReleaseRequest>) -> Reply<ReleaseResponse> {
        match self.till(till_item::Item::Release(request.into_inner()))? {
            Outcome::Released(reply) => Ok(Response::new(reply)),
            other => panic!("{other:?}"),
        }
    }

    async fn list_redemptions(&self, request: Request<ListRedemptionsRequest>) -> Reply<ListRedemptionsResponse> {
        let redemptions = self.0.lock().unwrap().list_redemptions(request.get_ref());
        Ok(Response::new(ListRedemptionsResponse { redemptions }))
    }

    async fn till_stream(&self, request: Request<Streaming<TillStreamRequest>>) -> Reply<BoxStream<TillStreamResponse>> {
        let books = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut books = books.lock().unwrap();
            let outcome = |item: TillItem| {
                let item = item.item.unwrap();
                TillOutcome { request_id: request_id(&item).to_owned(), outcome: Some(books.till(&item)) }
            };
            // In another order than asked: completion has its own.
            let outcomes = message?.items.into_iter().map(outcome).collect::<Vec<_>>().into_iter().rev().collect();
            Ok(TillStreamResponse { outcomes })
        });
        Ok(Response::new(Box::pin(replies)))
    }

    async fn redeem_stream(&self, request: Request<Streaming<RedeemStreamRequest>>) -> Reply<BoxStream<RedeemStreamResponse>> {
        let books = self.0.clone();
        let replies = request.into_inner().map(move |message| {
            let mut books = books.lock().unwrap();
            let outcome = |redeem: RedeemRequest| RedeemOutcome {
                request_id: redeem.request_id.clone(),
                outcome: Some(match books.till(&till_item::Item::Redeem(redeem)) {
                    Outcome::Redeemed(reply) => redeem_outcome::Outcome::Accepted(reply),
                    Outcome::Refused(refusal) => redeem_outcome::Outcome::Refused(refusal),
                    other => panic!("{other:?}"),
                }),
            };
            Ok(RedeemStreamResponse { outcomes: message?.redemptions.into_iter().map(outcome).collect() })
        });
        Ok(Response::new(Box::pin(replies)))
    }
}

impl Fake {
    fn till(&self, item: till_item::Item) -> Result<Outcome, Status> {
        match self.0.lock().unwrap().till(&item) {
            Outcome::Refused(refusal) => Err(status(refusal)),
            outcome => Ok(outcome),
        }
    }
}

fn request_id(item: &till_item::Item) -> &str {
    use till_item::Item;
    match item {
        Item::Validate(asked) => &asked.request_id,
        Item::Hold(asked) => &asked.request_id,
        Item::Capture(asked) => &asked.request_id,
        Item::Release(asked) => &asked.request_id,
        Item::Redeem(asked) => &asked.request_id,
        Item::Refund(asked) => &asked.request_id,
    }
}

#[tonic::async_trait]
impl CustodyService for Fake {
    async fn freeze_coupon(&self, request: Request<FreezeCouponRequest>) -> Reply<FreezeCouponResponse> {
        self.0.lock().unwrap().freeze_coupon(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn unfreeze_coupon(&self, request: Request<UnfreezeCouponRequest>) -> Reply<UnfreezeCouponResponse> {
        self.0.lock().unwrap().unfreeze_coupon(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn freeze_user(&self, request: Request<FreezeUserRequest>) -> Reply<FreezeUserResponse> {
        self.0.lock().unwrap().freeze_user(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn unfreeze_user(&self, request: Request<UnfreezeUserRequest>) -> Reply<UnfreezeUserResponse> {
        self.0.lock().unwrap().unfreeze_user(request.get_ref()).map(Response::new).map_err(status)
    }

    async fn void_coupon(&self, request: Request<VoidCouponRequest>) -> Reply<VoidCouponResponse> {
        self.0.lock().unwrap().void_coupon(request.get_ref()).map(Response::new).map_err(status)
    }
}

#[tonic::async_trait]
impl WalletService for Fake {
    async fn list_coupons(&self, request: Request<ListCouponsRequest>) -> Reply<ListCouponsResponse> {
        let mut books = self.0.lock().unwrap();
        let now_ms = books.now_ms();
        let is_shown = |place: &usize| books.plant != Plant::HiddenCoupons || !place.is_multiple_of(5);
        let is_own = |place: &usize| books.coupons[*place].user == request.get_ref().user_id;
        let own: Vec<_> = (0..books.coupons.len()).filter(is_own).filter(is_shown).collect();
        let coupons = own.into_iter().map(|place| books.view(place, now_ms)).collect();
        Ok(Response::new(ListCouponsResponse { coupons, next_page_token: String::new() }))
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
}
