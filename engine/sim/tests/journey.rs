//! Journeys through made-up data: every month reconciles to the cent with what was set aside, and every planted difference is told.
//!
//! The real data lies beside the checkout and is no part of it; where it is not there, its test says so and ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tessera_sim::Planted;
use tessera_sim::journey::{Aside, Column, Error, Month, Report, Sums, Tally, run};

/// Where the real data lies, beside the checkout.
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/complete-journey");

const LINES: &str = "ts,week,household_id,store_id,basket_id,product_id,quantity,sales_cents,retail_disc_cents,coupon_disc_cents,coupon_match_cents";

const EXPECTED: &str =
    "month,lines,baskets,households,sales_cents,retail_disc_cents,coupon_disc_cents,coupon_match_cents,coupon_lines";

/// One line: instant, household, basket, product, quantity; sales, loyalty, coupon and match in cents.
type Line = (&'static str, u32, u64, u64, u32, [i64; 4]);

const JANUARY: &[Line] = &[
    ("2017-01-02T15:00:00", 1, 100, 1, 2, [300, 50, 0, 0]),
    ("2017-01-02T15:00:00", 1, 100, 2, 1, [250, 0, 100, 50]),
    // Fuel, and a coupon for what cost nothing.
    ("2017-01-05T18:00:00", 2, 101, 9, 9_000, [2_499, 0, 0, 0]),
    ("2017-01-05T18:00:00", 2, 101, 3, 0, [0, 0, 75, 0]),
    // On the ninth where the household lives.
    ("2017-01-10T04:30:00", 1, 102, 3, 1, [199, 0, 50, 0]),
    // Nothing was bought.
    ("2017-01-20T10:00:00", 3, 103, 4, 0, [0, 0, 0, 0]),
    // A coupon worth more than its line, in the last second of the month.
    ("2017-01-31T23:59:59", 2, 104, 1, 1, [40, 10, 55, 0]),
];

const FEBRUARY: &[Line] =
    &[("2017-02-01T00:00:00", 2, 105, 1, 3, [300, 0, 0, 0]), ("2017-02-28T23:00:00", 1, 199, 1, 1, [75, 5, 0, 0])];

struct Shop {
    lines: Vec<Line>,
    /// What the file says of the months: raw sums, unless a difference is planted.
    expected: Vec<(&'static str, [i64; 8])>,
}

impl Shop {
    fn new() -> Shop {
        let mut lines = [JANUARY, FEBRUARY].concat();
        // A basket of more discounts than one order takes, and days of small ones.
        lines.extend((0..20).map(|product| ("2017-02-03T12:00:00", 3, 106, 50 + product, 1, [100, 7, 10, 5])));
        lines.extend((0..40).map(|basket| ("2017-02-10T09:00:00", 1 + basket as u32 % 3, 110 + basket, 1, 1, [100, 3, 0, 0])));
        let month = |name| (name, raw(lines.iter().filter(|line| line.0.starts_with(name))));
        let expected = vec![month("2017-01"), month("2017-02"), ("ALL", raw(lines.iter()))];
        Shop { lines, expected }
    }

    fn write(&self) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, head: &str, rows: Vec<String>| {
            std::fs::write(directory.path().join(name), format!("{head}\n{}\n", rows.join("\n"))).unwrap();
        };
        let campaigns = ["7,Type B,2017-01-08,2017-01-09".into(), "8,Type C,2016-12-30,2017-02-20".into()];
        file("campaign_descriptions.csv", "campaign_id,campaign_type,start_date,end_date", campaigns.into());
        file("campaigns.csv", "campaign_id,household_id", vec!["7,1".into(), "7,2".into(), "8,1".into()]);
        let coupons = vec!["7,555,3".into(), "7,555,4".into(), "7,556,1".into(), "8,600,9".into()];
        file("coupons.csv", "campaign_id,coupon_upc,product_id", coupons);
        // One that was shown for a line, one of a day without a line, one of a day with lines of other products.
        let redeemed = vec!["2017-01-09,1,555,7".into(), "2017-01-08,2,555,7".into(), "2017-01-02,1,600,8".into()];
        file("coupon_redemptions.csv", "redemption_date,household_id,coupon_upc,campaign_id", redeemed);
        let line = |&(ts, household, basket, product, quantity, [sales, loyalty, coupon, matched]): &Line| {
            format!("{ts},1,{household},31,{basket},{product},{quantity},{sales},{loyalty},{coupon},{matched}")
        };
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        let packed = zstd::encode_all(format!("{LINES}\n{}\n", lines.join("\n")).as_bytes(), 3).unwrap();
        std::fs::write(directory.path().join("transactions.csv.zst"), packed).unwrap();
        let month = |(name, sums): &(&str, [i64; 8])| {
            let sums: Vec<String> = sums.iter().map(i64::to_string).collect();
            format!("{name},{}", sums.join(","))
        };
        file("expected_totals.csv", EXPECTED, self.expected.iter().map(month).collect());
        directory
    }

    fn relive(&self, seed: u64) -> Result<Report, Error> {
        run(self.write().path(), seed, None)
    }

    /// The month that does not reconcile.
    fn differs(&self) -> Month {
        match self.relive(1) {
            Err(Error::Differs(month)) => *month,
            other => panic!("a difference is told: {other:?}"),
        }
    }
}

/// The sums of raw lines, by column.
fn raw<'a>(lines: impl Iterator<Item = &'a Line> + Clone) -> [i64; 8] {
    let distinct = |of: fn(&Line) -> u64| {
        let mut all: Vec<u64> = lines.clone().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all.len() as i64
    };
    let sum = |of: usize| lines.clone().map(|line| line.5[of]).sum();
    let with_coupon = lines.clone().filter(|line| line.5[2] > 0).count() as i64;
    let (baskets, households) = (distinct(|line| line.2), distinct(|line| line.1.into()));
    [lines.clone().count() as i64, baskets, households, sum(0), sum(1), sum(2), sum(3), with_coupon]
}

fn columns(sums: &Sums) -> [i64; 8] {
    Column::ALL.map(|column| sums[column])
}

#[test]
fn months_reconcile_to_the_cent_with_what_was_set_aside() {
    let report = Shop::new().relive(1).unwrap();
    println!("{report}");
    let [january, february, all] = &report.months[..] else { panic!("two months, and both together") };
    assert_eq!(columns(&january.engine), [5, 4, 2, 3_288, 60, 190, 50, 3]);
    let Aside { sums, clamped, clamped_cents, carried, refused, split } = january.aside;
    assert_eq!(columns(&sums), [2, 1, 1, 0, 0, 90, 0, 1]);
    assert_eq!((clamped, clamped_cents, carried, refused, split), (2, 90, 1, 2, 0));
    assert_eq!((february.aside.split, columns(&february.aside.sums)), (2, [0; 8]));
    assert_eq!(columns(&all.engine)[..4], [67, 47, 3, 3_288 + 300 + 75 + 20 * 100 + 40 * 100]);
    assert!(report.months.iter().all(|month| month.differences().is_empty()));
}

#[test]
fn coupons_of_campaigns_are_issued_used_where_they_were_and_expire() {
    let report = Shop::new().relive(1).unwrap();
    assert_eq!(report.redeemed, Tally { matched: 1, no_coupon: 1, no_product: 1 });
    assert_eq!(report.campaigns, [5, 1, 4], "two coupons for two households and one for another; one was used");
}

#[test]
fn orders_are_held_returned_and_torn_by_power_cuts_and_every_seed_reconciles() {
    let reports: Vec<Report> = (1..=4).map(|seed| Shop::new().relive(seed).unwrap()).collect();
    assert!(reports.iter().map(|report| report.captured_orders).sum::<u64>() > 0);
    for report in &reports {
        // One at the end of each month and one in its last order; one when all is over.
        assert_eq!((report.returned_orders, report.crashes), (2, 5));
        assert_eq!(report.months, reports[0].months);
    }
    assert_eq!(Shop::new().relive(3).unwrap(), reports[2], "a seed is a story");
}

#[test]
fn a_cent_too_much_in_any_column_of_any_month_is_told_by_name() {
    for place in 0..2 {
        for (number, column) in Column::ALL.into_iter().enumerate() {
            let mut shop = Shop::new();
            shop.expected[place].1[number] += 1;
            let month = shop.differs();
            assert_eq!((month.name.as_str(), month.differences()), (shop.expected[place].0, vec![(column, 1)]));
            let said = month.to_string();
            assert!(said.contains(&format!("{} does not reconcile: {column} differs by 1", month.name)), "{said}");
        }
    }
}

#[test]
fn a_line_that_was_left_out_is_told() {
    let mut shop = Shop::new();
    shop.lines.retain(|line| (line.2, line.3) != (100, 2));
    let month = shop.differs();
    let [lines, sales, coupons] = [Column::Lines, Column::Sales, Column::CouponDisc].map(|column| month.difference(column));
    assert_eq!((month.name.as_str(), lines, sales, coupons), ("2017-01", 1, 250, 100));
}

#[test]
fn what_the_engine_loses_or_keeps_is_found() {
    let state = |fault| Planted::State(fault);
    use tessera_domain::planted::Planted as State;
    for fault in [Planted::LastGroupLost, Planted::EarlyRelease, state(State::RefundKeepsFen), state(State::ReleasedTwice)] {
        let directory = Shop::new().write();
        let lived = std::panic::catch_unwind(|| (1..=8).try_for_each(|seed| run(directory.path(), seed, Some(fault)).map(drop)));
        assert!(!matches!(lived, Ok(Ok(()))), "{fault:?} is not found");
    }
}

#[test]
fn a_file_that_is_missing_or_damaged_is_named() {
    let told = |damage: &dyn Fn(&Path)| {
        let directory = Shop::new().write();
        damage(directory.path());
        match run(directory.path(), 1, None) {
            Err(error @ Error::Data { .. }) => error.to_string(),
            other => panic!("bad data is told: {other:?}"),
        }
    };
    let missing = told(&|directory| std::fs::remove_file(directory.join("coupons.csv")).unwrap());
    assert!(missing.contains("no file coupons*.csv[.zst]"), "{missing}");
    let write = |name: &'static str, text: &'static str| {
        told(&move |directory: &Path| std::fs::write(directory.join(name), text).unwrap())
    };
    let negative = write(
        "expected_totals.csv",
        "month,lines,baskets,households,sales_cents,retail_disc_cents,coupon_disc_cents,coupon_match_cents,coupon_lines\n2017-01,-1,0,0,0,0,0,0,0\n",
    );
    assert!(negative.contains("expected_totals.csv") && negative.contains("line: 2"), "{negative}");
    let day = write("campaign_descriptions.csv", "campaign_id,campaign_type,start_date,end_date\n7,B,2017-02-30,2017-03-01\n");
    assert!(day.contains("campaign_descriptions.csv"), "{day}");
}

#[test]
fn the_real_year_reconciles_where_it_is_there() {
    let directory = PathBuf::from(REAL);
    if !directory.is_dir() {
        println!("skipped: {REAL} is not there; the data is no part of the checkout");
        return;
    }
    let report = run(&directory, 1, None).unwrap_or_else(|error| panic!("{error}"));
    println!("{report}");
    let all = report.months.last().unwrap();
    assert_eq!((report.months.len(), all.name.as_str()), (14, "ALL"));
    assert_eq!((all.engine[Column::Sales], all.engine[Column::RetailDisc]), (17_177_324, 3_025_550));
    assert_eq!((all.engine[Column::CouponDisc], all.aside.clamped, all.aside.clamped_cents), (56_292, 130, 21_261));
    assert_eq!((all.aside.carried, all.aside.refused), (1_012, 395));
    assert_eq!(report.campaigns, [30_769, 30, 30_739]);
    assert_eq!(report.redeemed.matched + report.redeemed.no_coupon + report.redeemed.no_product, 69);
}
