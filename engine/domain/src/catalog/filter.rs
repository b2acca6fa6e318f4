//! Which templates a listing shows: every condition that is said holds.

use crate::catalog::Catalog;
use crate::command::{PAGE_SIZE_MAX, TEMPLATE_LOOKS_MAX};
use crate::id::Id;
use crate::money::Currency;
use crate::rejection::Rejection;
use crate::reply::Reply;
use crate::terms::{Kind, TIME_MS_MAX, Template, within};

/// A kind without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindName {
    /// 折扣券.
    PercentOff,
    /// 满减券.
    AmountOff,
    /// 礼品卡.
    StoredValue,
    /// 满件减券.
    QuantityOff,
    /// 代金券.
    CashVoucher,
    /// 礼品券.
    Exchange,
}

/// Who issues and funds a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The platform 平台券.
    Platform,
    /// This merchant 商户券.
    Merchant(Id),
}

/// See the module. What is `None` is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    /// Whether it is stopped, as what is void is, too.
    pub stopped: Option<bool>,
    /// Whether it is void.
    pub void: Option<bool>,
    /// Of which kind.
    pub kind: Option<KindName>,
    /// In which currency.
    pub currency: Option<Currency>,
    /// Who issues it.
    pub issuer: Option<Issuer>,
    /// An instant in ms that its issue window contains, stopped or not.
    pub open_at_ms: Option<i64>,
    /// What its id begins with.
    pub id_prefix: Option<Id>,
}

impl KindName {
    /// The name of a kind.
    pub fn of(kind: &Kind) -> KindName {
        match kind {
            Kind::PercentOff { .. } => KindName::PercentOff,
            Kind::AmountOff { .. } => KindName::AmountOff,
            Kind::StoredValue { .. } => KindName::StoredValue,
            Kind::QuantityOff { .. } => KindName::QuantityOff,
            Kind::CashVoucher { .. } => KindName::CashVoucher,
            Kind::Exchange { .. } => KindName::Exchange,
        }
    }
}

impl TemplateFilter {
    /// Refuses an instant that is not counted.
    pub fn check(&self) -> Result<(), Rejection> {
        within("open_at_ms", self.open_at_ms.unwrap_or(0), 0, TIME_MS_MAX)
    }

    /// Whether a template is shown.
    pub fn shows(&self, template: &Template) -> bool {
        let Template { terms, stopped, void, .. } = template;
        self.stopped.is_none_or(|asked| asked == *stopped)
            && self.void.is_none_or(|asked| asked == void.is_some())
            && self.kind.is_none_or(|asked| asked == KindName::of(&terms.kind))
            && self.currency.is_none_or(|asked| asked == terms.currency)
            && self.open_at_ms.is_none_or(|at_ms| !terms.issue.is_before(at_ms) && !terms.issue.is_over(at_ms))
            && self.id_prefix.as_ref().is_none_or(|prefix| terms.template_id.as_str().starts_with(prefix.as_str()))
            && self.issuer.as_ref().is_none_or(|asked| match (asked, &terms.rules().issuer) {
                (Issuer::Platform, None) => true,
                (Issuer::Merchant(asked), Some(issuer)) => asked == issuer,
                _ => false,
            })
    }
}

impl Catalog {
    /// A page of the templates that a filter shows, in the order of their creation from this number on. It looks at
    /// [`TEMPLATE_LOOKS_MAX`] templates at most: a page that is not full by then ends early, and says where the next begins.
    pub(super) fn list(&self, page_size: u32, from: u32, filter: &TemplateFilter) -> Result<Reply, Rejection> {
        within("page_size", i64::from(page_size), 1, i64::from(PAGE_SIZE_MAX))?;
        filter.check()?;
        let looked_at = self.templates.iter().skip(from as usize).take(TEMPLATE_LOOKS_MAX as usize);
        let mut shown = looked_at.filter(|template| filter.shows(template));
        let templates: Vec<_> = shown.by_ref().take(page_size as usize).cloned().collect();
        let not_looked_at = Some(from.saturating_add(TEMPLATE_LOOKS_MAX)).filter(|&number| number < self.len());
        let next = shown.next().map(|template| template.terms.template).or(not_looked_at);
        Ok(Reply::Templates { templates, next })
    }
}
