//! What the plain model does for operators: blocks of coupons and accounts, voids.

use super::ask::{Refusal, refused};
use super::plain::Plain;
use crate::given::key;
use tessera_domain::Reason;

fn number_of(block: &str) -> u8 {
    match block {
        "risk" => 1,
        "merchant" => 2,
        _ => 4,
    }
}

fn after(freezes: bool, blocks: u8, block: u8) -> u8 {
    if freezes { blocks | block } else { blocks & !block }
}

impl Plain {
    pub fn block(&mut self, freezes: bool, who: &str, coupon: &str, block: &str, id: &str, revoke: bool) -> String {
        let number = match self.instrument(who, coupon) {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        self.settle(number);
        let block = number_of(block);
        let fingerprint = key().fingerprint(&[], &[block.into(), revoke.into()]);
        let request = (if freezes { 12 } else { 13 }, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let (outcome, lsn) = (self.not_final(number), self.happened());
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, number as u128, refusal);
        }
        let revoked = if freezes && revoke { self.revoke(number) } else { 0 };
        let coupon = &mut self.coupons[number];
        coupon.blocks = after(freezes, coupon.blocks, block);
        coupon.last_lsn = lsn;
        let (blocks, value) = (coupon.blocks, revoked << 8 | i64::from(coupon.blocks));
        let told = format!("blocks {blocks} revoked {revoked} #{lsn}");
        self.remember(request, fingerprint, number as u128, (0, value), &told);
        told
    }

    pub fn block_user(&mut self, freezes: bool, user: &str, block: &str, id: &str, revoke: bool) -> String {
        let mut wallet: Vec<usize> = Vec::new();
        if freezes && revoke {
            wallet = (0..self.coupons.len()).rev().filter(|&number| self.coupons[number].user == user).collect();
        }
        wallet.iter().for_each(|&number| self.settle_holds(number));
        let block = number_of(block);
        let fingerprint = key().fingerprint(&[], &[block.into(), revoke.into()]);
        let request = (if freezes { 14 } else { 15 }, user.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let lsn = self.happened();
        let place = self.user(user);
        let blocks = after(freezes, self.users[place].1, block);
        self.users[place].1 = blocks;
        let revoked: i64 = wallet.iter().map(|&number| self.revoke(number)).sum();
        let told = format!("blocks {blocks} revoked {revoked} #{lsn}");
        self.remember(request, fingerprint, key().user(user).0, (0, revoked << 8 | i64::from(blocks)), &told);
        told
    }

    pub fn void(&mut self, who: &str, coupon: &str, id: &str, revoke: bool) -> String {
        let number = match self.instrument(who, coupon) {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        self.settle(number);
        let fingerprint = key().fingerprint(&[], &[revoke.into()]);
        let request = (16, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let held = self.stands(number).holds > 0 && !revoke;
        let outcome = self.not_final(number).and_then(|()| self.not_offered(number)).and(if held {
            Err((Reason::CouponHeld, 0))
        } else {
            Ok(())
        });
        let lsn = self.happened();
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, number as u128, refusal);
        }
        let revoked = self.revoke(number);
        let coupon = &mut self.coupons[number];
        let amount = std::mem::take(&mut coupon.available);
        (coupon.void, coupon.voided, coupon.last_lsn) = (true, amount, lsn);
        let told = format!("void {amount} revoked {revoked} #{lsn}");
        self.remember(request, fingerprint, number as u128, (0, revoked << 50 | amount), &told);
        self.come_back(number, amount);
        told
    }

    fn not_final(&self, number: usize) -> Result<(), Refusal> {
        let coupon = &self.coupons[number];
        match coupon.life(self.now_ms) {
            "GIVEN" => Err((Reason::CouponGiven, 0)),
            "VOID" => Err((Reason::CouponVoid, 0)),
            "USED" => Err((Reason::CouponUsed, 0)),
            "EXPIRED" if self.stands(number).holds == 0 => Err((Reason::CouponExpired, coupon.end_ms())),
            _ => Ok(()),
        }
    }

    fn revoke(&mut self, coupon: usize) -> i64 {
        let live: Vec<usize> = (0..self.holds.len())
            .filter(|&number| self.holds[number].coupon == coupon && self.holds[number].state == 1)
            .collect();
        live.iter().for_each(|&number| self.end_hold(number, 5));
        live.len() as i64
    }
}
