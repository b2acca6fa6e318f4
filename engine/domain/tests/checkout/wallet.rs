//! What is in a wallet: one coupon of each of some templates thrown by dice, discounts of every kind and cards; and what is looked at of it.

use crate::shop::{self, Coupon, Dice};
use crate::till::currency;
use tessera_domain::checkout::{Layer, Names};
use tessera_domain::money::Rounding;
use tessera_domain::reply::CouponView;
use tessera_domain::rules::{KeptRules, Rules};
use tessera_domain::{Kind, Life, RefundPolicy, TemplateSpec, Validity, Window};

/// Templates; the last few are of cards.
pub const TEMPLATES: usize = 26;
const CARDS: usize = 7;

const DAY_MS: i64 = 86_400_000;

/// What is looked at of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    pub coupon: u64,
    pub template: u32,
    pub policy: RefundPolicy,
    pub is_card: bool,
    pub life: Life,
    pub available: i64,
    pub held: i64,
    pub captured: i64,
}

impl Purse {
    pub fn of(view: &CouponView) -> Purse {
        let CouponView { coupon, ref terms, life, available, held, captured, .. } = *view;
        let (template, policy, is_card) = (terms.template, terms.refund, terms.is_stored_value());
        Purse { coupon, template, policy, is_card, life, available, held, captured }
    }

    pub fn accounts(&self) -> [i64; 3] {
        [self.available, self.held, self.captured]
    }
}

/// Discounts, then cards, for orders of this scale.
pub fn templates(dice: &mut Dice, scale: i64) -> Vec<TemplateSpec> {
    let coupons = shop::coupons(dice, (TEMPLATES - CARDS) as u64, scale);
    let mut templates: Vec<TemplateSpec> = coupons.iter().map(|coupon| discount(coupon, dice)).collect();
    templates.extend((0..CARDS).map(|_| card(dice, scale)));
    templates
}

/// A template of such coupons, as far as it may be one.
fn discount(coupon: &Coupon, dice: &mut Dice) -> TemplateSpec {
    let Coupon { kind, rounding, layer, priority, basis, ref stacking, ref scope, .. } = *coupon;
    let (mut kind, mut layer, mut scope) = (kind, layer, scope.clone());
    match &mut kind {
        Kind::QuantityOff { pieces, .. } => *pieces = (*pieces).max(1),
        Kind::Exchange { .. } => {
            layer = if layer == Layer::Shipping { Layer::Item } else { layer };
            if !scope.names_goods() {
                scope.goods.include = Names::new(["g0", "g1"].map(shop::id).into());
            }
        }
        _ => {}
    }
    let rules = Rules { layer, priority, basis, stacking: stacking.clone(), scope, ..Rules::default() };
    let refund = dice.one_of(&[RefundPolicy::Full, RefundPolicy::Full, RefundPolicy::Any, RefundPolicy::Never]);
    template(kind, rounding, Validity::Fixed(Window::default()), refund, KeptRules::new(rules))
}

/// A card of an order or a few, which may end before others.
fn card(dice: &mut Dice, scale: i64) -> TemplateSpec {
    let valid_ms = DAY_MS * (dice.below(3) as i64 + 1);
    let endless = Validity::Fixed(Window::default());
    let validity = if dice.is_one_in(2) { endless } else { Validity::Dynamic { wait_ms: 0, valid_ms } };
    let kind = Kind::StoredValue { face_value: dice.amount(6 * scale) + 1 };
    template(kind, Rounding::HalfUp, validity, RefundPolicy::Full, KeptRules::default())
}

fn template(kind: Kind, rounding: Rounding, validity: Validity, refund: RefundPolicy, rules: KeptRules) -> TemplateSpec {
    TemplateSpec {
        display: "shop".into(),
        kind,
        currency: currency(),
        rounding,
        issue: Window::default(),
        validity,
        per_user_limit: 0,
        stock: None,
        refund,
        rules,
    }
}
