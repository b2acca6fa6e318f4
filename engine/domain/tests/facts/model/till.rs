//! What the plain model does for a till in two steps: hold, capture, release.

use super::ask::{Refusal, amount_of, applied, refused};
use super::plain::{Hold, Plain};
use super::write::{letters, told_anew};
use crate::given::key;
use tessera_domain::Reason;

const DAY_MS: i64 = 86_400_000;

impl Plain {
    pub fn hold(&mut self, who: &str, coupon: &str, order: &str, money: &str, id: &str, ttl: &[&str]) -> String {
        let instrument = self.instrument(who, coupon);
        if let Ok(number) = instrument {
            self.settle(number);
        }
        let (amount, currency) = match amount_of(money) {
            Ok(amount) => amount,
            Err((reason, limit)) => return format!("{} amount {limit}", reason.wire_name()),
        };
        let ttl_ms: i64 = ttl.first().map_or(0, |ttl| ttl.strip_prefix("ttl=").expect("ttl=").parse().expect("a number"));
        if ttl_ms != 0 && ttl_ms < 5_000 {
            return "INVALID_ARGUMENT ttl_ms 5000".into();
        }
        let number = match instrument {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let (merchant, order) = order.split_once('/').expect("merchant/order");
        let fingerprint = key().fingerprint(&[merchant, order], &[amount as u64, letters(currency), ttl_ms as u64]);
        let request = (9, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let outcome = self.may_hold(number, merchant, order, amount, currency);
        let lsn = self.happened();
        let subject = number as u128;
        let discount = match outcome {
            Ok(discount) => discount,
            Err(refusal) => return self.remember_refusal(request, fingerprint, subject, refusal),
        };
        if let Some(own) = self.live_hold(number, merchant, order) {
            self.end_hold(own, 3);
        }
        let deadline_ms = self.now_ms + if ttl_ms == 0 { 900_000 } else { ttl_ms };
        let coupon = &mut self.coupons[number];
        let held = if coupon.is_card() { discount } else { 1 };
        coupon.available -= held;
        coupon.last_lsn = lsn;
        let told = format!("held {discount} of {amount} by coupon {number} until {deadline_ms} #{lsn}");
        self.holds.push(Hold {
            lsn,
            coupon: number,
            merchant: merchant.into(),
            order: order.into(),
            amount,
            applied: discount,
            held,
            deadline_ms,
            state: 1,
            ended_ms: 0,
            redemption: 0,
        });
        let place = self.holds.len() as i64 - 1;
        self.remember(request, fingerprint, subject, (0, place), &told);
        told
    }

    fn may_hold(&self, number: usize, merchant: &str, order: &str, amount: i64, currency: [u8; 3]) -> Result<i64, Refusal> {
        if let Some(first) = self.redeemed_by(number, merchant, order) {
            return Err((Reason::OrderAlreadyRedeemed, self.redemptions[first].lsn as i64));
        }
        let own = self.live_hold(number, merchant, order);
        let mut stands = self.stands(number);
        if let Some(own) = own {
            stands.available += self.holds[own].held;
            stands.held -= self.holds[own].held;
        }
        self.usable(number, stands, None)?;
        self.takes(number, stands, amount, currency)
    }

    /// The hold of this lsn while it is known.
    fn known_hold(&self, lsn: u64) -> Option<usize> {
        let place = self.holds.iter().position(|hold| hold.lsn == lsn).filter(|&place| place >= self.forgotten[2])?;
        let hold = &self.holds[place];
        (hold.state == 1 || hold.ended_ms + DAY_MS > self.now_ms).then_some(place)
    }

    /// Writes what is due for the coupon of a hold that is in memory.
    fn settle_hold(&mut self, lsn: u64) {
        let place = self.holds.iter().position(|hold| hold.lsn == lsn).filter(|&place| place >= self.forgotten[2]);
        if let Some(place) = place {
            self.settle(self.holds[place].coupon);
        }
    }

    pub fn capture(&mut self, lsn: u64, id: &str, rest: &[&str]) -> String {
        self.settle_hold(lsn);
        let asked = rest.iter().find_map(|word| word.strip_prefix("amount="));
        if let Some(Err((reason, limit))) = asked.map(amount_of) {
            return format!("{} amount {limit}", reason.wire_name());
        }
        let asked: Option<i64> = asked.map(|amount| amount.parse().expect("a number"));
        let reacquire = rest.contains(&"reacquire");
        let fingerprint = key().fingerprint(&[], &[lsn, asked.unwrap_or(0) as u64, u64::from(reacquire)]);
        let request = (10, lsn.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let Some(place) = self.known_hold(lsn) else { return refused((Reason::HoldNotFound, 0)) };
        let amount = asked.unwrap_or(self.holds[place].amount);
        let (redemption, subject) = (self.holds[place].redemption, u128::from(lsn));
        if redemption != 0 {
            return match self.redemption_at(redemption).filter(|&first| self.may_join(first, amount)) {
                Some(first) => self.join(request, fingerprint, subject, first, self.holds[place].state != 2),
                None => {
                    self.happened();
                    self.remember_refusal(request, fingerprint, subject, (Reason::HoldCaptured, redemption as i64))
                }
            };
        }
        let outcome = self.may_capture(place, amount, reacquire);
        let now = self.happened();
        let discount = match outcome {
            Ok(discount) => discount,
            Err(refusal) => return self.remember_refusal(request, fingerprint, subject, refusal),
        };
        let anew = self.holds[place].state != 1;
        if !anew {
            self.end_hold(place, 2);
        }
        self.holds[place].redemption = now;
        let (number, merchant, order) = {
            let hold = &self.holds[place];
            (hold.coupon, hold.merchant.clone(), hold.order.clone())
        };
        let units = if self.coupons[number].is_card() { amount } else { 1 };
        let (value, told) = self.take(number, &merchant, &order, amount, discount, units);
        let told = told_anew(&told, anew);
        self.remember(request, fingerprint, subject, (0, value), &told);
        told
    }

    fn may_capture(&self, place: usize, amount: i64, reacquire: bool) -> Result<i64, Refusal> {
        let hold = &self.holds[place];
        let coupon = &self.coupons[hold.coupon];
        let discount = match hold.state {
            1 => applied(coupon, amount)?,
            4 if !reacquire => return Err((Reason::HoldExpired, hold.deadline_ms)),
            _ if !reacquire => return Err((Reason::HoldReleased, 0)),
            _ => {
                if let Some(first) = self.redeemed_by(hold.coupon, &hold.merchant, &hold.order) {
                    return Err((Reason::OrderAlreadyRedeemed, self.redemptions[first].lsn as i64));
                }
                let own = self.live_hold(hold.coupon, &hold.merchant, &hold.order);
                let stands = self.stands(hold.coupon);
                self.usable(hold.coupon, stands, own)?;
                self.takes(hold.coupon, stands, amount, coupon.body.currency)?
            }
        };
        match coupon.is_card() && amount > hold.held {
            true => Err((Reason::AmountAboveHold, hold.held)),
            false => Ok(discount.min(hold.applied)),
        }
    }

    pub fn release(&mut self, lsn: u64, id: &str) -> String {
        self.settle_hold(lsn);
        let fingerprint = key().fingerprint(&[], &[lsn]);
        let request = (11, lsn.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let Some(place) = self.known_hold(lsn) else { return refused((Reason::HoldNotFound, 0)) };
        let (redemption, subject) = (self.holds[place].redemption, u128::from(lsn));
        let now = self.happened();
        if redemption != 0 {
            return self.remember_refusal(request, fingerprint, subject, (Reason::HoldCaptured, redemption as i64));
        }
        let coupon = self.holds[place].coupon;
        if self.holds[place].state == 1 {
            self.end_hold(place, 3);
            self.coupons[coupon].last_lsn = now;
        }
        let hold = &self.holds[place];
        let how = ["Released", "Expired", "Revoked"][usize::from(hold.state) - 3];
        let told = format!("hold #{lsn} of coupon {coupon} ended {how} at {} #{now}", hold.ended_ms);
        self.remember(request, fingerprint, subject, (0, place as i64), &told);
        told
    }
}
