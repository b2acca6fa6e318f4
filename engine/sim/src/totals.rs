//! What runs have done, counted.

use std::fmt;
use std::ops::AddAssign;

/// Makes the counts: each with what it counts, in words and for tables.
macro_rules! totals {
    ($($(#[$doc:meta])* $name:ident: $label:literal,)*) => {
        /// Counts of one run or of many.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Totals {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Totals {
            /// Every count, with its name.
            pub fn rows(&self) -> Vec<(&'static str, u64)> {
                vec![$(($label, self.$name),)*]
            }
        }

        impl AddAssign for Totals {
            fn add_assign(&mut self, more: Totals) {
                $(self.$name += more.$name;)*
            }
        }
    };
}

totals! {
    /// Answers heard by auditors.
    operations: "operations checked",
    /// Of those, writes that happened for the first time.
    writes: "writes",
    /// Requests that were sent again.
    retries: "retries",
    /// Requests that came late, out of order.
    late_requests: "late requests",
    /// Requests that came twice.
    double_requests: "doubled requests",
    /// Answers that did not reach their client.
    lost_replies: "lost replies",
    /// Letters brought.
    letters: "letters",
    /// Letters lost on their way.
    lost_letters: "lost letters",
    /// Groups made durable.
    commits: "commits",
    /// Crashes of the machine or of the process.
    crashes: "crashes",
    /// Of those, crashes while recovering from one.
    nested: "nested crashes",
    /// Crashes with a lease's event on its way to the disk.
    lease_crashes: "crashes that meet a lease",
    /// Crashes with a line's event on its way to the disk.
    line_crashes: "crashes that meet a line",
    /// Directories that a crash may have left, each recovered and compared.
    images: "crash images",
    /// Of those looked at aside, directories with a torn tail.
    tears: "torn tails",
    /// Bits flipped, each in a directory of its own that was recovered and compared.
    flips: "bits flipped",
    /// Of those, directories in which everything durable was there.
    flips_exact: "flips: exact",
    /// Of those, directories of which the last group was cut, behind which no seal stood.
    flips_cut: "flips: unsealed tail cut",
    /// Of those, directories that were refused.
    flips_refused: "flips: refused",
    /// Writes and syncs about which the disk lied: dropped, or somewhere else.
    lies: "lies of the disk",
    /// Directories of lying disks in which everything durable was there.
    lies_exact: "lies: exact",
    /// Of which the last group was cut, behind which no seal stood.
    lies_cut: "lies: unsealed tail cut",
    /// That were refused.
    lies_refused: "lies: refused",
    /// Damage that was neither noticed nor harmless: always 0, for the first one ends the run.
    silent: "silent damage",
    /// Errors of the disk and full disks in the middle of a step.
    disk_errors: "disk errors placed",
    /// Snapshots that could not read.
    blind_snapshots: "blind snapshots",
    /// Times without room in the log.
    full_disks: "full disks",
    /// Times in which the disk stood still.
    stalls: "disk stalls",
    /// Lives in which writes and reads were short.
    short_lives: "lives with short writes",
    /// Times that the system's clock jumped, stood or was corrected.
    clock_jumps: "clock jumps",
    /// Starts that the clock would not let happen before an operator set it right.
    clock_refusals: "clocks refused",
    /// Images made of journals.
    snapshots: "snapshots",
    /// Claims that heard "sold out".
    sold_out: "sold out",
    /// Claims that heard that a day or a budget is exhausted.
    exhausted: "days and budgets exhausted",
    /// Raises of budgets that happened.
    budget_raises: "budgets raised",
    /// Coupons that gave back what they had taken.
    restocked: "coupons restocked",
    /// Days that a partition counts no longer.
    days_dropped: "days dropped",
    /// Raises that were answered.
    raises: "raises",
    /// Holds that became redemptions while they lived.
    captures: "holds captured",
    /// Orders of several coupons and cards that were held, redeemed or captured.
    orders: "orders checked out",
    /// Orders of which units came back.
    returns: "orders refunded",
    /// Orders with cards of other partitions that were checked out.
    sagas: "orders over partitions",
    /// The same that were refused after these were asked.
    refused_sagas: "orders over partitions refused",
    /// Holds that were let go.
    releases: "holds released",
    /// Holds whose deadline passed.
    expired_holds: "holds expired",
    /// Holds that operators took away.
    revoked_holds: "holds revoked",
    /// Holds and coupons met in the very millisecond of their end, and beside it.
    brinks: "brinks met",
    /// Gifts that were accepted.
    gifts: "gifts accepted",
    /// Gifts whose deadline passed.
    expired_gifts: "gifts expired",
    /// Cards that were made in batches.
    made_cards: "cards made in batches",
    /// Of those, cards that were activated.
    activated_cards: "cards activated",
    /// Lost cards that have another one in their place.
    replaced_cards: "cards replaced",
    /// Batches that were complete.
    complete_batches: "batches complete",
    /// Of those, batches whose codes were taken.
    taken_batches: "batches taken",
    /// Templates that were made void.
    void_templates: "templates made void",
    /// Coupons and cards that became void with their template.
    doomed: "coupons void with their template",
    /// Cards and coupons of another house.
    imports: "cards imported",
    /// Of those, coupons for one use.
    one_use_imports: "one-use coupons imported",
    /// Value that expired, in minor units and one-use coupons.
    expired_value: "value expired",
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.rows().iter().filter(|row| row.1 > 0).map(|(what, count)| format!("{count} {what}")).collect();
        out.write_str(&told.join(", "))
    }
}
