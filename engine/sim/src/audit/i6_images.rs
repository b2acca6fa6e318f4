//! I6: image + tail = full replay. Every image that the manifest names is of a state that the durable frames made, at its place,
//! with its chain (I16), its time and its digest, and of nothing that is not durable yet.
//!
//! That a replay makes the state that was recorded, frame by frame, is held by [`Shadow::follow`](super::shadow::Shadow::follow).

use super::shadow::Shadow;
use crate::violation::{Checked, broken, holds};
use tessera_snapshot::Image;

/// Every image of a directory.
pub(crate) fn check(shadow: &Shadow, images: &[Image]) -> Checked {
    images.iter().try_for_each(|image| check_one(shadow, image))
}

fn check_one(shadow: &Shadow, image: &Image) -> Checked {
    let (journal, cursor, digest) = (image.subject.journal, &image.subject.cursor, image.subject.digest);
    let place = format!("{} of journal {journal} at frame {}", image.file_name(), cursor.number);
    let Some(step) = shadow.step(journal, cursor.number) else {
        return Err(broken("I6", format!("{place}: the frame is not durable")));
    };
    holds(step.digest == digest, "I6", || format!("{place}: digest {digest:016x}, the frames make {:016x}", step.digest))?;
    holds(step.chain == cursor.chain, "I16", || format!("{place}: another hash chain than the frames'"))?;
    let found = (cursor.lsn.0, cursor.now_ms);
    holds(found == (step.lsn, step.now_ms), "I6", || format!("{place}: lsn and time are {found:?}, not {step:?}"))
}
