//! The state digest made from nothing but the model's state and the definition in the formats.
//!
//! Written a second time on purpose: it shares no code with the digest that the partition keeps.

use super::plain::{Coupon, Known, Plain, day};
use super::pool::{Lease, Of};
use crate::given::{PARTITION, key};
use tessera_domain::event::TermsBody;

/// Kind, key and the fields' values from number 1 on.
type Entity = (u64, u64, Vec<u64>);

pub fn digest(plain: &Plain) -> u64 {
    entities(plain).iter().fold(0, |sum, entity| sum.wrapping_add(contribution(entity)))
}

fn contribution((kind, key, fields): &Entity) -> u64 {
    let seed = fold(key ^ 0x9e37_79b9_7f4a_7c15, kind ^ 0xd6e8_feb8_6659_fd93);
    let mut sum = 0u64;
    for (field, &value) in (1u64..).zip(fields).filter(|(_, value)| **value != 0) {
        let lane = seed ^ field.wrapping_mul(0xa076_1d64_78bd_642f);
        sum = sum.wrapping_add(fold(value ^ lane, lane.rotate_left(29) ^ 0xe703_7ed1_a0b4_28db));
    }
    sum
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

fn text(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    fold(hash ^ 0x9e37_79b9_7f4a_7c15, bytes.len() as u64 ^ 0xd6e8_feb8_6659_fd93)
}

fn entities(plain: &Plain) -> Vec<Entity> {
    let mut clock = vec![plain.lsn, plain.time_ms as u64, plain.requests_forgotten];
    clock.extend(plain.forgotten.map(|forgotten| forgotten as u64));
    let mut all = vec![(1, u64::from(PARTITION) + 1, clock)];
    all.extend(plain.terms.iter().enumerate().map(|(number, body)| (2, number as u64, terms(plain, body))));
    all.extend(plain.users.iter().enumerate().map(|(number, user)| (3, number as u64, owner(plain, user))));
    all.extend((0..plain.coupons.len()).map(|number| (4, number as u64, coupon(plain, number))));
    all.extend(claim_counts(plain));
    all.extend(day_counts(plain));
    all.extend(redemptions(plain));
    all.extend(holds(plain));
    all.extend(gifts(plain));
    all.extend(line(plain));
    all.extend(plain.requests.iter().map(|(request, known)| (8, known.number, remembered(request, known))));
    for (number, coupon) in (0u64..).zip(&plain.coupons) {
        let loaded = if coupon.adjusted { coupon.loaded as u64 + 1 } else { 0 };
        let (given, received) = (coupon.given as u64, coupon.received as u64);
        let from = if received > 0 { u64::from(PARTITION) } else { 0 };
        let reopened = coupon.reopened_until_ms.unwrap_or(0) as u64;
        all.push((9, number, vec![reopened, coupon.voided as u64, loaded, given, received, from, coupon.origin]));
    }
    all.extend(pools(plain));
    let made: Vec<usize> = (0..plain.coupons.len()).filter(|&number| plain.coupons[number].is_of_batch).collect();
    let newest = made.last().map_or(0, |&newest| newest as u64 + 1);
    all.push((22, key().batch("b"), vec![1, made.len() as u64, made.len() as u64, newest]));
    all
}

fn terms(plain: &Plain, body: &TermsBody<'_>) -> Vec<u64> {
    let rules = plain.templates[body.template as usize].rules;
    vec![
        u64::from(body.template) + 1,
        u64::from(body.version),
        text(body.template_id.as_bytes()),
        u64::from(body.kind),
        body.first as u64,
        body.second as u64,
        text(&body.currency),
        u64::from(body.rounding),
        body.issue_from_ms as u64,
        body.issue_until_ms as u64,
        u64::from(body.validity),
        body.validity_first_ms as u64,
        body.validity_second_ms as u64,
        u64::from(body.per_user_limit),
        u64::from(body.limited),
        u64::from(body.refund),
        if rules.is_empty() { 0 } else { text(rules) },
    ]
}

fn owner(plain: &Plain, (user, blocks): &(String, u8)) -> Vec<u64> {
    let hash = key().user(user).0;
    let newest = plain.coupons.iter().rposition(|coupon| coupon.user == *user).map_or(0, |newest| newest + 1);
    vec![hash as u64, (hash >> 64) as u64, newest as u64, u64::from(*blocks)]
}

fn coupon(plain: &Plain, number: usize) -> Vec<u64> {
    let coupon: &Coupon = &plain.coupons[number];
    let owner = plain.users.iter().position(|(user, _)| *user == coupon.user).map_or(0, |user| user + 1);
    assert_eq!(owner == 0, coupon.user.is_empty(), "an owner is a user");
    // A wallet, or the cards of a batch; what replaces a card without owner is in neither.
    let is_chained = owner != 0 || coupon.is_of_batch;
    let before = plain.coupons[..number].iter().rposition(|other| other.user == coupon.user);
    let older = before.filter(|_| is_chained).map_or(0, |older| older + 1);
    vec![
        owner as u64,
        coupon.terms as u64 + 1,
        older as u64,
        coupon.from_ms as u64,
        coupon.until_ms as u64,
        coupon.available as u64,
        coupon.captured as u64,
        coupon.last_lsn,
        u64::from(coupon.key_version),
        u64::from(coupon.reopened_until_ms.is_some()),
        u64::from(coupon.blocks),
        u64::from(coupon.void),
        u64::from(coupon.adjusted),
        u64::from(coupon.given > 0 || coupon.received > 0),
        u64::from(coupon.unactivated),
    ]
}

fn claim_counts(plain: &Plain) -> Vec<Entity> {
    let count = |user: &str, template: u32| {
        let is_one = |coupon: &Coupon| coupon.user == user && coupon.body.template == template;
        (0..plain.coupons.len()).filter(|&number| is_one(&plain.coupons[number]) && !plain.is_replacement(number)).count()
    };
    let mut all = Vec::new();
    for (number, (user, _)) in (0u64..).zip(&plain.users) {
        let templates = plain.templates.iter().map(|template| template.body.template);
        all.extend(templates.map(|template| (5, number << 32 | u64::from(template), vec![count(user, template) as u64])));
    }
    all
}

/// Of the day of the last claim alone.
fn day_counts(plain: &Plain) -> Vec<Entity> {
    let mut all = Vec::new();
    for (number, (user, _)) in (0u64..).zip(&plain.users) {
        for template in plain.templates.iter().filter(|template| template.day_limit != 0) {
            let is_one = |coupon: &&Coupon| coupon.user == *user && coupon.body.template == template.body.template;
            // Its coupons are usable from their claim on, and none stands for another.
            let days = || plain.coupons.iter().filter(is_one).map(|coupon| day(coupon.from_ms));
            let Some(last) = days().max() else { continue };
            let count = days().filter(|day| *day == last).count() as u64;
            all.push((18, number << 32 | u64::from(template.body.template), vec![count, u64::from(last as u32)]));
        }
    }
    all
}

fn redemptions(plain: &Plain) -> Vec<Entity> {
    let mut all = Vec::new();
    for (number, done) in (0u64..).zip(&plain.redemptions).skip(plain.forgotten[0]) {
        let order = key().natural(&done.merchant, &done.order, done.coupon as u64);
        let fields = [
            done.lsn,
            done.coupon as u64 + 1,
            order as u64,
            (order >> 64) as u64,
            done.amount as u64,
            done.applied as u64,
            done.balance_after as u64,
            done.at_ms as u64,
            done.refunded as u64,
            key().order_only(&done.merchant, &done.order),
        ];
        all.push((6, number, fields.to_vec()));
    }
    for (number, refund) in (0u64..).zip(&plain.refunds).skip(plain.forgotten[1]) {
        let (amount, after) = (refund.amount as u64, refund.balance_after as u64);
        let (until_ms, at_ms, restored) = (refund.until_ms as u64, refund.at_ms as u64, refund.restored as u64);
        let fields = [refund.redemption as u64 + 1, amount, after, until_ms, at_ms, restored, refund.replacement as u64];
        all.push((7, number, fields.to_vec()));
    }
    all
}

fn holds(plain: &Plain) -> impl Iterator<Item = Entity> {
    (0u64..).zip(&plain.holds).skip(plain.forgotten[2]).map(|(number, hold)| {
        let order = key().natural(&hold.merchant, &hold.order, hold.coupon as u64);
        let fields = [
            hold.lsn,
            hold.coupon as u64 + 1,
            order as u64,
            (order >> 64) as u64,
            key().order_only(&hold.merchant, &hold.order),
            hold.amount as u64,
            hold.applied as u64,
            hold.held as u64,
            hold.deadline_ms as u64,
            u64::from(hold.state),
            hold.ended_ms as u64,
            hold.redemption,
        ];
        (17, number, fields.to_vec())
    })
}

fn gifts(plain: &Plain) -> impl Iterator<Item = Entity> {
    (0u64..).zip(&plain.gifts).skip(plain.forgotten[3]).map(|(number, gift)| {
        let is_accepted = gift.state == 2;
        let receiver = if is_accepted { key().user(&gift.receiver).0 } else { 0 };
        let fields = [
            gift.lsn,
            gift.coupon as u64 + 1,
            gift.deadline_ms as u64,
            u64::from(gift.state),
            gift.ended_ms as u64,
            receiver as u64,
            (receiver >> 64) as u64,
            if is_accepted { u64::from(PARTITION) } else { 0 },
            gift.amount as u64,
            gift.successor as u64,
        ];
        (24, number, fields.to_vec())
    })
}

/// The line that leads back here: both its ends, and what waits on it.
fn line(plain: &Plain) -> Vec<Entity> {
    let to = u64::from(PARTITION);
    let waiting = plain.outbox.iter().map(|message| (14, to << 48 | message.number, vec![text(&message.bytes)]));
    let ends = [(13, to, vec![plain.line.sent, plain.line.acknowledged]), (15, to, vec![plain.line.received])];
    waiting.chain(ends).collect()
}

fn remembered((operation, _, id): &(u8, String, String), known: &Known) -> Vec<u64> {
    let hash = key().request(*operation, known.subject, id);
    vec![
        hash as u64,
        (hash >> 64) as u64,
        known.fingerprint,
        known.lsn,
        known.at_ms as u64,
        known.value as u64,
        u64::from(known.reason),
        u64::from(*operation),
    ]
}

/// Of stocks under the number of their template; of all others under a number of their own.
fn pools(plain: &Plain) -> impl Iterator<Item = Entity> {
    let key = |template: usize, of: Of| match of {
        Of::Stock => template as u64,
        Of::Budget => (template as u64) << 24 | 1,
        Of::Day(day) => (template as u64) << 24 | (day + 3) as u64,
    };
    let kind = |of: Of, stock, other| if of == Of::Stock { stock } else { other };
    let homes = plain.totals.iter().map(move |(&(template, of), &total)| (kind(of, 10, 25), key(template, of), vec![1, total]));
    let lessees = plain.leases.iter().map(move |(&(template, of), &Lease { received, issued, restocked })| {
        (kind(of, 12, 27), key(template, of), vec![received, 0, issued, restocked])
    });
    homes.chain(lessees)
}
