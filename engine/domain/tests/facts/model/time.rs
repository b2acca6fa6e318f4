//! What time does to the plain model: what is due is written when somebody writes there, or on demand.

use super::plain::{Gift, Hold, Plain};

const DAY_MS: i64 = 86_400_000;

impl Plain {
    /// Writes what is due for a coupon.
    pub fn settle(&mut self, coupon: usize) {
        self.settle_holds(coupon);
        self.settle_gift(coupon);
        self.settle_value(coupon);
    }

    pub fn settle_holds(&mut self, coupon: usize) {
        loop {
            let of_coupon = self.holds.iter().enumerate().filter(|(_, hold)| hold.coupon == coupon && hold.state == 1);
            let soonest = of_coupon.map(|(number, hold)| (hold.deadline_ms, number)).min();
            let Some((_, number)) = soonest.filter(|&(deadline_ms, _)| deadline_ms <= self.now_ms) else { return };
            self.expire_hold(number);
        }
    }

    fn settle_gift(&mut self, coupon: usize) {
        let is_due = self.coupons[coupon].offered_until_ms != 0 && self.coupons[coupon].offered_until_ms <= self.now_ms;
        let open = self.gifts.iter().position(|gift| gift.coupon == coupon && gift.state == 1);
        if let Some(place) = open.filter(|_| is_due) {
            self.happened();
            self.end_gift(place, 4);
        }
    }

    fn settle_value(&mut self, number: usize) {
        let coupon = &self.coupons[number];
        if coupon.available > 0 && coupon.is_over(self.now_ms) {
            let lsn = self.happened();
            let coupon = &mut self.coupons[number];
            let amount = std::mem::take(&mut coupon.available);
            coupon.expired += amount;
            coupon.last_lsn = lsn;
            self.come_back(number, amount);
        }
    }

    fn expire_hold(&mut self, number: usize) {
        let lsn = self.happened();
        self.end_hold(number, 4);
        self.coupons[self.holds[number].coupon].last_lsn = lsn;
    }

    /// What was held is available again.
    pub fn end_hold(&mut self, number: usize, state: u8) {
        let hold = &mut self.holds[number];
        assert_eq!(hold.state, 1, "I8");
        (hold.state, hold.ended_ms) = (state, self.now_ms);
        self.coupons[hold.coupon].available += hold.held;
    }

    /// Time alone: everything that is due or may be forgotten, in the order in which it is written.
    pub fn forget(&mut self) {
        let now_ms = self.now_ms;
        let before = self.requests.len();
        self.requests.retain(|_, known| known.at_ms + DAY_MS > now_ms);
        if self.requests.len() < before {
            self.requests_forgotten += (before - self.requests.len()) as u64;
            self.happened();
        }
        for number in 0..self.holds.len() {
            if self.holds[number].state == 1 && self.holds[number].deadline_ms <= now_ms {
                self.expire_hold(number);
            }
        }
        for gift in 0..self.gifts.len() {
            self.settle_gift(self.gifts[gift].coupon);
        }
        for number in 0..self.coupons.len() {
            self.settle_value(number);
        }
        self.drop_days();
        let oldest_ms = self.requests.values().map(|known| known.at_ms).min().unwrap_or(i64::MAX);
        let gone = |known_ms: i64, memory_ms: i64| known_ms + memory_ms <= now_ms && oldest_ms > known_ms;
        let refunds = self.refunds.iter().take_while(|refund| gone(refund.at_ms, DAY_MS)).count();
        let redemptions = self.redemptions.iter().take_while(|done| gone(done.at_ms + 30 * DAY_MS, DAY_MS)).count();
        let ended = |hold: &&Hold| hold.state != 1 && gone(hold.ended_ms + DAY_MS, 0);
        let holds = self.holds.iter().take_while(ended).count();
        let settled = |gift: &&Gift| gift.state > 2 || gift.state == 2 && gift.successor != 0;
        let ended = |gift: &&Gift| settled(gift) && gone(gift.ended_ms + DAY_MS, 0);
        let gifts = self.gifts.iter().take_while(ended).count();
        for (store, count) in [(1, refunds), (0, redemptions), (2, holds), (3, gifts)] {
            if count > self.forgotten[store] {
                self.forgotten[store] = count;
                self.happened();
            }
        }
    }
}
