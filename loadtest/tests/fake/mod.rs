//! A server that keeps every promise in memory, and breaks one if it is told to.
//!
//! It knows nothing of logs and leases: one lock, one map for each thing. What the checker must find is planted here.

mod books;
mod custody;
mod maintenance;
mod services;
mod tills;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tessera_proto::v1::{
    claim_service_server::ClaimServiceServer, custody_service_server::CustodyServiceServer,
    maintenance_service_server::MaintenanceServiceServer, operator_service_server::OperatorServiceServer,
    redemption_service_server::RedemptionServiceServer, template_service_server::TemplateServiceServer,
    wallet_service_server::WalletServiceServer,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

pub use books::Books;

/// What the server does wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Nothing.
    Nothing,
    /// Sells one piece more than there is.
    Oversell,
    /// Acknowledges a claim and forgets it.
    LostAcknowledgement,
    /// Refuses the retry of an accepted claim.
    FlippedRetry,
    /// Shows a card with one fen less than it has.
    WrongBalance,
    /// Takes a redemption twice and acknowledges it once.
    DoubleCharge,
    /// Gives a position below one that was acknowledged before.
    LsnBackwards,
    /// Says sold out when one piece is left.
    EarlySoldOut,
    /// Gives one user one coupon more than the limit.
    LimitIgnored,
    /// Captures a hold again, as another redemption.
    CapturedTwice,
    /// Acknowledges a release and keeps what was held.
    ReleasedValueLost,
    /// Captures a hold after its deadline.
    LateCapture,
    /// Gives back more than was captured.
    RefundAbove,
    /// Never gives back what a hold promises, whatever its deadline.
    HoldNeverExpires,
    /// Acknowledges a freeze and takes holds all the same.
    FreezeIgnored,
    /// Acknowledges a void and takes holds all the same.
    VoidIgnored,
    /// Acknowledges a hold and forgets it.
    LostHold,
    /// Promises once more what a hold asks for, to nobody.
    HeldTwice,
    /// Tells another deadline to whoever asks again.
    ReplayDiffers,
    /// Lists no redemption of any order.
    ListsNothing,
    /// Tells instants of redemptions that are long past.
    ClockBehind,
    /// Says of releases that they stand in another partition.
    OtherPartition,
    /// Names another coupon in the reply to a release.
    OtherCoupon,
    /// Leaves coupons out of wallets.
    HiddenCoupons,
    /// Issues a row anew that is sent again.
    IssuedAgain,
    /// Tells the outcome of a row twice.
    OutcomeTwice,
    /// Issues to nobody.
    NobodyServed,
    /// Issues a coupon that no outcome tells of.
    GivenTwice,
    /// Says that its books do not add up.
    Unbalanced,
    /// Fails every snapshot.
    SnapshotFails,
    /// Finds that a replay comes to another state.
    ReplayFindsDifference,
}

/// Starts it; it ends with the test's runtime.
pub async fn start(plant: Plant) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let fake = services::Fake(Arc::new(Mutex::new(Books::new(plant))));
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    let server = Server::builder()
        .add_service(health_service)
        .add_service(ClaimServiceServer::new(fake.clone()))
        .add_service(RedemptionServiceServer::new(fake.clone()))
        .add_service(CustodyServiceServer::new(fake.clone()))
        .add_service(MaintenanceServiceServer::new(fake.clone()))
        .add_service(OperatorServiceServer::new(fake.clone()))
        .add_service(TemplateServiceServer::new(fake.clone()))
        .add_service(WalletServiceServer::new(fake));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}
