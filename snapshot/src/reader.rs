//! Reads an image of the shelf, and makes the only thing that can be installed: proof that it was read back whole.

use crate::error::Error;
use crate::image::{Image, Subject};
use crate::images::Shelf;
use crate::scan::{Scan, open};
use std::sync::Arc;
use tessera_wal::storage::Storage;

/// An image being read, past the page cache where the disk allows it.
pub struct ImageReader<S: Storage> {
    shelf: Arc<Shelf<S>>,
    scan: Scan<S::File>,
}

/// Proof that a whole image was read back as it was written.
#[derive(Debug)]
pub struct Verified {
    image: Image,
    past_cache: bool,
}

impl<S: Storage> ImageReader<S> {
    pub(crate) fn begin(shelf: Arc<Shelf<S>>, image: &Image) -> Result<ImageReader<S>, Error> {
        let opened = open(&shelf.storage, &image.file_name());
        let scan = opened.and_then(|file| Scan::begin(file, shelf.uuid, image.clone()));
        let scan = scan.inspect_err(|error| shelf.note_damage(image.id, error))?;
        Ok(ImageReader { shelf, scan })
    }

    /// What the image is of.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.scan.image().subject
    }

    /// The next chunk, in the order in which they were pushed. Each is as it was written at its place, but nothing is proven of
    /// the image before `None` came: until then, what was made of its chunks must not be used.
    ///
    /// # Errors
    /// `Damaged`: take the older image, or the log. `Io`.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        let id = self.scan.image().id;
        self.scan.next_chunk().inspect_err(|error| self.shelf.note_damage(id, error))
    }

    /// Reads what is left, and proves the whole.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn finish(mut self) -> Result<Verified, Error> {
        while self.next_chunk()?.is_some() {}
        Ok(Verified { image: self.scan.image().clone(), past_cache: self.scan.past_cache() })
    }
}

impl Verified {
    /// The image.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Whether all of it was read from the device. Not so on filesystems that cannot; there its pages were dropped first.
    #[must_use]
    pub fn past_cache(&self) -> bool {
        self.past_cache
    }

    pub(crate) fn into_image(self) -> Image {
        self.image
    }
}
