//! The files of this room in a directory that may hold others: which are images, which are rests, and what may go.
//!
//! An image that the manifest does not name is garbage: a switch left it out, or a crash came before the switch.

use crate::error::{Error, IoContext};
use crate::image::ImageId;
use std::io;
use tessera_wal::storage::Storage;

/// What a directory holds of images.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Files under the name of a whole image, rising.
    pub(crate) whole: Vec<ImageId>,
    /// Files under the name of an image being written.
    pub(crate) temporary: Vec<ImageId>,
}

impl Files {
    pub(crate) fn list(storage: &impl Storage) -> Result<Files, Error> {
        let mut files = Files::default();
        for name in storage.list().on("list", "", 0)? {
            match (image_of(&name), name.strip_suffix(".tmp").and_then(image_of)) {
                (Some(id), _) => files.whole.push(id),
                (_, Some(id)) => files.temporary.push(id),
                _ => {}
            }
        }
        files.whole.sort_unstable();
        Ok(files)
    }

    /// The highest number that a file bears.
    pub(crate) fn highest(&self) -> Option<ImageId> {
        self.whole.iter().chain(&self.temporary).copied().max()
    }

    /// Removes what nobody keeps. Not made durable: what comes back is garbage again.
    pub(crate) fn sweep(&self, storage: &impl Storage, is_kept: impl Fn(ImageId) -> bool) -> Result<(), Error> {
        for &id in self.whole.iter().filter(|&&id| !is_kept(id)) {
            remove(storage, &id.file_name())?;
        }
        for &id in self.temporary.iter().filter(|&&id| !is_kept(id)) {
            remove(storage, &id.temporary_name())?;
        }
        Ok(())
    }
}

/// Removes a file if it is there.
pub(crate) fn remove(storage: &impl Storage, name: &str) -> Result<(), Error> {
    match storage.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.on("remove", name, 0),
    }
}

fn image_of(name: &str) -> Option<ImageId> {
    let id = ImageId(name.strip_prefix("image-")?.strip_suffix(".img")?.parse().ok()?);
    (id.0 > 0 && id.file_name() == name).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_written_here_are_images() {
        assert_eq!(image_of("image-000000000007.img"), Some(ImageId(7)));
        assert_eq!(image_of("image-1234567890123.img"), Some(ImageId(1_234_567_890_123)));
        for other in ["image-7.img", "image-000000000000.img", "image-+00000000007.img", "image-000000000007.img.tmp", "MANIFEST"]
        {
            assert_eq!(image_of(other), None, "{other}");
        }
    }
}
