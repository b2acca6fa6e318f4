//! The archive: trimmed segments, read like the log's own and removed, oldest first, when it grows beyond its bound.
//!
//! An archived segment is believed as far as the log's first segment leads down to it: each header names its predecessor's
//! end, and only the segment that ends so stands below it. What a gap cuts off is damage, never history.

use crate::error::{Damage, Error, IoContext};
use crate::files::{Files, open_named};
use crate::index::Index;
use crate::number::{LogUuid, SegmentId};
use crate::scan::{closing_index, survey};
use crate::sector::Seed;
use crate::segment::{SegmentEnd, SegmentHeader, archive_name, segment_of_name};
use crate::shelf::{Below, Sealed, Shelf};
use crate::source::{Expected, Source};
use crate::span::{Span, Spans};
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use std::sync::{Arc, OnceLock};

/// Looks one segment further down into the archive and notes on the shelf what is there.
///
/// # Errors
/// `Corrupt`, `Foreign` or `Format` when what is there is not what stands above says; `Io`.
pub(crate) fn dig(files: &dyn Files, shelf: &Shelf, uuid: LogUuid) -> Result<(), Error> {
    let _one_at_a_time = shelf.dig();
    let (below, above) = shelf.bottom();
    if below != Below::Unknown {
        return Ok(());
    }
    let Some(end) = above.predecessor else {
        shelf.note_below(above.segment, Below::Nothing);
        return Ok(());
    };
    match open_named(files, archive_name(end.segment))? {
        Some((name, file)) => shelf.put_below(load(name, file.as_ref(), uuid, end, &above)?),
        None => shelf.note_below(above.segment, what_is_below(files, end.segment)?),
    }
    Ok(())
}

/// What it means that `segment` is not in the archive.
fn what_is_below(files: &dyn Files, segment: SegmentId) -> Result<Below, Error> {
    let older = archived(&files.list().on("list", "", 0)?).into_iter().any(|archived| archived < segment);
    Ok(if older { Below::Missing(segment) } else { Below::Nothing })
}

/// How much is archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Segments.
    pub segments: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

/// Counts the archive. What leaves it meanwhile does not count.
///
/// # Errors
/// `Io`.
pub(crate) fn count(files: &dyn Files) -> Result<Archived, Error> {
    let mut counted = Archived::default();
    for segment in archived(&files.list().on("list", "", 0)?) {
        if let Some((name, file)) = open_named(files, archive_name(segment))? {
            counted.segments += 1;
            counted.bytes += file.len_bytes().on("length", &name, 0)?;
        }
    }
    Ok(counted)
}

/// The archived segments among all names, in order.
fn archived(names: &[String]) -> Vec<SegmentId> {
    let mut segments: Vec<SegmentId> = names.iter().filter_map(|name| segment_of_name(name.strip_prefix("archive/")?)).collect();
    segments.sort();
    segments
}

/// An archived segment that ends as the header above it says.
fn load(name: String, file: &dyn StorageFile, uuid: LogUuid, end: SegmentEnd, above: &SegmentHeader) -> Result<Sealed, Error> {
    let mut source = Source::mapped(name, file, end.offset)?;
    let sector = source.whole().get(..SECTOR_BYTES);
    let sector = sector.ok_or_else(|| Error::corrupt(&source.name, 0, Damage::EndDisagrees))?;
    let (header, header_crc) = SegmentHeader::decode(&source.name, sector, uuid, end.segment)?;
    if end.offset > header.segment_bytes || above.start < header.start || above.first_group < header.first_group {
        return Err(Error::corrupt(&source.name, 0, Damage::EndDisagrees));
    }
    let index = OnceLock::new();
    let spans = match closing_index(source.whole(), Seed::new(uuid, end.segment), end, above.first_group) {
        Some(listed) => spans_of(&mut source, &listed)?,
        None => {
            let (walked, spans) = survey(&source.name, source.whole(), &header, header_crc, end)?;
            index.get_or_init(|| Arc::new(walked));
            spans
        }
    };
    Ok(Sealed { header, header_crc, end, next_group: above.first_group, spans, index })
}

/// The spans that an index stands for, by the first and the last frame of each journal.
fn spans_of(source: &mut Source, index: &Index) -> Result<Spans, Error> {
    let (mut spans, mut frame) = (Spans::new(), Vec::new());
    for frames in index.journals() {
        let journal = frames.journal;
        let (&first, &last) = frames.offsets.first().zip(frames.offsets.last()).expect("an index lists at least one frame");
        let mut span = Span::of(&source.frame(first, Expected { journal, number: frames.first }, &mut frame)?);
        span.extend(&source.frame(last, Expected { journal, number: frames.last() }, &mut frame)?);
        spans.insert(journal, span);
    }
    Ok(spans)
}

/// Removes the oldest archived segments while all together have more than `bytes_max`.
///
/// # Errors
/// `Io` when the disk failed: the process must end.
pub(crate) fn prune(storage: &impl Storage, shelf: &Shelf, bytes_max: u64) -> Result<u64, Error> {
    let _nobody_digs = shelf.dig();
    let mut kept = Vec::new();
    for segment in archived(&storage.list().on("list", "", 0)?) {
        let name = archive_name(segment);
        let file = storage.open(&name).on("open", &name, 0)?;
        kept.push((segment, name.clone(), file.len_bytes().on("length", &name, 0)?));
    }
    let mut bytes: u64 = kept.iter().map(|(.., bytes)| bytes).sum();
    let mut removed = 0;
    for (segment, name, length) in kept {
        if bytes <= bytes_max {
            break;
        }
        shelf.forget_archived(segment);
        storage.remove(&name).on("remove", &name, 0)?;
        // One by one, so that a crash leaves no gap.
        storage.sync_dir().on("sync of the directory", &name, 0)?;
        bytes -= length;
        removed += 1;
    }
    Ok(removed)
}
