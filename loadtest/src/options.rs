//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    compare,
    drive::{Load, Mode},
    error::Error,
    page,
    plan::{redeems::By, skew::Skew},
    server::{killer::Schedule, rounds::Weather, site::Site},
};

/// Puts a tessera server under load over gRPC, and recomputes from its own record whether every promise was kept.
///
/// Exit codes: 0 everything holds, 1 violations or a failed run, 2 usage.
#[derive(Clone, Debug, Parser)]
#[command(name = "tessera-loadtest", version)]
pub struct Options {
    /// What to run.
    #[command(subcommand)]
    pub scenario: Scenario,
}

/// What to run.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// Many users claim one template until it is sold out, and after.
    FlashSale {
        /// Templates on sale; stock and users are shared out among them evenly.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50_000))]
        templates: u32,
        /// Pieces for sale.
        #[arg(long, default_value_t = 100_000)]
        stock: u64,
        /// Users who ask.
        #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
        users: u64,
        /// How many pieces one user may have, and asks for.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
        per_user: u32,
        /// Of 100 users, how many ask once more than they may.
        #[arg(long, default_value_t = 1.0)]
        greedy: f64,
        /// Whose wallets are listed afterwards: all users', their holders', or those of so many users, evenly spread. Leaving out users
        /// trusts the server in what it says of them.
        #[arg(long, default_value = "all", value_parser = wallets)]
        wallets: Wallets,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Gift cards are issued, then redeemed 150 minor units at a time.
    Pos {
        /// What is asked of cards.
        #[command(flatten)]
        till: Till,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Gift cards are issued, then 150 minor units of an order are held on one and captured as soon as the hold is answered: what is
    /// measured is the pair.
    Holds {
        /// What is asked of cards.
        #[command(flatten)]
        till: Till,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Coupons are issued to the users of a file over IssueStream while gift cards are redeemed at tills. The tills are measured alone
    /// before; afterwards the whole file is sent again.
    Bulk {
        /// Rows of the file. Of a hundred, one names no user, one a name that is too long, one a template that does not exist, and two
        /// users have two rows each, one of them for a coupon of which a user gets one.
        #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
        rows: u64,
        /// What is asked of cards, alone and once more beside the rows.
        #[command(flatten)]
        till: Till,
        /// How the load of the tills is made.
        #[command(flatten)]
        common: Common,
    },
    /// Coupons go from friend to friend: each is offered, accepted by the token and, as soon as it has arrived, offered again. What is
    /// measured is one gift, from the offer to the arrival.
    Gift {
        /// Coupons that are on their way, each from user to user of its own circle.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
        coupons: u64,
        /// Gifts in all; each coupon is given at least once.
        #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..))]
        gifts: u64,
        /// How the load is made: always by unary calls.
        #[command(flatten)]
        common: Common,
    },
    /// Gift cards and one-use coupons are claimed, then held, captured, released, redeemed, refunded, frozen and voided in a
    /// mix of visits, each a sequence of steps at one till.
    Mixed {
        /// Coupons: a gift card and a one-use coupon for each user.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
        cards: u32,
        /// Operations at tills.
        #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
        operations: u64,
        /// How long, in seconds, a hold lives that is left to expire.
        #[arg(long, default_value = "5", value_parser = seconds)]
        hold_ttl: Duration,
        /// How many users' coupons are shared by all tills, so that the server decides the order.
        #[arg(long, default_value_t = 4)]
        hot_users: u64,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Users put several coupons and cards on orders of 1 to 8 lines: redeemed at once, or held and captured in whole or in part,
    /// released or left; then refunded by the unit. Every answer is recomputed, line by line.
    Checkout {
        /// Users, each with 36 coupons, one to three of them gift cards, and the code of somebody else's gift card.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        users: u64,
        /// Orders of all of them.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
        orders: u64,
        /// How long, in seconds, a hold lives that is left to expire: at least 5 for a server.
        #[arg(long, default_value = "5", value_parser = seconds)]
        hold_ttl: Duration,
        /// Of 100 orders, how many show the card of somebody else, which mostly lies in another partition.
        #[arg(long, default_value_t = 30.0, value_parser = most_of_100)]
        apart: f64,
        /// How the load is made. Requests travel by calls, claims over streams.
        #[command(flatten)]
        common: Common,
    },
    /// Kills the server at random instants under load, some of its starts too, on one fresh directory after the other: in turn a
    /// mix, a sale and tills, with small segments and frequent snapshots. Each directory is verified after each kill, and each
    /// run is checked whole.
    Kills {
        /// Kills in all; --kills is how many of them one directory takes.
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
        total: u32,
        /// How the load is made. Needs --server and --kill-every.
        #[command(flatten)]
        common: Common,
    },
    /// Has calls of the system fail with EIO under a mix, one after the other, each at a start of its own (needs strace): the
    /// process must end for the log's, say why, and have lost nothing. Each directory is verified after each.
    Eio {
        /// Of each call, how many of its first occurrences fail in turn.
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        deep: u32,
        /// How the load is made. Needs --server.
        #[command(flatten)]
        common: Common,
    },
    /// Fills the disk under a mix while snapshots are taken, and makes room again: writes are refused meanwhile, and nothing that was
    /// acknowledged is lost.
    Full {
        /// How the load is made. Needs --server, --scratch and --fill-every.
        #[command(flatten)]
        common: Common,
    },
    /// Sends far more claims than the server can take, nonsense among them, and states goodput against the peak, and memory.
    Overload {
        /// How long each of the three phases lasts, in seconds.
        #[arg(long, default_value = "20", value_parser = seconds)]
        lasting: Duration,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Replays a trace of claims: a directory with claims_*.csv[.zst], coupon_terms.csv and expected_per_coupon*.csv.
    O2o {
        /// The directory.
        directory: PathBuf,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// The same messages against a bare server that only echoes: the ceiling.
    Echo {
        /// Operations.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
        operations: u64,
        /// Whose messages.
        #[arg(long, value_enum, default_value_t = Messages::Claims)]
        messages: Messages,
        /// How the load is made.
        #[command(flatten)]
        common: Common,
    },
    /// Tells whether runs are better or worse than others, from the files that --json wrote: ratios of throughput, latency, processor
    /// time, bytes and syncs.
    Compare(compare::Asked),
    /// Draws the files that --json wrote: one page of HTML that needs nothing else.
    Report(page::Asked),
    /// Serves the echo; the echo scenario starts it by itself.
    #[command(hide = true)]
    EchoServer {
        /// Where.
        #[arg(long)]
        listen: SocketAddr,
        /// Threads.
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
}

impl Scenario {
    /// What every scenario has; the echo server and what is done with files have none.
    pub fn common(&self) -> Option<&Common> {
        match self {
            Self::FlashSale { common, .. }
            | Self::Pos { common, .. }
            | Self::Holds { common, .. }
            | Self::Bulk { common, .. }
            | Self::Gift { common, .. }
            | Self::Mixed { common, .. }
            | Self::Checkout { common, .. }
            | Self::Kills { common, .. }
            | Self::Eio { common, .. }
            | Self::Full { common }
            | Self::Overload { common, .. }
            | Self::O2o { common, .. }
            | Self::Echo { common, .. } => Some(common),
            Self::EchoServer { .. } | Self::Compare(_) | Self::Report(_) => None,
        }
    }
}

/// What is asked of cards, and how.
#[derive(Clone, Copy, Debug, Args)]
pub struct Till {
    /// Cards, one for each user.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub cards: u64,
    /// Redemptions, or pairs of a hold and its capture.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub operations: u64,
    /// How they fall on the cards.
    #[arg(long, value_enum, default_value_t = Skew::Uniform)]
    pub skew: Skew,
    /// How they name the card.
    #[arg(long, value_enum, default_value_t = By::Owner)]
    pub by: By,
    /// Whose wallets are listed afterwards: all users', or those of so many, evenly spread; the others' balances are not read back.
    #[arg(long, default_value = "all", value_parser = wallets)]
    pub wallets: Wallets,
}

/// Whose wallets are listed after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wallets {
    /// Every user's.
    All,
    /// Those of users who were issued something.
    Holders,
    /// Those of so many users, evenly spread over all, for runs so large that listing all would take longer than the run.
    Spread(u64),
}

impl Wallets {
    /// The users, of `users` and of those who hold something.
    pub fn of(self, users: u64, holders: impl FnOnce() -> Vec<u64>) -> Vec<u64> {
        match self {
            Self::All => (0..users).collect(),
            Self::Holders => holders(),
            Self::Spread(at_most) => (0..users).step_by(users.div_ceil(at_most) as usize).collect(),
        }
    }
}

/// Whose messages are echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Messages {
    /// Those of the flash sale.
    Claims,
    /// Those of the tills.
    Redemptions,
    /// Those of tills in two steps: holds, each followed by its capture.
    Holds,
}

/// How the load is made, on whom, and where the figures go.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// How requests travel.
    #[arg(long, value_enum, default_value_t = Mode::Stream)]
    pub mode: Mode,
    /// Connections; in stream mode each carries one stream.
    #[arg(long, default_value_t = 4, value_parser = positive)]
    pub connections: usize,
    /// Operations in flight over all connections [default: 8192 for streams, 64 for unary; mixed: 256 and 64 tills; checkout: 64 users; bulk: 64;
    /// holds of one hot card or of few: 4096 at most].
    #[arg(long, value_parser = positive)]
    pub in_flight: Option<usize>,
    /// Most items in a message of a stream; fewer go when the window has no more room.
    #[arg(long, default_value_t = 256, value_parser = batch)]
    pub batch: usize,
    /// Open loop: operations per second, which for holds are pairs, latency from the instant each was due [default: closed loop].
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Of 100 operations, how many earlier ones are sent again under the same request id [default: 1; o2o: 0].
    #[arg(long)]
    pub retries: Option<f64>,
    /// Threads of the load generator.
    #[arg(long, default_value_t = 1, value_parser = positive)]
    pub threads: usize,
    /// Chooses everything random; the same seed is the same load.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of the run, part of every identifier [default: by chance, so that runs on one server do not meet].
    #[arg(long)]
    pub run: Option<u64>,
    /// The server under load.
    #[arg(long, default_value = "http://127.0.0.1:7411")]
    pub endpoint: String,
    /// Starts this server program on a temporary data directory instead, and stops it afterwards.
    #[arg(long, conflicts_with = "endpoint")]
    pub server: Option<PathBuf>,
    /// One more argument of `serve`; can be repeated.
    #[arg(long, requires = "server", allow_hyphen_values = true)]
    pub server_arg: Vec<String>,
    /// One more argument of `init`; can be repeated.
    #[arg(long, requires = "server", allow_hyphen_values = true)]
    pub init_arg: Vec<String>,
    /// Where that data directory is made: choose the disk that is to be measured.
    #[arg(long)]
    pub scratch: Option<PathBuf>,
    /// Kills that server with SIGKILL so many seconds after it serves, and starts it again.
    #[arg(long, requires = "server", value_parser = seconds)]
    pub kill_every: Option<Duration>,
    /// How often. The scenario is repeated, with fresh users, until it has happened.
    #[arg(long, requires = "kill_every", default_value_t = 1)]
    pub kills: u32,
    /// Kills it a random time up to twice as long after it serves.
    #[arg(long, requires = "kill_every")]
    pub kill_at_random: bool,
    /// Of 100 starts after a kill, how many are killed too, at a random instant before they serve.
    #[arg(long, requires = "kill_every", default_value_t = 0.0, value_parser = most_of_100)]
    pub kill_starts: f64,
    /// Fills the disk of the data directory so many seconds after there was room, and makes room again as long after writes were
    /// refused. Choose a small --scratch of its own.
    #[arg(long, requires_all = ["server", "scratch"], conflicts_with = "kill_every", value_parser = seconds)]
    pub fill_every: Option<Duration>,
    /// How often. The scenario is repeated, with fresh users, until it has happened.
    #[arg(long, requires = "fill_every", default_value_t = 1)]
    pub fills: u32,
    /// Sites at which calls of the system fail, instead of kills; scenarios choose them.
    #[arg(skip)]
    pub sites: Vec<Site>,
    /// Has the server take a snapshot, then replay and compare with its live state, in turn, each so many seconds after the one
    /// before, while the load runs.
    #[arg(long, value_parser = seconds)]
    pub snapshot_every: Option<Duration>,
    /// Runs `verify` on the data directory after each kill, before the restart, and after the stop [default: with
    /// --snapshot-every].
    #[arg(long, requires = "server", num_args = 0..=1, default_missing_value = "true")]
    pub verify_after_kill: Option<bool>,
    /// Runs the echo first and states the ratio.
    #[arg(long)]
    pub with_echo: bool,
    /// Threads of the echo's server.
    #[arg(long, default_value_t = 1, value_parser = positive)]
    pub echo_threads: usize,
    /// Writes the figures as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Writes the latency distribution in the text form of HdrHistogram, in microseconds.
    #[arg(long)]
    pub hgrm: Option<PathBuf>,
}

impl Common {
    /// Whether the data directory is verified when no server holds it.
    pub fn verifies(&self) -> bool {
        self.verify_after_kill.unwrap_or(self.snapshot_every.is_some())
    }

    /// Whether the server is killed, or ended by failing calls, while the load runs.
    pub fn is_killed(&self) -> bool {
        self.kill_every.is_some() || !self.sites.is_empty()
    }

    /// What the server goes through while the load runs.
    pub fn weather(&self) -> Weather {
        Weather { is_killed: self.is_killed(), has_failing_disks: !self.sites.is_empty() || self.fill_every.is_some() }
    }

    /// When the server is killed, if it is.
    pub fn schedule(&self) -> Option<Schedule> {
        self.kill_every.map(|every| Schedule {
            every,
            at_random: self.kill_at_random,
            kills: self.kills,
            starts_percent: self.kill_starts,
            verifies: self.verifies(),
            seed: self.seed,
        })
    }

    /// The load; `retries_percent` unless the command line says otherwise.
    pub fn load(&self, retries_percent: f64) -> Result<Load, Error> {
        let percent = self.retries.unwrap_or(retries_percent);
        if !(0.0..=50.0).contains(&percent) {
            return Err(Error::Usage("--retries goes from 0 to 50"));
        }
        let in_flight_default = match self.mode {
            Mode::Stream => 8_192,
            Mode::Unary => 64,
        };
        Ok(Load {
            mode: self.mode,
            connections: self.connections,
            in_flight: self.in_flight.unwrap_or(in_flight_default),
            batch: self.batch,
            rate: self.rate,
            retry_every: if percent > 0.0 { (100.0 / percent).round() as u64 } else { 0 },
            seed: self.seed,
        })
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| "a whole number from 1".to_owned())
}

fn batch(text: &str) -> Result<usize, String> {
    positive(text).ok().filter(|&items| items <= 1_024).ok_or_else(|| "a whole number from 1 to 1024".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number.filter(|&rate| rate > 0.0 && rate.is_finite()).ok_or_else(|| "a number above 0".to_owned())
}

fn wallets(text: &str) -> Result<Wallets, String> {
    match text {
        "all" => Ok(Wallets::All),
        "holders" => Ok(Wallets::Holders),
        _ => match text.parse() {
            Ok(users) if users > 0 => Ok(Wallets::Spread(users)),
            _ => Err("all, holders, or a number of users from 1".to_owned()),
        },
    }
}

fn most_of_100(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|percent| (0.0..=90.0).contains(percent)).ok_or_else(|| "a number from 0 to 90".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    rate(text).and_then(|seconds| Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()))
}
