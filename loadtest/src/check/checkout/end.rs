//! How a held order ends: it is captured, in whole or by the units that are delivered, or released.

use tessera_proto::v1::{CaptureOrderRequest, OrderUnits, Reason, ReleaseOrderRequest, ReleaseOrderResponse};

use super::{
    Stamp, Told, Verdict, no, split,
    wallet::{Checkout, Content, Part, Stage, Wallet},
};

impl Wallet {
    pub(super) fn capture(&mut self, asked: &CaptureOrderRequest, stamp: &Stamp) -> Verdict {
        let held = self.held(&asked.checkout_id)?;
        let content = Content::Delivered(held, asked.delivered.clone());
        match self.checkouts[held].stage {
            Stage::Captured(became) if self.is_same(became, &content) => return self.join(became),
            Stage::Captured(became) => return Err(no(Reason::HoldCaptured, self.lsn_of(became), None)),
            Stage::Released => return Err(no(Reason::HoldReleased, 0, None)),
            Stage::Expired => return Err(no(Reason::HoldExpired, self.checkouts[held].reply.deadline_ms, None)),
            Stage::Held | Stage::Redeemed { .. } => {}
        }
        let before = self.checkouts[held].clone();
        let delivered = Delivered::of(asked.delivered.as_ref(), &before);
        let costs = delivered.part_of(&before.costs, &before.units);
        let mut left: i64 = costs.iter().sum();
        self.let_go(held, Stage::Captured(self.checkouts.len()));
        let mut parts = Vec::new();
        for part in &before.parts {
            let shares = delivered.part_of(&part.shares, &before.units);
            let is_card = self.coupons[part.coupon].is_card();
            let applied = if is_card { part.applied.min(left) } else { shares.iter().sum() };
            if applied > 0 {
                left -= applied;
                self.coupons[part.coupon].available -= self.taken(part.coupon, applied);
                parts.push(Part { applied, shares, ..part.clone() });
            }
        }
        let stage = Stage::Redeemed { returned: vec![0; delivered.units.len()], shipping: false };
        let checkout = Checkout { content, units: delivered.units, costs, parts, stage, ..before };
        Ok(self.enter(checkout, 0, stamp))
    }

    pub(super) fn release(&mut self, asked: &ReleaseOrderRequest, stamp: &Stamp) -> Verdict {
        let held = self.held(&asked.checkout_id)?;
        match self.checkouts[held].stage {
            Stage::Captured(became) => return Err(no(Reason::HoldCaptured, self.lsn_of(became), None)),
            Stage::Held => self.let_go(held, Stage::Released),
            Stage::Released | Stage::Expired | Stage::Redeemed { .. } => {}
        }
        Ok(Told::Released(ReleaseOrderResponse {
            checkout_id: asked.checkout_id.clone(),
            expired: self.checkouts[held].stage == Stage::Expired,
            at_ms: stamp.at_ms,
            position: stamp.position,
            replayed: false,
        }))
    }

    fn held(&self, id: &str) -> Result<usize, super::No> {
        let found = self.checkout(id).filter(|&place| !matches!(self.checkouts[place].stage, Stage::Redeemed { .. }));
        found.ok_or_else(|| no(Reason::HoldNotFound, 0, None))
    }
}

/// What is delivered.
struct Delivered {
    units: Vec<u32>,
    shipping: bool,
}

impl Delivered {
    fn of(asked: Option<&OrderUnits>, held: &Checkout) -> Self {
        let Some(asked) = asked else { return Self { units: held.units.clone(), shipping: true } };
        let mut units = vec![0; held.units.len()];
        asked.lines.iter().for_each(|line| units[line.line as usize] = line.units);
        Self { units, shipping: asked.shipping }
    }

    /// Of shares of each line and of shipping.
    fn part_of(&self, shares: &[i64], of_units: &[u32]) -> Vec<i64> {
        let Some((&shipping, lines)) = shares.split_last() else { return Vec::new() };
        let lines = lines.iter().zip(&self.units).zip(of_units).map(|((&share, &units), &of)| split::part(share, units, of));
        lines.chain([if self.shipping { shipping } else { 0 }]).collect()
    }
}
