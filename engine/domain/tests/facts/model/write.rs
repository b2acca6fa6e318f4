//! What the plain model does when it is written to: claims, redemptions, refunds, raises.

use super::ask::{Refusal, amount_of, refused, window_text};
use super::plain::{Coupon, Known, Plain, REQUESTS_MAX, Redemption, Refund};
use crate::given::key;
use tessera_domain::Reason;

const DAY_MS: i64 = 86_400_000;

impl Plain {
    /// A known request's answer, or that there is no room for another.
    fn known(&self, request: &(u8, String, String), fingerprint: u64) -> Option<String> {
        match self.requests.get(request) {
            Some(known) if known.fingerprint == fingerprint && known.reason != 0 => Some(known.told.clone()),
            Some(known) if known.fingerprint == fingerprint => Some(format!("{} replayed", known.told)),
            Some(known) => Some(refused((Reason::RequestIdReused, known.lsn as i64))),
            None if self.requests.len() >= REQUESTS_MAX => Some(refused((Reason::RequestStoreFull, REQUESTS_MAX as i64))),
            None => None,
        }
    }

    fn remember(&mut self, request: (u8, String, String), fingerprint: u64, subject: u128, value: (u16, i64), told: &str) {
        let number = self.requests_forgotten + self.requests.len() as u64;
        let (reason, value) = value;
        let known =
            Known { number, fingerprint, subject, lsn: self.lsn, at_ms: self.now_ms, value, reason, told: told.to_string() };
        assert!(self.requests.insert(request, known).is_none());
    }

    pub fn forget(&mut self) {
        let now_ms = self.now_ms;
        let before = self.requests.len();
        self.requests.retain(|_, known| known.at_ms + DAY_MS > now_ms);
        if self.requests.len() < before {
            self.requests_forgotten += (before - self.requests.len()) as u64;
            self.happened();
        }
    }

    pub fn claim(&mut self, operation: u8, user: &str, template: &str, id: &str) -> String {
        let request = (operation, user.to_string(), id.to_string());
        let fingerprint = key().fingerprint(&[template], &[]);
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let window = match self.may_issue(number, user) {
            Ok(window) => window,
            Err(refusal) => return refused(refusal),
        };
        let found = &mut self.templates[number];
        if found.body.limited && found.received == found.issued {
            return format!("PARKED for {number}");
        }
        found.issued += u64::from(found.body.limited);
        let body = found.body;
        let adopted = self.terms.iter().rposition(|terms| terms.template == body.template);
        let terms = adopted.filter(|&terms| self.terms[terms].version == body.version).unwrap_or_else(|| {
            self.happened();
            self.terms.push(body);
            self.terms.len() - 1
        });
        let lsn = self.happened();
        if !self.users.iter().any(|known| known == user) {
            self.users.push(user.to_string());
        }
        let available = if body.kind == 3 { body.first } else { 1 };
        let (from_ms, until_ms) = window;
        let coupon = Coupon {
            user: user.to_string(),
            terms,
            body,
            from_ms,
            until_ms,
            reopened_until_ms: None,
            available,
            captured: 0,
            key_version: self.key_version,
            last_lsn: lsn,
        };
        let place = self.coupons.len();
        let window = window_text(from_ms, until_ms);
        let told = format!("coupon {place} of {template} v{} {window} key {} #{lsn}", body.version, self.key_version);
        self.coupons.push(coupon);
        self.remember(request, fingerprint, key().user(user).0, (0, place as i64), &told);
        told
    }

    fn may_issue(&self, template: usize, user: &str) -> Result<(i64, i64), Refusal> {
        let (found, now_ms) = (&self.templates[template], self.now_ms);
        let body = &found.body;
        if found.stopped {
            return Err((Reason::TemplateStopped, 0));
        }
        if now_ms < body.issue_from_ms {
            return Err((Reason::IssueNotStarted, body.issue_from_ms));
        }
        if body.issue_until_ms != 0 && now_ms >= body.issue_until_ms {
            return Err((Reason::IssueEnded, body.issue_until_ms));
        }
        let start = if body.validity == 2 { now_ms + body.validity_first_ms } else { body.validity_first_ms };
        let end = if body.validity == 2 { start + body.validity_second_ms } else { body.validity_second_ms };
        if end != 0 && now_ms >= end {
            return Err((Reason::IssueEnded, end));
        }
        let has = self.coupons.iter().filter(|coupon| coupon.user == user && coupon.body.template == body.template).count();
        if body.per_user_limit != 0 && has >= body.per_user_limit as usize {
            return Err((Reason::UserLimitReached, i64::from(body.per_user_limit)));
        }
        Ok((start, end))
    }

    pub fn redeem(&mut self, who: &str, coupon: &str, order: &str, money: &str, id: &str) -> String {
        let (amount, currency) = match amount_of(money) {
            Ok(amount) => amount,
            Err((reason, limit)) => return format!("{} amount {limit}", reason.wire_name()),
        };
        let number = match self.instrument(who, coupon) {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let (merchant, order) = order.split_once('/').expect("merchant/order");
        let letters = currency.iter().fold(0u64, |sum, &letter| sum * 256 + u64::from(letter));
        let fingerprint = key().fingerprint(&[merchant, order], &[amount as u64, letters]);
        let request = (3, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let same_order = |done: &Redemption| done.coupon == number && done.merchant == merchant && done.order == order;
        let subject = number as u128;
        let first = self.redemptions.iter().position(same_order);
        let quote = match first {
            Some(place) => {
                let first = &self.redemptions[place];
                let currency_is_same = currency == self.coupons[number].body.currency;
                if first.amount == amount && currency_is_same && first.refunded == 0 {
                    let told = first.told.clone();
                    self.happened();
                    self.remember(request, fingerprint, subject, (0, place as i64), &told);
                    return format!("{told} replayed");
                }
                Err((Reason::OrderAlreadyRedeemed, first.lsn as i64))
            }
            None => self.quote(who, coupon, money),
        };
        let lsn = self.happened();
        match quote {
            Err((reason, value)) => {
                let told = refused((reason, value));
                self.remember(request, fingerprint, subject, (reason as u16, value), &told);
                told
            }
            Ok((_, _, applied, after)) => {
                let at_ms = self.now_ms;
                let name = self.name(number);
                let told = format!("took {applied} of {amount} by coupon {number} of {name}, leaves {after} at {at_ms} #{lsn}");
                let place = self.redemptions.len() as i64;
                self.redemptions.push(Redemption {
                    lsn,
                    coupon: number,
                    merchant: merchant.to_string(),
                    order: order.to_string(),
                    amount,
                    applied,
                    balance_after: after,
                    at_ms,
                    refunded: 0,
                    told: told.clone(),
                });
                let coupon = &mut self.coupons[number];
                let units = if coupon.is_card() { applied } else { 1 };
                coupon.available -= units;
                coupon.captured += units;
                coupon.last_lsn = lsn;
                self.remember(request, fingerprint, subject, (0, place), &told);
                told
            }
        }
    }

    pub fn refund(&mut self, redemption: u64, id: &str) -> String {
        let Some(place) = self.redemptions.iter().position(|done| done.lsn == redemption) else {
            return refused((Reason::RedemptionNotFound, 0));
        };
        let request = (4, redemption.to_string(), id.to_string());
        let (fingerprint, subject) = (key().fingerprint(&[], &[redemption]), u128::from(redemption));
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let lsn = self.happened();
        let done = &mut self.redemptions[place];
        if done.refunded != 0 {
            let refusal = (Reason::AlreadyRefunded, done.refunded);
            self.remember(request, fingerprint, subject, (refusal.0 as u16, refusal.1), &refused(refusal));
            return refused(refusal);
        }
        done.refunded = done.applied;
        let (amount, number) = (done.applied, done.coupon);
        let (at_ms, coupon) = (self.now_ms, &mut self.coupons[number]);
        let units = if coupon.is_card() { amount } else { i64::from(coupon.body.refund == 0) };
        coupon.available += units;
        coupon.captured -= units;
        coupon.last_lsn = lsn;
        if coupon.is_card() && coupon.is_over(at_ms) {
            coupon.reopened_until_ms = Some(at_ms + 30 * DAY_MS);
        }
        let balance_after = if coupon.is_card() { coupon.available } else { 0 };
        let (life, until_ms, name) = (coupon.life(at_ms), coupon.end_ms(), coupon.body.template_id);
        let told = format!(
            "gave back {amount} of #{redemption} to coupon {number} of {name}, {life} until {until_ms} with {balance_after} at {at_ms} #{lsn}"
        );
        let refund = Refund { redemption: place, amount, restored: units, balance_after, until_ms, at_ms };
        self.refunds.push(refund);
        let value = self.refunds.len() as i64 - 1;
        self.remember(request, fingerprint, subject, (0, value), &told);
        told
    }

    pub fn raise(&mut self, template: &str, current: u64, target: u64, id: &str, dry: bool) -> String {
        if target <= current {
            return format!("INVALID_ARGUMENT target {}", current + 1);
        }
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let request = (5, number.to_string(), id.to_string());
        let fingerprint = key().fingerprint(&[], &[current, target]);
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        if self.templates[number].stock.is_none() {
            return refused((Reason::StockUnlimited, 0));
        }
        let total = self.templates[number].total();
        if current != total {
            return refused((Reason::StockMismatch, total as i64));
        }
        if dry {
            return format!("total {target} unwritten");
        }
        if self.templates[number].opened.is_none() {
            self.happened();
        }
        self.templates[number].opened = Some(target);
        let told = format!("total {target} #{}", self.happened());
        self.remember(request, fingerprint, number as u128, (0, target as i64), &told);
        told
    }
}
