//! A cursor: where one journal stands. Whoever reads a journal holds one and lets every frame pass through it.
//!
//! It proves that frames follow each other: numbers and lsns without gaps, the chain unbroken, the tenure the one begun
//! last, time never going back (I10, I16). It knows nothing of where frames are stored.

use crate::frame::{Frame, FrameHeader, FrameKind};
use crate::number::{Chain, FrameNo, Lsn};
use thiserror::Error;

/// Where a journal stands after its last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the last frame.
    pub number: FrameNo,
    /// The lsn of the last event.
    pub lsn: Lsn,
    /// The chain after the last frame.
    pub chain: Chain,
    /// The time of the last frame, milliseconds since 1970.
    pub now_ms: i64,
    /// The number of the last tenure frame; 0 before the first.
    pub tenure: FrameNo,
}

/// A frame that does not follow the one before it. `expected` and `found` are of what the variant names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContinuityError {
    /// A frame is missing, repeated or out of order.
    #[error("frame {expected} was expected, frame {found} came")]
    Number {
        /// The number that follows.
        expected: FrameNo,
        /// The number that came.
        found: FrameNo,
    },
    /// The events do not follow those of the frame before.
    #[error("frame {number} was expected to begin at lsn {expected}, it begins at {found}")]
    Lsn {
        /// The frame.
        number: FrameNo,
        /// The lsn that follows.
        expected: Lsn,
        /// The lsn that came.
        found: Lsn,
    },
    /// The frame was written under another tenure than the last one begun.
    #[error("frame {number} was written under tenure {found}, the tenure is {expected}")]
    Tenure {
        /// The frame.
        number: FrameNo,
        /// The tenure begun last.
        expected: FrameNo,
        /// The tenure it names.
        found: FrameNo,
    },
    /// Time went back.
    #[error("frame {number} is of {found} ms, the frame before of {expected} ms")]
    Time {
        /// The frame.
        number: FrameNo,
        /// The earliest time allowed.
        expected: i64,
        /// The time it names.
        found: i64,
    },
    /// The frame's chain does not follow from the chain before it.
    #[error("the hash chain breaks at frame {number}")]
    Chain {
        /// The frame.
        number: FrameNo,
    },
}

impl Cursor {
    /// Where a journal without frames stands.
    pub const START: Cursor =
        Cursor { number: FrameNo(0), lsn: Lsn(0), chain: Chain::START, now_ms: i64::MIN, tenure: FrameNo(0) };

    /// Checks that `frame` follows, and moves past it. After an error the cursor stands where it stood.
    ///
    /// # Errors
    /// When the frame does not follow.
    pub fn accept(&mut self, frame: &Frame<'_>) -> Result<(), ContinuityError> {
        self.check_header(&frame.header)?;
        if !frame.verify_chain(&self.chain) {
            return Err(ContinuityError::Chain { number: frame.header.number });
        }
        self.advance(&frame.header, frame.chain);
        Ok(())
    }

    /// Moves past a frame that was sealed from this cursor just now.
    ///
    /// # Panics
    /// When the frame does not follow.
    pub fn advance_sealed(&mut self, header: &FrameHeader, chain: Chain) {
        let follows = self.check_header(header);
        assert!(follows.is_ok(), "a frame sealed here follows: {follows:?}");
        self.advance(header, chain);
    }

    /// Moves to where the journal stands after `frame`, unproven: for a log whose earlier frames are elsewhere.
    pub fn resume(&mut self, frame: &Frame<'_>) {
        self.lsn = Lsn(frame.header.first_lsn.0 - 1);
        self.advance(&frame.header, frame.chain);
    }

    fn advance(&mut self, header: &FrameHeader, chain: Chain) {
        self.number = header.number;
        self.lsn = Lsn(self.lsn.0 + u64::from(header.count));
        self.chain = chain;
        self.now_ms = header.now_ms;
        self.tenure = header.tenure;
    }

    fn check_header(&self, header: &FrameHeader) -> Result<(), ContinuityError> {
        let number = header.number;
        let next = FrameNo(self.number.0 + 1);
        if number != next {
            return Err(ContinuityError::Number { expected: next, found: number });
        }
        let lsn = Lsn(self.lsn.0 + 1);
        if header.first_lsn != lsn {
            return Err(ContinuityError::Lsn { number, expected: lsn, found: header.first_lsn });
        }
        let tenure = match header.kind {
            FrameKind::Events => self.tenure,
            FrameKind::Tenure => number,
        };
        if header.tenure != tenure {
            return Err(ContinuityError::Tenure { number, expected: tenure, found: header.tenure });
        }
        if header.now_ms < self.now_ms {
            return Err(ContinuityError::Time { number, expected: self.now_ms, found: header.now_ms });
        }
        Ok(())
    }
}

impl Default for Cursor {
    fn default() -> Self {
        Cursor::START
    }
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod tests;
