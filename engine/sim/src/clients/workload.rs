//! What clients ask next: a mix by weight, made only of what they have heard of.

use super::known::{Card, Known, sale_of};
use super::op::{Ask, id, request_id};
use super::{batch, gift, import, orders, till};
use crate::dice::Dice;
use crate::machine::hash_key;
use crate::plan::Plan;
use tessera_domain::command::*;
use tessera_domain::keyed::UserKey;
use tessera_domain::money::{BasisPoints, Currency, Rounding};
use tessera_domain::rules::{KeptRules, Rules};
use tessera_domain::scope::{Choice, Names, Scope};
use tessera_domain::{Id, Kind, TemplateSpec, Validity, Window};

/// Of a card's balance at issue, in fen.
pub(super) const FACE_VALUE: i64 = 100_000;

/// Most of a part that is refunded or captured.
pub(super) const PART_MAX: i64 = 4_000;

/// How long a dynamic coupon is valid, in ms.
const VALID_MS: i64 = 600_000;

/// How long a card is valid that expires within a world, in ms.
const PASS_MS: i64 = 20_000;

/// A coupon that a user gets a few times a day, and that is for one merchant.
pub(crate) const DAILY: &str = "daily";

/// How many a day.
pub(crate) const DAILY_MAX: u32 = 2;

/// That merchant. Other coupons are used there, too.
pub(crate) const MERCHANT: &str = "m";

/// A coupon that all users together get a few times a day.
pub(crate) const DAYED: &str = "dayed";

/// How many a day.
pub(crate) const DAY_STOCK: u64 = 40;

/// A coupon that is paid out of a budget, sold from a stock, and given back to both when it ends unused.
pub(crate) const FUNDED: &str = "funded";

/// Of a budget that ends in the middle of a coupon.
pub(crate) const BUDGET: u64 = 50 * COVER as u64 + 7;

/// What one reserves.
pub(crate) const COVER: i64 = 20;

/// More than the budget pays for, less than are asked for.
pub(crate) const FUNDED_STOCK: u64 = 60;

/// Through which channel coupons are used; the daily one through no other.
const CHANNEL: &str = "till";

/// Of a thousand uses, so many are at another merchant.
const ELSEWHERE: u32 = 100;

/// Templates that are made void, where any are.
const DOOMED: usize = 8;

/// Of a thousand raises, so many are of what is funded, where there is such.
const RAISES_OF_FUNDED: u32 = 800;

/// Most pieces that a raise adds.
const RAISE_MAX: i64 = 40;

/// The templates that a world begins with: its sales, a card, a coupon, and one that is stopped some day.
pub(crate) fn creations(plan: &Plan, dice: &mut Dice, first_op: usize) -> Vec<Ask> {
    let sales = (0..plan.sales).map(|sale| {
        let stock = Some(dice.between(1, plan.stock_max) as u64);
        (format!("sale{sale}"), spec(Kind::AmountOff { threshold: 100, amount: 20 }, stock))
    });
    let mut wanted: Vec<_> = sales.collect();
    wanted.push(("card".into(), free(plan, spec(Kind::StoredValue { face_value: FACE_VALUE }, None))));
    wanted.push(("off".into(), free(plan, spec(percent_off(5_000), None))));
    wanted.push(("brief".into(), spec(percent_off(5_000), None)));
    wanted.push((DAILY.into(), TemplateSpec { rules: daily(), ..spec(Kind::CashVoucher { amount: 20 }, None) }));
    if plan.limits {
        wanted.extend([(DAYED.into(), dayed()), (FUNDED.into(), funded())]);
    }
    if plan.mix.holds > 0 {
        let validity = Validity::Dynamic { wait_ms: 0, valid_ms: PASS_MS };
        wanted.push(("pass".into(), TemplateSpec { validity, ..spec(Kind::StoredValue { face_value: FACE_VALUE }, None) }));
    }
    if plan.mix.voids > 0 {
        let kinds = [Kind::StoredValue { face_value: FACE_VALUE }, percent_off(5_000)];
        wanted.extend((0..DOOMED).map(|number| (doomed(number), free(plan, spec(kinds[number % kinds.len()], None)))));
    }
    let numbered = (first_op..).zip(wanted);
    numbered.map(|(op, (name, spec))| write(name, None, spec, op)).collect()
}

/// A template that is made void some day.
fn doomed(number: usize) -> String {
    format!("doomed{number}")
}

/// One of them, made void under the version that is known.
fn void(known: &Known, dice: &mut Dice, op: usize) -> Option<Ask> {
    let name = doomed(dice.below(DOOMED));
    let (expected_version, revoke_holds) = (*known.templates.get(&name)?, dice.chance(500));
    let (template, reason, request_id) = (id(name), id("recall".into()), request_id(op));
    let void = VoidTemplate { template, expected_version, reason, revoke_holds, request_id, validate_only: false };
    Some(Ask::Catalog(CatalogCommand::Void(void)))
}

/// Where friends are, what is claimed may be given away.
fn free(plan: &Plan, spec: TemplateSpec) -> TemplateSpec {
    let rules = Rules { transferable: plan.mix.gifts > 0, ..Rules::default() };
    TemplateSpec { rules: KeptRules::new(rules), ..spec }
}

fn daily() -> KeptRules {
    let only = |name: &str| Names::new(vec![id(name.into())]);
    let merchants = Choice { include: only(MERCHANT), ..Choice::default() };
    let scope = Scope { merchants, ..Scope::default() };
    KeptRules::new(Rules { scope, use_channels: only(CHANNEL), user_day_limit: DAILY_MAX, ..Rules::default() })
}

fn dayed() -> TemplateSpec {
    let rules = KeptRules::new(Rules { day_stock: DAY_STOCK, ..Rules::default() });
    TemplateSpec { rules, ..spec(Kind::CashVoucher { amount: COVER }, None) }
}

/// Valid for so short a time that much of it ends unused within a world.
fn funded() -> TemplateSpec {
    let rules = KeptRules::new(Rules { budget: BUDGET, restock: true, ..Rules::default() });
    let validity = Validity::Dynamic { wait_ms: 0, valid_ms: PASS_MS };
    TemplateSpec { rules, validity, ..spec(Kind::CashVoucher { amount: COVER }, Some(FUNDED_STOCK)) }
}

/// The merchant of a use, and its channel.
pub(super) fn place(dice: &mut Dice) -> (Id, Option<Box<Id>>) {
    let merchant = if dice.chance(ELSEWHERE) { "elsewhere" } else { MERCHANT };
    (id(merchant.into()), Some(Box::new(id(CHANNEL.into()))))
}

fn percent_off(cap: i64) -> Kind {
    let pay = BasisPoints::new(8_000).expect("80 % is a rate");
    Kind::PercentOff { pay, cap: Some(cap) }
}

fn write(name: String, expected_version: Option<u32>, spec: TemplateSpec, op: usize) -> Ask {
    let (template, request_id) = (id(name), request_id(op));
    Ask::Catalog(CatalogCommand::Write(WriteTemplate { template, expected_version, spec, request_id, validate_only: false }))
}

/// A coupon gets another cap; now and then the one that is to be stopped is, or is resumed.
fn change_catalog(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    if dice.chance(150) {
        let (template, request_id, validate_only) = (id("brief".into()), request_id(op), false);
        let is_known = known.templates.contains_key("brief");
        let ask = match dice.chance(500) {
            true => CatalogCommand::Stop { template, request_id, validate_only },
            false => CatalogCommand::Resume { template, request_id, validate_only },
        };
        return is_known.then_some(Ask::Catalog(ask));
    }
    let version = known.templates.get("off")?;
    Some(write("off".into(), Some(*version), free(plan, spec(percent_off(dice.between(1, 5_000)), None)), op))
}

fn spec(kind: Kind, stock: Option<u64>) -> TemplateSpec {
    let validity = match kind {
        Kind::StoredValue { .. } => Validity::Fixed(Window::default()),
        _ => Validity::Dynamic { wait_ms: 0, valid_ms: VALID_MS },
    };
    TemplateSpec {
        display: "simulated".into(),
        kind,
        currency: cny(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity,
        per_user_limit: 0,
        stock,
        refund: Default::default(),
        rules: Default::default(),
    }
}

pub(super) fn cny() -> Currency {
    Currency::parse("CNY").expect("a currency")
}

/// The next operation; none when nothing of its kind is known yet.
pub(crate) fn next(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let mix = &plan.mix;
    let weights = [
        mix.claims,
        mix.cards,
        mix.redeems,
        mix.refunds,
        mix.raises,
        mix.reads,
        mix.catalog,
        mix.holds,
        mix.ends,
        mix.operators,
        mix.orders,
        mix.gifts,
        mix.voids,
        mix.batches,
        mix.imports,
    ];
    match dice.weigh(&weights) {
        0 if plan.limits && dice.chance(700) => {
            let template = *dice.pick(&[DAYED, FUNDED])?;
            known.templates.contains_key(template).then(|| claim(plan, template, dice.between(0, plan.users), op))
        }
        0 => {
            let sale = dice.below(known.sales.len().max(1));
            known.sale(sale).map(|_| claim(plan, &format!("sale{sale}"), dice.between(0, plan.users), op))
        }
        1 => {
            let wanted = dice.pick(&["card", "card", "pass", "off", "off", "brief", DAILY])?.to_string();
            let wanted = if mix.voids > 0 && dice.chance(700) { doomed(dice.below(DOOMED)) } else { wanted };
            let template = if known.templates.contains_key(&wanted) { &wanted } else { "card" };
            known.templates.contains_key(template).then(|| claim(plan, template, dice.between(0, plan.users), op))
        }
        2 => card(known, plan, dice).map(|card| redeem(card, dice, op)),
        3 => dice.pick(&known.redemptions).map(|&(partition, redemption)| {
            let amount = dice.chance(400).then(|| dice.between(1, PART_MAX));
            Ask::Partition(partition, Command::Refund(Refund { redemption, amount, request_id: request_id(op) }))
        }),
        4 => raise(known, plan, dice, op),
        6 => change_catalog(known, plan, dice, op),
        7 => card(known, plan, dice).map(|card| till::hold(card, dice, op)),
        8 => till::end(known, dice, op),
        9 => till::operate(known, plan, dice, op),
        10 => orders::next(known, dice, op),
        11 => gift::next(card(known, plan, dice), known, plan, dice, op),
        12 => void(known, dice, op),
        13 => batch::next(known, plan, dice, op),
        14 => import::next(known, plan, dice, op),
        _ => read(known, plan, dice),
    }
}

/// A card, or the hot one.
fn card(known: &Known, plan: &Plan, dice: &mut Dice) -> Option<Card> {
    if plan.hot > 0 && dice.chance(plan.hot) {
        return known.cards.first().copied();
    }
    dice.pick(&known.cards).copied()
}

/// A claim by this user.
pub(crate) fn claim(plan: &Plan, template: &str, user: i64, op: usize) -> Ask {
    let name = format!("u{user}");
    let key = hash_key().user(&name);
    let operation = if op.is_multiple_of(7) { Operation::Issue } else { Operation::Claim };
    let user = User { id: id(name), key };
    let claim =
        Claim { operation, user, template: id(template.into()), request_id: request_id(op), channel: None, use_window: None };
    Ask::Partition(key.partition(plan.partitions), Command::Claim(claim))
}

pub(super) fn instrument(card: Card, dice: &mut Dice) -> Instrument {
    if let Some(code) = card.legacy {
        return Instrument::Legacy { code };
    }
    match dice.chance(500) || card.is_bearer {
        true => Instrument::Bearer { coupon: card.coupon, key_version: card.key_version },
        false => Instrument::Owned { user: card.user, coupon: card.coupon },
    }
}

pub(super) fn redeem(card: Card, dice: &mut Dice, op: usize) -> Ask {
    let (merchant, channel) = place(dice);
    let redeem = Redeem {
        instrument: instrument(card, dice),
        merchant,
        order: id(format!("o{op}")),
        amount: dice.between(1, FACE_VALUE / 3),
        currency: cny(),
        request_id: request_id(op),
        channel,
    };
    Ask::Partition(card.partition, Command::Redeem(redeem))
}

/// What is funded gets a few pieces more, or what pays for one or two.
fn raise_funded(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    let (home, is_budget) = (hash_key().home_of(FUNDED, plan.partitions), dice.chance(600));
    let current = if is_budget { known.funded.budget } else { known.funded.stock };
    let target = current + dice.between(1, if is_budget { 2 * COVER } else { 2 }) as u64;
    let raise = RaiseStock { template: id(FUNDED.into()), current, target, request_id: request_id(op), validate_only: false };
    let command = if is_budget { Command::RaiseBudget(raise) } else { Command::RaiseStock(raise) };
    (current > 0).then_some(Ask::Partition(home, command))
}

/// Who sees "sold out" asks for more; now and then somebody asks before.
fn raise(known: &Known, plan: &Plan, dice: &mut Dice, op: usize) -> Option<Ask> {
    if plan.limits && dice.chance(RAISES_OF_FUNDED) {
        return raise_funded(known, plan, dice, op);
    }
    let sale = dice.below(known.sales.len().max(1));
    let seen = known.sale(sale).filter(|seen| seen.is_sold_out || dice.chance(100))?;
    let name = format!("sale{sale}");
    let target = seen.total + dice.between(1, RAISE_MAX) as u64;
    let home = hash_key().home_of(&name, plan.partitions);
    let (template, request_id) = (id(name), request_id(op));
    let raise = RaiseStock { template, current: seen.total, target, request_id, validate_only: false };
    Some(Ask::Partition(home, Command::RaiseStock(raise)))
}

/// A read of what a write is about.
pub(crate) fn look(write: &Ask, plan: &Plan) -> Option<Ask> {
    let Ask::Partition(partition, command) = write else { return None };
    match command {
        Command::Redeem(redeem) => Some(Ask::Partition(*partition, Command::GetCoupon(redeem.instrument))),
        Command::Hold(hold) => Some(Ask::Partition(*partition, Command::GetCoupon(hold.instrument))),
        Command::Claim(claim) if sale_of(claim.template.as_str()).is_some() => {
            let home = hash_key().home_of(claim.template.as_str(), plan.partitions);
            Some(Ask::Partition(home, Command::GetStock(claim.template.clone())))
        }
        Command::Claim(claim) => Some(Ask::Partition(*partition, wallet(claim.user.key))),
        _ => None,
    }
}

fn wallet(user: UserKey) -> Command {
    Command::ListCoupons(ListCoupons { user, status: StatusFilter::Any, ends_before_ms: 0, page_size: PAGE_SIZE_MAX, from: None })
}

fn read(known: &Known, plan: &Plan, dice: &mut Dice) -> Option<Ask> {
    if dice.chance(300) {
        let name = format!("sale{}", dice.below(known.sales.len().max(1)));
        let is_known = known.templates.contains_key(&name);
        return is_known.then(|| Ask::Partition(hash_key().home_of(&name, plan.partitions), Command::GetStock(id(name))));
    }
    let card = *dice.pick(&known.cards)?;
    let command = match dice.below(3) {
        0 if !card.is_bearer => {
            let (user, status) = (card.user, StatusFilter::Any);
            Command::ListCoupons(ListCoupons { user, status, ends_before_ms: 0, page_size: PAGE_SIZE_MAX, from: None })
        }
        1 => {
            let (instrument, amount) = (instrument(card, dice), dice.between(1, 1_000));
            Command::Validate(Validate { instrument, merchant: id("m".into()), amount, currency: cny(), channel: None })
        }
        _ => Command::GetCoupon(instrument(card, dice)),
    };
    Some(Ask::Partition(card.partition, command))
}
