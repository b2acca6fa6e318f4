//! Where the durable frames of the segment being written begin: what its closing group will say, kept in memory until then.
//!
//! Grows by one entry a frame, under the lock under which the durable end moves on. So a reader who finds a frame here may read
//! it (I11), and a poll for new frames costs what it returns.

use crate::number::{FrameNo, JournalId, Lsn};
use crate::span::{Span, Spans};

/// A frame that has become durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landed {
    pub(crate) journal: JournalId,
    pub(crate) number: FrameNo,
    pub(crate) first_lsn: Lsn,
    pub(crate) last_lsn: Lsn,
    /// The byte of the file at which it begins.
    pub(crate) offset: u32,
}

/// The frames of one journal.
#[derive(Clone, Debug)]
struct Line {
    journal: JournalId,
    span: Span,
    offsets: Vec<u32>,
}

/// The frames of the segment being written, by journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live {
    lines: Vec<Line>,
}

impl Live {
    /// Takes in a frame that follows the last one of its journal.
    pub(crate) fn land(&mut self, frame: &Landed) {
        let Landed { journal, number, first_lsn, last_lsn, offset } = *frame;
        let at = match self.lines.binary_search_by_key(&journal, |line| line.journal) {
            Ok(at) => at,
            Err(at) => {
                let before = FrameNo(number.0 - 1);
                let span = Span { first: number, last: before, first_lsn, last_lsn };
                self.lines.insert(at, Line { journal, span, offsets: Vec::new() });
                at
            }
        };
        let line = &mut self.lines[at];
        // I10: a journal's frames have no gaps.
        assert!(number.0 == line.span.last.0 + 1, "frame {number} of journal {journal} follows its predecessor");
        (line.span.last, line.span.last_lsn) = (number, last_lsn);
        line.offsets.push(offset);
    }

    pub(crate) fn span(&self, journal: JournalId) -> Option<Span> {
        self.line(journal).map(|line| line.span)
    }

    /// Where up to `count_max` frames from number `from` on begin. Bounded, because the log's thread waits meanwhile.
    pub(crate) fn offsets(&self, journal: JournalId, from: FrameNo, count_max: usize) -> Vec<u32> {
        let Some(line) = self.line(journal) else { return Vec::new() };
        let skipped = from.0.saturating_sub(line.span.first.0) as usize;
        line.offsets.iter().skip(skipped).take(count_max).copied().collect()
    }

    pub(crate) fn spans(&self) -> Spans {
        self.lines.iter().map(|line| (line.journal, line.span)).collect()
    }

    fn line(&self, journal: JournalId) -> Option<&Line> {
        let at = self.lines.binary_search_by_key(&journal, |line| line.journal).ok()?;
        Some(&self.lines[at])
    }
}
