//! `tessera serve`: a data directory on the wire, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf};

use super::Error;
use crate::{
    logging,
    serving::{self, Listening, Stops},
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
    /// Address and port for metrics and health over HTTP; "" = nowhere.
    #[arg(long)]
    metrics_listen: Option<String>,
    /// Accept an address that other machines reach. There is no authentication yet.
    #[arg(long)]
    allow_remote: bool,
    /// Threads that read and write the wire; 0 = one a core.
    #[arg(long)]
    edge_threads: Option<u16>,
    /// Shards; 0 = one a core.
    #[arg(long)]
    shards: Option<u16>,
    /// Take a clock that lies far from the newest frame.
    #[arg(long)]
    accept_clock: bool,
}

/// Serves until SIGINT, SIGTERM or an operator's call.
pub fn run(args: &Args) -> Result<(), Error> {
    let settings = Settings::load(&Flags {
        config: args.config.clone(),
        data_dir: args.data_dir.clone(),
        listen: args.listen,
        metrics_listen: args.metrics_listen.clone(),
        allow_remote: args.allow_remote,
        edge_threads: args.edge_threads,
        shards: args.shards,
        accept_clock: args.accept_clock,
    })?;
    logging::start(&settings.log)?;
    let runtime = serving::runtime(&settings)?;
    let served = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        match Listening::begin(&settings).await?.open_unless(&mut stops).await? {
            Some(serving) => serving.run(&mut stops).await,
            None => {
                tracing::info!("stopped before it served");
                Ok(())
            }
        }
    });
    // A replay that was broken off ends with the process.
    runtime.shutdown_background();
    served
}
