//! Faults of shards, clock and rebuilding, planted on purpose: a harness that finds none of them proves nothing.

tessera_planted::faults! {
    /// A step of the system's clock is followed at once.
    ClockStepFollowed,
    /// A journal takes the wall's time even where it lies before its last frame.
    TimeGoesBack,
    /// A line's message is acknowledged though the log had no room to record it.
    AcknowledgedUnrecorded,
    /// A line's message counts for nothing, though it is received.
    MessageDropped,
    /// What a line's message brings about is recorded, and not that it was received.
    MessageUnreceived,
    /// What is due for a coupon is not recorded before a decision about it.
    DueUnrecorded,
    /// No partition hears that a template is void, and the catalog's owner is told that all have.
    VoidUnheard,
    /// An inbox takes whatever comes.
    InboxUnbounded,
    /// A rebuilding leaves a frame out.
    FoldSkipsFrame,
    /// An image records another digest than its state has, and whoever loads it believes so.
    ImageOfAnotherDigest,
}
