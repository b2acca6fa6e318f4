//! Units of an order, as they are asked for: by line, and checked against the order.

use crate::command::Units;
use crate::event::{OrderBody, ReturnsBody};
use crate::keyed::IdHashKey;
use crate::rejection::{Reason, Rejection};
use crate::terms::within;

/// Stands behind the numbers of a capture that takes anew; units are told by 1 or 2 and pairs, so it is none of them.
const ANEW: u64 = 3;

/// What a request calls the units that it names, where they are refused.
pub(super) struct Fields {
    all: &'static str,
    lines: &'static str,
    line: &'static str,
    units: &'static str,
}

/// Of a capture.
pub(super) const DELIVERED: Fields =
    Fields { all: "delivered", lines: "delivered.lines", line: "delivered.lines.line", units: "delivered.lines.units" };

/// Of a refund.
pub(super) const RETURNED: Fields =
    Fields { all: "returned", lines: "returned.lines", line: "returned.lines.line", units: "returned.lines.units" };

impl Fields {
    /// Nothing is named.
    pub(super) fn none(&self) -> Rejection {
        Rejection::invalid(self.all, 1)
    }
}

/// So many of each line; no more than `most`, above which they are refused for `beyond` with what is left.
pub(super) fn of_lines(
    fields: &Fields,
    order: &OrderBody<'_>,
    asked: &Units,
    most: &ReturnsBody,
    beyond: Reason,
) -> Result<ReturnsBody, Rejection> {
    let mut units = ReturnsBody { units: vec![0; order.lines.len()], shipping: asked.shipping };
    within(fields.lines, asked.lines.len() as i64, 0, order.lines.len() as i64)?;
    for &(line, more) in &asked.lines {
        within(fields.line, line.into(), 0, order.lines.len() as i64 - 1)?;
        within(fields.units, more.into(), 1, order.lines[line as usize].quantity.into())?;
        if std::mem::replace(&mut units.units[line as usize], more) != 0 {
            return Err(Rejection::invalid(fields.line, 1));
        }
    }
    if asked.lines.is_empty() && !asked.shipping {
        return Err(fields.none());
    }
    let left = units.units.iter().zip(&most.units).find(|(units, most)| units > most).map(|(_, &most)| most);
    match left {
        Some(left) => Err(Rejection::new(beyond, left.into())),
        None if asked.shipping && !most.shipping => Err(Rejection::new(beyond, 0)),
        None => Ok(units),
    }
}

/// All units that have not come back.
pub(super) fn left(order: &OrderBody<'_>, returned: &ReturnsBody) -> ReturnsBody {
    let units = order.lines.iter().zip(&returned.units).map(|(line, units)| line.quantity - units).collect();
    ReturnsBody { units, shipping: order.shipping > 0 && !returned.shipping }
}

/// What is asked of a checkout, in 64 bits.
pub(super) fn fingerprint(key: &IdHashKey, checkout: u64, asked: Option<&Units>) -> u64 {
    key.fingerprint(&[], &numbers(checkout, asked))
}

/// The same of a capture that takes anew what is no longer held.
pub(super) fn fingerprint_anew(key: &IdHashKey, checkout: u64, asked: Option<&Units>) -> u64 {
    key.fingerprint(&[], &[&numbers(checkout, asked)[..], &[ANEW]].concat())
}

fn numbers(checkout: u64, asked: Option<&Units>) -> Vec<u64> {
    let mut numbers = vec![checkout];
    if let Some(asked) = asked {
        numbers.push(1 + u64::from(asked.shipping));
        let mut lines = asked.lines.clone();
        lines.sort_unstable();
        numbers.extend(lines.into_iter().flat_map(|(line, units)| [u64::from(line), u64::from(units)]));
    }
    numbers
}
