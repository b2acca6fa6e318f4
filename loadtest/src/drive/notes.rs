//! What a lane makes of what comes back: an answer, a postponement, or nothing any more.

use prost::bytes::Bytes;

use super::{
    lane::{Item, Lane},
    settle,
};
use crate::{
    error::Error,
    wire::answer::{Answer, Outcome},
};

impl Lane {
    /// Notes every outcome of a message.
    pub(super) fn receive(&mut self, message: &Bytes) -> Result<(), Error> {
        let now_ns = self.shared.clock.now_ns();
        let (before, mut accepted) = (self.answered, 0);
        Answer::read_all(self.shared.plan.kind(), message, |answer| {
            accepted += u64::from(matches!(answer.outcome, Outcome::Accepted(_)));
            self.note(&answer, now_ns);
            Ok::<_, Error>(())
        })?;
        self.shared.tally.add(self.answered - before, accepted);
        Ok(())
    }

    #[inline]
    fn note(&mut self, answer: &Answer<'_>, now_ns: u64) {
        let Some(operation) = self.shared.plan.operation_of(answer.request_id) else {
            self.strays += 1;
            return;
        };
        let is_first = self.book.get_mut(operation).is_some_and(|record| record.is_sent() && !record.is_answered());
        // Only an operation that has its own answer can have an open retry.
        let place = if is_first { None } else { self.retries.open_place(operation) };
        let (item, record) = match place {
            Some(place) => (Item::Retry(place), Some(&mut self.retries.get_mut(place).record)),
            None => (Item::First(operation), self.book.get_mut(operation).filter(|_| is_first)),
        };
        let Some(record) = record else {
            self.strays += 1;
            return;
        };
        self.in_flight = self.in_flight.saturating_sub(1);
        if settle::is_worth_another(&answer.outcome, record.sends, &self.shared.load, &mut self.postponed) {
            self.later.push_back((now_ns + settle::PAUSE_NS, item));
            return;
        }
        record.answer(&answer.outcome, now_ns);
        self.answered += 1;
        let since_ns = match (item, self.shared.intended_ns(operation)) {
            (Item::Retry(_), _) | (_, 0) => record.sent_ns,
            (Item::First(_), intended_ns) => intended_ns,
        };
        self.latency_ns.saturating_record(now_ns.saturating_sub(since_ns));
        match (item, &answer.outcome) {
            (Item::First(_), Outcome::Accepted(accepted)) => {
                self.shared.plan.accepted(operation, accepted);
                self.next_steps.extend(self.shared.step_after(operation));
            }
            (Item::First(_), Outcome::Refused(_)) => {}
            (Item::Retry(_), _) => self.retries.close(operation),
        }
    }

    /// After a lost connection: what was in flight has an unknown outcome and is sent again under its own request id.
    pub(super) fn forget_session(&mut self) {
        self.lost += 1;
        self.in_flight = 0;
        self.later.clear();
        self.later.extend(self.book.unanswered().into_iter().map(|operation| (0, Item::First(operation))));
        self.later.extend(self.retries.open_places().into_iter().map(|place| (0, Item::Retry(place))));
    }
}
