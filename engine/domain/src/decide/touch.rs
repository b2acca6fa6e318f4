//! What a command will read first, read ahead of it.
//!
//! Coupons, requests and orders are spread over memory and each first look waits for it. Looks for many commands do not depend on each
//! other, so a shard that takes all of a batch's first looks together waits about once for many.

use crate::command::{Command, Instrument, Keys};
use crate::partition::Partition;

impl Partition {
    /// Reads what deciding this command reads first. The number means nothing; it keeps the looks from being optimised away.
    pub fn touch(&self, command: &Command, keys: &Keys) -> u64 {
        let coupon = match command {
            Command::Redeem(redeem) => self.touch_coupon(&redeem.instrument),
            Command::Hold(hold) => self.touch_coupon(&hold.instrument),
            Command::Validate(validate) => self.touch_coupon(&validate.instrument),
            Command::Claim(claim) => self.users.find(claim.user.key).map_or(0, u64::from),
            _ => 0,
        };
        coupon ^ self.requests.touch(keys.request) ^ self.redemptions.touch(keys.order)
    }

    /// First and last field: a coupon may lie on two cache lines. Its owner is compared where the instrument names one.
    fn touch_coupon(&self, instrument: &Instrument) -> u64 {
        let Some(coupon) = self.coupons.get(instrument.coupon()) else { return 0 };
        let owner = match instrument {
            Instrument::Owned { .. } => self.users.get(coupon.user).map_or(0, |owner| owner.key().0 as u64),
            Instrument::Bearer { .. } | Instrument::Known { .. } => 0,
        };
        owner ^ u64::from(coupon.user) ^ u64::from(coupon.key_version)
    }
}
