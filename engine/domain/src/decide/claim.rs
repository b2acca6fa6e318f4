//! Claim 领取 and issue 发放: one coupon for one user, sold from this partition's lease.
//!
//! A refusal is not remembered (logging it would cost more than the stock); a parked claim is
//! decided again, from the beginning, when its lease arrives.

use super::{Context, Decision, Events};
use crate::command::{Claim, Keys};
use crate::coupon::Coupon;
use crate::event::{Claimed, Event, Request, TermsAdopted};
use crate::id::Id;
use crate::keyed::UserKey;
use crate::lease::Sale;
use crate::partition::Partition;
use crate::planted::{self, Planted};
use crate::pool::Need;
use crate::rejection::{Reason, Rejection};
use crate::request::Operation;
use crate::terms::{Template, Terms, Window, check_use_window};

impl Partition {
    pub(super) fn decide_claim<'a>(&self, context: &Context<'a>, claim: &'a Claim, keys: &Keys) -> Decision<'a> {
        if let Err(refusal) = claim.use_window.as_deref().map_or(Ok(()), check_use_window) {
            return refusal.into();
        }
        let fingerprint = self.claim_fingerprint(claim);
        if let Some(known) = self.known_request(context, keys.request, fingerprint) {
            return known;
        }
        let Some(template) = context.catalog.find(&claim.template) else {
            return Reason::TemplateNotFound.into();
        };
        let window = match self.may_issue(template, claim, context.now_ms) {
            Ok(window) => window,
            Err(refusal) => return refusal.into(),
        };
        match self.may_take(context, &template.terms) {
            Ok(None) => {}
            Ok(Some(lacking)) => return Decision::Park(lacking),
            Err(refusal) => return refusal.into(),
        }
        Decision::Happen(self.claim_events(context, template, claim, window, fingerprint))
    }

    /// Whether everything that a claim takes is here: all of it, or it takes nothing. What it waits for, if it has to: the first that lacks.
    pub(super) fn may_take(&self, context: &Context<'_>, terms: &Terms) -> Result<Option<Need>, Rejection> {
        let mut lacking = Ok(None);
        terms.each_need(context.now_ms, |need| match context.lessee.sale(self.stock(), need, context.now_ms) {
            Sale::Sell => {}
            Sale::SoldOut { total } if lacking.is_ok() => {
                lacking = Err(Rejection::new(need.pool.exhausted(), total as i64));
            }
            Sale::Park if lacking == Ok(None) => lacking = Ok(Some(need)),
            Sale::SoldOut { .. } | Sale::Park => {}
        });
        lacking
    }

    /// What a claim asks for beside its template counts where it is said, so that a retry from before it could be said is the same.
    fn claim_fingerprint(&self, claim: &Claim) -> u64 {
        let template = claim.template.as_str();
        match (&claim.channel, &claim.use_window) {
            (None, None) => self.key().fingerprint(&[template], &[]),
            (channel, window) => {
                let Window { from_ms, until_ms } = window.as_deref().copied().unwrap_or_default();
                let numbers = [u64::from(window.is_some()), from_ms as u64, until_ms as u64];
                self.key().fingerprint(&[template, channel.as_ref().map_or("", |channel| channel.as_str())], &numbers)
            }
        }
    }

    /// Whether the template is on offer now, here and to this user; when the coupon may be used.
    fn may_issue(&self, template: &Template, claim: &Claim, now_ms: i64) -> Result<Window, Rejection> {
        let terms = &template.terms;
        let window = window_of(terms, claim, now_ms)?;
        check_offer(template, &window, claim.channel.as_deref(), now_ms)?;
        self.check_limits(terms, claim.user.key, now_ms)?;
        Ok(window)
    }

    /// Whether the user has not as many of it as one user may have.
    pub(super) fn check_limits(&self, terms: &Terms, user: UserKey, now_ms: i64) -> Result<(), Rejection> {
        let Some(user) = self.users.find(user) else { return Ok(()) };
        let most = terms.per_user_limit;
        if most != 0 && self.users.claimed(user, terms.template) >= most {
            return Err(Rejection::new(Reason::UserLimitReached, i64::from(most)));
        }
        match terms.day_limit(now_ms) {
            Some((day, most))
                if self.users.claimed_on(user, terms.template, day) >= most && !planted::is(Planted::DayLimitIgnored) =>
            {
                Err(Rejection::new(Reason::UserDayLimitReached, i64::from(most)))
            }
            _ => Ok(()),
        }
    }

    /// The terms if this partition does not have them yet, then the coupon.
    fn claim_events<'a>(
        &self,
        context: &Context<'a>,
        template: &'a Template,
        claim: &'a Claim,
        window: Window,
        fingerprint: u64,
    ) -> Events<'a> {
        let mut events = Events::new();
        let terms = self.adopting(template, &mut events);
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
            day: template.terms.counted_day(context.now_ms),
        }));
        events
    }

    /// The number of a template's terms here; if this partition does not have them yet, their adoption is the next event.
    #[inline]
    pub(super) fn adopting<'a>(&self, template: &'a Template, events: &mut Events<'a>) -> u32 {
        self.terms.find(template.terms.template, template.terms.version).unwrap_or_else(|| {
            let terms = self.terms.next();
            let (body, rules) = (template.terms.body(), template.terms.rule_bytes());
            events.push(Event::TermsAdopted(TermsAdopted { terms, body, rules }));
            terms
        })
    }
}

/// Whether the template is on offer now and through this channel, for coupons of this use window.
pub(super) fn check_offer(template: &Template, window: &Window, channel: Option<&Id>, now_ms: i64) -> Result<(), Rejection> {
    check_not_stopped(template)?;
    check_issue(&template.terms, window, channel, now_ms)
}

/// Whether anything of the template is issued ever again.
pub(super) fn check_not_stopped(template: &Template) -> Result<(), Rejection> {
    match (template.void, template.stopped) {
        (Some(_), _) if !planted::is(Planted::VoidIssued) => Err(Reason::TemplateVoid.into()),
        (None, true) => Err(Reason::TemplateStopped.into()),
        _ => Ok(()),
    }
}

/// Whether what may be used in this window is issued now, through this channel.
#[inline(always)]
pub(super) fn check_issue(terms: &Terms, window: &Window, channel: Option<&Id>, now_ms: i64) -> Result<(), Rejection> {
    if terms.issue.is_before(now_ms) {
        return Err(Rejection::new(Reason::IssueNotStarted, terms.issue.from_ms));
    }
    if terms.issue.is_over(now_ms) {
        return Err(Rejection::new(Reason::IssueEnded, terms.issue.until_ms));
    }
    if window.is_over(now_ms) {
        return Err(Rejection::new(Reason::IssueEnded, window.until_ms));
    }
    terms.check_issue(channel, now_ms)
}

/// When a coupon that is claimed or issued now may be used: as its terms say, or as its issue has to.
fn window_of(terms: &Terms, claim: &Claim, now_ms: i64) -> Result<Window, Rejection> {
    match (terms.window_at(now_ms), claim.use_window.as_deref()) {
        (Some(window), None) => Ok(window),
        (None, Some(asked)) if asked.is_over(now_ms) => Err(Rejection::invalid("use_window", now_ms)),
        (None, Some(asked)) => Ok(*asked),
        // Who claims cannot say it: such a template is issued only.
        (None, None) if claim.operation == Operation::Claim => Err(Rejection::invalid("template_id", 0)),
        (Some(_), Some(_)) | (None, None) => Err(Rejection::invalid("use_window", 0)),
    }
}
