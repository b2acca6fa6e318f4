//! Claimable templates 可领取: what a user could claim now, and how many more of each.
//!
//! What a claim would be refused for is asked of the same checks, so a listing and a claim agree. A template that nobody may claim
//! here and now is passed over; what only this user, or the stock, stands in the way of is shown on request, with the refusal.

use super::Context;
use super::claim::check_offer;
use crate::catalog::BLOCK;
use crate::checkout::CATEGORIES_MAX;
use crate::command::{GOODS_MAX, Goods, ListClaimable, PAGE_SIZE_MAX, TEMPLATE_LOOKS_MAX};
use crate::keyed::UserKey;
use crate::lease::Sale;
use crate::partition::Partition;
use crate::pool::{Need, Pool};
use crate::rejection::Rejection;
use crate::reply::{Claimable, ClaimablePage, LeftForUser, Reply, StockBelief};
use crate::terms::scope::Scope;
use crate::terms::{Template, Terms, within};
use std::sync::Arc;

impl Partition {
    /// Walks the catalog from the oldest template, or from where the last page ended, for [`TEMPLATE_LOOKS_MAX`] looks: one for a
    /// block that is past as a whole, one for a template, and one for each of the names that its scope is asked for.
    pub(super) fn claimable(&self, context: &Context<'_>, list: &ListClaimable) -> Result<Reply, Rejection> {
        check(list)?;
        let mut page = ClaimablePage { templates: Vec::new(), next: None, at_ms: context.now_ms };
        let (mut number, mut looks) = (list.from, 0);
        while let Some(template) = context.catalog.get(number) {
            if looks >= TEMPLATE_LOOKS_MAX || page.templates.len() == list.page_size as usize {
                page.next = Some(number);
                break;
            }
            looks += 1;
            if !context.catalog.block_may_issue(number, context.now_ms) {
                number = next_block(number);
                continue;
            }
            number += 1;
            looks += looks_for(&template.terms, list);
            page.templates.extend(self.claimable_one(context, list, template));
        }
        Ok(Reply::Claimable(page))
    }

    /// The template as it is shown, if it is.
    fn claimable_one(&self, context: &Context<'_>, list: &ListClaimable, template: &Arc<Template>) -> Option<Claimable> {
        let (terms, now_ms) = (&template.terms, context.now_ms);
        let window = terms.window_at(now_ms)?;
        check_offer(template, &window, list.channel.as_ref(), now_ms).ok()?;
        if !meets(&terms.rules().scope, &list.goods) {
            return None;
        }
        let stock = believed(context, self, terms);
        let by_user = list.user.map_or(Ok(()), |user| self.check_limits(terms, user, now_ms));
        let refusal = by_user.and(self.may_take(context, terms).map(drop)).err();
        if refusal.is_some() && !list.with_exhausted {
            return None;
        }
        let left = list.user.map_or(LeftForUser::default(), |user| self.left_for(terms, user, now_ms));
        Some(Claimable { template: template.clone(), window, stock, left, refusal })
    }

    fn left_for(&self, terms: &Terms, user: UserKey, now_ms: i64) -> LeftForUser {
        let user = self.users.find(user);
        let claimed = user.map_or(0, |user| self.users.claimed(user, terms.template));
        let on = |day| user.map_or(0, |user| self.users.claimed_on(user, terms.template, day));
        let most = Some(terms.per_user_limit).filter(|&most| most != 0);
        LeftForUser {
            in_all: most.map(|most| most.saturating_sub(claimed)),
            today: terms.day_limit(now_ms).map(|(day, most)| most.saturating_sub(on(day))),
        }
    }
}

fn check(list: &ListClaimable) -> Result<(), Rejection> {
    within("page_size", i64::from(list.page_size), 1, i64::from(PAGE_SIZE_MAX))?;
    within("goods", list.goods.len() as i64, 0, GOODS_MAX as i64)?;
    let categories = |goods: &Goods| within("goods.category_ids", goods.categories.len() as i64, 0, CATEGORIES_MAX as i64);
    list.goods.iter().try_for_each(categories)
}

/// What this partition knows of a stock without asking its home.
fn believed(context: &Context<'_>, partition: &Partition, terms: &Terms) -> StockBelief {
    if !terms.limited {
        return StockBelief::Unlimited;
    }
    let piece = Need { pool: Pool::stock(terms.template), amount: 1 };
    match context.lessee.sale(partition.stock(), piece, context.now_ms) {
        Sale::Sell => StockBelief::Here,
        Sale::Park => StockBelief::NotKnown,
        Sale::SoldOut { total } => StockBelief::SoldOut { total },
    }
}

/// Whether some of the goods are in a scope.
fn meets(scope: &Scope, goods: &[Goods]) -> bool {
    let covers = |goods: &Goods| scope.covers(goods.goods.as_ref(), &goods.categories, &goods.merchant);
    goods.is_empty() || goods.iter().any(covers)
}

/// What asking a scope for the goods costs.
fn looks_for(terms: &Terms, list: &ListClaimable) -> u32 {
    match terms.rules().scope.is_everything() {
        true => 0,
        false => list.goods.iter().map(|goods| 2 + goods.categories.len() as u32).sum(),
    }
}

/// The first number of the block after that of this number.
fn next_block(number: u32) -> u32 {
    (number / BLOCK as u32 + 1) * BLOCK as u32
}
