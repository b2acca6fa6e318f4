//! Faults planted on purpose. A harness that finds none of them proves nothing.
//!
//! They live between the engine's parts, in the simulated world only: nothing of the engine is changed.

/// A fault that an auditor must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Passengers leave when they are handed over, before the sync.
    EarlyRelease,
    /// A handover without frames is released at once: a read shows what is not durable.
    ReadLeak,
    /// Letters to other partitions leave before the sync; answers wait.
    LetterLeak,
    /// A sync claims success and does nothing.
    DroppedSync,
    /// Recovery cuts the last durable group.
    LastGroupLost,
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
}

impl Planted {
    /// Every one.
    pub const ALL: &'static [Planted] = &[
        Planted::EarlyRelease,
        Planted::ReadLeak,
        Planted::LetterLeak,
        Planted::DroppedSync,
        Planted::LastGroupLost,
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
}
