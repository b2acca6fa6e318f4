//! The manifest: which images count. The only switch from one set of images to the next, replaced whole or not at all.
//!
//! It also says which group of the log was durable when the newest image was made, so that a log that has lost groups since is not
//! taken for whole: an image made of a part of the last group would outlive the rest of it (I12).
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 32 | envelope, `TSRMANIF` |
//! | 32 | 8 | generation, rising with each manifest |
//! | 40 | 8 | the number of the next image |
//! | 48 | 4 | count of images |
//! | 52 | 4 | zero |
//! | 56 | 8 | the highest group of the log that an image proves durable; zero in format 1, which proves none |
//! | 64 | 160 × count | the images, by journal, of each journal the one that was installed last first |
//! | 64 + 160 × count | 4 | CRC32 of all bytes before |

use crate::durable::{Unnamed, take_name};
use crate::envelope;
use crate::error::{Damage, Error, IoContext};
use crate::files::remove;
use crate::image::{Image, ImageId};
use crate::record::{RECORD_BYTES, put_image, take_image};
use std::io;
use tessera_wal::layout::{Fields, is_zero, put};
use tessera_wal::storage::{Storage, StorageFile};
use tessera_wal::{GroupSeq, JournalId, LogUuid};

pub(crate) const MANIFEST_NAME: &str = "MANIFEST";
/// How many images a journal keeps: the newest, and the one that stands in for it.
pub(crate) const IMAGES_PER_JOURNAL: usize = 2;

const TEMPORARY_NAME: &str = "MANIFEST.tmp";
const MAGIC: [u8; 8] = *b"TSRMANIF";
/// With the group of the log.
const FORMAT: u16 = 2;
const RECORDS_AT: usize = 64;
const JOURNALS_MAX: usize = 1 << 16;
const MANIFEST_BYTES_MAX: usize = bytes_for(JOURNALS_MAX * IMAGES_PER_JOURNAL);
const WHAT: &str = "the manifest";

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) generation: u64,
    pub(crate) next_image: ImageId,
    /// A group of the log that was durable when an image was made: a log that ends before it has lost something.
    pub(crate) proven: GroupSeq,
    /// By journal, the last installed first.
    images: Vec<Image>,
}

const fn bytes_for(images: usize) -> usize {
    RECORDS_AT + images * RECORD_BYTES + envelope::CRC_BYTES
}

impl Manifest {
    /// That of a directory without images.
    pub(crate) const EMPTY: Manifest =
        Manifest { generation: 0, next_image: ImageId(1), proven: GroupSeq(0), images: Vec::new() };

    /// The manifest of a directory.
    ///
    /// # Errors
    /// `Damaged` when it is missing, damaged or another log's; `Io`.
    pub(crate) fn load(storage: &impl Storage, uuid: LogUuid) -> Result<Manifest, Error> {
        let bytes = read(storage)?;
        Manifest::decode(&bytes, uuid).map_err(|damage| Error::damaged(MANIFEST_NAME, 0, damage))
    }

    /// The manifest after this one, in which the numbers before `next_image` are not given again.
    pub(crate) fn numbering_from(&self, next_image: ImageId) -> Manifest {
        assert!(next_image >= self.next_image, "numbers are not given twice");
        Manifest { generation: self.generation + 1, next_image, ..self.clone() }
    }

    /// The manifest after this one, in which `image` is its journal's newest, made when group `durable` was. The other place goes
    /// to the newest image that is not known to be damaged.
    pub(crate) fn with(&self, image: Image, durable: GroupSeq, is_damaged: impl Fn(ImageId) -> bool) -> Manifest {
        let journal = image.subject.journal;
        let mut older: Vec<Image> = self.of(journal).cloned().collect();
        older.sort_by_key(|image| is_damaged(image.id));
        older.truncate(IMAGES_PER_JOURNAL - 1);
        let others = self.images.iter().filter(|other| other.subject.journal != journal).cloned();
        let mut images: Vec<Image> = others.chain([image]).chain(older).collect();
        images.sort_by_key(|image| image.subject.journal);
        let proven = self.proven.max(durable);
        Manifest { generation: self.generation + 1, next_image: self.next_image, proven, images }
    }

    /// A manifest as new as this one, without images, that proves nothing.
    pub(crate) fn emptied(&self) -> Manifest {
        Manifest { proven: GroupSeq(0), images: Vec::new(), ..self.clone() }
    }

    /// All images, by journal, newest first.
    pub(crate) fn images(&self) -> &[Image] {
        &self.images
    }

    /// A journal's images, newest first.
    pub(crate) fn of(&self, journal: JournalId) -> impl Iterator<Item = &Image> {
        self.images.iter().filter(move |image| image.subject.journal == journal)
    }

    pub(crate) fn names(&self, id: ImageId) -> bool {
        self.images.iter().any(|image| image.id == id)
    }

    /// Switches to this manifest: the new file is whole and durable before it takes the name. A refused one leaves nothing behind.
    pub(crate) fn store(&self, storage: &impl Storage, uuid: LogUuid) -> Result<(), Unnamed> {
        let written = self.write(storage, uuid).map_err(Unnamed::Refused);
        let stored = written.and_then(|()| take_name(storage, TEMPORARY_NAME, MANIFEST_NAME));
        if let Err(Unnamed::Refused(_)) = stored {
            let _removed_by_the_next = remove(storage, TEMPORARY_NAME);
        }
        stored
    }

    fn write(&self, storage: &impl Storage, uuid: LogUuid) -> Result<(), Error> {
        remove(storage, TEMPORARY_NAME)?;
        let file = storage.create(TEMPORARY_NAME).on("create", TEMPORARY_NAME, 0)?;
        file.write_all_at(&self.encode(uuid), 0).on("write", TEMPORARY_NAME, 0)?;
        file.sync_all().on("sync", TEMPORARY_NAME, 0)
    }

    fn encode(&self, uuid: LogUuid) -> Vec<u8> {
        self.check().expect("what is written is in order");
        let mut bytes = vec![0; bytes_for(self.images.len())];
        put(&mut bytes, 32, self.generation.to_le_bytes());
        put(&mut bytes, 40, self.next_image.0.to_le_bytes());
        put(&mut bytes, 48, (self.images.len() as u32).to_le_bytes());
        put(&mut bytes, 56, self.proven.0.to_le_bytes());
        for (record, image) in bytes[RECORDS_AT..].chunks_exact_mut(RECORD_BYTES).zip(&self.images) {
            put_image(record, image);
        }
        envelope::enclose(&mut bytes, MAGIC, FORMAT, uuid);
        bytes
    }

    fn decode(bytes: &[u8], uuid: LogUuid) -> Result<Manifest, Damage> {
        let found = bytes.len();
        if found < bytes_for(0) {
            return Err(Damage::Cut { expected: bytes_for(0) as u64, found: found as u64 });
        }
        let format = envelope::check(bytes, MAGIC, FORMAT, uuid, WHAT)?;
        let (fields, records) = (Fields(bytes), bytes[RECORDS_AT..found - envelope::CRC_BYTES].chunks(RECORD_BYTES));
        if found != bytes_for(fields.u32(48) as usize) || !is_zero(&bytes[52..if format < FORMAT { RECORDS_AT } else { 56 }]) {
            return Err(Damage::Contradiction { what: WHAT });
        }
        let images = records.map(|record| take_image(record, WHAT)).collect::<Result<_, _>>()?;
        let (next_image, proven) = (ImageId(fields.u64(40)), GroupSeq(fields.u64(56)));
        let manifest = Manifest { generation: fields.u64(32), next_image, proven, images };
        manifest.check().map(|()| manifest)
    }

    /// By journal, at most two of each, each numbered once and before the next one.
    fn check(&self) -> Result<(), Damage> {
        let mut ids: Vec<ImageId> = self.images.iter().map(|image| image.id).collect();
        ids.sort_unstable();
        let sorted = self.images.is_sorted_by_key(|image| image.subject.journal);
        let few = self.images.windows(IMAGES_PER_JOURNAL + 1).all(|some| {
            let journals = some.iter().map(|image| image.subject.journal);
            journals.clone().min() != journals.max()
        });
        let numbered = ids.is_sorted_by(|id, next| id < next) && ids.last().is_none_or(|&last| last < self.next_image);
        match sorted && few && numbered && self.next_image.0 > 0 {
            true => Ok(()),
            false => Err(Damage::Contradiction { what: WHAT }),
        }
    }
}

fn read(storage: &impl Storage) -> Result<Vec<u8>, Error> {
    let file = match storage.open(MANIFEST_NAME) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::damaged(MANIFEST_NAME, 0, Damage::Missing));
        }
        opened => opened.on("open", MANIFEST_NAME, 0)?,
    };
    let (found, most) = (file.len_bytes().on("length", MANIFEST_NAME, 0)?, MANIFEST_BYTES_MAX as u64);
    if found > most {
        return Err(Error::damaged(MANIFEST_NAME, 0, Damage::Excess { expected: most, found }));
    }
    let mut bytes = vec![0; found as usize];
    file.read_exact_at(&mut bytes, 0).on("read", MANIFEST_NAME, 0)?;
    Ok(bytes)
}
