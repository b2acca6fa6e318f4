//! The fake server's state, and its decisions.

use std::collections::HashMap;

use tessera_proto::v1::{
    Amounts, ClaimRequest, ClaimResponse, Instrument, Money, Position, Reason, RedeemRequest, RedeemResponse, Refusal,
    TemplateSpec, instrument, template_spec,
};

use super::Plant;

const PARTITIONS: usize = 4;

/// How many operations pass before the fault: it falls into the middle of a run.
const PLANTED_AT: u64 = 40;

/// See the module.
pub struct Books {
    plant: Plant,
    armed: bool,
    lsns: [u64; PARTITIONS],
    pub templates: HashMap<String, Template>,
    pub coupons: Vec<Coupon>,
    claims: HashMap<(String, String), ClaimResponse>,
    redemptions: HashMap<(usize, String), Result<RedeemResponse, Refusal>>,
    accepted: u64,
}

pub struct Template {
    pub spec: TemplateSpec,
    pub issued: u64,
}

pub struct Coupon {
    pub id: String,
    pub code: String,
    pub user: String,
    pub template: String,
    pub loaded_minor: i64,
    pub left_minor: i64,
    pub shown_off_by: i64,
}

pub fn refusal(reason: Reason, value: i64) -> Refusal {
    Refusal { reason: reason.into(), message: "no".into(), value, ..Default::default() }
}

impl Books {
    pub fn new(plant: Plant) -> Self {
        Self {
            plant,
            armed: true,
            lsns: [0; PARTITIONS],
            templates: HashMap::new(),
            coupons: Vec::new(),
            claims: HashMap::new(),
            redemptions: HashMap::new(),
            accepted: 0,
        }
    }

    /// Whether the fault is due now; it happens once.
    fn goes_wrong(&mut self, plant: Plant) -> bool {
        let due = self.armed && self.plant == plant && self.accepted >= PLANTED_AT;
        self.armed &= !due;
        due
    }

    fn position(&mut self, user: &str) -> Position {
        let partition = user.bytes().map(usize::from).sum::<usize>() % PARTITIONS;
        self.lsns[partition] += 10;
        let backwards = self.lsns[partition] > 20 && self.goes_wrong(Plant::LsnBackwards);
        let lsn = if backwards { self.lsns[partition] - 15 } else { self.lsns[partition] };
        Position { partition: partition as u32, lsn }
    }

    pub fn claim(&mut self, request: &ClaimRequest) -> Result<ClaimResponse, Refusal> {
        let key = (request.user_id.clone(), request.request_id.clone());
        if let Some(first) = self.claims.get(&key).cloned() {
            let flipped = self.goes_wrong(Plant::FlippedRetry);
            return if flipped { Err(refusal(Reason::SoldOut, 0)) } else { Ok(ClaimResponse { replayed: true, ..first }) };
        }
        self.decide(request)?;
        let template = self.templates.get_mut(&request.template_id).ok_or(refusal(Reason::TemplateNotFound, 0))?;
        template.issued += 1;
        let loaded_minor = match &template.spec.kind {
            Some(template_spec::Kind::StoredValue(card)) => card.face_value_minor,
            _ => 0,
        };
        self.accepted += 1;
        let number = self.accepted;
        let reply = ClaimResponse {
            coupon_id: format!("C{number:025}"),
            code: format!("K{number:014}X"),
            template_id: request.template_id.clone(),
            template_version: 1,
            position: Some(self.position(&request.user_id)),
            face_value: (loaded_minor > 0).then(|| Money { minor: loaded_minor, currency: "CNY".into() }),
            ..Default::default()
        };
        if !self.goes_wrong(Plant::LostAcknowledgement) {
            self.keep(key, request, &reply, loaded_minor);
        }
        Ok(reply)
    }

    fn decide(&mut self, request: &ClaimRequest) -> Result<(), Refusal> {
        let template = self.templates.get(&request.template_id).ok_or(refusal(Reason::TemplateNotFound, 0))?;
        let (limit, stock, issued) = (template.spec.per_user_limit, template.spec.stock, template.issued);
        let own = |coupon: &&Coupon| coupon.user == request.user_id && coupon.template == request.template_id;
        let limited = limit > 0 && self.coupons.iter().filter(own).count() >= limit as usize;
        if limited && !self.goes_wrong(Plant::LimitIgnored) {
            return Err(refusal(Reason::UserLimitReached, limit.into()));
        }
        let Some(stock) = stock else { return Ok(()) };
        if issued + 1 == stock && self.goes_wrong(Plant::EarlySoldOut) {
            return Err(refusal(Reason::SoldOut, 0));
        }
        if issued >= stock && !self.goes_wrong(Plant::Oversell) {
            return Err(refusal(Reason::SoldOut, 0));
        }
        Ok(())
    }

    fn keep(&mut self, key: (String, String), request: &ClaimRequest, reply: &ClaimResponse, loaded_minor: i64) {
        self.claims.insert(key, reply.clone());
        self.coupons.push(Coupon {
            id: reply.coupon_id.clone(),
            code: reply.code.clone(),
            user: request.user_id.clone(),
            template: request.template_id.clone(),
            loaded_minor,
            left_minor: loaded_minor,
            shown_off_by: 0,
        });
    }

    pub fn find(&self, instrument: Option<&Instrument>) -> Option<usize> {
        // Coupon n was issued as number n + 1 unless one was forgotten; near is good enough to look from.
        let matches = |coupon: &Coupon| match instrument.and_then(|instrument| instrument.instrument.as_ref()) {
            Some(instrument::Instrument::Code(code)) => coupon.code == *code,
            Some(instrument::Instrument::OwnedCoupon(owned)) => coupon.id == owned.coupon_id && coupon.user == owned.user_id,
            None => false,
        };
        self.coupons.iter().position(matches)
    }

    pub fn redeem(&mut self, request: &RedeemRequest) -> Result<RedeemResponse, Refusal> {
        let place = self.find(request.instrument.as_ref()).ok_or(refusal(Reason::CodeNotAccepted, 0))?;
        let key = (place, request.request_id.clone());
        if let Some(first) = self.redemptions.get(&key) {
            return first.clone().map(|reply| RedeemResponse { replayed: true, ..reply });
        }
        let reply = self.charge(place, request);
        self.redemptions.insert(key, reply.clone());
        reply
    }

    fn charge(&mut self, place: usize, request: &RedeemRequest) -> Result<RedeemResponse, Refusal> {
        let amount = request.amount.clone().unwrap_or_default();
        let left = self.coupons[place].left_minor;
        if amount.currency != "CNY" {
            return Err(refusal(Reason::CurrencyMismatch, 0));
        }
        if amount.minor > left {
            return Err(refusal(Reason::InsufficientBalance, left));
        }
        self.accepted += 1;
        let twice = self.goes_wrong(Plant::DoubleCharge);
        let off = self.goes_wrong(Plant::WrongBalance);
        let coupon = &mut self.coupons[place];
        coupon.left_minor -= amount.minor;
        let balance_after_minor = Some(coupon.left_minor);
        coupon.left_minor -= if twice { amount.minor } else { 0 };
        coupon.shown_off_by = if off { 1 } else { coupon.shown_off_by };
        let (coupon_id, user) = (coupon.id.clone(), coupon.user.clone());
        Ok(RedeemResponse {
            redemption_id: format!("R{:025}", self.accepted),
            coupon_id,
            amounts: Some(Amounts {
                currency: amount.currency,
                amount_minor: amount.minor,
                applied_minor: amount.minor,
                payable_minor: 0,
                balance_after_minor,
            }),
            at_ms: 1,
            position: Some(self.position(&user)),
            replayed: false,
        })
    }
}
