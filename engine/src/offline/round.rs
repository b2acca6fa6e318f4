//! A round of snapshots over a directory that no server holds: every journal folded, and the log trimmed to the older of two images.
//!
//! The log is opened as by a start, so it goes on in a new, empty segment; trimmed segments go to the archive, whose bound is the
//! server's and is left to it.

use super::journals;
use crate::directory::Directory;
use crate::node::Error;
use crate::recovery;
use crate::snapshots::Round;
use crate::snapshotter::Snapshotter;
use std::path::Path;
use std::time::Instant;
use tessera_domain::Partition;
use tessera_domain::catalog::CatalogState;
use tessera_snapshot::Images;
use tessera_wal::{JournalId, Options, Progress};

/// Makes the next image of every journal. `progress` hears how the log is read, `tell` of each journal that is done.
///
/// # Errors
/// As a start refuses, but for its clock; a journal that fails is told in the round.
pub fn save_snapshot(
    dir: &Path,
    now_ms: i64,
    progress: &mut dyn FnMut(Progress),
    tell: &mut dyn FnMut(&Round),
) -> Result<Round, Error> {
    let began = Instant::now();
    let directory = Directory::open(dir)?;
    let partitions = directory.partitions();
    let mut opened = recovery::open(directory.log.clone(), &directory.images, &Options::default(), partitions, progress)?;
    let images = Images::open(directory.images.clone(), opened.log.identity.uuid).map_err(recovery::Error::from)?;
    let snapshotter = Snapshotter::new(images.clone(), directory.rebuild_keys());
    let journals = journals(partitions);
    let mut round = Round::begin(1, now_ms, journals.len() as u32);
    for journal in journals {
        let (history, mut count) = (opened.writer.reader().history(), |frames| round.frames += frames);
        let folded = match journal {
            JournalId::CATALOG => snapshotter.fold::<CatalogState>(journal, history, now_ms, &mut count),
            journal => snapshotter.fold::<Partition>(journal, history, now_ms, &mut count),
        };
        let trimmed = opened.writer.trim(&images.keep_from())?;
        round.note(journal, folded.map(|folded| (folded, trimmed.segments)).map_err(|error| error.to_string()));
        round.took = began.elapsed();
        tell(&round);
    }
    round.is_over = true;
    Ok(round)
}
