//! Answers as one line of text, with every field that can differ: what the tables of the tests compare.

use super::Answer;
use std::fmt::Write;
use tessera_domain::reply::{
    BatchView, Claimable, CouponView, DayView, GiftView, PoolView, Quote, RedemptionView, Refunded, Replacement, StockBelief,
    Written,
};
use tessera_domain::{Life, Rejection, Reply, Template, Window};

pub fn told(answer: &Answer) -> String {
    match answer {
        Answer::Told(reply) => told_reply(reply),
        Answer::Refused(rejection) => told_refusal(rejection),
        Answer::Parked(need) if need.pool.is_stock() => format!("PARKED for {}", need.pool.template()),
        Answer::Parked(need) => format!("PARKED for {} of {}", need.amount, need.pool),
        Answer::Waits(saga) => format!("waits for #{saga}"),
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
            "gave back {} of #{} to coupon {}, {} until {} with {} at {}{}{} {}",
            refunded.amount,
            refunded.redemption,
            refunded.coupon,
            life(refunded.life),
            refunded.until_ms,
            refunded.balance_after,
            refunded.at_ms,
            refunded.replacement.as_ref().map_or(String::new(), replacement),
            outside(refunded),
            written(&refunded.written)
        ),
        Reply::CheckedOut(checkout) => format!("{} {}", super::ordered::checked_out(checkout), written(&checkout.written)),
        Reply::CheckoutReleased(released) => {
            let expired = if released.is_expired { " had expired" } else { "" };
            format!("order #{} let go{expired} {}", released.checkout, written(&released.written))
        }
        Reply::CheckoutRefunded(refund) => format!("{} {}", super::ordered::checkout_refunded(refund), written(&refund.written)),
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
        Reply::Batch(batch) => told_batch(batch),
        Reply::Share(share) => format!("{} of {} made{}", share.made, share.wanted, said(&share.written)),
        Reply::Cards(page) => {
            let cards: Vec<String> = page.cards.iter().map(|(number, version)| format!("{number} key {version}")).collect();
            listed(&cards, page.next)
        }
        Reply::Activated(activated) => {
            let face = activated.offer.face_value.expect("a card has a face value");
            format!("active with {face} {} {}", window(&activated.window), written(&activated.written))
        }
        Reply::Loaded(loaded) => format!("balance {} {}", loaded.balance_after, written(&loaded.written)),
        Reply::Replaced(replaced) => format!("replaced{} {}", replacement(&replaced.replacement), written(&replaced.written)),
        Reply::Voids(voids) => format!("{voids:?}"),
        Reply::Ledger(ledger) => format!("balance {} since #{}", ledger.balance, ledger.last),
        Reply::Redemptions(redemptions) => {
            format!("[{}]", redemptions.iter().map(redemption).collect::<Vec<_>>().join(", "))
        }
        Reply::RedemptionPage(page) => {
            let end = page.seen_to.map_or("no more".to_owned(), |seen| format!("seen to {}/#{}", seen.at_ms, seen.lsn));
            format!("[{}] {end}", page.redemptions.iter().map(redemption).collect::<Vec<_>>().join(", "))
        }
        Reply::Claimable(page) => {
            let templates: Vec<String> = page.templates.iter().map(claimable).collect();
            listed(&templates, page.next.map(u64::from))
        }
        Reply::Coupon(view) => coupon(view),
        Reply::Coupons(page) => {
            let coupons: Vec<String> =
                page.coupons.iter().map(|coupon| format!("{} {}", coupon.coupon, life(coupon.life))).collect();
            listed(&coupons, page.next)
        }
        Reply::Imported(imported) => format!("imported coupon {} {}", imported.coupon, written(&imported.written)),
        Reply::Revealed { coupon, key_version } => format!("coupon {coupon} key {key_version}"),
        Reply::StockRaised { written: place, total } => format!("total {total} {}", maybe_written(place)),
        Reply::Stock(left) => {
            let day = left.day.map(|DayView { day, pool }| format!("day {day} {}", pool_line(&pool)));
            let budget = left.budget.map(|pool| format!("budget {}", pool_line(&pool)));
            let parts: Vec<String> = left.stock.iter().map(pool_line).chain(day).chain(budget).collect();
            parts.join(", ")
        }
        Reply::Template { written: place, template } => format!("{} {}", template_line(template), maybe_written(place)),
        Reply::Templates { templates, next } => {
            let templates: Vec<String> = templates.iter().map(|template| template_line(template)).collect();
            listed(&templates, next.map(u64::from))
        }
    }
}

fn pool_line(pool: &PoolView) -> String {
    let opened = if pool.opened { "opened" } else { "untouched" };
    format!("total {} free {} leased {} {opened}", pool.total, pool.free, pool.leased)
}

fn told_batch(batch: &BatchView) -> String {
    let BatchView { terms, count, opened_ms, completed_ms, taken_ms, .. } = batch;
    let mut text = format!("batch of {count} {} v{} since {opened_ms}", terms.template_id, terms.version);
    for (name, at_ms) in [("complete", completed_ms), ("taken", taken_ms)].into_iter().filter(|&(_, &at_ms)| at_ms != 0) {
        write!(text, " {name} {at_ms}").expect("text grows");
    }
    text + &said(&batch.written)
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

/// `ID [left N] [today N] [here | sold out | not known] [REASON]`
fn claimable(found: &Claimable) -> String {
    let mut text = found.template.terms.template_id.to_string();
    let left = [("left", found.left.in_all), ("today", found.left.today)];
    for (name, left) in left.into_iter().filter_map(|(name, left)| Some((name, left?))) {
        write!(text, " {name} {left}").expect("text grows");
    }
    text += match found.stock {
        StockBelief::Unlimited => "",
        StockBelief::Here => " here",
        StockBelief::NotKnown => " not known",
        StockBelief::SoldOut { .. } => " sold out",
    };
    found.refusal.map_or(text.clone(), |refusal| format!("{text} {}", refusal.reason.wire_name()))
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
    let state = match (template.void, template.stopped) {
        (Some(_), _) => "void",
        (None, true) => "stopped",
        (None, false) => "running",
    };
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
        Life::Unactivated => "UNACTIVATED",
    }
}

fn window(window: &Window) -> String {
    match window.until_ms {
        0 => format!("{}..", window.from_ms),
        until_ms => format!("{}..{until_ms}", window.from_ms),
    }
}

/// Nothing of what was not written.
fn said(place: &Option<Written>) -> String {
    place.as_ref().map_or(String::new(), |place| format!(" {}", written(place)))
}

fn maybe_written(place: &Option<Written>) -> String {
    place.as_ref().map_or("unwritten".into(), written)
}

/// `#lsn`; the partition is always the one of this journal.
fn written(place: &Written) -> String {
    format!("#{}{}", place.lsn, if place.replayed { " replayed" } else { "" })
}

/// What a coupon is after a refund of an order gave it something back.
pub fn refunded(refunded: &Refunded) -> String {
    let anew = refunded.replacement.as_ref().map_or(String::new(), replacement);
    let outside = outside(refunded);
    format!("coupon {} {} with {}{anew}{outside}", refunded.coupon, life(refunded.life), refunded.balance_after)
}

fn outside(refunded: &Refunded) -> String {
    if refunded.outside == 0 { String::new() } else { format!(" outside {}", refunded.outside) }
}
