//! The images of a directory that no server holds: examined one by one, and their manifest made anew.

use crate::directory::Directory;
use crate::node::Error;
use crate::rebuild::{self, ImageError, Keys};
use crate::recovery;
use std::path::Path;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::{Examined, Image, Images, Rebuilt};
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{Identity, JournalId};

/// All images of a directory.
#[derive(Debug)]
pub struct InspectedImages {
    /// Every file of an image, and every image that the manifest names, by number.
    pub images: Vec<InspectedImage>,
    /// What is wrong with the manifest; then no image is known to be named, and no state was made of any.
    pub manifest: Option<tessera_snapshot::Error>,
}

/// One image.
#[derive(Debug)]
pub struct InspectedImage {
    /// Its file.
    pub file: Examined,
    /// Whether the manifest names it. A file that it does not name is removed by the next start.
    pub is_named: bool,
    /// Whether its state was made, and had the recorded digest.
    pub is_loaded: bool,
    /// What is wrong with its state, though the file is whole.
    pub problem: Option<ImageError>,
}

impl InspectedImage {
    /// What is wrong with it, in words.
    pub fn problem(&self) -> Option<String> {
        let file = self.file.problem.as_ref().map(ToString::to_string);
        file.or_else(|| self.problem.as_ref().map(ToString::to_string))
    }
}

/// Reads every image of a directory, and makes its state. Changes nothing.
///
/// # Errors
/// What keeps it from beginning; damage is in what is given.
pub fn inspect_images(dir: &Path) -> Result<InspectedImages, Error> {
    let directory = Directory::open(dir)?;
    let _lock = tessera_wal::lock(&directory.log)?;
    let uuid = Identity::load(&directory.log)?.uuid;
    let (images, manifest) = match Images::look(directory.images.clone(), uuid) {
        Ok(images) => (Some(images), None),
        Err(error) => (None, Some(error)),
    };
    let named = images.as_ref().map_or_else(Vec::new, Images::list);
    let mut files = tessera_snapshot::examine(&directory.images, uuid).map_err(recovery::Error::from)?;
    files.extend(named.iter().filter(|image| files.iter().all(|file| file.id != image.id)).map(missing).collect::<Vec<_>>());
    files.sort_by_key(|file| file.id);
    let inspect = |file: Examined| {
        let (is_named, whole) =
            (named.iter().any(|image| image.id == file.id), file.image.as_ref().filter(|_| file.problem.is_none()));
        let loaded = images.as_ref().zip(whole).map(|(images, image)| load(images, image, directory.rebuild_keys()));
        InspectedImage { is_named, is_loaded: matches!(loaded, Some(Ok(()))), problem: loaded.and_then(Result::err), file }
    };
    Ok(InspectedImages { images: files.into_iter().map(inspect).collect(), manifest })
}

/// An image that is named and has no file.
fn missing(image: &Image) -> Examined {
    let problem =
        tessera_snapshot::Error::Damaged { file: image.file_name(), offset: 0, damage: tessera_snapshot::Damage::Missing };
    Examined { id: image.id, file_bytes: 0, image: Some(image.clone()), chunk_bytes: Vec::new(), problem: Some(problem) }
}

fn load(images: &Images<DiskStorage>, image: &Image, keys: Keys) -> Result<(), ImageError> {
    let reader = images.read(image)?;
    match image.subject.journal {
        JournalId::CATALOG => rebuild::load::<CatalogState, _>(reader, image, keys).map(drop),
        _ => rebuild::load::<Partition, _>(reader, image, keys).map(drop),
    }
}

/// Makes a manifest of the two newest whole images of each journal, whatever the one before named; see
/// [`tessera_snapshot::rebuild`].
///
/// # Errors
/// When somebody holds the directory, or the disk fails.
pub fn rebuild_manifest(dir: &Path) -> Result<Rebuilt, Error> {
    let directory = Directory::open(dir)?;
    let _lock = tessera_wal::lock(&directory.log)?;
    let uuid = Identity::load(&directory.log)?.uuid;
    Ok(tessera_snapshot::rebuild(&directory.images, uuid).map_err(recovery::Error::from)?)
}
