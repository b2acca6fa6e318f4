//! The terms that a partition has adopted, by number, each with the sums of its coupons' accounts.
//!
//! A template may have many versions and a partition a million templates, so nothing here grows by moving what is there.

use crate::container::{Index, Keyed, Numbered, spread};
use crate::digest::contribution;
use crate::image::{Fields, Restore};
use crate::terms::Terms;
use crate::terms::void::{Void, VoidTerms};
use crate::value::ValueTotals;
use std::sync::Arc;

/// All adopted terms of one partition; they are numbered without gaps and never leave.
#[derive(Default)]
pub(crate) struct AdoptedTerms {
    terms: Numbered<Arc<Terms>>,
    /// The sums of all coupons' accounts, by terms; derived.
    totals: Numbered<ValueTotals>,
    /// By template and version; derived.
    by_version: Index,
    /// Those of the coupon that was claimed last, where the next claim looks first; derived.
    recent: u32,
    digest: u64,
    /// Those whose template is void.
    voids: Keyed<VoidTerms>,
    /// Whether there are any; derived.
    are_some_void: bool,
}

impl AdoptedTerms {
    pub(crate) fn get(&self, number: u32) -> Option<&Arc<Terms>> {
        self.terms.get(number.into())
    }

    /// Those of a coupon that is here.
    pub(crate) fn of(&self, number: u32) -> &Arc<Terms> {
        self.get(number).expect("I9: a coupon's terms were adopted")
    }

    /// The same with the sums of their coupons.
    pub(crate) fn with_totals(&self, number: u32) -> (&Arc<Terms>, &ValueTotals) {
        (self.of(number), self.totals.get(number.into()).expect("I9: a coupon's terms were adopted"))
    }

    /// The number that the next ones will get.
    pub(crate) fn next(&self) -> u32 {
        self.terms.next() as u32
    }

    /// All of them, with their sums.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<Terms>, &ValueTotals)> {
        self.terms.iter().zip(self.totals.iter())
    }

    /// The number of the terms of this version of a template, if they were adopted.
    pub(crate) fn find(&self, template: u32, version: u32) -> Option<u32> {
        let is_it = |number| version_of(&self.terms, number) == (template, version);
        if self.get(self.recent).is_some() && is_it(self.recent.into()) {
            return Some(self.recent);
        }
        self.by_version.find(hash((template, version)), 0, is_it).map(|number| number as u32)
    }

    /// A coupon of these terms was claimed: most likely the next one is of them, too.
    pub(crate) fn expect_again(&mut self, number: u32) {
        self.recent = number;
    }

    /// Adopts the next ones; no coupon has them yet.
    pub(crate) fn push(&mut self, terms: Terms) {
        let of = (terms.template, terms.version);
        let number = self.terms.next();
        self.digest = self.digest.wrapping_add(contribution(number, &terms));
        self.terms.push(Arc::new(terms));
        self.totals.push(ValueTotals::default());
        let (all, is_it) = (&self.terms, |other| version_of(&self.terms, other) == of);
        // Where a journal adopted them twice, the later one counts.
        let _before = self.by_version.put(hash(of), number, 0, is_it, |other| hash(version_of(all, other)));
    }

    /// The sums of the coupons of these terms, to be changed.
    pub(crate) fn totals_mut(&mut self, number: u32) -> &mut ValueTotals {
        self.totals.get_mut(number.into()).expect("I9: a coupon's terms were adopted")
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest.wrapping_add(self.voids.digest())
    }

    /// Those whose template is void.
    pub(crate) fn voids(&self) -> &Keyed<VoidTerms> {
        &self.voids
    }

    /// Whether the template of any is void.
    pub(crate) fn are_some_void(&self) -> bool {
        self.are_some_void
    }

    /// From now on the template of these is void.
    pub(crate) fn make_void(&mut self, number: u32, void: Void) {
        self.voids.change(number.into(), |terms| {
            assert!(terms.void.is_none(), "I9: a template is made void once");
            terms.void = Some(void);
        });
        self.mark(number, void);
    }

    /// One more coupon of them was made void with their template.
    pub(crate) fn count_void(&mut self, number: u32) {
        self.voids.change(number.into(), |terms| terms.coupons += 1);
    }

    pub(crate) fn restore_void(&mut self, number: u64, fields: &Fields) -> Option<()> {
        let terms = VoidTerms::restore(number, fields)?;
        let is_here = u64::from(self.next()) > number;
        is_here.then(|| self.voids.put_back(terms))??;
        self.mark(terms.terms, terms.void?);
        Some(())
    }

    /// What decisions read of it, in the terms themselves.
    fn mark(&mut self, number: u32, void: Void) {
        self.are_some_void = true;
        let terms = self.terms.get_mut(number.into()).expect("I9: void terms were adopted");
        Arc::make_mut(terms).void = Some(void);
    }

    /// Bytes of memory that they hold, without their texts, which the catalog shares.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let each = self.terms.len() * size_of::<Terms>() as u64;
        each + self.terms.memory_bytes() + self.totals.memory_bytes() + self.by_version.memory_bytes() + self.voids.memory_bytes()
    }
}

/// Template and version.
#[inline]
fn version_of(all: &Numbered<Arc<Terms>>, number: u64) -> (u32, u32) {
    let terms = all.get(number).expect("indexed terms are here");
    (terms.template, terms.version)
}

fn hash((template, version): (u32, u32)) -> u64 {
    spread(u64::from(template) << 32 | u64::from(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TermsBody;

    fn terms(template: u32, version: u32) -> Terms {
        let body = TermsBody {
            template,
            version,
            template_id: "t",
            kind: 3,
            first: 10_000,
            second: 0,
            currency: *b"CNY",
            rounding: 0,
            issue_from_ms: 0,
            issue_until_ms: 0,
            validity: 2,
            validity_first_ms: 0,
            validity_second_ms: 86_400_000,
            per_user_limit: 0,
            limited: false,
            refund: 0,
        };
        Terms::from_body(&body, &[]).unwrap()
    }

    #[test]
    fn every_version_of_each_template_is_found_among_many() {
        let (mut adopted, templates) = (AdoptedTerms::default(), 10_000);
        for version in 1..=3 {
            // Some templates have fewer versions than others.
            for template in (0..templates).filter(|template| template % version == 0) {
                adopted.push(terms(template * 90, version));
            }
        }
        for template in 0..templates {
            for version in 1..=3 {
                let found = adopted.find(template * 90, version).map(|number| adopted.of(number));
                let expected = (template % version == 0).then_some((template * 90, version));
                assert_eq!(found.map(|terms| (terms.template, terms.version)), expected);
                adopted.expect_again((template * 7) % adopted.next());
            }
        }
        assert_eq!(adopted.find(1, 1), None);
        let recounted = (0..).zip(adopted.iter()).map(|(number, (terms, _))| contribution(number, &**terms));
        assert_eq!(adopted.digest(), recounted.fold(0, u64::wrapping_add));
    }
}
