//! Latency by percentile, in the manner of HdrHistogram: each nine has the room of the one before, so that the tail is seen.

use super::{
    Shown, number,
    over_time::gaps,
    plot::{Axis, Line, Plot},
    scale::Scale,
};
use crate::report::Series;

/// From the (intended) send to the answer.
pub fn latency(shown: &[Shown<'_>]) -> Plot {
    let of = |one: &Shown<'_>, series: &Series, is_echo| Line {
        label: one.label.clone(),
        colour: one.colour.clone(),
        is_echo,
        points: points(series),
        rows: None,
        is_filled: false,
    };
    let own = shown.iter().filter_map(|one| Some(of(one, one.run.series.as_ref()?, false)));
    let echoes = shown.iter().filter_map(|one| Some(of(one, one.run.echo.as_ref()?.series.as_ref()?, true)));
    let lines: Vec<_> = own.chain(echoes).collect();
    let quantiles = lines.iter().flat_map(|line| &line.points).map(|&(inverse, _)| quantile(inverse));
    let x = Axis { label: "share of operations", scale: Scale::nines(quantiles), write: |inverse| share(quantile(inverse)) };
    let times = lines.iter().flat_map(|line| &line.points).map(|point| point.1);
    let y = Axis { label: "answered within", scale: Scale::log(times, number::short_time), write: number::time };
    let said = "How long an answer took, at most, for the fastest share of operations. Both axes are logarithmic.".to_owned();
    Plot { id: "latency", title: "Latency by percentile", said, x, y, lines, gaps: gaps(shown, |_| None), keys: Vec::new() }
}

/// 1 / (1 - quantile) and time. 0 % is the quickest answer, of which nobody asks; 100 % lies beyond every nine.
fn points(series: &Series) -> Vec<(f64, f64)> {
    let drawn = series.latency.iter().filter(|point| point.quantile > 0.0 && point.quantile < 1.0);
    drawn.map(|point| (1.0 / (1.0 - point.quantile), point.us)).collect()
}

fn quantile(inverse: f64) -> f64 {
    1.0 - 1.0 / inverse
}

/// With as many digits as its nines need.
fn share(quantile: f64) -> String {
    let nines = -(1.0 - quantile).log10();
    format!("{:.*} %", nines.clamp(0.0, 9.0) as usize + 1, quantile * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::series::Percentile;

    #[test]
    fn a_share_has_the_digits_of_its_nines() {
        assert_eq!([0.0, 0.5, 0.991, 0.99995].map(share), ["0.0 %", "50.0 %", "99.100 %", "99.99500 %"]);
    }

    #[test]
    fn everything_is_beyond_the_axis_and_nonsense_is_not_drawn() {
        let of = |quantile| Percentile { quantile, us: 5.0 };
        let series = Series { latency: [0.0, 0.5, 1.0, -1.0, f64::NAN].map(of).into(), ..Series::default() };
        assert_eq!(points(&series), [(2.0, 5.0)]);
    }
}
