//! A broken promise, named after its invariant.

use std::fmt;

/// What an auditor found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant: `I1` to `I16`, or `law 4` for lines.
    pub invariant: &'static str,
    /// What was found.
    pub what: String,
}

/// The verdict of an auditor.
pub(crate) type Checked<T = ()> = Result<T, Violation>;

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.invariant, self.what)
    }
}

/// Holds, or is a violation of `invariant` that `what` describes.
pub(crate) fn holds(is_true: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Checked {
    if is_true { Ok(()) } else { Err(broken(invariant, what())) }
}

pub(crate) fn broken(invariant: &'static str, what: impl Into<String>) -> Violation {
    Violation { invariant, what: what.into() }
}
