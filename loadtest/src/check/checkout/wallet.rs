//! A user's coupons and cards, and the orders that they are on: a plain model, told nothing but what was asked and answered.

use std::{collections::HashMap, sync::Arc};

use tessera_proto::v1::{self, CouponStatus, OrderUnits, TemplateSpec, instrument::Instrument, template_spec::Kind};

/// A coupon or a card.
#[derive(Clone, Debug)]
pub struct Coupon {
    /// Its id.
    pub id: Arc<str>,
    /// Its code.
    pub code: Arc<str>,
    /// Its template.
    pub spec: Arc<TemplateSpec>,
    /// Which template that is.
    pub template: u64,
    /// The older coupon has the lower one.
    pub age: u64,
    /// Whether it is somebody else's, and used by its code.
    pub is_borrowed: bool,
    /// Whether it lies in another partition than its user's.
    pub is_apart: bool,
    /// First instant no longer usable, in ms; 0 = without end.
    pub until_ms: i64,
    /// What it was issued with: minor units, or its one use.
    pub loaded: i64,
    /// What can be spent.
    pub available: i64,
    /// What is promised.
    pub held: i64,
}

/// What one coupon does on an order.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which of its user's coupons.
    pub coupon: usize,
    /// Its discount, or what it pays.
    pub applied: i64,
    /// Of a discount: its share of each line, and at last of shipping.
    pub shares: Vec<i64>,
    /// What could be spent of its coupon when it was put on the order.
    pub had: i64,
    /// What refunds gave back.
    pub refunded: i64,
    /// Names its redemption.
    pub redemption_id: String,
}

/// An order with coupons and cards on it.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// Merchant and order.
    pub key: (String, String),
    /// What was asked for, lest the same be done twice.
    pub content: Content,
    /// The reply.
    pub reply: crate::plan::checkout::Out,
    /// Units of each line.
    pub units: Vec<u32>,
    /// What each line costs, and at last shipping.
    pub costs: Vec<i64>,
    /// Discounts as they are applied, then cards as they are drained.
    pub parts: Vec<Part>,
    /// Whether it holds or has redeemed.
    pub stage: Stage,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// An order and the user's coupons, in any order.
    Order(v1::Order, Vec<usize>),
    /// What is delivered of the held order at this place.
    Delivered(usize, Option<OrderUnits>),
}

/// Whether an order holds or has redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Holds, until its deadline.
    Held,
    /// Held, until it was released or held anew.
    Released,
    /// Held, until its deadline passed.
    Expired,
    /// Held, until it became the redeemed order at this place.
    Captured(usize),
    /// Redeemed, and so much came back.
    Redeemed {
        /// Units of each line.
        returned: Vec<u32>,
        /// Whether shipping came back.
        shipping: bool,
    },
}

/// All of one user.
#[derive(Clone, Debug)]
pub struct Wallet {
    /// The user's id.
    pub user_id: String,
    /// By age.
    pub coupons: Vec<Coupon>,
    /// As they were made.
    pub checkouts: Vec<Checkout>,
    /// The newest of each merchant's order.
    pub newest: HashMap<(String, String), usize>,
    /// Whether the last order asked another partition, refused or not: what the order held before was let go by then.
    pub has_asked: bool,
}

impl Coupon {
    /// Whether it is a balance.
    pub fn is_card(&self) -> bool {
        matches!(self.spec.kind, Some(Kind::StoredValue(_)))
    }

    /// What it was used for.
    pub fn captured(&self) -> i64 {
        self.loaded - self.available - self.held
    }

    /// What people call it.
    pub fn status(&self) -> CouponStatus {
        if !self.is_card() && self.captured() > 0 { CouponStatus::Used } else { CouponStatus::Active }
    }

    /// What a template's coupons are issued with.
    pub fn loaded_by(spec: &TemplateSpec) -> i64 {
        match &spec.kind {
            Some(Kind::StoredValue(card)) => card.face_value_minor,
            _ => 1,
        }
    }
}

impl Wallet {
    /// Of coupons by age, on no order yet.
    pub fn new(user_id: String, coupons: Vec<Coupon>) -> Self {
        Self { user_id, coupons, checkouts: Vec::new(), newest: HashMap::new(), has_asked: false }
    }

    /// What of it somebody else owns, taken apart.
    pub fn apart(&mut self, user_id: String) -> Self {
        Self::new(user_id, self.coupons.extract_if(.., |coupon| coupon.is_borrowed).collect())
    }

    /// Which coupon an instrument names; `None` if it is not this user's.
    pub fn find(&self, instrument: &v1::Instrument) -> Option<usize> {
        let is_it = |coupon: &Coupon| match &instrument.instrument {
            Some(Instrument::Code(code)) => *coupon.code == **code,
            Some(Instrument::OwnedCoupon(owned)) => owned.user_id == self.user_id && *coupon.id == *owned.coupon_id,
            Some(Instrument::LegacyCode(_)) | None => false,
        };
        self.coupons.iter().position(is_it)
    }

    /// The checkout of this id.
    pub fn checkout(&self, id: &str) -> Option<usize> {
        self.checkouts.iter().position(|checkout| checkout.reply.checkout_id == id)
    }

    /// Ends every hold whose deadline has come.
    pub fn settle(&mut self, at_ms: i64) {
        for place in 0..self.checkouts.len() {
            if self.checkouts[place].stage == Stage::Held && self.checkouts[place].reply.deadline_ms <= at_ms {
                self.let_go(place, Stage::Expired);
            }
        }
    }

    /// Deadlines of holds that live.
    pub fn deadlines(&self) -> impl Iterator<Item = i64> {
        let held = self.checkouts.iter().filter(|checkout| checkout.stage == Stage::Held);
        held.map(|checkout| checkout.reply.deadline_ms)
    }

    /// Gives back all that a checkout holds.
    pub fn let_go(&mut self, place: usize, stage: Stage) {
        for (coupon, held) in self.held_by(place) {
            self.coupons[coupon].held -= held;
            self.coupons[coupon].available += held;
        }
        self.checkouts[place].stage = stage;
    }

    /// What a checkout holds of each of its coupons.
    pub fn held_by(&self, place: usize) -> Vec<(usize, i64)> {
        let parts = self.checkouts[place].parts.iter();
        parts.map(|part| (part.coupon, self.taken(part.coupon, part.applied))).collect()
    }

    /// What an applied amount takes of a coupon: of a card that amount, else its one use.
    pub fn taken(&self, coupon: usize, applied: i64) -> i64 {
        if self.coupons[coupon].is_card() { applied } else { 1 }
    }

    /// Adds a checkout, the newest of its order.
    pub fn add(&mut self, checkout: Checkout) -> usize {
        let place = self.checkouts.len();
        self.newest.insert(checkout.key.clone(), place);
        self.checkouts.push(checkout);
        place
    }
}
