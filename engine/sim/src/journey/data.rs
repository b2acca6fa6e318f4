//! Reads a journey's data: baskets, campaigns, coupons and expected sums as CSV, plain or compressed with zstd.
//!
//! Instants are UTC; local days are those of a fixed zone five hours behind, in which the data was made.

use super::Error;
use super::column::{Column, Sums};
use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tessera_domain::Window;
use tessera_domain::calendar::Zone;

/// Where the households live: the zone's name counts hours west.
const ZONE: &str = "Etc/GMT+5";

const DAY_MS: i64 = 86_400_000;

/// The name of the row that sums all months.
const ALL: &str = "ALL";

/// One line of a basket, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sold {
    pub(super) product: u64,
    pub(super) quantity: u32,
    /// After loyalty discount and match.
    pub(super) sales: i64,
    pub(super) loyalty: i64,
    pub(super) coupon: i64,
    pub(super) matched: i64,
}

impl Sold {
    /// What it costs before any discount.
    pub(super) fn shelf(&self) -> i64 {
        self.sales + self.loyalty + self.matched
    }
}

/// What one household bought at once.
#[derive(Clone, Debug)]
pub(super) struct Basket {
    pub(super) id: u64,
    pub(super) at_ms: i64,
    pub(super) household: u32,
    pub(super) store: u32,
    pub(super) lines: Vec<Sold>,
}

/// A coupon that a household used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redeemed {
    /// On which local day.
    pub(super) day: i32,
    pub(super) household: u32,
    pub(super) upc: u64,
    pub(super) campaign: u32,
}

/// What a month must come to.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) name: String,
    /// Whose baskets are meant, in ms.
    pub(super) window: Window,
    pub(super) sums: Sums,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Data {
    /// In the order of time.
    pub(super) baskets: Vec<Basket>,
    /// When the coupons of each may be used.
    pub(super) campaigns: BTreeMap<u32, Window>,
    /// Households by campaign.
    pub(super) grants: BTreeMap<u32, BTreeSet<u32>>,
    /// Products by campaign and coupon.
    pub(super) coupons: BTreeMap<(u32, u64), BTreeSet<u64>>,
    pub(super) redeemed: Vec<Redeemed>,
    /// In the order of time.
    pub(super) months: Vec<Expected>,
    /// All of them together, if the file says it.
    pub(super) all: Option<Expected>,
}

#[derive(Deserialize)]
struct LineRow {
    ts: DateTimeText,
    household_id: u32,
    store_id: u32,
    basket_id: u64,
    product_id: u64,
    quantity: u32,
    sales_cents: u32,
    retail_disc_cents: u32,
    coupon_disc_cents: u32,
    coupon_match_cents: u32,
}

#[derive(Deserialize)]
struct CampaignRow {
    campaign_id: u32,
    start_date: DateText,
    end_date: DateText,
}

#[derive(Deserialize)]
struct GrantRow {
    campaign_id: u32,
    household_id: u32,
}

#[derive(Deserialize)]
struct CouponRow {
    campaign_id: u32,
    coupon_upc: u64,
    product_id: u64,
}

#[derive(Deserialize)]
struct RedeemedRow {
    redemption_date: DateText,
    household_id: u32,
    coupon_upc: u64,
    campaign_id: u32,
}

#[derive(Deserialize)]
struct ExpectedRow {
    month: String,
    lines: u32,
    baskets: u32,
    households: u32,
    sales_cents: u32,
    retail_disc_cents: u32,
    coupon_disc_cents: u32,
    coupon_match_cents: u32,
    coupon_lines: u32,
}

/// A date, as days since 1970-01-01.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct DateText(i32);

/// An instant of UTC, in ms.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct DateTimeText(i64);

impl TryFrom<String> for DateText {
    type Error = jiff::Error;
    fn try_from(text: String) -> Result<DateText, jiff::Error> {
        let date: Date = text.parse()?;
        Ok(DateText((begin_of(date)? / DAY_MS) as i32))
    }
}

impl TryFrom<String> for DateTimeText {
    type Error = jiff::Error;
    fn try_from(text: String) -> Result<DateTimeText, jiff::Error> {
        let at: DateTime = text.parse()?;
        Ok(DateTimeText(at.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond()))
    }
}

/// The first instant of a day of UTC, in ms.
fn begin_of(date: Date) -> Result<i64, jiff::Error> {
    Ok(date.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())
}

/// Where the households live.
pub(super) fn zone() -> Zone {
    Zone::named(ZONE).expect("the database has a zone for each hour")
}

impl Data {
    /// Reads the five files of `directory`.
    pub(super) fn read(directory: &Path) -> Result<Data, Error> {
        let (_, campaigns) = table::<CampaignRow>(directory, "campaign_descriptions")?;
        let (_, grants) = table::<GrantRow>(directory, "campaigns")?;
        let (_, coupons) = table::<CouponRow>(directory, "coupons")?;
        let (_, redeemed) = table::<RedeemedRow>(directory, "coupon_redemptions")?;
        let (expected_path, expected) = table::<ExpectedRow>(directory, "expected_totals")?;
        let (_, lines) = table::<LineRow>(directory, "transactions")?;
        let mut data = Data {
            baskets: baskets(lines),
            campaigns: campaigns.into_iter().map(|row| (row.campaign_id, row.window())).collect(),
            grants: BTreeMap::new(),
            coupons: BTreeMap::new(),
            redeemed: redeemed.into_iter().map(Redeemed::from).collect(),
            months: Vec::new(),
            all: None,
        };
        grants.into_iter().for_each(|row| {
            data.grants.entry(row.campaign_id).or_default().insert(row.household_id);
        });
        coupons.into_iter().for_each(|row| {
            data.coupons.entry((row.campaign_id, row.coupon_upc)).or_default().insert(row.product_id);
        });
        for row in expected {
            let expected = row.expected().map_err(|what| Error::Data { path: expected_path.clone(), what: what.to_string() })?;
            match expected.name == ALL {
                true => data.all = Some(expected),
                false => data.months.push(expected),
            }
        }
        data.months.sort_by_key(|month| month.window.from_ms);
        Ok(data)
    }
}

/// Baskets in the order of time, their lines in that of the file.
fn baskets(lines: Vec<LineRow>) -> Vec<Basket> {
    let mut baskets: BTreeMap<(i64, u64), Basket> = BTreeMap::new();
    for row in lines {
        let (id, at_ms, household, store) = (row.basket_id, row.ts.0, row.household_id, row.store_id);
        let basket = baskets.entry((at_ms, id)).or_insert_with(|| Basket { id, at_ms, household, store, lines: Vec::new() });
        basket.lines.push(Sold {
            product: row.product_id,
            quantity: row.quantity,
            sales: row.sales_cents.into(),
            loyalty: row.retail_disc_cents.into(),
            coupon: row.coupon_disc_cents.into(),
            matched: row.coupon_match_cents.into(),
        });
    }
    baskets.into_values().collect()
}

impl CampaignRow {
    /// From the first midnight to that after the last day, where the households live.
    fn window(&self) -> Window {
        Window { from_ms: zone().begin_of(self.start_date.0), until_ms: zone().begin_of(self.end_date.0 + 1) }
    }
}

impl From<RedeemedRow> for Redeemed {
    fn from(row: RedeemedRow) -> Redeemed {
        let RedeemedRow { redemption_date, household_id, coupon_upc, campaign_id } = row;
        Redeemed { day: redemption_date.0, household: household_id, upc: coupon_upc, campaign: campaign_id }
    }
}

impl ExpectedRow {
    fn expected(self) -> Result<Expected, jiff::Error> {
        let window = if self.month == ALL { Window::default() } else { month_of(&self.month)? };
        let mut sums = Sums::default();
        let numbers = [
            self.lines,
            self.baskets,
            self.households,
            self.sales_cents,
            self.retail_disc_cents,
            self.coupon_disc_cents,
            self.coupon_match_cents,
            self.coupon_lines,
        ];
        Column::ALL.into_iter().zip(numbers).for_each(|(column, number)| sums[column] = number.into());
        Ok(Expected { name: self.month, window, sums })
    }
}

/// The month of UTC with this name, like `2017-01`.
fn month_of(name: &str) -> Result<Window, jiff::Error> {
    let first: Date = format!("{name}-01").parse()?;
    let next = first.checked_add(Span::new().try_months(1)?)?;
    Ok(Window { from_ms: begin_of(first)?, until_ms: begin_of(next)? })
}

/// All rows of the one file whose name begins with `prefix` and a point.
fn table<T: DeserializeOwned>(directory: &Path, prefix: &str) -> Result<(PathBuf, Vec<T>), Error> {
    let path = find(directory, prefix)?;
    let failed = |what: String| Error::Data { path: path.clone(), what };
    let file = File::open(&path).map_err(|error| failed(error.to_string()))?;
    let reader: Box<dyn Read> = match path.extension().is_some_and(|extension| extension == "zst") {
        true => Box::new(zstd::Decoder::new(file).map_err(|error| failed(error.to_string()))?),
        false => Box::new(file),
    };
    let rows = csv::Reader::from_reader(reader).into_deserialize().collect::<Result<_, _>>();
    let rows = rows.map_err(|error| failed(error.to_string()))?;
    Ok((path, rows))
}

fn find(directory: &Path, prefix: &str) -> Result<PathBuf, Error> {
    let failed = |what: String| Error::Data { path: directory.to_owned(), what };
    let entries = std::fs::read_dir(directory).map_err(|error| failed(error.to_string()))?;
    let is_it = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.') && rest.contains(".csv"))
    };
    let found = entries.filter_map(|entry| Some(entry.ok()?.path())).find(is_it);
    found.ok_or_else(|| failed(format!("no file {prefix}*.csv[.zst]")))
}
