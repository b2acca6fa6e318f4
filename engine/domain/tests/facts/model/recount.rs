//! The state digest made from nothing but the model's state and the definition in the formats.
//!
//! Written a second time on purpose: it shares no code with the digest that the partition keeps.

use super::plain::{Coupon, Known, Plain, Template};
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
    let clock = vec![plain.lsn, plain.time_ms as u64, plain.requests_forgotten];
    let mut all = vec![(1, u64::from(PARTITION) + 1, clock)];
    all.extend(plain.terms.iter().enumerate().map(|(number, body)| (2, number as u64, terms(body))));
    all.extend(plain.users.iter().enumerate().map(|(number, user)| (3, number as u64, owner(plain, user))));
    all.extend((0..plain.coupons.len()).map(|number| (4, number as u64, coupon(plain, number))));
    all.extend(claim_counts(plain));
    all.extend(redemptions(plain));
    all.extend(plain.requests.iter().map(|(request, known)| (8, known.number, remembered(request, known))));
    for (number, coupon) in (0u64..).zip(&plain.coupons) {
        all.extend(coupon.reopened_until_ms.map(|until_ms| (9, number, vec![until_ms as u64])));
    }
    all.extend(plain.templates.iter().flat_map(stock));
    all
}

fn terms(body: &TermsBody<'_>) -> Vec<u64> {
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
    ]
}

fn owner(plain: &Plain, user: &str) -> Vec<u64> {
    let hash = key().user(user).0;
    let newest = plain.coupons.iter().rposition(|coupon| coupon.user == user).expect("a user has a coupon");
    vec![hash as u64, (hash >> 64) as u64, newest as u64 + 1]
}

fn coupon(plain: &Plain, number: usize) -> Vec<u64> {
    let coupon: &Coupon = &plain.coupons[number];
    let user = plain.users.iter().position(|user| *user == coupon.user).expect("an owner is a user");
    let older = plain.coupons[..number].iter().rposition(|other| other.user == coupon.user).map_or(0, |older| older + 1);
    vec![
        user as u64 + 1,
        coupon.terms as u64 + 1,
        older as u64,
        coupon.from_ms as u64,
        coupon.until_ms as u64,
        coupon.available as u64,
        coupon.captured as u64,
        coupon.last_lsn,
        u64::from(coupon.key_version),
        u64::from(coupon.reopened_until_ms.is_some()),
    ]
}

fn claim_counts(plain: &Plain) -> Vec<Entity> {
    let count = |user: &String, template: &Template| {
        plain.coupons.iter().filter(|coupon| coupon.user == *user && coupon.body.template == template.body.template).count()
    };
    let of_user = |(number, user): (u64, _)| {
        plain
            .templates
            .iter()
            .map(move |template| (5, number << 32 | u64::from(template.body.template), vec![count(user, template) as u64]))
    };
    (0u64..).zip(&plain.users).flat_map(of_user).collect()
}

fn redemptions(plain: &Plain) -> Vec<Entity> {
    let mut all = Vec::new();
    for (number, done) in (0u64..).zip(&plain.redemptions) {
        let order = key().order(&done.merchant, &done.order, done.coupon as u64);
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
        ];
        all.push((6, number, fields.to_vec()));
    }
    for (number, refund) in (0u64..).zip(&plain.refunds) {
        let (amount, after) = (refund.amount as u64, refund.balance_after as u64);
        let (until_ms, at_ms, restored) = (refund.until_ms as u64, refund.at_ms as u64, refund.restored as u64);
        let fields = [refund.redemption as u64 + 1, amount, after, until_ms, at_ms, restored];
        all.push((7, number, fields.to_vec()));
    }
    all
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

fn stock(template: &Template) -> Vec<Entity> {
    let number = u64::from(template.body.template);
    let home = template.opened.map_or(vec![0, 0], |total| vec![1, total]);
    vec![(10, number, home), (12, number, vec![template.received, 0, template.issued, 0])]
}
