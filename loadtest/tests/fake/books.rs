//! The fake server's state, and its decisions.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use tessera_proto::v1::{
    ClaimRequest, ClaimResponse, Instrument, IssueOutcome, IssueRequest, IssueResponse, Money, Operation, Position, Reason,
    Refusal, TemplateSpec, instrument, issue_outcome,
    template_spec::{self, Validity},
};

use super::{
    Plant,
    tills::{Hold, Redeemed, Reply},
};

const PARTITIONS: usize = 4;

/// How many operations pass before the fault: it falls into the middle of a run.
const PLANTED_AT: u64 = 40;

/// When the server's clock began, in ms.
const EPOCH_MS: i64 = 1_790_000_000_000;

/// See the module.
pub struct Books {
    pub plant: Plant,
    begun: Instant,
    armed: bool,
    lsns: [u64; PARTITIONS],
    pub templates: HashMap<String, Template>,
    pub coupons: Vec<Coupon>,
    claims: HashMap<(String, String), ClaimResponse>,
    pub holds: Vec<Hold>,
    pub redeemed: Vec<Redeemed>,
    /// Blocks of accounts.
    pub blocks: HashMap<String, BTreeSet<i32>>,
    pub remembered: HashMap<(&'static str, String, String), Result<Reply, Refusal>>,
    pub operations: Vec<Operation>,
    pub accepted: u64,
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
    pub spec: TemplateSpec,
    pub from_ms: i64,
    pub until_ms: i64,
    pub loaded: i64,
    pub available: i64,
    pub captured: i64,
    pub expired: i64,
    pub voided: i64,
    pub is_void: bool,
    pub blocks: BTreeSet<i32>,
    pub shown_off_by: i64,
}

impl Coupon {
    /// As it is issued now, but for its names.
    pub fn of(user: &str, template: &str, spec: TemplateSpec, now_ms: i64) -> Self {
        let loaded = match &spec.kind {
            Some(template_spec::Kind::StoredValue(card)) => card.face_value_minor,
            _ => 1,
        };
        let until_ms = match &spec.validity {
            Some(Validity::DynamicValidity(validity)) => now_ms + validity.valid_ms,
            _ => 0,
        };
        Self {
            id: String::new(),
            code: String::new(),
            user: user.to_owned(),
            template: template.to_owned(),
            spec,
            from_ms: now_ms,
            until_ms,
            loaded,
            available: loaded,
            captured: 0,
            expired: 0,
            voided: 0,
            is_void: false,
            blocks: BTreeSet::new(),
            shown_off_by: 0,
        }
    }
}

pub fn refusal(reason: Reason, value: i64) -> Refusal {
    Refusal { reason: reason.into(), message: "no".into(), value, ..Default::default() }
}

impl Books {
    pub fn new(plant: Plant) -> Self {
        Self {
            plant,
            begun: Instant::now(),
            armed: true,
            lsns: [0; PARTITIONS],
            templates: HashMap::new(),
            coupons: Vec::new(),
            claims: HashMap::new(),
            holds: Vec::new(),
            redeemed: Vec::new(),
            blocks: HashMap::new(),
            remembered: HashMap::new(),
            operations: Vec::new(),
            accepted: 0,
        }
    }

    /// Whether the fault is due now; it happens once.
    pub fn goes_wrong(&mut self, plant: Plant) -> bool {
        let due = self.armed && self.plant == plant && self.accepted >= PLANTED_AT;
        self.armed &= !due;
        due
    }

    /// Whether this is the fault, and due from now on.
    pub fn is_planted(&self, plant: Plant) -> bool {
        self.plant == plant && self.accepted >= PLANTED_AT
    }

    pub fn now_ms(&self) -> i64 {
        EPOCH_MS + self.begun.elapsed().as_millis() as i64
    }

    pub fn position_of(&mut self, place: usize) -> Position {
        let user = self.coupons[place].user.clone();
        self.position(&user)
    }

    pub fn position(&mut self, user: &str) -> Position {
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
        let now_ms = self.now_ms();
        let template = self.templates.get_mut(&request.template_id).ok_or(refusal(Reason::TemplateNotFound, 0))?;
        template.issued += 1;
        let coupon = Coupon::of(&request.user_id, &request.template_id, template.spec.clone(), now_ms);
        let face_value = coupon.is_card().then(|| Money { minor: coupon.loaded, currency: "CNY".into() });
        self.accepted += 1;
        let number = self.accepted;
        let reply = ClaimResponse {
            coupon_id: format!("C{number:025}"),
            code: format!("K{number:014}X"),
            template_id: request.template_id.clone(),
            template_version: 1,
            position: Some(self.position(&request.user_id)),
            face_value,
            use_from_ms: coupon.from_ms,
            use_until_ms: coupon.until_ms,
            replayed: false,
        };
        if !self.goes_wrong(Plant::LostAcknowledgement) {
            let (id, code) = (reply.coupon_id.clone(), reply.code.clone());
            self.claims.insert(key, reply.clone());
            self.coupons.push(Coupon { id, code, ..coupon });
        }
        Ok(reply)
    }

    /// A row of a file: a claim whose user has to have a name.
    pub fn issue(&mut self, issue: IssueRequest) -> IssueOutcome {
        let IssueRequest { request_id, user_id, template_id, .. } = issue;
        let claim = ClaimRequest { request_id: request_id.clone(), user_id, template_id, channel: String::new() };
        let is_named = (1..=64).contains(&claim.user_id.len());
        let outcome = match is_named || self.goes_wrong(Plant::NobodyServed) {
            true => self.claim_row(&claim),
            false => Err(refusal(Reason::InvalidArgument, 64)),
        };
        let outcome = match outcome {
            Ok(reply) => issue_outcome::Outcome::Accepted(issued(reply)),
            Err(refusal) => issue_outcome::Outcome::Refused(refusal),
        };
        IssueOutcome { request_id, outcome: Some(outcome) }
    }

    fn claim_row(&mut self, claim: &ClaimRequest) -> Result<ClaimResponse, Refusal> {
        let key = (claim.user_id.clone(), claim.request_id.clone());
        if self.claims.contains_key(&key) && self.goes_wrong(Plant::IssuedAgain) {
            self.claims.remove(&key);
        }
        if self.goes_wrong(Plant::GivenTwice) {
            self.claim(&ClaimRequest { request_id: "nobody's".into(), ..claim.clone() })?;
        }
        self.claim(claim)
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

    pub fn find(&self, instrument: Option<&Instrument>) -> Option<usize> {
        // Coupon n was issued as number n + 1 unless one was forgotten; near is good enough to look from.
        let matches = |coupon: &Coupon| match instrument.and_then(|instrument| instrument.instrument.as_ref()) {
            Some(instrument::Instrument::Code(code)) => coupon.code == *code,
            Some(instrument::Instrument::OwnedCoupon(owned)) => coupon.id == owned.coupon_id && coupon.user == owned.user_id,
            Some(instrument::Instrument::LegacyCode(_)) | None => false,
        };
        self.coupons.iter().position(matches)
    }
}

/// The reply to an issue, which is that to a claim.
fn issued(reply: ClaimResponse) -> IssueResponse {
    let ClaimResponse {
        coupon_id,
        code,
        template_id,
        template_version,
        use_from_ms,
        use_until_ms,
        face_value,
        position,
        replayed,
    } = reply;
    IssueResponse { coupon_id, code, template_id, template_version, use_from_ms, use_until_ms, face_value, position, replayed }
}
