//! How far a run is, and what it came to in the end.

use std::path::Path;

use serde::Serialize;

use crate::{
    cli::{
        Error,
        output::{self, Output},
    },
    progress::Bar,
};

/// How many rows came to what.
pub trait Tally: Serialize {
    /// Rows of the file.
    fn rows(&self) -> u64;
    /// Those that have their outcome.
    fn done(&self) -> u64;
    /// Those that this run saw refused.
    fn refused(&self) -> u64;
    /// All counts by their names.
    fn facts(&self) -> Vec<(&'static str, u64)>;
}

/// Shows how far it is.
pub fn show(bar: &mut Bar, tally: &impl Tally) {
    bar.show_counted(tally.done(), tally.rows(), &format!("{} refused", tally.refused()));
}

/// Says what became of the rows.
///
/// # Errors
/// When any was refused: the file at `why` says why.
pub fn conclude(tally: &impl Tally, output: Output, why: &Path) -> Result<(), Error> {
    match output {
        Output::Json => output::print_json(tally)?,
        Output::Table => {
            let facts: Vec<_> = tally.facts().into_iter().map(|(name, count)| (name, count.to_string())).collect();
            output::print_facts(&facts)?;
        }
    }
    match tally.refused() {
        0 => Ok(()),
        refused => Err(Error::Operation(format!("{refused} rows were refused: {} says why", why.display()))),
    }
}
