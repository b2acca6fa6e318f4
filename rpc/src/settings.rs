//! Settings of a server: defaults, then a TOML file, then `TESSERA__…` of the environment, then flags.
//!
//! Every key is known: a misspelt one is refused, not ignored. Sections are named after the room that uses them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::{Deserialize, Deserializer, de::Error as _};
use tessera_engine::{node::Options, snapshots::Policy};

use crate::{gate::SEATS_LEAST, limits};

/// Smallest segment of the log that may be asked for: a group of the largest handover fits.
const SEGMENT_BYTES_LEAST: u64 = 16 << 20;

/// Segments are whole sectors.
const SECTOR_BYTES: u64 = 4 << 10;

/// Where a server listens and clients look, unless told otherwise.
pub const PORT_DEFAULT: u16 = 7411;

/// Where `serve` answers for metrics and health, unless told otherwise.
pub const METRICS_LISTEN_DEFAULT: &str = "127.0.0.1:9464";

/// Most threads of the edge: far more than any machine has cores.
const EDGE_THREADS_MAX: u64 = 1024;

/// Prefix of the environment's keys: `TESSERA__SERVER__LISTEN`.
const PREFIX: &str = "TESSERA";

/// What separates the words of such a key.
const SEPARATOR: &str = "__";

/// All settings of a server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The data directory; required in one of the four places.
    pub data_dir: Option<PathBuf>,
    /// The edge.
    pub server: Server,
    /// The engine behind it.
    pub engine: Engine,
    /// Its snapshots and its archive.
    pub snapshots: Snapshots,
    /// What is logged, and how.
    pub log: Log,
}

/// The edge.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 = any free one.
    pub listen: SocketAddr,
    /// Whether an address that other machines reach is accepted. There is no authentication yet.
    pub allow_remote: bool,
    /// Connections at once.
    pub connections_max: usize,
    /// Threads that read and write the wire; 0 = one a core.
    #[serde(deserialize_with = "edge_threads")]
    pub edge_threads: u16,
    /// Milliseconds that calls in flight may take to end after a stop was asked for.
    pub drain_deadline_ms: u64,
    /// Rows of all bulk streams together that are with the engine at once; fewer while it is busy.
    #[serde(deserialize_with = "bulk_rows_in_flight")]
    pub bulk_rows_in_flight: usize,
    /// Address and port for metrics and health over HTTP; `None`, written as an empty text, = nowhere. [`Settings::load`] begins
    /// with [`METRICS_LISTEN_DEFAULT`].
    #[serde(deserialize_with = "address_or_nothing")]
    pub metrics_listen: Option<SocketAddr>,
}

fn address_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address = (!text.is_empty()).then(|| text.parse().map_err(|fault| D::Error::custom(format!("{text:?}: {fault}"))));
    address.transpose()
}

fn edge_threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u64::deserialize(deserializer)? {
        found @ 0..=EDGE_THREADS_MAX => Ok(found as u16),
        found => Err(D::Error::custom(format!("server.edge_threads is {found}, it must be at most {EDGE_THREADS_MAX}"))),
    }
}

fn bulk_rows_in_flight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let allowed = SEATS_LEAST..=limits::STREAM_IN_FLIGHT_MAX;
    match usize::deserialize(deserializer)? {
        found if allowed.contains(&found) => Ok(found),
        found => {
            let (least, most) = allowed.into_inner();
            Err(D::Error::custom(format!("server.bulk_rows_in_flight is {found}, it must be from {least} to {most}")))
        }
    }
}

/// The engine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// Shards; 0 = one a core.
    pub shards: u16,
    /// Take a clock that lies far from the newest frame: an operator's decision.
    pub accept_clock: bool,
    /// Bytes of a new segment of the log; absent = 64 MiB. Small ones suit small disks, and start faster on slow ones.
    #[serde(deserialize_with = "segment_bytes")]
    pub segment_bytes: Option<u64>,
}

fn segment_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let most = Options::default().segment_bytes;
    let found = u64::deserialize(deserializer)?;
    match (SEGMENT_BYTES_LEAST..=most).contains(&found) && found.is_multiple_of(SECTOR_BYTES) {
        true => Ok(Some(found)),
        false => {
            let allowed = format!("a multiple of {SECTOR_BYTES} from {SEGMENT_BYTES_LEAST} to {most}");
            Err(D::Error::custom(format!("engine.segment_bytes is {found}, it must be {allowed}")))
        }
    }
}

/// Snapshots, and what becomes of the log before them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// A round begins after so many bytes of frames that no image has, those that the start replayed included; 0 = never for this reason.
    pub log_bytes: u64,
    /// A round begins after this time since the newest image if anything was written, in ms; 0 = never for this reason.
    pub interval_ms: u64,
    /// Most bytes of the archive of trimmed segments; the oldest leave first. Absent = all of them are kept.
    pub archive_bytes_max: Option<u64>,
}

impl Default for Snapshots {
    fn default() -> Self {
        let Policy { log_bytes, interval } = Policy::default();
        Self { log_bytes, interval_ms: interval.as_millis() as u64, archive_bytes_max: None }
    }
}

impl Snapshots {
    /// When a round begins by itself.
    pub fn policy(&self) -> Policy {
        Policy { log_bytes: self.log_bytes, interval: Duration::from_millis(self.interval_ms) }
    }
}

impl Settings {
    /// How many threads the edge has, on a machine of so many cores.
    pub fn edge_threads(&self, cores: u16) -> u16 {
        if self.server.edge_threads == 0 { cores } else { self.server.edge_threads }
    }

    /// The limits of the engine's log.
    pub fn log_options(&self) -> Options {
        let mut options = Options { archive_bytes_max: self.snapshots.archive_bytes_max, ..Options::default() };
        if let Some(segment_bytes) = self.engine.segment_bytes {
            // What waits must fit the reserve, which is one segment (decision 10): the queue keeps its share of it.
            let share = options.segment_bytes / options.queue_bytes_max as u64;
            options = Options { segment_bytes, queue_bytes_max: (segment_bytes / share) as usize, ..options };
        }
        options
    }
}

/// The program's own log on standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Which targets at which level: "info", "tessera_engine=debug,info".
    pub filter: String,
    /// In which form.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, PORT_DEFAULT).into(),
            allow_remote: false,
            connections_max: limits::CONNECTIONS_MAX_DEFAULT,
            edge_threads: 0,
            drain_deadline_ms: limits::DRAIN_DEADLINE_DEFAULT.as_millis() as u64,
            bulk_rows_in_flight: limits::BULK_ROWS_IN_FLIGHT_DEFAULT,
            metrics_listen: None,
        }
    }
}

impl Server {
    /// How long calls in flight may take to end.
    pub fn drain_deadline(&self) -> Duration {
        Duration::from_millis(self.drain_deadline_ms)
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Auto }
    }
}

/// What the command line says, over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`: the TOML file; it must exist.
    pub config: Option<PathBuf>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--metrics-listen`; empty = nowhere.
    pub metrics_listen: Option<String>,
    /// `--allow-remote`; absent leaves it to the other places.
    pub allow_remote: bool,
    /// `--edge-threads`.
    pub edge_threads: Option<u16>,
    /// `--shards`.
    pub shards: Option<u16>,
    /// `--accept-clock`; absent leaves it to the other places.
    pub accept_clock: bool,
}

impl Settings {
    /// Reads all four places.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let environment = Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).separator(SEPARATOR);
        Self::load_with(flags, environment.try_parsing(true))
    }

    fn load_with(flags: &Flags, environment: Environment) -> Result<Self, ConfigError> {
        let mut builder = Config::builder().set_default("server.metrics_listen", METRICS_LISTEN_DEFAULT)?;
        if let Some(path) = &flags.config {
            builder = builder.add_source(File::from(path.as_path()).format(FileFormat::Toml).required(true));
        }
        let data_dir = flags.data_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
        builder
            .add_source(environment)
            .set_override_option("data_dir", data_dir)?
            .set_override_option("server.listen", flags.listen.map(|listen| listen.to_string()))?
            .set_override_option("server.metrics_listen", flags.metrics_listen.clone())?
            .set_override_option("server.allow_remote", flags.allow_remote.then_some(true))?
            .set_override_option("server.edge_threads", flags.edge_threads)?
            .set_override_option("engine.shards", flags.shards)?
            .set_override_option("engine.accept_clock", flags.accept_clock.then_some(true))?
            .build()?
            .try_deserialize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let pairs = pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let environment = Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).separator(SEPARATOR);
        environment.try_parsing(true).source(Some(pairs))
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn defaults_listen_on_loopback() {
        let settings = Settings::load_with(&Flags::default(), environment(&[])).unwrap();
        assert_eq!(settings.server.listen, "127.0.0.1:7411".parse().unwrap());
        assert!(!settings.server.allow_remote);
    }

    #[test]
    fn a_file_is_over_the_defaults_and_leaves_the_rest() {
        let file = file("[engine]\nshards = 3\n");
        let flags = Flags { config: Some(file.path().to_owned()), ..Default::default() };
        let settings = Settings::load_with(&flags, environment(&[])).unwrap();
        assert_eq!((settings.engine.shards, settings.server.connections_max), (3, 1024));
    }

    #[test]
    fn the_environment_is_over_the_file() {
        let file = file("[engine]\nshards = 3\n");
        let flags = Flags { config: Some(file.path().to_owned()), ..Default::default() };
        let settings = Settings::load_with(&flags, environment(&[("TESSERA__ENGINE__SHARDS", "4")])).unwrap();
        assert_eq!(settings.engine.shards, 4);
    }

    #[test]
    fn a_flag_is_over_the_environment() {
        let flags = Flags { shards: Some(5), ..Default::default() };
        let settings = Settings::load_with(&flags, environment(&[("TESSERA__ENGINE__SHARDS", "4")])).unwrap();
        assert_eq!(settings.engine.shards, 5);
    }

    #[test]
    fn metrics_are_on_loopback_elsewhere_or_off() {
        let load = |flag: Option<&str>| {
            let flags = Flags { metrics_listen: flag.map(str::to_owned), ..Default::default() };
            Settings::load_with(&flags, environment(&[])).map(|settings| settings.server.metrics_listen)
        };
        assert_eq!(load(None).unwrap(), Some("127.0.0.1:9464".parse().unwrap()));
        assert_eq!(load(Some("127.0.0.1:1")).unwrap(), Some("127.0.0.1:1".parse().unwrap()));
        assert_eq!(load(Some("")).unwrap(), None);
        assert!(load(Some("nowhere")).unwrap_err().to_string().contains("nowhere"));
    }

    #[test]
    fn metrics_are_turned_off_by_the_environment_too() {
        let off = environment(&[("TESSERA__SERVER__METRICS_LISTEN", "")]);
        assert_eq!(Settings::load_with(&Flags::default(), off).unwrap().server.metrics_listen, None);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let file = file("[server]\nlisten_to = \"127.0.0.1:1\"\n");
        let flags = Flags { config: Some(file.path().to_owned()), ..Default::default() };
        let error = Settings::load_with(&flags, environment(&[])).unwrap_err();
        assert!(error.to_string().contains("listen_to"), "{error}");
    }

    #[test]
    fn what_waits_for_the_log_fits_its_reserve_whatever_a_segment_has() {
        let load =
            |bytes: &str| Settings::load_with(&Flags::default(), environment(&[("TESSERA__ENGINE__SEGMENT_BYTES", bytes)]));
        let small = load("16777216").unwrap().log_options();
        assert_eq!((small.segment_bytes, small.queue_bytes_max), (16 << 20, 8 << 20));
        let usual = Settings::load_with(&Flags::default(), environment(&[])).unwrap().log_options();
        assert_eq!((usual.segment_bytes, usual.queue_bytes_max), (64 << 20, 32 << 20));
        for refused in ["16773120", "16777217", "67112960"] {
            let error = load(refused).unwrap_err().to_string();
            assert!(error.contains(refused) && error.contains("a multiple of 4096 from 16777216 to 67108864"), "{error}");
        }
    }

    #[test]
    fn the_edge_has_a_thread_a_core_unless_it_is_told() {
        let load = |pairs: &[(&str, &str)]| Settings::load_with(&Flags::default(), environment(pairs));
        assert_eq!([1, 8].map(|cores| load(&[]).unwrap().edge_threads(cores)), [1, 8]);
        assert_eq!(load(&[("TESSERA__SERVER__EDGE_THREADS", "3")]).unwrap().edge_threads(2), 3);
        let error = load(&[("TESSERA__SERVER__EDGE_THREADS", "1025")]).unwrap_err().to_string();
        assert!(error.contains("server.edge_threads is 1025, it must be at most 1024"), "{error}");
    }

    #[test]
    fn bulk_work_has_seats_and_they_are_bounded() {
        let load =
            |rows: &str| Settings::load_with(&Flags::default(), environment(&[("TESSERA__SERVER__BULK_ROWS_IN_FLIGHT", rows)]));
        assert_eq!(Settings::load_with(&Flags::default(), environment(&[])).unwrap().server.bulk_rows_in_flight, 128);
        assert_eq!(load("16").unwrap().server.bulk_rows_in_flight, 16);
        for refused in ["15", "16385"] {
            let error = load(refused).unwrap_err().to_string();
            assert!(error.contains(refused) && error.contains("from 16 to 16384"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_refused() {
        let flags = Flags { config: Some("no-such-file.toml".into()), ..Default::default() };
        assert!(Settings::load_with(&flags, environment(&[])).is_err());
    }
}
