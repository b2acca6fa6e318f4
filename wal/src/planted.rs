//! Faults of the log, planted on purpose: a harness that finds none of them proves nothing.

tessera_planted::faults! {
    /// A commit returns before its `fdatasync`.
    EarlyAcknowledgement,
    /// A new segment's directory entry is not synced.
    SkippedDirectorySync,
    /// A failed sync is tried again and believed.
    SyncRetried,
    /// Checksums do not know their place.
    UnseededCrc,
    /// Recovery reads past the cache without syncing first.
    ReadWithoutSync,
    /// A group that later evidence shows to have been durable is cut.
    TailCutTooFar,
    /// Passengers leave when their group is gathered, before it is written.
    ReleasedBeforeCommit,
    /// A start replays all frames of a group but the last.
    LastFrameDropped,
    /// A group whose header is whole is believed, whatever its other sectors hold.
    TornGroupAccepted,
    /// Segments leave before the log's new first segment is written down.
    TrimmedBeforeWrittenDown,
    /// A recycled segment keeps what it held.
    SpareNotZeroed,
}
