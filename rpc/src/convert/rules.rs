//! A template's rules, from the wire and to it.

use tessera_proto::v1;

use super::{malformed, minor, optional};
use crate::domain::{
    Id, Rejection,
    calendar::Zone,
    hours::{Hours, SPANS_MAX, Span},
    rules::{Basis, Class, Layer, Rules, Stacking},
    scope::{Choice, Names, Scope},
};

/// A minute beyond what a span can hold: refused by the check of every span, with its own limit.
const BEYOND: u16 = u16::MAX;

/// The rules that a request says.
pub(super) fn rules(spec: &v1::TemplateSpec) -> Result<Rules, Rejection> {
    Ok(Rules {
        issuer: optional("spec.issuer_merchant_id", &spec.issuer_merchant_id)?,
        scope: spec.scope.as_ref().map_or(Ok(Scope::default()), scope)?,
        issue_channels: names("spec.issue_channels", &spec.issue_channels)?,
        use_channels: names("spec.use_channels", &spec.use_channels)?,
        zone: zone(&spec.time_zone)?,
        issue_hours: hours("spec.issue_hours", &spec.issue_hours)?,
        use_hours: hours("spec.use_hours", &spec.use_hours)?,
        user_day_limit: spec.per_user_day_limit,
        layer: layer(spec.layer)?,
        priority: spec.priority,
        basis: basis(spec.basis)?,
        stacking: spec.stacking.as_ref().map_or(Ok(Stacking::default()), stacking)?,
        transferable: spec.transferable,
        day_stock: spec.day_stock,
        budget: u64::try_from(spec.budget_minor).map_err(|_| Rejection::invalid("spec.budget_minor", 0))?,
        restock: spec.restock,
    })
}

fn scope(scope: &v1::Scope) -> Result<Scope, Rejection> {
    let choice = |included, include: &[String], excluded, exclude: &[String]| -> Result<Choice, Rejection> {
        Ok(Choice { include: names(included, include)?, exclude: names(excluded, exclude)? })
    };
    Ok(Scope {
        goods: choice(
            "spec.scope.include_goods_ids",
            &scope.include_goods_ids,
            "spec.scope.exclude_goods_ids",
            &scope.exclude_goods_ids,
        )?,
        categories: choice(
            "spec.scope.include_category_ids",
            &scope.include_category_ids,
            "spec.scope.exclude_category_ids",
            &scope.exclude_category_ids,
        )?,
        merchants: choice(
            "spec.scope.include_merchant_ids",
            &scope.include_merchant_ids,
            "spec.scope.exclude_merchant_ids",
            &scope.exclude_merchant_ids,
        )?,
    })
}

fn names(field: &'static str, texts: &[String]) -> Result<Names, Rejection> {
    texts.iter().map(|text| Id::new(field, text)).collect::<Result<_, _>>().map(Names::new)
}

fn zone(name: &str) -> Result<Zone, Rejection> {
    match name {
        "" => Ok(Zone::default()),
        name => Zone::named(name).ok_or(malformed("spec.time_zone")),
    }
}

fn hours(field: &'static str, spans: &[v1::WeekSpan]) -> Result<Hours, Rejection> {
    if spans.len() > SPANS_MAX {
        return Err(Rejection::invalid(field, SPANS_MAX as i64));
    }
    spans.iter().map(|one| span(field, one)).collect::<Result<_, _>>().map(Hours)
}

fn span(field: &'static str, span: &v1::WeekSpan) -> Result<Span, Rejection> {
    let minute = |minute: u32| u16::try_from(minute).unwrap_or(BEYOND);
    let weekdays = span.weekdays.iter().try_fold(0, |weekdays, &day| match v1::Weekday::try_from(day) {
        Ok(v1::Weekday::Unspecified) | Err(_) => Err(malformed(field)),
        Ok(day) => Ok(weekdays | 1 << (day as u8 - 1)),
    })?;
    Ok(Span { weekdays, from_minute: minute(span.from_minute), until_minute: minute(span.until_minute) })
}

fn layer(layer: i32) -> Result<Layer, Rejection> {
    match v1::Layer::try_from(layer) {
        Ok(v1::Layer::Unspecified | v1::Layer::Order) => Ok(Layer::Order),
        Ok(v1::Layer::Item) => Ok(Layer::Item),
        Ok(v1::Layer::Shipping) => Ok(Layer::Shipping),
        Err(_) => Err(malformed("spec.layer")),
    }
}

fn basis(basis: i32) -> Result<Basis, Rejection> {
    match v1::Basis::try_from(basis) {
        Ok(v1::Basis::Unspecified | v1::Basis::Remaining) => Ok(Basis::Remaining),
        Ok(v1::Basis::Initial) => Ok(Basis::Initial),
        Err(_) => Err(malformed("spec.basis")),
    }
}

fn stacking(stacking: &v1::Stacking) -> Result<Stacking, Rejection> {
    let class = match v1::StackingClass::try_from(stacking.class) {
        Ok(v1::StackingClass::Unspecified | v1::StackingClass::Never) => Class::Never,
        Ok(v1::StackingClass::Grouped) => Class::Grouped,
        Ok(v1::StackingClass::Always) => Class::Always,
        Err(_) => return Err(malformed("spec.stacking.class")),
    };
    let group = optional("spec.stacking.group", &stacking.group)?;
    Ok(Stacking { class, group, max_per_group: stacking.max_per_group, max_per_order: stacking.max_per_order })
}

/// Writes what these rules say.
pub(super) fn write_rules(rules: &Rules, spec: &mut v1::TemplateSpec) {
    let Rules { issuer, scope, issue_channels, use_channels, zone, issue_hours, use_hours, .. } = rules;
    spec.issuer_merchant_id = text_of(issuer.as_ref());
    spec.scope = (*scope != Scope::default()).then(|| scope_of(scope));
    (spec.issue_channels, spec.use_channels) = (texts_of(issue_channels), texts_of(use_channels));
    zone.name().clone_into(&mut spec.time_zone);
    (spec.issue_hours, spec.use_hours) = (hours_of(issue_hours), hours_of(use_hours));
    spec.per_user_day_limit = rules.user_day_limit;
    spec.layer = layer_of(rules.layer).into();
    spec.priority = rules.priority;
    spec.basis = basis_of(rules.basis).into();
    spec.transferable = rules.transferable;
    (spec.day_stock, spec.budget_minor, spec.restock) = (rules.day_stock, minor(rules.budget), rules.restock);
    spec.stacking = (rules.stacking != Stacking::default()).then(|| stacking_of(&rules.stacking));
}

fn scope_of(Scope { goods, categories, merchants }: &Scope) -> v1::Scope {
    v1::Scope {
        include_goods_ids: texts_of(&goods.include),
        exclude_goods_ids: texts_of(&goods.exclude),
        include_category_ids: texts_of(&categories.include),
        exclude_category_ids: texts_of(&categories.exclude),
        include_merchant_ids: texts_of(&merchants.include),
        exclude_merchant_ids: texts_of(&merchants.exclude),
    }
}

fn texts_of(names: &Names) -> Vec<String> {
    names.iter().map(|name| name.as_str().to_owned()).collect()
}

fn text_of(id: Option<&Id>) -> String {
    id.map_or_else(String::new, |id| id.as_str().to_owned())
}

fn hours_of(hours: &Hours) -> Vec<v1::WeekSpan> {
    let days_of = |weekdays: u8| (0..7).filter(move |day| weekdays >> day & 1 == 1).map(|day| day + 1).collect();
    let span_of = |span: &Span| v1::WeekSpan {
        weekdays: days_of(span.weekdays),
        from_minute: span.from_minute.into(),
        until_minute: span.until_minute.into(),
    };
    hours.0.iter().map(span_of).collect()
}

fn layer_of(layer: Layer) -> v1::Layer {
    match layer {
        Layer::Item => v1::Layer::Item,
        Layer::Order => v1::Layer::Order,
        Layer::Shipping => v1::Layer::Shipping,
    }
}

fn basis_of(basis: Basis) -> v1::Basis {
    match basis {
        Basis::Remaining => v1::Basis::Remaining,
        Basis::Initial => v1::Basis::Initial,
    }
}

fn stacking_of(stacking: &Stacking) -> v1::Stacking {
    let class = match stacking.class {
        Class::Never => v1::StackingClass::Never,
        Class::Grouped => v1::StackingClass::Grouped,
        Class::Always => v1::StackingClass::Always,
    };
    let Stacking { max_per_group, max_per_order, .. } = *stacking;
    v1::Stacking { class: class.into(), group: text_of(stacking.group.as_ref()), max_per_group, max_per_order }
}
