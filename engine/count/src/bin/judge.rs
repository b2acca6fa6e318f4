//! `judge STORED COUNTED`: holds counted figures against stored ones, prints both, and fails if one became dearer than passes.

use std::process::ExitCode;
use tessera_count::judge::{Figures, Judgement};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(stored), Some(counted)) = (arguments.next(), arguments.next()) else {
        return Err("usage: judge STORED COUNTED".into());
    };
    let read = |path: String| -> Result<Figures, Box<dyn std::error::Error>> {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        Figures::parse(&text).map_err(|error| format!("{path}: {error}").into())
    };
    let judgement = Judgement::of(&read(stored)?, &read(counted)?);
    print!("{judgement}");
    Ok(if judgement.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
