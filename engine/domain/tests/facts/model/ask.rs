//! What the plain model answers, word for word.

use super::plain::{Coupon, Plain, Stands};
use tessera_domain::Reason;

const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// A refusal with its number.
pub type Refusal = (Reason, i64);

impl Plain {
    /// The answer to a line of a story; empty for what only sets the scene.
    pub fn ask(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["later", "0"] => self.forget(),
            ["later", ms] => self.now_ms += ms.parse::<i64>().expect("a number"),
            ["key", version] => self.key_version = version.parse().expect("a number"),
            ["restart"] => {}
            ["deliver"] => self.deliver(),
            ["lease", template, count, ref of @ ..] => self.lease(template, count.parse().expect("a number"), of),
            _ => return self.command(&words),
        }
        String::new()
    }

    fn command(&mut self, words: &[&str]) -> String {
        match *words {
            ["claim", user, template, request] => self.claim(1, user, template, request),
            ["issue", user, template, request] => self.claim(2, user, template, request),
            ["redeem", who, coupon, order, amount, request] => self.redeem(who, coupon, order, amount, request),
            ["validate", who, coupon, amount] => self.validate(who, coupon, amount).unwrap_or_else(refused),
            ["refund", redemption, request, ref rest @ ..] => {
                let asked = rest.iter().find_map(|word| word.strip_prefix("amount="));
                self.refund(lsn(redemption), request, asked)
            }
            ["hold", who, coupon, order, amount, request, ref ttl @ ..] => self.hold(who, coupon, order, amount, request, ttl),
            ["capture", hold, request, ref rest @ ..] => self.capture(lsn(hold), request, rest),
            ["release", hold, request] => self.release(lsn(hold), request),
            ["freeze", "account", user, block, request, ref rest @ ..] => {
                self.block_user(true, user, block, request, !rest.is_empty())
            }
            ["unfreeze", "account", user, block, request, ref rest @ ..] => {
                self.block_user(false, user, block, request, !rest.is_empty())
            }
            ["freeze", who, coupon, block, request, ref rest @ ..] => {
                self.block(true, who, coupon, block, request, !rest.is_empty())
            }
            ["unfreeze", who, coupon, block, request, ref rest @ ..] => {
                self.block(false, who, coupon, block, request, !rest.is_empty())
            }
            ["void", who, coupon, request, ref rest @ ..] => self.void(who, coupon, request, !rest.is_empty()),
            ["offer", who, coupon, request, ref ttl @ ..] => self.offer(who, coupon, request, ttl),
            ["cancel", gift, user, request] => self.cancel(lsn(gift), user, request),
            ["accept", gift, user, request] => self.accept(lsn(gift), user, request),
            ["gift", gift, by] => self.show_gift(lsn(gift), by.trim_start_matches("by=")),
            ["activate", who, coupon, request] => self.activate(who, coupon, request),
            ["reload", who, coupon, amount, request] => self.reload(who, coupon, amount, request),
            ["adjust", who, coupon, amount, reason, request] => self.adjust(who, coupon, amount, reason, request),
            ["order", order] => self.order(order),
            ["view", who, coupon] => self.instrument(who, coupon).map_or_else(refused, |number| self.view(number)),
            ["reveal", who, coupon] => self
                .instrument(who, coupon)
                .map_or_else(refused, |number| format!("coupon {number} key {}", self.coupons[number].key_version)),
            ["wallet", user, size, ref rest @ ..] => self.wallet(user, size.parse().expect("a number"), rest),
            ["raise", template, current, target, request, ref rest @ ..] => {
                let (current, target) = (current.parse().expect("a number"), target.parse().expect("a number"));
                self.raise(template, current, target, request, rest)
            }
            ["stock", template] => self.stock(template),
            ["stop", template, _] => self.stop(template),
            ["resume", template, _] => self.resume(template),
            ["template", template, ..] => self.update(template),
            _ => panic!("no such command: {words:?}"),
        }
    }

    pub fn find(&self, template: &str) -> Option<usize> {
        self.templates.iter().position(|found| found.id() == template)
    }

    pub fn happened(&mut self) -> u64 {
        self.time_ms = self.now_ms;
        self.lsn += 1;
        self.lsn
    }

    pub fn instrument(&self, who: &str, coupon: &str) -> Result<usize, Refusal> {
        let number: usize = coupon.parse().expect("a number");
        let accepted = |coupon: &Coupon| match who.strip_prefix("code:") {
            None if who == "known" => true,
            Some(version) => coupon.key_version.to_string() == version,
            None => coupon.user == who,
        };
        self.coupons.get(number).filter(|coupon| accepted(coupon)).map(|_| number).ok_or((Reason::CodeNotAccepted, 0))
    }

    fn validate(&self, who: &str, coupon: &str, money: &str) -> Result<String, Refusal> {
        let (amount, currency) = amount_of(money)?;
        let number = self.instrument(who, coupon)?;
        let stands = self.stands(number);
        self.usable(number, stands, None)?;
        let applied = self.takes(number, stands, amount, currency)?;
        let after = if self.coupons[number].is_card() { stands.available - applied } else { 0 };
        Ok(format!("takes {applied} of {amount} by coupon {number}, leaves {after}"))
    }

    /// Whether anybody may use it now; `own` is the live hold of the order that asks.
    pub fn usable(&self, number: usize, stands: Stands, own: Option<usize>) -> Result<(), Refusal> {
        self.own(number)?;
        let coupon = &self.coupons[number];
        if own.is_some() || !coupon.is_card() && stands.held > 0 {
            return Err((Reason::CouponHeld, own.map_or(0, |own| self.holds[own].lsn as i64)));
        }
        if self.now_ms < coupon.from_ms {
            return Err((Reason::UseNotStarted, coupon.from_ms));
        }
        if coupon.is_over(self.now_ms) {
            return Err((Reason::CouponExpired, coupon.end_ms()));
        }
        Ok(())
    }

    /// Whether it is its owner's to do something with.
    pub fn own(&self, number: usize) -> Result<(), Refusal> {
        let coupon = &self.coupons[number];
        if coupon.given > 0 {
            return Err((Reason::CouponGiven, 0));
        }
        if coupon.void {
            return Err((Reason::CouponVoid, 0));
        }
        if !coupon.is_card() && coupon.captured == 1 {
            return Err((Reason::CouponUsed, 0));
        }
        if coupon.blocks != 0 || self.account_blocks(&coupon.user) != 0 {
            return Err((Reason::CouponFrozen, 0));
        }
        if coupon.unactivated {
            return Err((Reason::CouponNotActivated, 0));
        }
        self.not_offered(number)
    }

    pub fn not_offered(&self, number: usize) -> Result<(), Refusal> {
        let until_ms = self.coupons[number].offered_until_ms;
        if until_ms > self.now_ms { Err((Reason::CouponGifting, until_ms)) } else { Ok(()) }
    }

    /// What it would take of an amount: the charge, or the discount.
    pub fn takes(&self, number: usize, stands: Stands, amount: i64, currency: [u8; 3]) -> Result<i64, Refusal> {
        let coupon = &self.coupons[number];
        if currency != coupon.body.currency {
            return Err((Reason::CurrencyMismatch, 0));
        }
        if coupon.is_card() && amount > stands.available {
            return Err((Reason::InsufficientBalance, stands.available));
        }
        applied(coupon, amount)
    }

    fn view(&self, number: usize) -> String {
        let (coupon, stands) = (&self.coupons[number], self.stands(number));
        let (life, window) = (coupon.life(self.now_ms), window_text(coupon.from_ms, coupon.end_ms()));
        let (name, version) = (coupon.body.template_id, coupon.body.version);
        let (available, captured) = (stands.available, coupon.captured);
        let mut text = format!("coupon {number} of {name} v{version} {life} {window} available {available} captured {captured}");
        for (name, number) in [
            ("held", stands.held),
            ("in holds", stands.holds as i64),
            ("expired", stands.expired),
            ("voided", coupon.voided),
            ("given", coupon.given),
            ("received", coupon.received),
            ("blocks", coupon.blocks.into()),
            ("account", self.account_blocks(&coupon.user).into()),
        ] {
            if number != 0 {
                text += &format!(" {name} {number}");
            }
        }
        text
    }

    fn order(&self, order: &str) -> String {
        let (merchant, order) = order.split_once('/').expect("merchant/order");
        let mut listed = Vec::new();
        for done in self.redemptions[self.forgotten[0]..].iter().rev() {
            if done.merchant == merchant && done.order == order && done.at_ms + 30 * 86_400_000 > self.now_ms {
                let (lsn, applied, amount, coupon) = (done.lsn, done.applied, done.amount, done.coupon);
                let (refunded, at_ms) = (done.refunded, done.at_ms);
                listed.push(format!("#{lsn} {applied} of {amount} by coupon {coupon} less {refunded} at {at_ms}"));
            }
        }
        format!("[{}]", listed.join(", "))
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
            let coupon = &self.coupons[number];
            let life = coupon.life(self.now_ms);
            let is_blocked = coupon.blocks != 0 || self.account_blocks(&coupon.user) != 0;
            let known_as = if matches!(life, "ACTIVE" | "GIFTING") && is_blocked { "FROZEN" } else { life };
            if status.as_ref().is_none_or(|status| status == known_as) {
                listed.push(format!("{number} {life}"));
            }
        }
        format!("[{}] {next}", listed.join(", "))
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

    fn resume(&mut self, template: &str) -> String {
        self.catalog_requests += 1;
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let found = &mut self.templates[number];
        if !std::mem::replace(&mut found.stopped, false) {
            return refused((Reason::TemplateNotStopped, 0));
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
}

/// The charge, or the discount on an order.
pub fn applied(coupon: &Coupon, amount: i64) -> Result<i64, Refusal> {
    let body = &coupon.body;
    let applied = match body.kind {
        1 => {
            // Half up: twice the product plus the divisor, by twice the divisor.
            let off = ((i128::from(amount) * i128::from(10_000 - body.first) * 2 + 10_000) / 20_000) as i64;
            if body.second == 0 { off } else { off.min(body.second) }
        }
        2 if amount < body.first => return Err((Reason::BelowThreshold, body.first - amount)),
        2 => amount.min(body.second),
        _ => amount,
    };
    if applied == 0 { Err((Reason::NoEffect, 0)) } else { Ok(applied) }
}

/// `#12` is an lsn.
fn lsn(text: &str) -> u64 {
    text[1..].parse().expect("a number")
}

pub fn amount_of(money: &str) -> Result<(i64, [u8; 3]), Refusal> {
    let (digits, currency) = money.strip_suffix("USD").map_or((money, *b"CNY"), |digits| (digits, *b"USD"));
    match digits.parse().expect("a number") {
        amount if amount < 1 => Err((Reason::InvalidArgument, 1)),
        amount if amount > AMOUNT_MAX => Err((Reason::AmountOutOfRange, AMOUNT_MAX)),
        amount => Ok((amount, currency)),
    }
}

pub fn refused((reason, value): Refusal) -> String {
    let field = if matches!(reason, Reason::InvalidArgument | Reason::AmountOutOfRange) { " amount" } else { "" };
    let value = if value == 0 { String::new() } else { format!(" {value}") };
    format!("{}{field}{value}", reason.wire_name())
}

pub fn window_text(from_ms: i64, until_ms: i64) -> String {
    if until_ms == 0 { format!("{from_ms}..") } else { format!("{from_ms}..{until_ms}") }
}
