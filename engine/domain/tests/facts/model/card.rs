//! What the plain model does with gift cards: cards of a batch activated, balances reloaded and adjusted.

use super::ask::{Refusal, amount_of, refused, window_text};
use super::plain::{Coupon, Plain};
use super::write::letters;
use crate::given::key;
use tessera_domain::Reason;

const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// The batch that every run begins with, as a story makes it: two cards of the third template.
pub const BATCH: &str = "make b t2 v1 0+2/2";

impl Plain {
    /// What [`BATCH`] does.
    pub fn make_batch(&mut self) {
        let body = self.templates[2].body;
        self.happened();
        self.terms.push(body);
        let lsn = self.happened();
        let card = Coupon {
            user: String::new(),
            terms: 0,
            body,
            from_ms: 0,
            until_ms: 0,
            reopened_until_ms: None,
            loaded: 0,
            adjusted: false,
            available: 0,
            captured: 0,
            expired: 0,
            voided: 0,
            void: false,
            unactivated: true,
            is_of_batch: true,
            blocks: 0,
            key_version: self.key_version,
            last_lsn: lsn,
            offered_until_ms: 0,
            given: 0,
            received: 0,
            origin: 0,
        };
        self.coupons.extend([card.clone(), card]);
        let batch = key().batch("b");
        let fingerprint = key().fingerprint(&["t2"], &[1, 2, 0, 2]);
        let request = (23, "b".to_string(), "b".to_string());
        self.remember(request, fingerprint, batch.into(), (0, batch as i64), "2 of 2 made");
    }

    pub fn activate(&mut self, who: &str, coupon: &str, id: &str) -> String {
        let number = match self.instrument(who, coupon) {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let fingerprint = key().fingerprint(&["", "", ""], &[]);
        let request = (26, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let (outcome, lsn) = (self.may_activate(number), self.happened());
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, number as u128, refusal);
        }
        let card = &mut self.coupons[number];
        let face = card.body.first;
        (card.unactivated, card.loaded, card.available, card.last_lsn) = (false, face, face, lsn);
        (card.from_ms, card.until_ms) = (card.body.validity_first_ms, card.body.validity_second_ms);
        let told = format!("active with {face} {} #{lsn}", window_text(card.from_ms, card.until_ms));
        self.remember(request, fingerprint, number as u128, (0, number as i64), &told);
        told
    }

    fn may_activate(&self, number: usize) -> Result<(), Refusal> {
        let card = &self.coupons[number];
        let end_ms = card.body.validity_second_ms;
        match () {
            () if self.templates[card.body.template as usize].stopped => Err((Reason::TemplateStopped, 0)),
            () if card.given > 0 => Err((Reason::CouponGiven, 0)),
            () if card.void => Err((Reason::CouponVoid, 0)),
            () if self.is_frozen(number) => Err((Reason::CouponFrozen, 0)),
            () if !card.unactivated => Err((Reason::CouponActivated, 0)),
            () if self.now_ms >= end_ms => Err((Reason::IssueEnded, end_ms)),
            () => Ok(()),
        }
    }

    pub fn reload(&mut self, who: &str, coupon: &str, money: &str, id: &str) -> String {
        self.load(27, who, coupon, money, &["", ""], id)
    }

    pub fn adjust(&mut self, who: &str, coupon: &str, money: &str, reason: &str, id: &str) -> String {
        self.load(28, who, coupon, money, &[reason], id)
    }

    fn load(&mut self, operation: u8, who: &str, coupon: &str, money: &str, texts: &[&str], id: &str) -> String {
        let is_adjustment = operation == 28;
        let size = if is_adjustment { money.trim_start_matches('-') } else { money };
        let instrument = self.instrument(who, coupon);
        if let Ok(number) = instrument {
            self.settle(number);
        }
        let ((size, currency), number) = match amount_of(size).and_then(|asked| Ok((asked, instrument?))) {
            Ok(asked) => asked,
            Err(refusal) => return refused(refusal),
        };
        let amount = if is_adjustment && money.starts_with('-') { -size } else { size };
        let fingerprint = key().fingerprint(texts, &[amount as u64, letters(currency)]);
        let request = (operation, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let (outcome, lsn) = (self.may_load(number, amount, currency, is_adjustment), self.happened());
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, number as u128, refusal);
        }
        let card = &mut self.coupons[number];
        card.loaded += amount;
        card.available += amount;
        (card.adjusted, card.last_lsn) = (true, lsn);
        let balance = card.available;
        let told = format!("balance {balance} #{lsn}");
        self.remember(request, fingerprint, number as u128, (0, balance), &told);
        told
    }

    fn may_load(&self, number: usize, amount: i64, currency: [u8; 3], is_adjustment: bool) -> Result<(), Refusal> {
        let card = &self.coupons[number];
        match () {
            () if card.given > 0 => Err((Reason::CouponGiven, 0)),
            () if card.void => Err((Reason::CouponVoid, 0)),
            () if card.life(self.now_ms) == "USED" => Err((Reason::CouponUsed, 0)),
            () if self.is_frozen(number) && !is_adjustment => Err((Reason::CouponFrozen, 0)),
            () if card.unactivated => Err((Reason::CouponNotActivated, 0)),
            () if self.not_offered(number).is_err() => self.not_offered(number),
            () if card.is_over(self.now_ms) => Err((Reason::CouponExpired, card.end_ms())),
            () if currency != card.body.currency => Err((Reason::CurrencyMismatch, 0)),
            () if !card.is_card() => Err((Reason::NotACard, 0)),
            () if card.available + amount < 0 => Err((Reason::InsufficientBalance, card.available)),
            () if card.loaded + amount > AMOUNT_MAX => Err((Reason::BalanceLimitReached, AMOUNT_MAX - card.loaded)),
            () => Ok(()),
        }
    }

    fn is_frozen(&self, number: usize) -> bool {
        let card = &self.coupons[number];
        card.blocks != 0 || self.account_blocks(&card.user) != 0
    }
}
