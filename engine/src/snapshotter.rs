//! The snapshotter's logic: folds a journal's last image and its tail into the next image (a rehearsal of recovery).
//!
//! It never sees live state: it rebuilds the journal as recovery would, writes what came out, reads that
//! back past the cache, and compares the digest that the bytes add up to with the state's. Only then does the
//! manifest name the image, and only then may the log be trimmed to the older of two images. An error
//! here loses nothing: the image is dropped, the log stays as long as it is.

use crate::ledger::{Ledger, State};
use crate::planted::{self, Planted};
use crate::rebuild::{self, From, ImageError, Keys, Rebuilder, Until};
use std::ops::ControlFlow;
use tessera_snapshot::{Image, Images, Subject};
use tessera_wal::storage::Storage;
use tessera_wal::{GroupSeq, History, JournalId};

/// Frames between two words about them.
const FRAMES_PER_WORD: u64 = 256;

/// Makes images of one directory.
pub struct Snapshotter<D: Storage> {
    images: Images<D>,
    keys: Keys,
}

/// What became of one journal.
#[derive(Debug)]
pub enum Folded {
    /// A new image.
    Image(Image),
    /// Two images stand at the journal's end already.
    UpToDate,
}

/// Why there is no new image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state cannot be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] rebuild::Error),
    /// The image cannot be written.
    #[error(transparent)]
    Write(#[from] tessera_snapshot::Error),
    /// What was written is not what was meant.
    #[error("what was written is not read back: {0}")]
    Verify(#[from] ImageError),
}

impl<D: Storage> Snapshotter<D> {
    /// For the images of a directory, with its keys.
    pub fn new(images: Images<D>, keys: Keys) -> Snapshotter<D> {
        Snapshotter { images, keys }
    }

    /// The images.
    pub fn images(&self) -> &Images<D> {
        &self.images
    }

    /// Makes the next image of a journal, up to its durable end. `tell` hears of frames as they are folded in.
    ///
    /// # Errors
    /// See [`Error`]; the images before stay.
    pub fn fold<S: State>(
        &self,
        journal: JournalId,
        history: History,
        created_ms: i64,
        tell: &mut dyn FnMut(u64),
    ) -> Result<Folded, Error> {
        let mut rebuilder = Rebuilder::new(self.images.clone(), history, self.keys);
        let mut untold = 0;
        let mut watch = |_: &Ledger<S>| {
            untold += 1;
            if untold == FRAMES_PER_WORD {
                tell(std::mem::take(&mut untold));
            }
            ControlFlow::Continue(())
        };
        let rebuilt = rebuilder.fold::<S>(journal, From::NewestImage, Until::Durable, &mut watch)?;
        tell(untold);
        if self.is_up_to_date(journal, &rebuilt.ledger) {
            return Ok(Folded::UpToDate);
        }
        let image = self.keep(&rebuilt.ledger, rebuilder.durable(), created_ms)?;
        Ok(Folded::Image(image))
    }

    /// Makes an image of a journal as it was rebuilt: written, read back, compared, named by the manifest. `durable` is a durable
    /// group of the images' own log that is not before what was rebuilt; 0 when it was rebuilt from another log.
    ///
    /// # Errors
    /// See [`Error`]; the images before stay.
    pub fn keep<S: State>(&self, ledger: &Ledger<S>, durable: GroupSeq, created_ms: i64) -> Result<Image, Error> {
        let image = self.write(ledger, created_ms)?;
        match self.verify::<S>(&image) {
            Ok(verified) => self.images.install(verified, durable)?,
            Err(error) => {
                self.images.discard(image);
                return Err(error.into());
            }
        }
        Ok(image)
    }

    /// An idle journal gets a second image at the same place, once, so that it never pins the log.
    fn is_up_to_date<S: State>(&self, journal: JournalId, ledger: &Ledger<S>) -> bool {
        let images = self.images.newest_first(journal);
        images.len() >= 2 && images.iter().all(|image| image.subject.cursor == *ledger.cursor())
    }

    fn write<S: State>(&self, ledger: &Ledger<S>, created_ms: i64) -> Result<Image, tessera_snapshot::Error> {
        let mut writer = self.images.begin(Subject {
            journal: ledger.journal(),
            cursor: *ledger.cursor(),
            catalog_lsn: ledger.catalog_lsn(),
            digest: ledger.state().digest() ^ u64::from(planted::is(Planted::ImageOfAnotherDigest)),
            key_check: self.keys.check,
            created_ms,
        })?;
        ledger.state().save(&mut |chunk| writer.push(chunk))?;
        writer.finish()
    }

    fn verify<S: State>(&self, image: &Image) -> Result<tessera_snapshot::Verified, ImageError> {
        rebuild::check::<S, D>(self.images.read(image)?, image, self.keys)
    }
}
