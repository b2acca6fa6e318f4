//! Orders that are held, redeemed, captured and refunded: several coupons and cards at once.

use tessera_proto::v1;

use super::{channel, checkout::ordered, instrument::Named, malformed, position, refund, request_id};
use crate::{
    domain::{
        Id, Reason, Rejection, Stage,
        checkout::{INSTRUMENTS_MAX, PLACES},
        command::{Apart, CaptureOrder, Checkout, Command, Instrument, Operation, RefundOrder, ReleaseOrder, Units},
        reply::{CardRefund, CheckedOut, CheckoutRefunded, CheckoutReleased, Part},
    },
    seals::{Place, Seals},
};

/// An order as it is asked for: where its instruments lie is known, and not yet which partition decides it.
pub struct Asked {
    /// Where each instrument lies.
    pub opened: Vec<(u16, Instrument)>,
    checkout: Checkout,
}

impl Asked {
    /// The one partition that all instruments lie in, if there is one.
    pub fn only(&self) -> Option<u16> {
        let (first, _) = self.opened[0];
        self.opened.iter().all(|&(partition, _)| partition == first).then_some(first)
    }

    /// The partition that decides it: that of its discounts, or the lowest if it has none. It is the same in whatever order the instruments are
    /// named.
    pub fn home(&self, discounts: &[bool]) -> Result<u16, Rejection> {
        let mut partitions = self.opened.iter().zip(discounts).filter(|&(_, &is)| is).map(|(&(partition, _), _)| partition);
        let Some(home) = partitions.next() else { return Ok(self.lowest()) };
        match partitions.all(|other| other == home) {
            true => Ok(home),
            false => Err(Rejection { reason: Reason::InstrumentsApart, field: "instruments", value: 0 }),
        }
    }

    fn lowest(&self) -> u16 {
        self.opened.iter().map(|&(partition, _)| partition).min().expect("an order has instruments")
    }

    /// The command for its home.
    pub fn at(self, home: u16) -> (u16, Command) {
        let Self { opened, mut checkout } = self;
        for (place, (partition, instrument)) in (0..).zip(opened) {
            match partition == home {
                true => checkout.instruments.push(instrument),
                false => checkout.apart.push(Apart { place, partition, instrument }),
            }
        }
        (home, Command::Checkout(Box::new(checkout)))
    }
}

/// A redemption.
pub fn redeem(seals: Seals<'_>, request: v1::RedeemOrderRequest) -> Result<Asked, Rejection> {
    let v1::RedeemOrderRequest { request_id, instruments, merchant_id, order_id, order, channel } = request;
    let request = v1::HoldOrderRequest { request_id, instruments, merchant_id, order_id, order, ttl_ms: 0, channel };
    check_out(seals, Operation::RedeemOrder, request)
}

/// A hold.
pub fn hold(seals: Seals<'_>, request: v1::HoldOrderRequest) -> Result<Asked, Rejection> {
    check_out(seals, Operation::HoldOrder, request)
}

fn check_out(seals: Seals<'_>, operation: Operation, request: v1::HoldOrderRequest) -> Result<Asked, Rejection> {
    let request_id = request_id(request.request_id)?;
    if request.instruments.is_empty() || request.instruments.len() > INSTRUMENTS_MAX {
        let limit = if request.instruments.is_empty() { 1 } else { INSTRUMENTS_MAX as i64 };
        return Err(Rejection::invalid("instruments", limit));
    }
    let instruments: Vec<Option<v1::Instrument>> = request.instruments.into_iter().map(Some).collect();
    let named = each(instruments.iter().map(|instrument| Named::read(instrument.into())))?;
    let merchant = Id::new("merchant_id", request.merchant_id)?;
    let order_id = Id::new("order_id", request.order_id)?;
    let (order, currency) = ordered(request.order)?;
    let channel = channel(&request.channel)?.map(|channel| *channel);
    let opened = each(named.into_iter().map(|named| named.open(seals)))?;
    let (ttl_ms, instruments, apart) = (request.ttl_ms, Vec::new(), Vec::new());
    let checkout = Checkout { operation, instruments, apart, merchant, order_id, order, currency, channel, ttl_ms, request_id };
    Ok(Asked { opened, checkout })
}

/// All instruments, or the refusal of the first that is none, by its place.
fn each<T>(found: impl Iterator<Item = Result<T, Rejection>>) -> Result<Vec<T>, Rejection> {
    let placed = |(field, one): (&&'static str, Result<T, Rejection>)| one.map_err(|why| Rejection { field, ..why });
    PLACES.iter().zip(found).map(placed).collect()
}

/// The command of a capture, and the partition that decides it.
pub fn capture(seals: Seals<'_>, request: v1::CaptureOrderRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let (kept, reacquire) = (request.delivered.map(units), request.reacquire);
    let Place { partition, number } = open(seals, &request.checkout_id, Reason::HoldNotFound)?;
    Ok((partition, Command::CaptureOrder(Box::new(CaptureOrder { checkout: number, kept, reacquire, request_id }))))
}

/// The command of a release, and the partition that decides it.
pub fn release(seals: Seals<'_>, request: v1::ReleaseOrderRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let Place { partition, number } = open(seals, &request.checkout_id, Reason::HoldNotFound)?;
    Ok((partition, Command::ReleaseOrder(Box::new(ReleaseOrder { checkout: number, request_id }))))
}

/// The command of a refund, and the partition that decides it.
pub fn refund(seals: Seals<'_>, request: v1::RefundOrderRequest) -> Result<(u16, Command), Rejection> {
    let request_id = request_id(request.request_id)?;
    let returned = request.returned.map(units);
    let Place { partition, number } = open(seals, &request.checkout_id, Reason::RedemptionNotFound)?;
    Ok((partition, Command::RefundOrder(Box::new(RefundOrder { checkout: number, returned, request_id }))))
}

fn open(seals: Seals<'_>, checkout_id: &str, unknown: Reason) -> Result<Place, Rejection> {
    if checkout_id.is_empty() { Err(malformed("checkout_id")) } else { seals.open_checkout_id(checkout_id, unknown) }
}

fn units(units: v1::OrderUnits) -> Units {
    let lines = units.lines.into_iter().map(|line| (line.line, line.units)).collect();
    Units { lines, shipping: units.shipping }
}

/// An order that was held, redeemed or captured.
pub fn checked_out(seals: Seals<'_>, checkout: &CheckedOut) -> v1::Checkout {
    let place = |number| Place { partition: checkout.written.partition, number };
    let lies = |apart: Option<u16>, number| apart.map_or(place(number), |partition| Place { partition, number });
    let part = |part: &Part| v1::CheckoutPart {
        coupon_id: seals.coupon_id(lies(part.apart, part.coupon)),
        redemption_id: match checkout.stage {
            Stage::Redeemed if part.apart.is_some() => String::new(),
            Stage::Redeemed => seals.redemption_id(place(part.lsn)),
            Stage::Held => String::new(),
        },
        applied_minor: part.applied,
        line_shares_minor: part.line_shares.clone(),
        shipping_share_minor: part.shipping_share,
        balance_after_minor: (part.is_card && checkout.stage == Stage::Redeemed).then_some(part.balance_after),
    };
    v1::Checkout {
        checkout_id: seals.checkout_id(place(checkout.written.lsn)),
        currency: checkout.currency.as_str().to_owned(),
        parts: checkout.parts.iter().map(part).collect(),
        amount_minor: checkout.amount,
        payable_minor: checkout.payable,
        deadline_ms: checkout.deadline_ms,
        at_ms: checkout.at_ms,
    }
}

/// The reply to a capture.
pub fn captured(seals: Seals<'_>, checkout: &CheckedOut) -> v1::CaptureOrderResponse {
    v1::CaptureOrderResponse {
        checkout: Some(checked_out(seals, checkout)),
        position: Some(position(checkout.written)),
        replayed: checkout.written.replayed,
        reacquired: checkout.reacquired,
    }
}

/// The reply to a release.
pub fn released(seals: Seals<'_>, released: &CheckoutReleased) -> v1::ReleaseOrderResponse {
    let checkout = Place { partition: released.written.partition, number: released.checkout };
    v1::ReleaseOrderResponse {
        checkout_id: seals.checkout_id(checkout),
        expired: released.is_expired,
        at_ms: released.at_ms,
        position: Some(position(released.written)),
        replayed: released.written.replayed,
    }
}

/// The reply to a refund.
pub fn refunded(seals: Seals<'_>, refund: &CheckoutRefunded) -> v1::RefundOrderResponse {
    let checkout = Place { partition: refund.written.partition, number: refund.checkout };
    v1::RefundOrderResponse {
        checkout_id: seals.checkout_id(checkout),
        currency: refund.currency.as_str().to_owned(),
        parts: refund.parts.iter().map(|part| refund::refunded(seals, part)).collect(),
        apart: refund.apart.iter().map(|card| of_card(seals, card)).collect(),
        outside_minor: refund.outside,
        at_ms: refund.at_ms,
        position: Some(position(refund.written)),
        replayed: refund.written.replayed,
    }
}

fn of_card(seals: Seals<'_>, card: &CardRefund) -> v1::CardRefund {
    let &CardRefund { partition, coupon, amount, outside } = card;
    let place = Place { partition, number: coupon };
    v1::CardRefund { coupon_id: seals.coupon_id(place), amount_minor: amount, outside_minor: outside }
}
