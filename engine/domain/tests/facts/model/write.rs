//! What the plain model does when it is written to: claims, redemptions, refunds.

use super::ask::{Refusal, amount_of, refused, window_text};
use super::plain::{Coupon, Known, Plain, REQUESTS_MAX, Redemption, Refund, begin_of, day};
use crate::given::key;
use tessera_domain::Reason;
use tessera_domain::event::TermsBody;

const DAY_MS: i64 = 86_400_000;

impl Plain {
    /// A known request's answer, or that there is no room for another.
    pub fn known(&self, request: &(u8, String, String), fingerprint: u64) -> Option<String> {
        match self.requests.get(request) {
            Some(known) if known.fingerprint == fingerprint && known.reason != 0 => Some(known.told.clone()),
            Some(known) if known.fingerprint == fingerprint => Some(format!("{} replayed", known.told)),
            Some(known) => Some(refused((Reason::RequestIdReused, known.lsn as i64))),
            None if self.requests.len() >= REQUESTS_MAX => Some(refused((Reason::RequestStoreFull, REQUESTS_MAX as i64))),
            None => None,
        }
    }

    pub fn remember(&mut self, request: (u8, String, String), fingerprint: u64, subject: u128, value: (u16, i64), told: &str) {
        let number = self.requests_forgotten + self.requests.len() as u64;
        let (reason, value) = value;
        let known =
            Known { number, fingerprint, subject, lsn: self.lsn, at_ms: self.now_ms, value, reason, told: told.to_string() };
        assert!(self.requests.insert(request, known).is_none());
    }

    /// Remembers a refusal, and gives it.
    pub fn remember_refusal(
        &mut self,
        request: (u8, String, String),
        fingerprint: u64,
        subject: u128,
        refusal: Refusal,
    ) -> String {
        let told = refused(refusal);
        self.remember(request, fingerprint, subject, (refusal.0 as u16, refusal.1), &told);
        told
    }

    /// The number of a user, who is known from now on.
    pub fn user(&mut self, user: &str) -> usize {
        let known = self.users.iter().position(|(known, _)| known == user);
        known.unwrap_or_else(|| {
            self.users.push((user.to_string(), 0));
            self.users.len() - 1
        })
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
        if let Err(lacking) = self.take_of_pools(number) {
            return lacking;
        }
        let body = self.templates[number].body;
        let same = |terms: &TermsBody<'_>| (terms.template, terms.version) == (body.template, body.version);
        let terms = self.terms.iter().position(same).unwrap_or_else(|| {
            self.happened();
            self.terms.push(body);
            self.terms.len() - 1
        });
        let lsn = self.happened();
        self.user(user);
        let available = if body.kind == 3 { body.first } else { 1 };
        let (from_ms, until_ms) = window;
        let coupon = Coupon {
            user: user.to_string(),
            terms,
            body,
            from_ms,
            until_ms,
            reopened_until_ms: None,
            loaded: available,
            adjusted: false,
            available,
            captured: 0,
            expired: 0,
            voided: 0,
            void: false,
            unactivated: false,
            is_of_batch: false,
            blocks: 0,
            key_version: self.key_version,
            last_lsn: lsn,
            offered_until_ms: 0,
            given: 0,
            received: 0,
            origin: 0,
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
        let (start, end) = match body.validity {
            2 => (now_ms + body.validity_first_ms, now_ms + body.validity_first_ms + body.validity_second_ms),
            3 => (now_ms, begin_of(day(now_ms) + body.validity_second_ms)),
            _ => (body.validity_first_ms, body.validity_second_ms),
        };
        if end != 0 && now_ms >= end {
            return Err((Reason::IssueEnded, end));
        }
        let is_one = |number: &usize| {
            let coupon = &self.coupons[*number];
            coupon.user == user && coupon.body.template == body.template && !self.is_replacement(*number)
        };
        let has = (0..self.coupons.len()).filter(is_one).count();
        if body.per_user_limit != 0 && has >= body.per_user_limit as usize {
            return Err((Reason::UserLimitReached, i64::from(body.per_user_limit)));
        }
        let is_of_today = |number: &usize| is_one(number) && day(self.coupons[*number].from_ms) == day(now_ms);
        let has_today = (0..self.coupons.len()).filter(is_of_today).count();
        if found.day_limit != 0 && has_today >= found.day_limit {
            return Err((Reason::UserDayLimitReached, found.day_limit as i64));
        }
        Ok((start, end))
    }

    /// Whether a coupon stands for a void one, or came as a gift, and was not claimed.
    pub fn is_replacement(&self, number: usize) -> bool {
        self.coupons[number].received > 0 || self.refunds.iter().any(|refund| refund.replacement == number + 1)
    }

    /// The redemption of a coupon by an order, as long as it is in memory.
    pub fn redeemed_by(&self, coupon: usize, merchant: &str, order: &str) -> Option<usize> {
        let same_order = |done: &Redemption| done.coupon == coupon && done.merchant == merchant && done.order == order;
        (self.forgotten[0]..self.redemptions.len()).find(|&place| same_order(&self.redemptions[place]))
    }

    /// Whether a redemption stands as it was asked for, within its window.
    pub fn may_join(&self, place: usize, amount: i64) -> bool {
        let first = &self.redemptions[place];
        first.amount == amount && first.refunded == 0 && first.at_ms + 30 * DAY_MS > self.now_ms
    }

    /// Gives the outcome of the redemption at `first` to another request; `anew` if that is the capture of a hold that had ended.
    pub fn join(&mut self, request: (u8, String, String), fingerprint: u64, subject: u128, first: usize, anew: bool) -> String {
        let told = told_anew(&self.redemptions[first].told, anew);
        self.happened();
        self.remember(request, fingerprint, subject, (0, first as i64), &told);
        format!("{told} replayed")
    }

    pub fn redeem(&mut self, who: &str, coupon: &str, order: &str, money: &str, id: &str) -> String {
        let instrument = self.instrument(who, coupon);
        if let Ok(number) = instrument {
            self.settle(number);
        }
        let (amount, currency) = match amount_of(money) {
            Ok(amount) => amount,
            Err((reason, limit)) => return format!("{} amount {limit}", reason.wire_name()),
        };
        let number = match instrument {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let (merchant, order) = order.split_once('/').expect("merchant/order");
        let fingerprint = key().fingerprint(&[merchant, order], &[amount as u64, letters(currency)]);
        let request = (3, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let subject = number as u128;
        let outcome = match self.redeemed_by(number, merchant, order) {
            Some(first) if currency == self.coupons[number].body.currency && self.may_join(first, amount) => {
                return self.join(request, fingerprint, subject, first, false);
            }
            Some(first) => Err((Reason::OrderAlreadyRedeemed, self.redemptions[first].lsn as i64)),
            None => {
                let (own, stands) = (self.live_hold(number, merchant, order), self.stands(number));
                self.usable(number, stands, own).and_then(|()| self.takes(number, stands, amount, currency))
            }
        };
        self.happened();
        match outcome {
            Err(refusal) => self.remember_refusal(request, fingerprint, subject, refusal),
            Ok(discount) => {
                let units = if self.coupons[number].is_card() { discount } else { 1 };
                let (place, told) = self.take(number, merchant, order, amount, discount, units);
                self.remember(request, fingerprint, subject, (0, place), &told);
                told
            }
        }
    }

    /// Takes from what is available by the event of now: the number of the redemption, and what is told.
    pub fn take(&mut self, number: usize, merchant: &str, order: &str, amount: i64, discount: i64, units: i64) -> (i64, String) {
        let (lsn, at_ms) = (self.lsn, self.now_ms);
        let coupon = &mut self.coupons[number];
        coupon.available -= units;
        coupon.captured += units;
        coupon.last_lsn = lsn;
        // Past its end nothing is left to spend: what a capture did not take has expired.
        let after = if coupon.is_card() && !coupon.is_over(at_ms) { coupon.available } else { 0 };
        let told = format!("took {discount} of {amount} by coupon {number}, leaves {after} at {at_ms} #{lsn}");
        self.redemptions.push(Redemption {
            lsn,
            coupon: number,
            merchant: merchant.to_string(),
            order: order.to_string(),
            amount,
            applied: discount,
            balance_after: after,
            at_ms,
            refunded: 0,
            told: told.clone(),
        });
        (self.redemptions.len() as i64 - 1, told)
    }

    pub fn refund(&mut self, redemption: u64, id: &str, asked: Option<&str>) -> String {
        let place = self.redemption_at(redemption);
        if let Some(place) = place {
            self.settle(self.redemptions[place].coupon);
        }
        if let Some(Err((reason, limit))) = asked.map(amount_of) {
            return format!("{} amount {limit}", reason.wire_name());
        }
        let asked: Option<i64> = asked.map(|amount| amount.parse().expect("a number"));
        let is_archived = self.redemptions[..self.forgotten[0]].iter().any(|done| done.lsn >= redemption)
            || self.forgotten[0] > 0 && redemption <= self.first_lsn_in_memory();
        if place.is_none() && !(is_archived && redemption > 0) {
            return refused((Reason::RedemptionNotFound, 0));
        }
        let request = (4, redemption.to_string(), id.to_string());
        let numbers: Vec<u64> = [Some(redemption), asked.map(|amount| amount as u64)].into_iter().flatten().collect();
        let (fingerprint, subject) = (key().fingerprint(&[], &numbers), u128::from(redemption));
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let now_ms = self.now_ms;
        let open = place.filter(|&place| self.redemptions[place].at_ms + 30 * DAY_MS > now_ms);
        let Some(place) = open else { return refused((Reason::RedemptionArchived, 0)) };
        let lsn = self.happened();
        let done = &self.redemptions[place];
        let left = done.applied - done.refunded;
        let amount = asked.unwrap_or(left);
        // What is offered and was used is a card: it gets something back.
        let may_be = match () {
            () if left == 0 => Err((Reason::AlreadyRefunded, done.refunded)),
            () if amount > left => Err((Reason::RefundExceedsCapture, left)),
            () => self.not_offered(done.coupon),
        };
        if let Err(refusal) = may_be {
            return self.remember_refusal(request, fingerprint, subject, refusal);
        }
        let done = &mut self.redemptions[place];
        done.refunded += amount;
        let (number, is_last) = (done.coupon, amount == left);
        self.give_back(place, number, amount, is_last, lsn);
        let (refund, coupon) = (self.refunds.last().expect("a refund"), &self.coupons[number]);
        let life = match coupon.life(now_ms) {
            // A unit that comes back past its end is told as expired before it is written.
            life if coupon.is_card() || refund.restored == 0 => life,
            _ if coupon.is_over(now_ms) => "EXPIRED",
            _ => "ACTIVE",
        };
        let (after, until_ms) = (refund.balance_after, refund.until_ms);
        let on = match refund.replacement {
            0 => String::new(),
            replacement => {
                let new = &self.coupons[replacement - 1];
                format!(" on coupon {} {}..{} key {}", replacement - 1, new.from_ms, new.until_ms, new.key_version)
            }
        };
        let told = format!(
            "gave back {amount} of #{redemption} to coupon {number}, {life} until {until_ms} with {after} at {now_ms}{on} #{lsn}"
        );
        let value = self.refunds.len() as i64 - 1;
        self.remember(request, fingerprint, subject, (0, value), &told);
        told
    }

    /// The lsn of the oldest redemption in memory, or of now.
    fn first_lsn_in_memory(&self) -> u64 {
        self.redemptions.get(self.forgotten[0]).map_or(self.lsn, |done| done.lsn - 1)
    }

    fn give_back(&mut self, place: usize, number: usize, amount: i64, is_last: bool, lsn: u64) {
        let (now_ms, key_version, next) = (self.now_ms, self.key_version, self.coupons.len());
        let coupon = &mut self.coupons[number];
        let is_closed = coupon.void || coupon.given > 0;
        let is_replaced = coupon.is_card() && is_closed;
        let restored = match () {
            () if is_replaced => 0,
            () if coupon.is_card() => amount,
            () => i64::from(is_last && coupon.body.refund == 0),
        };
        coupon.available += restored;
        coupon.captured -= restored;
        coupon.last_lsn = lsn;
        if coupon.is_card() && !is_closed && coupon.is_over(now_ms) {
            coupon.reopened_until_ms = Some(now_ms + 30 * DAY_MS);
        }
        if is_replaced {
            coupon.captured -= amount;
            coupon.loaded -= amount;
            coupon.adjusted = true;
            let new = Coupon {
                from_ms: now_ms,
                until_ms: now_ms + 30 * DAY_MS,
                reopened_until_ms: None,
                loaded: amount,
                adjusted: amount != coupon.body.first,
                available: amount,
                captured: 0,
                expired: 0,
                voided: 0,
                void: false,
                given: 0,
                received: 0,
                origin: 0,
                is_of_batch: false,
                key_version,
                ..coupon.clone()
            };
            self.coupons.push(new);
        }
        let coupon = &self.coupons[number];
        self.refunds.push(Refund {
            redemption: place,
            amount,
            restored,
            balance_after: if coupon.is_card() { coupon.available } else { 0 },
            until_ms: coupon.end_ms(),
            at_ms: now_ms,
            replacement: if is_replaced { next + 1 } else { 0 },
        });
    }
}

/// A currency's letters as one number.
pub fn letters(currency: [u8; 3]) -> u64 {
    currency.iter().fold(0u64, |sum, &letter| sum * 256 + u64::from(letter))
}

/// What is told of a redemption by whoever captured it after its hold had ended.
pub fn told_anew(told: &str, anew: bool) -> String {
    if anew { told.replace(" #", " anew #") } else { told.to_string() }
}
