//! What a directory holds, for whoever looks at it from outside, and the way back when its manifest is lost.
//!
//! Offline: whoever calls these holds the log's lock, or knows that nobody else does.

use crate::durable::Unnamed;
use crate::error::{Damage, Error, IoContext};
use crate::files::Files;
use crate::image::{Image, ImageId};
use crate::manifest::Manifest;
use crate::scan::{Scan, described, open};
use tessera_wal::storage::{Storage, StorageFile};
use tessera_wal::{GroupSeq, LogUuid};

/// What a rebuilt manifest names, and what it could not.
#[derive(Debug)]
pub struct Rebuilt {
    /// The images it names, by journal, newest first.
    pub images: Vec<Image>,
    /// Why the other files were refused.
    pub refused: Vec<Error>,
}

/// The images that the manifest names. Reads none of them, and changes nothing.
///
/// # Errors
/// `Damaged` when the manifest is damaged, another log's, or missing beside images; `Io`.
pub fn inspect<S: Storage>(storage: &S, uuid: LogUuid) -> Result<Vec<Image>, Error> {
    manifest_as_it_is(storage, uuid).map(|manifest| manifest.images().to_vec())
}

/// The highest group of the log that the manifest proves durable; 0 where there is neither one nor an image.
///
/// # Errors
/// As [`inspect`].
pub fn proven<S: Storage>(storage: &S, uuid: LogUuid) -> Result<GroupSeq, Error> {
    manifest_as_it_is(storage, uuid).map(|manifest| manifest.proven)
}

/// The manifest, or an empty one where there is neither one nor an image.
pub(crate) fn manifest_as_it_is<S: Storage>(storage: &S, uuid: LogUuid) -> Result<Manifest, Error> {
    match Manifest::load(storage, uuid) {
        Err(Error::Damaged { damage: Damage::Missing, .. }) if Files::list(storage)?.whole.is_empty() => Ok(Manifest::EMPTY),
        loaded => loaded,
    }
}

/// Writes a manifest that names of each journal the two newest images that are whole, whatever it named before, and that proves no
/// group of the log durable. Reads every image.
/// When files are there and none is whole, nothing is written. Files that it does not name are removed by the next
/// [`Images::open`](crate::Images::open): keep a copy first.
///
/// # Errors
/// `DiskFull`, `Io`.
pub fn rebuild<S: Storage>(storage: &S, uuid: LogUuid) -> Result<Rebuilt, Error> {
    storage.sync_dir().on("sync of the directory", "", 0)?;
    let files = Files::list(storage)?;
    let (mut images, mut refused) = (Vec::new(), Vec::new());
    for &id in &files.whole {
        match verify(storage, uuid, id) {
            Ok(image) => images.push(image),
            Err(error @ Error::Damaged { .. }) => refused.push(error),
            Err(error) => return Err(error),
        }
    }
    if images.is_empty() && !refused.is_empty() {
        return Ok(Rebuilt { images, refused });
    }
    let manifest = named(images, &files, Manifest::load(storage, uuid).unwrap_or(Manifest::EMPTY));
    match manifest.store(storage, uuid) {
        Ok(()) => Ok(Rebuilt { images: manifest.images().to_vec(), refused }),
        Err(Unnamed::Refused(error) | Unnamed::Unsure(error)) => Err(error),
    }
}

fn named(mut images: Vec<Image>, files: &Files, before: Manifest) -> Manifest {
    images.sort_by_key(|image| (image.subject.cursor.number, image.id));
    let next_image = files.highest().map_or(before.next_image, |id| before.next_image.max(ImageId(id.0 + 1)));
    let nothing = before.emptied().numbering_from(next_image);
    images.into_iter().fold(nothing, |manifest, image| manifest.with(image, GroupSeq(0), |_| false))
}

/// Reads a whole file, of which nobody knows whether it was synced.
fn verify<S: Storage>(storage: &S, uuid: LogUuid, id: ImageId) -> Result<Image, Error> {
    let name = id.file_name();
    let file = open(storage, &name)?;
    file.sync_all().on("fsync", &name, 0)?;
    let image = described(&file, id, uuid)?;
    let mut scan = Scan::begin(file, uuid, image)?;
    while scan.next_chunk()?.is_some() {}
    Ok(scan.image().clone())
}
