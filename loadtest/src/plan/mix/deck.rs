//! The coupons of the mix: dealt by claims, then named in every request.

use std::sync::OnceLock;

use tessera_proto::v1::{
    self, CaptureRequest, HoldRequest, Instrument, Money, OwnedCoupon, RedeemRequest, RefundRequest, ReleaseRequest,
    TillValidate, ValidateRequest, instrument, till_item::Item,
};

use super::{
    ask::{Ask, Verb, user_of},
    terms::{self, Terms},
};
use crate::{
    ids::{Ids, Noun},
    plan::{Plan, dealt::Dealt},
    scenario::templates::CURRENCY,
    wire::{
        answer::{Accepted, Kind},
        write,
    },
};

/// How many merchants share the orders.
const MERCHANTS: u64 = 97;

/// Phase 1: coupon n goes to user n / 2.
#[derive(Debug)]
pub struct Deck {
    ids: Ids,
    terms: [Terms; 7],
    coupons: Vec<OnceLock<Dealt>>,
}

/// A request, ready to travel.
#[derive(Clone, Debug)]
pub enum Request {
    /// Over a stream, or by a call of its own.
    Till(Item),
    /// By a call of its own.
    FreezeCoupon(v1::FreezeCouponRequest),
    /// By a call of its own.
    UnfreezeCoupon(v1::UnfreezeCouponRequest),
    /// By a call of its own.
    FreezeUser(v1::FreezeUserRequest),
    /// By a call of its own.
    UnfreezeUser(v1::UnfreezeUserRequest),
    /// By a call of its own.
    VoidCoupon(v1::VoidCouponRequest),
}

impl Deck {
    /// `coupons` ≥ 1 coupons; some of them can be used for `short_ms` only.
    pub fn new(coupons: u32, short_ms: i64, ids: Ids) -> Self {
        let mut places = Vec::new();
        places.resize_with(coupons as usize, OnceLock::new);
        Self { ids, terms: terms::all(short_ms), coupons: places }
    }

    /// Coupons in all.
    pub fn coupons(&self) -> u32 {
        self.coupons.len() as u32
    }

    /// The templates' ids and terms.
    pub fn templates(&self) -> impl Iterator<Item = (String, Terms)> {
        (0..).map(|place| self.template_id(place)).zip(self.terms)
    }

    /// The id of the template of a coupon.
    pub fn template_of(&self, coupon: u32) -> String {
        self.template_id(terms::place_of(coupon) as u64)
    }

    fn template_id(&self, place: u64) -> String {
        self.ids.text(Noun::Template, place)
    }

    /// The terms of a coupon.
    pub fn terms_of(&self, coupon: u32) -> Terms {
        self.terms[terms::place_of(coupon)]
    }

    /// The id of the user of a coupon.
    pub fn user_id(&self, user: u64) -> String {
        self.ids.text(Noun::User, user)
    }

    /// What its claim said; `None` if it was not dealt.
    pub fn dealt(&self, coupon: u32) -> Option<&Dealt> {
        self.coupons.get(coupon as usize)?.get()
    }

    /// The merchant and the id of an order.
    pub fn order(&self, order: u64) -> (String, String) {
        (self.ids.text(Noun::Merchant, order % MERCHANTS), self.ids.text(Noun::Order, order))
    }

    /// `ask` as operation number `operation`; `id` names the hold or the redemption that it is about.
    pub fn request(&self, operation: u64, ask: &Ask, id: &str) -> Request {
        let request_id = self.ids.text(Noun::Request, operation);
        let (revoke_holds, reacquire, id) = (ask.insists, ask.insists, id.to_owned());
        let (user_id, coupon_id) = (self.user_id(user_of(ask.coupon)), self.coupon_id(ask.coupon));
        let (instrument, amount) = (Some(self.instrument(ask)), ask.amount.map(money));
        let (merchant_id, order_id) = self.order(ask.order);
        match ask.verb {
            Verb::Validate => {
                let validate = Some(ValidateRequest { instrument, merchant_id, amount, channel: String::new() });
                Request::Till(Item::Validate(TillValidate { request_id, validate }))
            }
            Verb::Hold => {
                let ttl_ms = ask.ttl_ms;
                Request::Till(Item::Hold(HoldRequest {
                    request_id,
                    instrument,
                    merchant_id,
                    order_id,
                    amount,
                    ttl_ms,
                    channel: String::new(),
                }))
            }
            Verb::Capture => {
                let amount_minor = ask.amount;
                Request::Till(Item::Capture(CaptureRequest { request_id, hold_id: id, amount_minor, reacquire }))
            }
            Verb::Release => Request::Till(Item::Release(ReleaseRequest { request_id, hold_id: id })),
            Verb::Redeem => Request::Till(Item::Redeem(RedeemRequest {
                request_id,
                instrument,
                merchant_id,
                order_id,
                amount,
                channel: String::new(),
            })),
            Verb::Refund => {
                Request::Till(Item::Refund(RefundRequest { request_id, redemption_id: id, amount_minor: ask.amount }))
            }
            Verb::Freeze => {
                Request::FreezeCoupon(v1::FreezeCouponRequest { request_id, coupon_id, block: ask.block, revoke_holds })
            }
            Verb::Unfreeze => Request::UnfreezeCoupon(v1::UnfreezeCouponRequest { request_id, coupon_id, block: ask.block }),
            Verb::FreezeUser => {
                Request::FreezeUser(v1::FreezeUserRequest { request_id, user_id, block: ask.block, revoke_holds })
            }
            Verb::UnfreezeUser => Request::UnfreezeUser(v1::UnfreezeUserRequest { request_id, user_id, block: ask.block }),
            Verb::Void => Request::VoidCoupon(v1::VoidCouponRequest { request_id, coupon_id, revoke_holds }),
        }
    }

    /// Every other order names its coupon by its code.
    fn instrument(&self, ask: &Ask) -> Instrument {
        let instrument = match self.dealt(ask.coupon) {
            Some(dealt) if ask.order.is_multiple_of(2) => instrument::Instrument::Code(dealt.code.clone()),
            _ => {
                let (user_id, coupon_id) = (self.user_id(user_of(ask.coupon)), self.coupon_id(ask.coupon));
                instrument::Instrument::OwnedCoupon(OwnedCoupon { user_id, coupon_id })
            }
        };
        Instrument { instrument: Some(instrument) }
    }

    fn coupon_id(&self, coupon: u32) -> String {
        self.dealt(coupon).map_or_else(String::new, |dealt| dealt.coupon_id.clone())
    }
}

fn money(minor: i64) -> Money {
    Money { minor, currency: CURRENCY.to_owned() }
}

impl Plan for Deck {
    fn kind(&self) -> Kind {
        Kind::Claim
    }

    fn operations(&self) -> u64 {
        self.coupons.len() as u64
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        let request_id = self.ids.id(Noun::Request, operation);
        let user_id = self.ids.id(Noun::User, user_of(operation as u32));
        let template_id = self.ids.id(Noun::Template, terms::place_of(operation as u32) as u64);
        write::claim(&request_id, &user_id, &template_id, out);
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        self.ids.number(Noun::Request, request_id)
    }

    fn accepted(&self, operation: u64, reply: &Accepted<'_>) {
        if let Some(place) = self.coupons.get(operation as usize) {
            place.get_or_init(|| Dealt::of(reply));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deck() -> Deck {
        let deck = Deck::new(4, 0, Ids::of_run(1));
        deck.accepted(3, &Accepted { coupon_id: b"C3", code: b"K3", ..Default::default() });
        deck
    }

    #[test]
    fn orders_name_their_coupon_by_code_and_by_owner_in_turn() {
        let named = |order| match deck().request(7, &Ask { amount: Some(5), ..Ask::new(Verb::Redeem, 3, order) }, "") {
            Request::Till(Item::Redeem(redeem)) => redeem.instrument.and_then(|instrument| instrument.instrument),
            other => panic!("{other:?}"),
        };
        assert_eq!(named(4), Some(instrument::Instrument::Code("K3".into())));
        let owned = OwnedCoupon { user_id: deck().user_id(1), coupon_id: "C3".into() };
        assert_eq!(named(5), Some(instrument::Instrument::OwnedCoupon(owned)));
    }

    #[test]
    fn a_capture_names_its_hold_and_says_whether_it_insists() {
        let ask = Ask { insists: true, ..Ask::new(Verb::Capture, 3, 5) };
        let Request::Till(Item::Capture(capture)) = deck().request(7, &ask, "H1") else { panic!() };
        assert_eq!((capture.hold_id.as_str(), capture.amount_minor, capture.reacquire), ("H1", None, true));
    }
}
