//! The program's log: structured lines on standard error, JSON when nobody is watching.
//!
//! No code is ever logged: messages that carry one hide it in their `Debug`, and requests are logged by id.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::{Log, LogFormat};

/// A filter that does not read as one.
#[derive(Debug, thiserror::Error)]
#[error("log.filter {filter:?} is not a filter")]
pub struct BadFilter {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging for the life of the process. Once started, a second call changes nothing.
pub fn start(log: &Log) -> Result<(), BadFilter> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|source| BadFilter { filter: log.filter.clone(), source })?;
    // A line that cannot be written, on a full disk or to a closed pipe, is lost. Told of on the same standard error, it would
    // be a panic of whoever logged it.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = if is_json(log.format) { lines.json().try_init() } else { lines.try_init() };
    if started.is_err() {
        tracing::debug!("logging had been started");
    }
    Ok(())
}

fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Text => false,
    }
}
