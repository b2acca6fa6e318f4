//! tessera-snapshot: the images of journals, from which a start begins instead of from the log's first frame.
//!
//! An image is a sequence of opaque chunks that somebody folded out of a journal up to a frame, and takes back. Here they become a
//! file that proves itself: it is known whole or it is refused with file, offset and what is wrong. The bytes are in
//! `docs/FORMATS.md`; why they are so is in `docs/decisions/0012-images-are-chunks.md`.
//!
//! From the outside in: [`Images`] is the shelf of a directory, and its manifest the only switch from one set of images to the next.
//! [`ImageWriter`] makes a file, [`ImageReader`] reads one past the page cache, and only what it has read to the end ([`Verified`])
//! can be installed. [`rebuild`] makes a manifest out of whole images when it is lost.
//!
//! This crate knows nothing of events, state, partitions or time, and of the log only its numbers and its `Storage`. No error here
//! ends the process: images are not the log. Whoever gets one keeps the log as long as it is.

mod chunk;
mod durable;
mod envelope;
mod error;
mod examine;
mod files;
mod image;
mod images;
mod manifest;
pub mod planted;
mod reader;
mod rebuild;
mod record;
mod scan;
#[cfg(test)]
mod tests;
mod writer;

pub use chunk::CHUNK_BYTES_MAX;
pub use error::{Damage, Error, ErrorKind};
pub use examine::{Examined, examine};
pub use image::{Image, ImageId, Subject};
pub use images::Images;
pub use reader::{ImageReader, Verified};
pub use rebuild::{Rebuilt, inspect, proven, rebuild};
pub use writer::ImageWriter;
