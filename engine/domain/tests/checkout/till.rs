//! A till: one partition and its catalog, asked by commands like a shard asks them; what is decided is applied at once. Time stands
//! still, so nothing ends by itself.

use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::checkout::Order;
use tessera_domain::command::*;
use tessera_domain::event::Event;
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::money::Currency;
use tessera_domain::reply::{CheckedOut, CheckoutRefunded, CouponView};
use tessera_domain::{Context, Decision, Id, Partition, Rejection, Reply, TemplateSpec, codec};

const NOW_MS: i64 = 1_700_000_000_000;

/// Who is issued everything.
const USER: &str = "ann";

pub struct Till {
    partition: Partition,
    catalog: CatalogState,
    desk: LesseeDesk,
    /// Commands so far: each write has a request id of its own.
    asked: u64,
}

impl Till {
    /// With these templates, named by their place.
    pub fn open(templates: &[TemplateSpec]) -> Till {
        let (partition, mut catalog) = (Partition::new(0, key()), CatalogState::new(key()));
        (0..).zip(templates).for_each(|(number, spec)| create(&mut catalog, number, spec.clone()));
        let desk = LesseeDesk::start(partition.stock(), NOW_MS);
        Till { partition, catalog, desk, asked: 0 }
    }

    /// A coupon or card of this template.
    pub fn issue(&mut self, template: usize) -> u64 {
        let (user, request_id) = (User { id: id(USER), key: key().user(USER) }, self.request_id());
        let (operation, template) = (Operation::Issue, id(&format!("t{template}")));
        let issue = Claim { operation, user, template, request_id, channel: None, use_window: None };
        match self.ask(Command::Claim(issue)) {
            Ok(Reply::Claimed(claimed)) => claimed.coupon,
            other => panic!("an issue comes to {other:?}"),
        }
    }

    /// All of these or none, held for the order or redeemed.
    pub fn check_out(&mut self, is_hold: bool, coupons: &[u64], name: &str, order: &Order) -> Result<CheckedOut, Rejection> {
        let instrument = |&coupon: &u64| match coupon % 2 {
            0 => Instrument::Owned { user: key().user(USER), coupon },
            _ => Instrument::Bearer { coupon, key_version: 1 },
        };
        let checkout = Checkout {
            operation: if is_hold { Operation::HoldOrder } else { Operation::RedeemOrder },
            instruments: coupons.iter().map(instrument).collect(),
            apart: Vec::new(),
            merchant: id("shop"),
            order_id: id(name),
            order: order.clone(),
            currency: currency(),
            channel: None,
            ttl_ms: 0,
            request_id: self.request_id(),
        };
        self.ask(Command::Checkout(Box::new(checkout))).map(checked_out)
    }

    /// So much of a held order is delivered; nothing said is all.
    pub fn capture(&mut self, checkout: u64, kept: Option<Units>) -> Result<CheckedOut, Rejection> {
        let request_id = self.request_id();
        self.ask(Command::CaptureOrder(Box::new(CaptureOrder { checkout, kept, reacquire: false, request_id }))).map(checked_out)
    }

    pub fn release(&mut self, checkout: u64) -> Result<(), Rejection> {
        let request_id = self.request_id();
        self.ask(Command::ReleaseOrder(Box::new(ReleaseOrder { checkout, request_id }))).map(|_| ())
    }

    /// So much of a redeemed order comes back; nothing said is all that has not.
    pub fn refund(&mut self, checkout: u64, returned: Option<Units>) -> Result<CheckoutRefunded, Rejection> {
        let request_id = self.request_id();
        match self.ask(Command::RefundOrder(Box::new(RefundOrder { checkout, returned, request_id })))? {
            Reply::CheckoutRefunded(refund) => Ok(refund),
            other => panic!("a refund is answered with {other:?}"),
        }
    }

    pub fn view(&mut self, coupon: u64) -> CouponView {
        match self.ask(Command::GetCoupon(Instrument::Known { coupon })) {
            Ok(Reply::Coupon(view)) => view,
            other => panic!("a coupon that was issued is {other:?}"),
        }
    }

    /// I2: the sums over all coupons are whole, and those of a recount.
    pub fn is_balanced(&self) -> bool {
        let kept: Vec<_> = self.partition.value_totals().map(|(_, _, totals)| totals).collect();
        kept.iter().all(|totals| totals.are_whole()) && kept == self.partition.recount_value()
    }

    fn request_id(&mut self) -> Id {
        self.asked += 1;
        id(&format!("r{}", self.asked))
    }

    fn ask(&mut self, command: Command) -> Result<Reply, Rejection> {
        let context = Context {
            catalog: self.catalog.catalog(),
            lessee: &self.desk,
            now_ms: NOW_MS,
            key_version: 1,
            requests_max: 1 << 30,
        };
        let decision = self.partition.decide(&context, &command);
        let apply = |event: Event<'_>| self.partition.apply(NOW_MS, &event).expect("what was decided applies");
        match decision {
            Decision::Answer(reply) => return Ok(reply),
            Decision::Refuse(refusal) => return Err(refusal),
            Decision::Happen(events) => events.into_iter().for_each(apply),
            Decision::HappenTogether(group) => group.parts().chain([group.closing()]).for_each(apply),
            other => panic!("{command:?} comes to {other:?}"),
        }
        self.partition.latest_answer()
    }
}

fn checked_out(reply: Reply) -> CheckedOut {
    match reply {
        Reply::CheckedOut(checkout) => checkout,
        other => panic!("a checkout is answered with {other:?}"),
    }
}

pub fn currency() -> Currency {
    Currency::parse("CNY").expect("three capitals")
}

fn key() -> IdHashKey {
    IdHashKey::new(*b"tessera's till!!")
}

fn id(text: &str) -> Id {
    Id::new("till", text).expect("a short name")
}

fn create(catalog: &mut CatalogState, number: usize, spec: TemplateSpec) {
    let (template, request_id) = (id(&format!("t{number}")), id(&format!("create{number}")));
    let write = WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false };
    let mut payload = Vec::new();
    match catalog.decide(&Limits::default(), &CatalogCommand::Write(write)) {
        Decision::Happen(events) => events.iter().for_each(|event| codec::encode(event, &mut payload)),
        other => panic!("a new template comes to {other:?}"),
    }
    for event in codec::events(&payload) {
        catalog.apply(NOW_MS, &event.expect("what was encoded decodes")).expect("what was decided applies");
    }
}
