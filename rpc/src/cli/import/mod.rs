//! `tessera cards import`: cards and coupons that another system has issued, taken over from a file 外部卡券导入.
//!
//! The file is read here and its rows go over one stream, a bounded number at a time. A code is imported once for ever, by what the
//! server knows of it, so nothing is kept here: after any interruption the same command is run again, rows that were imported are
//! answered with their card, and the others go on. The report names rows that were refused by their line, and no codes.

mod drive;
mod report;
mod rows;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use serde::Serialize;
use tessera_proto::v1::card_service_client::CardServiceClient;

use self::{drive::Drive, report::Report, rows::Rows};
use super::{
    ENDPOINT_DEFAULT, Error, block_on,
    bulk::{self, Tally},
    output::Output,
};
use crate::{client, limits::RESPONSE_BYTES_MAX, progress::Bar};

/// What is imported.
#[derive(clap::Args)]
pub struct Args {
    /// The rows, as CSV with a head: code, and if wanted balance_minor (empty = the template's face value; 0 is refused, since nothing is left
    /// to take over; none for one-use coupons), currency, use_until_ms (empty = as the template says) and external_reference.
    file: PathBuf,
    /// Of which template: of stored value for cards, of any other kind for one-use coupons.
    #[arg(long)]
    template: String,
    /// Names the batch, 1 to 64 bytes: the same in every run of it.
    #[arg(long)]
    batch: String,
    /// Why which rows were refused, as CSV of line, external_reference, reason and detail; written anew by each run.
    #[arg(long)]
    report: PathBuf,
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// How many rows came to what, in this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows of the file.
    pub rows: u64,
    /// Those that this run has imported.
    pub imported: u64,
    /// Those that had been imported before.
    pub imported_before: u64,
    /// Those that were refused.
    pub refused: u64,
}

impl Tally for Counts {
    fn rows(&self) -> u64 {
        self.rows
    }
    fn done(&self) -> u64 {
        self.imported + self.imported_before + self.refused
    }
    fn refused(&self) -> u64 {
        self.refused
    }
    fn facts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("rows", self.rows),
            ("imported", self.imported),
            ("imported before", self.imported_before),
            ("refused", self.refused),
        ]
    }
}

/// Imports what is left, then says what became of it. Anything refused is an error.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    let (rows, report) = (Rows::open(args)?, Report::create(&args.report)?);
    let mut bar = Bar::of("importing", "rows", io::stderr().is_terminal());
    let counts = block_on(async {
        let channel = client::connect(&args.endpoint).await?;
        let client = CardServiceClient::new(channel).max_decoding_message_size(RESPONSE_BYTES_MAX);
        Drive::new(rows, report).run(client, &mut |counts| bulk::show(&mut bar, counts)).await
    })?;
    bar.finish();
    bulk::conclude(&counts, output, &args.report)
}
