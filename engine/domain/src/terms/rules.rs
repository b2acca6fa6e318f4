//! Rules of a template beside its numbers: for what, where, when and beside what else its coupons may be used.
//!
//! Most templates say none of it, so [`Terms`](crate::Terms) keep them apart, with the bytes that journal, image and digest take.

use crate::calendar::Zone;
use crate::codec;
use crate::event::{RulesBody, RulesBodyV2, RulesBodyV3};
use crate::id::Id;
use crate::rejection::Rejection;
use crate::terms::hours::{Hours, Span};
use crate::terms::number_in;
use crate::terms::scope::{Choice, Names, Scope};
use std::sync::Arc;

/// Most bytes that the rules of one template take in the journal; about 120 of the longest names, or 400 usual ones.
pub const RULES_BYTES_MAX: usize = 8 * 1024;

/// Which part of an order a discount is taken off. They follow each other in this order; stored value pays last, whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Single goods 单品, before anything of the order.
    Item,
    /// The order 订单.
    #[default]
    Order,
    /// What its shipping costs 运费.
    Shipping,
}

/// From which amounts a discount is reckoned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// From what the discounts before it have left; a threshold looks at what earlier layers have left.
    #[default]
    Remaining,
    /// From what the order cost at first.
    Initial,
}

/// Beside which other discounts of an order a coupon may stand 叠加. All of them must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Beside none 互斥.
    #[default]
    Never,
    /// Beside others, but few of one group.
    Grouped,
    /// Beside any 可叠加.
    Always,
}

/// See [`Class`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacking {
    /// Beside what.
    pub class: Class,
    /// The group, of a class that has one.
    pub group: Option<Id>,
    /// Most coupons of the group in one order; 0 = one.
    pub max_per_group: u32,
    /// Most coupons of this template in one order; 0 = as many as an order takes.
    pub max_per_order: u32,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The merchant who issues and funds it 商户券; `None` = the platform 平台券.
    pub issuer: Option<Id>,
    /// Which lines it is about.
    pub scope: Scope,
    /// Through which channels it is given out 发放渠道; none = all.
    pub issue_channels: Names,
    /// Through which channels it is used 使用渠道; none = all.
    pub use_channels: Names,
    /// Whose days and hours are meant.
    pub zone: Zone,
    /// When in the week it is given out.
    pub issue_hours: Hours,
    /// When in the week it is used.
    pub use_hours: Hours,
    /// Most that one user may get on one local day; 0 = no limit.
    pub user_day_limit: u32,
    /// Which part of an order it is taken off.
    pub layer: Layer,
    /// Within its layer the lower is applied first.
    pub priority: u32,
    /// From which amounts it is reckoned.
    pub basis: Basis,
    /// Beside what it may stand.
    pub stacking: Stacking,
    /// Whether its coupons may be given to somebody else 可转赠.
    pub transferable: bool,
    /// Most pieces for all users together on one local day 每日限量; 0 = no limit.
    pub day_stock: u64,
    /// What its coupons may cover in all 预算, at creation, in minor units; 0 = as much as they do. Raised beside the template.
    pub budget: u64,
    /// Whether a coupon that ends without having been used gives back what it took of stock and budget 库存返还.
    pub restock: bool,
}

/// Rules that say something, with their bytes.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    rules: Rules,
    bytes: Box<[u8]>,
}

/// Rules with their bytes in the journal: nothing for those that say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptRules(Option<Arc<Written>>);

/// By their numbers in the journal.
const LAYERS: [Layer; 3] = [Layer::Order, Layer::Item, Layer::Shipping];

/// By their numbers in the journal.
const BASES: [Basis; 2] = [Basis::Remaining, Basis::Initial];

/// By their numbers in the journal.
const CLASSES: [Class; 3] = [Class::Never, Class::Grouped, Class::Always];

impl Rules {
    fn body(&self) -> RulesBody<'_> {
        let Scope { goods, categories, merchants } = &self.scope;
        let [goods, categories, merchants] = [goods, categories, merchants].map(|choice| [&choice.include, &choice.exclude]);
        RulesBody {
            issuer: text(self.issuer.as_ref()),
            goods: goods.map(texts),
            categories: categories.map(texts),
            merchants: merchants.map(texts),
            channels: [&self.issue_channels, &self.use_channels].map(texts),
            zone: self.zone.name(),
            hours: [&self.issue_hours, &self.use_hours].map(spans),
            user_day_limit: self.user_day_limit,
            layer: number_in(&LAYERS, &self.layer),
            priority: self.priority,
            basis: number_in(&BASES, &self.basis),
            class: number_in(&CLASSES, &self.stacking.class),
            group: text(self.stacking.group.as_ref()),
            max_per_group: self.stacking.max_per_group,
            max_per_order: self.stacking.max_per_order,
        }
    }

    fn from_body(body: &RulesBody<'_>) -> Option<Rules> {
        let stacking = Stacking {
            class: *CLASSES.get(usize::from(body.class))?,
            group: id(body.group)?,
            max_per_group: body.max_per_group,
            max_per_order: body.max_per_order,
        };
        let scope =
            Scope { goods: choice(&body.goods)?, categories: choice(&body.categories)?, merchants: choice(&body.merchants)? };
        let [issue_channels, use_channels] = &body.channels;
        let [issue_hours, use_hours] = body.hours.each_ref().map(|spans| hours(spans));
        Some(Rules {
            issuer: id(body.issuer)?,
            scope,
            issue_channels: Names::of_texts(issue_channels)?,
            use_channels: Names::of_texts(use_channels)?,
            zone: Zone::named(body.zone)?,
            issue_hours,
            use_hours,
            user_day_limit: body.user_day_limit,
            layer: *LAYERS.get(usize::from(body.layer))?,
            priority: body.priority,
            basis: *BASES.get(usize::from(body.basis))?,
            stacking,
            transferable: false,
            day_stock: 0,
            budget: 0,
            restock: false,
        })
    }

    /// The list that takes most room: whatever else they say has a bound of its own.
    fn longest(&self) -> &'static str {
        let Scope { goods, categories, merchants } = &self.scope;
        let lists = [
            ("scope.include_goods_ids", &goods.include),
            ("scope.exclude_goods_ids", &goods.exclude),
            ("scope.include_category_ids", &categories.include),
            ("scope.exclude_category_ids", &categories.exclude),
            ("scope.include_merchant_ids", &merchants.include),
            ("scope.exclude_merchant_ids", &merchants.exclude),
            ("issue_channels", &self.issue_channels),
            ("use_channels", &self.use_channels),
        ];
        let bytes = |names: &Names| names.iter().map(|name| name.as_str().len() + 1).sum::<usize>();
        let (field, _) = lists.into_iter().max_by_key(|(_, names)| bytes(names)).expect("there are lists");
        field
    }

    /// In the first version that has words for all of it.
    fn bytes(&self) -> Vec<u8> {
        let first = self.body();
        let &Rules { transferable, day_stock, budget, restock, .. } = self;
        match (transferable, day_stock != 0 || budget != 0 || restock) {
            (false, false) => codec::encode_rules(&first),
            (true, false) => codec::encode_rules_v2(&RulesBodyV2 { first, transferable }),
            (_, true) => codec::encode_rules_v3(&RulesBodyV3 { first, transferable, day_stock, budget, restock }),
        }
    }

    fn read(bytes: &[u8]) -> Option<Rules> {
        if let Some(first) = codec::decode_rules(bytes) {
            return Rules::from_body(&first);
        }
        if let Some(RulesBodyV2 { first, transferable }) = codec::decode_rules_v2(bytes) {
            return Some(Rules { transferable, ..Rules::from_body(&first)? });
        }
        let RulesBodyV3 { first, transferable, day_stock, budget, restock } = codec::decode_rules_v3(bytes)?;
        Some(Rules { transferable, day_stock, budget, restock, ..Rules::from_body(&first)? })
    }
}

impl Stacking {
    fn check(&self) -> Result<(), Rejection> {
        match (self.class, &self.group) {
            (Class::Grouped, None) | (Class::Never | Class::Always, Some(_)) => Err(Rejection::invalid("stacking.group", 0)),
            (Class::Never | Class::Always, None) if self.max_per_group != 0 => {
                Err(Rejection::invalid("stacking.max_per_group", 0))
            }
            _ => Ok(()),
        }
    }
}

impl KeptRules {
    /// With the bytes of those that say something.
    pub fn new(rules: Rules) -> KeptRules {
        match rules == Rules::default() {
            true => KeptRules(None),
            false => KeptRules(Some(Arc::new(Written { bytes: rules.bytes().into(), rules }))),
        }
    }

    /// From the journal; `None` for bytes that this version would not write.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<KeptRules> {
        if bytes.is_empty() {
            return Some(KeptRules(None));
        }
        let kept = KeptRules::new(Rules::read(bytes)?);
        (kept.bytes() == bytes).then_some(kept)
    }

    /// For the journal; empty for those that say nothing.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |written| &written.bytes)
    }

    /// What they say, if they say something.
    pub fn get(&self) -> Option<&Rules> {
        self.0.as_ref().map(|written| &written.rules)
    }

    /// Refuses what is beyond its limits, naming the field.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        let Some(rules) = self.get() else { return Ok(()) };
        rules.issue_hours.check("issue_hours")?;
        rules.use_hours.check("use_hours")?;
        rules.stacking.check()?;
        match self.bytes().len() > RULES_BYTES_MAX {
            true => Err(Rejection::invalid(rules.longest(), RULES_BYTES_MAX as i64)),
            false => Ok(()),
        }
    }
}

fn text(id: Option<&Id>) -> &str {
    id.map_or("", Id::as_str)
}

fn id(text: &str) -> Option<Option<Id>> {
    if text.is_empty() { Some(None) } else { Id::new("name", text).ok().map(Some) }
}

fn texts(names: &Names) -> Vec<&str> {
    names.iter().map(Id::as_str).collect()
}

fn choice(lists: &[Vec<&str>; 2]) -> Option<Choice> {
    let [include, exclude] = lists;
    Some(Choice { include: Names::of_texts(include)?, exclude: Names::of_texts(exclude)? })
}

fn spans(hours: &Hours) -> Vec<(u8, u16, u16)> {
    hours.0.iter().map(|span| (span.weekdays, span.from_minute, span.until_minute)).collect()
}

fn hours(spans: &[(u8, u16, u16)]) -> Hours {
    let span = |&(weekdays, from_minute, until_minute): &(u8, u16, u16)| Span { weekdays, from_minute, until_minute };
    Hours(spans.iter().map(span).collect())
}
