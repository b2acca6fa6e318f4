//! What the plain model answers, word for word, and what it changes.

use super::plain::{Coupon, Known, Plain, REQUESTS_MAX, Redemption, Refund};
use crate::given::key;
use tessera_domain::Reason;

const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
const DAY_MS: i64 = 86_400_000;

/// A refusal with its number.
type Refusal = (Reason, i64);

impl Plain {
    /// The answer to a line of a story; empty for what only sets the scene.
    pub fn ask(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["later", "0"] => self.forget(),
            ["later", ms] => self.now_ms += ms.parse::<i64>().expect("a number"),
            ["key", version] => self.key_version = version.parse().expect("a number"),
            ["restart"] => {}
            ["lease", template, count] => {
                let number = self.find(template).expect("a template");
                self.templates[number].received = count.parse().expect("a number");
                self.happened();
            }
            _ => return self.command(&words),
        }
        String::new()
    }

    fn command(&mut self, words: &[&str]) -> String {
        match *words {
            ["claim", user, template, request] => self.claim(1, user, template, request),
            ["issue", user, template, request] => self.claim(2, user, template, request),
            ["redeem", who, coupon, order, amount, request] => self.redeem(who, coupon, order, amount, request),
            ["validate", who, coupon, amount] => match self.quote(who, coupon, amount) {
                Err(refusal) => refused(refusal),
                Ok((coupon, amount, applied, after)) => {
                    format!("takes {applied} of {amount} by coupon {coupon} of {}, leaves {after}", self.name(coupon))
                }
            },
            ["refund", redemption, request] => self.refund(redemption[1..].parse().expect("a number"), request),
            ["view", who, coupon] => self.instrument(who, coupon).map_or_else(refused, |number| self.view(number)),
            ["reveal", who, coupon] => self
                .instrument(who, coupon)
                .map_or_else(refused, |number| format!("coupon {number} key {}", self.coupons[number].key_version)),
            ["wallet", user, size, ref rest @ ..] => self.wallet(user, size.parse().expect("a number"), rest),
            ["raise", template, current, target, request, ref dry @ ..] => {
                let (current, target) = (current.parse().expect("a number"), target.parse().expect("a number"));
                self.raise(template, current, target, request, !dry.is_empty())
            }
            ["stock", template] => self.stock(template),
            ["stop", template, _] => self.stop(template),
            ["template", template, ..] => self.update(template),
            _ => panic!("no such command: {words:?}"),
        }
    }

    fn find(&self, template: &str) -> Option<usize> {
        self.templates.iter().position(|found| found.id() == template)
    }

    fn name(&self, coupon: usize) -> &'static str {
        self.coupons[coupon].body.template_id
    }

    fn happened(&mut self) -> u64 {
        self.time_ms = self.now_ms;
        self.lsn += 1;
        self.lsn
    }

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

    fn forget(&mut self) {
        let now_ms = self.now_ms;
        let before = self.requests.len();
        self.requests.retain(|_, known| known.at_ms + DAY_MS > now_ms);
        if self.requests.len() < before {
            self.requests_forgotten += (before - self.requests.len()) as u64;
            self.happened();
        }
    }

    fn claim(&mut self, operation: u8, user: &str, template: &str, id: &str) -> String {
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

    fn instrument(&self, who: &str, coupon: &str) -> Result<usize, Refusal> {
        let number: usize = coupon.parse().expect("a number");
        let accepted = |coupon: &Coupon| match who.strip_prefix("code:") {
            Some(version) => coupon.key_version.to_string() == version,
            None => coupon.user == who,
        };
        self.coupons.get(number).filter(|coupon| accepted(coupon)).map(|_| number).ok_or((Reason::CodeNotAccepted, 0))
    }

    /// Coupon, amount, what it applies and what is left.
    fn quote(&self, who: &str, coupon: &str, money: &str) -> Result<(usize, i64, i64, i64), Refusal> {
        let (amount, currency) = amount_of(money)?;
        let number = self.instrument(who, coupon)?;
        let coupon = &self.coupons[number];
        if !coupon.is_card() && coupon.available == 0 {
            return Err((Reason::CouponUsed, 0));
        }
        if self.now_ms < coupon.from_ms {
            return Err((Reason::UseNotStarted, coupon.from_ms));
        }
        if coupon.is_over(self.now_ms) {
            return Err((Reason::CouponExpired, coupon.end_ms()));
        }
        if currency != coupon.body.currency {
            return Err((Reason::CurrencyMismatch, 0));
        }
        let applied = applied(coupon, amount)?;
        Ok((number, amount, applied, if coupon.is_card() { coupon.available - applied } else { 0 }))
    }

    fn redeem(&mut self, who: &str, coupon: &str, order: &str, money: &str, id: &str) -> String {
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
        let same_order = |done: &&Redemption| done.coupon == number && done.merchant == merchant && done.order == order;
        if let Some(first) = self.redemptions.iter().find(same_order) {
            let same = first.amount == amount && currency == self.coupons[number].body.currency && first.refunded == 0;
            let other = || refused((Reason::OrderAlreadyRedeemed, first.lsn as i64));
            return if same { format!("{} replayed", first.told) } else { other() };
        }
        let quote = self.quote(who, coupon, money);
        let lsn = self.happened();
        let subject = number as u128;
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

    fn refund(&mut self, redemption: u64, id: &str) -> String {
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
        let refund = Refund { redemption: place, amount, balance_after, until_ms, at_ms };
        self.refunds.push(refund);
        let value = self.refunds.len() as i64 - 1;
        self.remember(request, fingerprint, subject, (0, value), &told);
        told
    }

    fn view(&self, number: usize) -> String {
        let coupon = &self.coupons[number];
        let (life, window) = (coupon.life(self.now_ms), window_text(coupon.from_ms, coupon.end_ms()));
        let (name, version) = (coupon.body.template_id, coupon.body.version);
        let Coupon { available, captured, .. } = coupon;
        format!("coupon {number} of {name} v{version} {life} {window} available {available} captured {captured}")
    }

    fn wallet(&self, user: &str, size: usize, rest: &[&str]) -> String {
        if size == 0 {
            return "INVALID_ARGUMENT page_size 1".into();
        }
        let mut own: Vec<usize> = (0..self.coupons.len()).rev().filter(|&number| self.coupons[number].user == user).collect();
        if own.is_empty() {
            return "[] no more".into();
        }
        if let Some(from) = rest.iter().find_map(|word| word.strip_prefix("from=")) {
            let from: usize = from.parse().expect("a number");
            if !own.contains(&from) {
                return "INVALID_ARGUMENT page_token".into();
            }
            own.retain(|&number| number <= from);
        }
        let status = rest.iter().find(|word| !word.starts_with("from=")).map(|word| word.to_uppercase());
        let (mut listed, mut next) = (Vec::new(), "no more".to_string());
        for number in own {
            if listed.len() == size {
                next = format!("next {number}");
                break;
            }
            let life = self.coupons[number].life(self.now_ms);
            if status.as_ref().is_none_or(|status| status == life) {
                listed.push(format!("{number} {life}"));
            }
        }
        format!("[{}] {next}", listed.join(", "))
    }

    fn raise(&mut self, template: &str, current: u64, target: u64, id: &str, dry: bool) -> String {
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

    fn stop(&mut self, template: &str) -> String {
        self.catalog_requests += 1;
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let found = &mut self.templates[number];
        if std::mem::replace(&mut found.stopped, true) {
            return refused((Reason::TemplateStopped, 0));
        }
        self.catalog_written(number)
    }

    fn update(&mut self, template: &str) -> String {
        self.catalog_requests += 1;
        let number = self.find(template).expect("an update names a template");
        if self.templates[number].stopped {
            return refused((Reason::TemplateStopped, 0));
        }
        self.templates[number].body.version += 1;
        self.catalog_written(number)
    }

    fn catalog_written(&mut self, number: usize) -> String {
        self.catalog_lsn += 1;
        let found = &self.templates[number];
        let state = if found.stopped { "stopped" } else { "running" };
        format!("{} v{} {state} #{}", found.id(), found.body.version, self.catalog_lsn)
    }

    fn stock(&self, template: &str) -> String {
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let found = &self.templates[number];
        let total = found.total();
        match (found.stock, found.opened) {
            (None, _) => refused((Reason::StockUnlimited, 0)),
            (_, opened) => {
                let opened = if opened.is_some() { "opened" } else { "untouched" };
                format!("total {total} free {total} leased 0 {opened}")
            }
        }
    }
}

fn applied(coupon: &Coupon, amount: i64) -> Result<i64, Refusal> {
    let body = &coupon.body;
    let applied = match body.kind {
        1 => {
            // Half up: twice the product plus the divisor, by twice the divisor.
            let off = ((i128::from(amount) * i128::from(10_000 - body.first) * 2 + 10_000) / 20_000) as i64;
            if body.second == 0 { off } else { off.min(body.second) }
        }
        2 if amount < body.first => return Err((Reason::BelowThreshold, body.first - amount)),
        2 => amount.min(body.second),
        _ if amount > coupon.available => return Err((Reason::InsufficientBalance, coupon.available)),
        _ => amount,
    };
    if applied == 0 { Err((Reason::NoEffect, 0)) } else { Ok(applied) }
}

fn amount_of(money: &str) -> Result<(i64, [u8; 3]), Refusal> {
    let (digits, currency) = money.strip_suffix("USD").map_or((money, *b"CNY"), |digits| (digits, *b"USD"));
    match digits.parse().expect("a number") {
        amount if amount < 1 => Err((Reason::InvalidArgument, 1)),
        amount if amount > AMOUNT_MAX => Err((Reason::AmountOutOfRange, AMOUNT_MAX)),
        amount => Ok((amount, currency)),
    }
}

fn refused((reason, value): Refusal) -> String {
    let field = if matches!(reason, Reason::InvalidArgument | Reason::AmountOutOfRange) { " amount" } else { "" };
    let value = if value == 0 { String::new() } else { format!(" {value}") };
    format!("{}{field}{value}", reason.wire_name())
}

fn window_text(from_ms: i64, until_ms: i64) -> String {
    if until_ms == 0 { format!("{from_ms}..") } else { format!("{from_ms}..{until_ms}") }
}
