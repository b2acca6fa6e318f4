//! A shard's turns over batches: decide, apply, encode, seal, and the answers released.
//!
//! Every operation is counted over [`COUNTED`] of its kind, after one batch that is not: tables grow and texts are copied on the way, but
//! nothing happens for the first time.

use crate::Measure;
use crate::shop::{BATCH, Shop, Ware, currency, id};
use tessera_domain::Reply;
use tessera_domain::command::{Capture, Command, Hold, Instrument, Redeem, Refund, Validate};

/// Cards, and coupons of others, that are there before anything is counted.
const CARDS: u64 = 10_240;

/// Operations of one kind that are counted.
const COUNTED: u64 = 4_096;

pub fn run(measure: &mut Measure<'_>) {
    let mut shop = Shop::open();
    let cards = issue(&mut shop, Ware::Card, 0..CARDS);
    issue(&mut shop, Ware::Coupon, CARDS..2 * CARDS);

    count(&mut shop, measure, "claim", |shop, number| shop.claim(Ware::Coupon, 2 * CARDS + number));
    let validate = |number| {
        let (instrument, merchant) = (bearer(&cards, number), id("merchant-01"));
        Command::Validate(Validate { instrument, merchant, amount: 100, currency: currency(), channel: None })
    };
    count(&mut shop, measure, "validate", |_, number| validate(number));
    let redeemed = count(&mut shop, measure, "redeem", |_, number| redeem(&cards, number));
    count(&mut shop, measure, "refund", |_, number| {
        let redemption = lsn(&redeemed, number);
        Command::Refund(Refund { redemption, amount: None, request_id: id(&format!("refund-{number:08}")) })
    });
    let held = count(&mut shop, measure, "hold", |_, number| hold(&cards, number));
    count(&mut shop, measure, "capture", |_, number| {
        let (hold, request_id) = (lsn(&held, number), id(&format!("capture-{number:08}")));
        Command::Capture(Capture { hold, amount: None, reacquire: false, request_id })
    });
}

/// Coupons or cards for these users, by number.
fn issue(shop: &mut Shop, ware: Ware, users: std::ops::Range<u64>) -> Vec<u64> {
    let batches = shop.batches(users.map(|user| shop.claim(ware, user)));
    shop.serve(batches);
    let coupon = |reply: Reply| match reply {
        Reply::Claimed(claimed) => claimed.coupon,
        other => panic!("a claim was answered with {other:?}"),
    };
    shop.replies().into_iter().map(coupon).collect()
}

/// Serves one batch of commands, then counts the others; gives the replies to all.
fn count(shop: &mut Shop, measure: &mut Measure<'_>, name: &str, command: impl Fn(&Shop, u64) -> Command) -> Vec<Reply> {
    let first = shop.batches((0..BATCH).map(|number| command(shop, number)));
    shop.serve(first);
    let mut replies = shop.replies();
    let mut batches = shop.batches((BATCH..BATCH + COUNTED).map(|number| command(shop, number)));
    measure(name, COUNTED, &mut || shop.serve(std::mem::take(&mut batches)));
    replies.extend(shop.replies());
    assert_eq!(replies.len() as u64, BATCH + COUNTED, "every command is answered once");
    replies
}

fn bearer(cards: &[u64], number: u64) -> Instrument {
    // Neighbours in a batch are far apart in memory, as the cards of a till are.
    let place = number * 7_919 % cards.len() as u64;
    Instrument::Bearer { coupon: cards[place as usize], key_version: 1 }
}

fn redeem(cards: &[u64], number: u64) -> Command {
    Command::Redeem(Redeem {
        instrument: bearer(cards, number),
        merchant: id("merchant-01"),
        order: id(&format!("order-{number:08}")),
        amount: 100,
        currency: currency(),
        request_id: id(&format!("redeem-{number:08}")),
        channel: None,
    })
}

fn hold(cards: &[u64], number: u64) -> Command {
    Command::Hold(Hold {
        instrument: bearer(cards, number),
        merchant: id("merchant-01"),
        order: id(&format!("held-{number:08}")),
        amount: 100,
        currency: currency(),
        ttl_ms: 0,
        request_id: id(&format!("hold-{number:08}")),
        channel: None,
    })
}

fn lsn(replies: &[Reply], number: u64) -> u64 {
    replies[number as usize].written().expect("a write has its place").lsn
}
