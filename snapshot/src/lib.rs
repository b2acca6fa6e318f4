//! The room of images: a partition's state as a file, from which recovery will start instead of from the log's beginning.
//!
//! It will own the image format, the manifest that alone switches from one set of images to the next, the writer and the verified
//! reader. Of the log it will know `Storage` and `Lsn`; of events, state and partitions nothing: an image is opaque bytes
//! with a digest. For now it is empty. Recovery replays the whole log, and the log is never trimmed.
