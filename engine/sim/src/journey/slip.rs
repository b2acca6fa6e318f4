//! What the engine is asked for a basket: orders of lines with the coupons that bring about its discounts.
//!
//! The engine is stricter than the data. What it does not take is set aside and counted, so that *expected = engine + set aside*:
//! - a coupon worth more than its line costs is clamped to what the line costs, one of nothing is left out;
//! - a line of quantity 0 that costs something, or whose price its quantity does not divide (fuel, weighed goods), is carried as one piece;
//! - a line of quantity 0 that costs nothing is refused, and so is an order that costs nothing;
//! - a basket of more lines, or of more discounts, than an order takes becomes several orders.

use super::column::{Column, Sums};
use super::data::{Basket, Sold};
use super::matching::Matched;
use super::promotion::{self, Promotion, Worth, id};
use tessera_domain::checkout::{INSTRUMENTS_MAX, LINES_MAX, Line, Order};

/// Discounts of goods in one order: beside them are a loyalty price and a purse.
const OF_GOODS_MAX: usize = INSTRUMENTS_MAX - 2;

/// One order of a basket.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    pub(super) order: Order,
    pub(super) discounts: Vec<Worth>,
    /// What the purse pays.
    pub(super) payable: i64,
}

/// What the engine does not take as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// By column.
    pub sums: Sums,
    /// Lines whose coupon is worth more than they cost.
    pub clamped: u64,
    /// By how much in all, in cents.
    pub clamped_cents: i64,
    /// Lines that go as one piece.
    pub carried: u64,
    /// Lines that no order has.
    pub refused: u64,
    /// Orders beyond the first of their basket.
    pub split: u64,
}

impl std::ops::AddAssign for Aside {
    fn add_assign(&mut self, more: Aside) {
        self.sums += more.sums;
        self.clamped += more.clamped;
        self.clamped_cents += more.clamped_cents;
        self.carried += more.carried;
        self.refused += more.refused;
        self.split += more.split;
    }
}

/// A line as the engine takes it.
struct Taken {
    line: Line,
    loyalty: i64,
    of_goods: Vec<Worth>,
    /// What it costs, and what is paid for it.
    price: i64,
    payable: i64,
}

/// The coupon of a line, as far as it is covered by what the line costs.
pub(super) fn clamped(sold: &Sold) -> i64 {
    sold.coupon.min(sold.sales)
}

/// The orders of a basket, and what is left out of them.
pub(super) fn slips(basket: &Basket, matched: &Matched) -> (Vec<Slip>, Aside) {
    let mut aside = Aside::default();
    let lines = basket.lines.iter().filter_map(|sold| take(basket, sold, matched, &mut aside)).collect();
    let mut slips = Vec::new();
    for chunk in chunks(lines) {
        let lines = chunk.len() as i64;
        match slip(chunk) {
            Some(slip) => slips.push(slip),
            None => refuse(lines, &mut aside),
        }
    }
    aside.split = slips.len().saturating_sub(1) as u64;
    aside.sums[Column::Baskets] = i64::from(slips.is_empty());
    (slips, aside)
}

fn refuse(lines: i64, aside: &mut Aside) {
    aside.refused += lines as u64;
    aside.sums[Column::Lines] += lines;
}

/// A line as the engine takes it, if it does.
fn take(basket: &Basket, sold: &Sold, matched: &Matched, aside: &mut Aside) -> Option<Taken> {
    let coupon = clamped(sold);
    if coupon < sold.coupon {
        aside.clamped += 1;
        aside.clamped_cents += sold.coupon - coupon;
        aside.sums[Column::CouponDisc] += sold.coupon - coupon;
        aside.sums[Column::CouponLines] += i64::from(coupon == 0);
    }
    let price = sold.shelf();
    if sold.quantity == 0 && price == 0 {
        refuse(1, aside);
        return None;
    }
    let is_whole = sold.quantity > 0 && price % i64::from(sold.quantity) == 0;
    aside.carried += u64::from(!is_whole);
    let quantity = if is_whole { sold.quantity } else { 1 };
    let shown = matched.coupon_of(basket.id, sold.product).filter(|_| coupon > 0);
    let loyalty = (sold.loyalty > 0).then(promotion::loyalty);
    let set = shown.map(|(campaign, upc)| promotion::set(campaign, upc));
    let line = Line {
        goods: Some(promotion::goods(sold.product)),
        categories: loyalty.into_iter().chain(set).collect(),
        merchant: id(format!("store-{}", basket.store)),
        quantity,
        unit_price: price / i64::from(quantity),
    };
    let product = sold.product;
    let promotion = match shown {
        Some((campaign, upc)) => Promotion::Campaign { campaign, upc },
        None => Promotion::Paper { product },
    };
    let of_goods = [(promotion, coupon), (Promotion::Matched { product }, sold.matched)];
    let of_goods = of_goods.into_iter().filter(|&(_, cents)| cents > 0).map(|(promotion, cents)| Worth { promotion, cents });
    Some(Taken { line, loyalty: sold.loyalty, of_goods: of_goods.collect(), price, payable: sold.sales - coupon })
}

/// Lines in their order, as many together as one order takes.
fn chunks(lines: Vec<Taken>) -> Vec<Vec<Taken>> {
    let mut chunks: Vec<Vec<Taken>> = Vec::new();
    for taken in lines {
        let fits = |chunk: &&mut Vec<Taken>| {
            let discounts: usize = chunk.iter().map(|taken| taken.of_goods.len()).sum();
            chunk.len() < LINES_MAX && discounts + taken.of_goods.len() <= OF_GOODS_MAX
        };
        match chunks.last_mut().filter(fits) {
            Some(chunk) => chunk.push(taken),
            None => chunks.push(vec![taken]),
        }
    }
    chunks
}

/// An order of these lines, unless it costs nothing.
fn slip(chunk: Vec<Taken>) -> Option<Slip> {
    let loyalty: i64 = chunk.iter().map(|taken| taken.loyalty).sum();
    let payable = chunk.iter().map(|taken| taken.payable).sum();
    if chunk.iter().all(|taken| taken.price == 0) {
        return None;
    }
    let mut discounts: Vec<Worth> = chunk.iter().flat_map(|taken| taken.of_goods.iter().copied()).collect();
    if loyalty > 0 {
        discounts.push(Worth { promotion: Promotion::Loyalty, cents: loyalty });
    }
    let order = Order::new(chunk.into_iter().map(|taken| taken.line).collect(), 0);
    Some(Slip { order: order.expect("lines were made to fit"), discounts, payable })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Sold = Sold { product: 1, quantity: 1, sales: 100, loyalty: 0, coupon: 0, matched: 0 };

    fn of(lines: Vec<Sold>) -> (Vec<Slip>, Aside) {
        slips(&Basket { id: 1, at_ms: 0, household: 1, store: 1, lines }, &Matched::default())
    }

    fn worth(promotion: Promotion, cents: i64) -> Worth {
        Worth { promotion, cents }
    }

    #[test]
    fn the_shelf_price_is_before_loyalty_and_match_and_the_purse_pays_what_coupons_leave() {
        let (slips, aside) = of(vec![Sold { quantity: 2, sales: 101, loyalty: 30, coupon: 55, matched: 25, ..PLAIN }]);
        let [slip] = &slips[..] else { panic!("one order") };
        let (order, product) = (&slip.order, 1);
        assert_eq!((order.amounts(), order.lines()[0].quantity, order.lines()[0].unit_price), (&[156][..], 2, 78));
        let paper = worth(Promotion::Paper { product }, 55);
        assert_eq!(slip.discounts, [paper, worth(Promotion::Matched { product }, 25), worth(Promotion::Loyalty, 30)]);
        assert_eq!((slip.payable, aside), (46, Aside::default()));
    }

    #[test]
    fn a_coupon_above_its_line_is_clamped_and_one_of_nothing_is_left_out() {
        let (slips, aside) = of(vec![Sold { sales: 40, coupon: 55, ..PLAIN }, Sold { sales: 0, loyalty: 9, coupon: 5, ..PLAIN }]);
        assert_eq!(slips[0].discounts, [worth(Promotion::Paper { product: 1 }, 40), worth(Promotion::Loyalty, 9)]);
        assert_eq!((aside.clamped, aside.clamped_cents, aside.sums[Column::CouponDisc]), (2, 20, 20));
        assert_eq!(aside.sums[Column::CouponLines], 1);
    }

    #[test]
    fn quantities_that_do_not_divide_the_price_go_as_one_piece() {
        let (slips, aside) = of(vec![Sold { quantity: 9_000, sales: 2_499, ..PLAIN }, Sold { quantity: 0, sales: 3, ..PLAIN }]);
        let units = slips[0].order.lines().iter().map(|line| (line.quantity, line.unit_price));
        assert_eq!(units.collect::<Vec<_>>(), [(1, 2_499), (1, 3)]);
        assert_eq!((aside.carried, aside.refused, slips[0].payable), (2, 0, 2_502));
    }

    #[test]
    fn what_is_no_purchase_is_refused_and_its_coupon_set_aside() {
        let nothing = Sold { quantity: 0, sales: 0, ..PLAIN };
        let (slips, aside) = of(vec![Sold { coupon: 50, ..nothing }, Sold { quantity: 3, sales: 0, ..PLAIN }]);
        assert!(slips.is_empty(), "an order that costs nothing is none");
        let [lines, baskets, coupons] = [Column::Lines, Column::Baskets, Column::CouponDisc].map(|column| aside.sums[column]);
        assert_eq!((lines, baskets, coupons, aside.refused), (2, 1, 50, 2));
    }

    #[test]
    fn a_basket_that_an_order_does_not_take_is_several() {
        let (slips, aside) = of((0..=LINES_MAX as u64).map(|product| Sold { product, ..PLAIN }).collect());
        assert_eq!(slips.iter().map(|slip| slip.order.lines().len()).collect::<Vec<_>>(), [LINES_MAX, 1]);
        let with_two = |product| Sold { product, coupon: 10, matched: 10, loyalty: 1, ..PLAIN };
        let (many, _) = of((0..9).map(with_two).collect());
        assert_eq!(many.iter().map(|slip| slip.discounts.len()).collect::<Vec<_>>(), [OF_GOODS_MAX + 1, 5]);
        assert_eq!(aside.split, 1);
    }
}
