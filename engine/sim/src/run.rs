//! One run: a plan, a seed, perhaps a planted fault; its outcome, or the failure with the command that shows it again.

use crate::plan::Plan;
use crate::planted::{Planted, Switch};
use crate::totals::Totals;
use crate::violation::{Violation, broken};
use crate::world::World;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The scenario.
    pub plan: &'static Plan,
    /// The seed: the same order is the same story.
    pub seed: u64,
    /// A fault to be found.
    pub planted: Option<Planted>,
    /// Whether the story is printed.
    pub prints: bool,
}

/// A run in which every promise held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The whole story in one number.
    pub trace_hash: u64,
    /// What was done.
    pub totals: Totals,
}

/// A run in which a promise was broken.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was broken.
    pub violation: Violation,
    /// In which run.
    pub order: Order,
    /// What was done until then.
    pub totals: Totals,
}

impl Order {
    /// A run without a planted fault.
    pub fn of(plan: &'static Plan, seed: u64) -> Order {
        Order { plan, seed, planted: None, prints: false }
    }
}

/// Runs one world to its end. A broken assertion of the engine is a failure like any other.
///
/// # Errors
/// The first broken promise.
pub fn run(order: Order) -> Result<Outcome, Box<Failure>> {
    let _planted = Switch::on(order.planted);
    let mut world = World::new(order.plan, order.seed, order.planted, order.prints);
    let lived = catch_unwind(AssertUnwindSafe(|| world.live()));
    let verdict = lived.unwrap_or_else(|panic| Err(broken("assertion", message_of(panic.as_ref()))));
    let totals = world.totals;
    match verdict {
        Ok(()) => Ok(Outcome { trace_hash: world.trace.hash(), totals }),
        Err(violation) => Err(Box::new(Failure { violation, order, totals })),
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Order { plan, seed, planted, .. } = self.order;
        writeln!(out, "{}", self.violation)?;
        writeln!(out, "after {}", self.totals)?;
        let features = if planted.is_some_and(Planted::is_in_a_room) { " --features planted" } else { "" };
        let scenario = plan.name;
        write!(out, "replay: cargo run -p tessera-sim{features} -- --seed {seed} --scenario {scenario} --trace")?;
        match planted {
            Some(fault) => write!(out, " --planted {fault}"),
            None => Ok(()),
        }
    }
}
