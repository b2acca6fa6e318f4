//! `tessera serve`: a data directory on the wire, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf};

use super::Error;
use crate::{
    logging,
    serving::{self, Serving},
    settings::{Flags, Settings},
};

/// What is served, and how. What is not said here comes from the settings.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// A TOML file of settings.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address and port; port 0 = any free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Accept an address that other machines reach. There is no authentication yet.
    #[arg(long)]
    allow_remote: bool,
    /// Shards; 0 = as the cores of the machine suggest.
    #[arg(long)]
    shards: Option<u16>,
    /// Take a clock that lies far from the newest frame.
    #[arg(long)]
    accept_clock: bool,
}

/// Serves until SIGINT or SIGTERM.
pub fn run(args: &Args) -> Result<(), Error> {
    let settings = Settings::load(&Flags {
        config: args.config.clone(),
        data_dir: args.data_dir.clone(),
        listen: args.listen,
        allow_remote: args.allow_remote,
        shards: args.shards,
        accept_clock: args.accept_clock,
    })?;
    logging::start(&settings.log)?;
    let runtime = serving::runtime()?;
    runtime.block_on(async {
        let stop = serving::stop_signal()?;
        let serving = Serving::start(&settings).await?;
        stop.await;
        serving.stop().await;
        Ok(())
    })
}
