//! Stacking 叠加: which coupons may stand beside which.
//!
//! Every rule is a limit to how many of some kind there may be, so every part of an allowed set is allowed: a set can be built coupon
//! by coupon, looking only at the new one against those that stand.

use super::{Class, INSTRUMENTS_MAX, Offer};

/// The first of `standing` beside which `offer` cannot stand: one of those that would be too many with it.
pub(super) fn hindrance(standing: &[&Offer<'_>], offer: &Offer<'_>) -> Option<u64> {
    let is_order_full = standing.len() >= INSTRUMENTS_MAX;
    let is_group_full = is_full(standing, offer, of_one_group, most_of_group);
    let is_template_full = is_full(standing, offer, of_one_template, most_of_template);
    let hinders = |other: &&&Offer<'_>| {
        is_order_full
            || stands_alone(other)
            || stands_alone(offer)
            || (is_group_full && of_one_group(other, offer))
            || (is_template_full && of_one_template(other, offer))
    };
    standing.iter().find(hinders).map(|other| other.coupon)
}

/// Whether with `offer` there are more of its kind than one of them allows.
fn is_full(
    standing: &[&Offer<'_>],
    offer: &Offer<'_>,
    is_alike: fn(&Offer<'_>, &Offer<'_>) -> bool,
    most: fn(&Offer<'_>) -> usize,
) -> bool {
    let alike = || standing.iter().filter(|other| is_alike(other, offer));
    let count = alike().count() + 1;
    count > most(offer) || alike().any(|other| count > most(other))
}

/// Whether it stands beside no other.
pub(super) fn stands_alone(offer: &Offer<'_>) -> bool {
    offer.stacking.class == Class::Never
}

fn of_one_group(one: &Offer<'_>, other: &Offer<'_>) -> bool {
    let is_grouped = |offer: &Offer<'_>| offer.stacking.class == Class::Grouped;
    is_grouped(one) && is_grouped(other) && one.stacking.group == other.stacking.group
}

/// Of those that are in no group, none is alike another.
fn most_of_group(offer: &Offer<'_>) -> usize {
    match offer.stacking.class {
        Class::Grouped => offer.stacking.max_per_group.max(1) as usize,
        Class::Never | Class::Always => usize::MAX,
    }
}

fn of_one_template(one: &Offer<'_>, other: &Offer<'_>) -> bool {
    one.template == other.template
}

fn most_of_template(offer: &Offer<'_>) -> usize {
    match offer.stacking.max_per_order {
        0 => usize::MAX,
        most => most as usize,
    }
}
