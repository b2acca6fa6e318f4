//! What an operator does to a directory that no server holds: verify, inspect, replay, restore, save a snapshot, cut a damaged tail.
//!
//! Whoever only looks, and whoever writes elsewhere, opens the log for reading alone ([`Desk`]).
//! Verification is read-only and complete: every checksum, every continuity and hash chain, every state
//! digest by replaying every event that is here, every image by loading it and comparing it with the
//! replayed state at its place, every line, the conservation of every stock and of what was given.

mod desk;
mod images;
mod round;

use crate::conservation::{self, Balance, Gifts, Imbalance, LostGifts, LostPledge, Pledges};
use crate::directory::Directory;
use crate::ledger::{Ledger, State};
use crate::lines::{self, BrokenLine};
use crate::node::Error;
use crate::rebuild::{self, From, ImageError, Keys, Until};
use crate::recovery;
use crate::replay::{self, Replayed};
use crate::restore::{self, Restored};
pub use desk::{Desk, PartitionFacts};
pub use images::{InspectedImage, InspectedImages, inspect_images, rebuild_manifest};
pub use round::save_snapshot;
use std::path::Path;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::{Image, Images};
use tessera_wal::storage::disk::DiskStorage;
pub use tessera_wal::{ErrorKind, Item, Tail};
use tessera_wal::{Frame, FrameNo, GroupSeq, Identity, JournalId, Options, Progress, Recovery, ReplayStop};

/// What a verification found.
#[derive(Debug)]
pub struct Verified {
    /// What the log says: counts, journals, its tail, its first problem if there is one.
    pub log: tessera_wal::Report,
    /// Every image that the manifest names.
    pub images: Vec<CheckedImage>,
    /// What is wrong with the manifest.
    pub manifest: Option<tessera_snapshot::Error>,
    /// Partition, lsn and digest of every partition, as far as it is whole.
    pub partitions: Vec<(u16, u64, u64)>,
    /// Lsn and digest of the catalog.
    pub catalog: (u64, u64),
    /// A line whose ends contradict each other.
    pub broken_line: Option<BrokenLine>,
    /// The balance of every stock, or the first term below zero.
    pub stock: Result<Vec<Balance>, Imbalance>,
    /// What was given and is neither here nor on its way.
    pub lost_gifts: Option<LostGifts>,
    /// What cards pay for an order of another partition and does not add up.
    pub lost_pledge: Option<LostPledge>,
}

/// An image and what was found about it.
#[derive(Debug)]
pub struct CheckedImage {
    /// The image.
    pub image: Image,
    /// What is wrong with it.
    pub problem: Option<ImageProblem>,
    /// Whether the log led to its place, so that both could be compared.
    pub is_compared: bool,
}

/// What may be wrong with an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageProblem {
    /// By itself.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The log says something else.
    #[error("{file}: the log stands elsewhere at frame {frame}, or its state has another digest")]
    Contradiction {
        /// Its file.
        file: String,
        /// Its place.
        frame: FrameNo,
    },
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        let images_are_whole = self.manifest.is_none() && self.images.iter().all(|checked| checked.problem.is_none());
        images_are_whole
            && self.log.problem.is_none()
            && self.broken_line.is_none()
            && self.stock.is_ok()
            && self.lost_gifts.is_none()
            && self.lost_pledge.is_none()
    }
}

/// Verifies a directory.
///
/// # Errors
/// What keeps verification from beginning; what it finds is in [`Verified`].
pub fn verify(dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verified, Error> {
    let directory = Directory::open(dir)?;
    let uuid = Identity::load(&directory.log)?.uuid;
    let (images, manifest) = match Images::look(directory.images.clone(), uuid) {
        Ok(images) => (Some(images), None),
        Err(error) => (None, Some(error)),
    };
    let keys = directory.rebuild_keys();
    let mut catalog: Walk<CatalogState> = Walk::new(JournalId::CATALOG, images.as_ref(), keys);
    let walk = |number| Walk::<Partition>::new(JournalId(number), images.as_ref(), keys);
    let mut partitions: Vec<_> = (0..directory.partitions()).map(walk).collect();
    let mut check = |frame: &Frame<'_>| match frame.header.journal {
        JournalId::CATALOG => catalog.take(frame),
        JournalId(journal) => match partitions.get_mut(usize::from(journal)) {
            Some(walk) => walk.take(frame),
            None => Err(ReplayStop("a journal that this directory does not have".into())),
        },
    };
    let proven = images.as_ref().map_or(GroupSeq(0), Images::proven);
    let log = tessera_wal::verify_frames(&directory.log, proven, &mut check, progress)?;
    let states: Vec<&Partition> = partitions.iter().map(|walk| walk.ledger.state()).collect();
    let mut gifts = Gifts::default();
    states.iter().for_each(|state| gifts.admit(state, directory.partitions()));
    let mut pledges = Pledges::default();
    states.iter().for_each(|state| pledges.admit(state, directory.partitions()));
    Ok(Verified {
        log,
        lost_gifts: gifts.balance().err(),
        lost_pledge: pledges.balance().err(),
        manifest,
        partitions: states.iter().map(|state| (state.id(), state.lsn(), state.digest())).collect(),
        catalog: (catalog.ledger.state().lsn(), catalog.ledger.state().digest()),
        broken_line: lines::check(&states).err(),
        stock: conservation::balances(&states.iter().map(|state| (state.id(), state.stock())).collect::<Vec<_>>()),
        images: partitions.into_iter().flat_map(|walk| walk.images).chain(catalog.images).collect(),
    })
}

/// One journal on its way through the log: it begins where the log does, at the journal's beginning or at an image.
struct Walk<S> {
    keys: Keys,
    ledger: Ledger<S>,
    images: Vec<CheckedImage>,
}

impl<S: State> Walk<S> {
    /// Loads every image of the journal; the oldest whole one is where the walk begins, unless the log has more.
    fn new(journal: JournalId, images: Option<&Images<DiskStorage>>, keys: Keys) -> Walk<S> {
        let mut oldest: Option<Ledger<S>> = None;
        let mut check = |images: &Images<DiskStorage>, image: Image| {
            let reader = images.read(&image).map_err(ImageError::from);
            let problem = match reader.and_then(|reader| rebuild::load::<S, _>(reader, &image, keys)) {
                Ok((ledger, _)) => {
                    let is_older = oldest.as_ref().is_none_or(|oldest| ledger.cursor().number < oldest.cursor().number);
                    if is_older {
                        oldest = Some(ledger);
                    }
                    None
                }
                Err(error) => Some(error.into()),
            };
            CheckedImage { image, problem, is_compared: false }
        };
        let of =
            |images: &Images<DiskStorage>| images.newest_first(journal).into_iter().map(|image| check(images, image)).collect();
        let images = images.map_or_else(Vec::new, of);
        let blank = || Ledger::new(journal, S::blank(journal, keys.hash));
        Walk { keys, ledger: oldest.unwrap_or_else(blank), images }
    }

    fn take(&mut self, frame: &Frame<'_>) -> Result<(), ReplayStop> {
        let header = &frame.header;
        if header.number == FrameNo(1) {
            // The log has all of it: the images are compared on the way.
            let blank = S::blank(header.journal, self.keys.hash);
            self.ledger = Ledger::new(header.journal, blank);
        }
        if header.number <= self.ledger.cursor().number {
            return Ok(());
        }
        self.ledger.replay(frame).map_err(|error| ReplayStop(Box::new(error)))?;
        self.compare();
        Ok(())
    }

    /// An image at this place must say what the log says.
    fn compare(&mut self) {
        let (cursor, digest) = (*self.ledger.cursor(), self.ledger.state().digest());
        for checked in self.images.iter_mut().filter(|checked| checked.image.subject.cursor.number == cursor.number) {
            checked.is_compared = true;
            if (checked.image.subject.cursor, checked.image.subject.digest) != (cursor, digest) && checked.problem.is_none() {
                let (file, frame) = (checked.image.file_name(), cursor.number);
                checked.problem = Some(ImageProblem::Contradiction { file, frame });
            }
        }
    }
}

/// Shows every group and frame of a directory's log, in order, and how it ends.
///
/// # Errors
/// As the log refuses, after everything before the damage was shown.
pub fn inspect(dir: &Path, show: &mut dyn FnMut(Item)) -> Result<Option<Tail>, Error> {
    Ok(tessera_wal::inspect(&Directory::open(dir)?.log, show)?)
}

/// Leaves the damaged end of the last segment behind: an operator's decision, after a copy.
///
/// # Errors
/// As the log refuses everything else.
pub fn cut_tail(dir: &Path) -> Result<Recovery, Error> {
    Ok(tessera_wal::cut_tail(&Directory::open(dir)?.log, &Options::default())?)
}

/// The images that the manifest names.
///
/// # Errors
/// When the manifest is damaged.
pub fn images(dir: &Path) -> Result<Vec<Image>, Error> {
    let directory = Directory::open(dir)?;
    let uuid = Identity::load(&directory.log)?.uuid;
    Ok(tessera_snapshot::inspect(&directory.images, uuid).map_err(recovery::Error::from)?)
}

/// All journals of a directory with so many partitions, the catalog last.
fn journals(partitions: u16) -> Vec<JournalId> {
    (0..partitions).map(JournalId).chain([JournalId::CATALOG]).collect()
}

/// Replays one journal, or all, and compares them with every digest and image on the way.
///
/// # Errors
/// What keeps a journal from being rebuilt; differences are in what is given.
pub fn replay(
    dir: &Path,
    journal: Option<JournalId>,
    from: From,
    until: Until,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Replayed>, Error> {
    let mut desk = Desk::open(dir, progress)?;
    let journals = match journal {
        Some(journal) => vec![desk.check_journal(journal)?],
        None => journals(desk.partitions()),
    };
    let mut replay = |journal| match journal {
        JournalId::CATALOG => replay::replay::<CatalogState, _>(&mut desk.rebuilder, journal, from, until, None, &mut |_| true),
        journal => replay::replay::<Partition, _>(&mut desk.rebuilder, journal, from, until, None, &mut |_| true),
    };
    let replayed = journals.into_iter().map(|journal| Ok(replay(journal)?.expect("nobody cancels"))).collect::<Result<_, _>>();
    replayed.map_err(|error: rebuild::Error| recovery::Error::from(error).into())
}

/// Restores into a new directory; see [`restore::restore`].
///
/// # Errors
/// See [`restore::Error`].
pub fn restore(
    dir: &Path,
    into: &Path,
    until: Until,
    created_ms: i64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, restore::Error> {
    let mut desk = Desk::open(dir, progress)?;
    restore::restore(&desk.directory, &mut desk.rebuilder, into, until, created_ms, &mut |_| true)
}
