//! Claim 领取 and issue 发放: one coupon for one user, sold from this partition's lease.
//!
//! A refusal is not remembered (logging it would cost more than the stock); a parked claim is
//! decided again, from the beginning, when its lease arrives.

use super::{Context, Decision, Events};
use crate::command::{Claim, Keys};
use crate::coupon::Coupon;
use crate::event::{Claimed, Event, Request, TermsAdopted};
use crate::lease::Sale;
use crate::partition::Partition;
use crate::rejection::{Reason, Rejection};
use crate::terms::{Template, Terms};

impl Partition {
    pub(super) fn decide_claim<'a>(&self, context: &Context<'a>, claim: &'a Claim, keys: &Keys) -> Decision<'a> {
        let fingerprint = self.key().fingerprint(&[claim.template.as_str()], &[]);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(template) = context.catalog.find(&claim.template) else {
            return Reason::TemplateNotFound.into();
        };
        if let Err(refusal) = self.may_issue(template, claim, context.now_ms) {
            return refusal.into();
        }
        if template.terms.limited {
            match context.lessee.sale(self.stock(), template.terms.template, context.now_ms) {
                Sale::Sell => {}
                Sale::SoldOut { total } => return Rejection::new(Reason::SoldOut, total as i64).into(),
                Sale::Park => return Decision::Park(template.terms.template),
            }
        }
        Decision::Happen(self.claim_events(context, template, claim, fingerprint))
    }

    /// Whether the template is on offer now, and to this user.
    fn may_issue(&self, template: &Template, claim: &Claim, now_ms: i64) -> Result<(), Rejection> {
        let terms = &template.terms;
        if template.stopped {
            return Err(Reason::TemplateStopped.into());
        }
        if terms.issue.is_before(now_ms) {
            return Err(Rejection::new(Reason::IssueNotStarted, terms.issue.from_ms));
        }
        if terms.issue.is_over(now_ms) {
            return Err(Rejection::new(Reason::IssueEnded, terms.issue.until_ms));
        }
        let window = terms.validity.window_at(now_ms);
        if window.is_over(now_ms) {
            return Err(Rejection::new(Reason::IssueEnded, window.until_ms));
        }
        let claimed = self.users.find(claim.user.key).map_or(0, |user| self.users.claimed(user, terms.template));
        if terms.per_user_limit != 0 && claimed >= terms.per_user_limit {
            return Err(Rejection::new(Reason::UserLimitReached, i64::from(terms.per_user_limit)));
        }
        Ok(())
    }

    /// The terms if this partition does not have them yet, then the coupon.
    fn claim_events<'a>(&self, context: &Context<'a>, template: &'a Template, claim: &'a Claim, fingerprint: u64) -> Events<'a> {
        let mut events = Events::new();
        let terms = self.adopted(&template.terms).unwrap_or_else(|| {
            let terms = self.terms.next();
            events.push(Event::TermsAdopted(TermsAdopted { terms, body: template.terms.body() }));
            terms
        });
        let window = template.terms.validity.window_at(context.now_ms);
        events.push(Event::Claimed(Claimed {
            coupon: self.coupons.next(),
            terms,
            user: claim.user.id.as_str(),
            operation: claim.operation as u8,
            request: Request { id: claim.request_id.as_str(), fingerprint },
            use_from_ms: window.from_ms,
            use_until_ms: window.until_ms,
            key_version: context.key_version,
            loaded: Coupon::loaded(&template.terms),
        }));
        events
    }

    /// The number of these terms, if they are the newest adopted of their template.
    fn adopted(&self, terms: &Terms) -> Option<u32> {
        let newest = self.terms.newest(terms.template)?;
        (self.terms.of(newest).version == terms.version).then_some(newest)
    }
}
