//! A server of orders that keeps every promise in memory, and breaks one if it is told to.
//!
//! It answers by the checker's own model: what is tried here is the way from an answer over the wire to a finding, and that a broken
//! promise is one. Whether model and server agree is for runs against the real one.

mod services;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};

use tessera_loadtest::{
    check::checkout::{
        Stamp,
        wallet::{Coupon, Wallet},
    },
    plan::checkout::{Ask, No, Told, Verb},
};
use tessera_proto::v1::{
    ClaimRequest, ClaimResponse, HoldOrderRequest, Position, Reason, RedeemOrderRequest, TemplateSpec, instrument,
    template_spec::Validity,
};

/// What the server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Nothing.
    Nothing,
    /// Says of one fen that it comes off another line.
    ShareOffByOne,
    /// Gives a card back twice what a refund says.
    RefundedTwice,
    /// Uses a coupon that was used.
    UsedTwice,
    /// Keeps what a release gives back.
    ReleasedValueLost,
    /// Does again what it is asked again.
    Forgetful,
    /// Says that its books do not add up.
    Unbalanced,
}

/// How many answers pass before the fault.
const PLANTED_AT: u64 = 40;

/// When the server's clock began, in ms.
const EPOCH_MS: i64 = 1_790_000_000_000;

/// See the module.
pub struct Shop {
    pub plant: Plant,
    begun: Instant,
    answered: u64,
    lsn: u64,
    /// In the order of their creation.
    pub templates: Vec<(String, Arc<TemplateSpec>)>,
    pub wallets: HashMap<String, Wallet>,
    claims: HashMap<(String, String), ClaimResponse>,
    remembered: BTreeMap<(Verb, String), Told>,
}

/// Starts it; it ends with the test's runtime.
pub async fn start(plant: Plant) -> SocketAddr {
    let shop = Shop {
        plant,
        begun: Instant::now(),
        answered: 0,
        lsn: 0,
        templates: Vec::new(),
        wallets: HashMap::new(),
        claims: HashMap::new(),
        remembered: BTreeMap::new(),
    };
    services::serve(Arc::new(Mutex::new(shop))).await
}

impl Shop {
    pub fn now_ms(&self) -> i64 {
        EPOCH_MS + self.begun.elapsed().as_millis() as i64
    }

    fn position(&mut self) -> Position {
        self.lsn += 10;
        Position { partition: 3, lsn: self.lsn }
    }

    /// Every claim is accepted.
    pub fn claim(&mut self, request: &ClaimRequest) -> ClaimResponse {
        let key = (request.user_id.clone(), request.request_id.clone());
        if let Some(first) = self.claims.get(&key).cloned() {
            return ClaimResponse { replayed: true, ..first };
        }
        let template = self.templates.iter().position(|(id, _)| *id == request.template_id).unwrap();
        let spec = self.templates[template].1.clone();
        let until_ms = match &spec.validity {
            Some(Validity::FixedValidity(window)) => window.until_ms,
            _ => 0,
        };
        let position = self.position();
        let (id, code) = (format!("C{:025}", position.lsn), format!("K{:014}X", position.lsn));
        let loaded = Coupon::loaded_by(&spec);
        let coupon = Coupon {
            id: id.as_str().into(),
            code: code.as_str().into(),
            spec,
            template: template as u64,
            age: position.lsn,
            is_borrowed: false,
            is_apart: false,
            until_ms,
            loaded,
            available: loaded,
            held: 0,
        };
        let user = request.user_id.clone();
        self.wallets.entry(user.clone()).or_insert_with(|| Wallet::new(user, Vec::new())).coupons.push(coupon);
        let reply = ClaimResponse {
            coupon_id: id,
            code,
            template_id: request.template_id.clone(),
            template_version: 1,
            use_until_ms: until_ms,
            position: Some(position),
            ..Default::default()
        };
        self.claims.insert(key, reply.clone());
        reply
    }

    /// What is asked of an order.
    pub fn answer(&mut self, ask: &Ask) -> Told {
        let key = (ask.verb(), request_id(ask).to_owned());
        let forgets = self.plant == Plant::Forgetful && self.answered >= PLANTED_AT;
        if let Some(first) = self.remembered.get(&key).filter(|_| !forgets) {
            return replayed(first.clone());
        }
        let user_id = self.user_of(ask);
        let stamp = self.stamp(&user_id);
        let wallet = self.wallets.get(&user_id).unwrap().clone();
        let mut after = wallet.clone();
        let mut told = match after.answer(ask, &stamp) {
            Ok(told) => told,
            Err(no) => {
                // What was refused changed nothing.
                after = wallet;
                Told::No(no)
            }
        };
        self.answered += 1;
        if self.answered >= PLANTED_AT {
            told = spoil(self.plant, ask, &stamp, &mut after, told);
        }
        self.wallets.insert(user_id, after);
        self.remembered.insert(key, told.clone());
        told
    }

    fn stamp(&mut self, user_id: &str) -> Stamp {
        let position = self.position();
        let redemption_ids = (0..16).map(|part| format!("R{}-{part}", position.lsn)).collect();
        let checkout_id = format!("{user_id}/{}", position.lsn);
        Stamp { at_ms: self.now_ms(), position: Some(position), checkout_id, redemption_ids }
    }

    fn user_of(&self, ask: &Ask) -> String {
        let instruments = match ask {
            Ask::Redeem(RedeemOrderRequest { instruments, .. }) | Ask::Hold(HoldOrderRequest { instruments, .. }) => instruments,
            Ask::Capture(asked) => return of_checkout(&asked.checkout_id),
            Ask::Release(asked) => return of_checkout(&asked.checkout_id),
            Ask::Refund(asked) => return of_checkout(&asked.checkout_id),
        };
        match instruments[0].instrument.as_ref().unwrap() {
            instrument::Instrument::LegacyCode(_) => panic!("nothing was imported"),
            instrument::Instrument::OwnedCoupon(owned) => owned.user_id.clone(),
            instrument::Instrument::Code(code) => {
                let has_it = |wallet: &&Wallet| wallet.coupons.iter().any(|coupon| *coupon.code == **code);
                self.wallets.values().find(has_it).unwrap().user_id.clone()
            }
        }
    }
}

/// Breaks the promise, where this answer is one that can.
fn spoil(plant: Plant, ask: &Ask, stamp: &Stamp, wallet: &mut Wallet, mut told: Told) -> Told {
    match (plant, &mut told) {
        (Plant::ShareOffByOne, Told::Out(reply)) => {
            let part = reply.parts.iter_mut().find(|part| part.line_shares_minor.iter().filter(|&&share| share > 0).count() > 1);
            if let Some(part) = part {
                let mut shares = part.line_shares_minor.iter_mut().filter(|share| **share > 0);
                *shares.next().unwrap() -= 1;
                *shares.next().unwrap() += 1;
            }
        }
        (Plant::RefundedTwice, Told::Refunded(reply)) => {
            for part in reply.parts.iter().filter(|part| part.balance_after_minor.is_some()) {
                let card = wallet.coupons.iter_mut().find(|card| *card.id == *part.coupon_id).unwrap();
                card.available += part.refunded.as_ref().unwrap().minor;
            }
        }
        (Plant::UsedTwice, Told::No(No { reason, .. })) if *reason == i32::from(Reason::CouponUsed) => {
            let mut fresh = wallet.clone();
            let used = fresh.coupons.iter_mut().filter(|coupon| !coupon.is_card() && coupon.captured() > 0);
            used.for_each(|coupon| coupon.available = 1);
            if let Ok(accepted) = fresh.answer(ask, stamp) {
                *wallet = fresh;
                return accepted;
            }
        }
        (Plant::ReleasedValueLost, Told::Released(_)) => {
            wallet.coupons.iter_mut().filter(|coupon| coupon.is_card()).for_each(|card| card.available /= 2);
        }
        _ => {}
    }
    told
}

fn of_checkout(id: &str) -> String {
    id.split('/').next().unwrap().to_owned()
}

fn request_id(ask: &Ask) -> &str {
    match ask {
        Ask::Redeem(asked) => &asked.request_id,
        Ask::Hold(asked) => &asked.request_id,
        Ask::Capture(asked) => &asked.request_id,
        Ask::Release(asked) => &asked.request_id,
        Ask::Refund(asked) => &asked.request_id,
    }
}

fn replayed(mut told: Told) -> Told {
    match &mut told {
        Told::Out(reply) => reply.replayed = true,
        Told::Released(reply) => reply.replayed = true,
        Told::Refunded(reply) => reply.replayed = true,
        Told::No(_) => {}
    }
    told
}
