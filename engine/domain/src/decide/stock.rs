//! Stock and budget at their home: opening them at first demand, raising them, showing them with what is left of today.

use super::{Context, Decision, Events};
use crate::command::RaiseStock;
use crate::event::{BudgetSet, Event, PoolOpened, Request, StockOpened, StockSet};
use crate::id::Id;
use crate::money::AMOUNT_MAX;
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::pool::Pool;
use crate::rejection::{Reason, Rejection};
use crate::reply::{DayView, PoolView, Reply, StockView};
use crate::request::Operation;
use crate::terms::{STOCK_MAX, Template, within};

impl Partition {
    /// Raises the stock, or the budget, as the operation says.
    pub(super) fn decide_raise<'a>(&self, context: &Context<'_>, raise: &'a RaiseStock, operation: Operation) -> Decision<'a> {
        let is_stock = operation == Operation::RaiseStock;
        let (field, most) = if is_stock { ("target", STOCK_MAX as i64) } else { ("target_minor", AMOUNT_MAX) };
        if let Err(refusal) = check_target(raise, field, most) {
            return refusal.into();
        }
        let Some(template) = context.catalog.find(&raise.template) else {
            return Reason::TemplateNotFound.into();
        };
        let number = template.terms.template;
        let fingerprint = self.key().fingerprint(&[], &[raise.current, raise.target]);
        let key = self.key().request(operation as u8, u128::from(number), raise.request_id.as_str());
        if let Some(known) = self.known_request(context, key, fingerprint) {
            return known;
        }
        let pool = if is_stock { Pool::stock(number) } else { Pool::budget(number) };
        let Some(initial) = template.opens_with(pool) else {
            return if is_stock { Reason::StockUnlimited } else { Reason::BudgetUnlimited }.into();
        };
        let home = self.stock().home(pool);
        let total = if home.opened { home.total } else { initial };
        if raise.current != total && !planted::is(Planted::RaisedBlindly) {
            let reason = if is_stock { Reason::StockMismatch } else { Reason::BudgetMismatch };
            return Rejection::new(reason, total as i64).into();
        }
        if raise.validate_only {
            return Decision::Answer(Reply::StockRaised { written: None, total: raise.target });
        }
        let mut events = Events::new();
        if !home.opened {
            events.push(match is_stock {
                true => Event::StockOpened(StockOpened { template: number, total }),
                false => Event::PoolOpened(PoolOpened { template: number, day: None, total }),
            });
        }
        let request = Request { id: raise.request_id.as_str(), fingerprint };
        let (template, from, to) = (number, total, raise.target);
        events.push(match is_stock {
            true => Event::StockSet(StockSet { template, from, to, request }),
            false => Event::BudgetSet(BudgetSet { template, from, to, request }),
        });
        Decision::Happen(events)
    }

    pub(super) fn stock_view(&self, context: &Context<'_>, template: &Id) -> Result<Reply, Rejection> {
        let template = context.catalog.find(template).ok_or(Reason::TemplateNotFound)?;
        if !template.terms.has_pools() {
            return Err(Reason::StockUnlimited.into());
        }
        let number = template.terms.template;
        let today = template.terms.limited_day(context.now_ms);
        let day = today.and_then(|day| Some(DayView { day, pool: self.pool_view(template, Pool::day(number, day))? }));
        Ok(Reply::Stock(Box::new(StockView {
            stock: self.pool_view(template, Pool::stock(number)),
            day,
            budget: self.pool_view(template, Pool::budget(number)),
        })))
    }

    /// A pool as its home counts it; nothing where its template has no such pool.
    fn pool_view(&self, template: &Template, pool: Pool) -> Option<PoolView> {
        let initial = template.opens_with(pool)?;
        let home = self.stock().home(pool);
        Some(match home.opened {
            true => PoolView { opened: true, total: home.total, free: home.free(), leased: home.out },
            false => PoolView { opened: false, total: initial, free: initial, leased: 0 },
        })
    }
}

/// A raise rises, and not beyond what a stock or a budget may be.
fn check_target(raise: &RaiseStock, field: &'static str, most: i64) -> Result<(), Rejection> {
    let as_number = |pieces: u64| i64::try_from(pieces).unwrap_or(i64::MAX);
    within(field, as_number(raise.target), as_number(raise.current.saturating_add(1)), most)
}
