//! What the plain model answers, word for word.

use super::plain::{Coupon, Plain};
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

    pub fn find(&self, template: &str) -> Option<usize> {
        self.templates.iter().position(|found| found.id() == template)
    }

    pub fn name(&self, coupon: usize) -> &'static str {
        self.coupons[coupon].body.template_id
    }

    pub fn happened(&mut self) -> u64 {
        self.time_ms = self.now_ms;
        self.lsn += 1;
        self.lsn
    }

    pub fn instrument(&self, who: &str, coupon: &str) -> Result<usize, Refusal> {
        let number: usize = coupon.parse().expect("a number");
        let accepted = |coupon: &Coupon| match who.strip_prefix("code:") {
            Some(version) => coupon.key_version.to_string() == version,
            None => coupon.user == who,
        };
        self.coupons.get(number).filter(|coupon| accepted(coupon)).map(|_| number).ok_or((Reason::CodeNotAccepted, 0))
    }

    /// Coupon, amount, what it applies and what is left.
    pub fn quote(&self, who: &str, coupon: &str, money: &str) -> Result<(usize, i64, i64, i64), Refusal> {
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
