//! Orders to be reckoned, and what was reckoned.

use tessera_proto::v1;

use super::{channel, currency, malformed, refusal, wallet::owned};
use crate::{
    domain::{
        Id, Rejection,
        checkout::{Combination, INSTRUMENTS_MAX, Line, Order, Quoted},
        command::{Instrument, ListCoupons, PAGE_SIZE_MAX, StatusFilter, User},
        money::Currency,
        reply::CouponView,
    },
    seals::{Place, Seals},
};

/// A question for a quote, well formed.
pub struct Asked {
    /// The partition of the user.
    pub partition: u16,
    user: User,
    /// The order.
    pub order: Order,
    /// Its currency.
    pub currency: Currency,
    /// Through which channel.
    pub channel: Option<Box<Id>>,
    /// The chosen coupons, each once.
    pub chosen: Vec<Instrument>,
}

impl Asked {
    /// From a request.
    pub fn of(seals: Seals<'_>, request: v1::QuoteRequest) -> Result<Self, Rejection> {
        let user = Id::new("user_id", request.user_id)?;
        let (order, currency) = ordered(request.order)?;
        let channel = channel(&request.channel)?;
        let mut ids = request.chosen_coupon_ids;
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > INSTRUMENTS_MAX {
            return Err(Rejection::invalid("chosen_coupon_ids", INSTRUMENTS_MAX as i64));
        }
        let chosen = ids.iter().map(|id| owned(seals, user.clone(), id).map(|(_, instrument)| instrument));
        let chosen = chosen.collect::<Result<_, _>>()?;
        let (partition, user) = seals.user_of(user);
        Ok(Self { partition, user, order, currency, channel, chosen })
    }

    /// A page of the user's active coupons.
    pub fn page(&self, from: Option<u64>) -> ListCoupons {
        let (user, status) = (self.user.key, StatusFilter::Open);
        ListCoupons { user, status, ends_before_ms: 0, page_size: PAGE_SIZE_MAX, from }
    }
}

/// An order, and its currency.
pub(super) fn ordered(order: Option<v1::Order>) -> Result<(Order, Currency), Rejection> {
    let order = order.ok_or(malformed("order"))?;
    let currency = currency("order.currency", &order.currency)?;
    let lines = order.lines.into_iter().map(line).collect::<Result<_, _>>()?;
    Ok((Order::new(lines, order.shipping_minor)?, currency))
}

fn line(line: v1::OrderLine) -> Result<Line, Rejection> {
    let goods = super::optional("order.lines.goods_id", &line.goods_id)?;
    let category = |id: &String| Id::new("order.lines.category_ids", id);
    let categories = line.category_ids.iter().map(category).collect::<Result<_, _>>()?;
    let merchant = Id::new("order.lines.merchant_id", line.merchant_id)?;
    Ok(Line { goods, categories, merchant, quantity: line.quantity, unit_price: line.unit_price_minor })
}

/// A wallet that was quoted, and what its coupons are called.
pub struct Wallet<'a> {
    /// Opens and seals ids.
    pub seals: Seals<'a>,
    /// Where its coupons are.
    pub partition: u16,
    /// The coupons that were looked at.
    pub coupons: &'a [CouponView],
    /// How many of them were looked at by themselves; the others were chosen.
    pub listed: usize,
}

impl Wallet<'_> {
    /// The answer to a question for a quote.
    pub fn quoted(&self, quoted: &Quoted, older_left_out: bool) -> v1::QuoteResponse {
        let (mut usable, mut unusable) = (Vec::new(), Vec::new());
        for (view, alone) in self.coupons.iter().zip(&quoted.alone).take(self.listed) {
            match alone {
                Ok(worth) => usable.push(self.usable(view, *worth)),
                Err(why) => unusable.push(self.unusable(view, why)),
            }
        }
        v1::QuoteResponse {
            usable,
            unusable,
            chosen: Some(self.combination(&quoted.chosen)),
            best: Some(self.combination(&quoted.best)),
            best_is_exact: quoted.is_exact && !older_left_out,
            older_left_out,
        }
    }

    fn usable(&self, view: &CouponView, worth: i64) -> v1::UsableCoupon {
        let is_card = view.terms.is_stored_value();
        v1::UsableCoupon {
            coupon_id: self.id(view.coupon),
            template_id: view.terms.template_id.as_str().to_owned(),
            discount_minor: if is_card { 0 } else { worth },
            available_minor: if is_card { worth } else { 0 },
            use_until_ms: view.window.until_ms,
        }
    }

    fn unusable(&self, view: &CouponView, why: &Rejection) -> v1::UnusableCoupon {
        let mut reason = refusal::of(why);
        let is_beside = reason.reason() == v1::Reason::NotCombinable;
        let not_beside_coupon_id = if is_beside { self.id(reason.value.cast_unsigned()) } else { String::new() };
        if is_beside {
            // A coupon's number is nobody's business; its id is named beside.
            reason.value = 0;
        }
        v1::UnusableCoupon {
            coupon_id: self.id(view.coupon),
            template_id: view.terms.template_id.as_str().to_owned(),
            reason: Some(reason),
            not_beside_coupon_id,
        }
    }

    fn combination(&self, combination: &Combination) -> v1::Combination {
        let applied = combination.applied.steps.iter().map(|step| v1::AppliedCoupon {
            coupon_id: self.id(step.coupon),
            discount_minor: step.discount,
            line_shares_minor: step.shares.clone(),
            shipping_share_minor: step.shipping_share,
        });
        let payments = combination.payments.iter();
        v1::Combination {
            discounts: applied.collect(),
            discount_minor: combination.applied.discount(),
            payments: payments.map(|&(card, amount_minor)| v1::CardPayment { coupon_id: self.id(card), amount_minor }).collect(),
            payable_minor: combination.payable(),
            unusable: combination.unusable.iter().map(|(coupon, why)| self.unusable(self.view(*coupon), why)).collect(),
        }
    }

    fn view(&self, coupon: u64) -> &CouponView {
        self.coupons.iter().find(|view| view.coupon == coupon).expect("a coupon that was quoted is of the wallet")
    }

    fn id(&self, number: u64) -> String {
        self.seals.coupon_id(Place { partition: self.partition, number })
    }
}
