//! The shelf: the images of a directory, as its manifest names them.
//!
//! An image counts when the manifest names it, and the manifest switches only to an image that was read back whole. An image that a
//! switch leaves out is removed after the switch is durable, so that at any time every named image is there.
//!
//! After a failed rename or sync of the directory nobody knows which manifest the disk holds. Both name whole images, and neither is
//! harmed as long as no file is removed; so the shelf is disabled until a restart.

use crate::durable::Unnamed;
use crate::error::{Damage, Error, IoContext};
use crate::files::Files;
use crate::image::{Image, ImageId, Subject};
use crate::manifest::{IMAGES_PER_JOURNAL, Manifest};
use crate::planted::{self, Planted};
use crate::reader::{ImageReader, Verified};
use crate::rebuild::manifest_as_it_is;
use crate::writer::ImageWriter;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use tessera_wal::storage::Storage;
use tessera_wal::{FrameNo, GroupSeq, JournalId, KeepFrom, LogUuid};

/// The images of a directory. Clones are handles to the same. It takes no lock: whoever opens it holds that of the log.
pub struct Images<S: Storage> {
    shelf: Arc<Shelf<S>>,
}

/// What the handles, writers and readers of a directory share.
pub(crate) struct Shelf<S: Storage> {
    pub(crate) storage: S,
    pub(crate) uuid: LogUuid,
    state: Mutex<State>,
}

struct State {
    manifest: Manifest,
    /// Images being written, or finished and not installed yet: not named, and not garbage.
    unsettled: BTreeSet<ImageId>,
    /// Named images of which a read has found that they are damaged, or a load that no state comes of them.
    damaged: BTreeSet<ImageId>,
    disabled: bool,
}

impl<S: Storage> Clone for Images<S> {
    fn clone(&self) -> Self {
        Images { shelf: Arc::clone(&self.shelf) }
    }
}

impl<S: Storage> Images<S> {
    /// Opens the images of a log: loads the manifest and removes what it does not name. A directory without images gets an empty one.
    ///
    /// # Errors
    /// `Damaged` when the manifest is damaged, another log's, or missing beside images: [`rebuild`](crate::rebuild) it. `DiskFull`,
    /// `Io`.
    pub fn open(storage: S, uuid: LogUuid) -> Result<Images<S>, Error> {
        if !planted::is(Planted::UnsyncedStart) {
            // After a kill the names may be in the cache only. They become durable before anything is removed on their word.
            storage.sync_dir().on("sync of the directory", "", 0)?;
        }
        let files = Files::list(&storage)?;
        let manifest = manifest_at_start(&storage, uuid, &files)?;
        files.sweep(&storage, |id| manifest.names(id))?;
        Ok(Images::of(storage, uuid, manifest, false))
    }

    /// Opens the images of a log for reading alone: changes nothing, and takes no new ones.
    ///
    /// # Errors
    /// As [`inspect`](crate::inspect).
    pub fn look(storage: S, uuid: LogUuid) -> Result<Images<S>, Error> {
        let manifest = manifest_as_it_is(&storage, uuid)?;
        Ok(Images::of(storage, uuid, manifest, true))
    }

    fn of(storage: S, uuid: LogUuid, manifest: Manifest, disabled: bool) -> Images<S> {
        let state = State { manifest, unsettled: BTreeSet::new(), damaged: BTreeSet::new(), disabled };
        Images { shelf: Arc::new(Shelf { storage, uuid, state: Mutex::new(state) }) }
    }

    /// The log that they are of.
    #[must_use]
    pub fn uuid(&self) -> LogUuid {
        self.shelf.uuid
    }

    /// A journal's images, at most two, newest first.
    #[must_use]
    pub fn newest_first(&self, journal: JournalId) -> Vec<Image> {
        self.shelf.state.lock().manifest.of(journal).cloned().collect()
    }

    /// All images, by journal, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Image> {
        self.shelf.state.lock().manifest.images().to_vec()
    }

    /// The highest group of the log that these images prove durable: a log that ends before it has lost something.
    #[must_use]
    pub fn proven(&self) -> GroupSeq {
        self.shelf.state.lock().manifest.proven
    }

    /// Begins a new image.
    ///
    /// # Errors
    /// `DiskFull`, `Io`, `Disabled`.
    pub fn begin(&self, subject: Subject) -> Result<ImageWriter<S>, Error> {
        let id = self.shelf.number_next()?;
        let begun = ImageWriter::begin(Arc::clone(&self.shelf), id, subject);
        begun.inspect_err(|_| self.shelf.forget(id))
    }

    /// Reads an image: an installed one, or one that was just finished.
    ///
    /// # Errors
    /// `Damaged` when it is missing, cut, another one, or its header is damaged; `Io`.
    pub fn read(&self, image: &Image) -> Result<ImageReader<S>, Error> {
        ImageReader::begin(Arc::clone(&self.shelf), image)
    }

    /// Makes an image its journal's newest, durably. The journal keeps the newest of its other images that is not known to be
    /// damaged; what the manifest no longer names is removed. `durable` is a group of the log that was durable once every frame of
    /// the image was; 0 for an image that is not of this directory's log.
    ///
    /// # Errors
    /// `DiskFull`, or `Io` before the switch: the image is removed and everything is as before. `Io` at the switch: the shelf is
    /// disabled, and the next start finds the new manifest or the old one, both with all their images. `Disabled`.
    ///
    /// # Panics
    /// When the journal's newest image is of a later position, or the image was installed before.
    pub fn install(&self, verified: Verified, durable: GroupSeq) -> Result<(), Error> {
        self.shelf.install(verified.into_image(), durable)
    }

    /// Removes a finished image that will not be installed. One that is installed, or may be, stays.
    pub fn discard(&self, image: Image) {
        self.shelf.forget(image.id);
    }

    /// No state comes of this image, though its bytes are whole: it counts no more than a damaged one.
    pub fn distrust(&self, image: &Image) {
        self.shelf.distrust(image.id);
    }

    /// What the log must keep: of each journal with two images the frames after the older one. A journal with fewer, or with one
    /// that is known to be damaged, is left out and keeps all its frames.
    #[must_use]
    pub fn keep_from(&self) -> KeepFrom {
        let state = self.shelf.state.lock();
        let pairs = state.manifest.images().chunk_by(|one, other| one.subject.journal == other.subject.journal);
        let whole = pairs.filter(|pair| pair.len() == IMAGES_PER_JOURNAL && !pair.iter().any(|image| state.is_damaged(image.id)));
        let first_kept = |pair: &[Image]| {
            let numbers = || pair.iter().map(|image| image.subject.cursor.number);
            let kept = if planted::is(Planted::TrimmedToTheNewer) { numbers().max() } else { numbers().min() };
            (pair[0].subject.journal, FrameNo(kept.expect("a pair is not empty").0 + 1))
        };
        whole.map(first_kept).collect()
    }
}

impl<S: Storage> Shelf<S> {
    /// Numbers the next image, which is unsettled until it is installed or forgotten.
    fn number_next(&self) -> Result<ImageId, Error> {
        let mut state = self.state.lock();
        if state.disabled {
            return Err(Error::Disabled);
        }
        let id = state.manifest.next_image;
        state.manifest.next_image = ImageId(id.0 + 1);
        state.unsettled.insert(id);
        Ok(id)
    }

    fn install(&self, image: Image, durable: GroupSeq) -> Result<(), Error> {
        let mut state = self.state.lock();
        assert!(state.unsettled.contains(&image.id), "an image is installed once, where it was finished");
        if let Some(newest) = state.manifest.of(image.subject.journal).next() {
            let (before, after) = (&newest.subject.cursor, &image.subject.cursor);
            assert!(before.number <= after.number && before.lsn <= after.lsn, "I6: the position of images does not go back");
        }
        if state.disabled {
            return Err(Error::Disabled);
        }
        let (id, next) = (image.id, state.manifest.with(image, durable, |id| state.is_damaged(id)));
        if planted::is(Planted::EarlyRemoval) {
            self.sweep(&next, &state);
        }
        match next.store(&self.storage, self.uuid) {
            Ok(()) => {
                state.unsettled.remove(&id);
                state.damaged.retain(|&damaged| next.names(damaged));
                state.manifest = next;
                self.sweep(&state.manifest, &state);
                Ok(())
            }
            Err(Unnamed::Refused(error)) => {
                drop(state);
                self.forget(id);
                Err(error)
            }
            Err(Unnamed::Unsure(error)) => {
                // The disk's manifest may name it now: it is nobody's to remove before the next start.
                state.unsettled.remove(&id);
                state.disabled = true;
                Err(error)
            }
        }
    }

    /// What cannot be removed now is garbage still, and removed after the next switch or at the next start.
    fn sweep(&self, manifest: &Manifest, state: &State) {
        let is_kept = |id| manifest.names(id) || state.unsettled.contains(&id);
        let _swept_later = Files::list(&self.storage).and_then(|files| files.sweep(&self.storage, is_kept));
    }

    pub(crate) fn check_enabled(&self) -> Result<(), Error> {
        match self.state.lock().disabled {
            true => Err(Error::Disabled),
            false => Ok(()),
        }
    }

    pub(crate) fn disable(&self) {
        self.state.lock().disabled = true;
    }

    /// Gives up an image that is not installed; false when it is not ours to give up.
    pub(crate) fn settle(&self, id: ImageId) -> bool {
        self.state.lock().unsettled.remove(&id)
    }

    pub(crate) fn note_damage(&self, id: ImageId, error: &Error) {
        if matches!(error, Error::Damaged { .. }) {
            self.distrust(id);
        }
    }

    /// A damaged image is not counted on any more. Its file stays until the manifest names another in its place.
    fn distrust(&self, id: ImageId) {
        let mut state = self.state.lock();
        if state.manifest.names(id) {
            state.damaged.insert(id);
        }
    }
}

impl State {
    fn is_damaged(&self, id: ImageId) -> bool {
        self.damaged.contains(&id)
    }
}

fn manifest_at_start(storage: &impl Storage, uuid: LogUuid, files: &Files) -> Result<Manifest, Error> {
    let (manifest, is_new) = match Manifest::load(storage, uuid) {
        Err(Error::Damaged { damage: Damage::Missing, .. }) if files.whole.is_empty() => (Manifest::EMPTY, true),
        loaded => (loaded?, false),
    };
    let highest = files.highest().filter(|&id| id >= manifest.next_image);
    if !is_new && highest.is_none() {
        return Ok(manifest);
    }
    // The numbers of what is about to be removed are not given again.
    let next_image = highest.map_or(manifest.next_image, |id| ImageId(id.0 + 1));
    let manifest = manifest.numbering_from(next_image);
    match manifest.store(storage, uuid) {
        Ok(()) => Ok(manifest),
        // What is removed next may be what fills the disk. The next switch tells the numbers.
        Err(Unnamed::Refused(Error::DiskFull { .. })) if !is_new => Ok(manifest),
        Err(Unnamed::Refused(error) | Unnamed::Unsure(error)) => Err(error),
    }
}
