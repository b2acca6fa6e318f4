//! Orders of several coupons as words of a story.

use super::story::{currency, id, instrument, lsn, number, value_of};
use super::told::refunded;
use tessera_domain::checkout::{Line, Order};
use tessera_domain::command::*;
use tessera_domain::reply::{CardRefund, CheckedOut, CheckoutRefunded, Part};
use tessera_domain::{Id, Stage};

/// `checkout redeem|hold WHO:COUPON[@PARTITION]+... MERCHANT/ORDER REQUEST lines=GOODS[/CATEGORY][@MERCHANT]:UNITSxPRICE,... [shipping=N] [ttl=MS] [USD]`,
/// `checkout capture|refund #LSN REQUEST [units=LINE:UNITS,...,shipping]`, of a capture with `reacquire`, `checkout release #LSN REQUEST`.
pub fn checkout(words: &[&str]) -> Command {
    match *words {
        ["capture", checkout, request, ref rest @ ..] => Command::CaptureOrder(Box::new(CaptureOrder {
            checkout: lsn(checkout),
            kept: value_of(rest, "units=").map(units),
            reacquire: rest.contains(&"reacquire"),
            request_id: id(request),
        })),
        ["refund", checkout, request, ref rest @ ..] => Command::RefundOrder(Box::new(RefundOrder {
            checkout: lsn(checkout),
            returned: value_of(rest, "units=").map(units),
            request_id: id(request),
        })),
        ["release", checkout, request] => {
            Command::ReleaseOrder(Box::new(ReleaseOrder { checkout: lsn(checkout), request_id: id(request) }))
        }
        [how, instruments, order, request, ref rest @ ..] => {
            let (merchant, order_id) = order.split_once('/').expect("an order is merchant/order");
            let lines = value_of(rest, "lines=").expect("an order has lines").split(',').map(line).collect();
            let shipping = value_of(rest, "shipping=").map_or(0, number);
            Command::Checkout(Box::new(Checkout {
                operation: if how == "hold" { Operation::HoldOrder } else { Operation::RedeemOrder },
                instruments: instruments.split('+').filter(|text| !text.contains('@')).map(named).collect(),
                apart: (0..).zip(instruments.split('+')).filter_map(|(place, text)| apart(place, text)).collect(),
                merchant: id(merchant),
                order_id: id(order_id),
                order: Order::new(lines, shipping).expect("a story's order is one"),
                currency: currency(if rest.contains(&"USD") { "USD" } else { "CNY" }),
                channel: value_of(rest, "channel=").map(id),
                ttl_ms: value_of(rest, "ttl=").map_or(0, number),
                request_id: id(request),
            }))
        }
        _ => panic!("no such checkout: {words:?}"),
    }
}

fn named(text: &str) -> Instrument {
    let (who, coupon) = text.rsplit_once(':').expect("WHO:COUPON");
    instrument(who, coupon)
}

/// `WHO:COUPON@PARTITION`.
fn apart(place: u8, text: &str) -> Option<Apart> {
    let (text, partition) = text.split_once('@')?;
    Some(Apart { place, partition: number(partition), instrument: named(text) })
}

fn line(text: &str) -> Line {
    let (what, numbers) = text.split_once(':').expect("GOODS:UNITSxPRICE");
    let (quantity, price) = numbers.split_once('x').expect("UNITSxPRICE");
    let (what, merchant) = what.split_once('@').unwrap_or((what, "shop"));
    let mut names = what.split('/');
    let goods = names.next().filter(|goods| !goods.is_empty()).map(id);
    let categories: Vec<Id> = names.map(id).collect();
    Line { goods, categories, merchant: id(merchant), quantity: number(quantity), unit_price: number(price) }
}

fn units(text: &str) -> Units {
    let lines = text.split(',').filter_map(|line| line.split_once(':'));
    let lines = lines.map(|(line, units)| (number(line), number(units))).collect();
    Units { lines, shipping: text.split(',').any(|word| word == "shipping") }
}

pub fn checked_out(checkout: &CheckedOut) -> String {
    let CheckedOut { stage, parts, amount, payable, deadline_ms, reacquired, .. } = checkout;
    let parts: Vec<String> = parts.iter().map(part).collect();
    match stage {
        Stage::Held => format!("held [{}] of {amount}, {payable} to pay, until {deadline_ms}", parts.join(", ")),
        Stage::Redeemed => {
            let anew = if *reacquired { " anew" } else { "" };
            format!("took [{}] of {amount}, {payable} to pay{anew}", parts.join(", "))
        }
    }
}

fn part(part: &Part) -> String {
    let Part { lsn, coupon, is_card, applied, balance_after, line_shares, shipping_share, .. } = part;
    if let Some(partition) = part.apart {
        return format!("{applied} by card {coupon}@{partition} leaves {balance_after}");
    }
    if *is_card {
        return format!("{applied} by card {coupon} leaves {balance_after} #{lsn}");
    }
    let mut shares: Vec<String> = line_shares.iter().map(i64::to_string).collect();
    shares.push(shipping_share.to_string());
    format!("{applied} by {coupon} as {} #{lsn}", shares.join("+"))
}

pub fn checkout_refunded(refund: &CheckoutRefunded) -> String {
    let CheckoutRefunded { checkout, parts, outside, apart, .. } = refund;
    let mut parts: Vec<String> = parts.iter().map(|part| format!("{} to {}", part.amount, refunded(part))).collect();
    parts.extend(apart.iter().map(card_refund));
    format!("order #{checkout} gave back [{}], {outside} outside", parts.join(", "))
}

fn card_refund(card: &CardRefund) -> String {
    let CardRefund { partition, coupon, amount, outside } = card;
    let outside = if *outside == 0 { String::new() } else { format!(" outside {outside}") };
    format!("{amount} to card {coupon}@{partition}{outside}")
}
