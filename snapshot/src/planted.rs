//! Faults of the images, planted on purpose: a harness that finds none of them proves nothing.

tessera_planted::faults! {
    /// An image takes its name before its bytes are synced.
    UnsyncedImage,
    /// The directory is not synced after a rename.
    UnsyncedName,
    /// The image that a switch leaves out is removed before the switch is durable.
    EarlyRemoval,
    /// A start believes a manifest that only the page cache holds.
    UnsyncedStart,
    /// Checksums of chunks do not know their image.
    UnseededChunks,
    /// A reader does not compare the seal.
    SealUnchecked,
    /// An image that could not be written whole leaves its temporary file behind.
    LeftBehind,
    /// The log keeps the frames after the newer of two images only.
    TrimmedToTheNewer,
}
