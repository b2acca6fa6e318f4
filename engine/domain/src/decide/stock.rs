//! Stock at its home: opening it at first demand, raising it, showing it.

use super::{Context, Decision, Events};
use crate::command::RaiseStock;
use crate::event::{Event, Request, StockOpened, StockSet};
use crate::id::Id;
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::reply::{Reply, StockView};
use crate::request::Operation;
use crate::terms::{STOCK_MAX, within};

impl Partition {
    pub(super) fn decide_raise<'a>(&self, context: &Context<'_>, raise: &'a RaiseStock) -> Decision<'a> {
        if let Err(refusal) = check_target(raise) {
            return refusal.into();
        }
        let Some(template) = context.catalog.find(&raise.template) else {
            return Reason::TemplateNotFound.into();
        };
        let number = template.terms.template;
        let fingerprint = self.key().fingerprint(&[], &[raise.current, raise.target]);
        let key = self.key().request(Operation::RaiseStock as u8, u128::from(number), raise.request_id.as_str());
        if let Some(known) = self.known_request(context, key, fingerprint) {
            return known;
        }
        let Some(initial) = template.stock else {
            return Reason::StockUnlimited.into();
        };
        let home = self.stock().home(number);
        let total = if home.opened { home.total } else { initial };
        if raise.current != total {
            return Rejection::new(Reason::StockMismatch, total as i64).into();
        }
        if raise.validate_only {
            return Decision::Answer(Reply::StockRaised { written: None, total: raise.target });
        }
        let mut events = Events::new();
        if !home.opened {
            events.push(Event::StockOpened(StockOpened { template: number, total }));
        }
        let request = Request { id: raise.request_id.as_str(), fingerprint };
        events.push(Event::StockSet(StockSet { template: number, from: total, to: raise.target, request }));
        Decision::Happen(events)
    }

    pub(super) fn stock_view(&self, context: &Context<'_>, template: &Id) -> Result<Reply, Rejection> {
        let template = context.catalog.find(template).ok_or(Reason::TemplateNotFound)?;
        let initial = template.stock.ok_or(Reason::StockUnlimited)?;
        let home = self.stock().home(template.terms.template);
        Ok(Reply::Stock(match home.opened {
            true => StockView { opened: true, total: home.total, free: home.free(), leased: home.out },
            false => StockView { opened: false, total: initial, free: initial, leased: 0 },
        }))
    }
}

/// A raise rises, and not beyond what a stock may be.
fn check_target(raise: &RaiseStock) -> Result<(), Rejection> {
    let as_number = |pieces: u64| i64::try_from(pieces).unwrap_or(i64::MAX);
    within("target", as_number(raise.target), as_number(raise.current.saturating_add(1)), STOCK_MAX as i64)
}
