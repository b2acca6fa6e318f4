//! Processor time of a process, from the system's own count (Linux; elsewhere nothing is shown).

use std::time::Duration;

/// Processor time that process `id` has used; `None` where the system does not say.
pub fn used_by(id: u32) -> Option<Duration> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let ticks = user_and_system_ticks(&line)?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Processor time that this process has used.
pub fn used_here() -> Option<Duration> {
    used_by(std::process::id())
}

/// Fields 14 and 15; the second field is a name in parentheses that may hold anything.
fn user_and_system_ticks(line: &str) -> Option<u64> {
    let (_, behind_name) = line.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let line = "7 (a) b (c) S 1 7 7 0 -1 4194560 104 0 0 0 31 11 0 0 20 0 1 0 9 0 0";
        assert_eq!(user_and_system_ticks(line), Some(42));
    }

    #[test]
    fn a_cut_line_gives_nothing() {
        assert_eq!(user_and_system_ticks("7 (a) S 1 7"), None);
    }
}
