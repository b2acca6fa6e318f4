//! What a command will read first, read ahead of it.
//!
//! Coupons are spread over memory and each first look waits for it. Looks at many coupons do not depend on each other, so a shard that
//! takes all of a turn's first looks together waits about once for many.

use crate::command::Command;
use crate::partition::Partition;

impl Partition {
    /// Reads what deciding this command reads first. The number means nothing; it keeps the look from being optimised away.
    pub fn touch(&self, command: &Command) -> u64 {
        let instrument = match command {
            Command::Redeem(redeem) => &redeem.instrument,
            Command::Hold(hold) => &hold.instrument,
            Command::Validate(validate) => &validate.instrument,
            _ => return 0,
        };
        // First and last field: a coupon may lie on two cache lines.
        self.coupons.get(instrument.coupon()).map_or(0, |coupon| u64::from(coupon.user) ^ u64::from(coupon.key_version))
    }
}
