//! What the page is about: every file, its colour and its load, and what a reader should know before comparing.

use super::{Shown, number, text::escaped};
use crate::{compare::kind, error::Error, report::Saved};

/// The scenarios, each named once.
pub fn title(shown: &[Shown<'_>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in shown {
        if !names.contains(&one.run.scenario.as_str()) {
            names.push(&one.run.scenario);
        }
    }
    format!("{} under load", names.join(", "))
}

/// The legend, and notes.
pub fn about(files: &[Saved], shown: &[Shown<'_>]) -> String {
    let runs: String = shown.iter().map(line).collect();
    let has_echo = shown.iter().any(|one| one.run.echo.as_ref().is_some_and(|echo| echo.series.is_some()));
    let echo = "<li class=\"key\"><span class=\"swatch echo\"></span><span>dashed: the same messages on a bare server (echo)</span></li>\n";
    let notes: String = notes(files, shown).iter().map(|note| format!("<p class=\"note\">{}</p>\n", escaped(note))).collect();
    format!("<ul class=\"runs\">\n{runs}{}</ul>\n{notes}", if has_echo { echo } else { "" })
}

fn line(one: &Shown<'_>) -> String {
    let (label, load) = (escaped(&one.label), escaped(&load(one)));
    format!(
        "<li><span class=\"swatch {}\"></span><span><b>{label}</b> <span class=\"load\">{load}</span></span></li>\n",
        one.colour
    )
}

fn load(one: &Shown<'_>) -> String {
    let (run, shape) = (one.run, &one.run.shape);
    let pace = shape.rate.map_or("closed loop".to_owned(), |rate| format!("open loop at {}/s", number::whole(rate)));
    let mut said = vec![
        run.scenario.clone(),
        format!("{:?}", shape.mode).to_lowercase(),
        format!("{} connections", shape.connections),
        format!("{} in flight", number::whole(shape.in_flight as f64)),
        pace,
    ];
    let asked = |(option, value): (&String, &String)| {
        // Only numbers without a fraction read better with thousands told apart.
        let value = value.parse::<u64>().map_or(value.clone(), |count| number::whole(count as f64));
        format!("{} {value}", option.replace('_', " "))
    };
    said.extend(run.asked.iter().map(asked));
    said.join(" · ")
}

fn notes(files: &[Saved], shown: &[Shown<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    let unlike = files.split_first().and_then(|(first, others)| others.iter().find_map(|other| kind::check(first, other).err()));
    if let Some(Error::Incomparable { what, one, other }) = unlike {
        notes.push(format!("These runs are not of one kind: {what} is {} in one and {} in another.", one.1, other.1));
    }
    for one in shown {
        if one.run.violations > 0 {
            let count = number::whole(one.run.violations as f64);
            notes.push(format!("{}: {count} violations. Its figures are those of a wrong server.", one.label));
        }
        if let Some(times) = one.run.figures.client_over_server() {
            let what = "the server's processor time: the client may be what was measured.";
            notes.push(format!("{}: the client used {times:.1} times {what}", one.label));
        }
    }
    notes
}
