//! Numbers as people read them, with their units.

/// With thousands told apart: "1,234,567".
pub fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value <= -0.5 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Short, for axes: "250k", "1.5M".
pub fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e3.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{unit}", trimmed(scaled))
}

/// Microseconds in the unit that fits: "850 µs", "12.3 ms".
pub fn time(us: f64) -> String {
    let (scaled, unit) = in_unit(us);
    format!("{} {unit}", digits(scaled))
}

/// The same for axes: "1 ms".
pub fn short_time(us: f64) -> String {
    let (scaled, unit) = in_unit(us);
    format!("{} {unit}", trimmed(scaled))
}

fn in_unit(us: f64) -> (f64, &'static str) {
    match us.abs() {
        1e6.. => (us / 1e6, "s"),
        1e3.. => (us / 1e3, "ms"),
        _ => (us, "µs"),
    }
}

/// With three digits that say something.
pub fn digits(value: f64) -> String {
    match value.abs() {
        1e3.. => whole(value),
        1e2.. => format!("{value:.0}"),
        1e1.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Up to three digits behind the point, none for nothing: for ticks.
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0.0, 999.4, 1_000.0, 1_234_567.0, -1_234.0].map(whole), ["0", "999", "1,000", "1,234,567", "-1,234"]);
    }

    #[test]
    fn an_axis_is_short() {
        assert_eq!([0.0, 0.5, 250.0, 250_000.0, 1_500_000.0].map(short), ["0", "0.5", "250", "250k", "1.5M"]);
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!([0.5, 850.0, 12_345.0, 2_500_000.0].map(time), ["0.50 µs", "850 µs", "12.3 ms", "2.50 s"]);
        assert_eq!([200.0, 1_000.0, 5e6].map(short_time), ["200 µs", "1 ms", "5 s"]);
    }

    #[test]
    fn ticks_have_no_noughts_at_the_end() {
        assert_eq!([1.0, 0.25, 0.3, 120.0].map(trimmed), ["1", "0.25", "0.3", "120"]);
    }
}
