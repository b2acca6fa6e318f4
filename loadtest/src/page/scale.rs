//! Axes: where a value lies between 0 and 1, and which values are written beside.
//!
//! Values come from files: whatever they are, a scale is finite and has a bounded number of ticks.

use super::number;

/// About how many ticks an axis has.
const TICKS: f64 = 5.0;

/// A logarithmic axis does not reach further than this, in powers of ten.
const EXPONENTS: (i32, i32) = (-3, 15);

/// A logarithmic axis over more powers of ten than this has ticks at them alone.
const POWERS_ONLY: f64 = 2.5;

/// The furthest quantile that is drawn, in nines.
const NINES_MAX: f64 = 9.0;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    /// Values and how they are written.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// From 0 to a round number that is not below any of `values`.
    pub fn up_to(values: impl Iterator<Item = f64>, write: fn(f64) -> String) -> Self {
        let most = greatest(values);
        let step = step(most);
        let count = (most / step).ceil().max(1.0);
        Self::linear(count * step, step, write)
    }

    /// From 0 to the greatest of `values` itself.
    pub fn until(values: impl Iterator<Item = f64>, write: fn(f64) -> String) -> Self {
        let most = greatest(values);
        Self::linear(most, step(most), write)
    }

    fn linear(high: f64, step: f64, write: fn(f64) -> String) -> Self {
        // A hair above, so that a step that ends at the end is a tick of it.
        let count = (high / step * (1.0 + 1e-9)).floor() as u32;
        let ticks = (0..=count).map(|number| f64::from(number) * step).map(|at| (at, write(at))).collect();
        Self { low: 0.0, high, is_log: false, ticks }
    }

    /// Logarithmic, between round numbers around all of `values` that are above 0.
    pub fn log(values: impl Iterator<Item = f64>, write: fn(f64) -> String) -> Self {
        let (floor, ceiling) = (10_f64.powi(EXPONENTS.0), 10_f64.powi(EXPONENTS.1));
        let values = values.filter(|value| value.is_finite() && *value > 0.0).map(|value| value.clamp(floor, ceiling));
        let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let (least, most) = if least.is_finite() { (least, most) } else { (1.0, 10.0) };
        let round: Vec<_> =
            (EXPONENTS.0..=EXPONENTS.1).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(exponent))).collect();
        let low = round.iter().copied().rfind(|&tick| tick <= least).unwrap_or(floor);
        let high = round.iter().copied().find(|&tick| tick >= most && tick > low).unwrap_or(ceiling * 10.0);
        let is_wide = (high / low).log10() > POWERS_ONLY;
        let is_power = |tick: f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
        let ticks = round.into_iter().filter(|&tick| (low..=high).contains(&tick) && (!is_wide || is_power(tick)));
        Self { low, high, is_log: true, ticks: ticks.map(|at| (at, write(at))).collect() }
    }

    /// Of 1 / (1 - quantile), logarithmic: each nine is as long as the one before.
    pub fn nines(quantiles: impl Iterator<Item = f64>) -> Self {
        let nines = quantiles.filter(|quantile| (0.0..1.0).contains(quantile)).map(|quantile| -(1.0 - quantile).log10());
        let high = nines.fold(1.0, f64::max).min(NINES_MAX);
        let at = |quantile: f64, name: &str| (1.0 / (1.0 - quantile), name.to_owned());
        let named = [
            at(0.0, "0 %"),
            at(0.5, "50 %"),
            at(0.9, "90 %"),
            at(0.99, "99 %"),
            at(0.999, "99.9 %"),
            at(0.9999, "99.99 %"),
            at(0.99999, "99.999 %"),
            at(0.999999, "99.9999 %"),
        ];
        let high = 10_f64.powf(high);
        let ticks = named.into_iter().filter(|(tick, _)| *tick <= high * (1.0 + 1e-6)).collect();
        Self { low: 1.0, high, is_log: true, ticks }
    }

    /// Where `value` lies between 0 and 1; `None` for what cannot be drawn.
    pub fn place(&self, value: f64) -> Option<f64> {
        let place = match self.is_log {
            true => (value / self.low).log10() / (self.high / self.low).log10(),
            false => (value - self.low) / (self.high - self.low),
        };
        place.is_finite().then(|| place.clamp(0.0, 1.0))
    }
}

/// Above 0 and finite, whatever the values.
fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    if most > 0.0 { most.clamp(1e-9, 1e15) } else { 1.0 }
}

/// 1, 2 or 5 of some power of ten, so that there are about as many ticks as there should be.
fn step(most: f64) -> f64 {
    let raw = most / TICKS;
    let power = 10_f64.powf(raw.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= raw * (1.0 - 1e-9)).unwrap_or(10.0);
    digit * power
}

/// How a count of seconds is written.
pub fn seconds(at: f64) -> String {
    format!("{} s", number::trimmed(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn a_linear_axis_ends_at_a_round_number() {
        let scale = Scale::up_to([640_000.0, 812_345.0].into_iter(), number::short);
        assert_eq!(labels(&scale), ["0", "200k", "400k", "600k", "800k", "1M"]);
        assert_eq!((scale.place(0.0), scale.place(500_000.0), scale.place(2e6)), (Some(0.0), Some(0.5), Some(1.0)));
    }

    #[test]
    fn time_ends_where_the_run_does() {
        let scale = Scale::until([3.19].into_iter(), seconds);
        assert_eq!((labels(&scale), scale.place(3.19)), (vec!["0 s", "1 s", "2 s", "3 s"], Some(1.0)));
    }

    #[test]
    fn a_logarithmic_axis_lies_between_round_numbers() {
        let scale = Scale::log([650.0, 700_000.0].into_iter(), number::short_time);
        assert_eq!((scale.low, scale.high), (500.0, 1e6));
        assert_eq!(labels(&scale), ["1 ms", "10 ms", "100 ms", "1 s"]);
        let narrow = Scale::log([150.0, 450.0].into_iter(), number::short_time);
        assert_eq!(labels(&narrow), ["100 µs", "200 µs", "500 µs"]);
    }

    #[test]
    fn each_nine_is_as_long_as_the_one_before() {
        let scale = Scale::nines([0.5, 0.99994, 1.0].into_iter());
        assert_eq!(labels(&scale), ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        let place = |quantile: f64| scale.place(1.0 / (1.0 - quantile)).unwrap();
        let (one, two) = (place(0.99) - place(0.9), place(0.999) - place(0.99));
        assert!((one - two).abs() < 1e-9, "{one} {two}");
        assert_eq!(scale.place(f64::INFINITY), None);
    }

    #[test]
    fn no_values_and_monstrous_ones_have_a_scale_with_few_ticks() {
        let monsters = [f64::NAN, f64::INFINITY, -5.0, 1e300, 1e-300];
        for values in [&monsters[..], &monsters[..3], &[], &[0.0]] {
            let all = [
                Scale::up_to(values.iter().copied(), number::short),
                Scale::until(values.iter().copied(), number::short),
                Scale::log(values.iter().copied(), number::short_time),
                Scale::nines(values.iter().copied()),
            ];
            for scale in all {
                assert!(scale.low < scale.high && (1..=20).contains(&scale.ticks.len()), "{values:?}: {scale:?}");
            }
        }
    }
}
