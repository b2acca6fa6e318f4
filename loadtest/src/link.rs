//! Connections to the server under load, and the question whether it serves.

use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::error::Error;

/// Flow-control window of one stream: the answers to everything in flight fit.
pub const STREAM_WINDOW_BYTES: u32 = 8 << 20;

/// Flow-control window of one connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long between two questions whether the server serves.
const HEALTH_INTERVAL: Duration = Duration::from_millis(5);

/// How long one such question may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a server may take to come back before the run is given up.
pub const RECOVERY_MAX: Duration = Duration::from_secs(300);

/// Where the server is.
#[derive(Clone, Debug)]
pub struct Link {
    endpoint: Endpoint,
}

impl Link {
    /// To `endpoint`: `http://host:port`.
    pub fn to(endpoint: &str) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(endpoint.to_owned())
            .map_err(|source| Error::Endpoint { endpoint: endpoint.to_owned(), source })?
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
        Ok(Self { endpoint })
    }

    /// A connection of its own, made when it is first used and made anew when it is lost.
    pub fn channel(&self) -> Channel {
        self.endpoint.connect_lazy()
    }

    /// Waits until the server says SERVING; returns how long that took.
    pub async fn serving(&self, patience: Duration) -> Result<Duration, Error> {
        let begin = Instant::now();
        while !self.serves().await {
            if begin.elapsed() >= patience {
                return Err(Error::NotServing { endpoint: self.endpoint.uri().to_string(), waited: patience });
            }
            tokio::time::sleep(HEALTH_INTERVAL).await;
        }
        Ok(begin.elapsed())
    }

    async fn serves(&self) -> bool {
        let mut client = HealthClient::new(self.channel());
        let question = client.check(HealthCheckRequest { service: String::new() });
        match tokio::time::timeout(HEALTH_TIMEOUT, question).await {
            Ok(Ok(reply)) => reply.into_inner().status() == ServingStatus::Serving,
            Ok(Err(_)) | Err(_) => false,
        }
    }
}
