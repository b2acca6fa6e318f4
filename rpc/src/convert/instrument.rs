//! What names a coupon at a till: its code, its user and its id, or the code that another house gave it.

use tessera_proto::{
    v1::{self, instrument::Instrument as Either},
    wire::{Fields, Malformed},
};

use super::{malformed, wallet};
use crate::{
    domain::{Id, Rejection, command::Instrument},
    seals::Seals,
};

/// An `Instrument` as a request has it, whichever way it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Naming<'a> {
    #[default]
    Nothing,
    Code(&'a str),
    Owned {
        user: &'a str,
        coupon: &'a str,
    },
    Legacy(&'a str),
}

impl<'a> From<&'a Option<v1::Instrument>> for Naming<'a> {
    fn from(instrument: &'a Option<v1::Instrument>) -> Self {
        match instrument.as_ref().and_then(|instrument| instrument.instrument.as_ref()) {
            None => Self::Nothing,
            Some(Either::Code(code)) => Self::Code(code),
            Some(Either::LegacyCode(code)) => Self::Legacy(code),
            Some(Either::OwnedCoupon(owned)) => Self::Owned { user: &owned.user_id, coupon: &owned.coupon_id },
        }
    }
}

impl<'a> Naming<'a> {
    /// Merges an encoded `Instrument`: what it says last counts.
    pub(super) fn merge(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => *self = Self::Code(field.value.text()?),
                2 => self.merge_owned(field.value.bytes()?)?,
                3 => *self = Self::Legacy(field.value.text()?),
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_owned(&mut self, message: &'a [u8]) -> Result<(), Malformed> {
        let (mut user, mut coupon) = match *self {
            Self::Owned { user, coupon } => (user, coupon),
            Self::Nothing | Self::Code(_) | Self::Legacy(_) => ("", ""),
        };
        let mut fields = Fields::of(message);
        while let Some(field) = fields.read()? {
            match field.number {
                1 => user = field.value.text()?,
                2 => coupon = field.value.text()?,
                _ => {}
            }
        }
        *self = Self::Owned { user, coupon };
        Ok(())
    }
}

/// What a request names, its form checked and nothing opened yet: a malformed field elsewhere comes before a wrong code.
pub(super) enum Named<'a> {
    Code(&'a str),
    Owned { user: Id, coupon: &'a str },
    Legacy(Id),
}

impl<'a> Named<'a> {
    pub(super) fn read(naming: Naming<'a>) -> Result<Self, Rejection> {
        match naming {
            Naming::Nothing => Err(malformed("instrument")),
            Naming::Code(code) => Ok(Self::Code(code)),
            Naming::Owned { user, coupon } => {
                let user = Id::new("instrument.owned_coupon.user_id", user)?;
                Ok(Self::Owned { user, coupon })
            }
            Naming::Legacy(code) => Id::new("instrument.legacy_code", code).map(Self::Legacy),
        }
    }

    /// The instrument, and the partition that it lives in.
    pub(super) fn open(self, seals: Seals<'_>) -> Result<(u16, Instrument), Rejection> {
        match self {
            Self::Code(code) => {
                let bearer = seals.open_code(code)?;
                let instrument = Instrument::Bearer { coupon: bearer.place.number, key_version: bearer.key_version };
                Ok((bearer.place.partition, instrument))
            }
            Self::Owned { user, coupon } => wallet::owned(seals, user, coupon),
            Self::Legacy(code) => {
                let (partition, code) = seals.legacy(&code);
                Ok((partition, Instrument::Legacy { code }))
            }
        }
    }
}
