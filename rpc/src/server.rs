//! The server: listener, services and limits put together, from a closed desk to a drained one.
//!
//! It listens before the engine has recovered, so that health and reflection answer at once; everything else is DRAINING until
//! [`Server::open`]. [`Server::stop`] refuses what is new, lets what is in flight end, and waits no longer than it was told.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tessera_proto::v1::{
    claim_service_server::ClaimServiceServer, custody_service_server::CustodyServiceServer,
    operator_service_server::OperatorServiceServer, redemption_service_server::RedemptionServiceServer,
    template_service_server::TemplateServiceServer, wallet_service_server::WalletServiceServer,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{
    server::NamedService,
    service::Routes,
    transport::{self, Server as Transport},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::ServiceBuilder;

use crate::{
    desk::Desk,
    limits::*,
    listener::Listener,
    services::{
        claim::Claims, custody::Custodians, operator::Operators, redemption::Redemptions, template::Templates, wallet::Wallets,
    },
    status,
    two_limits::TwoLimits,
};

/// The services whose health is told, beside that of the whole server.
const SERVICES: [&str; 7] = [
    "",
    <ClaimServiceServer<Claims> as NamedService>::NAME,
    <CustodyServiceServer<Custodians> as NamedService>::NAME,
    <OperatorServiceServer<Operators> as NamedService>::NAME,
    <RedemptionServiceServer<Redemptions> as NamedService>::NAME,
    <TemplateServiceServer<Templates> as NamedService>::NAME,
    <WalletServiceServer<Wallets> as NamedService>::NAME,
];

/// A listening server.
pub struct Server {
    desk: Arc<Desk>,
    health: HealthReporter,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), transport::Error>>,
}

impl Server {
    /// Serves on `listener` with at most `connections_max` connections; health says NOT_SERVING.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn start(listener: TcpListener, connections_max: usize) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new());
        let (health, health_service) = tonic_health::server::health_reporter();
        tell(&health, ServingStatus::NotServing).await;
        let health_service = health_service.max_decoding_message_size(REQUEST_BYTES_MAX);
        let routes = routes(&desk).add_service(health_service);
        let (stop, stopped) = oneshot::channel::<()>();
        let incoming = Listener::new(listener, connections_max);
        let explained = ServiceBuilder::new().map_response(status::explain).into_inner();
        let transport = limited(Transport::builder()).layer(explained).add_routes(routes);
        let serving = tokio::spawn(transport.serve_with_incoming_shutdown(incoming, async {
            // A server that was dropped is stopped, too.
            let _ = stopped.await;
        }));
        Ok(Self { desk, health, address, stop, serving })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the engine is put once it has recovered.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Says that it serves. The desk is open by now.
    pub async fn announce(&self) {
        tell(&self.health, ServingStatus::Serving).await;
    }

    /// Takes nothing new and waits for what is in flight, at most `deadline`. Whether all of it ended.
    pub async fn stop(self, deadline: Duration) -> bool {
        tell(&self.health, ServingStatus::NotServing).await;
        self.desk.close();
        // Nobody listens if it has stopped by itself.
        let _ = self.stop.send(());
        let abort = self.serving.abort_handle();
        let ended = tokio::time::timeout(deadline, self.serving).await.is_ok();
        abort.abort();
        ended
    }
}

async fn tell(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        health.set_service_status(service, status).await;
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
    let claims = Claims(desk.clone());
    let redemptions = Redemptions(desk.clone());
    Routes::new(TwoLimits {
        unary: sized!(ClaimServiceServer, claims.clone(), REQUEST_BYTES_MAX),
        stream: sized!(ClaimServiceServer, claims, STREAM_MESSAGE_BYTES_MAX),
    })
    .add_service(TwoLimits {
        unary: sized!(RedemptionServiceServer, redemptions.clone(), REQUEST_BYTES_MAX),
        stream: sized!(RedemptionServiceServer, redemptions, STREAM_MESSAGE_BYTES_MAX),
    })
    .add_service(sized!(CustodyServiceServer, Custodians(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(WalletServiceServer, Wallets(desk.clone()), REQUEST_BYTES_MAX))
    .add_service(sized!(TemplateServiceServer, Templates(desk.clone()), REQUEST_BYTES_MAX))
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
