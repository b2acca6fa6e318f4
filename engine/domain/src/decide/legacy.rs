//! Cards and coupons of other houses: each row imported once, and found by its code.
//!
//! What keeps a row from being imported twice is the code itself, which never leaves; that a request is remembered for a day says no more.
//! A refusal is not remembered: the row may be mended and asked again.

use super::batch::check_no_stock;
use super::claim::check_not_stopped;
use super::{Context, Decision, Events};
use crate::command::{ImportCard, Instrument, Keys, text};
use crate::coupon::Coupon;
use crate::event::{CardImported, Event, Request};
use crate::keyed::LegacyKey;
use crate::money::AMOUNT_MAX;
use crate::partition::{Partition, row_numbers};
use crate::planted::{self, Planted};
use crate::rejection::{Reason, Rejection};
use crate::reply::{Imported, Reply, Written};
use crate::terms::{TIME_MS_MAX, Template, Terms, Window, within};

impl Partition {
    pub(super) fn decide_import<'a>(&self, context: &Context<'a>, import: &'a ImportCard, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = check_form(import) {
            return refusal.into();
        }
        let (batch, reference) = (import.batch.as_str(), text(import.reference.as_ref()));
        let asked = import.balance.unwrap_or(0);
        let numbers = row_numbers(asked, import.until_ms);
        let fingerprint = self.key().fingerprint(&[batch, import.template.as_str(), reference], &numbers);
        match self.legacy.find(import.code).filter(|_| !planted::is(Planted::RowImportedAgain)) {
            Some(known) if known.row == fingerprint => {
                let written = Written { partition: self.id(), lsn: known.lsn(), replayed: true };
                return Decision::Answer(Reply::Imported(Imported { written, coupon: known.coupon() }));
            }
            Some(known) => return Rejection::new(Reason::LegacyCodeExists, known.lsn() as i64).into(),
            None => {}
        }
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let found = context.catalog.find(&import.template).ok_or(Rejection::from(Reason::TemplateNotFound));
        let (template, window) = match found.and_then(|found| Ok((found, may_import(context, found, import)?))) {
            Ok(found) => found,
            Err(refusal) => return refusal.into(),
        };
        let mut events = Events::new();
        let terms = self.adopting(template, &mut events);
        let loaded = import.balance.unwrap_or_else(|| Coupon::loaded(&template.terms));
        events.push(Event::CardImported(CardImported {
            coupon: self.coupons.next(),
            terms,
            code: import.code.0,
            reference,
            asked,
            asked_until_ms: import.until_ms,
            loaded,
            use_from_ms: window.from_ms,
            use_until_ms: window.until_ms,
            key_version: context.key_version,
            request: Request { id: batch, fingerprint },
        }));
        Decision::Happen(events)
    }

    /// Puts the card there that an instrument names by a code of another house. What leads to none stays, and is not accepted.
    pub fn find_legacy(&self, instrument: &mut Instrument) {
        if let Instrument::Legacy { code } = *instrument
            && let Some(found) = self.legacy.find(code)
        {
            let coupon = found.coupon();
            let key_version = self.coupons.get(coupon).expect("I9: the card of a code is here").key_version;
            *instrument = Instrument::Bearer { coupon, key_version };
        }
    }

    /// The card of a code, or the one uniform refusal.
    pub(super) fn find_card(&self, code: LegacyKey) -> Result<Reply, Rejection> {
        let number = self.legacy.find(code).ok_or(Reason::CodeNotAccepted)?.coupon();
        let card = self.coupons.get(number).expect("I9: the card of a code is here");
        Ok(Reply::Revealed { coupon: number, key_version: card.key_version })
    }
}

/// Nothing that is left is no balance to load: 0 in the journal is a row that says none.
fn check_form(import: &ImportCard) -> Result<(), Rejection> {
    within("balance_minor", import.balance.unwrap_or(1), 1, AMOUNT_MAX)?;
    within("use_until_ms", import.until_ms, 0, TIME_MS_MAX)
}

/// Whether cards or coupons of a template are taken over now; when this one may be used.
fn may_import(context: &Context<'_>, template: &Template, import: &ImportCard) -> Result<Window, Rejection> {
    let terms = &template.terms;
    check_no_stock(terms)?;
    check_balance(terms, import.balance)?;
    let window = window_of(terms, import.until_ms, context.now_ms)?;
    check_not_stopped(template)?;
    if let Some(until_ms) = [terms.issue, window].iter().find(|window| window.is_over(context.now_ms)).map(|over| over.until_ms) {
        return Err(Rejection::new(Reason::IssueEnded, until_ms));
    }
    if import.currency.is_some_and(|currency| currency != terms.currency) {
        return Err(Reason::CurrencyMismatch.into());
    }
    Ok(window)
}

/// A one-use coupon has its one unit, and no balance that a row could say.
fn check_balance(terms: &Terms, balance: Option<i64>) -> Result<(), Rejection> {
    let may_say = terms.is_stored_value() || planted::is(Planted::RowUnchecked);
    if balance.is_none() || may_say { Ok(()) } else { Err(Rejection::invalid("balance_minor", 0)) }
}

/// When it may be used: from when its terms say, or now, and to the end that its row says, or its terms.
fn window_of(terms: &Terms, until_ms: i64, now_ms: i64) -> Result<Window, Rejection> {
    let window = match (terms.window_at(now_ms), until_ms) {
        (Some(window), 0) => window,
        (Some(window), until_ms) => Window { until_ms, ..window },
        (None, 0) => return Err(Rejection::invalid("use_until_ms", 1)),
        (None, until_ms) => Window { from_ms: now_ms, until_ms },
    };
    match until_ms != 0 && until_ms <= window.from_ms.max(now_ms) {
        true => Err(Rejection::invalid("use_until_ms", window.from_ms.max(now_ms))),
        false => Ok(window),
    }
}
