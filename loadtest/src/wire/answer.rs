//! What the server said of one operation, read in place from a unary reply or from an item of a stream.
//!
//! `ClaimOutcome`, `IssueOutcome` and `RedeemOutcome` have one shape (1 request id, 2 accepted, 3 refused); `TillOutcome` tells by the field what was
//! accepted. The replies inside differ. A reply is kept as a fingerprint of all its bytes but `replayed`: two replies are the same
//! iff their fingerprints are. That relies on a server writing the fields of one message in one order, as every generated encoder
//! does.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use tessera_proto::wire::{Fields, ITEMS, Malformed};

/// Which writes a plan is made of; fixes the stream they travel on and the shape of its outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ClaimService.Claim` and `ClaimStream`.
    Claim,
    /// `ClaimService.Issue` and `IssueStream`.
    Issue,
    /// `RedemptionService.Redeem` and `RedeemStream`.
    Redeem,
    /// `RedemptionService.TillStream`, and the calls that its items are: [`super::call`].
    Till,
}

/// Which fields an accepted reply has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Those of a `ClaimResponse`, and of an `IssueResponse`, which has the same.
    Claim,
    /// Those of a `RedeemResponse`, and of a `CaptureResponse`, which has one more.
    Redemption,
    /// Those of a `HoldResponse`.
    Hold,
}

/// One outcome and the request it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The request's id.
    pub request_id: &'a [u8],
    /// What became of it.
    pub outcome: Outcome<'a>,
}

/// Accepted or refused.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Done, durably.
    Accepted(Accepted<'a>),
    /// Not done, and why.
    Refused(Refused),
}

/// The facts of an accepted reply that are checked later.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepted<'a> {
    /// What names a hold or a redemption; empty for a claim.
    pub id: &'a [u8],
    /// The coupon issued, held or used.
    pub coupon_id: &'a [u8],
    /// The code of a claimed coupon; empty for a redemption.
    pub code: &'a [u8],
    /// Partition of the position.
    pub partition: u32,
    /// Lsn of the position.
    pub lsn: u64,
    /// Whether the reply says that it was given before.
    pub replayed: bool,
    /// What a redemption took, or a hold promised, in minor units.
    pub applied_minor: i64,
    /// What a redemption left on a card, in minor units.
    pub balance_after_minor: Option<i64>,
    /// First instant at which a claimed coupon is usable, in ms.
    pub use_from_ms: i64,
    /// First instant at which it no longer is, in ms; 0 = without end.
    pub use_until_ms: i64,
    /// Of the whole reply but `replayed`.
    pub fingerprint: u64,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Number of the `Reason`.
    pub reason: i32,
    /// Its number with a meaning of its own.
    pub value: i64,
}

const HASH: FixedState = FixedState::with_seed(0x7e55_e7a0);

/// 64 bits that stand for `bytes` in memory, never on disk.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = HASH.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

impl Refused {
    /// Stands for the refusal: its message is not part of it.
    pub fn fingerprint(self) -> u64 {
        let mut hasher = HASH.build_hasher();
        hasher.write_i32(self.reason);
        hasher.write_i64(self.value);
        hasher.finish()
    }

    /// From an encoded `Refusal`.
    fn read(message: &[u8]) -> Result<Self, Malformed> {
        let (mut reason, mut value) = (0, 0);
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => reason = field.value.int64()?,
                4 => value = field.value.int64()?,
                _ => {}
            }
        }
        let reason = i32::try_from(reason).map_err(|_| Malformed("reason out of range"))?;
        Ok(Self { reason, value })
    }
}

impl<'a> Answer<'a> {
    /// From an encoded `ClaimOutcome`, `IssueOutcome`, `RedeemOutcome` or `TillOutcome`.
    pub fn read(kind: Kind, message: &'a [u8]) -> Result<Self, Malformed> {
        let (mut request_id, mut outcome) = (None, None);
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            let shape = match (kind, field.number) {
                (_, 1) => {
                    request_id = Some(field.value.bytes()?);
                    continue;
                }
                (Kind::Claim | Kind::Issue | Kind::Redeem, 3) | (Kind::Till, 2) => {
                    outcome = Some(Outcome::Refused(Refused::read(field.value.bytes()?)?));
                    continue;
                }
                (Kind::Claim | Kind::Issue, 2) => Shape::Claim,
                (Kind::Redeem, 2) | (Kind::Till, 5) => Shape::Redemption,
                (Kind::Till, 4) => Shape::Hold,
                _ => continue,
            };
            outcome = Some(Outcome::Accepted(Accepted::read(shape, field.value.bytes()?)?));
        }
        let request_id = request_id.ok_or(Malformed("outcome without request_id"))?;
        Ok(Self { request_id, outcome: outcome.ok_or(Malformed("outcome without result"))? })
    }

    /// Calls `each` with every outcome of an encoded message of a stream.
    pub fn read_all<E: From<Malformed>>(
        kind: Kind,
        message: &'a [u8],
        mut each: impl FnMut(Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            if field.number == ITEMS {
                each(Self::read(kind, field.value.bytes()?)?)?;
            }
        }
        Ok(())
    }
}

impl<'a> Accepted<'a> {
    /// From an encoded reply of this shape.
    pub fn read(shape: Shape, message: &'a [u8]) -> Result<Self, Malformed> {
        match shape {
            Shape::Claim => Self::read_claim(message),
            Shape::Redemption => Self::read_use::<5>(message),
            Shape::Hold => Self::read_use::<6>(message),
        }
    }

    fn read_claim(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut accepted = Self::default();
        let mut flag = (message.len(), message.len());
        let mut fields = Fields::of(message);
        let mut at = 0;
        while let Some(field) = fields.read()? {
            let end = message.len() - fields.remaining();
            match field.number {
                1 => accepted.coupon_id = field.value.bytes()?,
                2 => accepted.code = field.value.bytes()?,
                5 => accepted.use_from_ms = field.value.int64()?,
                6 => accepted.use_until_ms = field.value.int64()?,
                8 => accepted.read_position(field.value.bytes()?)?,
                9 => (accepted.replayed, flag) = (field.value.varint()? != 0, (at, end)),
                _ => {}
            }
            at = end;
        }
        accepted.finish(message, flag)
    }

    /// A hold or a redemption, whose position has this number and `replayed` the next.
    fn read_use<const POSITION: u32>(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut accepted = Self::default();
        let mut flag = (message.len(), message.len());
        let mut fields = Fields::of(message);
        let mut at = 0;
        while let Some(field) = fields.read()? {
            let end = message.len() - fields.remaining();
            match field.number {
                1 => accepted.id = field.value.bytes()?,
                2 => accepted.coupon_id = field.value.bytes()?,
                3 => accepted.read_amounts(field.value.bytes()?)?,
                number if number == POSITION => accepted.read_position(field.value.bytes()?)?,
                number if number == POSITION + 1 => (accepted.replayed, flag) = (field.value.varint()? != 0, (at, end)),
                _ => {}
            }
            at = end;
        }
        accepted.finish(message, flag)
    }

    fn read_position(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => self.partition = u32::try_from(field.value.varint()?).map_err(|_| Malformed("partition out of range"))?,
                2 => self.lsn = field.value.varint()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_amounts(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                3 => self.applied_minor = field.value.int64()?,
                5 => self.balance_after_minor = Some(field.value.int64()?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Fingerprints everything outside `flag`, where `replayed` stood.
    fn finish(mut self, message: &[u8], flag: (usize, usize)) -> Result<Self, Malformed> {
        let (before, after) = (message.get(..flag.0), message.get(flag.1..));
        let (Some(before), Some(after)) = (before, after) else { return Err(Malformed("field beyond its message")) };
        let mut hasher = HASH.build_hasher();
        hasher.write(before);
        if !after.is_empty() {
            hasher.write(after);
        }
        self.fingerprint = hasher.finish();
        Ok(self)
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
