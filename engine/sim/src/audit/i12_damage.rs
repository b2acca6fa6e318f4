//! I12: damage is detected or harmless, never silent. A directory in which a bit flipped, or on which the disk lied, recovers to
//! exactly what is durable, or is refused; only the last group, while no seal stands behind it, may be cut (rule 5), and that is
//! counted apart.

use super::i4_whole;
use super::shadow::Marks;
use crate::violation::{Checked, broken};
use tessera_engine::recovery::{Error, Recovered};
use tessera_wal::storage::Storage;

/// What became of a damaged directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything durable is there.
    Exact,
    /// The last group is not, and nothing was behind it.
    Cut,
    /// It is not opened.
    Refused,
}

/// The last group that became durable, and how all journals stood before it.
#[derive(Default)]
pub(crate) struct LastGroup {
    pub(crate) before: Marks,
    pub(crate) handovers: Vec<Vec<u8>>,
    pub(crate) is_sealed: bool,
}

/// Judges a recovery of a damaged directory.
pub(crate) fn judge<S: Storage>(
    recovered: &Result<Recovered<S>, Error>,
    durable: &Marks,
    under_way: &[Vec<u8>],
    last: &LastGroup,
    damage: &str,
) -> Checked<Verdict> {
    let Ok(recovered) = recovered else { return Ok(Verdict::Refused) };
    let Err(difference) = i4_whole::kept(recovered, durable, under_way) else { return Ok(Verdict::Exact) };
    let is_cut = !last.is_sealed && i4_whole::kept(recovered, &last.before, &last.handovers).is_ok();
    match is_cut {
        true => Ok(Verdict::Cut),
        false => Err(broken("I12", format!("{damage} is silent: {difference}"))),
    }
}

/// One damaged image costs time and no start: there is an older one, and the log behind it.
pub(crate) fn check_refused(file: &str, error: &Error) -> Checked {
    match file.starts_with("image-") {
        true => Err(broken("I12", format!("one damaged image, {file}, keeps a node from starting: {error}"))),
        false => Ok(()),
    }
}
