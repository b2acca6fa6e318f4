//! I11: a read never shows what a later crash loses; I10: nor anything older than what was acknowledged before it was asked.
//!
//! Each thing that a reply showed must be a version in the recovered journals, still current at or after the lsn that was
//! acknowledged when the read was sent.

use super::batches;
use crate::clients::Ask;
use crate::history::{GiftEnd, Shelf, StockVersion};
use crate::violation::{Checked, broken, holds};
use tessera_domain::command::{Command, CompleteBatch, ListCoupons, OpenBatch};
use tessera_domain::reply::{CouponPage, CouponView, GiftView};
use tessera_domain::{GiftState, Reply};

/// Whether everything that this reply showed is there. `user` names the owner of each key.
pub(crate) fn check(shelf: &Shelf, ask: &Ask, floor: u64, reply: &Reply) -> Checked {
    match (ask, reply) {
        (_, Reply::Coupon(view)) => check_card(shelf, view, floor),
        (Ask::Partition(_, Command::MakeCards(make)), Reply::Share(share)) => {
            let made = shelf.made(make.batch.as_str());
            holds(made >= share.made, "I3", || format!("{made} cards were made of {make:?}, and {} were told", share.made))
        }
        (
            Ask::Partition(
                _,
                Command::OpenBatch(OpenBatch { batch, .. })
                | Command::CompleteBatch(CompleteBatch { batch, .. })
                | Command::GetBatch(batch),
            ),
            Reply::Batch(view),
        ) => batches::check_shown(shelf, batch.as_str(), floor, view),
        (Ask::Partition(_, Command::FindCard(code)), Reply::Revealed { coupon, .. }) => {
            let of_code = shelf.coupon_of(*code);
            holds(of_code == Some(*coupon), "I11", || format!("coupon {coupon} was shown for the code of {of_code:?}"))
        }
        (_, Reply::Cards(page)) => {
            let is_one = |number: u64| shelf.cards.get(number as usize).is_some_and(|card| card.user.is_empty());
            let are_there = page.cards.iter().all(|&(number, _)| is_one(number));
            holds(are_there, "I11", || format!("cards were listed that are not there: {page:?}"))
        }
        (Ask::Partition(_, Command::ListCoupons(list)), Reply::Coupons(page)) => check_wallet(shelf, list, page, floor),
        (_, Reply::Gift(view)) => check_gift(shelf, view),
        (_, Reply::Quote(quote)) if quote.is_card => {
            let card = shelf.cards.get(quote.coupon as usize).ok_or_else(|| never_issued(quote.coupon))?;
            let before = quote.balance_after + quote.applied;
            // What was held may have been available by then.
            let is_one = card.was(floor, |was| (was.available..=was.available + was.held).contains(&before));
            holds(is_one, "I11", || format!("card {} never had {before} since lsn {floor}", quote.coupon))
        }
        (_, Reply::Stock(left)) if left.stock.is_some_and(|stock| stock.opened) => {
            let stock = left.stock.unwrap_or_default();
            let shown = (stock.total as i64, stock.leased as i64);
            let is_one = shelf.stocks.values().any(|versions| was_current(versions, floor, |version| version == shown));
            holds(is_one, "I11", || format!("a stock was never (total, out) = {shown:?} since lsn {floor}"))
        }
        _ => Ok(()),
    }
}

fn check_card(shelf: &Shelf, view: &CouponView, floor: u64) -> Checked {
    let card = shelf.cards.get(view.coupon as usize).ok_or_else(|| never_issued(view.coupon))?;
    let is_one = card.was(floor, |accounts| accounts.may_show(view, card.is_doomed));
    holds(is_one, "I11", || format!("card {} was shown as {view:?} since lsn {floor}; it was {:?}", view.coupon, card.versions))
}

/// An end that was shown has happened, and so has an arrival.
fn check_gift(shelf: &Shelf, view: &GiftView) -> Checked {
    let gift =
        shelf.gifts.get(&view.gift).ok_or_else(|| broken("I11", format!("gift {} was shown and is not there", view.gift)))?;
    let is_true = match view.state {
        GiftState::Open => view.arrived.is_none(),
        GiftState::Accepted => matches!(gift.end, Some(GiftEnd::Accepted { amount, .. }) if amount == view.amount),
        // The void of a template, and time, say so before an event does.
        GiftState::Cancelled => matches!(gift.end, Some(GiftEnd::Cancelled)) || shelf.cards[gift.coupon as usize].is_doomed,
        GiftState::Expired => gift.deadline_ms <= view.at_ms,
    };
    let has_come = view.arrived.is_none_or(|(_, coupon)| gift.received == Some(coupon));
    holds(is_true && has_come, "I11", || format!("{view:?} was shown of {gift:?}"))
}

/// A whole wallet shows each coupon that was acknowledged before, and none that is not there.
fn check_wallet(shelf: &Shelf, list: &ListCoupons, page: &CouponPage, floor: u64) -> Checked {
    page.coupons.iter().try_for_each(|view| check_card(shelf, view, floor))?;
    if page.next.is_some() {
        return Ok(());
    }
    let of_user = |name: &str| crate::machine::hash_key().user(name) == list.user;
    let Some((_, wallet)) = shelf.wallets.iter().find(|(name, _)| of_user(name)) else { return Ok(()) };
    let is_old = |coupon: &&u64| shelf.cards[**coupon as usize].versions[0].lsn <= floor;
    let missing = wallet.iter().filter(is_old).find(|&&coupon| page.coupons.iter().all(|view| view.coupon != coupon));
    holds(missing.is_none(), "I10", || format!("coupon {missing:?} was acknowledged and is missing in its wallet"))
}

/// Whether one version that `is_shown` was the newest one at some lsn from `floor` on.
fn was_current(versions: &[StockVersion], floor: u64, is_shown: impl Fn((i64, i64)) -> bool) -> bool {
    let ends = versions.iter().skip(1).map(|next| next.lsn).chain([u64::MAX]);
    versions.iter().zip(ends).any(|(version, end)| end > floor && is_shown(version.shown))
}

fn never_issued(coupon: u64) -> crate::violation::Violation {
    broken("I11", format!("coupon {coupon} was shown and is not there"))
}
