//! Units that come back: each share is given back by floor(share * units back / units), what discounts had left goes to the cards, the
//! last drained first, then to who paid beside them.

use tessera_proto::v1::{
    CardRefund, Money, OrderUnits, Reason, RefundOrderRequest, RefundOrderResponse, RefundPolicy, RefundResponse,
};

use super::{
    Stamp, Told, Verdict, no, split,
    wallet::{Checkout, Stage, Wallet},
};
use crate::scenario::templates::CURRENCY;

impl Wallet {
    pub(super) fn refund(&mut self, asked: &RefundOrderRequest, stamp: &Stamp) -> Verdict {
        let found = self.checkout(&asked.checkout_id);
        let Some(place) = found.filter(|&place| matches!(self.checkouts[place].stage, Stage::Redeemed { .. })) else {
            return Err(no(Reason::RedemptionNotFound, 0, None));
        };
        let before = self.checkouts[place].clone();
        let Stage::Redeemed { returned, shipping } = &before.stage else { unreachable!("it was looked for") };
        let after = Back { units: returned.clone(), shipping: *shipping }.with(asked.returned.as_ref(), &before)?;
        let mut moves = Vec::new();
        for (number, part) in before.parts.iter().enumerate().filter(|(_, part)| !part.shares.is_empty()) {
            moves.push((number, after.of(&part.shares, &before.units) - part.refunded));
        }
        // What discounts have left of each line and of shipping.
        let mut rest = before.costs.clone();
        for part in before.parts.iter().filter(|part| !part.shares.is_empty()) {
            rest.iter_mut().zip(&part.shares).for_each(|(rest, share)| *rest -= share);
        }
        let earlier = Back { units: returned.clone(), shipping: *shipping };
        let mut open = after.of(&rest, &before.units) - earlier.of(&rest, &before.units);
        for (number, part) in before.parts.iter().enumerate().rev().filter(|(_, part)| part.shares.is_empty()) {
            let amount = open.min(part.applied - part.refunded);
            open -= amount;
            moves.push((number, amount));
        }
        moves.retain(|&(_, amount)| amount > 0);
        let (mut parts, mut apart) = (Vec::new(), Vec::new());
        for (number, amount_minor) in moves {
            let back = self.give_back(place, number, amount_minor, stamp);
            match self.coupons[before.parts[number].coupon].is_apart {
                true => apart.push(CardRefund { coupon_id: back.coupon_id, amount_minor, outside_minor: 0 }),
                false => parts.push(back),
            }
        }
        self.checkouts[place].stage = Stage::Redeemed { returned: after.units, shipping: after.shipping };
        Ok(Told::Refunded(RefundOrderResponse {
            checkout_id: asked.checkout_id.clone(),
            currency: CURRENCY.to_owned(),
            parts,
            apart,
            outside_minor: open,
            at_ms: stamp.at_ms,
            position: stamp.position,
            replayed: false,
        }))
    }

    /// To a card its money, to a coupon its one use with the last of its discount, if its template says so.
    fn give_back(&mut self, place: usize, number: usize, amount: i64, stamp: &Stamp) -> RefundResponse {
        let part = &mut self.checkouts[place].parts[number];
        part.refunded += amount;
        let coupon = &mut self.coupons[part.coupon];
        let comes_back = coupon.spec.refund_policy() != RefundPolicy::Never && part.refunded == part.applied;
        coupon.available += if coupon.is_card() { amount } else { i64::from(comes_back) };
        RefundResponse {
            redemption_id: part.redemption_id.clone(),
            coupon_id: coupon.id.to_string(),
            refunded: Some(Money { minor: amount, currency: CURRENCY.to_owned() }),
            balance_after_minor: coupon.is_card().then_some(coupon.available),
            status: coupon.status().into(),
            use_until_ms: coupon.until_ms,
            at_ms: stamp.at_ms,
            position: stamp.position,
            replayed: false,
            replacement: None,
            outside_minor: 0,
        }
    }
}

/// What came back so far.
struct Back {
    units: Vec<u32>,
    shipping: bool,
}

impl Back {
    /// With what is asked for, or with all that is left.
    fn with(mut self, asked: Option<&OrderUnits>, checkout: &Checkout) -> Result<Self, super::No> {
        let has_shipping = checkout.costs.last().is_some_and(|&shipping| shipping > 0);
        let is_shipping_back = self.shipping || !has_shipping;
        if self.units == checkout.units && is_shipping_back {
            let taken = checkout.reply.amount_minor - checkout.reply.payable_minor;
            return Err(no(Reason::AlreadyRefunded, taken, None));
        }
        let Some(asked) = asked else { return Ok(Self { units: checkout.units.clone(), shipping: has_shipping }) };
        let mut lines = asked.lines.clone();
        lines.sort_by_key(|line| line.line);
        for more in lines {
            let at = more.line as usize;
            let left = checkout.units[at] - self.units[at];
            if more.units > left {
                return Err(no(Reason::RefundExceedsCapture, left.into(), None));
            }
            self.units[at] += more.units;
        }
        if asked.shipping && is_shipping_back {
            return Err(no(Reason::RefundExceedsCapture, 0, None));
        }
        self.shipping |= asked.shipping;
        Ok(self)
    }

    /// What of shares of each line and of shipping belongs to it.
    fn of(&self, shares: &[i64], of_units: &[u32]) -> i64 {
        let Some((&shipping, lines)) = shares.split_last() else { return 0 };
        let lines = lines.iter().zip(&self.units).zip(of_units).map(|((&share, &units), &of)| split::part(share, units, of));
        lines.sum::<i64>() + if self.shipping { shipping } else { 0 }
    }
}
