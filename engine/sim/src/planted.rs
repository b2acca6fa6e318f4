//! Faults planted on purpose. A harness that finds none of them proves nothing.
//!
//! Some live between the engine's parts, in the simulated world only. The others are switched on inside the engine's own rooms,
//! each behind its room's `planted` feature, which no release build has.

use std::fmt;

/// A fault that an auditor must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Passengers leave when they are handed over, before the sync.
    EarlyRelease,
    /// Refusals leave when they are handed over; all else waits.
    RefusalRelease,
    /// A handover without frames is released at once: a read shows what is not durable.
    ReadLeak,
    /// Letters to other partitions leave before the sync; answers wait.
    LetterLeak,
    /// A sync claims success and does nothing.
    DroppedSync,
    /// Recovery cuts the last durable group.
    LastGroupLost,
    /// The log is trimmed to an image that is not written yet.
    TrimmedEarly,
    /// A grant arrives a second time, raised once more.
    GrantTwice,
    /// With each recall goes a "sold out" that nobody decided.
    SoldOutTooEarly,
    /// Nobody hears of a raise, and "sold out" is said for longer than it may be.
    FlagOutlivesRaise,
    /// A shard is believed to decide with a catalog that has not reached it.
    InstalledEarly,
    /// A line's message is sent once and never again.
    OutboxNotResent,
    /// A retry goes out under a new request id.
    RetryRenamed,
    /// A hold is captured after its deadline.
    CaptureAfterDeadline,
    /// A hold that is let go gives its value back twice.
    ReleaseTwice,
    /// An expiry takes what is held, too.
    ExpiryTakesHeld,
    /// A fault of the log.
    Log(tessera_wal::planted::Planted),
    /// A fault of the images.
    Images(tessera_snapshot::planted::Planted),
    /// A fault of a partition's state and decisions.
    State(tessera_domain::planted::Planted),
    /// A fault of shards, clock and rebuilding.
    Engine(tessera_engine::planted::Planted),
}

/// Those of the simulated world.
const WORLDLY: &[Planted] = &[
    Planted::EarlyRelease,
    Planted::RefusalRelease,
    Planted::ReadLeak,
    Planted::LetterLeak,
    Planted::DroppedSync,
    Planted::LastGroupLost,
    Planted::TrimmedEarly,
    Planted::GrantTwice,
    Planted::SoldOutTooEarly,
    Planted::FlagOutlivesRaise,
    Planted::InstalledEarly,
    Planted::OutboxNotResent,
    Planted::RetryRenamed,
    Planted::CaptureAfterDeadline,
    Planted::ReleaseTwice,
    Planted::ExpiryTakesHeld,
];

impl Planted {
    /// Every one.
    pub fn all() -> Vec<Planted> {
        let log = tessera_wal::planted::Planted::ALL.iter().map(|&fault| Planted::Log(fault));
        let images = tessera_snapshot::planted::Planted::ALL.iter().map(|&fault| Planted::Images(fault));
        let state = tessera_domain::planted::Planted::ALL.iter().map(|&fault| Planted::State(fault));
        let engine = tessera_engine::planted::Planted::ALL.iter().map(|&fault| Planted::Engine(fault));
        WORLDLY.iter().copied().chain(log).chain(images).chain(state).chain(engine).collect()
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<Planted> {
        Planted::all().into_iter().find(|fault| fault.to_string() == name)
    }

    /// Whether a build must have its room's `planted` feature to plant it.
    pub fn is_in_a_room(self) -> bool {
        !WORLDLY.contains(&self)
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Planted::Log(fault) => write!(out, "log.{fault:?}"),
            Planted::Images(fault) => write!(out, "images.{fault:?}"),
            Planted::State(fault) => write!(out, "state.{fault:?}"),
            Planted::Engine(fault) => write!(out, "engine.{fault:?}"),
            fault => write!(out, "{fault:?}"),
        }
    }
}

/// Switched on in its room, on this thread, until it is dropped.
pub(crate) struct Switch(());

impl Switch {
    pub(crate) fn on(fault: Option<Planted>) -> Switch {
        match fault {
            Some(Planted::Log(fault)) => tessera_wal::planted::plant(Some(fault)),
            Some(Planted::Images(fault)) => tessera_snapshot::planted::plant(Some(fault)),
            Some(Planted::State(fault)) => tessera_domain::planted::plant(Some(fault)),
            Some(Planted::Engine(fault)) => tessera_engine::planted::plant(Some(fault)),
            _ => {}
        }
        Switch(())
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        tessera_wal::planted::plant(None);
        tessera_snapshot::planted::plant(None);
        tessera_domain::planted::plant(None);
        tessera_engine::planted::plant(None);
    }
}
