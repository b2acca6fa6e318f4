//! The figures that people ask for first, one tile each.

use super::{Shown, number, text::escaped};
use crate::{compare::figure::server_cpu_us_per_operation, report::saved::Run};

/// A tile's figure: the number itself, and what stands beside it.
type Told = fn(&Run) -> Option<(String, String)>;

/// All tiles.
pub fn tiles(shown: &[Shown<'_>]) -> String {
    let is_all = |names: &[&str]| shown.iter().all(|one| names.contains(&one.run.scenario.as_str()));
    let operations = match () {
        () if is_all(&["flash-sale", "o2o"]) => "claims a second",
        () if is_all(&["pos"]) => "redemptions a second",
        () if is_all(&["holds"]) => "pairs a second",
        () if is_all(&["gift"]) => "gifts a second",
        () => "operations a second",
    };
    let all: [(&str, Told); 10] = [
        (operations, throughput),
        ("p50 latency", |run| latency(run, |us| us.p50)),
        ("p99 latency", |run| latency(run, |us| us.p99)),
        ("p99.9 latency", |run| latency(run, |us| us.p999)),
        ("server CPU an operation", |run| cpu(server_cpu_us_per_operation(run), run.figures.server_cores)),
        ("client CPU an operation", |run| cpu(run.figures.client_cpu_us_per_operation, run.figures.client_cores)),
        ("syncs", syncs),
        ("accepted/group", group),
        ("log bytes/accepted", bytes),
        ("facts checked", checked),
    ];
    let tiles: String = all.into_iter().map(|(name, told)| tile(name, told, shown)).collect();
    format!("<section class=\"tiles\" aria-label=\"Headline figures\">\n{tiles}</section>\n")
}

fn tile(name: &str, told: Told, shown: &[Shown<'_>]) -> String {
    let lines: String = shown.iter().map(|one| line(told(one.run), one, shown.len() > 1)).collect();
    let class = if shown.len() > 1 { "tile several" } else { "tile only" };
    format!("<div class=\"{class}\"><h2>{}</h2>{lines}</div>\n", escaped(name))
}

fn line(told: Option<(String, String)>, one: &Shown<'_>, is_named: bool) -> String {
    let (figure, beside) = told.unwrap_or_else(|| ("–".to_owned(), "not in this file".to_owned()));
    let label = escaped(&one.label);
    let swatch = match is_named {
        true => format!("<span class=\"swatch {}\" title=\"{label}\" role=\"img\" aria-label=\"{label}\"></span>", one.colour),
        false => String::new(),
    };
    format!("<p>{swatch}<b>{}</b> <span>{}</span></p>", escaped(&figure), escaped(&beside))
}

fn throughput(run: &Run) -> Option<(String, String)> {
    let beside = match &run.echo {
        Some(echo) => format!("{:.2} of the echo’s {}", echo.ratio, number::short(hundreds(echo.figures.operations_per_second))),
        None => format!("{} in {:.1} s", number::whole(run.figures.operations as f64), run.figures.seconds),
    };
    Some((number::whole(run.figures.operations_per_second), beside))
}

/// For reading, an echo's rate needs three digits.
fn hundreds(rate: f64) -> f64 {
    let unit = 10_f64.powf((rate.abs().max(1.0).log10().floor() - 2.0).max(0.0));
    (rate / unit).round() * unit
}

fn latency(run: &Run, of: fn(&crate::report::Latency) -> f64) -> Option<(String, String)> {
    let echo = run.echo.as_ref().map(|echo| format!("echo {}", number::time(of(&echo.figures.latency_us))));
    Some((number::time(of(&run.figures.latency_us)), echo.unwrap_or_default()))
}

fn cpu(each_us: Option<f64>, cores: Option<f64>) -> Option<(String, String)> {
    let cores = cores.map_or(String::new(), |cores| format!("{cores:.2} cores"));
    Some((number::time(each_us?), cores))
}

fn syncs(run: &Run) -> Option<(String, String)> {
    let server = run.server.as_ref()?;
    let beside = server.sync_times.as_ref().map_or(String::new(), |times| format!("p50 {}", number::time(times.p50_us)));
    Some((number::whole(server.syncs as f64), beside))
}

fn group(run: &Run) -> Option<(String, String)> {
    let server = run.server.as_ref()?;
    let is_told = server.groups > 0;
    let frames = if is_told { format!("{} frames", number::digits(server.frames_per_group)) } else { String::new() };
    Some((number::digits(server.accepted_per_group), frames))
}

fn bytes(run: &Run) -> Option<(String, String)> {
    let server = run.server.as_ref()?;
    let disk = format!("{} on disk", number::digits(server.disk_bytes_per_accepted));
    Some((number::digits(server.log_bytes_per_accepted), disk))
}

fn checked(run: &Run) -> Option<(String, String)> {
    let violations = match run.violations {
        0 => "no violation".to_owned(),
        some => format!("{} VIOLATIONS", number::whole(some as f64)),
    };
    Some((number::whole(run.checked as f64), violations))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::saved::tests::OLD;

    #[test]
    fn a_tile_has_a_line_for_every_file_in_its_colour() {
        let run: Run = serde_json::from_str(OLD).unwrap();
        let shown = [0, 1].map(|number| Shown { label: format!("run {number}"), colour: format!("c{number}"), run: &run });
        let (one, both) = (tiles(&shown[..1]), tiles(&shown));
        assert!(one.contains("<h2>claims a second</h2><p><b>1,000</b>") && !one.contains("swatch"), "{one}");
        assert!(one.contains("10.0 µs") && one.contains("1.50 ms") && one.contains("1.50 cores"), "{one}");
        assert_eq!(both.matches("class=\"swatch c1\"").count(), 10);
    }

    #[test]
    fn what_a_file_lacks_is_said_to_be_missing() {
        let mut run: Run = serde_json::from_str(OLD).unwrap();
        run.server = None;
        assert!(tiles(&[Shown { label: "x".to_owned(), colour: "c0".to_owned(), run: &run }]).contains("<b>–</b>"));
    }

    #[test]
    fn an_echo_s_rate_has_three_digits() {
        assert_eq!([1_136_355.0, 85_432.0, 12.3, 0.0].map(hundreds), [1_140_000.0, 85_400.0, 12.0, 0.0]);
    }
}
