//! What the plain model does for friends: offers, their ends, and what arrives over the line that leads back here.

use super::ask::{Refusal, refused, window_text};
use super::plain::{Coupon, Gift, Plain};
use crate::given::{PARTITION, key};
use tessera_domain::Reason;
use tessera_domain::line::message::{GiftArrived, GiftGiven, Message};

const DAY_MS: i64 = 86_400_000;

/// A message that waits: its number, its bytes, and the gift that it is about.
pub struct Waiting {
    pub number: u64,
    pub bytes: Box<[u8]>,
    about: About,
}

#[derive(Clone, Copy)]
enum About {
    Given(usize),
    Arrived(usize, usize),
}

impl Plain {
    pub fn offer(&mut self, who: &str, coupon: &str, id: &str, ttl: &[&str]) -> String {
        let instrument = self.instrument(who, coupon);
        if let Ok(number) = instrument {
            self.settle(number);
        }
        let ttl_ms: i64 = ttl.first().map_or(0, |ttl| ttl.strip_prefix("ttl=").expect("ttl=").parse().expect("a number"));
        if ttl_ms != 0 && ttl_ms < 60_000 {
            return "INVALID_ARGUMENT ttl_ms 60000".into();
        }
        let number = match instrument {
            Ok(number) => number,
            Err(refusal) => return refused(refusal),
        };
        let fingerprint = key().fingerprint(&[], &[ttl_ms as u64]);
        let request = (30, coupon.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let (outcome, lsn, subject) = (self.may_offer(number), self.happened(), number as u128);
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, subject, refusal);
        }
        let asked_ms = self.now_ms + if ttl_ms == 0 { DAY_MS } else { ttl_ms };
        let coupon = &mut self.coupons[number];
        let deadline_ms = if coupon.end_ms() == 0 { asked_ms } else { asked_ms.min(coupon.end_ms()) };
        (coupon.offered_until_ms, coupon.last_lsn) = (deadline_ms, lsn);
        let receiver = String::new();
        self.gifts.push(Gift { lsn, coupon: number, deadline_ms, state: 1, ended_ms: 0, receiver, amount: 0, successor: 0 });
        let told = format!("gift #{lsn} of coupon {number} until {deadline_ms} #{lsn}");
        self.remember(request, fingerprint, subject, (0, self.gifts.len() as i64 - 1), &told);
        told
    }

    fn may_offer(&self, number: usize) -> Result<(), Refusal> {
        let (coupon, stands) = (&self.coupons[number], self.stands(number));
        self.own(number)?;
        if stands.holds > 0 {
            return Err((Reason::CouponHeld, 0));
        }
        if coupon.is_over(self.now_ms) {
            return Err((Reason::CouponExpired, coupon.end_ms()));
        }
        if stands.available == 0 {
            return Err((Reason::InsufficientBalance, 0));
        }
        let is_transferable = self.templates[coupon.body.template as usize].is_transferable() && !coupon.user.is_empty();
        if is_transferable { Ok(()) } else { Err((Reason::NotTransferable, 0)) }
    }

    pub fn cancel(&mut self, lsn: u64, user: &str, id: &str) -> String {
        self.settle_gift_at(lsn);
        let own = self.known_gift(lsn).filter(|&place| self.coupons[self.gifts[place].coupon].user == user);
        let Some(place) = own else { return refused((Reason::CodeNotAccepted, 0)) };
        let fingerprint = key().fingerprint(&[], &[lsn]);
        let request = (31, lsn.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let (now, subject) = (self.happened(), u128::from(lsn));
        if self.gifts[place].state == 2 {
            return self.remember_refusal(request, fingerprint, subject, (Reason::CouponGiven, 0));
        }
        if self.gifts[place].state == 1 {
            self.end_gift(place, 3);
        }
        let gift = &self.gifts[place];
        let how = ["Cancelled", "Expired"][usize::from(gift.state) - 3];
        let told = format!("gift #{lsn} of coupon {} ended {how} at {} #{now}", gift.coupon, gift.ended_ms);
        self.remember(request, fingerprint, subject, (0, place as i64), &told);
        told
    }

    pub fn accept(&mut self, lsn: u64, user: &str, id: &str) -> String {
        self.settle_gift_at(lsn);
        let Some(place) = self.known_gift(lsn) else { return refused((Reason::CodeNotAccepted, 0)) };
        let fingerprint = key().fingerprint(&[user], &[lsn]);
        let request = (32, lsn.to_string(), id.to_string());
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let is_again = self.gifts[place].state == 2 && self.gifts[place].receiver == user;
        let outcome = if is_again { Ok(()) } else { self.may_accept(place, user) };
        let (now, subject) = (self.happened(), u128::from(lsn));
        if let Err(refusal) = outcome {
            return self.remember_refusal(request, fingerprint, subject, refusal);
        }
        if !is_again {
            self.end_gift(place, 2);
            let coupon = &mut self.coupons[self.gifts[place].coupon];
            coupon.given = std::mem::take(&mut coupon.available);
            (self.gifts[place].receiver, self.gifts[place].amount) = (user.into(), coupon.given);
        }
        let (gift, coupon) = (&self.gifts[place], &self.coupons[self.gifts[place].coupon]);
        let (name, version, window) =
            (coupon.body.template_id, coupon.body.version, window_text(coupon.from_ms, coupon.end_ms()));
        let (amount, ended_ms) = (gift.amount, gift.ended_ms);
        let told = format!("gift #{lsn} gave {amount} of {name} v{version} {window} to {PARTITION} at {ended_ms} #{now}");
        self.remember(request, fingerprint, subject, (0, place as i64), &told);
        if !is_again {
            self.send(About::Given(place));
        }
        told
    }

    fn may_accept(&self, place: usize, user: &str) -> Result<(), Refusal> {
        let gift = &self.gifts[place];
        let coupon = &self.coupons[gift.coupon];
        match gift.state {
            2 => Err((Reason::CouponGiven, 0)),
            3 | 4 => Err((Reason::GiftEnded, gift.ended_ms)),
            _ if coupon.blocks != 0 || self.account_blocks(&coupon.user) != 0 => Err((Reason::CouponFrozen, 0)),
            _ if coupon.user == user => Err((Reason::GiftToOneself, 0)),
            _ => Ok(()),
        }
    }

    pub fn show_gift(&self, lsn: u64, by: &str) -> String {
        let Some(place) = self.known_gift(lsn) else { return refused((Reason::CodeNotAccepted, 0)) };
        let gift = &self.gifts[place];
        let (coupon, stands) = (&self.coupons[gift.coupon], self.stands(gift.coupon));
        let is_due = gift.state == 1 && gift.deadline_ms <= self.now_ms;
        let (state, ended_ms) = if is_due { (4, gift.deadline_ms) } else { (gift.state, gift.ended_ms) };
        let state = ["Open", "Accepted", "Cancelled", "Expired"][usize::from(state) - 1];
        let amount = if gift.state == 2 { gift.amount } else { stands.available };
        let (name, window) = (coupon.body.template_id, window_text(coupon.from_ms, coupon.end_ms()));
        let arrived = match gift.successor {
            successor if successor == 0 || gift.receiver != by => String::new(),
            successor => format!(" as coupon {} of {PARTITION}", successor - 1),
        };
        format!("gift #{lsn} of {amount} of {name} {window} until {} {state} {ended_ms}{arrived}", gift.deadline_ms)
    }

    /// Everything that waits arrives, and so does what is answered.
    pub fn deliver(&mut self) {
        while !self.outbox.is_empty() {
            let Waiting { number, about, .. } = self.outbox.remove(0);
            self.happened();
            self.line.received = number;
            match about {
                About::Given(place) => self.receive(place),
                About::Arrived(place, coupon) => {
                    self.happened();
                    self.gifts[place].successor = coupon + 1;
                }
            }
            self.happened();
            self.line.acknowledged = number;
        }
    }

    fn receive(&mut self, place: usize) {
        let old = self.coupons[self.gifts[place].coupon].clone();
        let (user, amount) = (self.gifts[place].receiver.clone(), self.gifts[place].amount);
        let same =
            |body: &tessera_domain::event::TermsBody<'_>| (body.template, body.version) == (old.body.template, old.body.version);
        let terms = self.terms.iter().position(same).expect("the coupon that was given has these terms here");
        let lsn = self.happened();
        self.user(&user);
        self.coupons.push(Coupon {
            user,
            terms,
            until_ms: old.end_ms(),
            reopened_until_ms: None,
            loaded: amount,
            adjusted: false,
            available: amount,
            captured: 0,
            expired: 0,
            voided: 0,
            void: false,
            blocks: 0,
            key_version: self.key_version,
            last_lsn: lsn,
            offered_until_ms: 0,
            given: 0,
            received: amount,
            origin: self.gifts[place].lsn,
            ..old
        });
        self.send(About::Arrived(place, self.coupons.len() - 1));
    }

    fn send(&mut self, about: About) {
        self.happened();
        let bytes = match about {
            About::Given(place) => {
                let gift = &self.gifts[place];
                let coupon = &self.coupons[gift.coupon];
                Message::GiftGiven(GiftGiven {
                    gift: gift.lsn,
                    user: &gift.receiver,
                    body: coupon.body,
                    rules: self.templates[coupon.body.template as usize].rules,
                    amount: gift.amount,
                    use_from_ms: coupon.from_ms,
                    use_until_ms: coupon.end_ms(),
                })
                .bytes()
            }
            About::Arrived(place, coupon) => {
                Message::GiftArrived(GiftArrived { gift: self.gifts[place].lsn, coupon: coupon as u64 }).bytes()
            }
        };
        self.line.sent += 1;
        self.outbox.push(Waiting { number: self.line.sent, bytes, about });
    }

    /// The gift of this lsn while it is known.
    fn known_gift(&self, lsn: u64) -> Option<usize> {
        let place = self.gifts.iter().position(|gift| gift.lsn == lsn).filter(|&place| place >= self.forgotten[3])?;
        let gift = &self.gifts[place];
        (gift.state == 1 || gift.ended_ms + DAY_MS > self.now_ms).then_some(place)
    }

    /// Writes what is due for the coupon of a gift that is in memory.
    fn settle_gift_at(&mut self, lsn: u64) {
        let place = self.gifts.iter().position(|gift| gift.lsn == lsn).filter(|&place| place >= self.forgotten[3]);
        if let Some(place) = place {
            self.settle(self.gifts[place].coupon);
        }
    }

    /// Its end, by the event of now.
    pub fn end_gift(&mut self, place: usize, state: u8) {
        let gift = &mut self.gifts[place];
        assert_eq!(gift.state, 1, "a gift ends once");
        (gift.state, gift.ended_ms) = (state, self.now_ms);
        let coupon = &mut self.coupons[gift.coupon];
        (coupon.offered_until_ms, coupon.last_lsn) = (0, self.lsn);
    }
}
