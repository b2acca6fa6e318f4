//! Tills: cards are redeemed in an order that a skew chooses.
//!
//! Most redemptions must be accepted. A few must be refused, each for one known reason, so that refusals and their memory are
//! checked as well: more than the card ever held, a foreign currency, somebody else's card.

use std::sync::Arc;

use clap::ValueEnum;
use tessera_proto::v1::Reason;

use super::{
    Plan,
    cards::Issues,
    skew::{Draw, Skew},
};
use crate::{
    ids::Noun,
    wire::{answer::Kind, write},
};

/// What one redemption takes, in minor units.
pub const REDEEMED_MINOR: i64 = 150;

/// Of this many redemptions, one each is above the balance, in a foreign currency, and on somebody else's card.
const REFUSED_EVERY: u64 = 300;

/// Largest amount that a request may name, in minor units.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// How many merchants share the orders.
const MERCHANTS: u64 = 97;

/// How a redemption names its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// By its code.
    Code,
    /// By its user and its id.
    Owner,
}

/// What must become of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Accepted, for `REDEEMED_MINOR`.
    Accepted,
    /// Refused for this reason.
    Refused(Reason),
}

/// Phase 2: the redemptions.
#[derive(Clone, Debug)]
pub struct Redeems {
    issues: Arc<Issues>,
    operations: u64,
    by: By,
    draw: Draw,
}

/// The face value that `operations` redemptions and as many retries cannot exhaust, in minor units.
pub fn face_value_minor(operations: u64) -> i64 {
    i64::try_from(operations).unwrap_or(i64::MAX).saturating_mul(2 * REDEEMED_MINOR).clamp(REDEEMED_MINOR, AMOUNT_MINOR_MAX - 1)
}

impl Redeems {
    /// `operations` redemptions of the cards of `issues`.
    pub fn new(issues: Arc<Issues>, operations: u64, by: By, skew: Skew, seed: u64) -> Self {
        let draw = Draw::new(skew, issues.cards(), seed);
        Self { issues, operations, by, draw }
    }

    /// What every card is loaded with, in minor units.
    pub fn face_value_minor(&self) -> i64 {
        face_value_minor(self.operations)
    }

    /// The card that redemption `operation` is about.
    #[inline]
    pub fn card(&self, operation: u64) -> u64 {
        self.draw.card(operation)
    }

    /// What must become of redemption `operation`.
    #[inline]
    pub fn fate(&self, operation: u64) -> Fate {
        match operation % REFUSED_EVERY {
            99 => Fate::Refused(Reason::InsufficientBalance),
            199 => Fate::Refused(Reason::CurrencyMismatch),
            299 => Fate::Refused(Reason::CodeNotAccepted),
            _ => Fate::Accepted,
        }
    }

    fn write(&self, operation: u64, instrument: write::Instrument<'_>, out: &mut Vec<u8>) {
        let (amount_minor, currency) = match self.fate(operation) {
            Fate::Refused(Reason::InsufficientBalance) => (self.face_value_minor() + 1, b"CNY"),
            Fate::Refused(Reason::CurrencyMismatch) => (REDEEMED_MINOR, b"EUR"),
            _ => (REDEEMED_MINOR, b"CNY"),
        };
        let ids = self.issues.ids();
        write::Redeem {
            // The numbers of the claims once more: redemptions have a space of request ids of their own.
            request_id: &ids.id(Noun::Request, operation),
            instrument,
            merchant_id: &ids.id(Noun::Merchant, operation % MERCHANTS),
            order_id: &ids.id(Noun::Order, operation),
            amount_minor,
            currency,
        }
        .write(out);
    }
}

impl Plan for Redeems {
    fn kind(&self) -> Kind {
        Kind::Redeem
    }

    fn operations(&self) -> u64 {
        self.operations
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let number = self.card(operation);
        let card = self.issues.card(number);
        let stranger = self.fate(operation) == Fate::Refused(Reason::CodeNotAccepted);
        match self.by {
            By::Owner => {
                // Users begin at 0 and cards are as many: the user after the last has none.
                let user = if stranger { self.issues.cards() } else { number };
                let user_id = self.issues.ids().id(Noun::User, user);
                self.write(operation, write::Instrument::Owned(&user_id, &card.coupon_id), out);
            }
            By::Code if stranger => self.write(operation, write::Instrument::Code(&mistyped(&card.code)), out),
            By::Code => self.write(operation, write::Instrument::Code(&card.code), out),
        }
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.issues.ids().number(Noun::Request, request_id)
    }
}

/// The code with its last symbol wrong.
fn mistyped(code: &[u8]) -> Vec<u8> {
    let mut code = code.to_vec();
    if let Some(last) = code.last_mut() {
        *last = if *last == b'0' { b'1' } else { b'0' };
    }
    code
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::{RedeemRequest, instrument::Instrument};

    use super::*;
    use crate::ids::Ids;

    fn request(by: By, operation: u64) -> RedeemRequest {
        let issues = Arc::new(Issues::new(10, Ids::of_run(1)));
        let plan = Redeems::new(issues, 1_000, by, Skew::Uniform, 5);
        let mut bytes = Vec::new();
        plan.write_request(operation, &mut bytes);
        RedeemRequest::decode(bytes.as_slice()).unwrap()
    }

    #[test]
    fn a_redemption_takes_150_of_its_card() {
        let request = request(By::Owner, 0);
        assert_eq!(request.amount.map(|amount| amount.minor), Some(150));
    }

    #[test]
    fn the_face_value_outlasts_every_redemption_and_retry() {
        assert_eq!(face_value_minor(1_000), 300_000);
    }

    #[test]
    fn a_stranger_names_a_user_without_cards() {
        let Some(Instrument::OwnedCoupon(owned)) = request(By::Owner, 299).instrument.unwrap().instrument else { panic!() };
        assert_eq!(owned.user_id, Ids::of_run(1).text(Noun::User, 10));
    }

    #[test]
    fn a_strangers_code_differs_in_its_last_symbol() {
        let code = |operation| match request(By::Code, operation).instrument.unwrap().instrument {
            Some(Instrument::Code(code)) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(mistyped(b"0000000000000007"), b"0000000000000000");
        assert_eq!(code(0).len(), code(299).len());
    }
}
