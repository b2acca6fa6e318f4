//! What keeps a run from giving figures at all. A violation is none of these: it is a finding.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

use tessera_proto::wire::Malformed;

/// Why a run could not be carried out.
#[derive(Debug, Error)]
pub enum Error {
    /// The endpoint's address cannot be used.
    #[error("bad endpoint {endpoint}")]
    Endpoint {
        /// As it was given.
        endpoint: String,
        /// What the library says.
        source: tonic::transport::Error,
    },
    /// Nobody serves there.
    #[error("{endpoint} did not report SERVING within {waited:?}; is the server running?")]
    NotServing {
        /// Where.
        endpoint: String,
        /// For how long it was asked.
        waited: Duration,
    },
    /// A call that prepares or verifies failed.
    #[error("{call}: {code:?}: {message}")]
    Call {
        /// Which.
        call: &'static str,
        /// The canonical code.
        code: tonic::Code,
        /// What the server says.
        message: String,
    },
    /// The server refuses the whole stream.
    #[error("the stream was refused: {code:?}: {message}")]
    Stream {
        /// The canonical code.
        code: tonic::Code,
        /// What the server says.
        message: String,
    },
    /// Connections are lost again and again without one answer in between.
    #[error("{losses} connections in a row were lost without an answer; the last: {last}")]
    LosesConnections {
        /// How many.
        losses: u32,
        /// Why the last.
        last: String,
    },
    /// Nothing was answered for too long.
    #[error("no answer for {quiet:?} with {unanswered} operations unanswered")]
    Stalled {
        /// For how long.
        quiet: Duration,
        /// How many wait.
        unanswered: u64,
    },
    /// The server says something that the contract does not know.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A task of the load generator ended badly.
    #[error("a task of the load generator failed")]
    Task(#[from] tokio::task::JoinError),
    /// The server's program could not be run.
    #[error("{program}: {what}; its log ends:\n{log_tail}")]
    Server {
        /// Which program.
        program: PathBuf,
        /// What happened.
        what: String,
        /// The end of what it wrote.
        log_tail: String,
    },
    /// A file or directory cannot be used.
    #[error("{path}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A table of the trace is not of the form expected.
    #[error("{path}: {what}")]
    Trace {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Options that do not go together.
    #[error("{0}")]
    Usage(&'static str),
    /// The work was done before the server could be killed often enough.
    #[error("only {kills} of {wanted} kills happened")]
    TooFewKills {
        /// How many happened.
        kills: u32,
        /// How many were asked for.
        wanted: u32,
    },
    /// A file is not JSON.
    #[error("{path} is not JSON")]
    NotJson {
        /// Which.
        path: PathBuf,
        /// Where it breaks off.
        source: serde_json::Error,
    },
    /// A file is JSON, but no run's.
    #[error("{path} is not what a run writes with --json")]
    NoReport {
        /// Which.
        path: PathBuf,
        /// What it lacks.
        source: serde_json::Error,
    },
    /// A file is longer than any run writes.
    #[error("{path} has {bytes} bytes; a run writes at most {bytes_max}")]
    LongFile {
        /// Which.
        path: PathBuf,
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        bytes_max: u64,
    },
    /// A run has no figures of one whole.
    #[error("{path}: {scenario} measured no operations as a whole: there is nothing to compare or to draw")]
    NothingMeasured {
        /// The file.
        path: PathBuf,
        /// The scenario.
        scenario: String,
    },
    /// Two runs are not of one kind.
    #[error("runs differ in {what}: {} in {}, {} in {}; --anyway compares them all the same", one.1, one.0.display(), other.1, other.0.display())]
    Incomparable {
        /// In what.
        what: String,
        /// A file, and what it says.
        one: (PathBuf, String),
        /// The other.
        other: (PathBuf, String),
    },
    /// More files than colours.
    #[error("{files} files are more than the {files_max} that can be told apart in one plot")]
    TooManyFiles {
        /// How many were given.
        files: usize,
        /// How many can be.
        files_max: usize,
    },
    /// A latency could not be recorded.
    #[error("latency histogram: {0}")]
    Histogram(&'static str),
}

impl Error {
    /// For `map_err` on calls that prepare or verify.
    pub fn call(call: &'static str) -> impl FnOnce(tonic::Status) -> Self {
        move |status| Self::Call { call, code: status.code(), message: status.message().to_owned() }
    }

    /// For `map_err` on files.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
