//! A segment's index: for each journal, where its frames begin. Written as the payload of the closing group, so that a reader
//! of one journal does not read the others' frames.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | count of journals |
//! | 4 | 4 | zero |
//! | … | 2 | journal, in ascending order |
//! | … | 2 | zero |
//! | … | 4 | count of frames |
//! | … | 8 | number of the first frame |
//! | … | 4 × count | byte of the file at which each frame begins |

use crate::layout::Fields;
use crate::number::{FrameNo, JournalId};

const HEAD_BYTES: usize = 8;
const JOURNAL_BYTES: usize = 16;
const FRAME_BYTES: usize = 4;

/// The frames of one journal in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFrames {
    /// The journal.
    pub journal: JournalId,
    /// The number of the first of them; the others follow without gaps.
    pub first: FrameNo,
    /// The byte of the file at which each begins.
    pub offsets: Vec<u32>,
}

impl JournalFrames {
    /// The number of the last frame, or of the one before the first when there are none.
    #[must_use]
    pub fn last(&self) -> FrameNo {
        FrameNo(self.first.0 + self.offsets.len() as u64 - 1)
    }
}

/// Where a segment's frames begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    journals: Vec<JournalFrames>,
    frame_count: usize,
}

impl Index {
    /// The journals that have frames, in ascending order.
    #[must_use]
    pub fn journals(&self) -> &[JournalFrames] {
        &self.journals
    }

    /// The frames of one journal.
    #[must_use]
    pub fn of(&self, journal: JournalId) -> Option<&JournalFrames> {
        let at = self.journals.binary_search_by_key(&journal, |frames| frames.journal).ok()?;
        Some(&self.journals[at])
    }

    /// Notes a frame. False when it does not follow the journal's last one: then the index cannot name it.
    pub(crate) fn note(&mut self, journal: JournalId, number: FrameNo, offset: u32) -> bool {
        let at = match self.journals.binary_search_by_key(&journal, |frames| frames.journal) {
            Ok(at) => at,
            Err(at) => {
                self.journals.insert(at, JournalFrames { journal, first: number, offsets: Vec::new() });
                at
            }
        };
        let frames = &mut self.journals[at];
        let follows = number.0 == frames.first.0 + frames.offsets.len() as u64;
        if follows {
            frames.offsets.push(offset);
            self.frame_count += 1;
        }
        follows
    }

    /// The most bytes it would take after so many more frames.
    pub(crate) fn bytes_after(&self, more_frames: usize) -> usize {
        let journals = self.journals.len() + more_frames;
        HEAD_BYTES + journals * JOURNAL_BYTES + (self.frame_count + more_frames) * FRAME_BYTES
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes_after(0));
        out.extend_from_slice(&(self.journals.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for frames in &self.journals {
            out.extend_from_slice(&frames.journal.0.to_le_bytes());
            out.extend_from_slice(&[0; 2]);
            out.extend_from_slice(&(frames.offsets.len() as u32).to_le_bytes());
            out.extend_from_slice(&frames.first.0.to_le_bytes());
            frames.offsets.iter().for_each(|offset| out.extend_from_slice(&offset.to_le_bytes()));
        }
        assert!(out.len() == self.bytes_after(0), "an index is as long as it was promised to be");
        out
    }

    /// Reads an index back, or nothing when the bytes are none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Index> {
        let head = bytes.get(..HEAD_BYTES)?;
        let (mut rest, mut index) = (&bytes[HEAD_BYTES..], Index::default());
        for _ in 0..Fields(head).u32(0) {
            let fields = Fields(rest.get(..JOURNAL_BYTES)?);
            let count = fields.u32(4) as usize;
            let (journal, first) = (JournalId(fields.u16(0)), FrameNo(fields.u64(8)));
            let listed = rest.get(JOURNAL_BYTES..JOURNAL_BYTES + count * FRAME_BYTES)?;
            let offsets: Vec<u32> = listed.chunks_exact(FRAME_BYTES).map(|bytes| Fields(bytes).u32(0)).collect();
            let ascends = index.journals.last().is_none_or(|last| last.journal < journal);
            if offsets.is_empty() || !ascends || first.0 == 0 {
                return None;
            }
            index.frame_count += count;
            index.journals.push(JournalFrames { journal, first, offsets });
            rest = &rest[JOURNAL_BYTES + count * FRAME_BYTES..];
        }
        rest.is_empty().then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index() -> Index {
        let frames = |journal, first, offsets: &[u32]| JournalFrames {
            journal: JournalId(journal),
            first: FrameNo(first),
            offsets: offsets.to_vec(),
        };
        Index { journals: vec![frames(1, 7, &[4168, 9000]), frames(0xFFFF, 1, &[5000])], frame_count: 3 }
    }

    #[test]
    fn an_index_reads_back() {
        assert_eq!(Index::decode(&index().encode()), Some(index()));
        assert_eq!(Index::decode(&Index::default().encode()), Some(Index::default()));
        assert_eq!(index().of(JournalId(1)).unwrap().last(), FrameNo(8));
    }

    #[test]
    fn a_truncated_index_is_none() {
        let bytes = index().encode();
        for length in 0..bytes.len() {
            assert_eq!(Index::decode(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn an_index_that_contradicts_itself_is_none() {
        let decoded = |journal, first, offsets: &[u32]| {
            let mut index = index();
            index.frame_count = index.frame_count - index.journals[1].offsets.len() + offsets.len();
            index.journals[1] = JournalFrames { journal: JournalId(journal), first: FrameNo(first), offsets: offsets.to_vec() };
            Index::decode(&index.encode())
        };
        assert!(decoded(2, 1, &[5000]).is_some());
        assert_eq!(decoded(1, 1, &[5000]), None, "a journal twice");
        assert_eq!(decoded(0, 1, &[5000]), None, "journals that do not ascend");
        assert_eq!(decoded(2, 0, &[5000]), None, "a frame without a number");
        assert_eq!(decoded(2, 1, &[]), None, "a journal without frames");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let decoded = Index::decode(&bytes);
            prop_assert!(decoded.is_none_or(|index| index.encode().len() == bytes.len()));
        }
    }
}
