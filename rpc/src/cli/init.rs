//! `tessera init DIR`: keys and an empty log.

use std::path::PathBuf;

use tessera_engine::{directory, keys::KEYS_NAME};

use super::{
    Error,
    output::{self, Output},
};

/// What is made.
#[derive(clap::Args)]
pub struct Args {
    /// The directory; made if it is not there.
    dir: PathBuf,
    /// Partitions: a power of two up to 256, fixed for the life of the directory.
    #[arg(long, default_value_t = directory::PARTITIONS_DEFAULT)]
    partitions: u16,
}

/// Makes it and says what to keep.
pub fn run(args: &Args, output: Output) -> Result<(), Error> {
    let uuid = directory::init(&args.dir, args.partitions)?.to_string();
    let keys = args.dir.join(KEYS_NAME);
    match output {
        Output::Json => output::print_json(&serde_json::json!({
            "dir": args.dir, "log_uuid": uuid, "partitions": args.partitions, "keys": keys,
        })),
        Output::Table => output::print_facts(&[
            ("directory", args.dir.display().to_string()),
            ("log", uuid),
            ("partitions", args.partitions.to_string()),
            ("keys", format!("{}: keep a copy apart; without them nothing here can be read", keys.display())),
        ]),
    }
}
