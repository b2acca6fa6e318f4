//! How a partition hears that a template is void, and how what is left on its coupons becomes void, coupon by coupon.

use super::Partition;
use crate::event;
use crate::gift::GiftState;
use crate::partition::Divergence;
use crate::terms::Template;
use crate::terms::void::{LiveHolds, Void};

impl Partition {
    /// What is to be recorded when this partition hears that a template is void: each version that it has adopted is.
    pub fn unheard(&self, template: &Template) -> Vec<event::TermsVoided> {
        let Some(holds) = template.void else { return Vec::new() };
        let adopted = (1..=template.terms.version).filter_map(|version| self.terms.find(template.terms.template, version));
        let unheard = adopted.filter(|&terms| self.terms.of(terms).void.is_none());
        unheard.map(|terms| event::TermsVoided { terms, revoke_holds: holds == LiveHolds::Revoked }).collect()
    }

    pub(super) fn terms_voided(&mut self, event: &event::TermsVoided) -> Result<(), Divergence> {
        if self.terms.get(event.terms).is_none() {
            return self.unexpected("void terms that were not adopted");
        }
        let void = Void { holds: LiveHolds::of(event.revoke_holds), at_ms: self.time_ms, lsn: self.lsn };
        self.terms.make_void(event.terms, void);
        self.coupons.look_at_all();
        Ok(())
    }

    /// A kept hold that ends later, or a refund, brings something back: then it happens to the same coupon again.
    pub(super) fn voided_with_template(&mut self, event: &event::VoidedWithTemplate) {
        let (coupon, terms) = self.coupon(event.coupon).expect("I9: a coupon that becomes void exists");
        let void = terms.void.expect("I9: only a void template takes its coupons with it");
        let (of, is_first) = (coupon.terms, !coupon.is_void());
        let gift = self.gifts.open_of(event.coupon).and_then(|gift| self.gifts.at_lsn(gift.lsn)).map(|(number, _)| number);
        self.about(event.coupon, event.previous, |partition| {
            let revoked = if event.revoked_holds > 0 { partition.revoke(event.coupon) } else { (0, 0) };
            assert_eq!(revoked, (event.revoked_holds, event.revoked_value), "I2: what is revoked was held");
            if let Some(gift) = gift {
                partition.gifts.end(gift, GiftState::Cancelled, void.at_ms);
            }
            partition.coupons.void_rest(event.coupon, event.amount);
        });
        if is_first {
            self.terms.count_void(of);
        }
    }
}
