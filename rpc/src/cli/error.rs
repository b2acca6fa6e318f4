//! Why a command failed, what the shell is told, and what a person reads.

use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode};

use tessera_engine::{keys::KeysError, node, offline::ErrorKind, rebuild, recovery};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::output::Output;
use crate::{
    client::{self, BadMethod},
    logging::BadFilter,
    server::Cut,
    status,
};

/// What the shell is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It was tried and failed.
    Failed = 1,
    /// It could not be tried: the command, its arguments or settings are wrong.
    Usage = 2,
    /// Bytes that were durable are damaged.
    Corruption = 3,
    /// Nobody serves, or somebody else does.
    Unavailable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings.
    #[error("settings: {0}")]
    Settings(#[from] config::ConfigError),
    /// The log's filter.
    #[error(transparent)]
    Filter(#[from] BadFilter),
    /// No data directory was named.
    #[error("no data directory: say --data-dir DIR, or data_dir in the settings")]
    NoDataDir,
    /// The address reaches beyond this machine.
    #[error("{0} is reached from other machines and there is no authentication yet: say --allow-remote if that is wanted")]
    Remote(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// No runtime, no signals, no temporary directory: the system has no room.
    #[error("the system refuses: {0}")]
    Runtime(io::Error),
    /// The data directory.
    #[error("{0}")]
    Node(#[from] node::Error),
    /// Verification found something.
    #[error("{problems} found; {advice}")]
    NotWhole {
        /// How many problems.
        problems: String,
        /// What to do.
        advice: &'static str,
    },
    /// The method or its request.
    #[error(transparent)]
    Method(#[from] BadMethod),
    /// The call.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// A file of rows, or of their outcomes.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// What was asked of bulk work does not fit its files.
    #[error("{0}")]
    Bulk(String),
    /// A long operation did not come to what was asked.
    #[error("{0}")]
    Operation(String),
    /// The server stopped before all that was under way had ended.
    #[error(
        "{} connections were cut, with {} streams and {} operations that were not answered; what of them was taken is in the log",
        .0.connections, .0.under_way.streams, .0.under_way.operations
    )]
    Cut(Cut),
    /// Standard output is gone.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl Error {
    /// An error if so many problems were found.
    pub(super) fn unless_whole(problems: usize, advice: &'static str) -> Result<(), Self> {
        match problems {
            0 => Ok(()),
            1 => Err(Self::NotWhole { problems: "1 problem".to_owned(), advice }),
            more => Err(Self::NotWhole { problems: format!("{more} problems"), advice }),
        }
    }

    /// What the shell is told.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Filter(_) | Self::NoDataDir | Self::Remote(_) | Self::Method(_) | Self::Bulk(_) => {
                Exit::Usage
            }
            Self::Listen { .. } => Exit::Unavailable,
            Self::Runtime(_) | Self::Operation(_) | Self::File { .. } | Self::Output(_) | Self::Cut(_) => Exit::Failed,
            Self::Node(error) => exit_of_node(error),
            Self::NotWhole { .. } => Exit::Corruption,
            Self::Client(error) => exit_of_client(error),
        }
    }

    /// Says it on standard error.
    pub fn report(&self, output: Output) {
        match (self, output) {
            (Self::Client(client::Error::Refused(status)), Output::Json) => eprintln!("{}", json_of(status)),
            (Self::Client(client::Error::Refused(status)), Output::Table) => eprint!("{}", text_of(status)),
            _ => eprintln!("tessera: {self}"),
        }
        if let Self::Node(node::Error::Recovery(recovery::Error::Log(error))) = self {
            eprintln!("tessera: {}", error.kind().advice());
        }
    }
}

fn exit_of_node(error: &node::Error) -> Exit {
    match error {
        node::Error::Setting { .. } => Exit::Usage,
        node::Error::Keys(KeysError::Unreadable { .. }) => Exit::Corruption,
        node::Error::Recovery(recovery::Error::Log(error)) => exit_of_log(error.kind()),
        node::Error::Recovery(recovery::Error::Rebuild(error)) => exit_of_rebuild(error),
        node::Error::Recovery(_) => Exit::Corruption,
        _ => Exit::Failed,
    }
}

/// A goal that the log does not lead to is nobody's damage.
fn exit_of_rebuild(error: &rebuild::Error) -> Exit {
    match error {
        rebuild::Error::NotYet { .. } | rebuild::Error::HistoryTrimmed { .. } => Exit::Failed,
        rebuild::Error::Log(error) => exit_of_log(error.kind()),
        rebuild::Error::Replay(_) | rebuild::Error::ImagesRefused { .. } => Exit::Corruption,
    }
}

fn exit_of_log(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Corruption | ErrorKind::Replay => Exit::Corruption,
        ErrorKind::Locked => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn exit_of_client(error: &client::Error) -> Exit {
    match error {
        client::Error::BadEndpoint { .. } => Exit::Usage,
        client::Error::Unreachable { .. } => Exit::Unavailable,
        client::Error::Refused(status) if status.code() == Code::Unavailable => Exit::Unavailable,
        client::Error::Refused(_) => Exit::Failed,
    }
}

/// A status for people: code and message, then the facts of its ErrorInfo that say something.
fn text_of(status: &Status) -> String {
    let mut text = format!("{}: {}\n", status::code_name(status.code()), status.message());
    let Some(info) = status.get_details_error_info() else { return text };
    text += &format!("  {:18}{} ({})\n", "reason", info.reason, info.domain);
    let mut metadata: Vec<_> = info.metadata.iter().filter(|(_, value)| !value.is_empty()).collect();
    metadata.sort();
    for (key, value) in metadata {
        text += &format!("  {key:18}{value}\n");
    }
    if let Some(delay) = status.get_details_retry_info().and_then(|retry| retry.retry_delay) {
        text += &format!("  {:18}{} ms\n", "retry_after", delay.as_millis());
    }
    text
}

/// A status for programs.
fn json_of(status: &Status) -> serde_json::Value {
    let info = status.get_details_error_info();
    let retry = status.get_details_retry_info().and_then(|retry| retry.retry_delay);
    serde_json::json!({
        "code": status::code_name(status.code()),
        "message": status.message(),
        "reason": info.as_ref().map(|info| &info.reason),
        "domain": info.as_ref().map(|info| &info.domain),
        "metadata": info.as_ref().map(|info| &info.metadata),
        "retry_after_ms": retry.map(|delay| delay.as_millis() as u64),
    })
}
