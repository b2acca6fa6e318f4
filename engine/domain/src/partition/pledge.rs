//! How the cards of this partition are held and charged for a checkout of another one: the parts right before each event did it, here they are
//! tied to their home.

use super::Partition;
use crate::event::{self, CLOSED, LET_GO};
use crate::hold::HoldState;
use crate::partition::Divergence;
use crate::pledge::{PLEDGED_UNTIL_MS, Pledge};

impl Partition {
    pub(super) fn pledge(&mut self, event: &event::Pledged) -> Result<(), Divergence> {
        let parts = u64::from(event.parts);
        let (home, saga, lsn) = (event.home, event.saga, self.lsn);
        let holds = (self.holds.next() - parts..self.holds.next()).map(|number| {
            let hold = self.holds.get(number).expect("I9: the parts of a pledge are here");
            (hold.lsn, hold.coupon, hold.deadline_ms)
        });
        let holds: Vec<_> = holds.collect();
        for (&(hold, _, deadline_ms), expected) in holds.iter().zip(lsn - parts..) {
            assert_eq!(hold, expected, "I9: the parts of a pledge stand right before it");
            assert_eq!(deadline_ms, PLEDGED_UNTIL_MS, "I8: a pledge has no deadline of its own");
        }
        let known: Vec<u64> = self.pledges.of(home, saga).map(|pledge| pledge.coupon).collect();
        if known.is_empty() && parts > 0 {
            for (at, (hold, coupon, _)) in (0..).zip(holds) {
                let pledge = Pledge { lsn: hold, home, saga, at, coupon, hold, redemption: 0, is_settled: false };
                self.pledges.add(pledge).expect("I9: a pledge begins once");
            }
            return Ok(());
        }
        if !known.iter().eq(holds.iter().map(|(_, coupon, _)| coupon)) {
            return self.unexpected("a pledge of other cards");
        }
        self.pledges.change(home, saga, |pledge| pledge.hold = holds[usize::from(pledge.at)].0);
        Ok(())
    }

    pub(super) fn pledge_ended(&mut self, event: &event::PledgeEnded) -> Result<(), Divergence> {
        let (home, saga) = (event.home, event.saga);
        if self.pledges.of(home, saga).next().is_none() {
            return self.unexpected("a pledge that is not known");
        }
        match event.how {
            LET_GO => {
                let holds = &self.holds;
                let mut charged = 0;
                self.pledges.change(home, saga, |pledge| {
                    let (_, hold) = holds.at_lsn(pledge.hold).expect("I9: a pledged hold exists");
                    assert!(
                        !pledge.is_settled && hold.state != HoldState::Live,
                        "I8: a pledge ends once, and its holds before it"
                    );
                    (pledge.redemption, pledge.is_settled) = (hold.redemption, true);
                    charged += u64::from(hold.redemption != 0);
                });
                if charged == 0 {
                    self.pledges.forget(home, saga);
                }
            }
            CLOSED => self.pledges.forget(home, saga),
            _ => return self.unexpected("a pledge that ends in a way that is not known"),
        }
        Ok(())
    }
}
