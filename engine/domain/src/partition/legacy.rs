//! How cards and coupons of other houses come to be: a coupon without an owner, and the code that leads to it.

use super::Partition;
use crate::coupon::Coupon;
use crate::event;
use crate::keyed::LegacyKey;
use crate::partition::Divergence;
use crate::planted::{self, Planted};
use crate::request::Operation;
use crate::terms::Window;

impl Partition {
    pub(super) fn card_imported(&mut self, event: &event::CardImported<'_>) -> Result<(), Divergence> {
        let event::CardImported { coupon: number, terms, code, reference, asked, asked_until_ms, loaded, request, .. } = *event;
        let Some(adopted) = self.terms.get(terms) else {
            return self.unexpected("terms that were not adopted");
        };
        let plain = Coupon::loaded(adopted);
        let may_say = asked == 0 || adopted.is_stored_value() || planted::is(Planted::RowUnchecked);
        if !may_say || loaded != (if asked == 0 { plain } else { asked }) {
            return self.unexpected("a coupon loaded with something else than its row says");
        }
        if asked_until_ms != 0 && asked_until_ms != event.use_until_ms {
            return self.unexpected("a coupon that ends at another time than its row says");
        }
        let texts = [request.id, adopted.template_id.as_str(), reference];
        if request.fingerprint != self.key.fingerprint(&texts, &row_numbers(asked, asked_until_ms)) {
            return self.unexpected("an event that tells of something else than was asked for");
        }
        assert_eq!(number, self.coupons.next(), "coupons are numbered without gaps");
        let window = Window { from_ms: event.use_from_ms, until_ms: event.use_until_ms };
        self.coupons.add(Coupon::new(None, terms, 0, window, loaded, self.lsn, event.key_version));
        if loaded != plain {
            self.coupons.load(number, loaded);
        }
        let value = self.value(number);
        *self.terms.totals_mut(terms) += value;
        self.legacy.add(LegacyKey(code), request.fingerprint, number, self.lsn);
        self.remember(Operation::ImportCard, code, &request, 0, number as i64);
        Ok(())
    }
}

/// The numbers that the fingerprint of a row is made of, beside batch, template and reference.
pub(crate) fn row_numbers(asked: i64, asked_until_ms: i64) -> [u64; 2] {
    [asked as u64, asked_until_ms as u64]
}
