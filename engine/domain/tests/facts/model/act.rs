//! Random acts over few users, templates, orders, requests and times, so that they meet often.

use super::plain::{Plain, day};
use super::pool::Of;
use proptest::prelude::*;

/// One step; [`Act::line`] makes it a line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Later(i64),
    Key(u8),
    Claim { verb: &'static str, user: u8, template: u8, request: u8 },
    Redeem { who: u8, coupon: u8, merchant: u8, order: u8, amount: i64, usd: bool, request: u8 },
    Validate { who: u8, coupon: u8, amount: i64, usd: bool },
    Refund { nth: u8, amount: Option<i64>, request: u8 },
    Hold { who: u8, coupon: u8, merchant: u8, order: u8, amount: i64, usd: bool, ttl: i64, request: u8 },
    Capture { nth: u8, amount: Option<i64>, reacquire: bool, request: u8 },
    Release { nth: u8, request: u8 },
    Block { freezes: bool, who: u8, coupon: u8, block: &'static str, revoke: bool, request: u8 },
    BlockUser { freezes: bool, user: u8, block: &'static str, revoke: bool, request: u8 },
    Void { who: u8, coupon: u8, revoke: bool, request: u8 },
    Offer { who: u8, coupon: u8, ttl: i64, request: u8 },
    Cancel { nth: u8, user: u8, request: u8 },
    Accept { nth: u8, user: u8, request: u8 },
    Gift { nth: u8, user: u8 },
    Deliver,
    Activate { who: u8, coupon: u8, request: u8 },
    Reload { who: u8, coupon: u8, amount: i64, usd: bool, request: u8 },
    Adjust { who: u8, coupon: u8, amount: i64, usd: bool, request: u8 },
    Order { merchant: u8, order: u8 },
    View { who: u8, coupon: u8 },
    Reveal { who: u8, coupon: u8 },
    Wallet { user: u8, size: u8, from: Option<u8>, status: &'static str },
    Raise { template: u8, budget: bool, off_by: u8, more: u8, request: u8, dry: bool },
    Stock { template: u8 },
    Lease { template: u8, more: u8 },
    LeaseShared { of: u8, more: u8 },
    Stop { template: u8 },
    Resume { template: u8 },
    Update { template: u8 },
    Forget,
    Restart,
}

pub fn acts() -> impl Strategy<Value = Act> {
    let amount = || {
        prop_oneof![
            8 => prop::sample::select(vec![1, 30, 50, 99, 100, 101, 250, 300]),
            1 => prop::sample::select(vec![-1, 0, 1_000_000_000_000_001, i64::MAX]),
        ]
    };
    let part = || prop::sample::select(vec![0, 1, 10, 20, 30, 50, 99, 100, 250, 1_000_000_000_000_001]);
    let ttl = prop::sample::select(vec![0, 0, 5_000, 4_999, 100_000_000, 604_800_000]);
    let block = || prop::sample::select(vec!["risk", "risk", "risk", "risk", "merchant", "operator"]);
    let later = prop::sample::select(vec![1, 5_000, 900_000, 3_600_000, 20_000_000, 30_000_000, 86_400_000, 2_592_000_000]);
    let verb = prop::sample::select(vec!["claim", "issue"]);
    let status = prop::sample::select(vec!["", "active", "used", "expired", "void", "frozen", "gifting", "given"]);
    let (who, coupon) = (|| 0..8u8, || 0..9u8);
    let wait = prop::sample::select(vec![0, 0, 60_000, 59_999, 604_800_000]);
    let usd = || prop::bool::weighted(0.2);
    prop_oneof![
        4 => later.prop_map(Act::Later),
        1 => (0..3u8).prop_map(Act::Key),
        20 => (verb, 0..4u8, prop_oneof![5 => 0..9u8, 1 => Just(7)], 0..6u8)
            .prop_map(|(verb, user, template, request)| Act::Claim { verb, user, template, request }),
        24 => (who(), coupon(), 0..2u8, 0..3u8, amount(), usd(), 0..5u8).prop_map(
            |(who, coupon, merchant, order, amount, usd, request)| {
                Act::Redeem { who, coupon, merchant, order, amount, usd, request }
            }
        ),
        4 => (who(), coupon(), amount(), usd())
            .prop_map(|(who, coupon, amount, usd)| Act::Validate { who, coupon, amount, usd }),
        14 => (0..12u8, prop::option::weighted(0.4, part()), 0..4u8)
            .prop_map(|(nth, amount, request)| Act::Refund { nth, amount, request }),
        16 => (who(), coupon(), 0..2u8, 0..3u8, amount(), usd(), ttl, 0..5u8).prop_map(
            |(who, coupon, merchant, order, amount, usd, ttl, request)| {
                Act::Hold { who, coupon, merchant, order, amount, usd, ttl, request }
            }
        ),
        14 => (0..10u8, prop::option::weighted(0.4, part()), prop::bool::weighted(0.3), 0..4u8)
            .prop_map(|(nth, amount, reacquire, request)| Act::Capture { nth, amount, reacquire, request }),
        8 => (0..10u8, 0..3u8).prop_map(|(nth, request)| Act::Release { nth, request }),
        3 => (prop::bool::weighted(0.3), who(), coupon(), block(), any::<bool>(), 0..3u8)
            .prop_map(|(freezes, who, coupon, block, revoke, request)| Act::Block { freezes, who, coupon, block, revoke, request }),
        3 => (prop::bool::weighted(0.3), 0..5u8, block(), any::<bool>(), 0..3u8)
            .prop_map(|(freezes, user, block, revoke, request)| Act::BlockUser { freezes, user, block, revoke, request }),
        4 => (who(), coupon(), any::<bool>(), 0..3u8)
            .prop_map(|(who, coupon, revoke, request)| Act::Void { who, coupon, revoke, request }),
        12 => (0..5u8, coupon(), wait, 0..4u8).prop_map(|(who, coupon, ttl, request)| Act::Offer { who, coupon, ttl, request }),
        3 => (0..6u8, 0..4u8, 0..3u8).prop_map(|(nth, user, request)| Act::Cancel { nth, user, request }),
        9 => (0..6u8, 0..4u8, 0..4u8).prop_map(|(nth, user, request)| Act::Accept { nth, user, request }),
        2 => (0..6u8, 0..4u8).prop_map(|(nth, user)| Act::Gift { nth, user }),
        4 => Just(Act::Deliver),
        4 => (who(), 0..3u8, 0..3u8).prop_map(|(who, coupon, request)| Act::Activate { who, coupon, request }),
        4 => (who(), coupon(), amount(), usd(), 0..3u8)
            .prop_map(|(who, coupon, amount, usd, request)| Act::Reload { who, coupon, amount, usd, request }),
        4 => (who(), coupon(), prop::sample::select(vec![-250, -100, -30, -1, 0, 1, 40, 1_000_000_000_000_001]), usd(), 0..3u8)
            .prop_map(|(who, coupon, amount, usd, request)| Act::Adjust { who, coupon, amount, usd, request }),
        2 => (0..2u8, 0..3u8).prop_map(|(merchant, order)| Act::Order { merchant, order }),
        3 => (who(), coupon()).prop_map(|(who, coupon)| Act::View { who, coupon }),
        2 => (who(), coupon()).prop_map(|(who, coupon)| Act::Reveal { who, coupon }),
        4 => (0..4u8, 0..5u8, prop::option::weighted(0.4, 0..10u8), status)
            .prop_map(|(user, size, from, status)| Act::Wallet { user, size, from, status }),
        4 => (0..9u8, prop::bool::weighted(0.3), 0..2u8, 0..4u8, 0..4u8, prop::bool::weighted(0.2)).prop_map(
            |(template, budget, off_by, more, request, dry)| Act::Raise { template, budget, off_by, more, request, dry }
        ),
        2 => (0..9u8).prop_map(|template| Act::Stock { template }),
        5 => (1..3u8, 1..4u8).prop_map(|(nth, more)| Act::Lease { template: nth * 2 - 1, more }),
        9 => (0..3u8, 1..4u8).prop_map(|(of, more)| Act::LeaseShared { of, more }),
        1 => (0..60u8).prop_map(|template| Act::Stop { template }),
        1 => (0..9u8).prop_map(|template| Act::Resume { template }),
        1 => (0..8u8).prop_map(|template| Act::Update { template }),
        2 => Just(Act::Forget),
        1 => Just(Act::Restart),
    ]
}

impl Act {
    /// The line of a story; numbers that only the model knows (lsns, totals, versions) are filled in here.
    pub fn line(&self, plain: &Plain) -> String {
        match *self {
            Act::Later(ms) => format!("later {ms}"),
            Act::Key(version) => format!("key {version}"),
            Act::Claim { verb, user, template, request } => format!("{verb} u{user} t{template} r{request}"),
            Act::Redeem { who, coupon, merchant, order, amount, usd, request } => {
                format!("redeem {} m{merchant}/o{order} {} r{request}", named(who, coupon, plain), money(amount, usd))
            }
            Act::Validate { who, coupon, amount, usd } => {
                format!("validate {} {}", named(who, coupon, plain), money(amount, usd))
            }
            Act::Refund { nth, amount, request } => {
                let redemption = plain.redemptions.get(usize::from(nth)).map_or(u64::from(nth), |redemption| redemption.lsn);
                format!("refund #{redemption} r{request}{}", amount_word(amount))
            }
            Act::Hold { who, coupon, merchant, order, amount, usd, ttl, request } => {
                let ttl = if ttl == 0 { String::new() } else { format!("ttl={ttl}") };
                let (named, money) = (named(who, coupon, plain), money(amount, usd));
                format!("hold {named} m{merchant}/o{order} {money} r{request} {ttl}")
            }
            Act::Capture { nth, amount, reacquire, request } => {
                let reacquire = if reacquire { " reacquire" } else { "" };
                format!("capture #{} r{request}{}{reacquire}", nth_hold(nth, plain), amount_word(amount))
            }
            Act::Release { nth, request } => format!("release #{} r{request}", nth_hold(nth, plain)),
            Act::Block { freezes, who, coupon, block, revoke, request } => {
                let (verb, named) = (if freezes { "freeze" } else { "unfreeze" }, named(who, coupon, plain));
                format!("{verb} {named} {block} r{request}{}", if revoke { " revoke" } else { "" })
            }
            Act::BlockUser { freezes, user, block, revoke, request } => {
                let verb = if freezes { "freeze" } else { "unfreeze" };
                format!("{verb} account u{user} {block} r{request}{}", if revoke { " revoke" } else { "" })
            }
            Act::Void { who, coupon, revoke, request } => {
                format!("void {} r{request}{}", named(who, coupon, plain), if revoke { " revoke" } else { "" })
            }
            Act::Offer { who, coupon, ttl, request } => {
                let ttl = if ttl == 0 { String::new() } else { format!("ttl={ttl}") };
                format!("offer {} r{request} {ttl}", named(who, coupon, plain))
            }
            Act::Cancel { nth, user, request } => format!("cancel #{} u{user} r{request}", nth_gift(nth, plain)),
            Act::Accept { nth, user, request } => format!("accept #{} u{user} r{request}", nth_gift(nth, plain)),
            Act::Gift { nth, user } => format!("gift #{} by=u{user}", nth_gift(nth, plain)),
            Act::Deliver => "deliver".into(),
            Act::Activate { who, coupon, request } => format!("activate {} r{request}", named(who, coupon, plain)),
            Act::Reload { who, coupon, amount, usd, request } => {
                format!("reload {} {} r{request}", named(who, coupon, plain), money(amount, usd))
            }
            Act::Adjust { who, coupon, amount, usd, request } => {
                format!("adjust {} {} why r{request}", named(who, coupon, plain), money(amount, usd))
            }
            Act::Order { merchant, order } => format!("order m{merchant}/o{order}"),
            Act::View { who, coupon } => format!("view {}", named(who, coupon, plain)),
            Act::Reveal { who, coupon } => format!("reveal {}", named(who, coupon, plain)),
            Act::Wallet { user, size, from, status } => {
                let from = from.map_or(String::new(), |from| format!("from={from}"));
                format!("wallet u{user} {size} {from} {status}")
            }
            Act::Raise { template, budget, off_by, more, request, dry } => {
                let of = if budget { Of::Budget } else { Of::Stock };
                let current = plain.total(usize::from(template), of).unwrap_or(0) + u64::from(off_by);
                let (budget, dry) = (if budget { "budget" } else { "" }, if dry { "dry" } else { "" });
                format!("raise t{template} {current} {} r{request} {budget} {dry}", current + u64::from(more))
            }
            Act::Stock { template } => format!("stock t{template}"),
            Act::Lease { template, more } => {
                let received = plain.leased(usize::from(template), Of::Stock).received;
                format!("lease t{template} {}", received + u64::from(more))
            }
            Act::LeaseShared { of, more } => {
                let today = day(plain.now_ms);
                let (of, more, words) = match of {
                    0 => (Of::Stock, u64::from(more), String::new()),
                    1 => (Of::Day(today), u64::from(more), format!("day={today}")),
                    _ => (Of::Budget, 20 * u64::from(more), "budget".into()),
                };
                format!("lease t7 {} {words}", plain.leased(7, of).received + more)
            }
            Act::Stop { template } => format!("stop t{template} s{}", plain.catalog_requests),
            Act::Resume { template } => format!("resume t{template} s{}", plain.catalog_requests),
            Act::Update { template } => match plain.templates.get(usize::from(template)) {
                Some(found) => format!(
                    "template t{template} {} version={}",
                    found.line.replacen(" t ", &format!(" v{} ", plain.catalog_requests), 1),
                    found.body.version
                ),
                None => "stock t9".into(),
            },
            Act::Forget => "later 0".into(),
            Act::Restart => "restart".into(),
        }
    }
}

/// Mostly the owner; sometimes the bearer, a bearer with another key version, or somebody else.
fn named(who: u8, coupon: u8, plain: &Plain) -> String {
    let Some(found) = plain.coupons.get(usize::from(coupon)) else {
        return format!("{} {coupon}", if who.is_multiple_of(2) { "u0" } else { "code:1" });
    };
    match who {
        0..=3 if found.user.is_empty() => format!("code:{} {coupon}", found.key_version),
        0..=3 => format!("{} {coupon}", found.user),
        4 => format!("code:{} {coupon}", found.key_version),
        5 => format!("code:{} {coupon}", found.key_version + 1),
        6 => format!("known {coupon}"),
        _ => format!("u0 {coupon}"),
    }
}

fn money(amount: i64, usd: bool) -> String {
    format!("{amount}{}", if usd { "USD" } else { "" })
}

fn amount_word(amount: Option<i64>) -> String {
    amount.map_or(String::new(), |amount| format!(" amount={amount}"))
}

/// The lsn of a gift, one of the latest; of something else if there is none.
fn nth_gift(nth: u8, plain: &Plain) -> u64 {
    let place = plain.gifts.len().checked_sub(1 + usize::from(nth) / 2);
    place.and_then(|place| plain.gifts.get(place)).map_or(u64::from(nth), |gift| gift.lsn)
}

/// The lsn of a hold, mostly one of the latest; of something else if there is no such hold.
fn nth_hold(nth: u8, plain: &Plain) -> u64 {
    let place = plain.holds.len().checked_sub(1 + usize::from(nth) / 2);
    place.and_then(|place| plain.holds.get(place)).map_or(u64::from(nth), |hold| hold.lsn)
}
