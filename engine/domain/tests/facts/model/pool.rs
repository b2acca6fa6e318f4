//! What all users share of a template in the plain model: its local days, its budget and its stock, leased here and raised at home.

use super::ask::refused;
use super::plain::{Coupon, Plain, day};
use crate::given::key;
use tessera_domain::{Pool, Reason};

const DAY_MS: i64 = 86_400_000;

/// A pool of a template, in the order in which they refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    Day(i64),
    Budget,
    Stock,
}

/// What this partition has of a pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lease {
    pub received: u64,
    pub issued: u64,
    pub restocked: u64,
}

impl Of {
    pub fn pool(self, template: usize) -> Pool {
        match self {
            Of::Day(day) => Pool::day(template as u32, day as i32),
            Of::Budget => Pool::budget(template as u32),
            Of::Stock => Pool::stock(template as u32),
        }
    }
}

impl Plain {
    pub fn leased(&self, template: usize, of: Of) -> Lease {
        self.leases.get(&(template, of)).copied().unwrap_or_default()
    }

    /// The total of a stock or a budget: as it was raised, or as its template says.
    pub fn total(&self, template: usize, of: Of) -> Option<u64> {
        let found = self.templates.get(template)?;
        let at_first = match of {
            Of::Day(_) => Some(found.day_stock).filter(|&pieces| pieces != 0),
            Of::Budget => Some(found.budget).filter(|&budget| budget != 0),
            Of::Stock => found.stock,
        };
        self.totals.get(&(template, of)).copied().or(at_first)
    }

    /// Every pool that a template has now, and what one coupon takes of it.
    fn needs(&self, template: usize) -> Vec<(Of, u64)> {
        let found = &self.templates[template];
        let all = [(Of::Day(day(self.now_ms)), 1), (Of::Budget, found.body.second as u64), (Of::Stock, 1)];
        all.into_iter().filter(|&(of, _)| self.total(template, of).is_some()).collect()
    }

    /// A claim takes of every pool, or of none: then it waits for the first that lacks.
    pub fn take_of_pools(&mut self, template: usize) -> Result<(), String> {
        let needs = self.needs(template);
        for &(of, amount) in &needs {
            let Lease { received, issued, restocked } = self.leased(template, of);
            if received + restocked - issued < amount {
                return Err(match of {
                    Of::Day(day) => format!("PARKED for {amount} of day {day} of template {template}"),
                    Of::Budget => format!("PARKED for {amount} of budget of template {template}"),
                    Of::Stock => format!("PARKED for {template}"),
                });
            }
        }
        for (of, amount) in needs {
            self.leases.entry((template, of)).or_default().issued += amount;
        }
        Ok(())
    }

    /// What was claimed of a pool by every coupon that there is. Of what limits days, a coupon may be used from its claim on.
    pub fn claimed(&self, template: usize, of: Of) -> u64 {
        let is_one = |number: &usize| {
            let coupon = &self.coupons[*number];
            let is_of_day = |of_day| day(coupon.from_ms) == of_day;
            let is_of_pool = if let Of::Day(of_day) = of { is_of_day(of_day) } else { true };
            coupon.body.template as usize == template && is_of_pool && !self.is_replacement(*number)
        };
        let count = (0..self.coupons.len()).filter(is_one).count() as u64;
        if of == Of::Budget { count * self.templates[template].body.second as u64 } else { count }
    }

    /// `lease TEMPLATE COUNT [day=D | budget]`
    pub fn lease(&mut self, template: &str, count: u64, of: &[&str]) {
        let number = self.find(template).expect("a template");
        let of = match of {
            ["budget"] => Of::Budget,
            [day] => Of::Day(day.strip_prefix("day=").expect("day=").parse().expect("a number")),
            _ => Of::Stock,
        };
        self.leases.entry((number, of)).or_default().received = count;
        self.happened();
    }

    /// A coupon ended with so much on it: stock and budget get back what it took, if that is all that was ever on it. Its day does not.
    pub fn come_back(&mut self, number: usize, amount: i64) {
        let coupon: &Coupon = &self.coupons[number];
        let template = coupon.body.template as usize;
        let is_plain = !coupon.adjusted && coupon.given == 0 && coupon.received == 0;
        if !self.templates[template].line.contains("restock") || !is_plain || amount != coupon.loaded {
            return;
        }
        self.happened();
        for (of, amount) in self.needs(template).into_iter().filter(|(of, _)| matches!(of, Of::Budget | Of::Stock)) {
            self.leases.entry((template, of)).or_default().restocked += amount;
        }
    }

    /// Days that are long over everywhere are counted no longer.
    pub fn drop_days(&mut self) {
        let now_ms = self.now_ms;
        let before = self.leases.len();
        self.leases.retain(|&(_, of), _| if let Of::Day(day) = of { now_ms < (day + 3) * DAY_MS } else { true });
        (self.leases.len()..before).for_each(|_| _ = self.happened());
    }

    /// `raise TEMPLATE CURRENT TARGET REQUEST [budget] [dry]`
    pub fn raise(&mut self, template: &str, current: u64, target: u64, id: &str, rest: &[&str]) -> String {
        let is_budget = rest.contains(&"budget");
        let (of, field, operation) = if is_budget { (Of::Budget, "target_minor", 33) } else { (Of::Stock, "target", 5) };
        if target <= current {
            return format!("INVALID_ARGUMENT {field} {}", current + 1);
        }
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let request = (operation, number.to_string(), id.to_string());
        let fingerprint = key().fingerprint(&[], &[current, target]);
        if let Some(answer) = self.known(&request, fingerprint) {
            return answer;
        }
        let Some(total) = self.total(number, of) else {
            return refused((if is_budget { Reason::BudgetUnlimited } else { Reason::StockUnlimited }, 0));
        };
        if current != total {
            return refused((if is_budget { Reason::BudgetMismatch } else { Reason::StockMismatch }, total as i64));
        }
        if rest.contains(&"dry") {
            return format!("total {target} unwritten");
        }
        if self.totals.insert((number, of), target).is_none() {
            self.happened();
        }
        let told = format!("total {target} #{}", self.happened());
        self.remember(request, fingerprint, number as u128, (0, target as i64), &told);
        told
    }

    pub fn stock(&self, template: &str) -> String {
        let Some(number) = self.find(template) else { return refused((Reason::TemplateNotFound, 0)) };
        let line = |of: Of, name: &str| {
            let total = self.total(number, of)?;
            let opened = if self.totals.contains_key(&(number, of)) { "opened" } else { "untouched" };
            Some(format!("{name}total {total} free {total} leased 0 {opened}"))
        };
        let today = day(self.now_ms);
        let lines = [line(Of::Stock, ""), line(Of::Day(today), &format!("day {today} ")), line(Of::Budget, "budget ")];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        if lines.is_empty() { refused((Reason::StockUnlimited, 0)) } else { lines.join(", ") }
    }
}
