//! Lists of templates: by what they say, and of those that can be claimed now.

use tessera_proto::v1;

use super::{currency, malformed, optional, page_size, refusal, template::template};
use crate::{
    domain::{
        Id, Rejection,
        catalog::{Issuer, KindName, TemplateFilter},
        command::{CatalogCommand, Command, Goods, ListClaimable},
        reply::{Claimable, ClaimablePage, StockBelief},
    },
    seals::Seals,
};

/// The command that asks for a page of templates.
pub fn list(seals: Seals<'_>, request: v1::ListTemplatesRequest) -> Result<CatalogCommand, Rejection> {
    let filter = filter(&request)?;
    let page_size = page_size(request.page_size)?;
    let from = seals.open_catalog_token(&request.page_token)?;
    Ok(CatalogCommand::List { page_size, from, filter })
}

fn filter(request: &v1::ListTemplatesRequest) -> Result<TemplateFilter, Rejection> {
    let (stopped, void) = state(request.state)?;
    Ok(TemplateFilter {
        stopped,
        void,
        kind: kind(request.kind)?,
        currency: (!request.currency.is_empty()).then(|| currency("currency", &request.currency)).transpose()?,
        issuer: issuer(request)?,
        open_at_ms: Some(request.open_at_ms).filter(|&at_ms| at_ms != 0),
        id_prefix: optional("template_id_prefix", &request.template_id_prefix)?,
    })
}

/// Whether it is stopped, and whether it is void.
fn state(state: i32) -> Result<(Option<bool>, Option<bool>), Rejection> {
    match v1::TemplateState::try_from(state) {
        Ok(v1::TemplateState::Unspecified) => Ok((None, None)),
        Ok(v1::TemplateState::Active) => Ok((Some(false), None)),
        Ok(v1::TemplateState::Stopped) => Ok((Some(true), Some(false))),
        Ok(v1::TemplateState::Void) => Ok((None, Some(true))),
        Err(_) => Err(malformed("state")),
    }
}

fn kind(kind: i32) -> Result<Option<KindName>, Rejection> {
    match v1::TemplateKind::try_from(kind) {
        Ok(v1::TemplateKind::Unspecified) => Ok(None),
        Ok(v1::TemplateKind::PercentOff) => Ok(Some(KindName::PercentOff)),
        Ok(v1::TemplateKind::AmountOff) => Ok(Some(KindName::AmountOff)),
        Ok(v1::TemplateKind::StoredValue) => Ok(Some(KindName::StoredValue)),
        Ok(v1::TemplateKind::QuantityOff) => Ok(Some(KindName::QuantityOff)),
        Ok(v1::TemplateKind::CashVoucher) => Ok(Some(KindName::CashVoucher)),
        Ok(v1::TemplateKind::Exchange) => Ok(Some(KindName::Exchange)),
        Err(_) => Err(malformed("kind")),
    }
}

fn issuer(request: &v1::ListTemplatesRequest) -> Result<Option<Issuer>, Rejection> {
    match optional("issuer_merchant_id", &request.issuer_merchant_id)? {
        Some(_) if request.issued_by_platform => Err(malformed("issued_by_platform")),
        Some(merchant) => Ok(Some(Issuer::Merchant(merchant))),
        None => Ok(request.issued_by_platform.then_some(Issuer::Platform)),
    }
}

/// The command that asks for what can be claimed, and the partition that answers it: the user's, or without one any. Then it is the one
/// of the first goods, so that not every shop window asks the same.
pub fn claimable(seals: Seals<'_>, request: v1::ListClaimableRequest) -> Result<(u16, Command), Rejection> {
    let user = optional("user_id", &request.user_id)?.map(|user| seals.user_of(user));
    let channel = optional("channel", &request.channel)?;
    let goods = request.goods.into_iter().map(goods).collect::<Result<Vec<_>, _>>()?;
    let page_size = page_size(request.page_size)?;
    let from = seals.open_catalog_token(&request.page_token)?;
    let anybodys = || goods.first().and_then(|first| first.goods.as_ref()).map_or(0, |goods| seals.home_of(goods));
    let partition = user.as_ref().map_or_else(anybodys, |(partition, _)| *partition);
    let user = user.map(|(_, user)| user.key);
    let list = ListClaimable { user, channel, goods, with_exhausted: request.with_exhausted, page_size, from };
    Ok((partition, Command::ListClaimable(Box::new(list))))
}

fn goods(goods: v1::Goods) -> Result<Goods, Rejection> {
    let category = |id: &String| Id::new("goods.category_ids", id);
    Ok(Goods {
        goods: optional("goods.goods_id", &goods.goods_id)?,
        categories: goods.category_ids.iter().map(category).collect::<Result<_, _>>()?,
        merchant: Id::new("goods.merchant_id", goods.merchant_id)?,
    })
}

/// A page of what can be claimed.
pub fn claimable_page(seals: Seals<'_>, page: &ClaimablePage) -> v1::ListClaimableResponse {
    v1::ListClaimableResponse {
        templates: page.templates.iter().map(claimable_template).collect(),
        next_page_token: seals.catalog_token(page.next),
        at_ms: page.at_ms,
    }
}

fn claimable_template(found: &Claimable) -> v1::ClaimableTemplate {
    v1::ClaimableTemplate {
        template: Some(template(&found.template)),
        use_from_ms: found.window.from_ms,
        use_until_ms: found.window.until_ms,
        stock: belief(found.stock).into(),
        left_for_user: found.left.in_all,
        left_today: found.left.today,
        refusal: found.refusal.as_ref().map(refusal::of),
    }
}

fn belief(stock: StockBelief) -> v1::StockBelief {
    match stock {
        StockBelief::Unlimited => v1::StockBelief::Unlimited,
        StockBelief::Here => v1::StockBelief::Here,
        StockBelief::NotKnown => v1::StockBelief::NotKnown,
        StockBelief::SoldOut { .. } => v1::StockBelief::SoldOut,
    }
}
