//! `tessera cards`: a batch of gift cards made, and its codes taken, once, into a file that only its owner reads.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use tessera_proto::v1::{self, card_service_client::CardServiceClient};

use super::{
    ENDPOINT_DEFAULT, Error, block_on, import,
    operation::{self, refused},
    output::{self, Output},
};
use crate::client;

/// Make a batch, or take its codes.
#[derive(clap::Subcommand)]
pub enum What {
    /// Make the cards of a batch; asked again with the same numbers, it goes on where it was.
    Make(Make),
    /// Take the codes of a batch into a new file of mode 0600: CSV of code, coupon id, face value in minor units, currency.
    Download(Download),
    /// Take over cards and coupons that another system has issued, with their codes, from a file; asked again with the same file, it goes on
    /// where it was and imports nothing twice.
    Import(import::Args),
}

/// Which batch.
#[derive(clap::Args)]
pub struct Make {
    /// Its id, chosen by you.
    batch_id: String,
    /// The template of its cards.
    #[arg(long)]
    template: String,
    /// How many: 1 to 1,000,000.
    #[arg(long)]
    count: u64,
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// Which batch, into which file.
#[derive(clap::Args)]
pub struct Download {
    /// Its id.
    batch_id: String,
    /// The file; must not exist.
    #[arg(long)]
    out: PathBuf,
    /// Names this download: one that broke off is asked for again with it, within 24 hours. Keep it as secret as the codes.
    #[arg(long)]
    request_id: String,
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
}

/// Makes, or takes, and shows what came out.
pub fn run(what: &What, output: Output) -> Result<(), Error> {
    match what {
        What::Make(args) => operation::show(&block_on(make(args))?, output),
        What::Download(args) => download(args, output),
        What::Import(args) => import::run(args, output),
    }
}

async fn make(args: &Make) -> Result<v1::Operation, Error> {
    let mut client = operation::connect(&args.endpoint).await?;
    let (batch_id, template_id, count) = (args.batch_id.clone(), args.template.clone(), args.count);
    let request = v1::StartCardBatchRequest { batch_id, template_id, count };
    let started = client.start_card_batch(request).await.map_err(refused)?;
    operation::follow(&mut client, "making cards", started.into_inner().operation).await
}

/// The file is there before the codes are taken: where it cannot be, nothing was.
fn download(args: &Download, output: Output) -> Result<(), Error> {
    let failed = |error| Error::Operation(format!("{}: {error}", args.out.display()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.out).map_err(failed)?;
    match block_on(take(args, file)) {
        Ok(cards) => shown(&args.out, cards, output),
        Err(error) => {
            // Half a file of codes is worse than none: the same request id takes them again.
            fs::remove_file(&args.out).map_err(failed)?;
            Err(error)
        }
    }
}

async fn take(args: &Download, file: File) -> Result<u64, Error> {
    let mut client = CardServiceClient::new(client::connect(&args.endpoint).await?);
    let request = v1::DownloadBatchRequest { request_id: args.request_id.clone(), batch_id: args.batch_id.clone() };
    let mut told = client.download_batch(request).await.map_err(refused)?.into_inner();
    let (mut csv, mut cards) = (BufWriter::new(file), 0);
    writeln!(csv, "code,coupon_id,face_value_minor,currency").map_err(Error::Runtime)?;
    while let Some(message) = told.message().await.map_err(refused)? {
        let v1::Money { minor, currency } = message.face_value.unwrap_or_default();
        for v1::BatchCard { code, coupon_id } in &message.cards {
            writeln!(csv, "{code},{coupon_id},{minor},{currency}").map_err(Error::Runtime)?;
        }
        cards += message.cards.len() as u64;
    }
    let file = csv.into_inner().map_err(|error| Error::Runtime(error.into_error()))?;
    file.sync_all().map_err(Error::Runtime)?;
    Ok(cards)
}

fn shown(out: &Path, cards: u64, output: Output) -> Result<(), Error> {
    match output {
        Output::Table => output::print_facts(&[("file", out.display().to_string()), ("cards", cards.to_string())]),
        Output::Json => output::print_json(&serde_json::json!({ "file": out, "cards": cards })),
    }
}
