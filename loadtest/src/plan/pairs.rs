//! Tills in two steps: an order's amount is held on a card, then captured.
//!
//! Operation 2p is the hold of pair p and operation 2p + 1 its capture. The hold asks for what redemption p would ask, so some are
//! refused for the same reasons; of the others some are captured in part, and what is left of them must come back. Hold ids are kept:
//! a capture names its hold by it, each time that it is sent.

use std::sync::{Arc, OnceLock};

use arrayvec::ArrayVec;

use super::{
    Plan,
    cards::Issues,
    redeems::{By, Fate, REDEEMED_MINOR, Redeems},
    skew::Skew,
};
use crate::{
    ids::Noun,
    wire::{
        answer::{Accepted, Kind},
        till,
    },
};

/// A hold and its capture.
pub const STEPS: u64 = 2;

/// What a capture of a part takes, in minor units.
const PART_MINOR: i64 = 100;

/// Of this many pairs one is captured in part.
const PART_EVERY: u64 = 300;

/// Which: none of those whose hold is refused.
const PART_AT: u64 = 49;

/// Length of the contract's ids.
const HOLD_ID_BYTES: usize = 26;

/// A hold's id; what is longer is cut, and will not be known by the server that gave it.
type HoldId = ArrayVec<u8, HOLD_ID_BYTES>;

/// The pairs.
#[derive(Debug)]
pub struct Pairs {
    holds: Redeems,
    issues: Arc<Issues>,
    hold_ids: Vec<OnceLock<HoldId>>,
}

/// What one operation of a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The hold of this pair.
    Hold(u64),
    /// Its capture.
    Capture(u64),
}

impl Step {
    /// Of an operation.
    #[inline]
    pub fn of(operation: u64) -> Self {
        if operation.is_multiple_of(STEPS) { Self::Hold(operation / STEPS) } else { Self::Capture(operation / STEPS) }
    }

    /// The pair it belongs to.
    #[inline]
    pub fn pair(self) -> u64 {
        match self {
            Self::Hold(pair) | Self::Capture(pair) => pair,
        }
    }
}

impl Pairs {
    /// `pairs` holds and captures on the cards of `issues`.
    pub fn new(issues: Arc<Issues>, pairs: u64, by: By, skew: Skew, seed: u64) -> Self {
        let mut hold_ids = Vec::new();
        hold_ids.resize_with(pairs as usize, OnceLock::new);
        Self { holds: Redeems::new(issues.clone(), pairs, by, skew, seed), issues, hold_ids }
    }

    /// What every card is loaded with, in minor units.
    pub fn face_value_minor(&self) -> i64 {
        self.holds.face_value_minor()
    }

    /// The cards.
    pub fn issues(&self) -> &Issues {
        &self.issues
    }

    /// The card that `operation` is about.
    #[inline]
    pub fn card(&self, operation: u64) -> u64 {
        self.holds.card(Step::of(operation).pair())
    }

    /// What must become of `operation`, if it is asked at all.
    pub fn fate(&self, operation: u64) -> Fate {
        match Step::of(operation) {
            Step::Hold(pair) => self.holds.fate(pair),
            Step::Capture(_) => Fate::Accepted,
        }
    }

    /// What an accepted `operation` promises or takes, in minor units.
    pub fn moved_minor(&self, operation: u64) -> i64 {
        match Step::of(operation) {
            Step::Capture(pair) => part_of(pair).unwrap_or(REDEEMED_MINOR),
            Step::Hold(_) => REDEEMED_MINOR,
        }
    }

    /// The id of the hold of a pair, after it; made up before, for measurements without an engine.
    fn hold_id(&self, pair: u64) -> &HoldId {
        self.hold_ids[pair as usize].get_or_init(|| id_of(format!("0{pair:025}").as_bytes()))
    }
}

/// What is captured of a hold; all, if it is not said.
fn part_of(pair: u64) -> Option<i64> {
    (pair % PART_EVERY == PART_AT).then_some(PART_MINOR)
}

fn id_of(bytes: &[u8]) -> HoldId {
    bytes.iter().copied().take(HOLD_ID_BYTES).collect()
}

impl Plan for Pairs {
    fn kind(&self) -> Kind {
        Kind::Till
    }

    fn operations(&self) -> u64 {
        self.hold_ids.len() as u64 * STEPS
    }

    fn steps(&self) -> u64 {
        STEPS
    }

    fn write_request(&self, operation: u64, out: &mut Vec<u8>) {
        match Step::of(operation) {
            Step::Hold(pair) => till::hold(out, |out| self.holds.write_request(pair, out)),
            Step::Capture(pair) => till::Capture {
                request_id: &self.issues.ids().id(Noun::Capture, pair),
                hold_id: self.hold_id(pair),
                amount_minor: part_of(pair),
            }
            .write(out),
        }
    }

    fn operation_of(&self, request_id: &[u8]) -> Option<u64> {
        let hold = self.holds.operation_of(request_id).map(|pair| pair * STEPS);
        hold.or_else(|| self.issues.ids().number(Noun::Capture, request_id).map(|pair| pair * STEPS + 1))
    }

    fn accepted(&self, operation: u64, reply: &Accepted<'_>) {
        if let Step::Hold(pair) = Step::of(operation)
            && let Some(place) = self.hold_ids.get(pair as usize)
        {
            place.get_or_init(|| id_of(reply.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tessera_proto::v1::{CaptureRequest, HoldRequest, Reason, TillItem, till_item::Item};

    use super::*;
    use crate::ids::Ids;

    fn plan() -> Pairs {
        Pairs::new(Arc::new(Issues::new(10, Ids::of_run(1))), 1_000, By::Owner, Skew::Uniform, 5)
    }

    fn item(plan: &Pairs, operation: u64) -> Item {
        let mut bytes = Vec::new();
        plan.write_request(operation, &mut bytes);
        TillItem::decode(bytes.as_slice()).unwrap().item.unwrap()
    }

    fn hold(plan: &Pairs, pair: u64) -> HoldRequest {
        match item(plan, pair * STEPS) {
            Item::Hold(hold) => hold,
            other => panic!("{other:?}"),
        }
    }

    fn capture(plan: &Pairs, pair: u64) -> CaptureRequest {
        match item(plan, pair * STEPS + 1) {
            Item::Capture(capture) => capture,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pair_holds_150_and_captures_the_hold_it_was_given() {
        let plan = plan();
        assert_eq!(hold(&plan, 7).amount.map(|amount| amount.minor), Some(150));
        plan.accepted(14, &Accepted { id: b"0123456789ABCDEFGHJKMNPQRS", ..Accepted::default() });
        let capture = capture(&plan, 7);
        assert_eq!((capture.hold_id.as_str(), capture.amount_minor), ("0123456789ABCDEFGHJKMNPQRS", None));
    }

    #[test]
    fn a_part_is_captured_of_a_hold_that_is_accepted() {
        let plan = plan();
        assert_eq!(capture(&plan, PART_AT).amount_minor, Some(PART_MINOR));
        assert_eq!((plan.moved_minor(2 * PART_AT), plan.moved_minor(2 * PART_AT + 1)), (150, 100));
        assert_eq!(plan.fate(2 * PART_AT), Fate::Accepted);
        assert_eq!(plan.fate(2 * 99), Fate::Refused(Reason::InsufficientBalance));
    }

    #[test]
    fn an_operation_comes_back_from_its_request_id() {
        let plan = plan();
        for pair in [0, 1, 999] {
            let (hold, capture) = (hold(&plan, pair).request_id, capture(&plan, pair).request_id);
            let found = [hold, capture].map(|id| plan.operation_of(id.as_bytes()));
            assert_eq!(found, [Some(2 * pair), Some(2 * pair + 1)]);
        }
        assert_eq!(plan.operation_of(b"somebody else's"), None);
    }
}
