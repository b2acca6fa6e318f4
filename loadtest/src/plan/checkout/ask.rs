//! What is asked of orders, and what is told, in the words of the contract.

use std::ops::{Deref, DerefMut};

use tessera_proto::v1::{
    CaptureOrderRequest, Checkout, HoldOrderRequest, OwnedCoupon, Position, RedeemOrderRequest, RefundOrderRequest,
    RefundOrderResponse, ReleaseOrderRequest, ReleaseOrderResponse, instrument,
};

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Several coupons and cards are used on an order.
    Redeem(RedeemOrderRequest),
    /// They are promised to it.
    Hold(HoldOrderRequest),
    /// What is held is taken.
    Capture(CaptureOrderRequest),
    /// What is held is given back.
    Release(ReleaseOrderRequest),
    /// Units come back.
    Refund(RefundOrderRequest),
}

/// Which of them a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// [`Ask::Redeem`].
    Redeem,
    /// [`Ask::Hold`].
    Hold,
    /// [`Ask::Capture`].
    Capture,
    /// [`Ask::Release`].
    Release,
    /// [`Ask::Refund`].
    Refund,
}

/// A final answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An order was redeemed, held or captured.
    Out(Out),
    /// It holds nothing any more.
    Released(ReleaseOrderResponse),
    /// Units came back.
    Refunded(RefundOrderResponse),
    /// It was refused.
    No(No),
}

/// The reply to an order that is redeemed, held or captured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Out {
    /// What it says of the order.
    pub checkout: Checkout,
    /// Where it stands.
    pub position: Option<Position>,
    /// Whether it is the first reply again.
    pub replayed: bool,
}

impl Deref for Out {
    type Target = Checkout;

    fn deref(&self) -> &Checkout {
        &self.checkout
    }
}

impl DerefMut for Out {
    fn deref_mut(&mut self) -> &mut Checkout {
        &mut self.checkout
    }
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct No {
    /// Number of the `Reason`.
    pub reason: i32,
    /// Its number with a meaning of its own.
    pub value: i64,
    /// What of the request it is about; empty = nothing in particular.
    pub field: String,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Act {
    /// Number of the user.
    pub user: u64,
    /// What was asked.
    pub ask: Ask,
    /// What was told.
    pub told: Told,
}

impl Verb {
    /// All of them, in the order in which reports name them.
    pub const ALL: [Self; 5] = [Self::Redeem, Self::Hold, Self::Capture, Self::Release, Self::Refund];

    /// As reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redeem => "redeem",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Refund => "refund",
        }
    }
}

impl Ask {
    /// Which it is.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Redeem(_) => Verb::Redeem,
            Self::Hold(_) => Verb::Hold,
            Self::Capture(_) => Verb::Capture,
            Self::Release(_) => Verb::Release,
            Self::Refund(_) => Verb::Refund,
        }
    }
}

impl Told {
    /// Where it stands; a refusal stands nowhere.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Out(Out { position, .. })
            | Self::Released(ReleaseOrderResponse { position, .. })
            | Self::Refunded(RefundOrderResponse { position, .. }) => *position,
            Self::No(_) => None,
        }
    }

    /// When it was decided, in ms.
    pub fn at_ms(&self) -> Option<i64> {
        match self {
            Self::Out(Out { checkout: Checkout { at_ms, .. }, .. })
            | Self::Released(ReleaseOrderResponse { at_ms, .. })
            | Self::Refunded(RefundOrderResponse { at_ms, .. }) => Some(*at_ms),
            Self::No(_) => None,
        }
    }

    /// Takes away, and tells, whether it says that it was given before.
    pub fn take_replayed(&mut self) -> bool {
        match self {
            Self::Out(checkout) => std::mem::take(&mut checkout.replayed),
            Self::Released(released) => std::mem::take(&mut released.replayed),
            Self::Refunded(refunded) => {
                refunded.parts.iter_mut().for_each(|part| part.replayed = false);
                std::mem::take(&mut refunded.replayed)
            }
            Self::No(_) => false,
        }
    }
}

/// An instrument that names a coupon by its user and its id.
pub fn owned(user_id: String, coupon_id: String) -> tessera_proto::v1::Instrument {
    named(instrument::Instrument::OwnedCoupon(OwnedCoupon { user_id, coupon_id }))
}

/// An instrument.
pub fn named(instrument: instrument::Instrument) -> tessera_proto::v1::Instrument {
    tessera_proto::v1::Instrument { instrument: Some(instrument) }
}
