//! Promotions: what a discount of the data becomes in the engine, as a template whose amount is the one that was realised.
//!
//! | discount | funded by | template | scope |
//! | --- | --- | --- | --- |
//! | loyalty price | the store 平台券 | one for each amount of an order | lines that have it, after coupons |
//! | coupon of a campaign | the manufacturer | one for each coupon and amount, a piece for each household | the line it was shown for |
//! | another paper coupon | the manufacturer | one for each product and amount | that product |
//! | match of a coupon | the store | one for each product and amount | that product |
//!
//! Whatever is left is paid with the household's purse, a card.

use super::data::zone;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::rules::{Class as StackingClass, KeptRules, Layer, Rules, Stacking};
use tessera_domain::scope::{Choice, Names, Scope};
use tessera_domain::{Id, Kind, TemplateSpec, Validity, Window};

/// The template of all purses.
pub(super) const PURSE: &str = "purse";

/// What is on a purse at first, in cents.
pub(super) const PURSE_CENTS: i64 = 10_000;

/// A category of lines with a loyalty price.
const LOYALTY: &str = "loyalty";

/// What kind of discount, or payment, a coupon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Purse,
    Loyalty,
    Campaign,
    Paper,
    Matched,
}

impl Class {
    pub(super) const ALL: [Class; 5] = [Class::Purse, Class::Loyalty, Class::Campaign, Class::Paper, Class::Matched];

    /// Of a template, by its name.
    pub(super) fn of(template: &str) -> Option<Class> {
        match template.split('-').next()? {
            PURSE => Some(Class::Purse),
            "loyalty" => Some(Class::Loyalty),
            "campaign" => Some(Class::Campaign),
            "paper" => Some(Class::Paper),
            "matched" => Some(Class::Matched),
            _ => None,
        }
    }
}

/// What a discount was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Promotion {
    Loyalty,
    Campaign { campaign: u32, upc: u64 },
    Paper { product: u64 },
    Matched { product: u64 },
}

/// A promotion of so many cents: one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Worth {
    pub(super) promotion: Promotion,
    pub(super) cents: i64,
}

impl Worth {
    /// The id of its template.
    pub(super) fn template(&self) -> String {
        let Worth { promotion, cents } = self;
        match promotion {
            Promotion::Loyalty => format!("loyalty-{cents}"),
            Promotion::Campaign { campaign, upc } => format!("campaign-{campaign}-{upc}-{cents}"),
            Promotion::Paper { product } => format!("paper-{product}-{cents}"),
            Promotion::Matched { product } => format!("matched-{product}-{cents}"),
        }
    }

    /// Its template; a campaign's has a window and so many pieces.
    pub(super) fn spec(&self, window: Window, stock: Option<u64>) -> TemplateSpec {
        let only = |name: Id| Choice { include: Names::new(vec![name]), ..Choice::default() };
        let (scope, layer) = match self.promotion {
            Promotion::Loyalty => (Scope { categories: only(id(LOYALTY)), ..Scope::default() }, Layer::Order),
            Promotion::Campaign { campaign, upc } => {
                (Scope { categories: only(set(campaign, upc)), ..Scope::default() }, Layer::Item)
            }
            Promotion::Paper { product } | Promotion::Matched { product } => {
                (Scope { goods: only(goods(product)), ..Scope::default() }, Layer::Item)
            }
        };
        let stacking = Stacking { class: StackingClass::Always, ..Stacking::default() };
        let rules = KeptRules::new(Rules { scope, layer, stacking, zone: zone(), ..Rules::default() });
        TemplateSpec { validity: Validity::Fixed(window), stock, rules, ..spec(Kind::CashVoucher { amount: self.cents }) }
    }
}

/// The template of all purses.
pub(super) fn purse() -> TemplateSpec {
    spec(Kind::StoredValue { face_value: PURSE_CENTS })
}

fn spec(kind: Kind) -> TemplateSpec {
    TemplateSpec {
        display: "journey".into(),
        kind,
        currency: usd(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity: Validity::Fixed(Window::default()),
        per_user_limit: 0,
        stock: None,
        refund: Default::default(),
        rules: Default::default(),
    }
}

pub(super) fn usd() -> Currency {
    Currency::parse("USD").expect("a currency")
}

/// The category of the line that a campaign's coupon was shown for. Its products are up to 14,000, more than a template names.
pub(super) fn set(campaign: u32, upc: u64) -> Id {
    id(format!("set-{campaign}-{upc}"))
}

/// The category of lines with a loyalty price.
pub(super) fn loyalty() -> Id {
    id(LOYALTY)
}

pub(super) fn goods(product: u64) -> Id {
    id(format!("p{product}"))
}

pub(super) fn id(text: impl AsRef<str>) -> Id {
    Id::new("id", text).expect("the journey's names are short")
}
