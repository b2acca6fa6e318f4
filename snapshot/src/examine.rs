//! Examines the files of images one by one, named by the manifest or not: what each says it is, its chunks, and where it is damaged.
//!
//! For an operator's eyes: nothing here decides which images count, and nothing is changed.

use crate::error::{Error, IoContext};
use crate::files::Files;
use crate::image::{Image, ImageId};
use crate::scan::{Scan, described, open};
use tessera_wal::LogUuid;
use tessera_wal::storage::{Storage, StorageFile};

/// The file of an image.
#[derive(Debug)]
pub struct Examined {
    /// The number that its name bears.
    pub id: ImageId,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// What its last sector says that it is. Proven if there is no problem.
    pub image: Option<Image>,
    /// Bytes of each chunk that is whole, up to the problem.
    pub chunk_bytes: Vec<u32>,
    /// What is wrong with it, and where.
    pub problem: Option<Error>,
}

/// Reads every file of an image in a directory, past the cache, in the order of their numbers.
///
/// # Errors
/// `Io` when the directory cannot be listed.
pub fn examine<S: Storage>(storage: &S, uuid: LogUuid) -> Result<Vec<Examined>, Error> {
    let files = Files::list(storage)?;
    Ok(files.whole.iter().map(|&id| examine_one(storage, uuid, id)).collect())
}

fn examine_one<S: Storage>(storage: &S, uuid: LogUuid, id: ImageId) -> Examined {
    let mut examined = Examined { id, file_bytes: 0, image: None, chunk_bytes: Vec::new(), problem: None };
    examined.problem = fill(storage, uuid, &mut examined).err();
    examined
}

fn fill<S: Storage>(storage: &S, uuid: LogUuid, examined: &mut Examined) -> Result<(), Error> {
    let name = examined.id.file_name();
    let file = open(storage, &name)?;
    examined.file_bytes = file.len_bytes().on("length", &name, 0)?;
    let image = described(&file, examined.id, uuid)?;
    examined.image = Some(image.clone());
    let mut scan = Scan::begin(file, uuid, image)?;
    while let Some(chunk) = scan.next_chunk()? {
        examined.chunk_bytes.push(chunk.len() as u32);
    }
    Ok(())
}
