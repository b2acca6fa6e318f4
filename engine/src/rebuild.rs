//! Rebuilding: a journal's state from its newest whole image and the frames after it.
//!
//! The one road back to a state. Recovery takes it to the end of the log, the snapshotter up to the
//! durable position, operators to an lsn or an instant of the past. Every frame on the way is checked:
//! continuity, hash chain, state digest (I6, I16). A damaged image is said loudly and the one before it
//! is taken; without any, the journal is replayed from its beginning, as far as the log or its archive
//! still has it.

use crate::ledger::{Ledger, Loader, ReplayError, State};
use crate::planted::{self, Planted};
use std::ops::ControlFlow;
use tessera_domain::image::{NotAnImage, NotTheState};
use tessera_domain::keyed::IdHashKey;
use tessera_snapshot::{Image, ImageReader, Images, Verified};
use tessera_wal::storage::Storage;
use tessera_wal::{Frame, FrameNo, GroupSeq, History, JournalId, Lsn};

/// The keys that a directory is rebuilt with.
#[derive(Clone, Copy)]
pub struct Keys {
    /// The keyed hashes.
    pub hash: IdHashKey,
    /// Tells these keys from others.
    pub check: u64,
}

/// How far a state is rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the newest durable frame.
    Durable,
    /// To this event and no further.
    Lsn(u64),
    /// To the last frame of this instant, in ms.
    Instant(i64),
}

/// Which image a rebuilding begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// The newest that is whole and not beyond the goal.
    #[default]
    NewestImage,
    /// The oldest that is whole and not beyond the goal: the longest way that the log leads by itself.
    OldestImage,
    /// None: the journal's first frame.
    Beginning,
}

/// A rebuilt journal.
pub struct Rebuilt<S> {
    /// Its state, and where it stands. With a goal inside a frame the state has the events up to it, and the cursor stands before
    /// their frame.
    pub ledger: Ledger<S>,
    /// The image it began with.
    pub image: Option<Image>,
    /// Images that were refused.
    pub refused: Vec<ImageError>,
    /// Frames replayed.
    pub frames: u64,
    /// Their bytes.
    pub frame_bytes: u64,
}

/// Why an image is not a state.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file.
    #[error(transparent)]
    File(#[from] tessera_snapshot::Error),
    /// What is in it.
    #[error("{file}: {source}")]
    Content {
        /// Which file.
        file: String,
        /// What is wrong.
        #[source]
        source: NotAnImage,
    },
    /// Its state is not the one it was made of.
    #[error("{file}: the state's digest is {found:016x}, the image recorded {recorded:016x}")]
    Digest {
        /// Which file.
        file: String,
        /// The digest in the image.
        recorded: u64,
        /// The digest of the state.
        found: u64,
    },
    /// It was made with other keys.
    #[error("{file}: the image was made with other keys")]
    Keys {
        /// Which file.
        file: String,
    },
}

/// Why a state cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log.
    #[error(transparent)]
    Log(#[from] tessera_wal::Error),
    /// A frame does not lead to the state that was recorded with it.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The frames that are needed have left the log and its archive.
    #[error(
        "journal {journal}: history begins at frame {first_available}, and no whole image stands before it ({refused} refused)"
    )]
    HistoryTrimmed {
        /// The journal.
        journal: u16,
        /// The first frame that is still there.
        first_available: u64,
        /// The first event after which a state can still be had: that of the oldest image behind the goal; 0 = none.
        first_lsn: u64,
        /// Images that were refused.
        refused: usize,
    },
    /// Every image was refused, and the log has nothing of the journal: what was in them is nowhere.
    #[error("journal {journal}: none of its {refused} images is whole, and the log does not have what was in them")]
    ImagesRefused {
        /// The journal.
        journal: u16,
        /// Images that were refused.
        refused: usize,
    },
    /// The goal lies after everything that is durable.
    #[error("journal {journal}: lsn {lsn} is asked for, the durable end is lsn {durable}")]
    NotYet {
        /// The journal.
        journal: u16,
        /// The goal.
        lsn: u64,
        /// Where the journal ends.
        durable: u64,
    },
}

/// Rebuilds journals, one at a time.
pub struct Rebuilder<D: Storage> {
    images: Images<D>,
    history: History,
    keys: Keys,
}

impl<D: Storage> Rebuilder<D> {
    /// With the images and the history of one directory, and its keys.
    pub fn new(images: Images<D>, history: History, keys: Keys) -> Rebuilder<D> {
        Rebuilder { images, history, keys }
    }

    /// The state of a journal.
    ///
    /// # Errors
    /// See [`Error`]. Images that are refused are no error while there is another way.
    pub fn rebuild<S: State>(&mut self, journal: JournalId, from: From, until: Until) -> Result<Rebuilt<S>, Error> {
        self.rebuild_watched(journal, from, until, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`Rebuilder::rebuild`]; `watch` sees the ledger after each frame and may end it there.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn rebuild_watched<S: State>(
        &mut self,
        journal: JournalId,
        from: From,
        until: Until,
        watch: &mut dyn FnMut(&Ledger<S>) -> ControlFlow<()>,
    ) -> Result<Rebuilt<S>, Error> {
        let mut rebuilt = self.fold(journal, from, until, watch)?;
        rebuilt.ledger.catch_up()?;
        Ok(rebuilt)
    }

    /// As [`Rebuilder::rebuild_watched`], of a state that nobody will ask for requests or orders: it is only looked at and saved.
    pub(crate) fn fold<S: State>(
        &mut self,
        journal: JournalId,
        from: From,
        until: Until,
        watch: &mut dyn FnMut(&Ledger<S>) -> ControlFlow<()>,
    ) -> Result<Rebuilt<S>, Error> {
        let mut rebuilt = self.begin(journal, from, until);
        rebuilt.ledger.put_off();
        let (mut failed, mut is_ended) = (None, false);
        let next = FrameNo(rebuilt.ledger.cursor().number.0 + 1);
        let read = self.history.read(journal, next, &mut |frame| match take(&mut rebuilt, &frame, until) {
            Ok(ControlFlow::Continue(())) => {
                let flow = watch(&rebuilt.ledger);
                is_ended = flow.is_break();
                flow
            }
            Ok(flow) => flow,
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        match (failed, read) {
            (Some(error), _) => Err(error.into()),
            (None, Err(tessera_wal::Error::Trimmed { first_available, .. })) => Err(Error::HistoryTrimmed {
                journal: journal.0,
                first_available: first_available.0,
                first_lsn: self.first_beyond(journal, until),
                refused: rebuilt.refused.len(),
            }),
            (None, read) => {
                read?;
                if is_ended { Ok(rebuilt) } else { rebuilt.reached(journal, until) }
            }
        }
    }

    /// The lsn of the oldest image behind the goal; 0 = there is none.
    fn first_beyond(&self, journal: JournalId, until: Until) -> u64 {
        let beyond = self.images.newest_first(journal).into_iter().filter(|image| !until.admits(image));
        beyond.map(|image| image.subject.cursor.lsn.0).min().unwrap_or(0)
    }

    /// The newest durable group of the log: every frame of what was rebuilt lies in it or before.
    pub fn durable(&self) -> GroupSeq {
        self.history.durable()
    }

    /// The images there are.
    pub fn images(&self) -> &Images<D> {
        &self.images
    }

    /// The newest image that is whole and not beyond the goal, or nothing yet.
    fn begin<S: State>(&self, journal: JournalId, from: From, until: Until) -> Rebuilt<S> {
        let mut refused = Vec::new();
        let images = match from {
            From::NewestImage => self.images.newest_first(journal),
            From::OldestImage => self.images.newest_first(journal).into_iter().rev().collect(),
            From::Beginning => Vec::new(),
        };
        for image in images.into_iter().filter(|image| until.admits(image)) {
            match self.images.read(&image).map_err(ImageError::from).and_then(|reader| load(reader, &image, self.keys)) {
                Ok((ledger, _)) => return Rebuilt { ledger, image: Some(image), refused, frames: 0, frame_bytes: 0 },
                Err(error) => {
                    tracing::error!(journal = journal.0, %error, "an image is refused; another one or the log is taken");
                    if matches!(error, ImageError::Content { .. } | ImageError::Digest { .. }) {
                        self.images.distrust(&image);
                    }
                    refused.push(error);
                }
            }
        }
        let ledger = Ledger::new(journal, S::blank(journal, self.keys.hash));
        Rebuilt { ledger, image: None, refused, frames: 0, frame_bytes: 0 }
    }
}

/// The ledger of an image, and the proof that its file is whole.
pub(crate) fn load<S: State, D: Storage>(
    reader: ImageReader<D>,
    image: &Image,
    keys: Keys,
) -> Result<(Ledger<S>, Verified), ImageError> {
    let subject = &image.subject;
    let (state, verified) = take_chunks(reader, image, keys, S::loader(subject.journal, keys.hash))?;
    Ok((Ledger::resume(subject.journal, state, subject.cursor, subject.catalog_lsn), verified))
}

/// The proof that an image's file is whole and has the digest that it says, without making its state.
pub(crate) fn check<S: State, D: Storage>(reader: ImageReader<D>, image: &Image, keys: Keys) -> Result<Verified, ImageError> {
    take_chunks(reader, image, keys, S::check(image.subject.journal, keys.hash)).map(|(_, verified)| verified)
}

fn take_chunks<L: Loader, D: Storage>(
    mut reader: ImageReader<D>,
    image: &Image,
    keys: Keys,
    mut loader: L,
) -> Result<(L::State, Verified), ImageError> {
    let (subject, file) = (&image.subject, image.file_name());
    if subject.key_check != keys.check {
        return Err(ImageError::Keys { file });
    }
    while let Some(chunk) = reader.next_chunk()? {
        loader.take(chunk).map_err(|source| ImageError::Content { file: file.clone(), source })?;
    }
    let verified = reader.finish()?;
    let recorded = subject.digest ^ u64::from(planted::is(Planted::ImageOfAnotherDigest));
    match loader.finish(recorded) {
        Ok(state) => Ok((state, verified)),
        Err(NotTheState::Digest(found)) => Err(ImageError::Digest { file, recorded, found }),
        Err(NotTheState::Content(source)) => Err(ImageError::Content { file, source }),
    }
}

impl Until {
    fn admits(self, image: &Image) -> bool {
        let cursor = &image.subject.cursor;
        match self {
            Until::Durable => true,
            Until::Lsn(lsn) => cursor.lsn <= Lsn(lsn),
            Until::Instant(at_ms) => cursor.now_ms <= at_ms,
        }
    }

    /// Whether the whole frame lies within the goal.
    fn admits_frame(self, frame: &Frame<'_>) -> bool {
        let header = &frame.header;
        match self {
            Until::Durable => true,
            Until::Lsn(lsn) => header.first_lsn.0 + u64::from(header.count) <= lsn + 1,
            Until::Instant(at_ms) => header.now_ms <= at_ms,
        }
    }
}

/// Takes a frame, or as much of it as lies within the goal.
fn take<S: State>(rebuilt: &mut Rebuilt<S>, frame: &Frame<'_>, until: Until) -> Result<ControlFlow<()>, ReplayError> {
    if until.admits_frame(frame) {
        if planted::is(Planted::FoldSkipsFrame) && rebuilt.frames == 3 {
            rebuilt.frames += 1;
            return Ok(ControlFlow::Continue(()));
        }
        rebuilt.ledger.replay(frame)?;
        rebuilt.frames += 1;
        rebuilt.frame_bytes += frame.bytes().len() as u64;
        return Ok(ControlFlow::Continue(()));
    }
    if let Until::Lsn(lsn) = until {
        rebuilt.ledger.replay_part(frame, lsn)?;
    }
    Ok(ControlFlow::Break(()))
}

impl<S: State> Rebuilt<S> {
    fn reached(self, journal: JournalId, until: Until) -> Result<Rebuilt<S>, Error> {
        // I12: a journal whose images are all damaged is empty only if it never had a frame.
        if self.ledger.cursor().number == FrameNo(0) && !self.refused.is_empty() {
            return Err(Error::ImagesRefused { journal: journal.0, refused: self.refused.len() });
        }
        let durable = self.ledger.state().lsn();
        match until {
            Until::Lsn(lsn) if lsn > durable => Err(Error::NotYet { journal: journal.0, lsn, durable }),
            _ => Ok(self),
        }
    }
}
