//! What a partition knows, in vectors and maps: obviously right, and slow.

use super::gift::Waiting;
use super::pool::{Lease, Of};
use std::collections::{BTreeMap, HashMap};
use tessera_domain::event::TermsBody;

/// Requests that are remembered at once.
pub const REQUESTS_MAX: usize = 40;

#[derive(Default)]
pub struct Plain {
    pub now_ms: i64,
    /// Time of the last event.
    pub time_ms: i64,
    pub lsn: u64,
    pub key_version: u8,
    pub templates: Vec<Template>,
    /// What is leased of each pool, and what stocks and budgets were raised to.
    pub leases: BTreeMap<(usize, Of), Lease>,
    pub totals: BTreeMap<(usize, Of), u64>,
    /// Writes asked of the catalog, so that each has a request id of its own.
    pub catalog_requests: u32,
    pub catalog_lsn: u64,
    /// Adopted terms, in order.
    pub terms: Vec<TermsBody<'static>>,
    /// Users in the order in which they were first heard of, with the blocks of their accounts.
    pub users: Vec<(String, u8)>,
    pub coupons: Vec<Coupon>,
    pub redemptions: Vec<Redemption>,
    pub refunds: Vec<Refund>,
    pub holds: Vec<Hold>,
    pub gifts: Vec<Gift>,
    /// The line that leads back here, and what waits on it.
    pub line: Line,
    pub outbox: Vec<Waiting>,
    /// How many redemptions, refunds, holds and gifts are forgotten: the first ones of each list.
    pub forgotten: [usize; 4],
    /// By operation, subject and request id.
    pub requests: HashMap<(u8, String, String), Known>,
    pub requests_forgotten: u64,
}

#[derive(Default)]
pub struct Line {
    pub sent: u64,
    pub acknowledged: u64,
    pub received: u64,
}

pub struct Template {
    /// What creates it in a story, with ` t ` as its request.
    pub line: &'static str,
    pub body: TermsBody<'static>,
    /// What else it says, as bytes.
    pub rules: &'static [u8],
    /// Most for one user on one local day; 0 = no limit.
    pub day_limit: usize,
    pub stock: Option<u64>,
    /// Most for all users on one local day, and what its coupons may cover in all; 0 = no limit.
    pub day_stock: u64,
    pub budget: u64,
    pub stopped: bool,
}

#[derive(Clone)]
pub struct Coupon {
    /// Empty: nobody's, it belongs to whoever has its code.
    pub user: String,
    pub terms: usize,
    pub body: TermsBody<'static>,
    pub from_ms: i64,
    /// As fixed at issue.
    pub until_ms: i64,
    pub reopened_until_ms: Option<i64>,
    pub loaded: i64,
    /// Whether `loaded` was set or moved apart from the terms.
    pub adjusted: bool,
    pub available: i64,
    pub captured: i64,
    pub expired: i64,
    pub voided: i64,
    pub void: bool,
    pub unactivated: bool,
    pub is_of_batch: bool,
    pub blocks: u8,
    pub key_version: u8,
    pub last_lsn: u64,
    /// The deadline of its open gift; 0 = none.
    pub offered_until_ms: i64,
    pub given: i64,
    pub received: i64,
    /// The gift that it came by.
    pub origin: u64,
}

pub struct Gift {
    pub lsn: u64,
    pub coupon: usize,
    pub deadline_ms: i64,
    /// 1 open, 2 accepted, 3 cancelled, 4 expired.
    pub state: u8,
    pub ended_ms: i64,
    pub receiver: String,
    pub amount: i64,
    /// Number + 1 of the coupon that it became, 0 = not heard of.
    pub successor: usize,
}

pub struct Hold {
    pub lsn: u64,
    pub coupon: usize,
    pub merchant: String,
    pub order: String,
    pub amount: i64,
    pub applied: i64,
    pub held: i64,
    pub deadline_ms: i64,
    /// 1 live, 2 captured, 3 released, 4 expired, 5 revoked.
    pub state: u8,
    pub ended_ms: i64,
    /// Lsn, 0 = none.
    pub redemption: u64,
}

/// A coupon as it stands at an instant.
#[derive(Clone, Copy)]
pub struct Stands {
    pub available: i64,
    pub held: i64,
    pub holds: usize,
    pub expired: i64,
}

pub struct Redemption {
    pub lsn: u64,
    pub coupon: usize,
    pub merchant: String,
    pub order: String,
    pub amount: i64,
    pub applied: i64,
    pub balance_after: i64,
    pub at_ms: i64,
    pub refunded: i64,
    /// As it was told.
    pub told: String,
}

pub struct Refund {
    pub redemption: usize,
    pub amount: i64,
    pub restored: i64,
    pub balance_after: i64,
    pub until_ms: i64,
    pub at_ms: i64,
    /// Number + 1 of the coupon that stands for a void one.
    pub replacement: usize,
}

/// A remembered request.
#[derive(Clone)]
pub struct Known {
    /// From 0, in the order of remembering.
    pub number: u64,
    pub fingerprint: u64,
    pub subject: u128,
    pub lsn: u64,
    pub at_ms: i64,
    pub value: i64,
    pub reason: u16,
    /// The first answer, word for word.
    pub told: String,
}

impl Template {
    pub fn id(&self) -> &'static str {
        self.body.template_id
    }

    pub fn is_transferable(&self) -> bool {
        self.line.contains("transferable")
    }
}

impl Plain {
    /// How a coupon stands now: what is due has happened.
    pub fn stands(&self, number: usize) -> Stands {
        let coupon = &self.coupons[number];
        let mut stands = Stands { available: coupon.available, held: 0, holds: 0, expired: coupon.expired };
        for hold in self.holds.iter().filter(|hold| hold.coupon == number && hold.state == 1) {
            if hold.deadline_ms > self.now_ms {
                stands.held += hold.held;
                stands.holds += 1;
            } else {
                stands.available += hold.held;
            }
        }
        if coupon.is_over(self.now_ms) {
            stands.expired += std::mem::take(&mut stands.available);
        }
        stands
    }

    pub fn account_blocks(&self, user: &str) -> u8 {
        self.users.iter().find(|(known, _)| known == user).map_or(0, |&(_, blocks)| blocks)
    }

    /// The live hold of an order on a coupon.
    pub fn live_hold(&self, coupon: usize, merchant: &str, order: &str) -> Option<usize> {
        let is_it = |hold: &Hold| hold.coupon == coupon && hold.merchant == merchant && hold.order == order;
        self.holds.iter().position(|hold| is_it(hold) && hold.state == 1 && hold.deadline_ms > self.now_ms)
    }

    /// The redemption of this lsn that is still in memory.
    pub fn redemption_at(&self, lsn: u64) -> Option<usize> {
        self.redemptions.iter().position(|done| done.lsn == lsn).filter(|&place| place >= self.forgotten[0])
    }
}

impl Coupon {
    pub fn end_ms(&self) -> i64 {
        self.reopened_until_ms.unwrap_or(self.until_ms)
    }

    pub fn is_card(&self) -> bool {
        self.body.kind == 3
    }

    pub fn is_over(&self, now_ms: i64) -> bool {
        self.end_ms() != 0 && now_ms >= self.end_ms()
    }

    pub fn life(&self, now_ms: i64) -> &'static str {
        if self.void {
            "VOID"
        } else if self.given > 0 {
            "GIVEN"
        } else if self.unactivated {
            "UNACTIVATED"
        } else if !self.is_card() && self.captured == 1 {
            "USED"
        } else if self.offered_until_ms > now_ms {
            "GIFTING"
        } else if self.is_over(now_ms) {
            "EXPIRED"
        } else {
            "ACTIVE"
        }
    }
}

const BODY: TermsBody<'static> = TermsBody {
    template: 0,
    version: 1,
    template_id: "t0",
    kind: 2,
    first: 100,
    second: 30,
    currency: *b"CNY",
    rounding: 0,
    issue_from_ms: 0,
    issue_until_ms: 0,
    validity: 1,
    validity_first_ms: 0,
    validity_second_ms: 50_000_000,
    per_user_limit: 3,
    limited: false,
    refund: 0,
};

/// One for each user on one day of Shanghai, and nothing else: what `day=1` says.
const ONE_A_DAY: &[u8] = b"\x80\x01\x21\0\0\0\0\0\0\0\0\0\0\0\0\x0dAsia/Shanghai\0\0\x01\0\0\0\0\0\0\0";

/// Coupons that may be given to somebody else: what `transferable` says.
const TRANSFERABLE: &[u8] = b"\x80\x02\x22\0\0\0\0\0\0\0\0\0\0\0\0\x0dAsia/Shanghai\0\0\0\0\0\0\0\0\0\0\x01";

/// Rules that say nothing but that what ends unused comes back.
const RESTOCK: &[u8] = b"\x80\x03\x25\0\0\0\0\0\0\0\0\0\0\0\0\x0dAsia/Shanghai\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";

/// Three a day for all, 150 fen to cover, and what ends unused comes back: what `day-stock=3 budget=150 restock` says.
const SHARED: &[u8] = b"\x80\x03\x25\0\0\0\0\0\0\0\0\0\0\0\0\x0dAsia/Shanghai\0\0\0\0\0\0\0\0\0\0\0\x03\x96\x01";

/// The local day of Shanghai, which has had no summer time in the years that runs live in.
pub fn day(at_ms: i64) -> i64 {
    (at_ms + 8 * HOUR_MS).div_euclid(24 * HOUR_MS)
}

/// Its first instant.
pub fn begin_of(day: i64) -> i64 {
    day * 24 * HOUR_MS - 8 * HOUR_MS
}

const HOUR_MS: i64 = 3_600_000;

/// The templates of every run: each kind, both validities, limited and not, with and without limits.
pub fn templates() -> Vec<Template> {
    let percent = TermsBody { template: 1, template_id: "t1", kind: 1, first: 8_500, second: 20, limited: true, ..BODY };
    let card = TermsBody { template: 2, template_id: "t2", kind: 3, first: 300, second: 0, per_user_limit: 0, ..BODY };
    let dollars = TermsBody { template: 3, template_id: "t3", currency: *b"USD", first: 200, refund: 1, limited: true, ..card };
    let free = TermsBody { template: 4, template_id: "t4", kind: 1, first: 0, second: 0, per_user_limit: 1, refund: 1, ..BODY };
    let endless = TermsBody { template: 5, template_id: "t5", validity_second_ms: 0, first: 250, ..card };
    let dynamic = |body, first, second| TermsBody { validity: 2, validity_first_ms: first, validity_second_ms: second, ..body };
    let daily = TermsBody { template: 6, template_id: "t6", validity: 3, validity_second_ms: 2, per_user_limit: 0, ..BODY };
    let shared = TermsBody { template: 7, template_id: "t7", per_user_limit: 0, limited: true, ..BODY };
    let issued = TermsBody { issue_from_ms: 20_000_000, issue_until_ms: 90_000_000, ..free };
    [
        ("off 100 30 t limit=3 use=0..50000000 transferable", BODY, None),
        ("percent 8500 t cap=20 limit=3 stock=6 after=0+40000000 restock", dynamic(percent, 0, 40_000_000), Some(6)),
        (
            "card 300 t use=1001..60000000 transferable",
            TermsBody { validity_first_ms: 1_001, validity_second_ms: 60_000_000, ..card },
            None,
        ),
        ("card 200 t USD refund=never stock=3 after=5000000+20000000", dynamic(dollars, 5_000_000, 20_000_000), Some(3)),
        ("percent 0 t limit=1 refund=never issue=20000000..90000000", TermsBody { validity_second_ms: 0, ..issued }, None),
        ("card 250 t limit=0 transferable", endless, None),
        ("off 100 30 t limit=0 day=1 days=0+2", daily, None),
        ("off 100 30 t limit=0 stock=9 day-stock=3 budget=150 restock after=0+40000000", dynamic(shared, 0, 40_000_000), Some(9)),
    ]
    .into_iter()
    .map(|(line, body, stock)| {
        let (rules, day_limit) = match line {
            line if line.contains("day=1") => (ONE_A_DAY, 1),
            line if line.contains("budget") => (SHARED, 0),
            line if line.contains("transferable") => (TRANSFERABLE, 0),
            line if line.contains("restock") => (RESTOCK, 0),
            _ => (&[][..], 0),
        };
        let (day_stock, budget) = if rules == SHARED { (3, 150) } else { (0, 0) };
        Template { line, body, rules, day_limit, stock, day_stock, budget, stopped: false }
    })
    .collect()
}
