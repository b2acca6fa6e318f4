//! `tessera inspect`: the log, images, a partition, a coupon, the feed of changes. One file each.
//!
//! The log and images are shown of a directory that no server holds; the rest also, or as a server tells it. Nothing is changed.

mod coupon;
mod feed;
mod partition;
mod snapshot;
mod wal;

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use tessera_engine::{node, offline::Desk};

use super::{ENDPOINT_DEFAULT, Error, output::Output};
use crate::progress::Bar;

/// What is shown.
#[derive(clap::Subcommand)]
pub enum What {
    /// The groups and frames of the write-ahead log.
    Wal(Directory),
    /// The files of images: what each says it is, its chunks, whether it is whole, and where it is damaged.
    Snapshot {
        #[command(flatten)]
        directory: Directory,
        /// Only the image of this number.
        #[arg(long)]
        image: Option<u64>,
    },
    /// A partition: position, digest, what is in it, stock, leases, value, lines, what comes due next, images.
    Partition {
        /// Its number.
        partition: u16,
        #[command(flatten)]
        place: Place,
    },
    /// A coupon with its holds, its redemptions and its history.
    Coupon(coupon::Args),
    /// The events of a partition or of the catalog, in order.
    Feed(feed::Args),
}

/// A directory that no server holds.
#[derive(clap::Args)]
pub struct Directory {
    /// The data directory.
    #[arg(long, env = "TESSERA__DATA_DIR")]
    data_dir: PathBuf,
}

/// A server, or a directory that no server holds.
#[derive(clap::Args)]
pub struct Place {
    /// The server.
    #[arg(long, env = "TESSERA_ENDPOINT", default_value = ENDPOINT_DEFAULT)]
    endpoint: String,
    /// A data directory that no server holds, instead. Nothing in it is changed.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Shows it.
pub fn run(what: &What, output: Output) -> Result<(), Error> {
    match what {
        What::Wal(directory) => wal::run(&directory.data_dir, output),
        What::Snapshot { directory, image } => snapshot::run(&directory.data_dir, *image, output),
        What::Partition { partition, place } => partition::run(*partition, place, output),
        What::Coupon(args) => coupon::run(args, output),
        What::Feed(args) => feed::run(args, output),
    }
}

/// Opens a directory that no server holds, for reading.
fn open(dir: &Path) -> Result<Desk, node::Error> {
    let mut bar = Bar::new("reading", io::stderr().is_terminal());
    let opened = Desk::open(dir, &mut |done| bar.show(done.segments_done, done.segments, done.frames));
    bar.finish();
    opened
}
