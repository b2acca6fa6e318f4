//! Hours of the week in which a coupon may be issued or used, by the local clock of its template's zone.

use crate::calendar::{Local, MINUTES_OF_DAY, Zone};
use crate::rejection::Rejection;
use crate::terms::within;

/// Most spans of one list.
pub const SPANS_MAX: usize = 32;

/// Every day of the week.
const WEEKDAYS_ALL: u8 = 0b111_1111;

/// The same minutes of some weekdays. What goes beyond midnight is two spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Bit 0 Monday to bit 6 Sunday; at least one.
    pub weekdays: u8,
    /// First minute inside, 0 to 1,439 from midnight.
    pub from_minute: u16,
    /// First minute after, up to 1,440.
    pub until_minute: u16,
}

/// Spans of the week; none = always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(pub Box<[Span]>);

impl Hours {
    /// Whether `at` is inside, by the clock of this zone.
    pub fn contain(&self, zone: Zone, at_ms: i64) -> bool {
        self.0.is_empty() || {
            let local = zone.local(at_ms);
            self.0.iter().any(|span| span.contains(local))
        }
    }

    /// Refuses spans that are none, naming the field.
    pub(super) fn check(&self, field: &'static str) -> Result<(), Rejection> {
        within(field, self.0.len() as i64, 0, SPANS_MAX as i64)?;
        self.0.iter().try_for_each(|span| {
            within(field, i64::from(span.weekdays), 1, i64::from(WEEKDAYS_ALL))?;
            within(field, i64::from(span.until_minute), 1, i64::from(MINUTES_OF_DAY))?;
            within(field, i64::from(span.from_minute), 0, i64::from(span.until_minute) - 1)
        })
    }
}

impl Span {
    fn contains(self, local: Local) -> bool {
        self.weekdays >> local.weekday & 1 == 1 && (self.from_minute..self.until_minute).contains(&local.minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const MINUTE_MS: i64 = 60_000;

    #[test]
    fn spans_are_half_open_and_by_the_local_clock() {
        // Thursdays and Sundays from 08:00 to 10:30; the epoch is 08:00 of a Thursday in Shanghai.
        let hours = Hours([Span { weekdays: 0b100_1000, from_minute: 480, until_minute: 630 }].into());
        let zone = Zone::default();
        for (at_ms, expected) in
            [(-1, false), (0, true), (150 * MINUTE_MS - 1, true), (150 * MINUTE_MS, false), (DAY_MS, false), (3 * DAY_MS, true)]
        {
            assert_eq!(hours.contain(zone, at_ms), expected, "{at_ms}");
        }
        assert!(Hours::default().contain(zone, 0));
    }

    #[test]
    fn spans_beyond_a_day_or_a_week_are_refused() {
        let check = |weekdays, from_minute, until_minute| {
            let refusal = Hours([Span { weekdays, from_minute, until_minute }].into()).check("use_hours");
            refusal.err().map(|refusal| (refusal.field, refusal.value))
        };
        assert_eq!(check(1, 0, 1_440), None);
        assert_eq!(check(0, 0, 1_440), Some(("use_hours", 1)));
        assert_eq!(check(128, 0, 1_440), Some(("use_hours", 127)));
        assert_eq!(check(1, 0, 1_441), Some(("use_hours", 1_440)));
        assert_eq!(check(1, 600, 600), Some(("use_hours", 599)));
        assert_eq!(check(1, 0, 0), Some(("use_hours", 1)));
        let many = Hours(vec![Span { weekdays: 1, from_minute: 0, until_minute: 1 }; SPANS_MAX + 1].into());
        assert_eq!(many.check("use_hours").unwrap_err().value, SPANS_MAX as i64);
    }
}
