//! Every limit of the edge, by name. An unset limit of the HTTP/2 library is no limit, so each one is set from here.
//!
//! Full means a clear refusal or backpressure, never unbounded memory. Limits on what a request says (lengths, page sizes)
//! belong to the domain; these bound how it arrives and leaves.

use std::time::Duration;

/// Largest request of a unary method, in bytes.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Largest request message of a stream, in bytes.
pub const STREAM_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Most items in one message of a stream, either way.
pub const STREAM_ITEMS_MAX: usize = 1024;

/// Most requests of one stream that wait for their answer. Each holds a reply slot before the engine sees it, so a slow reader
/// holds back its own requests and nothing else.
pub const STREAM_IN_FLIGHT_MAX: usize = 16 * 1024;

/// Rows of all bulk streams together that are with the engine at once, unless configured.
pub const BULK_ROWS_IN_FLIGHT_DEFAULT: usize = 128;

/// Bytes that a stream sets aside for each direction: an idle one holds no more.
pub const STREAM_BUFFER_BYTES: usize = 8 * 1024;

/// Largest response message, in bytes: what clients take unless told otherwise.
pub const RESPONSE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A bound on one encoded outcome: three ids of 64 bytes, sealed ids, a code and numbers.
const OUTCOME_BYTES_MAX: usize = 1024;

/// Most redemptions that one listing shows, over all partitions.
pub const LISTED_REDEMPTIONS_MAX: usize = 4 * 1024;

const _: () = assert!(STREAM_ITEMS_MAX * OUTCOME_BYTES_MAX <= RESPONSE_BYTES_MAX);
const _: () = assert!(LISTED_REDEMPTIONS_MAX * OUTCOME_BYTES_MAX <= RESPONSE_BYTES_MAX);
const _: () = assert!(STREAM_ITEMS_MAX <= STREAM_IN_FLIGHT_MAX);

/// Most calls that one connection has open at once.
pub const CONCURRENT_STREAMS_MAX: u32 = 256;

/// Most bytes of headers of one call.
pub const HEADER_LIST_BYTES_MAX: u32 = 8 * 1024;

/// Streams reset for the peer's errors before its connection is closed.
pub const LOCAL_ERROR_RESETS_MAX: usize = 256;

/// Streams that the peer opened and reset before they were accepted.
pub const PENDING_RESETS_MAX: usize = 20;

/// Flow-control window of one stream: one whole message fits.
pub const STREAM_WINDOW_BYTES: u32 = STREAM_MESSAGE_BYTES_MAX as u32;

/// Flow-control window of one connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;

/// Largest HTTP/2 frame: fewer frames for batches than the protocol's 16 KiB.
pub const FRAME_BYTES_MAX: u32 = 64 * 1024;

/// How long a connection may be silent before it is asked whether it lives.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// How long that answer may take.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a new connection may take to say that it speaks HTTP/2.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections at once, unless configured; one more is closed as it comes.
pub const CONNECTIONS_MAX_DEFAULT: usize = 1024;

/// How long calls in flight may take to end after a stop was asked for, unless configured.
pub const DRAIN_DEADLINE_DEFAULT: Duration = Duration::from_secs(10);

/// The longest that an operator's call may ask for.
pub const DRAIN_DEADLINE_MAX: Duration = Duration::from_secs(600);

/// Largest head of a request for metrics or health, in bytes. Its body is not read.
pub const METRICS_REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How long one request for metrics or health may take, from its connection to its answer.
pub const METRICS_REQUEST_MAX: Duration = Duration::from_secs(5);

/// Connections for metrics and health at once; one more is closed as it comes.
pub const METRICS_CONNECTIONS_MAX: usize = 16;
