//! Writes frames that follow each other, and reads back what a log replays. Knows of each journal where it stands.

use crate::storage::sim::SimStorage;
use crate::*;
use std::collections::BTreeMap;

pub(super) const UUID: LogUuid = LogUuid([0xA5; 16]);

#[derive(Clone, Default)]
pub(super) struct Scribe {
    pub(super) cursors: BTreeMap<JournalId, Cursor>,
}

impl Scribe {
    /// The next frame of a journal.
    pub(super) fn frame(&mut self, journal: u16, payload: &[u8]) -> Vec<u8> {
        self.frame_of_events(journal, 1, payload)
    }

    /// The next frame of a journal, of so many events.
    pub(super) fn frame_of_events(&mut self, journal: u16, count: u32, payload: &[u8]) -> Vec<u8> {
        let journal = JournalId(journal);
        let cursor = self.cursors.entry(journal).or_default();
        let header = FrameHeader {
            journal,
            number: FrameNo(cursor.number.0 + 1),
            tenure: cursor.tenure,
            first_lsn: Lsn(cursor.lsn.0 + 1),
            count,
            now_ms: 1_000 + cursor.number.0 as i64,
            catalog_lsn: 0,
            digest: 0,
            kind: FrameKind::Events,
        };
        let mut bytes = Vec::new();
        let chain = seal(&header, payload, &cursor.chain, &mut bytes);
        cursor.advance_sealed(&header, chain);
        bytes
    }

    /// The next frame of a journal, which begins a tenure.
    pub(super) fn tenure(&mut self, journal: u16) -> Vec<u8> {
        let journal = JournalId(journal);
        let cursor = self.cursors.entry(journal).or_default();
        let (number, first_lsn) = (FrameNo(cursor.number.0 + 1), Lsn(cursor.lsn.0 + 1));
        let (kind, now_ms) = (FrameKind::Tenure, cursor.now_ms.max(500));
        let header =
            FrameHeader { journal, number, tenure: number, first_lsn, count: 0, now_ms, catalog_lsn: 4, digest: 5, kind };
        let mut bytes = Vec::new();
        let chain = seal(&header, b"owner", &cursor.chain, &mut bytes);
        cursor.advance_sealed(&header, chain);
        bytes
    }

    /// Takes in what a log replays; panics where it does not follow.
    pub(super) fn follow(&mut self, frame: &Frame<'_>) {
        let cursor = self.cursors.entry(frame.header.journal).or_default();
        cursor.accept(frame).expect("replayed frames follow each other");
    }

    /// As [`Scribe::follow`], where the journal's earlier frames may have been trimmed.
    pub(super) fn resume(&mut self, frame: &Frame<'_>) {
        match self.cursors.contains_key(&frame.header.journal) {
            true => self.follow(frame),
            false => self.cursors.entry(frame.header.journal).or_default().resume(frame),
        }
    }
}

pub(super) fn options(segment_bytes: u64) -> Options {
    Options { segment_bytes, spare_count: 1, reserve_count: 0, ..Options::default() }
}

pub(super) fn new_log() -> SimStorage {
    let storage = SimStorage::new();
    create(&storage, UUID, b"caller").unwrap();
    storage
}

/// A writer, every frame replayed, a scribe that goes on after them, and what opening found.
pub(super) type Opened = (Writer<SimStorage>, Vec<Vec<u8>>, Scribe, Recovery);

/// Opens a log; returns every frame it replays and a scribe that goes on after them.
pub(super) fn open_and_read(storage: &SimStorage, options: &Options) -> Result<Opened, Error> {
    let (mut frames, mut scribe) = (Vec::new(), Scribe::default());
    let replay = &mut |frame: Frame<'_>, _| {
        scribe.follow(&frame);
        frames.push(frame.bytes().to_vec());
        Ok(())
    };
    let (writer, recovery) = open(storage.clone(), options, replay, &mut |_| {})?;
    Ok((writer, frames, scribe, recovery))
}

/// The frames that a copy of the log replays; the log itself stays as it is.
pub(super) fn frames_of(storage: &SimStorage, options: &Options) -> Result<Vec<Vec<u8>>, Error> {
    let copy = storage.kill();
    copy.set_capacity_bytes(None);
    open_and_read(&copy, options).map(|(_, frames, _, _)| frames)
}

/// Commits each payload as a group of its own to journal 0; returns the frames.
pub(super) fn commit_each(writer: &mut Writer<SimStorage>, scribe: &mut Scribe, payloads: &[&[u8]]) -> Vec<Vec<u8>> {
    let frames: Vec<Vec<u8>> = payloads.iter().map(|payload| scribe.frame(0, payload)).collect();
    for frame in &frames {
        writer.commit(&[frame]).unwrap();
    }
    frames
}
