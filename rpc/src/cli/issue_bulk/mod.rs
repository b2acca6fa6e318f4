//! `tessera issue-bulk`: coupons of one template for the users of a file 批量发券.
//!
//! The file is read here and its rows go over one stream, a bounded number at a time, so the server keeps nothing of the operation:
//! its progress is shown here, and as IssueStream in the server's status. What became of each row is appended to the outcomes as the
//! server says it. The request id of a row follows from the operation and the row, so after any interruption the same command is run
//! again: rows whose outcome is written are passed over, and those that were under way get the coupon that they got.

mod drive;
mod outcomes;
mod rows;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use serde::Serialize;
use tessera_proto::v1::claim_service_client::ClaimServiceClient;

use self::{drive::Drive, outcomes::Outcomes, rows::Rows};
use super::{
    ENDPOINT_DEFAULT, Error, block_on,
    bulk::{self, Tally},
    output::Output,
};
use crate::{client, limits::RESPONSE_BYTES_MAX, progress::Bar};

/// Longest name of an operation, in bytes: it begins every request id.
const OPERATION_BYTES_MAX: usize = 32;

/// What is issued to whom.
#[derive(clap::Args)]
pub struct Args {
    /// The rows, as CSV with a head: user_id, and if wanted key, use_from_ms and use_until_ms. Without a key a user gets one coupon of
    /// the operation, however many rows name them.
    file: PathBuf,
    /// Of what.
    #[arg(long)]
    template: String,
    /// Names the operation, 1 to 32 bytes without "/": the same in every run of it. A row's request id is OPERATION/KEY, or
    /// OPERATION/USER without a key, at most 64 bytes.
    #[arg(long)]
    operation: String,
    /// What became of each row, as CSV; appended to. The last line of a row counts.
    #[arg(long)]
    out: PathBuf,
    /// Through which channel.
    #[arg(long, default_value = "")]
    channel: String,
    /// Go on although nothing was written for so long that the server may have forgotten what was under way: at most 4,096 rows, which
    /// may be issued twice then.
    #[arg(long)]
    after_a_day: bool,
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// How many rows came to what, in all runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows of the file.
    pub rows: u64,
    /// Those that an earlier run has issued.
    pub issued_before: u64,
    /// Those that this run has.
    pub issued: u64,
    /// Of these, those that the server had issued already.
    pub replayed: u64,
    /// Those that were refused in this run, for good or for now.
    pub refused: u64,
}

impl Tally for Counts {
    fn rows(&self) -> u64 {
        self.rows
    }
    fn done(&self) -> u64 {
        self.issued_before + self.issued + self.refused
    }
    fn refused(&self) -> u64 {
        self.refused
    }
    fn facts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("rows", self.rows),
            ("issued before", self.issued_before),
            ("issued", self.issued),
            ("of them replayed", self.replayed),
            ("refused", self.refused),
        ]
    }
}

/// Issues what is left, then says what became of it. Anything refused is an error.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    check(&args.operation)?;
    let rows = Rows::open(args)?;
    let outcomes = Outcomes::open(&args.out, args.after_a_day)?;
    let mut bar = Bar::of("issuing", "rows", io::stderr().is_terminal());
    let counts = block_on(async {
        let channel = client::connect(&args.endpoint).await?;
        let client = ClaimServiceClient::new(channel).max_decoding_message_size(RESPONSE_BYTES_MAX);
        Drive::new(rows, outcomes).run(client, &mut |counts| bulk::show(&mut bar, counts)).await
    })?;
    bar.finish();
    bulk::conclude(&counts, output, &args.out)
}

fn check(operation: &str) -> Result<(), Error> {
    let is_name = (1..=OPERATION_BYTES_MAX).contains(&operation.len()) && !operation.contains('/');
    is_name.then_some(()).ok_or_else(|| Error::Bulk(format!("--operation is 1 to {OPERATION_BYTES_MAX} bytes without \"/\"")))
}
