//! What runs have done, counted.

use std::fmt;
use std::ops::AddAssign;

/// Counts of one run or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Answers heard by auditors.
    pub operations: u64,
    /// Of those, writes that happened for the first time.
    pub writes: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Answers that did not reach their client.
    pub lost_replies: u64,
    /// Letters brought.
    pub letters: u64,
    /// Letters lost on their way.
    pub lost_letters: u64,
    /// Groups made durable.
    pub commits: u64,
    /// Crashes of the machine or of the process.
    pub crashes: u64,
    /// Of those, crashes while recovering from one.
    pub nested: u64,
    /// Directories that a crash may have left, each recovered and compared.
    pub images: u64,
    /// Images made of journals.
    pub snapshots: u64,
    /// Crashes with a lease's event on its way to the disk.
    pub lease_crashes: u64,
    /// Crashes with a line's event on its way to the disk.
    pub line_crashes: u64,
    /// Times without room in the log.
    pub full_disks: u64,
    /// Claims that heard "sold out".
    pub sold_out: u64,
    /// Raises that were answered.
    pub raises: u64,
    /// Holds that became redemptions while they lived.
    pub captures: u64,
    /// Holds that were let go.
    pub releases: u64,
    /// Holds whose deadline passed.
    pub expired_holds: u64,
    /// Holds that operators took away.
    pub revoked_holds: u64,
    /// Value that expired, in minor units and one-use coupons.
    pub expired_value: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, more: Totals) {
        self.operations += more.operations;
        self.writes += more.writes;
        self.retries += more.retries;
        self.lost_replies += more.lost_replies;
        self.letters += more.letters;
        self.lost_letters += more.lost_letters;
        self.commits += more.commits;
        self.crashes += more.crashes;
        self.nested += more.nested;
        self.images += more.images;
        self.snapshots += more.snapshots;
        self.lease_crashes += more.lease_crashes;
        self.line_crashes += more.line_crashes;
        self.full_disks += more.full_disks;
        self.sold_out += more.sold_out;
        self.raises += more.raises;
        self.captures += more.captures;
        self.releases += more.releases;
        self.expired_holds += more.expired_holds;
        self.revoked_holds += more.revoked_holds;
        self.expired_value += more.expired_value;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} operations ({} writes, {} retries, {} lost replies)",
            self.operations, self.writes, self.retries, self.lost_replies
        )?;
        write!(out, ", {} letters ({} lost), {} commits", self.letters, self.lost_letters, self.commits)?;
        write!(out, ", {} sold out, {} raises, {} full disks", self.sold_out, self.raises, self.full_disks)?;
        write!(
            out,
            ", {} holds captured, {} released, {} expired, {} revoked",
            self.captures, self.releases, self.expired_holds, self.revoked_holds
        )?;
        write!(out, ", {} crashes ({} nested, {} meet a lease, ", self.crashes, self.nested, self.lease_crashes)?;
        write!(out, "{} a line), {} crash images, {} snapshots", self.line_crashes, self.images, self.snapshots)
    }
}
