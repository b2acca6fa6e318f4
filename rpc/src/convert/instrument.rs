//! What names a coupon at a till: its code, or its user and its id.

use tessera_proto::v1;

use super::{malformed, wallet};
use crate::{
    domain::{Id, Rejection, command::Instrument},
    seals::Seals,
};

/// What a request names, its form checked and nothing opened yet: a malformed field elsewhere comes before a wrong code.
pub(super) enum Named {
    Code(String),
    Owned { user: Id, coupon: String },
}

impl Named {
    pub(super) fn read(instrument: Option<v1::Instrument>) -> Result<Self, Rejection> {
        match instrument.and_then(|instrument| instrument.instrument) {
            None => Err(malformed("instrument")),
            Some(v1::instrument::Instrument::Code(code)) => Ok(Self::Code(code)),
            Some(v1::instrument::Instrument::OwnedCoupon(v1::OwnedCoupon { user_id, coupon_id })) => {
                let user = Id::new("instrument.owned_coupon.user_id", user_id)?;
                Ok(Self::Owned { user, coupon: coupon_id })
            }
        }
    }

    /// The instrument, and the partition that it lives in.
    pub(super) fn open(self, seals: Seals<'_>) -> Result<(u16, Instrument), Rejection> {
        match self {
            Self::Code(code) => {
                let bearer = seals.open_code(&code)?;
                let instrument = Instrument::Bearer { coupon: bearer.place.number, key_version: bearer.key_version };
                Ok((bearer.place.partition, instrument))
            }
            Self::Owned { user, coupon } => wallet::owned(seals, user, &coupon),
        }
    }
}
