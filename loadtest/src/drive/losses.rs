//! Requests whose outcome is unknown: who sent them waits until the server serves, and sends the same again.

use tonic::{Code, Status};

use crate::{
    error::Error,
    link::{Link, RECOVERY_MAX},
};

/// Sends lost in a row before the run is given up.
const LOSSES_MAX: u32 = 20;

/// What one sender lost.
pub(super) struct Losses {
    link: Link,
    in_a_row: u32,
    /// Calls that ended without an answer.
    pub(super) lost: u64,
    /// Sends repeated, for that or because nothing had been logged.
    pub(super) resent: u64,
}

impl Losses {
    /// None so far.
    pub(super) fn new(link: Link) -> Self {
        Self { link, in_a_row: 0, lost: 0, resent: 0 }
    }

    /// Waits until the server serves again; what will fare no better, or is lost too often, ends the run.
    pub(super) async fn bear(&mut self, call: &'static str, status: Status) -> Result<(), Error> {
        if matches!(status.code(), Code::Unimplemented | Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated) {
            return Err(Error::call(call)(status));
        }
        self.in_a_row += 1;
        if self.in_a_row >= LOSSES_MAX {
            return Err(Error::LosesConnections { losses: self.in_a_row, last: status.to_string() });
        }
        self.lost += 1;
        self.resent += 1;
        self.link.serving(RECOVERY_MAX).await.map(drop)
    }

    /// An answer came.
    pub(super) fn end(&mut self) {
        self.in_a_row = 0;
    }
}
