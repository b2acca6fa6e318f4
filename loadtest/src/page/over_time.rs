//! What went on over time: answers, and processors of both sides.

use super::{
    Shown, number,
    plot::{Axis, Line, OLDER, Plot},
    scale::{self, Scale},
};
use crate::report::{Series, series::Answers};
use crate::server::usage::Cores;

/// Of one measurement: points over time.
type Points = fn(&Series) -> Vec<(f64, f64)>;

/// Operations answered a second.
pub fn throughput(shown: &[Shown<'_>]) -> Plot {
    let answered: Points = |series| series.throughput.iter().map(|one| (middle(one), one.per_second())).collect();
    let mut lines = lines(shown, answered);
    let mut keys = Vec::new();
    if let ([only], [line, ..]) = (shown, lines.as_mut_slice()) {
        // Of one run there is room to show what came of the answers.
        let accepted: Points = |series| series.throughput.iter().map(|one| (middle(one), one.accepted_per_second())).collect();
        let points = only.run.series.as_ref().map(accepted).unwrap_or_default();
        let (label, colour) = (format!("{}, accepted", only.label), "accepted".to_owned());
        keys = vec![(line.colour.clone(), "answered"), (colour.clone(), "accepted")];
        line.is_filled = !line.is_echo;
        lines.push(Line { label, colour, is_echo: false, points, rows: None, is_filled: false });
    }
    let gaps = gaps(shown, |_| None);
    let units: Writers = ("operations a second", number::short, number::whole);
    Plot { keys, ..plot("throughput", "Throughput over time", "Operations answered.", lines, gaps, units) }
}

/// Processors that the server kept busy.
pub fn server_cores(shown: &[Shown<'_>]) -> Plot {
    let cores: Points = |series| series.cores.iter().map(|one| (centre(one), one.server.unwrap_or(f64::NAN))).collect();
    let gaps = gaps(shown, |series| {
        let is_known = series.cores.iter().any(|one| one.server.is_some());
        (!is_known).then_some("has no processor time of the server: it was not started here, or it was killed")
    });
    let said = "Processor time of the server's process, in cores.";
    plot("server-cores", "Server, cores busy", said, lines(shown, cores), gaps, ("cores", number::short, number::digits))
}

/// Processors that the load generator kept busy.
pub fn client_cores(shown: &[Shown<'_>]) -> Plot {
    let cores: Points = |series| series.cores.iter().map(|one| (centre(one), one.client.unwrap_or(f64::NAN))).collect();
    let gaps = gaps(shown, |series| {
        let is_known = series.cores.iter().any(|one| one.client.is_some());
        (!is_known).then_some("has no processor time of the load generator")
    });
    let said = "Processor time of the load generator's process. More than the server's, and it may be what was measured.";
    plot("client-cores", "Client, cores busy", said, lines(shown, cores), gaps, ("cores", number::short, number::digits))
}

type Writers = (&'static str, fn(f64) -> String, fn(f64) -> String);

fn plot(
    id: &'static str,
    title: &'static str,
    said: &str,
    lines: Vec<Line>,
    gaps: Vec<String>,
    (label, tick, cell): Writers,
) -> Plot {
    let values = |which: fn(&(f64, f64)) -> f64| lines.iter().flat_map(|line| &line.points).map(which);
    let x =
        Axis { label: "time", scale: Scale::until(values(|point| point.0), scale::seconds), write: |at| format!("{at:.3} s") };
    let y = Axis { label, scale: Scale::up_to(values(|point| point.1), tick), write: cell };
    Plot { id, title, said: said.to_owned(), x, y, lines, gaps, keys: Vec::new() }
}

/// Of every file its own line, and its echo's if it has one.
fn lines(shown: &[Shown<'_>], points: Points) -> Vec<Line> {
    let of = |one: &Shown<'_>, series: &Series, is_echo| {
        let points = points(series);
        (!points.is_empty()).then(|| Line {
            label: one.label.clone(),
            colour: one.colour.clone(),
            is_echo,
            points,
            rows: None,
            is_filled: false,
        })
    };
    let own = shown.iter().filter_map(|one| of(one, one.run.series.as_ref()?, false));
    let echoes = shown.iter().filter_map(|one| of(one, one.run.echo.as_ref()?.series.as_ref()?, true));
    own.chain(echoes).collect()
}

/// What files lack.
pub fn gaps(shown: &[Shown<'_>], lacks: impl Fn(&Series) -> Option<&'static str>) -> Vec<String> {
    let said = shown.iter().filter_map(|one| {
        let what = one.run.series.as_ref().map_or(Some(OLDER), &lacks)?;
        Some(format!("{} {what}.", one.label))
    });
    said.collect()
}

fn middle(interval: &Answers) -> f64 {
    f64::midpoint(interval.begin_seconds, interval.end_seconds)
}

fn centre(interval: &Cores) -> f64 {
    f64::midpoint(interval.begin_seconds, interval.end_seconds)
}
