//! A visit: one order's few steps on one coupon. A step waits for the reply before it, and for a deadline if it is to be late.

use super::ask::{Ask, COUPONS_PER_USER, Told, Verb};
use crate::dice::Dice;

/// One step of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Validate,
    /// A hold for as long as the server sees fit.
    Hold,
    /// One whose deadline will pass.
    ShortHold,
    /// A hold of so little that it can be left behind.
    SmallHold,
    /// A hold of more than any small card has.
    LargeHold,
    /// Lets the deadline of the hold come near or pass.
    Wait,
    Capture(Part),
    /// Captures, or takes the value anew.
    Reacquire,
    /// Captures the first hold of this visit rather than the last.
    CaptureFirst,
    Release,
    Redeem,
    /// The same order on the user's other coupon.
    RedeemOther,
    Refund(Part),
    Freeze,
    FreezeAndRevoke,
    Unfreeze,
    FreezeUser,
    FreezeUserAndRevoke,
    UnfreezeUser,
    Void,
    VoidAndRevoke,
}

/// How much of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Some,
    TooMuch,
}

/// Visits by their weight, most of all ordinary ones; a few are rare because they end their coupon.
const SCRIPTS: &[(u64, &[Step])] = {
    use Part::{All, Some, TooMuch};
    use Step::*;
    &[
        (180, &[Hold, Capture(All)]),
        (100, &[Validate, Hold, Capture(Some)]),
        (60, &[Hold, Release]),
        (40, &[Hold, Release, Release, Capture(All)]),
        (50, &[ShortHold, Wait, Capture(All)]),
        (40, &[ShortHold, Wait, Reacquire, Refund(All)]),
        (30, &[ShortHold, Wait, Release, Release]),
        (30, &[ShortHold]),
        (20, &[SmallHold]),
        (20, &[LargeHold, Release]),
        (120, &[Redeem]),
        (60, &[Redeem, Refund(Some), Refund(Some), Refund(All), Refund(All)]),
        (60, &[Hold, Capture(All), Refund(All)]),
        (30, &[Redeem, Refund(Some), Refund(TooMuch)]),
        (30, &[Redeem, Redeem, Hold]),
        (30, &[Redeem, RedeemOther, Refund(All)]),
        (30, &[Hold, Hold, CaptureFirst, Capture(All)]),
        (30, &[Hold, Redeem, Capture(All), Capture(All), Capture(Some), Release]),
        (20, &[Hold, Capture(TooMuch), Release]),
        (30, &[Freeze, Hold, Validate, Unfreeze]),
        (20, &[Hold, Freeze, Capture(Some), Unfreeze, Refund(All)]),
        (20, &[Hold, FreezeAndRevoke, Capture(All), Unfreeze, Reacquire, Refund(All)]),
        (15, &[FreezeUser, Redeem, RedeemOther, UnfreezeUser]),
        (10, &[Hold, FreezeUserAndRevoke, Reacquire, UnfreezeUser]),
        (40, &[Validate]),
        (3, &[Redeem, Void, Hold, Refund(Some), Refund(All)]),
        (2, &[Hold, Void, VoidAndRevoke, Capture(All), Validate]),
    ]
};

/// The largest amount but for the one that is too large, in minor units; cards are charged a twentieth of what others order.
const AMOUNT_MINOR_MAX: u64 = 20_000;

/// What makes a charge out of an order's amount.
const CARD_SHARE: i64 = 20;

/// More than a small card was ever loaded with, in minor units.
const LARGE_MINOR: i64 = 40_000;

/// Of a wait's length, in per mille of the time to the deadline: some come just in time, most too late.
const WAIT_PER_MILLE: std::ops::Range<u64> = 850..1_350;

/// What a step brings next.
#[derive(Clone, Debug)]
pub enum Next {
    /// A request, and the id that it names.
    Ask(Ask, Box<str>),
    /// Nothing before this instant of the run's clock.
    At(u64),
    /// The visit is over.
    Over,
}

/// A hold or a redemption of this visit.
#[derive(Clone, Debug)]
struct Named {
    operation: u64,
    id: Box<str>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Visit {
    coupon: u32,
    order: u64,
    amount: i64,
    block: i32,
    short_ms: i64,
    steps: &'static [Step],
    first_hold: Option<Named>,
    hold: Option<Named>,
    redemption: Option<Named>,
    left: i64,
    lapse_ns: u64,
    now_ns: u64,
}

impl Visit {
    /// Of order `order` on `coupon`; short holds live for `short_ms`.
    pub fn new(coupon: u32, is_card: bool, order: u64, short_ms: i64, dice: &mut Dice) -> Self {
        let amount = (1 + dice.roll() % AMOUNT_MINOR_MAX).cast_signed();
        Self {
            coupon,
            order,
            amount: if is_card { 1 + amount / CARD_SHARE } else { amount },
            // The merchant's or the operator's; risk control has none.
            block: 2 + (dice.roll() & 1) as i32,
            short_ms,
            steps: choose(dice.roll()),
            first_hold: None,
            hold: None,
            redemption: None,
            left: 0,
            lapse_ns: 0,
            now_ns: 0,
        }
    }

    /// The next step that can be taken; steps that need what was refused are left out.
    pub fn next(&mut self, dice: &mut Dice) -> Next {
        while let Some((&step, rest)) = self.steps.split_first() {
            self.steps = rest;
            if step == Step::Wait {
                let span = WAIT_PER_MILLE.end - WAIT_PER_MILLE.start;
                let per_mille = WAIT_PER_MILLE.start + dice.roll() % span;
                return Next::At(self.now_ns + self.lapse_ns / 1_000 * per_mille);
            }
            if let Some((ask, id)) = self.ask(step) {
                return Next::Ask(ask, id);
            }
        }
        Next::Over
    }

    /// Hears what became of `ask`; `None` = refused.
    pub fn hear(&mut self, operation: u64, ask: &Ask, told: Option<&Told>, now_ns: u64) {
        self.now_ns = now_ns;
        let Some(told) = told.filter(|_| ask.coupon == self.coupon) else { return };
        let named = || Some(Named { operation, id: told.id.clone() });
        match ask.verb {
            Verb::Hold => {
                self.hold = named();
                self.first_hold = self.first_hold.take().or_else(named);
                self.lapse_ns = u64::try_from(told.until_ms - told.at_ms).unwrap_or(0).saturating_mul(1_000_000);
            }
            // A reply that was given before names the redemption that it was given for.
            Verb::Redeem | Verb::Capture if self.redemption.is_none() => {
                (self.redemption, self.left) = (named(), told.applied);
            }
            Verb::Refund => self.left -= told.amount,
            _ => {}
        }
    }

    fn ask(&self, step: Step) -> Option<(Ask, Box<str>)> {
        let of = |verb| Ask::new(verb, self.coupon, self.order);
        let plain = |ask| Some((ask, Box::default()));
        let hold = |ttl_ms, amount| plain(Ask { amount: Some(amount), ttl_ms, ..of(Verb::Hold) });
        let about = |named: &Option<Named>, ask: Ask| {
            let named = named.as_ref()?;
            Some((Ask { first: named.operation, ..ask }, named.id.clone()))
        };
        let blocking = |verb, insists| plain(Ask { block: self.block, insists, ..of(verb) });
        match step {
            Step::Validate => plain(Ask { amount: Some(self.amount), ..of(Verb::Validate) }),
            Step::Hold => hold(0, self.amount),
            Step::ShortHold => hold(self.short_ms, self.amount),
            Step::SmallHold => hold(0, 1 + self.amount % 50),
            Step::LargeHold => hold(0, LARGE_MINOR),
            Step::Wait => None,
            Step::Capture(part) => about(&self.hold, Ask { amount: self.captured(part), ..of(Verb::Capture) }),
            Step::Reacquire => about(&self.hold, Ask { insists: true, ..of(Verb::Capture) }),
            Step::CaptureFirst => about(&self.first_hold, of(Verb::Capture)),
            Step::Release => about(&self.hold, of(Verb::Release)),
            Step::Redeem => plain(Ask { amount: Some(self.amount), ..of(Verb::Redeem) }),
            Step::RedeemOther => {
                // Numbers 2n and 2n + 1 are one user's.
                let other = self.coupon ^ (COUPONS_PER_USER - 1);
                plain(Ask { amount: Some(self.amount), coupon: other, ..of(Verb::Redeem) })
            }
            Step::Refund(part) => about(&self.redemption, Ask { amount: self.refunded(part), ..of(Verb::Refund) }),
            Step::Freeze => blocking(Verb::Freeze, false),
            Step::FreezeAndRevoke => blocking(Verb::Freeze, true),
            Step::Unfreeze => blocking(Verb::Unfreeze, false),
            Step::FreezeUser => blocking(Verb::FreezeUser, false),
            Step::FreezeUserAndRevoke => blocking(Verb::FreezeUser, true),
            Step::UnfreezeUser => blocking(Verb::UnfreezeUser, false),
            Step::Void => plain(of(Verb::Void)),
            Step::VoidAndRevoke => plain(Ask { insists: true, ..of(Verb::Void) }),
        }
    }

    fn captured(&self, part: Part) -> Option<i64> {
        match part {
            Part::All => None,
            Part::Some => Some((self.amount / 2).max(1)),
            Part::TooMuch => Some(self.amount + 1),
        }
    }

    fn refunded(&self, part: Part) -> Option<i64> {
        match part {
            Part::All => None,
            Part::Some => Some((self.left / 3).max(1)),
            Part::TooMuch => Some(self.left + 1),
        }
    }
}

fn choose(chance: u64) -> &'static [Step] {
    let all: u64 = SCRIPTS.iter().map(|(weight, _)| weight).sum();
    let mut rest = chance % all;
    for (weight, steps) in SCRIPTS {
        match rest.checked_sub(*weight) {
            Some(less) => rest = less,
            None => return steps,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(steps: &'static [Step]) -> Visit {
        Visit { steps, ..Visit::new(4, true, 9, 5_000, &mut Dice::new(1)) }
    }

    fn held() -> Told {
        Told { id: "H".into(), at_ms: 1_000, until_ms: 6_000, ..Told::default() }
    }

    #[test]
    fn a_capture_waits_for_its_hold_and_names_it() {
        let (mut visit, mut dice) = (visit(&[Step::Hold, Step::Capture(Part::All)]), Dice::new(1));
        let Next::Ask(hold, _) = visit.next(&mut dice) else { panic!() };
        visit.hear(70, &hold, Some(&held()), 5);
        let Next::Ask(capture, id) = visit.next(&mut dice) else { panic!() };
        assert_eq!((capture.verb, capture.first, &*id), (Verb::Capture, 70, "H"));
        assert!(matches!(visit.next(&mut dice), Next::Over));
    }

    #[test]
    fn without_its_hold_a_capture_is_left_out() {
        let (mut visit, mut dice) = (visit(&[Step::Hold, Step::Capture(Part::All), Step::Unfreeze]), Dice::new(1));
        let Next::Ask(hold, _) = visit.next(&mut dice) else { panic!() };
        visit.hear(70, &hold, None, 5);
        assert!(matches!(visit.next(&mut dice), Next::Ask(Ask { verb: Verb::Unfreeze, .. }, _)));
    }

    #[test]
    fn a_wait_ends_about_the_deadline() {
        let mut waits = Vec::new();
        for seed in 0..100 {
            let (mut visit, mut dice) = (visit(&[Step::ShortHold, Step::Wait]), Dice::new(seed));
            let Next::Ask(hold, _) = visit.next(&mut dice) else { panic!() };
            visit.hear(70, &hold, Some(&held()), 1_000);
            let Next::At(at_ns) = visit.next(&mut dice) else { panic!() };
            waits.push(at_ns - 1_000);
        }
        let late = waits.iter().filter(|&&wait_ns| wait_ns > 5_000_000_000).count();
        assert!((50..90).contains(&late), "{late} of 100 come late");
    }

    #[test]
    fn every_script_is_chosen() {
        let all: u64 = SCRIPTS.iter().map(|(weight, _)| weight).sum();
        let mut chosen: Vec<_> = (0..all).map(|chance| choose(chance).as_ptr()).collect();
        chosen.dedup();
        assert_eq!(chosen.len(), SCRIPTS.len());
    }
}
