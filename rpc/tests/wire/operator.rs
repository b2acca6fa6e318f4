//! Status, routes, lines; health and reflection.

use tessera_proto::v1;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{
    house::{House, card, channel},
    refusal::check,
};

#[tokio::test]
async fn status_counts_what_is_durable() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let status = house.operators.get_status(v1::GetStatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.state(), status.shards.len(), status.partitions.len()), (v1::ServingState::Serving, 2, 4));
    let position = owned.claimed.position.unwrap();
    let partition = &status.partitions[position.partition as usize];
    assert!(partition.partition == position.partition && partition.lsn >= position.lsn && partition.coupons >= 1);
    assert!(status.log.as_ref().unwrap().syncs > 0 && status.resident_bytes > 0 && status.log_uuid.len() == 32, "{status:?}");
}

#[tokio::test]
async fn every_partition_has_a_route() {
    let routes = House::open().await.operators.get_routes(v1::GetRoutesRequest {}).await.unwrap().into_inner().routes;
    assert_eq!(routes.iter().map(|route| route.partition).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_probe_goes_round_on_every_line() {
    let request = v1::ProbeLinesRequest { timeout_ms: 10_000 };
    let reply = House::open().await.operators.probe_lines(request).await.unwrap().into_inner();
    assert!(reply.complete && reply.lines.len() == 12, "{reply:?}");
    assert!(reply.lines.iter().all(|line| line.acknowledged > 0 && line.elapsed_us > 0), "{reply:?}");
}

#[tokio::test]
async fn stock_and_value_add_up_while_others_trade() {
    let mut house = House::open().await;
    let owned = house.coupon(card()).await;
    let asked = house.operators.conservation(v1::ConservationRequest {}).await.unwrap().into_inner();
    assert!(asked.holds && asked.violations.is_empty(), "{:?}", asked.violations);
    let face = owned.claimed.face_value.unwrap();
    let sums = asked.values.iter().find(|sums| sums.currency == face.currency && sums.loaded >= face.minor);
    let whole =
        |sums: &v1::ValueConservation| sums.available + sums.held + sums.captured + sums.expired + sums.voided + sums.given;
    assert!(sums.is_some() && asked.values.iter().all(|sums| whole(sums) == sums.loaded), "{:?}", asked.values);
}

#[tokio::test]
async fn a_probe_does_not_wait_for_ever() {
    let request = v1::ProbeLinesRequest { timeout_ms: 10_001 };
    let answer = House::open().await.operators.probe_lines(request).await;
    check(answer, Code::InvalidArgument, "INVALID_ARGUMENT", "timeout_ms", 10_000);
}

#[tokio::test]
async fn every_service_is_healthy() {
    House::open().await;
    let mut health = HealthClient::new(channel().await);
    let services = ["", "Claim", "Custody", "Journal", "Maintenance", "Operator", "Redemption", "Template", "Wallet"];
    for service in services {
        let name = if service.is_empty() { String::new() } else { format!("tessera.v1.{service}Service") };
        let reply = health.check(HealthCheckRequest { service: name }).await.unwrap().into_inner();
        assert_eq!(reply.status(), ServingStatus::Serving, "{service:?}");
    }
}

/// Lists the services through one version of reflection.
macro_rules! reflected_services {
    ($version:ident) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient, server_reflection_request::MessageRequest,
            server_reflection_response::MessageResponse,
        };
        let request =
            ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
        let mut client = ServerReflectionClient::new(channel().await);
        let asked = futures_util::stream::iter(vec![request]);
        let mut replies = client.server_reflection_info(asked).await.unwrap().into_inner();
        let reply = replies.message().await.unwrap().expect("a reply");
        let Some(MessageResponse::ListServicesResponse(list)) = reply.message_response else { panic!("{reply:?}") };
        list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
    }};
}

#[tokio::test]
async fn reflection_v1_shows_our_services() {
    let services = reflected_services!(v1);
    for service in ["tessera.v1.ClaimService", "tessera.v1.CustodyService"] {
        assert!(services.contains(&service.to_owned()), "{services:?}");
    }
}

#[tokio::test]
async fn reflection_v1alpha_shows_our_services() {
    let services = reflected_services!(v1alpha);
    assert!(services.contains(&"grpc.health.v1.Health".to_owned()), "{services:?}");
}
