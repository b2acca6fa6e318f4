//! Settings of a server with small files, so that what happens rarely happens often.

use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::error::Error;

/// The least segment that a server takes, and an archive that a verification reads quickly.
const SETTINGS: &str = "[engine]\nsegment_bytes = 16777216\n\n[snapshots]\nlog_bytes = 1048576\narchive_bytes_max = 33554432\n";

/// The settings, as a file while this lives.
#[derive(Debug)]
pub struct Small(NamedTempFile);

impl Small {
    /// Writes them down.
    pub fn new() -> Result<Self, Error> {
        let mut file = NamedTempFile::new().map_err(Error::file(std::env::temp_dir()))?;
        file.write_all(SETTINGS.as_bytes()).map_err(Error::file(file.path()))?;
        Ok(Self(file))
    }

    /// What tells a server to use them.
    pub fn server_args(&self) -> [String; 2] {
        ["--config".to_owned(), self.0.path().to_string_lossy().into_owned()]
    }
}
