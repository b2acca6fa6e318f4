//! From one segment to the next (rule 4d).
//!
//! The successor's header, which names where its predecessor ends, is synced into a spare; the spare takes the segment's
//! name, and the name is synced; only then the predecessor gets its closing group, synced before the successor's first group.
//! So whoever finds a closing group may demand the successor, and whoever finds the successor needs no closing group.

use crate::error::{Error, IoContext};
use crate::group::GroupKind;
use crate::index::Index;
use crate::planted::{self, Planted};
use crate::sector::{SECTOR_PAYLOAD_BYTES, Seed};
use crate::segment::{SegmentEnd, SegmentHeader, segment_name};
use crate::shelf::Active;
use crate::spares::Spare;
use crate::storage::{SECTOR_BYTES, Storage, StorageFile};
use crate::writer::{Segment, SpareSource, Writer};

impl<S: Storage> Writer<S> {
    /// Closes the segment and begins the next one.
    pub(crate) fn turn_over(&mut self) -> Result<(), Error> {
        let spare = match self.spare_source {
            SpareSource::Made => self.spares.take_or_make()?,
            SpareSource::Awaited => self.spares.take_or_wait()?,
        };
        let header = SegmentHeader {
            uuid: self.identity.uuid,
            segment: self.segment.header.segment.next(),
            start: self.start,
            segment_bytes: self.options.segment_bytes,
            first_group: self.durable.next(),
            predecessor: Some(self.segment.end),
        };
        let next = begin_segment(&self.storage, spare, header)?;
        self.stats.syncs += 2;
        self.close_segment()?;
        self.shelf.turn_over(active_of(&next, self.durable));
        self.segment = next;
        self.stats.segments += 1;
        self.sealed = true;
        Ok(())
    }

    fn close_segment(&mut self) -> Result<(), Error> {
        self.aside.clear();
        self.aside.push(&self.segment.index.encode());
        self.write_aside(GroupKind::Closing)
    }
}

/// Makes a spare into a durable segment without groups.
pub(crate) fn begin_segment<S: Storage>(
    storage: &S,
    spare: Spare<S::File>,
    header: SegmentHeader,
) -> Result<Segment<S::File>, Error> {
    let sector = header.encode();
    spare.file.write_all_at(&sector, 0).on("write", &spare.name, 0)?;
    spare.file.sync_all().on("fsync", &spare.name, 0)?;
    let name = segment_name(header.segment);
    storage.rename(&spare.name, &name).on("rename", &spare.name, 0)?;
    if !planted::is(Planted::SkippedDirectorySync) {
        storage.sync_dir().on("sync of the directory", &name, 0)?;
    }
    let crc = crate::layout::Fields(&sector).u32(SECTOR_PAYLOAD_BYTES);
    let end = SegmentEnd { segment: header.segment, offset: SECTOR_BYTES as u64, crc };
    let seed = Seed::new(header.uuid, header.segment);
    Ok(Segment { name, file: spare.file, seed, header, index: Index::default(), end })
}

/// How a segment without groups stands on the shelf.
pub(crate) fn active_of<F>(segment: &Segment<F>, durable: crate::number::GroupSeq) -> Active {
    assert!(segment.end.offset == SECTOR_BYTES as u64, "a new segment has no group");
    Active { header: segment.header, header_crc: segment.end.crc, end: segment.end, durable }
}
