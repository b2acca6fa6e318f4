//! What is bought: orders of 1 to 8 lines, some of a few fen, so that shares have remainders.

use tessera_proto::v1::{Order, OrderLine};

use crate::{dice::Dice, scenario::templates::CURRENCY};

/// How many goods there are.
pub const GOODS: u64 = 40;

const LINES_MAX: u64 = 8;
const CATEGORIES: u64 = 8;
const MERCHANTS: u64 = 3;
const UNITS_MAX: u64 = 5;

/// Prices go from 1 to one of these, in minor units.
const PRICES: [u64; 4] = [30, 1_500, 1_500, 9_000];

/// Shipping costs up to this, in minor units.
const SHIPPING_MAX: u64 = 1_500;

/// An order, by chance.
pub fn order(dice: &mut Dice) -> Order {
    let merchant = dice.roll() % MERCHANTS;
    // Many orders are of one seller, which cards of a merchant ask for.
    let sellers = if dice.hits(60.0) { 1 } else { MERCHANTS };
    let lines = (0..1 + dice.roll() % LINES_MAX).map(|_| line(dice, merchant, sellers)).collect();
    let shipping_minor = if dice.hits(50.0) { 0 } else { (1 + dice.roll() % SHIPPING_MAX) as i64 };
    Order { currency: CURRENCY.to_owned(), lines, shipping_minor }
}

fn line(dice: &mut Dice, first: u64, sellers: u64) -> OrderLine {
    let number = dice.roll() % GOODS;
    let price_max = PRICES[(dice.roll() % PRICES.len() as u64) as usize];
    OrderLine {
        goods_id: if dice.hits(10.0) { String::new() } else { goods(number) },
        category_ids: vec![category(number % CATEGORIES), "all".to_owned()],
        merchant_id: merchant((first + dice.roll() % sellers) % MERCHANTS),
        quantity: (1 + dice.roll() % UNITS_MAX) as u32,
        unit_price_minor: (1 + dice.roll() % price_max) as i64,
    }
}

/// Some goods.
pub fn goods(number: u64) -> String {
    format!("goods-{number}")
}

/// Their category.
pub fn category(number: u64) -> String {
    format!("category-{number}")
}

/// Who sells them.
pub fn merchant(number: u64) -> String {
    format!("merchant-{number}")
}
