//! Who is next in a soak: half of the time goes to every scenario alike, the other half to the scenario that fastest does what is
//! furthest behind its target.
//!
//! The first half keeps every scenario's share whatever the figures say; the second lets the three targets come at about the
//! same time, by rates that this soak has measured itself. So nobody has to say by hand how often a scenario runs.

use std::collections::BTreeMap;
use std::time::Duration;
use tessera_sim::{Plan, Totals};

/// What a soak of two hours on two cores must have looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) what: &'static str,
    pub(crate) wanted: u64,
    pub(crate) of: fn(&Totals) -> u64,
}

pub(crate) const TARGETS: [Target; 3] = [
    Target { what: "operations checked", wanted: 100_000_000, of: |totals| totals.operations },
    Target { what: "crash images", wanted: 1_000_000, of: |totals| totals.images },
    Target { what: "bits flipped", wanted: 8_000_000, of: |totals| totals.flips },
];

/// What became of one scenario.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    pub(crate) begun: u64,
    pub(crate) worlds: u64,
    pub(crate) took: Duration,
    pub(crate) totals: Totals,
}

/// In which half of the time a world is lived through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// Every scenario alike.
    Alike,
    /// The fastest towards the target that is furthest behind.
    Behind,
}

/// A world to be lived through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    pub(crate) plan: &'static Plan,
    /// How many worlds of this scenario were begun before.
    pub(crate) number: u64,
    half: Half,
}

/// All scenarios of a soak, and what became of them.
pub(crate) struct Shares {
    plans: Vec<&'static Plan>,
    rows: BTreeMap<&'static str, Row>,
    /// Of each scenario, the time in the half in which all are alike.
    alike: BTreeMap<&'static str, Duration>,
    behind: Duration,
}

impl Shares {
    pub(crate) fn new(plans: Vec<&'static Plan>) -> Shares {
        let rows = plans.iter().map(|plan| (plan.name, Row::default())).collect();
        let alike = plans.iter().map(|plan| (plan.name, Duration::ZERO)).collect();
        Shares { plans, rows, alike, behind: Duration::ZERO }
    }

    /// The world that is begun now.
    pub(crate) fn begin(&mut self) -> Next {
        let is_measured = self.rows.values().all(|row| row.worlds > 0);
        let alike: Duration = self.alike.values().sum();
        let (half, plan) = match is_measured && self.behind < alike {
            true => (Half::Behind, self.fastest()),
            false => (Half::Alike, self.shortest()),
        };
        let row = self.rows.entry(plan.name).or_default();
        row.begun += 1;
        Next { plan, number: row.begun - 1, half }
    }

    /// A world was lived through.
    pub(crate) fn end(&mut self, next: Next, took: Duration, totals: Totals) {
        let row = self.rows.entry(next.plan.name).or_default();
        row.worlds += 1;
        row.took += took;
        row.totals += totals;
        match next.half {
            Half::Alike => *self.alike.entry(next.plan.name).or_default() += took,
            Half::Behind => self.behind += took,
        }
    }

    /// Every scenario, by name.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, &Row)> {
        self.rows.iter().map(|(&name, row)| (name, row))
    }

    /// All scenarios together.
    pub(crate) fn sum(&self) -> Row {
        self.rows.values().fold(Row::default(), |mut all, row| {
            all.begun += row.begun;
            all.worlds += row.worlds;
            all.took += row.took;
            all.totals += row.totals;
            all
        })
    }

    /// The scenario with the least time; of those without any, the one that was begun least often.
    fn shortest(&self) -> &'static Plan {
        let key = |plan: &&&'static Plan| (self.alike[plan.name], self.rows[plan.name].begun);
        self.plans.iter().min_by_key(key).expect("a soak has a scenario")
    }

    /// The scenario that does most in a second of what is furthest behind.
    fn fastest(&self) -> &'static Plan {
        let done = self.sum().totals;
        let share = |target: &Target| (target.of)(&done) as f64 / target.wanted as f64;
        let target = TARGETS.iter().min_by(|one, other| share(one).total_cmp(&share(other))).expect("there are three");
        let rate = |plan: &Plan| {
            let row = &self.rows[plan.name];
            (target.of)(&row.totals) as f64 / row.took.as_secs_f64().max(1e-9)
        };
        self.plans.iter().max_by(|one, other| rate(one).total_cmp(&rate(other))).expect("a soak has a scenario")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tessera_sim::PLANS;

    const SECOND: Duration = Duration::from_secs(1);

    /// Four scenarios: one quick with operations, one with images, one with flips, one with nothing.
    fn lived_through(worlds: usize) -> (Shares, Vec<&'static str>) {
        let names: Vec<&'static str> = PLANS[..4].iter().map(|plan| plan.name).collect();
        let mut shares = Shares::new(PLANS[..4].iter().collect());
        for _ in 0..worlds {
            let next = shares.begin();
            let mut totals = Totals { operations: 1_000, images: 10, flips: 10, ..Totals::default() };
            let (took, name) = (if next.plan.name == names[3] { SECOND * 9 } else { SECOND }, next.plan.name);
            totals.operations += if name == names[0] { 200_000 } else { 0 };
            totals.images += if name == names[1] { 3_000 } else { 0 };
            totals.flips += if name == names[2] { 20_000 } else { 0 };
            shares.end(next, took, totals);
        }
        (shares, names)
    }

    #[test]
    fn the_three_targets_come_at_the_same_time() {
        let (shares, _) = lived_through(3_000);
        let done = shares.sum().totals;
        let shares_done = TARGETS.map(|target| (target.of)(&done) as f64 / target.wanted as f64);
        let (least, most) =
            (shares_done.iter().copied().fold(f64::MAX, f64::min), shares_done.iter().copied().fold(0.0, f64::max));
        assert!(most > 0.5 && most - least < 0.05, "{shares_done:?}");
    }

    #[test]
    fn no_scenario_is_starved_for_the_figures() {
        let (shares, names) = lived_through(3_000);
        let all = shares.sum().took.as_secs_f64();
        for name in names {
            let took = shares.rows[name].took.as_secs_f64();
            assert!(took > all / 8.0 * 0.9, "{name}: {took} of {all}");
        }
    }

    #[test]
    fn every_scenario_is_begun_before_one_is_begun_twice() {
        let mut shares = Shares::new(PLANS.iter().collect());
        let mut begun: Vec<&'static str> = PLANS.iter().map(|_| shares.begin().plan.name).collect();
        begun.sort_unstable();
        begun.dedup();
        assert_eq!(begun.len(), PLANS.len());
        assert_eq!(shares.begin().number, 1, "the next one is a second world");
    }
}
