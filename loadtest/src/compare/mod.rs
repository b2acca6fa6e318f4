//! `compare`: whether some runs are better or worse than others.
//!
//! Machines differ from one minute to the next, so several runs a side are worth more than one: then medians are compared, and a
//! difference counts when no run contradicts it. Runs of different kinds are refused, unless the caller knows better.

pub mod figure;
pub mod kind;
pub mod spread;
pub mod table;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use self::{
    figure::{Better, FIGURES, Figure},
    spread::{Spread, Verdict},
};
use crate::{error::Error, report::Saved};

/// What is to be compared.
#[derive(Clone, Debug, Args)]
pub struct Asked {
    /// One run before and one after, as --json wrote them.
    #[arg(num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with_all = ["before", "after"],
          required_unless_present_all = ["before", "after"])]
    pub files: Vec<PathBuf>,
    /// A run before; can be repeated.
    #[arg(long, requires = "after")]
    pub before: Vec<PathBuf>,
    /// A run after; can be repeated.
    #[arg(long, requires = "before")]
    pub after: Vec<PathBuf>,
    /// Compares runs of different scenarios or shapes too.
    #[arg(long)]
    pub anyway: bool,
    /// Exits 1 when the throughput after is below so many times the one before.
    #[arg(long, value_parser = ratio)]
    pub fail_below: Option<f64>,
    /// Prints JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// One figure on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Before; null = no run has it.
    pub before: Option<Spread>,
    /// After.
    pub after: Option<Spread>,
    /// The median after over the one before.
    pub ratio: Option<f64>,
    /// What that says.
    pub verdict: Option<Verdict>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The files before.
    pub before: Vec<PathBuf>,
    /// The files after.
    pub after: Vec<PathBuf>,
    /// The throughput after over the one before.
    pub throughput_ratio: Option<f64>,
    /// Whether that is below what was asked for.
    pub failed: bool,
    /// Every figure that some run has.
    pub figures: Vec<Line>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Asked {
    /// Reads and compares.
    ///
    /// # Errors
    /// When a file is no run's, or runs of different kinds are compared.
    pub fn compare(&self) -> Result<Comparison, Error> {
        let (before, after) = match self.files.as_slice() {
            [before, after] => (std::slice::from_ref(before), std::slice::from_ref(after)),
            _ => (self.before.as_slice(), self.after.as_slice()),
        };
        let (before, after) = (Saved::read_all(before)?, Saved::read_all(after)?);
        if !self.anyway {
            // All against the first: what is like one is like the others.
            let first = before.first().ok_or(Error::Usage("a comparison needs a run before"))?;
            before.iter().skip(1).chain(&after).try_for_each(|other| kind::check(first, other))?;
        }
        Ok(Comparison::of(&before, &after, self.fail_below))
    }
}

impl Comparison {
    /// Of these runs; failed if the throughput's ratio is below `ratio_min`.
    pub fn of(before: &[Saved], after: &[Saved], ratio_min: Option<f64>) -> Self {
        let lines = FIGURES.iter().map(|figure| Line::of(figure, before, after));
        let figures: Vec<_> = lines.filter(|line| line.before.is_some() || line.after.is_some()).collect();
        let throughput_ratio = figures.iter().find(|line| line.name == FIGURES[0].name).and_then(|line| line.ratio);
        // Without a ratio nothing was shown to be good enough.
        let failed = ratio_min.is_some_and(|least| throughput_ratio.is_none_or(|ratio| ratio < least));
        let mut notes = notes(before, after);
        if let (true, Some(least)) = (failed, ratio_min) {
            notes.push(format!("FAILED: throughput is {:.3} of what it was, below {least}", throughput_ratio.unwrap_or(0.0)));
        }
        let paths = |side: &[Saved]| side.iter().map(|saved| saved.path.clone()).collect();
        Self { before: paths(before), after: paths(after), throughput_ratio, failed, figures, notes }
    }

    /// The same for programs.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::file("the comparison")(error.into()))
    }
}

impl Line {
    fn of(figure: &Figure, before: &[Saved], after: &[Saved]) -> Self {
        let spread = |side: &[Saved]| Spread::of(side.iter().filter_map(|saved| (figure.of)(&saved.run)));
        let (before, after) = (spread(before), spread(after));
        let both = before.zip(after);
        let ratio = both.and_then(|(before, after)| after.ratio(&before));
        let verdict = both.map(|(before, after)| after.verdict(&before, figure.better));
        Self { name: figure.name, unit: figure.unit, better: figure.better, before, after, ratio, verdict }
    }
}

fn notes(before: &[Saved], after: &[Saved]) -> Vec<String> {
    let mut notes = Vec::new();
    if before.len() == 1 || after.len() == 1 {
        notes.push("one run on a side: how far runs lie apart is unknown, a difference may be the machine's".to_owned());
    }
    let is_silent = |saved: &&Saved| saved.run.asked.is_empty();
    if let Some(old) = before.iter().chain(after).find(is_silent) {
        notes.push(format!("{} is of an older version: what its scenario was told to do is unknown", old.path.display()));
    }
    for Saved { path, run } in before.iter().chain(after) {
        if run.violations > 0 {
            notes.push(format!("{}: {} violations, its figures are those of a wrong server", path.display(), run.violations));
        }
        if let Some(times) = run.figures.client_over_server() {
            notes.push(format!("{}: the client used {times:.1} times the server's processor time", path.display()));
        }
    }
    notes
}

fn ratio(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|ratio: &f64| *ratio > 0.0 && ratio.is_finite()).ok_or_else(|| "a number above 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::tests::OLD;

    fn runs(throughputs: &[u32]) -> Vec<Saved> {
        let run = |throughput: &u32| serde_json::from_str(&OLD.replace("1000.0", &throughput.to_string())).unwrap();
        throughputs.iter().map(|throughput| Saved { path: "run.json".into(), run: run(throughput) }).collect()
    }

    #[test]
    fn medians_are_compared_and_the_rest_is_alike() {
        let comparison = Comparison::of(&runs(&[900, 1_000, 1_100]), &runs(&[1_400, 1_500, 9_000]), None);
        let throughput = &comparison.figures[0];
        assert_eq!((throughput.ratio, throughput.verdict), (Some(1.5), Some(Verdict::Better)));
        assert!(comparison.figures[1..].iter().all(|line| line.ratio.is_none_or(|ratio| ratio == 1.0)), "{comparison:?}");
        assert!(comparison.figures.iter().all(|line| line.name != "ratio_to_echo"), "what no run has is not listed");
        assert!(comparison.notes.iter().all(|note| note.contains("older version")), "{comparison:?}");
        let text = table::text(&comparison);
        assert!(text.contains("1000 (900 … 1100)") && text.contains("1.500") && text.contains("better"), "{text}");
    }

    #[test]
    fn a_throughput_below_the_gate_fails_and_says_so() {
        let gate = |least| Comparison::of(&runs(&[1_000]), &runs(&[940]), least);
        assert!(!gate(None).failed && !gate(Some(0.94)).failed);
        let failed = gate(Some(0.95));
        assert!(failed.failed && failed.notes.iter().any(|note| note.contains("0.940 of what it was, below 0.95")), "{failed:?}");
        assert!(failed.notes[0].starts_with("one run on a side"));
    }

    #[test]
    fn a_client_that_worked_more_than_the_server_is_noted() {
        let mut side = runs(&[1_000]);
        side[0].run.figures.client_cores = Some(3.0);
        side[0].run.violations = 2;
        let notes = Comparison::of(&side, &runs(&[1_000]), None).notes.join("\n");
        assert!(notes.contains("2.0 times the server's") && notes.contains("2 violations"), "{notes}");
    }
}
