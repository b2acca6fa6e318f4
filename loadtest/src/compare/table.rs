//! A comparison for people.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::{
    Comparison, Line,
    spread::{Spread, Verdict},
};

/// One figure a line, and under them what a reader should know.
pub fn text(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["figure", "before", "after", "after / before", ""]);
    for line in &comparison.figures {
        row(&mut table, line);
    }
    let notes: String = comparison.notes.iter().map(|note| format!("\n{note}")).collect();
    format!("{table}{notes}")
}

fn row(table: &mut Table, line: &Line) {
    let ratio = line.ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.3}"));
    let verdict = match line.verdict {
        Some(Verdict::Better) => "better",
        Some(Verdict::Worse) => "worse",
        Some(Verdict::Alike) => "alike",
        Some(Verdict::Unclear) => "unclear",
        Some(Verdict::Neither) | None => "",
    };
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let name = format!("{} {}", line.name.replace('_', " "), line.unit);
    table.add_row([
        Cell::new(name.trim_end()),
        right(side(&line.before)),
        right(side(&line.after)),
        right(ratio),
        Cell::new(verdict),
    ]);
}

fn side(spread: &Option<Spread>) -> String {
    match spread {
        None => "–".to_owned(),
        Some(one) if one.runs == 1 => number(one.median),
        Some(some) => format!("{} ({} … {})", number(some.median), number(some.min), number(some.max)),
    }
}

/// With as many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
