//! A client that knows the contract only through its schema: the road of `tessera call`.

mod codec;
mod method;

use prost_reflect::DynamicMessage;
use tonic::{
    Request, Status,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};

use self::codec::DynamicCodec;
pub use self::method::{BadMethod, Method, MethodPath, dynamic, method_paths};
use crate::{
    limits::{HANDSHAKE_TIMEOUT, RESPONSE_BYTES_MAX},
    status,
};

/// Why a call brought no reply.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is no URI.
    #[error("{endpoint:?} is not an endpoint: write http://HOST:PORT")]
    BadEndpoint {
        /// As given.
        endpoint: String,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
    /// Nobody answers there.
    #[error("no server answers at {endpoint}")]
    Unreachable {
        /// As given.
        endpoint: String,
        /// What the transport says.
        source: tonic::transport::Error,
    },
    /// The server answered with a status.
    #[error("{}: {}", .0.code(), .0.message())]
    Refused(Box<Status>),
}

/// Connects to `endpoint`.
pub async fn connect(endpoint: &str) -> Result<Channel, Error> {
    let parsed = Endpoint::from_shared(endpoint.to_owned())
        .map_err(|source| Error::BadEndpoint { endpoint: endpoint.to_owned(), source })?;
    let endpoint_with_limits = parsed.connect_timeout(HANDSHAKE_TIMEOUT).tcp_nodelay(true);
    endpoint_with_limits.connect().await.map_err(|source| Error::Unreachable { endpoint: endpoint.to_owned(), source })
}

/// Calls `method` with `request` and waits for its reply.
pub async fn call(channel: Channel, method: &Method, request: DynamicMessage) -> Result<DynamicMessage, Error> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(RESPONSE_BYTES_MAX);
    let refused = |status: Status| Error::Refused(Box::new(status));
    grpc.ready().await.map_err(|error| refused(status::unreachable(error)))?;
    let path = PathAndQuery::try_from(method.path()).expect("a method's name is a path");
    let codec = DynamicCodec::new(method.output());
    let reply = grpc.unary(Request::new(request), path, codec).await.map_err(refused)?;
    Ok(reply.into_inner())
}
