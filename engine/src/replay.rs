//! Replay: a journal rebuilt beside the live state, and compared with everything that says what it should be.
//!
//! Every frame is compared with the digest recorded in it, every image on the way with the replayed state
//! at its place, and the end with the live state if that was asked for. Nothing is changed.

use crate::ledger::{Ledger, State};
use crate::rebuild::{Error, From, ImageError, Rebuilder, Until};
use std::ops::ControlFlow;
use tessera_snapshot::Image;
use tessera_wal::JournalId;
use tessera_wal::storage::Storage;

/// Frames between two looks at whether to go on.
const FRAMES_PER_LOOK: u64 = 256;

/// One journal, replayed.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Which.
    pub journal: u16,
    /// The lsn that was reached.
    pub lsn: u64,
    /// The digest of the state there.
    pub digest: u64,
    /// The lsn of the image that it began with; 0 = from the beginning.
    pub image_lsn: u64,
    /// Frames replayed.
    pub frames: u64,
    /// Images on the way that were compared.
    pub images_compared: u32,
    /// The live state's digest at the same lsn.
    pub live_digest: Option<u64>,
    /// Every difference, in words.
    pub differences: Vec<String>,
}

/// What the live state says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Its lsn, durable.
    pub lsn: u64,
    /// Its digest.
    pub digest: u64,
    /// What each of its parts adds to that, by the part's name.
    pub digests: Vec<(&'static str, u64)>,
}

impl Live {
    /// What it differs in from a state at the same lsn, in words.
    fn difference<S: State>(&self, state: &S) -> Option<String> {
        let (lsn, live, digest) = (state.lsn(), self.digest, state.digest());
        let replayed = state.digests();
        let parts: Vec<&str> = self.digests.iter().filter(|part| !replayed.contains(part)).map(|(name, _)| *name).collect();
        let said = || {
            format!("at lsn {lsn} the live state's digest is {live:016x}, the replayed one's {digest:016x}: {}", parts.join(", "))
        };
        (live != digest).then(said)
    }
}

/// Replays one journal; `go_on` is told of frames as they are replayed, and may end it.
///
/// # Errors
/// When the journal cannot be rebuilt. A difference is no error.
pub fn replay<S: State, D: Storage>(
    rebuilder: &mut Rebuilder<D>,
    journal: JournalId,
    from: From,
    until: Until,
    live: Option<Live>,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<Replayed>, Error> {
    Ok(rebuild::<S, D>(rebuilder, journal, from, until, live, go_on)?.map(|(_, replayed)| replayed))
}

/// As [`replay`], and the ledger as it was rebuilt.
pub(crate) fn rebuild<S: State, D: Storage>(
    rebuilder: &mut Rebuilder<D>,
    journal: JournalId,
    from: From,
    until: Until,
    live: Option<Live>,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Option<(Ledger<S>, Replayed)>, Error> {
    let until = live.as_ref().map_or(until, |live| Until::Lsn(live.lsn));
    let images = rebuilder.images().newest_first(journal);
    let (mut compared, mut differences, mut frames) = (0, Vec::new(), 0);
    let mut is_cancelled = false;
    let mut watch = |ledger: &Ledger<S>| {
        for image in images.iter().filter(|image| image.subject.cursor.number == ledger.cursor().number) {
            compared += 1;
            differences.extend(difference(image, ledger));
        }
        frames += 1;
        if frames % FRAMES_PER_LOOK == 0 && !go_on(FRAMES_PER_LOOK) {
            is_cancelled = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let rebuilt = rebuilder.rebuild_watched::<S>(journal, from, until, &mut watch)?;
    if is_cancelled {
        return Ok(None);
    }
    go_on(frames % FRAMES_PER_LOOK);
    let state = rebuilt.ledger.state();
    let (lsn, digest) = (state.lsn(), state.digest());
    differences.extend(rebuilt.refused.iter().map(ImageError::to_string));
    differences.extend(live.as_ref().and_then(|live| live.difference(state)));
    let replayed = Replayed {
        journal: journal.0,
        lsn,
        digest,
        image_lsn: rebuilt.image.as_ref().map_or(0, |image| image.subject.cursor.lsn.0),
        frames: rebuilt.frames,
        images_compared: compared,
        live_digest: live.map(|live| live.digest),
        differences,
    };
    Ok(Some((rebuilt.ledger, replayed)))
}

fn difference<S: State>(image: &Image, ledger: &Ledger<S>) -> Option<String> {
    let (subject, state) = (&image.subject, ledger.state());
    let is_equal = subject.cursor == *ledger.cursor() && subject.digest == state.digest();
    (!is_equal).then(|| {
        let (file, frame) = (image.file_name(), subject.cursor.number.0);
        format!("{file}: at frame {frame} its digest is {:016x}, the replayed state's {:016x}", subject.digest, state.digest())
    })
}
