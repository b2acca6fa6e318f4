//! The server: listener, services and limits put together, from a closed desk to a drained one.
//!
//! It listens before the engine has recovered, so that health and reflection answer at once; everything else is DRAINING until
//! the desk is opened, and again once it is closed. [`Server::stop`] then lets what is in flight end, and cuts what has not ended
//! in time.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tessera_proto::v1::{
    card_service_server::CardServiceServer, checkout_service_server::CheckoutServiceServer,
    claim_service_server::ClaimServiceServer, custody_service_server::CustodyServiceServer,
    gift_service_server::GiftServiceServer, journal_service_server::JournalServiceServer,
    maintenance_service_server::MaintenanceServiceServer, operator_service_server::OperatorServiceServer,
    redemption_service_server::RedemptionServiceServer, template_service_server::TemplateServiceServer,
    wallet_service_server::WalletServiceServer,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::sleep,
};
use tonic::{
    server::NamedService,
    service::Routes,
    transport::{self, Server as Transport},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::ServiceBuilder;

use crate::{
    desk::{Closing, Desk},
    halves::Halves,
    limits::*,
    listener::{Listener, Shears},
    meter::{MeterLayer, UnderWay},
    services::{
        card::Cards, checkout::Checkouts, claim::Claims, custody::Custodians, gift::Gifts, journal::Journals,
        maintenance::Maintainers, operator::Operators, redemption::Redemptions, streams::Streams, template::Templates,
        wallet::Wallets,
    },
    settings, status,
};

/// The services whose health is told, beside that of the whole server.
const SERVICES: [&str; 12] = [
    "",
    <CardServiceServer<Cards> as NamedService>::NAME,
    <CheckoutServiceServer<Checkouts> as NamedService>::NAME,
    <ClaimServiceServer<Claims> as NamedService>::NAME,
    <CustodyServiceServer<Custodians> as NamedService>::NAME,
    <GiftServiceServer<Gifts> as NamedService>::NAME,
    <JournalServiceServer<Journals> as NamedService>::NAME,
    <MaintenanceServiceServer<Maintainers> as NamedService>::NAME,
    <OperatorServiceServer<Operators> as NamedService>::NAME,
    <RedemptionServiceServer<Redemptions> as NamedService>::NAME,
    <TemplateServiceServer<Templates> as NamedService>::NAME,
    <WalletServiceServer<Wallets> as NamedService>::NAME,
];

/// Between two looks at what is still under way while the server drains.
const DRAIN_LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A listening server.
pub struct Server {
    desk: Arc<Desk>,
    health: HealthReporter,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    shears: Shears,
    serving: JoinHandle<Result<(), transport::Error>>,
}

impl Server {
    /// Serves on `listener`; health says NOT_SERVING.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn start(listener: TcpListener, settings: &settings::Server) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(settings.drain_deadline(), settings.bulk_rows_in_flight));
        let (health, health_service) = tonic_health::server::health_reporter();
        tell(&health, ServingStatus::NotServing).await;
        tokio::spawn(retract(health.clone(), desk.closing()));
        let health_service = health_service.max_decoding_message_size(REQUEST_BYTES_MAX);
        let routes = routes(&desk).add_service(health_service);
        let (stop, stopped) = oneshot::channel::<()>();
        let (incoming, shears) = Listener::new(listener, settings.connections_max);
        let layers = ServiceBuilder::new().layer(MeterLayer(desk.meter().clone())).map_response(status::explain).into_inner();
        let transport = limited(Transport::builder()).layer(layers).add_routes(routes);
        let serving = tokio::spawn(transport.serve_with_incoming_shutdown(incoming, async {
            // A server that was dropped is stopped, too.
            let _ = stopped.await;
        }));
        Ok(Self { desk, health, address, stop, shears, serving })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the engine is put once it has recovered.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Says that it serves. The desk is open by now.
    pub async fn announce(&self) {
        if !self.desk.is_closed() {
            tell(&self.health, ServingStatus::Serving).await;
        }
    }

    /// Takes nothing new, waits until the desk's deadline or `hurry` for what is under way to end and for every reply to have left, and
    /// ends all connections.
    pub async fn stop(self, hurry: impl Future<Output = ()>) -> Cut {
        let closing = self.desk.close(None);
        let Self { desk, health, stop, shears, mut serving, .. } = self;
        let in_order = async {
            ended(&desk).await;
            // Nobody listens if it has stopped by itself.
            let _ = stop.send(());
            // Whoever watches health would stay for ever.
            forget(&health).await;
            // It was served to the end, with or without an error of the listener.
            let _ = (&mut serving).await;
        };
        tokio::select! {
            () = in_order => {}
            () = sleep(closing.left()) => {}
            () = hurry => {}
        }
        serving.abort();
        Cut { under_way: desk.meter().under_way(), connections: shears.cut() }
    }
}

/// What had not ended when a server stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What was not answered.
    pub under_way: UnderWay,
    /// Connections, some of which may have been owed the rest of a reply.
    pub connections: usize,
}

/// Completes when nothing is under way.
async fn ended(desk: &Desk) {
    while !desk.meter().under_way().is_nothing() {
        sleep(DRAIN_LOOK_INTERVAL).await;
    }
}

/// Says that it no longer serves, as soon as the desk closes: whoever balances load is told first.
async fn retract(health: HealthReporter, mut closing: watch::Receiver<Option<Closing>>) {
    // A desk that is gone has no health.
    if closing.wait_for(Option::is_some).await.is_ok() {
        tell(&health, ServingStatus::NotServing).await;
    }
}

async fn tell(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// Ends every watch: there is no more to tell.
async fn forget(health: &HealthReporter) {
    let mut health = health.clone();
    for service in SERVICES {
        health.clear_service_status(service).await;
    }
}

/// Sets every limit of the transport.
fn limited(transport: Transport) -> Transport {
    transport
        .max_concurrent_streams(CONCURRENT_STREAMS_MAX)
        .http2_max_header_list_size(HEADER_LIST_BYTES_MAX)
        .http2_max_local_error_reset_streams(Some(LOCAL_ERROR_RESETS_MAX))
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .accept_http1(false)
}

/// Our services and reflection, each with its message limits.
fn routes(desk: &Arc<Desk>) -> Routes {
    macro_rules! sized {
        ($server:ident, $service:expr, $bytes_max:expr) => {
            $server::new($service).max_decoding_message_size($bytes_max).max_encoding_message_size(RESPONSE_BYTES_MAX)
        };
    }
    Routes::new(Halves {
        unary: sized!(ClaimServiceServer, Claims(desk.clone()), REQUEST_BYTES_MAX),
        streams: Streams(desk.clone()),
    })
    .add_service(Halves {
        unary: sized!(RedemptionServiceServer, Redemptions::new(desk.clone()), REQUEST_BYTES_MAX),
        streams: Streams(desk.clone()),
    })
    .add_service(Halves {
        unary: sized!(CardServiceServer, Cards(desk.clone()), REQUEST_BYTES_MAX),
        streams: Streams(desk.clone()),
    })
    .add_service(sized!(CheckoutServiceServer, Checkouts::new(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(CustodyServiceServer, Custodians(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(GiftServiceServer, Gifts(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(WalletServiceServer, Wallets(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(TemplateServiceServer, Templates(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(JournalServiceServer, Journals::new(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(MaintenanceServiceServer, Maintainers(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(OperatorServiceServer, Operators(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(reflection().build_v1().expect(SCHEMA).max_decoding_message_size(REQUEST_BYTES_MAX))
    .add_service(reflection().build_v1alpha().expect(SCHEMA).max_decoding_message_size(REQUEST_BYTES_MAX))
}

/// Why building reflection cannot fail.
const SCHEMA: &str = "the contract's own descriptors decode";

/// Both versions of reflection show our schema and that of health.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tessera_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
