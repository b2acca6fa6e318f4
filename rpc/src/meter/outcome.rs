//! What became of an operation: one of few enough outcomes to count each by itself.

use tonic::{Code, Status};

use crate::{
    domain::{Reason, Rejection, Reply},
    status,
};

/// Reasons have numbers below this.
const REASON_NUMBERS: usize = 128;

/// The canonical codes of gRPC.
const CODES: usize = 17;

/// How many outcomes there can be: accepted, refused for a reason, failed with a code.
pub const OUTCOMES: usize = 1 + REASON_NUMBERS + CODES;

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, or what was asked is answered.
    Accepted,
    /// The server said no, and why.
    Refused(Reason),
    /// The transport or the client ended it, or its outcome is unknown.
    Failed(Code),
}

impl Outcome {
    /// That of an answer of the engine.
    pub fn of(answer: &Result<Reply, Rejection>) -> Self {
        match answer {
            Ok(_) => Self::Accepted,
            Err(rejection) => Self::Refused(rejection.reason),
        }
    }

    /// That of a call which ended with a status.
    pub fn of_status(status: &Status) -> Self {
        match status::reason_of(status) {
            Some(reason) => Self::Refused(reason),
            None => Self::Failed(status.code()),
        }
    }

    /// Its number, below [`OUTCOMES`].
    pub fn index(self) -> usize {
        match self {
            Self::Accepted => 0,
            Self::Refused(reason) => 1 + reason as usize,
            Self::Failed(code) => 1 + REASON_NUMBERS + code as usize,
        }
    }

    /// The outcome of a number that was counted.
    pub fn at(index: usize) -> Option<Self> {
        match index {
            0 => Some(Self::Accepted),
            refused @ 1..=REASON_NUMBERS => Reason::from_number(refused as u16 - 1).map(Self::Refused),
            failed => Some(Self::Failed(Code::from_i32((failed - 1 - REASON_NUMBERS) as i32))),
        }
    }

    /// "accepted", "refused" or "failed".
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    /// The reason of a refusal as ErrorInfo spells it, the code of a failure as gRPC does; empty otherwise.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Accepted => "",
            Self::Refused(reason) => reason.wire_name(),
            Self::Failed(code) => status::code_name(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_number_of_its_own() {
        let refused = Reason::ALL.iter().map(|&reason| Outcome::Refused(reason));
        let failed = (0..CODES as i32).map(|code| Outcome::Failed(Code::from_i32(code)));
        let all: Vec<_> = [Outcome::Accepted].into_iter().chain(refused).chain(failed).collect();
        for &outcome in &all {
            assert!(outcome.index() < OUTCOMES, "{outcome:?}");
            assert_eq!(Outcome::at(outcome.index()), Some(outcome));
        }
        assert_eq!((0..OUTCOMES).filter_map(Outcome::at).count(), all.len());
    }
}
