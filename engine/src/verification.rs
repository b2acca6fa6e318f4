//! Verification of a directory while it is served: the log's bytes, the images, and every state that they lead to.
//!
//! What [`crate::offline::verify`] does with nobody there, up to what is durable when it begins. First the log is read through, past
//! the cache: every checksum, every continuity and hash chain. Where the journals stand at its end is a cut without an effect before
//! its cause, for nothing leaves a journal before it is durable. Then each journal is rebuilt to that cut from as far back as
//! the log itself leads, with every digest and every image on the way, one after the other, so that it takes the memory of the
//! largest. Lines, stock and value are checked on the cut. Nothing is written and no shard is asked. I1, I2, I6, I10, I16.

use crate::conservation::{self, Balance, Gifts, Pledges};
use crate::directory::Directory;
use crate::ledger::{Ledger, State};
use crate::lines::LineCheck;
use crate::rebuild::{self, From, ImageError, Keys, Rebuilder, Until};
use crate::replay::{self, Replayed};
use std::collections::{BTreeMap, BTreeSet};
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_domain::stock::Stock;
use tessera_snapshot::{Image, ImageId};
use tessera_wal::storage::Storage;
use tessera_wal::{FrameNo, JournalId, Progress, Reader, Review, Reviewed};

/// What a verification found, as far as it is.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Segments that are whole.
    pub segments: u64,
    /// Groups that are whole, seals included.
    pub groups: u64,
    /// Frames that are whole.
    pub frames: u64,
    /// Bytes of segments that were read.
    pub bytes: u64,
    /// Images that were loaded whole, with the recorded digest.
    pub images: u32,
    /// Each journal as it was rebuilt, by partition, the catalog last.
    pub journals: Vec<Replayed>,
    /// Where each stock is.
    pub stocks: Vec<Balance>,
    /// Every problem, in words; empty = whole.
    pub problems: Vec<String>,
}

/// What a verification tells while it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The log was read so far.
    Read(Progress),
    /// So many more frames were replayed.
    Replayed(u64),
    /// One more journal is done.
    Journal,
}

/// It was asked to end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

/// Verifies; `go_on` hears each step and may end it there.
///
/// # Errors
/// When it is ended. Whatever is wrong is in what is given.
pub fn verify<D: Storage>(
    directory: &Directory,
    reader: &Reader,
    rebuilder: Rebuilder<D>,
    go_on: &mut dyn FnMut(Step) -> bool,
) -> Result<Verified, Cancelled> {
    let mut verified = Verified::default();
    // Images of a round that goes on meanwhile may lie behind the cut: these do not.
    let standing: Vec<Image> = rebuilder.images().list();
    let review = reader.review(&mut |done| go_on(Step::Read(done)));
    verified.take_review(&review);
    if !review.is_complete {
        return Err(Cancelled);
    }
    verified.check_manifest(directory, rebuilder.images());
    let keys = directory.rebuild_keys();
    let (lines, stocks) = (LineCheck::new(directory.partitions()), Vec::new());
    let (gifts, pledges) = (Gifts::default(), Pledges::default());
    let mut desk = Desk { rebuilder, keys, review, standing, verified, lines, stocks, gifts, pledges };
    for partition in 0..directory.partitions() {
        let ledger = desk.journal::<Partition>(JournalId(partition), go_on)?;
        ledger.into_iter().for_each(|ledger| desk.admit(ledger.into_state(), directory.partitions()));
    }
    desk.journal::<CatalogState>(JournalId::CATALOG, go_on)?;
    Ok(desk.finish(directory.partitions()))
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    fn take_review(&mut self, review: &Review) {
        let whole = &review.whole;
        (self.segments, self.groups, self.frames, self.bytes) = (whole.segments_done, review.groups, whole.frames, whole.bytes);
        self.problems.extend(review.problem.as_ref().map(ToString::to_string));
    }

    /// The manifest on the disk can be read, and another start would go by it.
    fn check_manifest<D: Storage>(&mut self, directory: &Directory, images: &tessera_snapshot::Images<D>) {
        let checked = tessera_snapshot::inspect(&directory.images, images.uuid());
        self.problems.extend(checked.err().map(|error| error.to_string()));
    }
}

struct Desk<D: Storage> {
    rebuilder: Rebuilder<D>,
    keys: Keys,
    review: Review,
    standing: Vec<Image>,
    verified: Verified,
    lines: LineCheck,
    stocks: Vec<(u16, Stock)>,
    gifts: Gifts,
    pledges: Pledges,
}

impl<D: Storage> Desk<D> {
    /// Loads the journal's images, and rebuilds it to the cut; nothing if that cannot be done, which is told.
    fn journal<S: State>(
        &mut self,
        journal: JournalId,
        go_on: &mut dyn FnMut(Step) -> bool,
    ) -> Result<Option<Ledger<S>>, Cancelled> {
        self.load_images::<S>(journal);
        let (from, until) = self.road(journal);
        let mut tell = |frames| go_on(Step::Replayed(frames));
        let rebuilt = replay::rebuild::<S, D>(&mut self.rebuilder, journal, from, until, None, &mut tell);
        let ledger = match rebuilt {
            Ok(None) => return Err(Cancelled),
            Ok(Some((ledger, replayed))) => {
                // What an image has by itself was told when it was loaded.
                let own: BTreeSet<&String> = self.verified.problems.iter().collect();
                let more: Vec<String> = replayed.differences.iter().filter(|told| !own.contains(told)).cloned().collect();
                self.verified.problems.extend(more);
                self.verified.journals.push(replayed);
                Some(ledger)
            }
            Err(error) => {
                self.verified.problems.push(error.to_string());
                None
            }
        };
        if go_on(Step::Journal) { Ok(ledger) } else { Err(Cancelled) }
    }

    /// From the first frame if the log has it, else from the oldest image; to the last frame that the log had, or where the newest image
    /// stood if it had none.
    fn road(&self, journal: JournalId) -> (From, Until) {
        let newest = self.standing.iter().find(|image| image.subject.journal == journal);
        match self.review.journals.get(&journal) {
            Some(Reviewed { first: FrameNo(1), cursor }) => (From::Beginning, Until::Lsn(cursor.lsn.0)),
            Some(Reviewed { cursor, .. }) => (From::OldestImage, Until::Lsn(cursor.lsn.0)),
            None => (From::OldestImage, Until::Lsn(newest.map_or(0, |image| image.subject.cursor.lsn.0))),
        }
    }

    fn load_images<S: State>(&mut self, journal: JournalId) {
        for image in self.rebuilder.images().newest_first(journal) {
            match self.load::<S>(&image) {
                Ok(()) => self.verified.images += 1,
                // A round has put another in its place.
                Err(_) if !self.is_named(image.id) => {}
                Err(error) => self.verified.problems.push(error.to_string()),
            }
        }
    }

    fn load<S: State>(&self, image: &Image) -> Result<(), ImageError> {
        rebuild::load::<S, D>(self.rebuilder.images().read(image)?, image, self.keys).map(drop)
    }

    fn is_named(&self, id: ImageId) -> bool {
        self.rebuilder.images().list().iter().any(|image| image.id == id)
    }

    fn admit(&mut self, state: Partition, partitions: u16) {
        let partition = state.id();
        self.gifts.admit(&state, partitions);
        self.pledges.admit(&state, partitions);
        self.verified.problems.extend(self.lines.admit(&state).err().map(|error| error.to_string()));
        let mut values: BTreeMap<_, tessera_domain::ValueTotals> = BTreeMap::new();
        for (template, currency, totals) in state.value_totals() {
            *values.entry((template, currency.bytes())).or_default() += totals;
        }
        for ((template, _), totals) in values.iter().filter(|(_, totals)| !totals.are_whole()) {
            self.verified.problems.push(format!("value of template {template} in partition {partition}: {totals:?}"));
        }
        self.stocks.push((partition, state.into_stock()));
    }

    /// Stock and gifts add up over all partitions, or nothing can be said of them.
    fn finish(mut self, partitions: u16) -> Verified {
        if self.stocks.len() == usize::from(partitions) {
            let stocks: Vec<_> = self.stocks.iter().map(|(partition, stock)| (*partition, stock)).collect();
            match conservation::balances(&stocks) {
                Ok(balances) => self.verified.stocks = balances,
                Err(imbalance) => self.verified.problems.push(imbalance.to_string()),
            }
            self.verified.problems.extend(self.gifts.balance().err().map(|lost| lost.to_string()));
            self.verified.problems.extend(self.pledges.balance().err().map(|lost| lost.to_string()));
        }
        self.verified
    }
}
