//! Answers as one line of text, with every field that can differ: what the tables of the tests compare.

use super::Answer;
use std::fmt::Write;
use tessera_domain::reply::{CouponView, GiftView, Quote, RedemptionView, Replacement, Written};
use tessera_domain::{Life, Rejection, Reply, Template, Window};

pub fn told(answer: &Answer) -> String {
    match answer {
        Answer::Told(reply) => told_reply(reply),
        Answer::Refused(rejection) => told_refusal(rejection),
        Answer::Parked(template) => format!("PARKED for {template}"),
    }
}

fn told_refusal(rejection: &Rejection) -> String {
    let mut text = rejection.reason.wire_name().to_string();
    if !rejection.field.is_empty() {
        write!(text, " {}", rejection.field).expect("text grows");
    }
    if rejection.value != 0 {
        write!(text, " {}", rejection.value).expect("text grows");
    }
    text
}

fn told_reply(reply: &Reply) -> String {
    match reply {
        Reply::Claimed(claimed) => format!(
            "coupon {} of {} v{} {} key {} {}",
            claimed.coupon,
            claimed.offer.template,
            claimed.offer.version,
            window(&claimed.window),
            claimed.key_version,
            written(&claimed.written)
        ),
        Reply::Quote(told) => quote("takes", told),
        Reply::Redeemed(redeemed) => {
            let anew = if redeemed.reacquired { " anew" } else { "" };
            format!("{} at {}{anew} {}", quote("took", &redeemed.quote), redeemed.at_ms, written(&redeemed.written))
        }
        Reply::Refunded(refunded) => format!(
            "gave back {} of #{} to coupon {}, {} until {} with {} at {}{} {}",
            refunded.amount,
            refunded.redemption,
            refunded.coupon,
            life(refunded.life),
            refunded.until_ms,
            refunded.balance_after,
            refunded.at_ms,
            refunded.replacement.as_ref().map_or(String::new(), replacement),
            written(&refunded.written)
        ),
        Reply::Held(held) => format!(
            "held {} of {} by coupon {} until {} {}",
            held.applied,
            held.amount,
            held.coupon,
            held.deadline_ms,
            written(&held.written)
        ),
        Reply::Released(released) => format!(
            "hold #{} of coupon {} ended {:?} at {} {}",
            released.hold,
            released.coupon,
            released.state,
            released.ended_ms,
            written(&released.written)
        ),
        Reply::Blocked(blocked) => {
            format!("blocks {} revoked {} {}", blocked.blocks.number(), blocked.revoked_holds, written(&blocked.written))
        }
        Reply::Voided(voided) => {
            format!("void {} revoked {} {}", voided.amount, voided.revoked_holds, written(&voided.written))
        }
        Reply::GiftOffered(offered) => {
            format!(
                "gift #{} of coupon {} until {} {}",
                offered.gift,
                offered.coupon,
                offered.deadline_ms,
                written(&offered.written)
            )
        }
        Reply::GiftCancelled(cancelled) => format!(
            "gift #{} of coupon {} ended {:?} at {} {}",
            cancelled.gift,
            cancelled.coupon,
            cancelled.state,
            cancelled.ended_ms,
            written(&cancelled.written)
        ),
        Reply::GiftAccepted(accepted) => format!(
            "gift #{} gave {} of {} v{} {} to {} at {} {}",
            accepted.gift,
            accepted.amount,
            accepted.offer.template,
            accepted.offer.version,
            window(&accepted.window),
            accepted.to,
            accepted.at_ms,
            written(&accepted.written)
        ),
        Reply::Gift(view) => gift(view),
        Reply::Redemptions(redemptions) => {
            format!("[{}]", redemptions.iter().map(redemption).collect::<Vec<_>>().join(", "))
        }
        Reply::Coupon(view) => coupon(view),
        Reply::Coupons(page) => {
            let coupons: Vec<String> =
                page.coupons.iter().map(|coupon| format!("{} {}", coupon.coupon, life(coupon.life))).collect();
            listed(&coupons, page.next)
        }
        Reply::Revealed { coupon, key_version } => format!("coupon {coupon} key {key_version}"),
        Reply::StockRaised { written: place, total } => format!("total {total} {}", maybe_written(place)),
        Reply::Stock(stock) => {
            let opened = if stock.opened { "opened" } else { "untouched" };
            format!("total {} free {} leased {} {opened}", stock.total, stock.free, stock.leased)
        }
        Reply::Template { written: place, template } => format!("{} {}", template_line(template), maybe_written(place)),
        Reply::Templates { templates, next } => {
            let templates: Vec<String> = templates.iter().map(|template| template_line(template)).collect();
            listed(&templates, next.map(u64::from))
        }
    }
}

fn quote(verb: &str, quote: &Quote) -> String {
    let Quote { coupon, amount, applied, balance_after, .. } = quote;
    format!("{verb} {applied} of {amount} by coupon {coupon}, leaves {balance_after}")
}

fn gift(view: &GiftView) -> String {
    let GiftView { gift, offer, amount, deadline_ms, state, ended_ms, .. } = view;
    let arrived = view.arrived.map_or(String::new(), |(partition, coupon)| format!(" as coupon {coupon} of {partition}"));
    let window = window(&view.window);
    format!("gift #{gift} of {amount} of {} {window} until {deadline_ms} {state:?} {ended_ms}{arrived}", offer.template)
}

fn redemption(view: &RedemptionView) -> String {
    let RedemptionView { redemption, coupon, amount, applied, refunded, at_ms, .. } = view;
    format!("#{redemption} {applied} of {amount} by coupon {coupon} less {refunded} at {at_ms}")
}

fn replacement(replacement: &Replacement) -> String {
    let Replacement { coupon, key_version, window: use_window } = replacement;
    format!(" on coupon {coupon} {} key {key_version}", window(use_window))
}

/// What is 0 is not said, but for what is available and captured.
fn coupon(view: &CouponView) -> String {
    let mut text = format!(
        "coupon {} of {} v{} {} {} available {} captured {}",
        view.coupon,
        view.terms.template_id,
        view.terms.version,
        life(view.life),
        window(&view.window),
        view.available,
        view.captured
    );
    let rest = [
        ("held", view.held),
        ("in holds", view.live_holds.into()),
        ("expired", view.expired),
        ("voided", view.voided),
        ("given", view.given),
        ("received", view.received),
        ("blocks", view.blocks.number().into()),
        ("account", view.account_blocks.number().into()),
    ];
    for (name, number) in rest.into_iter().filter(|&(_, number)| number != 0) {
        write!(text, " {name} {number}").expect("text grows");
    }
    text
}

fn template_line(template: &Template) -> String {
    let state = if template.stopped { "stopped" } else { "running" };
    format!("{} v{} {state}", template.terms.template_id, template.terms.version)
}

fn listed(items: &[String], next: Option<u64>) -> String {
    let next = next.map_or("no more".to_string(), |next| format!("next {next}"));
    format!("[{}] {next}", items.join(", "))
}

pub fn life(life: Life) -> &'static str {
    match life {
        Life::Active => "ACTIVE",
        Life::Used => "USED",
        Life::Expired => "EXPIRED",
        Life::Void => "VOID",
        Life::Gifting => "GIFTING",
        Life::Given => "GIVEN",
    }
}

fn window(window: &Window) -> String {
    match window.until_ms {
        0 => format!("{}..", window.from_ms),
        until_ms => format!("{}..{until_ms}", window.from_ms),
    }
}

fn maybe_written(place: &Option<Written>) -> String {
    place.as_ref().map_or("unwritten".into(), written)
}

/// `#lsn`; the partition is always the one of this journal.
fn written(place: &Written) -> String {
    format!("#{}{}", place.lsn, if place.replayed { " replayed" } else { "" })
}
