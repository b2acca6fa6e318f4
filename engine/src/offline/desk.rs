//! The desk: a directory that is opened for reading alone, its log's lock held, and what is asked at it.
//!
//! The log is judged as by a start and nothing is changed, so whoever looks twice sees the same.

use crate::directory::Directory;
use crate::inspect::{self, CouponFacts};
use crate::keys::NodeKeys;
use crate::node::Error;
use crate::rebuild::{self, From, Rebuilder, Until};
use crate::recovery;
use crate::shard::{Books, PartitionReport};
use crate::snapshots::ImageReport;
use std::path::Path;
use tessera_domain::{Partition, Rejection};
use tessera_snapshot::Images;
use tessera_wal::storage::disk::DiskStorage;
use tessera_wal::{History, JournalId, Progress, Reader};

/// A directory that no server holds, open for reading.
pub struct Desk {
    pub(super) directory: Directory,
    pub(super) rebuilder: Rebuilder<DiskStorage>,
    reader: Reader,
}

/// A partition as it stands.
#[derive(Clone, Debug)]
pub struct PartitionFacts {
    /// What a shard would say of it.
    pub report: PartitionReport,
    /// Where its stock and value are.
    pub books: Books,
    /// Its images, newest first.
    pub images: Vec<ImageReport>,
}

impl Desk {
    /// Opens a directory.
    ///
    /// # Errors
    /// As a start refuses, but for its clock and a full disk.
    pub fn open(dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Desk, Error> {
        let directory = Directory::open(dir)?;
        let (reader, found) = recovery::look(directory.log.clone(), &directory.images, directory.partitions(), progress)?;
        let images = Images::look(directory.images.clone(), found.identity.uuid).map_err(recovery::Error::from)?;
        let rebuilder = Rebuilder::new(images, reader.history(), directory.rebuild_keys());
        Ok(Desk { directory, rebuilder, reader })
    }

    /// Its keys.
    pub fn keys(&self) -> &NodeKeys {
        &self.directory.keys
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> u16 {
        self.directory.partitions()
    }

    /// A reading session over its log and the archive.
    pub fn history(&self) -> History {
        self.reader.history()
    }

    /// A journal of this directory.
    ///
    /// # Errors
    /// When it is none.
    pub fn check_journal(&self, journal: JournalId) -> Result<JournalId, Error> {
        let allowed = "a partition of this directory, or 65535 for the catalog";
        match journal {
            JournalId(number) if number < self.partitions() || journal == JournalId::CATALOG => Ok(journal),
            JournalId(number) => Err(Error::Setting { setting: "partition", found: number.into(), allowed }),
        }
    }

    /// A partition at the end of the log.
    ///
    /// # Errors
    /// When there is no such partition, or it cannot be rebuilt.
    pub fn partition(&mut self, partition: u16) -> Result<PartitionFacts, Error> {
        let partitions = self.partitions();
        if partition >= partitions {
            return Err(Error::Setting {
                setting: "partition",
                found: partition.into(),
                allowed: "a partition of this directory",
            });
        }
        let rebuilt = self.rebuilder.rebuild::<Partition>(JournalId(partition), From::NewestImage, Until::Durable);
        let rebuilt = rebuilt.map_err(recovery::Error::from)?;
        let state = rebuilt.ledger.state();
        let images = self.rebuilder.images().newest_first(JournalId(partition));
        Ok(PartitionFacts {
            report: PartitionReport::of(state, partitions),
            books: Books::of(state, partitions),
            images: images.iter().map(ImageReport::of).collect(),
        })
    }

    /// A coupon; see [`inspect::coupon`].
    ///
    /// # Errors
    /// When its partition cannot be rebuilt.
    pub fn coupon(
        &mut self,
        partition: u16,
        coupon: u64,
        until: Until,
        now_ms: i64,
    ) -> Result<Result<CouponFacts, Rejection>, rebuild::Error> {
        inspect::coupon(&mut self.rebuilder, partition, coupon, until, now_ms)
    }
}
