//! A run read back from the JSON that it wrote, by this version or an older one.
//!
//! Only what is compared and drawn is read. A field that an older version did not write is absent; a file that is not a run's at all is
//! refused by its name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Echo, Rates, Series, Shape, StepTimes};
use crate::{error::Error, server::figures::Figures};

/// The longest file that is read: a run writes some ten thousand lines.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What a file says of its run.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    /// Name of the scenario.
    pub scenario: String,
    /// What shaped it.
    #[serde(flatten)]
    pub shape: Shape,
    /// What it was told to do; empty in older files.
    #[serde(default)]
    pub asked: BTreeMap<String, String>,
    /// The measured figures.
    #[serde(flatten)]
    pub figures: Rates,
    /// The steps of an operation, where it has several; empty in older files.
    #[serde(default)]
    pub steps: Vec<StepTimes>,
    /// Operations accepted, retries apart.
    #[serde(default)]
    pub accepted: u64,
    /// Operations refused, retries apart, by reason.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
    /// Facts compared by the checker.
    #[serde(default)]
    pub checked: u64,
    /// Facts that were wrong.
    #[serde(default)]
    pub violations: u64,
    /// The same load on a bare server.
    pub echo: Option<Echo>,
    /// What the server says of itself.
    pub server: Option<Figures>,
    /// The measurement over time and by percentile; absent in older files.
    pub series: Option<Series>,
}

/// A run and the file it stands in.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub run: Run,
}

impl Saved {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is not JSON, is the JSON of something else, or of a run that measured no operations.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::metadata(path).map_err(Error::file(path))?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(Error::LongFile { path: path.to_owned(), bytes, bytes_max: FILE_BYTES_MAX });
        }
        let text = std::fs::read(path).map_err(Error::file(path))?;
        let run: Run = serde_json::from_slice(&text).map_err(|source| match source.is_data() {
            true => Error::NoReport { path: path.to_owned(), source },
            false => Error::NotJson { path: path.to_owned(), source },
        })?;
        if run.figures.operations == 0 {
            return Err(Error::NothingMeasured { path: path.to_owned(), scenario: run.scenario });
        }
        Ok(Self { path: path.to_owned(), run })
    }

    /// Reads all of them, in their order.
    pub fn read_all(paths: &[PathBuf]) -> Result<Vec<Self>, Error> {
        paths.iter().map(|path| Self::read(path)).collect()
    }
}

/// What to call each file: its name without its ending, or its whole path if another one has that name.
pub fn labels(files: &[Saved]) -> Vec<String> {
    let name = |saved: &Saved| saved.path.file_stem().unwrap_or(saved.path.as_os_str()).to_string_lossy().into_owned();
    let names: Vec<_> = files.iter().map(name).collect();
    let is_alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let label = |(name, saved): (&String, &Saved)| if is_alone(name) { name.clone() } else { saved.path.display().to_string() };
    names.iter().zip(files).map(label).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As the first version wrote it.
    pub const OLD: &str = r#"{"scenario": "flash-sale", "mode": "stream", "connections": 4, "in_flight": 8192, "batch": 256,
        "rate": null, "threads": 1, "seed": 1, "operations": 2000, "seconds": 2, "operations_per_second": 1000.0,
        "latency_us": {"p50": 10, "p90": 20, "p99": 30, "p999": 40, "max": 50}, "client_cores": 0.5,
        "client_cpu_us_per_operation": 500, "server_cores": 1.5, "accepted": 1500, "refused": {"SOLD_OUT": 500},
        "server": {"syncs": 10, "log_bytes_per_accepted": 59.5}, "recovery_ms": []}"#;

    fn read(text: &str) -> Result<Saved, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        std::fs::write(&path, text).unwrap();
        Saved::read(&path)
    }

    #[test]
    fn an_older_file_lacks_what_was_not_written_then() {
        let run = read(OLD).unwrap().run;
        assert_eq!((run.figures.operations, run.figures.latency_us.p50, run.shape.in_flight), (2_000, 10.0, 8_192));
        assert!(run.series.is_none() && run.echo.is_none() && run.asked.is_empty());
        let server = run.server.unwrap();
        assert_eq!((server.syncs, server.log_bytes_per_accepted, server.groups), (10, 59.5, 0));
    }

    #[test]
    fn what_is_not_a_run_is_refused_by_what_it_is() {
        let refused = |text: &str| read(text).unwrap_err();
        assert!(matches!(refused("no JSON"), Error::NotJson { .. }));
        assert!(matches!(refused(&OLD[..90]), Error::NotJson { .. }));
        assert!(matches!(refused("{\"name\": \"another\"}"), Error::NoReport { .. }));
        assert!(matches!(refused("[1, 2]"), Error::NoReport { .. }));
        assert!(matches!(refused(&OLD.replace("\"seed\": 1", "\"seed\": -1")), Error::NoReport { .. }));
        assert!(matches!(refused(&OLD.replace("2000, \"seconds\"", "0, \"seconds\"")), Error::NothingMeasured { .. }));
        assert!(matches!(Saved::read(Path::new("/nowhere/run.json")), Err(Error::File { .. })));
    }

    #[test]
    fn a_file_longer_than_a_run_writes_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(matches!(Saved::read(file.path()), Err(Error::LongFile { .. })));
    }

    #[test]
    fn files_of_one_name_are_called_by_their_paths() {
        let run = read(OLD).unwrap().run;
        let files = ["a/x.json", "b/x.json", "b/y.json"].map(|path| Saved { path: path.into(), run: run.clone() });
        assert_eq!(labels(&files), ["a/x.json", "b/x.json", "y"]);
    }
}
